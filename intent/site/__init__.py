"""The organisation's own site: a script there tells which pages a visitor sees (static/site/lio.js).

`views.py` takes what it sends, `visits.py` keeps it, `matching.py` says which pages mean something, `taking.py` makes signals
of the views of those who are known. docs/api.md says what is kept of whom.
"""
