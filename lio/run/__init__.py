"""`make run`: everything of one checkout on one machine, until Ctrl-C. Database, schema, demo, web, worker.

`preparation` brings the database to where the code expects it, `child` keeps one process alive, `terminal` sees to it
that Ctrl-C ends in exit code 0, `runner` puts them together. For a machine that serves others, docs/operations.md shows
the parts one by one.
"""
