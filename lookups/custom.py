"""Custom fields: what is defined, and the one place where values are read, whichever way they come in."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from django.db import connection, transaction
from orjson import dumps
from rest_framework.exceptions import ValidationError

from accounts.models import User
from lio.api.fields import Email, Flag, Money, Text, WebAddress
from lio.errors import Conflict, Invalid
from lookups.models import CustomField

Kind, State = CustomField.Kind, CustomField.State
MOST = 300  # fields of a module, proposals included: a caller that makes up keys cannot fill the settings page
LIMIT = 10**15  # numbers beyond lose digits in JSON
_known_keys: set[tuple[int, str, str]] = set()  # keys that have a row for certain: proposed once, not again with each lead


@dataclass(frozen=True)
class Definition:
    pk: int
    key: str
    label: str
    kind: str
    options: tuple
    aliases: tuple
    required: bool
    is_unique: bool
    state: str

    @property
    def is_active(self):
        return self.state == State.ACTIVE


@dataclass
class Read:
    """`values` as they are to be stored (None removes a key), `proposals` keys without a definition, `complaints` by key."""

    values: dict[str, Any]
    proposals: list[str] = field(default_factory=list)
    complaints: dict[str, list[str]] = field(default_factory=dict)


@lru_cache(maxsize=512)
def _load(organization_id, version):
    found: dict[str, dict[str, Definition]] = {}
    rows = CustomField.objects.of(organization_id).order_by("position", "id").values_list(
        "module_name", "id", "key", "label", "kind", "options", "aliases", "required", "is_unique", "state")
    for module, pk, key, label, kind, options, aliases, *rest in rows:
        found.setdefault(module, {})[key] = Definition(pk, key, label, kind, tuple(options), tuple(aliases), *rest)
    return found


def definitions(organization, module="lead"):
    """{key: Definition} of a module in the order of their positions, kept per process as long as they are the newest.

    Proposals that came in since do not count as a change. Must be called inside the organisation's scope.
    """
    return _load(organization.pk, organization.lookups_version).get(module, {})


def active(organization, module="lead"):
    """The definitions that are in use, in their order."""
    return [one for one in definitions(organization, module).values() if one.is_active]


def read_custom(organization, values, *, strict=True, new=False, module="lead", found=None):
    """`values` ({key: anything}) in their canonical form, as a `Read`.

    Numbers become numbers, dates ISO dates, choices the option's own spelling, people user ids. A key that a field had
    before stands for that field. Keys without a definition, and those of proposed, archived and dropped fields, keep
    their values as sent. What breaks its definition is a complaint: with `strict` Invalid is raised, naming
    `custom_fields.<key>`, else the value is kept as sent. `new` tells that the record is being made, so that what is
    required must be there. `found` are the definitions where there is no scope to look them up in.
    """
    found = definitions(organization, module) if found is None else found
    renamed = {alias: one.key for one in found.values() for alias in one.aliases if alias not in found}
    read = Read({})
    for sent, value in (values or {}).items():
        key = renamed.get(sent, sent)
        one = found.get(key)
        if key in read.values and sent != key:
            continue  # the present key was sent as well
        if one is None or not one.is_active:
            read.values[key] = value
            if one is None and value is not None:
                read.proposals.append(key)
            continue
        try:
            read.values[key] = clean(one, value, organization)
            if one.required and read.values[key] is None:
                raise ValidationError("is required")
        except ValidationError as error:
            read.values[key] = value
            read.complaints[key] = [str(line) for line in error.detail]
    if new:
        missing = [one.key for one in found.values() if one.is_active and one.required and one.key not in read.values]
        read.complaints |= {key: ["is required"] for key in missing}
    if strict and read.complaints:
        raise Invalid({f"custom_fields.{key}": lines for key, lines in read.complaints.items()})
    return read


def clean(one, value, organization):
    """One value in the canonical form of its definition; None where there is none. Raises ValidationError."""
    if isinstance(value, str) and one.kind != Kind.TEXT:
        value = value.strip()
    if value is None or value == "" or value == []:
        return None
    return READERS[one.kind](value, one, organization)


def _text(value, one, organization):
    """Anything: text is kept as sent (R29), and so is what another system calls text (R39, R42)."""
    return value if not isinstance(value, str) or value.strip() else None


def _number(value, one, organization):
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValidationError("must be a number")
    text = str(value)
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", text, re.A):
        text = text.replace(",", "")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValidationError("must be a number") from None
    if not number.is_finite() or abs(number) >= LIMIT:
        raise ValidationError("must be a number below 1,000,000,000,000,000")
    return plain(number)


def plain(number):
    """A Decimal as JSON writes it best: whole numbers without a point."""
    return int(number) if number == number.to_integral_value() else float(number)


def _money(value, one, organization):
    if isinstance(value, float):
        value = Decimal(str(value))
    return plain(_money_field.run_validation(value))


def _date(value, one, organization):
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    try:
        return (date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value).date()).isoformat()
    except (TypeError, ValueError):
        raise ValidationError("must be an ISO date, like 2026-06-15") from None


def _choice(value, one, organization):
    text = str(value).casefold() if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    for option in one.options:
        if option.casefold() == text:
            return option
    raise ValidationError(f"must be one of {', '.join(one.options)}"[:300])


def _choices(value, one, organization):
    items = value if isinstance(value, list) else [value]
    if isinstance(value, str) and value.casefold() not in [option.casefold() for option in one.options]:
        items = [part.strip() for part in re.split(r"[,;\n]", value) if part.strip()]
    chosen = {_choice(item, one, organization) for item in items if item != ""}
    return [option for option in one.options if option in chosen] or None


def _checkbox(value, one, organization):
    if isinstance(value, str) and value.casefold() in ("yes", "on", "y", "x"):
        return True
    if isinstance(value, str) and value.casefold() in ("no", "off", "n"):
        return False
    return _flag_field.run_validation(value.lower() if isinstance(value, str) else value)


def _phone(value, one, organization):
    text = _phone_field.run_validation(str(value) if isinstance(value, int) and not isinstance(value, bool) else value)
    if len(re.findall(r"\d", text)) < 3 or re.search(r"[^\d\s()+./xX#,;*ext-]", text):
        raise ValidationError("must be a phone number")
    return text


def _person(value, one, organization):
    """The id of an active member, given as such or as an e-mail address."""
    members = User.objects.of(organization).active()
    if isinstance(value, str) and "@" in value:
        found = members.filter(email__iexact=value).values_list("pk", flat=True).first()
    elif isinstance(value, int | str) and not isinstance(value, bool) and re.fullmatch(r"\d{1,18}", str(value), re.A):
        found = members.filter(pk=int(value)).values_list("pk", flat=True).first()
    else:
        found = None
    if found is None:
        raise ValidationError("must be an active member")
    return found


_money_field, _flag_field, _phone_field = Money(), Flag(), Text(max_length=40)
_email_field, _link_field = Email(), WebAddress()
READERS: dict[str, Any] = {
    Kind.TEXT: _text, Kind.NUMBER: _number, Kind.MONEY: _money, Kind.DATE: _date, Kind.CHOICE: _choice, Kind.CHOICES: _choices,
    Kind.CHECKBOX: _checkbox, Kind.PHONE: _phone, Kind.PERSON: _person,
    Kind.EMAIL: lambda value, one, organization: _email_field.run_validation(value),
    Kind.LINK: lambda value, one, organization: _link_field.run_validation(value),
}


def propose(organization, keys, *, module="lead"):
    """Write down keys that came in without a definition, for an administrator to decide about. Again: nothing happens.

    Does not touch the organisation's row, so that intakes do not wait for each other; beyond MOST nothing is proposed.
    """
    fresh = sorted({key for key in keys if (organization.pk, module, key) not in _known_keys})
    if not fresh:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO lookups_customfield (organization_id, module_name, key, label, kind, options, aliases, required,
                                               is_unique, position, state, created_at, updated_at)
               SELECT %(org)s, %(module)s::text, key, key, 'text', '[]', '[]', false, false, 0, 'proposed', now(), now()
               FROM unnest(%(keys)s::text[]) AS key
               WHERE (SELECT count(*) FROM lookups_customfield
                      WHERE organization_id = %(org)s AND module_name = %(module)s::text) < %(most)s
               ORDER BY key ON CONFLICT DO NOTHING""",
            {"org": organization.pk, "module": module, "keys": fresh, "most": MOST})
    transaction.on_commit(lambda: _remember(organization.pk, module, fresh))


def _remember(organization_id, module, keys):
    if len(_known_keys) > 100_000:
        _known_keys.clear()
    _known_keys.update((organization_id, module, key) for key in keys)


def refuse_taken(organization, object_id, values, *, module="lead"):
    """Raise Conflict when another record holds a value of `values` whose field is unique.

    Called after the record was written, in the same transaction: the trigger has then claimed what was free, and has
    waited for whoever claimed it at the same time.
    """
    unique = [one for one in active(organization, module) if one.is_unique and values.get(one.key) is not None]
    for one in unique:
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT object_id FROM lookups_customvalue WHERE organization_id = %s AND field_id = %s
                   AND value_norm = lookups_value_norm(jsonb_build_object('v', %s::jsonb), 'v')""",
                [organization.pk, one.pk, _json(values[one.key])])
            held = cursor.fetchone()
        if held and held[0] != object_id:
            raise Conflict(f"{one.label}: another record has this value already.", code="duplicate_value",
                           fields={f"custom_fields.{one.key}": ["another record has this value already"]},
                           record_id=held[0])


def holders_of(organization, entries, *, module="lead"):
    """Who holds the values of unique fields: `entries` are [(anything, values)], many at once.

    Answers [(the same thing, Definition, the value as it is compared, id of the record that holds it or None)].
    """
    unique = {one.pk: one for one in active(organization, module) if one.is_unique}
    asked = [
        {"at": at, "field": one.pk, "value": values[one.key]}
        for at, (_, values) in enumerate(entries)
        for one in unique.values()
        if values.get(one.key) is not None
    ]
    if not asked:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT r.at, r.field, r.norm, v.object_id
               FROM (SELECT at, field, lookups_value_norm(jsonb_build_object('v', value), 'v') AS norm
                     FROM jsonb_to_recordset(%s::jsonb) AS r(at int, field bigint, value jsonb)) r
               LEFT JOIN lookups_customvalue v ON v.organization_id = %s AND v.field_id = r.field AND v.value_norm = r.norm
               WHERE r.norm IS NOT NULL ORDER BY r.at, r.field""",
            [_json(asked), organization.pk],
        )
        return [(entries[at][0], unique[pk], norm, held) for at, pk, norm, held in cursor.fetchall()]


def _json(value):
    return dumps(value).decode()
