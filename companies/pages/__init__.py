"""Pages of companies: the list with its bulk bar (list.py), one company (company.py), a new one (add.py)."""
