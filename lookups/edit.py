"""Adding and changing the values of pick lists."""

import re

from django.db import IntegrityError, connection, transaction

from lio import history
from lio.errors import Conflict, Forbidden, Invalid
from lookups.known import known, refresh
from lookups.models import Lookup

ALIASES = {"lead_source": "source", "tag": "tags"}
COLORS = ["#5b8ab0", "#4a5bd4", "#1f8a5b", "#c98a1b", "#b0567f", "#7a7f8c"]


def kind_of(name):
    """The type under its own name: lead_source and tag are other names of source and tags (R35)."""
    return ALIASES.get(name.strip().lower(), name.strip().lower())


def add(organization, *, module_name, type, name, by, value="", color_code="", parent=None):
    """A new value. Raises Conflict when the name is there already, in whatever case."""
    check_color(color_code)
    try:
        with transaction.atomic():
            lookup = Lookup.objects.create(
                organization=organization, module_name=module_name.strip().lower(), type=kind_of(type), name=name.strip(),
                value=value or "", color_code=color_code or "", parent=parent, number=_next_number())
    except IntegrityError as error:
        raise Conflict("That list has a value of this name already.", code="duplicate_lookup",
                       fields={"name": ["exists already"]}) from error
    history.record("lookup.created", lookup, by=by, after={"type": lookup.type, "name": lookup.name})
    refresh(organization)
    return lookup


def update(lookup, organization, *, by, **fields):
    """Rename, recolour, switch on or off. Raises Forbidden for a seeded value."""
    if lookup.is_system:
        raise Forbidden("Seeded values cannot be changed.", code="lookup_protected")
    check_color(fields.get("color_code"))
    changed = {name: value for name, value in fields.items() if getattr(lookup, name) != value}
    if not changed:
        return lookup
    before = {name: getattr(lookup, name) for name in changed}
    for name, value in changed.items():
        setattr(lookup, name, value)
    try:
        with transaction.atomic():
            lookup.save()
    except IntegrityError as error:
        raise Conflict("That list has a value of this name already.", code="duplicate_lookup",
                       fields={"name": ["exists already"]}) from error
    history.record("lookup.updated", lookup, by=by, before=before, after=changed)
    refresh(organization)
    return lookup


def check_color(color):
    if color and not re.fullmatch(r"#[0-9A-Fa-f]{6}", color):
        raise Invalid({"color_code": ["must be like #5B8AB0"]})


def tags_named(organization, names, *, by):
    """Inner ids of the tags with these names; new ones are created (R41). Names compare without regard to case."""
    wanted: dict[str, str] = {}
    for name in names:
        if name.strip():
            wanted.setdefault(name.strip().lower(), name.strip()[:100])
    there = {entry.name.lower(): entry.pk for entry in known(organization, "tags").values()}
    ids = [there[key] for key in wanted if key in there]
    missing = [key for key in wanted if key not in there]
    for key in sorted(missing):  # always in the same order, so that two intakes cannot wait for each other
        ids.append(_tag(organization, wanted[key]))
    if missing:
        refresh(organization)
    return ids


def _tag(organization, name):
    color = COLORS[sum(name.encode()) % len(COLORS)]
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO lookups_lookup (organization_id, module_name, type, number, name, value, color_code, is_active,
                                          is_system, created_at, updated_at)
               VALUES (%s, 'lead', 'tags', nextval('lookups_number'), %s, '', %s, true, false, now(), now())
               ON CONFLICT DO NOTHING RETURNING id""", [organization.pk, name, color])
        if found := cursor.fetchone():
            return found[0]
        cursor.execute("SELECT id FROM lookups_lookup WHERE organization_id = %s AND module_name = 'lead' AND type = 'tags' "
                       "AND lower(name) = lower(%s) AND deleted_at IS NULL", [organization.pk, name])
        return cursor.fetchone()[0]


def _next_number():
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('lookups_number')")
        return cursor.fetchone()[0]
