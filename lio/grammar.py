"""Filters as a tree: `{"and": [..]}`, `{"or": [..]}`, `{"not": ..}` around `{"field": "city", "op": "is", "value": "Bonn"}`.

Bulk actions, saved views, exports and the parameter `filters` of lists take it. An object may hold several of these and
the flat names of the list (`score_min`) side by side; all of them must be met. Every test says yes or no, also of an empty
field: what "is not Bonn" includes what has no city.
"""

import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q
from rest_framework.exceptions import ValidationError

GROUPS = ("and", "or", "not", "field", "op", "value")
DEEP, MANY, LISTED = 6, 100, 500  # depth of a tree, its tests, values of one `in`
MAX_TEXT = 200
ONE_OR_MANY = ("is", "is_not", "in", "not_in", "empty", "not_empty")
OPS = {
    "text": (*ONE_OR_MANY, "contains", "not_contains", "starts_with"), "number": (*ONE_OR_MANY, "at_least", "at_most"),
    "id": ONE_OR_MANY, "person": ONE_OR_MANY, "flag": ("is", "is_not", "empty", "not_empty"), "set": ONE_OR_MANY,
    "moment": ("is", "is_not", "at_least", "at_most", "empty", "not_empty"),
    "day": ("is", "is_not", "at_least", "at_most", "empty", "not_empty"),
}
NEGATED = {"is_not": "is", "not_in": "in", "not_contains": "contains", "not_empty": "empty"}
PERIOD = re.compile(r"@?(today|yesterday|tomorrow|(?:this|last|next)_(?:week|month|quarter|year)"
                    r"|(?:last|next)_([1-9]\d{0,2})_days)", re.ASCII)


# ----------------------------------------------------------------------- values that depend on the viewer
@dataclass(frozen=True)
class Period:
    """Days named by a word like `this_quarter`: which ones depends on the day on which, and the zone in which, it is asked."""

    word: str

    @classmethod
    def read(cls, text, *, marked=False):
        """The period that `text` names, else None; `marked`: only with the @ before it."""
        found = PERIOD.fullmatch(text) if isinstance(text, str) and (text.startswith("@") or not marked) else None
        return cls(found[1]) if found else None

    def days(self, caller, today=None):
        """(first day, day after the last one) in the caller's zone."""
        today = today or datetime.now(zone_of(caller)).date()
        if self.word.endswith("_days"):
            which, count, _ = self.word.split("_")
            ahead = timedelta(days=int(count))
            tomorrow = today + timedelta(days=1)
            return (tomorrow - ahead, tomorrow) if which == "last" else (today, today + ahead)
        if "_" not in self.word:
            first = today + timedelta(days={"yesterday": -1, "today": 0, "tomorrow": 1}[self.word])
            return first, first + timedelta(days=1)
        which, unit = self.word.split("_")
        step = {"last": -1, "this": 0, "next": 1}[which]
        if unit == "week":
            first = today - timedelta(days=today.weekday()) + timedelta(weeks=step)
            return first, first + timedelta(weeks=1)
        months = {"month": 1, "quarter": 3, "year": 12}[unit]
        start = (today.year * 12 + today.month - 1) // months * months + step * months
        return _month(start), _month(start + months)


def _month(number):
    return date(number // 12, number % 12 + 1, 1)


def zone_of(caller):
    return ZoneInfo(getattr(caller, "timezone", None) or "UTC")


def midnight(day, caller):
    try:
        return datetime.combine(day, time.min, zone_of(caller)).astimezone(UTC)
    except OverflowError:
        raise ValidationError("is out of range") from None


# ----------------------------------------------------------------------- one field
class Column:
    """A field that can be tested. `kind` says which operators and values it takes; `path` is where its value stands."""

    def __init__(self, kind, path):
        self.kind, self.path = kind, path

    def q(self, op, raw, caller):
        """The condition. Raises ValidationError for an operator or a value that the field does not take."""
        if op not in OPS[self.kind]:
            raise ValidationError(f"takes {', '.join(OPS[self.kind])}")
        positive = NEGATED.get(op, op)
        found = self.empty() if positive == "empty" else getattr(self, f"_{self.kind}")(positive, raw, caller)
        return ~found if op in NEGATED else found

    # How values are compared with the field; both answer yes or no, never "unknown".
    def compare(self, lookup, value):
        return Q(**{f"{self.path}__{lookup}": value}) & Q(**{f"{self.path}__isnull": False})

    def empty(self):
        none = Q(**{f"{self.path}__isnull": True})
        return none | Q(**{self.path: ""}) if self.kind == "text" else none

    # Values by kind.
    def _text(self, op, raw, caller):
        if op == "in":
            found = Q(pk__in=[])
            for text in many(raw, text_of):
                found |= self.compare("iexact", text)
            return found
        return self.compare({"is": "iexact", "contains": "icontains", "starts_with": "istartswith"}[op], text_of(raw))

    def _number(self, op, raw, caller):
        if op == "in":
            return self.compare("in", many(raw, number_of))
        return self.compare({"is": "exact", "at_least": "gte", "at_most": "lte"}[op], number_of(raw))

    def _id(self, op, raw, caller):
        return self.compare("in", many(raw, id_of) if op == "in" else [id_of(raw)])

    def _person(self, op, raw, caller):
        def person(value):
            return getattr(caller, "pk", 0) or 0 if value in ("me", "@me") or value is True else id_of(value)

        return self.compare("in", many(raw, person) if op == "in" else [person(raw)])

    def _flag(self, op, raw, caller):
        return self.compare("exact", flag_of(raw))

    def _moment(self, op, raw, caller):
        first, after = span(raw, caller)
        if op == "at_least":
            return self.compare("gte", first)
        before = self.compare("lte" if first == after else "lt", after)
        return before if op == "at_most" else self.compare("gte", first) & before

    def _day(self, op, raw, caller):
        first, after = days(raw, caller)
        last = after - timedelta(days=1)
        if op == "is":
            return self.compare("gte", self.day(first)) & self.compare("lte", self.day(last))
        return self.compare("gte", self.day(first)) if op == "at_least" else self.compare("lte", self.day(last))

    def day(self, value):
        return value


def many(raw, one):
    items = raw if isinstance(raw, list) else [raw]
    if not 0 < len(items) <= LISTED:
        raise ValidationError(f"must be a list of 1 to {LISTED} values")
    return [one(item) for item in items]


def text_of(raw):
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        raw = str(raw)
    if not isinstance(raw, str) or not raw or "\x00" in raw or len(raw) > MAX_TEXT:
        raise ValidationError(f"must be text of 1 to {MAX_TEXT} characters")
    return raw


def number_of(raw):
    try:
        number = float(raw) if isinstance(raw, int | float | str) and not isinstance(raw, bool) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ValidationError("must be a number")
    return number


def id_of(raw):
    if isinstance(raw, str) and re.fullmatch(r"\d{1,18}", raw, re.ASCII):
        raw = int(raw)
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw < 2**63:
        raise ValidationError("must be an id")
    return raw


def flag_of(raw):
    if raw in (True, 1, "true", "1", "True") and not isinstance(raw, float):
        return True
    if raw in (False, 0, "false", "0", "False") and not isinstance(raw, float):
        return False
    raise ValidationError("must be true or false")


def days(raw, caller):
    """(first day, day after the last one) of a plain date or a word like today."""
    if period := Period.read(raw):
        return period.days(caller)
    try:
        first = date.fromisoformat(raw)
        return first, first + timedelta(days=1)
    except (TypeError, ValueError, OverflowError):
        raise ValidationError("must be an ISO date, like 2026-06-15, or a word like today or this_week") from None


def span(raw, caller):
    """(first moment, first moment after it); the same one twice for a moment."""
    if isinstance(raw, str) and len(raw) > 10 and not Period.read(raw):
        try:
            moment = datetime.fromisoformat(raw)
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
            return moment, moment
        except (ValueError, OverflowError):
            raise ValidationError("must be an ISO date, like 2026-06-15, or a word like today or this_week") from None
    first, after = days(raw, caller)
    return midnight(first, caller), midnight(after, caller)


# ----------------------------------------------------------------------- trees
class Tree:
    """Reads a tree for a list: `flat(name, value)` answers the condition of a flat name, `column(name)` the field's Column
    or None. Both raise ValidationError."""

    def __init__(self, flat, column, caller):
        self.flat, self.column, self.caller, self.tests = flat, column, caller, 0

    def q(self, node, depth=1):
        """The condition of an object. Raises ValidationError."""
        if not isinstance(node, dict) or not node:
            raise ValidationError('must be an object like {"field": "city", "op": "is", "value": "Bonn"}')
        if depth > DEEP:
            raise ValidationError(f"is nested more than {DEEP} deep")
        found = Q()
        if "field" in node:
            found &= self.leaf(node)
        elif "op" in node or "value" in node:
            raise ValidationError("names no field")
        for name, value in node.items():
            if name in ("and", "or"):
                found &= self.group(name, value, depth)
            elif name == "not":
                found &= ~self.q(value, depth + 1)
            elif name not in GROUPS:
                self.count()
                found &= self.flat(name, value)
        return found

    def group(self, name, nodes, depth):
        if not isinstance(nodes, list) or not nodes:
            raise ValidationError(f'"{name}" must be a list of at least one filter')
        parts = [self.q(node, depth + 1) for node in nodes]
        found = parts[0]
        for part in parts[1:]:
            found = found & part if name == "and" else found | part
        return found

    def leaf(self, node):
        self.count()
        name, op, value = node["field"], node.get("op", "is"), node.get("value")
        if not isinstance(name, str) or not isinstance(op, str):
            raise ValidationError("field and op must be text")
        try:
            column = self.column(name)
            if column is not None:
                return column.q(op, value, self.caller)
            if op not in ("is", "is_not", "in"):
                raise ValidationError("takes is, is_not, in")
            found = self.flat(name, value)
            return ~found if op == "is_not" else found
        except ValidationError as error:
            lines = error.detail if isinstance(error.detail, list) else [error.detail]
            raise ValidationError(f"{name}: {lines[0]}"[:300]) from None

    def count(self):
        self.tests += 1
        if self.tests > MANY:
            raise ValidationError(f"has more than {MANY} tests")


