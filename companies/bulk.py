"""Bulk actions on companies. Each takes plain ids and reads afresh, so that it can also run in the background."""

from accounts.models import Organization
from companies import edit, edit_many
from companies.models import Company
from companies.serializers import UpdateCompany, attributes
from lio import bulk
from lio.errors import Invalid
from lio.tenancy import current_organization_id
from lookups.changing import tag_many


def set_fields(rows, given, *, by):
    """Set fields, named and valued as in the API (custom fields as `custom_fields`), of companies: {name: value}.

    Raises Invalid for what is no field of many companies, and for values that break a rule; then nothing has changed.
    """
    names = [name for name in given if name != "custom_fields"]
    names += [f"cf.{key}" for key in given.get("custom_fields") or {}]
    if not names:
        raise Invalid({"fields": ["name at least one field"]})
    if wrong := [name for name in names if not edit_many.shared(by.organization, name)]:
        raise Invalid({"fields": [f"{wrong[0]} is not a field that many companies can share"]})
    attributes(by.organization, UpdateCompany.read(given, partial=True))
    return bulk.act(_set_fields, rows, given, by=by)


@bulk.action
def _set_fields(ids, given, *, by):
    values = attributes(by.organization, UpdateCompany.read(given, partial=True))
    return edit_many.set_fields(by.organization, ids, values, by=by)


def add_tags(rows, numbers, *, by):
    """Add tags, by their numbers, to companies, which keep those that they have."""
    return bulk.act(_add_tags, rows, list(numbers), by=by)


@bulk.action
def _add_tags(ids, numbers, *, by):
    return _tag(ids, numbers, by=by, keep=True)


def set_tags(rows, numbers, *, by):
    """Give companies these tags and no others."""
    return bulk.act(_set_tags, rows, list(numbers), by=by)


@bulk.action
def _set_tags(ids, numbers, *, by):
    return _tag(ids, numbers, by=by, keep=False)


def _tag(ids, numbers, *, by, keep):
    organization = by.organization if by else Organization.objects.get(pk=current_organization_id())
    rows = Company.objects.of(organization).filter(pk__in=ids)
    return tag_many(rows, *edit.TAGS, numbers, by=by, keep=keep, organization=organization)


def delete(rows, *, by):
    return bulk.act(_delete, rows, by=by)


@bulk.action
def _delete(ids, *, by):
    return edit.delete(Company.objects.filter(pk__in=ids), by=by)
