"""Bulk actions on contacts. Each takes plain ids and reads afresh, so that it can also run in the background."""

from companies.naming import find_or_make
from contacts import edit
from contacts.models import Contact
from contacts.serializers import UpdateContact, attributes
from lio import bulk
from lio.errors import Invalid
from lookups.changing import tag_ids
from lookups.custom import active
from lookups.known import known

SHARED = frozenset({
    "company_id", "company", "designation", "seniority", "department", "decision_maker", "city", "country", "lead_score",
    "status", "tags",
})  # fmt: skip


def shared(organization, name):
    """Whether many contacts may get the same value of a field, by its name in the API (`cf.<key>` for a custom one)."""
    if name.startswith("cf."):
        one = next((one for one in active(organization, "contact") if f"cf.{one.key}" == name), None)
        return one is not None and not one.is_unique
    return name in SHARED


def set_fields(rows, given, *, by):
    """Set fields, named and valued as in the API (custom fields as `custom_fields`), of contacts; `tags` replaces theirs.

    Raises Invalid for what is no field of many contacts, and for values that break a rule; then nothing has changed.
    """
    organization = by.organization
    names = [name for name in given if name != "custom_fields"]
    names += [f"cf.{key}" for key in given.get("custom_fields") or {}]
    if not names:
        raise Invalid({"fields": ["name at least one field"]})
    if wrong := [name for name in names if not shared(organization, name)]:
        raise Invalid({"fields": [f"{wrong[0]} is not a field that many contacts can share"]})
    _read(organization, given)
    return bulk.act(_set_fields, rows, given, by=by)


def _read(organization, given):
    """(model attributes, inner ids of tags or None) of what the API calls so."""
    values = UpdateContact.read(given, partial=True)
    sent = "tags" in values
    tags = values.pop("tags", None) or []
    return attributes(organization, values), tag_ids(organization, tags) if sent else None


@bulk.action
def _set_fields(ids, given, *, by):
    values, tags = _read(by.organization, given)
    if "company" in values:
        name = values.pop("company")
        values["company_id"] = find_or_make(by.organization, name, by=by) if name else None
    return _change(ids, values, by=by, tags=tags)


def set_tags(rows, numbers, *, by):
    """Give contacts these tags and no others."""
    return set_fields(rows, {"tags": list(numbers)}, by=by)


def add_tags(rows, numbers, *, by):
    """Add tags, by their numbers, to contacts, which keep those that they have."""
    return bulk.act(_add_tags, rows, list(numbers), by=by)


@bulk.action
def _add_tags(ids, numbers, *, by):
    """A tag that has gone since is left out."""
    there = known(by.organization, "tags")
    return _change(ids, {}, by=by, add_tags=[there[number].pk for number in numbers if number in there])


def _change(ids, values, *, by, **tags):
    rows = Contact.objects.of(by.organization).alive().filter(pk__in=ids).order_by("pk")
    return edit.change(by.organization, list(rows.select_for_update(of=("self",))), values, by=by, **tags)


def delete(rows, *, by):
    return bulk.act(_delete, rows, by=by)


@bulk.action
def _delete(ids, *, by):
    return edit.delete(Contact.objects.filter(pk__in=ids), by=by)
