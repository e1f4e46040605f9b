"""The look-ups of an organisation, kept in each process as long as they are the newest.

The version comes with the caller (it is a column of the organisation), so no request asks whether the copy is still right.
"""

from dataclasses import dataclass
from functools import lru_cache

from django.db.models import Func, IntegerField

from lookups.models import Lookup

NEXT = Func(template="nextval('lookups_version')", output_field=IntegerField())


@dataclass(frozen=True)
class Entry:
    pk: int
    number: int
    name: str
    color_code: str
    is_active: bool


@lru_cache(maxsize=512)
def _load(organization_id, version):
    tables: dict[str, dict[int, Entry]] = {}
    rows = Lookup.objects.of(organization_id).alive().order_by("number")
    for kind, *values in rows.values_list("type", "pk", "number", "name", "color_code", "is_active"):
        entry = Entry(*values)
        tables.setdefault(kind, {})[entry.number] = entry
    return tables


def known(organization, kind):
    """{number: Entry} of one type, in the order of their numbers. Must be called inside the organisation's scope."""
    return _load(organization.pk, organization.lookups_version).get(kind, {})


def refresh(organization):
    """Tell all processes that the look-ups have changed; in the transaction that changes them.

    Versions come from a sequence, which no roll-back turns back: a version that was never committed may have been cached with
    values that were never committed either, so it must not come again.
    """
    type(organization).objects.filter(pk=organization.pk).update(lookups_version=NEXT)
    organization.refresh_from_db(fields=["lookups_version"])
