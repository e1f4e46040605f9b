"""Worlds that the tests of a module share: each is made once, and what a test does to it is taken back when the test ends.

They live in one transaction that stays open from test to test; the transaction that pytest-django gives each test becomes a
savepoint of it.
"""

import copy

from django.db import transaction
from rest_framework.test import APIClient

from lookups import custom
from tests.world import World

_open: list[transaction.Atomic] = []
_made: dict[tuple[str, str], World] = {}


def prepare(*names):
    """Make these worlds, each a (name, mark)."""
    close()
    _open.append(transaction.atomic())
    _open[0].__enter__()
    _made.update({name: World(*name) for name in names})


def copy_of(*name):
    """The world of that name as it was made, for one test."""
    kept = _made[name]
    api = APIClient()
    api.credentials(**kept.api._credentials)
    custom._known_keys.clear()  # among them those that a test has proposed which was taken back
    return copy.deepcopy(kept, {id(kept.api): api})


def close():
    """Take all worlds back."""
    while _open:
        transaction.set_rollback(True)
        _open.pop().__exit__(None, None, None)
    _made.clear()
