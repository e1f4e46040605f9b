"""Changing many companies at once, set-based: what `edit.update` does to one, for those that get the same values."""

from companies import words
from companies.models import Company
from lio import history, many
from lookups.changing import put, told
from lookups.custom import active

SHARED = frozenset({
    "industry_type", "address", "city", "state", "country", "pin_code", "employee_size", "rating", "contact_email", "summary",
})  # fmt: skip


def set_fields(organization, ids, values, *, by):
    """Set `values` ({model attribute: value}; an empty one clears) of the living companies among `ids`; no names, web
    addresses or values that must be unique: many cannot share them. Answers the ids that changed. Raises Invalid when the
    custom fields of one would become too many or too large.
    """
    rows = Company.objects.of(organization).alive().filter(pk__in=ids).order_by("pk")
    changed, changes, columns = [], [], set()
    for row in rows.select_for_update(of=("self",)):
        before, after = put(row, values)
        if after:
            changed.append(row)
            changes.append((row.pk, told(before), told(after)))
            columns |= after.keys()
    many.save(changed, columns, organization)
    if columns & set(words.COLUMNS):
        words.write(changed)
    history.record_each("company.updated", "company", changes, by=by)
    return [row.pk for row in changed]


def shared(organization, name):
    """Whether many companies may get the same value of a field, by its name in the API (`cf.<key>` for a custom one)."""
    if name.startswith("cf."):
        one = next((one for one in active(organization, "company") if f"cf.{one.key}" == name), None)
        return one is not None and not one.is_unique
    return name in SHARED
