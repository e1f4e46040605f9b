"""Pages of contacts: the list with its bulk bar (list.py), one contact (contact.py), a new one (add.py), and the conversion of
a lead (convert.py). What they add to the pages of leads and companies: sections.py.
"""
