"""List conventions, spelled once: the same grammar serves lists, bulk `filters`, saved views, exports and pages.

A filter is a field that reads the parameter and a rule that turns the value into a `Q`. Only what was sent is read: no
form is built per request.
"""

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Q
from django.utils.functional import cached_property
from rest_framework.exceptions import NotFound, ValidationError

from lio import search
from lio.api.envelope import BadParameter
from lio.api.fields import Ids, Text, Whole
from lio.errors import Invalid
from lio.grammar import GROUPS, Column, Period, Tree, zone_of

MAX_SEARCH = 200  # characters
MAX_TREE = 8_000  # characters of a tree in an address


class Filter:
    """`field` reads the parameter; `rule(value, caller)` gives the Q."""

    def __init__(self, field, rule, *, many=False):
        self.field, self.rule, self.many = field, rule, many


def equal(column, field):
    return Filter(field, lambda value, caller: Q(**{column: value}))


def at_least(column, field):
    return Filter(field, lambda value, caller: Q(**{f"{column}__gte": value}))


def at_most(column, field):
    return Filter(field, lambda value, caller: Q(**{f"{column}__lte": value}))


def any_of(column):
    """`3` or `3,5,8` or a JSON array."""
    return Filter(Ids(), lambda value, caller: Q(**{f"{column}__in": value}), many=True)


def same_text(column):
    """Equal without regard to case."""
    return Filter(Text(max_length=MAX_SEARCH), lambda value, caller: Q(**{f"{column}__iexact": value}))


class Edge:
    """One end of a range: a plain date is a whole day in the caller's zone, a moment is itself (R33)."""

    def __init__(self, *, last):
        self.last = last

    def run_validation(self, data):
        if period := Period.read(data, marked=True):
            return period
        try:
            if len(data) <= 10:
                return date.fromisoformat(data)
            moment = datetime.fromisoformat(data)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            raise ValidationError("must be an ISO date, like 2026-06-15") from None

    def moment(self, value, caller):
        """The first moment of the day, or the first one after it."""
        if isinstance(value, datetime):
            return value
        try:
            if isinstance(value, Period):
                day = value.days(caller)[self.last]
            else:
                day = value + timedelta(days=1) if self.last else value
            return datetime.combine(day, time.min, zone_of(caller)).astimezone(UTC)
        except OverflowError:
            raise ValidationError("is out of range") from None

    def q(self, column):
        def rule(value, caller):
            moment = self.moment(value, caller)
            if not self.last:
                return Q(**{f"{column}__gte": moment})
            return Q(**{f"{column}__lte" if isinstance(value, datetime) else f"{column}__lt": moment})

        return rule


def since(column):
    edge = Edge(last=False)
    return Filter(edge, edge.q(column))


def until(column):
    edge = Edge(last=True)
    return Filter(edge, edge.q(column))


class ListFilter:
    """What a list understands. Subclasses name `filters`, `sorts` ({parameter: column}) and how to search."""

    filters: dict = {}
    columns: dict[str, Column] = {}  # the fields that a tree may test (lio/grammar.py), besides `filters`
    sorts: dict = {"id": "id", "created_at": "created_at", "updated_at": "updated_at"}
    ranges: tuple = (("start_date", "end_date"),)
    search_kind: str | None = None  # kind of the search document; without one, `search_in` columns are looked through
    search_in: tuple = ()
    date_field: str | None = "created_at"
    aliases: dict = {}
    required: tuple = ()  # filters without which there is no list
    sort_expression: Any = None  # what to sort by where that is no column
    nullable: frozenset = frozenset()  # columns of `sorts` that may be empty: empty ones come last

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        if cls.date_field:
            cls.filters = {"start_date": since(cls.date_field), "end_date": until(cls.date_field), **cls.filters}

    def __init__(self, params, caller):
        """`params` is a QueryDict of a request or the dict of a bulk action. Raises BadParameter."""
        self.caller, self.condition, self.search = caller, Q(), ""
        self.values: dict[str, Any] = {}
        errors: dict[str, list[str]] = {}
        for name, raw in _sent(params, self.aliases):
            if name == "search_value":
                self.search = self._search(raw, errors)
            elif name == "filters" or name in GROUPS:
                continue
            elif self.filter_named(name):
                try:
                    self._apply(name, raw)
                except (ValidationError, NotFound) as error:
                    errors[name] = [str(line) for line in _lines(error)]
        for name in self.required:
            if name not in self.values and name not in errors:
                errors[name] = ["is required"]
        self._apply_tree(params, errors)
        self.order = self._order(params, errors)
        for first, last in self.ranges:
            self._check_range(first, last, errors)
        if errors:
            raise BadParameter(errors)

    @classmethod
    def strict(cls, params, caller):
        """The same for a bulk action: unknown names are refused, too (422)."""
        known = {*cls.filters, *cls.aliases, "search_value", "order_by", "order_in"}
        unknown = sorted(name for name in set(params) - known - {*GROUPS} if not cls.may_know(name))
        if unknown:
            raise Invalid({"filters": [f"unknown: {', '.join(unknown)}"]})
        try:
            return cls(params, caller)
        except BadParameter as error:
            raise Invalid({"filters": [f"{name}: {lines[0]}" for name, lines in error.fields.items()]}) from None

    def narrow(self, rows):
        """`rows` with filters and search, without order."""
        rows = rows.filter(self.condition) if self.condition else rows
        return search.found_in(rows, self.search_kind, self.search_in, self.search, self.hits) if self.search else rows

    @cached_property
    def hits(self):
        """Ids of records whose document holds the search, asked once; None where the columns are looked through."""
        return search.hits(self.search_kind, self.search) if self.search_kind else None

    @property
    def is_plain(self):
        """Neither filter nor search: the whole list."""
        return not self.condition and not self.search

    @property
    def is_search_alone(self):
        """A search in documents and no filter beside it."""
        return bool(self.search and self.search_kind and not self.condition)

    def filter_named(self, name):
        """The Filter of a flat name; None for a name that is none. A subclass may know further names."""
        return self.filters.get(name)

    def column_named(self, name):
        """The Column of a field that a tree tests; None for a name that is none."""
        return self.columns.get(name)

    @classmethod
    def may_know(cls, name):
        """Whether `filter_named` answers, or complains about, this further name."""
        return False

    def _apply_tree(self, params, errors):
        """The groups and tests of a dict, or of the parameter `filters`, which is such a dict as JSON."""
        if hasattr(params, "getlist"):
            text = params.get("filters")
            if not text:
                return
            try:
                given = json.loads(text) if len(text) <= MAX_TREE else None
            except (ValueError, RecursionError):
                given = None
            if not isinstance(given, dict):
                errors["filters"] = [f"must be a JSON object of at most {MAX_TREE} characters"]
                return
        else:
            given = {name: params[name] for name in GROUPS if name in params}
        if not given:
            return
        try:
            self.condition &= Tree(self._flat, self.column_named, self.caller).q(given)
            self.values["filters"] = given
        except (ValidationError, NotFound) as error:
            errors["filters"] = [str(line) for line in _lines(error)]

    def _flat(self, name, raw):
        name = self.aliases.get(name, name)
        one = self.filter_named(name)
        if one is None:
            raise ValidationError(f"unknown: {name}"[:100])
        try:
            if isinstance(raw, list) and raw and not one.many:
                raw = raw[-1]
            return one.rule(one.field.run_validation(raw), self.caller)
        except ValidationError as error:
            raise ValidationError(f"{name}: {_lines(error)[0]}") from None

    def _apply(self, name, raw):
        one = self.filter_named(name)
        if isinstance(raw, list) and not one.many:
            raw = raw[-1] if raw else ""
        if raw in (None, "", []):
            return
        value = one.field.run_validation(raw)
        self.condition &= one.rule(value, self.caller)
        self.values[name] = value

    def _search(self, raw, errors):
        text = (raw[-1] if raw else "") if isinstance(raw, list) else raw
        if text is None:
            return ""
        if not isinstance(text, str) or "\x00" in text or len(text) > MAX_SEARCH:
            errors["search_value"] = [f"must be text of at most {MAX_SEARCH} characters"]
            return ""
        return text.strip()

    def _order(self, params, errors):
        """[(column, descending)], ties by id (R31)."""
        name, way = str(params.get("order_by") or "id"), str(params.get("order_in") or "DESC").upper()
        if name not in self.sorts:
            errors["order_by"] = [f"must be one of {', '.join(sorted(self.sorts))}"]
        if way not in ("ASC", "DESC"):
            errors["order_in"] = ["must be ASC or DESC"]
        return (self.sorts.get(name, "id"), way != "ASC")

    def _check_range(self, first, last, errors):
        if first not in self.values or last not in self.values:
            return
        start, end = self.filters[first].field, self.filters[last].field
        low, high = start.moment(self.values[first], self.caller), end.moment(self.values[last], self.caller)
        if low > high or (low == high and not isinstance(self.values[last], datetime)):  # a day ends before its last edge
            errors[first] = [f"must not be after {last}"]


def _sent(params, aliases):
    """(name, value) pairs: of a query every value as a list, `a[]` as `a` (R17); of a dict as it is."""
    if hasattr(params, "getlist"):
        for key in params:
            name = key.removesuffix("[]")
            yield aliases.get(name, name), [value for value in params.getlist(key) if value != ""]
    else:
        for key, value in params.items():
            yield aliases.get(key, key), value


def _lines(error):
    return error.detail if isinstance(error.detail, list) else [error.detail]


def of_either(value, caller):
    return Q(first__in=value) | Q(second__in=value)


class PairFilter(ListFilter):
    """Pairs of likely duplicates (lio/matching.py)."""

    filters = {"score_min": at_least("score", Whole(min_value=0, max_value=100))}
    date_field = "found_at"
    sorts = {"id": "id", "score": "score", "strength": "score", "found_at": "found_at"}
