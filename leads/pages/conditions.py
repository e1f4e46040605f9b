"""Combining tests with and/or: a form in which groups of tests are put together, and what the list's address makes of them.

The form holds two floors, groups of tests, which is what people can read. It says the tree of `lio/grammar.py`; a deeper one,
which other programs may have written, is shown in words and can be replaced.
"""

import dataclasses
import json

from django.shortcuts import redirect
from django.urls import reverse

from leads.filters import LeadFilter
from leads.models import Lead
from leads.pages.list import changed, cleaned
from leads.pages.tested import SEVERAL, Fields, in_words
from lio.api.envelope import BadParameter
from lio.grammar import GROUPS
from lio.listing import Listing
from lio.pages import Page, words_of
from lookups import views
from lookups.list_page import OTHERS

MOST = 20  # tests of a form


@dataclasses.dataclass
class Test:
    """One line: a field, what is asked of it, and the values as text."""

    field: str = "status"
    op: str = "is"
    values: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Group:
    join: str = "and"
    tests: list[Test] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Draft:
    """`join` ties the groups together: "and" or "or"."""

    join: str = "and"
    groups: list[Group] = dataclasses.field(default_factory=list)

    # ------------------------------------------------------------------- to and from a tree
    @classmethod
    def of_tree(cls, tree):
        """The draft of a tree; None where it holds more than groups of tests."""
        if not tree:
            return cls(groups=[Group(tests=[Test()])])
        while len(tree) == 1 and ("and" in tree or "or" in tree):
            (join,), (nodes,) = tree.keys(), tree.values()
            if len(nodes) == 1:
                tree = nodes[0]
                continue
            if all("field" in node for node in nodes):
                tests = [_test_of(node) for node in nodes]
                return None if None in tests else cls(groups=[Group(join, tests)])
            groups = [_group_of(node) for node in nodes]
            return None if None in groups else cls(join, groups)
        group = _group_of(tree)
        return None if group is None else cls(groups=[group])

    def tree(self, fields):
        """The tree that it says; {} when there is no test."""
        groups = [[fields.leaf(test) for test in group.tests] for group in self.groups]
        nodes = [leaves[0] if len(leaves) == 1 else {group.join: leaves}
                 for group, leaves in zip(self.groups, groups, strict=True) if leaves]
        return nodes[0] if len(nodes) == 1 else {self.join: nodes} if nodes else {}

    # ------------------------------------------------------------------- to and from a form
    @classmethod
    def read(cls, given):
        """The draft that a form holds, after the button `do` was pressed."""
        draft = cls(_join(given.get("join")))
        for g in range(MOST):
            if f"g{g}" not in given:
                break
            group = Group(_join(given.get(f"g{g}")))
            for t in range(MOST):
                name = f"g{g}.t{t}"
                if f"{name}.field" not in given:
                    break
                values = [value for value in given.getlist(f"{name}.value") if value.strip()]
                group.tests.append(Test(given[f"{name}.field"], given.get(f"{name}.op", "is"), values))
            draft.groups.append(group)
        draft.press(given.get("do", ""))
        return draft

    def press(self, button):
        what, _, where = button.partition(":")
        at = [int(part) for part in where.split(".") if part.isascii() and part.isdigit()]
        if what == "group" and self.count < MOST:
            self.groups.append(Group(tests=[Test()]))
        elif what == "add" and len(at) == 1 and at[0] < len(self.groups) and self.count < MOST:
            self.groups[at[0]].tests.append(Test())
        elif what == "field" and len(at) == 2 and at[0] < len(self.groups) and at[1] < len(self.groups[at[0]].tests):
            self.groups[at[0]].tests[at[1]] = Test(self.groups[at[0]].tests[at[1]].field)  # what was asked of another field
        elif what == "drop" and len(at) == 2 and at[0] < len(self.groups) and at[1] < len(self.groups[at[0]].tests):
            self.groups[at[0]].tests.pop(at[1])
        self.groups = [group for group in self.groups if group.tests] or [Group(tests=[Test()])]

    @property
    def count(self):
        return sum(len(group.tests) for group in self.groups)


def _join(text):
    return "or" if text == "or" else "and"


def _test_of(node):
    if not set(node) <= {"field", "op", "value"} or not isinstance(node["field"], str):
        return None
    value = node.get("value")
    values = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(one, str | int | float) for one in values):
        return None
    texts = [str(one).lower() if isinstance(one, bool) else str(one) for one in values]
    return Test(node["field"], node.get("op", "is"), texts)


def _group_of(node):
    if "field" in node:
        test = _test_of(node)
        return test and Group(tests=[test])
    if len(node) != 1 or not ("and" in node or "or" in node):
        return None
    (join,), (nodes,) = node.keys(), node.values()
    tests = [test for one in nodes if "field" in one and (test := _test_of(one))]
    return Group(join, tests) if len(tests) == len(nodes) else None


# ----------------------------------------------------------------------- the page
class CombineFilters(Page):
    """The form. It is a GET form: its state is the address, and "Show leads" goes to the list."""

    def get(self, request):
        try:
            return self.form(request.GET)
        except BadParameter as error:  # a view that does not work any more
            self.complain(words_of(error))
            return redirect("leads:list")

    def form(self, given):
        view, query = changed(cleaned(given), self.request.user)
        if "g0" in given:
            draft: Draft | None = Draft.read(given)
        else:
            _, means = views.merged("lead", query, self.request.user, LeadFilter.aliases)
            tree = {name: means[name] for name in GROUPS if name in means}
            draft = Draft.of_tree(tree)
        foreign = in_words(tree, self.organization) if draft is None else ""
        fields = Fields(self.organization)
        draft = draft or Draft.of_tree({})
        tree = draft.tree(fields)
        error, count = self.try_out(query, tree)
        pressed = given.get("do", "")
        if pressed == "show" and not error:
            return redirect(self.address(query, tree))
        context = {
            "groups": self.shown(draft, fields), "join": draft.join, "foreign": foreign,
            "error": error if pressed == "show" else "", "count": count, "may_add": draft.count < MOST,
            "carried": [(name, value) for name in query if name != "filters" for value in query.getlist(name)],
            "back": f"{reverse('leads:list')}?{query.urlencode()}", "without": self.address(query, {}),
            "has_tests": bool(query.get("filters") or (view and set(view.filters) & {*GROUPS})),
        }
        return self.show("leads/_combine.html" if self.is_swap else "leads/combine.html", context)

    @staticmethod
    def address(query, tree):
        """The address of the list with this tree in place of what it has."""
        rest = query.copy()
        rest.pop("filters", None)
        if tree or rest.get("view"):
            rest["filters"] = json.dumps(tree, ensure_ascii=False, separators=(",", ":")) if tree else ""
        return f"{reverse('leads:list')}?{rest.urlencode()}"

    def try_out(self, query, tree):
        """(what is wrong with the tests or "", how many leads match in words)."""
        asked = query.copy()
        asked["filters"] = json.dumps(tree) if tree else ""
        for name in OTHERS:
            if name not in ("view", "filters", "search_value"):
                asked.pop(name, None)
        try:
            rows = Lead.objects.whole(self.organization)
            total, capped = Listing(rows, LeadFilter, asked, self.request.user).total()[:2]
        except BadParameter as error:
            return words_of(error).removeprefix("filters: "), None
        return "", "1 lead matches" if total == 1 else f"{total:,}{'+' if capped else ''} leads match"

    @staticmethod
    def shown(draft, fields):
        """The groups as the template shows them."""
        groups = []
        for g, group in enumerate(draft.groups):
            tests = []
            for t, test in enumerate(group.tests):
                if test.field not in fields.labels:
                    test = Test()
                ops = fields.ops(test.field)
                if test.op not in dict(ops):
                    test = Test(test.field, ops[0][0], test.values)
                kind, choices = fields.input(test)
                if test.op in SEVERAL and kind == "text":
                    test = Test(test.field, test.op, [", ".join(test.values)])
                value = test.values[-1] if test.values else ""
                value = dict(choices).get(value.removeprefix("@"), value) if kind == "days" else value
                tests.append({
                    "name": f"g{g}.t{t}", "field": test.field, "op": test.op, "ops": ops, "kind": kind, "value": value,
                    "label": fields.labels[test.field], "turn": f"field:{g}.{t}", "drop": f"drop:{g}.{t}",
                    "choices": [{"value": one, "label": label, "selected": one in test.values} for one, label in choices],
                })
            groups.append({"name": f"g{g}", "join": group.join, "tests": tests, "add": f"add:{g}"})
        labels = fields.labels
        offered = [("Lead", [(name, label) for name, label in labels.items() if name not in fields.own]),
                   ("Custom fields", [(name, labels[name]) for name in fields.own])]
        for group in groups:
            for one in group["tests"]:
                one["fields"] = [(heading, entries) for heading, entries in offered if entries]
        return groups

