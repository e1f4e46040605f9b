"""Bulk actions on deals. Each takes plain ids and reads afresh, so that it can also run in the background."""

from deals import edit
from deals.models import Deal
from deals.serializers import MoveDeal, attributes
from lio import bulk
from lio.errors import Invalid
from lookups.custom import active

SHARED = frozenset({"stage_id", "expected_close_date", "priority", "description", "next_step", "next_step_on", "lost_reason",
                    "assigned_to", "category"})


def shared(organization, name):
    """Whether many deals may get the same value of a field, by its name in the API (`cf.<key>` for a custom one)."""
    if name.startswith("cf."):
        one = next((one for one in active(organization, "deal") if f"cf.{one.key}" == name), None)
        return one is not None and not one.is_unique
    return name in SHARED


def set_fields(rows, given, *, by, ask=False):
    """Set fields, named and valued as in the API, of deals: {name: value}. A `stage_id` moves those of its pipeline.

    Raises Invalid for what is no field of many deals, and for values that break a rule; then nothing has changed.
    """
    organization = by.organization
    names = [name for name in given if name != "custom_fields"]
    names += [f"cf.{key}" for key in given.get("custom_fields") or {}]
    if not names:
        raise Invalid({"fields": ["name at least one field"]})
    if wrong := [name for name in names if not shared(organization, name)]:
        raise Invalid({"fields": [f"{wrong[0]} is not a field that many deals can share"]})
    attributes(organization, MoveDeal.read(given, partial=True))
    return bulk.act(_set_fields, rows, given, ask, by=by)


@bulk.action
def _set_fields(ids, given, ask, *, by):
    values = attributes(by.organization, MoveDeal.read(given, partial=True))
    return edit.set_fields(by.organization, ids, values, by=by, ask=ask)


def delete(rows, *, by):
    return bulk.act(_delete, rows, by=by)


@bulk.action
def _delete(ids, *, by):
    return edit.delete(Deal.objects.filter(pk__in=ids), by=by)


