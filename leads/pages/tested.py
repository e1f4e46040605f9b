"""The fields that combined filters test: their operators and choices, and a tree of tests in words."""

from accounts.models import User
from leads.columns import COLUMNS
from leads.filters import LeadFilter
from leads.models import Lead
from lio.grammar import GROUPS, OPS
from lookups.custom import Kind, active
from lookups.filters import CUSTOM, KINDS
from lookups.known import known

LABELS = COLUMNS | {"first_name": "First name", "last_name": "Last name", "address": "Address", "pin_code": "Postal code",
                    "notes": "Remarks"}
OP_WORDS = {
    "is": "is", "is_not": "is not", "in": "is any of", "not_in": "is none of", "contains": "contains",
    "not_contains": "does not contain", "starts_with": "begins with", "at_least": "is at least", "at_most": "is at most",
    "empty": "is empty", "not_empty": "is not empty",
}
DAY_WORDS = OP_WORDS | {"is": "is in", "is_not": "is not in", "at_least": "is from", "at_most": "is until"}
SET_WORDS = OP_WORDS | {"is": "has", "is_not": "has not", "in": "has any of", "not_in": "has none of"}
DAYS = [
    ("today", "today"), ("yesterday", "yesterday"), ("this_week", "this week"), ("last_week", "last week"),
    ("this_month", "this month"), ("last_month", "last month"), ("this_quarter", "this quarter"),
    ("last_quarter", "last quarter"), ("this_year", "this year"), ("last_7_days", "the last 7 days"),
    ("last_30_days", "the last 30 days"), ("next_7_days", "the next 7 days"),
]
DAY_CALLED = {label: word for word, label in DAYS}
SEVERAL, ALONE = ("in", "not_in"), ("empty", "not_empty")  # operators that take several values, or none


def lookup_options(organization, kind):
    return [(number, found.name) for number, found in known(organization, kind).items() if found.is_active]


class Fields:
    """The fields that can be tested, with their kinds, words and choices."""

    def __init__(self, organization):
        self.organization = organization
        self.own = {f"{CUSTOM}{one.key}": one for one in active(organization)}
        self.labels = {name: LABELS[name] for name in LABELS if name in LeadFilter.columns}
        self.labels |= {name: one.label for name, one in self.own.items()}

    def kind(self, name):
        if name in self.own:
            return KINDS.get(self.own[name].kind, "text")
        return LeadFilter.columns[name].kind if name in LeadFilter.columns else "text"

    def ops(self, name):
        """[(operator, its words)] of a field."""
        kind = self.kind(name)
        words = DAY_WORDS if kind in ("moment", "day") else SET_WORDS if kind == "set" or name == "tags" else OP_WORDS
        return [(op, words[op]) for op in OPS[kind]]

    def choices(self, name):
        """[(value, label)] of a field whose values are chosen; None where they are written."""
        own, kind = self.own.get(name), self.kind(name)
        if kind == "person":
            return [("me", "me"), *self.people]
        if kind == "flag":
            return [("true", "yes"), ("false", "no")]
        if own is not None:
            return [(option, option) for option in own.options] if own.kind in (Kind.CHOICE, Kind.CHOICES) else None
        if name == "priority":
            return [(str(number), label) for number, label in Lead.Priority.choices]
        lookup = {"status": "status", "lead_source": "source", "tags": "tags"}.get(name)
        return [(str(number), label) for number, label in lookup_options(self.organization, lookup)] if lookup else None

    @property
    def people(self):
        if not hasattr(self, "_people"):
            members = User.objects.of(self.organization).active().order_by("first_name", "last_name")
            self._people = [(str(member.pk), member.full_name) for member in members]
        return self._people

    def leaf(self, test):
        """A test as a leaf of the tree."""
        leaf: dict = {"field": test.field, "op": test.op}
        if test.op in SEVERAL:
            whole = self.choices(test.field) is not None  # an option may hold a comma
            parts = [part.strip() for value in test.values for part in ([value] if whole else value.split(","))]
            leaf["value"] = [part for part in parts if part] or [""]
        elif test.op not in ALONE:
            value = test.values[-1] if test.values else ""
            is_day = self.kind(test.field) in ("moment", "day")
            leaf["value"] = DAY_CALLED.get(value.strip().lower(), value.strip()) if is_day else value
        return leaf

    def input(self, test):
        """(kind of input, its choices) for the values of a test."""
        if test.op in ALONE:
            return "none", []
        choices = self.choices(test.field)
        if choices is not None:
            return ("several" if test.op in SEVERAL else "one"), choices
        kind = self.kind(test.field)
        if kind in ("moment", "day"):
            return "days", DAYS
        return ("number" if kind == "number" and test.op not in SEVERAL else "text"), []


def in_words(tree, organization):
    """A tree as a sentence: "Status is Won or (City is Bonn and Score is at least 50)"."""
    return _words(tree, Fields(organization))


def _words(node, fields, inside=False):
    parts = []
    for name, value in node.items():
        if name in ("and", "or"):
            said = f" {name} ".join(_words(one, fields, len(value) > 1) for one in value)
            parts.append(f"({said})" if inside and len(value) > 1 else said)
        elif name == "not":
            parts.append(f"not ({_words(value, fields)})")
        elif name == "field":
            parts.append(_leaf_words(node, fields))
        elif name not in GROUPS:
            parts.append(f"{LABELS.get(name, name)} {value}")
    return " and ".join(parts)


def _leaf_words(node, fields):
    name, op, value = node["field"], node.get("op", "is"), node.get("value")
    said = dict(fields.ops(name)).get(op, op) if name in fields.labels else op
    values = value if isinstance(value, list) else [] if op in ALONE else [value]
    labels = dict(fields.choices(name) or (DAYS if fields.kind(name) in ("moment", "day") else []))
    shown = ", ".join(labels.get(str(one).lower() if isinstance(one, bool) else str(one).removeprefix("@"), str(one))
                      for one in values)
    return f"{fields.labels.get(name, name)} {said} {shown}".strip()
