"""Filters of what organisations define, and what it adds to the lists of other records: custom fields and saved views."""

from typing import Any

from django.db.models import BooleanField, DecimalField, F, Func, JSONField, Q, TextField, Value
from django.db.models.functions import Coalesce, Lower
from rest_framework.exceptions import ValidationError

from lio.api.envelope import BadParameter
from lio.api.fields import Flag, Text, Whole
from lio.filters import Filter, ListFilter
from lio.grammar import NEGATED, Column, flag_of, id_of, many, number_of, text_of
from lio.rows import IDS, IsAny
from lookups import custom, views
from lookups.custom import Kind
from lookups.edit import kind_of

CUSTOM = "cf."  # before the key of a custom field, wherever fields are named
KINDS = {Kind.NUMBER: "number", Kind.MONEY: "number", Kind.DATE: "day", Kind.CHECKBOX: "flag", Kind.PERSON: "person",
         Kind.CHOICES: "set"}  # all others are text


class LookupFilter(ListFilter):
    date_field = None
    filters = {
        "module_name": Filter(Text(max_length=50), lambda value, caller: Q(module_name=value.strip().lower())),
        "type": Filter(Text(max_length=50), lambda value, caller: Q(type=kind_of(value))),
        "is_active": Filter(Flag(), lambda value, caller: Q(is_active=value)),
        "parent_id": Filter(Whole(max_value=2**53), lambda value, caller: Q(parent__number=value)),
    }
    search_in = ("name", "value")
    sorts = {"id": "number", "module_name": "module_name", "type": "type", "name": "name", "value": "value",
             "color_code": "color_code", "is_active": "is_active", "is_system": "is_system", "parent_id": "parent__number"}
    nullable = frozenset({"parent__number"})


class CustomFieldFilter(ListFilter):
    date_field = None
    filters = {
        "module_name": Filter(Text(max_length=50), lambda value, caller: Q(module_name=value.strip().lower())),
        "state": Filter(Text(max_length=10), lambda value, caller: Q(state=value.strip().lower())),
    }
    search_in = ("key", "label")
    sorts = {name: name for name in ("id", "module_name", "key", "label", "kind", "required", "is_unique", "position", "state",
                                     "created_at")}


class ViewFilter(ListFilter):
    filters = {"module_name": Filter(Text(max_length=50), lambda value, caller: Q(module_name=value.strip().lower()))}
    search_in = ("view_name", "module_name")
    sorts = {name: name for name in ("id", "module_name", "view_name", "visibility", "created_at", "updated_at")} | {
        "user_id": "user_id"}
    nullable = frozenset({"user_id"})


# ----------------------------------------------------------------------- custom fields in lists
def _value(key, sign, output):
    """`custom_fields -> key` or `->>`; the key is a parameter, whatever it is made of."""
    return Func(F("custom_fields"), Value(key), template="(%(expressions)s)", arg_joiner=f" {sign} ", output_field=output)


def value_of(definition):
    """The value of a custom field as something to compare and to sort by; NULL where there is none of its kind."""
    kind = KINDS.get(definition.kind, "text")
    text = _value(definition.key, "->>", TextField())
    if kind in ("number", "person"):
        return Func(_value(definition.key, "->", JSONField()), output_field=DecimalField(max_digits=30, decimal_places=6),
                    template="(jsonb_path_query_first(%(expressions)s, '$ ? (@.type() == \"number\")'))::numeric")
    if kind == "day":
        return Func(text, template="(substring(%(expressions)s from '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') COLLATE \"C\")",
                    output_field=TextField())
    return text


class CustomColumn(Column):
    """`hits` finds records by their custom values: a function of [{key: value}] to ids, or None when they are too many."""

    def __init__(self, definition, hits=None):
        super().__init__(KINDS.get(definition.kind, "text"), definition.key)
        self.definition, self.hits = definition, hits
        self.value = value_of(definition)

    def q(self, op, raw, caller):
        found = super().q(op, raw, caller)
        values = self._exactly(raw, caller) if self.hits and NEGATED.get(op, op) in ("is", "in") else []
        ids = self.hits([{self.path: value} for value in values]) if values else None
        if ids is None:
            return found
        found = Q(IsAny(F("pk"), Value(ids, output_field=IDS)))
        return ~found if op in NEGATED else found

    def _exactly(self, raw, caller):
        """The values, as records hold them, that a test asks for; [] where it asks for more than equality, like text does."""
        items = raw if isinstance(raw, list) else [raw]
        if self.kind == "number":
            return [number_of(item) for item in items]
        if self.kind == "person":
            return [getattr(caller, "pk", 0) or 0 if item in ("me", "@me", True) else id_of(item) for item in items]
        if self.kind == "flag":
            return [flag_of(raw), str(flag_of(raw)).lower()]
        if self.kind == "set":
            return [value for item in items for value in ([item], item)]
        spelled = {option.casefold(): option for option in self.definition.options}
        chosen = [spelled.get(str(item).casefold()) for item in items] if self.definition.kind == Kind.CHOICE else []
        return [] if None in chosen else chosen

    def compare(self, lookup, value):
        left = self.value
        if self.kind == "flag":
            value = "true" if value else "false"
        if lookup == "in" and self.kind in ("number", "person"):
            found = Q(pk__in=[])
            for one in value:
                found |= self.compare("exact", one)
            return found
        test = left.output_field.get_lookup(lookup)(left, value)
        return Q(Coalesce(test, Value(False), output_field=BooleanField()))

    def empty(self):
        none = Func(self.value, template="(coalesce(%(expressions)s::text, '') IN ('', '[]'))", output_field=BooleanField())
        return Q(none)

    def day(self, value):
        return value.isoformat()

    def _set(self, op, raw, caller):
        """Several choices: any of them counts."""
        found = Q(pk__in=[])
        for option in many(raw, text_of) if op == "in" else [text_of(raw)]:
            found |= Q(Func(_value(self.path, "->", JSONField()), Value(option), arg_joiner=" ? ",
                            template="coalesce(%(expressions)s, false)", output_field=BooleanField()))
        return found


class AsSent:
    """A value whose meaning its Column reads."""

    def run_validation(self, data):
        return data


class OwnFilter(ListFilter):
    """A list of records that have custom fields and saved views.

    `cf.<key>` filters by a custom field, `cf.<key>_min` and `_max` bound numbers and dates, `order_by=cf.<key>` sorts;
    `view=<id>` starts from a saved view, what else is sent replaces its parts.
    """

    module = ""
    custom_hits: Any = None  # for CustomColumn; without it, rows are looked through

    def __init__(self, params, caller):
        self.definitions = custom.definitions(caller.organization, self.module)
        own = {name for name, _ in views.sent(params, self.aliases)}
        self.view, params = views.apply(self.module, params, caller, self.aliases)
        try:
            super().__init__(params, caller)
        except BadParameter as error:
            if self.view is None or error.fields.keys() & own:
                raise
            raise views.broken(self.view, error.fields) from None

    def definition(self, key):
        found = self.definitions.get(key)
        return found if found and found.is_active else None

    @classmethod
    def may_know(cls, name):
        return name.startswith(CUSTOM) or name == "view"

    def column_named(self, name):
        if not name.startswith(CUSTOM):
            return super().column_named(name)
        found = self.definition(name.removeprefix(CUSTOM))
        if found is None:
            raise ValidationError("there is no such custom field")
        return CustomColumn(found, self.custom_hits)

    def filter_named(self, name):
        if not self.module or not name.startswith(CUSTOM):
            return super().filter_named(name)
        key = name.removeprefix(CUSTOM)
        if found := self.definition(key):
            column = CustomColumn(found, self.custom_hits)
            if found.kind in (Kind.CHOICE, Kind.CHOICES, Kind.PERSON):
                return Filter(AsSent(), lambda raw, caller: column.q("in", _parts(raw, found.options), caller), many=True)
            return Filter(AsSent(), lambda raw, caller: column.q("is", raw, caller))
        for end, op in (("_min", "at_least"), ("_max", "at_most")):
            bound = self.definition(key.removesuffix(end)) if key.endswith(end) else None
            if bound and bound.kind in (Kind.NUMBER, Kind.MONEY, Kind.DATE):
                return Filter(AsSent(), lambda raw, caller, op=op, bound=bound: CustomColumn(bound).q(op, raw, caller))
        return Filter(AsSent(), _no_such_field)

    def _order(self, params, errors):
        name = params.get("order_by")
        if not self.module or not isinstance(name, str) or not name.startswith(CUSTOM):
            return super()._order(params, errors)
        found = self.definition(name.removeprefix(CUSTOM))
        if found is None:
            errors["order_by"] = ["there is no such custom field"]
        else:
            value = value_of(found)
            self.sort_expression = Lower(value) if KINDS.get(found.kind, "text") == "text" else value
        _, descending = super()._order({"order_by": "id", "order_in": params.get("order_in")}, errors)
        return name, descending

    @property
    def is_plain(self):
        return super().is_plain and self.sort_expression is None


def _parts(raw, options):
    """Several values as a list, or as text with commas; an option may hold commas itself."""
    items = raw if isinstance(raw, list) else [raw]
    return [part.strip() if isinstance(part, str) else part for item in items
            for part in ([item] if not isinstance(item, str) or item in options else item.split(","))]


def _no_such_field(raw, caller):
    raise ValidationError("there is no such custom field")
