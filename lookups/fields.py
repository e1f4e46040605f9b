"""Defining custom fields: adding, changing, accepting and dropping what was proposed, and what becomes of the values."""

import re

from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from orjson import dumps

from lio import bulk, history
from lio.errors import Conflict, Invalid
from lio.registry import modules, with_own_fields
from lio.tenancy import current_organization_id
from lookups import custom
from lookups.known import refresh
from lookups.models import CustomField, CustomValue

Kind, State = CustomField.Kind, CustomField.State
WITH_OPTIONS = (Kind.CHOICE, Kind.CHOICES)
ONCE = (Kind.TEXT, Kind.NUMBER, Kind.DATE, Kind.EMAIL, Kind.PHONE, Kind.LINK)  # kinds whose values may be unique
SHOWN = ("key", "label", "kind", "options", "required", "is_unique", "position", "state")


@transaction.atomic
def add(organization, *, key="", label="", module_name="lead", by, **fields):
    """A new definition; without a `key` the label makes one. A key that was only proposed, archived or dropped comes into use.

    Raises Conflict when the key is in use, Invalid when kind and options do not fit each other.
    """
    key = (key or key_of(label)).strip()
    there = CustomField.objects.of(organization).select_for_update().filter(module_name=module_name, key=key).first()
    if there and there.state == State.ACTIVE:
        raise _taken()
    if there:
        return update(there, organization, by=by, label=label or key, state=State.ACTIVE, **fields)
    one = CustomField(organization=organization, module_name=module_name, key=key, label=label or key,
                      position=_last(organization) + 1, **{name: value for name, value in fields.items() if value is not None})
    _check(one)
    _save(one)
    history.record("custom_field.created", one, by=by, after={name: getattr(one, name) for name in SHOWN})
    refresh(organization)
    _hold(organization, one)
    _settle(organization, one, by=by)
    return one


def define(organization, key, *, by, module_name="lead"):
    """The definition of `key`, made as a text field when there is none in use (R39)."""
    there = CustomField.objects.of(organization).filter(module_name=module_name, key=key).first()
    if there and there.state in (State.ACTIVE, State.ARCHIVED):
        return there
    try:
        return add(organization, key=key, module_name=module_name, by=by)
    except Conflict:  # somebody else was quicker
        return CustomField.objects.of(organization).get(module_name=module_name, key=key)


@transaction.atomic
def update(one, organization, *, by, **fields):
    """Change a definition: accept (`state` active), archive or drop it, rename its key or label, turn its kind.

    Values follow: under a new key set-based, into a new kind as far as they fit; what does not fit stays as it is. Above
    5,000 records that happens in the background. Raises Conflict for a key that is taken, or when values that should be
    unique are not.
    """
    one = CustomField.objects.of(organization).select_for_update().get(pk=one.pk)
    fields = {name: value for name, value in fields.items() if value is not None}
    if "key" in fields:
        fields["key"] = fields["key"].strip()
    changed = {name: value for name, value in fields.items() if getattr(one, name) != value}
    if not changed:
        return one
    before = {name: getattr(one, name) for name in changed}
    for name, value in changed.items():
        setattr(one, name, value)
    if "key" in changed:
        one.aliases = [alias for alias in one.aliases if alias != one.key] + [before["key"]]
    if changed.get("state") == State.ACTIVE:
        one.position = _last(organization) + 1 if "position" not in changed else one.position
    _check(one)
    _save(one)
    history.record("custom_field.updated", one, by=by, before=before, after=changed)
    refresh(organization)
    if changed.keys() & {"key", "kind", "options", "state"}:
        _settle(organization, one, by=by)
    if changed.keys() & {"is_unique", "state", "key", "kind", "options"}:
        _hold(organization, one)
    return one


@transaction.atomic
def move(one, organization, *, down, by):
    """One place up or down among the fields in use."""
    row = list(CustomField.objects.of(organization).filter(module_name=one.module_name, state=State.ACTIVE)
               .order_by("position", "id").select_for_update())
    at = next((n for n, other in enumerate(row) if other.pk == one.pk), None)
    to = None if at is None else at + 1 if down else at - 1
    if at is None or to is None or not 0 <= to < len(row):
        return
    row[at], row[to] = row[to], row[at]
    for position, other in enumerate(row, 1):
        other.position = position
    CustomField.objects.bulk_update(row, ["position"])
    history.record("custom_field.updated", one, by=by, before={"position": at + 1}, after={"position": to + 1})
    refresh(organization)


def key_of(label):
    """`Annual budget` -> annual_budget."""
    return re.sub(r"\W+", "_", label.strip().lower()).strip("_")[:64]


def _check(one):
    if not one.key or len(one.key) > 64 or "\x00" in one.key:
        raise Invalid({"key": ["must have 1 to 64 characters"]})
    if one.module_name not in with_own_fields():
        raise Invalid({"module_name": [f"must be one of {', '.join(sorted(with_own_fields()))}"]})
    options = [str(option).strip() for option in one.options if str(option).strip()] if one.kind in WITH_OPTIONS else []
    if one.kind in WITH_OPTIONS and not options:
        raise Invalid({"options": ["name at least one"]})
    if len({option.casefold() for option in options}) < len(options):
        raise Invalid({"options": ["hold the same one twice"]})
    if len(options) > 200 or any(len(option) > 100 for option in options):
        raise Invalid({"options": ["must be at most 200, of at most 100 characters each"]})
    if one.is_unique and one.kind not in ONCE:
        raise Invalid({"is_unique": [f"cannot be for the kind {one.kind}"]})
    one.options = options


def _save(one):
    try:
        with transaction.atomic():
            one.save()
    except IntegrityError as error:
        raise _taken() from error


def _taken():
    return Conflict("There is a field with this key already.", code="duplicate_field", fields={"key": ["exists already"]})


def _last(organization):
    return CustomField.objects.of(organization).filter(state=State.ACTIVE).aggregate(last=Max("position"))["last"] or 0


# ----------------------------------------------------------------------- values
def _settle(organization, one, *, by):
    """Bring the values that are there under the field's key and into its form."""
    if one.state != State.ACTIVE:
        return
    rows = modules[one.module_name].model.objects.of(organization).filter(custom_fields__has_any_keys=[one.key, *one.aliases])
    bulk.act(_settle_rows, rows, one.pk, by=by)


@bulk.action
def _settle_rows(ids, field_id, *, by):
    """The values of one field in these records. Not told record by record: it is the field that changed."""
    field = CustomField.objects.select_related("organization").filter(pk=field_id, state=State.ACTIVE).first()
    if field is None:
        return []
    organization = field.organization
    definition = custom.definitions(organization, field.module_name)[field.key]
    table = modules[field.module_name].model
    moved = []
    rows = table.objects.filter(pk__in=ids).order_by("pk").select_for_update(of=("self",))
    for pk, values in rows.values_list("pk", "custom_fields"):
        sent = next((key for key in (field.key, *reversed(field.aliases)) if key in values), None)
        if sent is None:
            continue
        try:
            value = custom.clean(definition, values[sent], organization)
        except custom.ValidationError:
            value = values[sent]
        if sent != field.key or value != values[sent] or type(value) is not type(values[sent]):
            moved.append((pk, dumps(value).decode()))
    if moved:
        with connection.cursor() as cursor:
            cursor.execute(
                f"""UPDATE {table._meta.db_table} t
                    SET custom_fields = (t.custom_fields - %s::text[]) || jsonb_build_object(%s::text, m.value::jsonb)
                    FROM unnest(%s::bigint[], %s::text[]) AS m(id, value) WHERE t.id = m.id AND t.organization_id = %s""",
                [field.aliases, field.key, [pk for pk, _ in moved], [value for _, value in moved], current_organization_id()])
    return [pk for pk, _ in moved]


def _hold(organization, one):
    """Let the database hold the values of a field that has become unique; let go of those of one that is no longer.

    The table's trigger keeps them from then on. Raises Conflict when a value is there twice.
    """
    CustomValue.objects.of(organization).filter(field=one).delete()
    if not one.is_unique or one.state != State.ACTIVE:
        return
    table = modules[one.module_name].model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH there AS (SELECT id, lookups_value_norm(custom_fields, %(key)s::text) AS norm FROM {table}
                               WHERE organization_id = %(org)s AND deleted_at IS NULL AND custom_fields ? %(key)s::text),
                     held AS (INSERT INTO lookups_customvalue (organization_id, field_id, object_id, value_norm)
                              SELECT %(org)s, %(field)s::bigint, min(id), norm FROM there WHERE norm IS NOT NULL GROUP BY norm
                              ON CONFLICT DO NOTHING)
                SELECT count(*) - count(DISTINCT norm) FROM there WHERE norm IS NOT NULL""",
            {"org": organization.pk, "field": one.pk, "key": one.key})
        twice = cursor.fetchone()[0]
    if twice:
        raise Conflict(f"{one.label} cannot be unique: {twice} records have a value that another one has, too.",
                       code="not_unique", fields={"is_unique": [f"{twice} records share a value"]})


def counts(organization, module_name):
    """{key: how many living records have a value}, for the keys that are defined or proposed."""
    table = modules[module_name].model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT key, count(*) FROM (SELECT custom_fields FROM {table} WHERE organization_id = %s AND deleted_at IS NULL
                AND custom_fields <> '{{}}' ORDER BY id DESC LIMIT 10000) AS newest, jsonb_object_keys(custom_fields) AS key
                GROUP BY key""", [organization.pk])
        return dict(cursor.fetchall())
