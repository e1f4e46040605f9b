# mypy: disable-error-code="misc"
# (django-stubs leave out the methods of a backend that begin with an underscore)
"""Django's PostgreSQL backend, with savepoints that are prepared once."""

from typing import Any

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Savepoints are named after their depth, for the server.

    Django gives each a name of its own. With prepared statements every name is prepared anew, and pushes a statement that is
    worth keeping out of the hundred that a connection keeps. Django's own names stay what its callbacks on commit go by.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._open: list[Any] = []  # Django's names, the outermost first

    def _savepoint(self, sid):
        super()._savepoint(f"s{len(self._open)}")
        self._open.append(sid)

    def _savepoint_rollback(self, sid):
        place = self._place(sid)
        super()._savepoint_rollback(f"s{place}")
        del self._open[place + 1:]  # it stays, what lies within it is gone

    def _savepoint_commit(self, sid):
        place = self._place(sid)
        super()._savepoint_commit(f"s{place}")
        del self._open[place:]

    def _place(self, sid):
        """Its depth; for one that is gone a depth that the server does not know, so that it is the server that refuses."""
        return self._open.index(sid) if sid in self._open else len(self._open)

    def _commit(self):
        self._open.clear()
        return super()._commit()

    def _rollback(self):
        self._open.clear()
        return super()._rollback()

    def connect(self):
        self._open.clear()
        super().connect()
