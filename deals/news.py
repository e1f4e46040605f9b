"""What must follow from a change of deals in its own transaction, filled by the parts of this app that look on."""

from collections.abc import Callable

changed: list[Callable] = []  # f(organization, deal ids, reason, at, by): `reason` is the first of REASONS that applies
REASONS = ("created", "deleted", "restored", "stage", "value", "close_date", "owner", "category", "other")


def tell(organization, by_reason, *, at, by):
    """`by_reason` is {reason: ids of deals}; `at` the moment of all of them, or {id: moment}."""
    for reason, ids in by_reason.items():
        for hear in changed:
            hear(organization, ids, reason, at, by)
