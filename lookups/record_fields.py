"""The fields of a record as its page shows and edits them, each in its place; and one field of many records."""

from decimal import Decimal
from typing import Any

from django.urls import reverse

from accounts.models import User
from lio.templatetags.look import money
from lookups.changing import tag_ids
from lookups.custom import Kind, State, active, definitions
from lookups.filters import CUSTOM as CF
from lookups.known import known

CUSTOM = "custom:"  # prefix of a custom field's name in addresses
INPUTS = {Kind.CHOICE: "select", Kind.CHOICES: "multiple", Kind.CHECKBOX: "select", Kind.PHONE: "tel", Kind.LINK: "url"}


class RecordFields:
    """The fields of one kind of record. A subclass names them and says what they hold.

    `groups` are [(label, names)], `kinds` those that are not plain text (see templates/records/_field.html), `required` those
    that cannot be emptied, `input_class` reads what is posted, by the names of the API; `namespace` is that of the routes
    `view` and `field`. A record is a row as its list shows it.
    """

    module = ""
    namespace = ""
    groups: list[tuple[str, list[str]]] = []
    labels: dict[str, str] = {}
    kinds: dict[str, str] = {}
    required: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()  # texts that are empty and not None without a value
    input_class: Any

    def __init__(self, organization):
        self.organization = organization

    # ---------------------------------------------------------------- what a subclass knows better
    def attributes(self, given):
        """`given` (names of the API, without tags) as model attributes. Raises Invalid."""
        raise NotImplementedError

    def shared(self, name):
        """Whether many records can get the same value of a field (`cf.<key>` for a custom one)."""
        raise NotImplementedError

    def text(self, record, name):
        """The value in words."""
        value = record[name]
        if name == "tags":
            return ", ".join(tag["name"] for tag in value)
        if self.kinds.get(name) == "money":
            return "" if value is None else money(value, self.organization.currency)
        return "" if value is None else str(value)

    def told(self, name, value):
        """A value of the history in words."""
        if name == "tags":
            tags = known(self.organization, "tags")
            return ", ".join(tags[number].name if number in tags else str(number) for number in value)
        if name == "custom_fields" and isinstance(value, dict):
            own = definitions(self.organization, self.module)
            value = {own[key].label if key in own else key: inner for key, inner in value.items() if inner is not None}
        return in_words(value)

    def choices(self, record, name):
        """[{id, name, selected}] of a field whose value is chosen."""
        if name != "tags":
            return []
        there = {tag["id"] for tag in record["tags"]}
        return [
            {"id": found.number, "name": found.name, "selected": found.number in there}
            for found in known(self.organization, "tags").values()
            if found.is_active or found.number in there
        ]

    def tone(self, record, name):
        """The class of a chip."""
        return ""

    # ---------------------------------------------------------------- one record
    def of(self, record, *, editing=None):
        """[{label, fields}] of the record's page; `editing` names the field that is shown as an input."""
        groups = [
            {"label": label, "fields": [self.field(record, name, editing=name == editing) for name in names]}
            for label, names in self.groups
        ]
        found = definitions(self.organization, self.module)
        hidden = {key for key, one in found.items() if one.state in (State.DROPPED, State.ARCHIVED)}
        own = [one.key for one in active(self.organization, self.module)]
        other = sorted((record["custom_fields"] or {}).keys() - hidden - set(own))
        for label, keys in (("Own fields" if other else "More", own), ("Not defined yet" if own else "More", other)):
            if keys:
                names = [f"{CUSTOM}{key}" for key in keys]
                fields = [self.field(record, name, editing=name == editing) for name in names]
                groups.append({"label": label, "fields": fields})
        return groups

    def field(self, record, name, *, editing=False, saved=False):
        """One field as templates/records/_field.html wants it; None for a name that is none."""
        if name.startswith(CUSTOM):
            return self._custom(record, name, editing=editing, saved=saved)
        if not any(name in names for _, names in self.groups) or name not in record:
            return None
        kind, value = self.kinds.get(name, "text"), record[name]
        field = self._field(record, name, self.labels[name], kind, self.text(record, name), editing, saved)
        field |= {"value": value, "required": name in self.required, "href": href(kind, value), "tone": self.tone(record, name)}
        if name == "tags":
            field["tags"], field["value"] = record["tags"], [tag["id"] for tag in record["tags"]]
        elif kind == "money" and value is not None:
            field["value"] = f"{value:f}".rstrip("0").rstrip(".") if isinstance(value, Decimal) else value
        if editing:
            field["choices"] = self.choices(record, name)
        return field

    def _custom(self, record, name, *, editing, saved):
        """The same for a custom field, by the kind that its definition tells."""
        key = name.removeprefix(CUSTOM)
        one, value = definitions(self.organization, self.module).get(key), (record["custom_fields"] or {}).get(key)
        defined = one if one and one.is_active else None
        kind = INPUTS.get(defined.kind, defined.kind) if defined else "text"
        text = words_of_value(defined, value, self.organization)
        field = self._field(record, name, one.label if one else key, kind, text, editing, saved)
        field["value"] = value if isinstance(value, int | float) and not isinstance(value, bool) else text
        field |= {"required": bool(defined and defined.required), "href": href(kind, value)}
        if defined and editing:
            field["choices"] = custom_choices(defined, self.organization, value)
        return field

    def _field(self, record, name, label, kind, text, editing, saved):
        page = reverse(f"{self.namespace}:view", args=[record["id"]])
        return {
            "name": name, "label": label, "kind": kind, "text": text, "tone": "", "tags": [], "choices": [], "required": False,
            "editing": editing, "error": "", "saved": saved, "page": page, "href": "",
            "url": reverse(f"{self.namespace}:field", args=[record["id"], name]),
        }  # fmt: skip

    def read(self, name, posted):
        """(model attributes, inner ids of tags or None) of one posted field, read by the API's own Input."""
        given = self.input_class.read(self.posted(name, posted), partial=True)
        if name == "tags":
            return {}, tag_ids(self.organization, given["tags"] or [])
        return self.attributes(given), None

    def posted(self, name, posted):
        """{name of the API: value} of one posted field."""
        value, several = posted.get("value", ""), [part for part in posted.getlist("value") if part]
        if name.startswith(CUSTOM):
            key = name.removeprefix(CUSTOM)
            one = definitions(self.organization, self.module).get(key)
            chosen = one is not None and one.is_active and one.kind == Kind.CHOICES
            return {"custom_fields": {key: (several if chosen else value) or None}}
        if name == "tags":
            return {"tags": several}
        return {name: value.strip() or ("" if name in self.blank else None)}

    # ---------------------------------------------------------------- one field of many records
    def for_many(self, apart=()):
        """{name: label} of the fields that many records can share, but those of `apart`."""
        names = {name: label for name, label in self.labels.items() if self.shared(name) and name not in apart}
        own = active(self.organization, self.module)
        return names | {f"{CUSTOM}{one.key}": one.label for one in own if self.shared(f"{CF}{one.key}")}

    def empty(self, name):
        """The input of a field without a value."""
        nothing = _Nothing(dict.fromkeys([*self.labels, "custom_fields"]) | {"id": 0, "tags": []})
        return self.field(nothing, name, editing=True)


class _Nothing(dict):
    """A record without values."""

    def __missing__(self, name):
        return None


def words_of_value(one, value, organization):
    """A custom value in words. A person costs a query: tables look them up together."""
    if one and one.kind == Kind.MONEY and isinstance(value, int | float):
        return money(value, organization.currency)
    if one and one.kind == Kind.PERSON and isinstance(value, int):
        found = User.objects.of(organization).filter(pk=value).first()
        return found.full_name if found else str(value)
    return value if isinstance(value, str) else in_words(value)


def in_words(value):
    """A value of any kind as text."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(map(in_words, value))
    if isinstance(value, dict):
        return ", ".join(f"{key}: {in_words(inner)}" for key, inner in value.items())
    return "" if value is None else str(value)


def custom_choices(one, organization, value=None):
    """[{id, name, selected}] of a custom field that is chosen from a list."""
    if one.kind == Kind.PERSON:
        options = people(organization)
    elif one.kind == Kind.CHECKBOX:
        options = [("true", "Yes"), ("false", "No")]
    else:
        options = [(option, option) for option in one.options]
    chosen = value if isinstance(value, list) else [str(value).lower() if isinstance(value, bool) else value]
    return [{"id": key, "name": label, "selected": key in chosen} for key, label in options]


def people(organization):
    """[(id, name)] of the active members."""
    members = User.objects.of(organization).active().order_by("first_name", "last_name")
    return [(member.pk, member.full_name) for member in members]


def href(kind, value):
    """Where a value leads: a page, a mail, a call; "" for what leads nowhere."""
    if not value or not isinstance(value, str):
        return ""
    if kind == "url":
        return value if value.startswith(("http://", "https://")) else ""
    return {"email": f"mailto:{value}", "tel": f"tel:{value}"}.get(kind, "")
