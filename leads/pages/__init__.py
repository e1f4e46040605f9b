"""Pages of leads: the list with its bulk bar (list.py), one lead (lead.py), its fields (fields.py), a new one (add.py)."""
