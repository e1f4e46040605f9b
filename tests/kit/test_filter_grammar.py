"""Trees of filters: the same rows as a plain evaluation in Python, and nothing that is misspelt gets through."""

from datetime import date
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads.filters import LeadFilter
from leads.models import Lead
from lio.errors import Invalid
from lio.grammar import Period
from lio.tenancy import org_scope
from lookups import fields
from tests.factories import make_lead

PEOPLE = [
    {"city": "Bonn", "score": 0,
     "custom_fields": {"seats": 5, "plan": "Gold", "langs": ["de"], "since": "2026-01-05", "vip": True}},
    {"city": "bonn", "score": 80, "custom_fields": {"seats": 0, "plan": "Silver", "langs": ["de", "fr"]}},
    {"city": None, "score": 40, "custom_fields": {"since": "2025-12-31", "vip": False}, "company": "Acme"},
    {"city": "Bonn_%", "score": 40, "custom_fields": {"seats": "misfit", "since": 7, "vip": "no"}, "company": "acme two"},
    {"city": "", "score": 100, "custom_fields": {}, "company": None},
]
KINDS = {"seats": "number", "plan": "choice", "langs": "choices", "since": "date", "vip": "checkbox"}
NEGATED = {"is_not": "is", "not_in": "in", "not_contains": "contains", "not_empty": "empty"}


@pytest.fixture
def leads(rep):
    """[(lead id, what a test may look at)]"""
    with org_scope(rep.organization):
        for key, kind in KINDS.items():
            fields.add(rep.organization, key=key, kind=kind, by=rep,
                       options=["Gold", "Silver"] if kind == "choice" else ["de", "fr"] if kind == "choices" else [])
    found = []
    for person in PEOPLE:
        lead = make_lead(rep.organization, **{name: value for name, value in person.items() if name != "score"})
        with org_scope(rep.organization):
            Lead.objects.filter(pk=lead.pk).update(score=person["score"])
        custom = {f"cf.{key}": value for key, value in person["custom_fields"].items()}
        for key, right in (("cf.seats", int), ("cf.since", str), ("cf.vip", bool)):
            if not isinstance(custom.get(key), right):
                custom.pop(key, None)
        found.append((lead.pk, {**{n: v for n, v in person.items() if n != "custom_fields"}, **custom}))
    return found


def leaf(field, ops, values):
    return st.builds(lambda op, value: {"field": field, "op": op, "value": [value] if op.endswith("in") else value},
                     st.sampled_from(ops), values)


TEXT = ["is", "is_not", "contains", "not_contains", "in", "not_in", "empty", "not_empty", "starts_with"]
WORDS = ["bonn", "_", "%", "o"]
LEAVES = st.one_of(
    leaf("city", TEXT, st.sampled_from(WORDS)), leaf("company", TEXT, st.sampled_from(["acme", "two"])),
    leaf("score", ["is", "is_not", "at_least", "at_most", "in"], st.sampled_from([0, 40, 80.0, "100"])),
    leaf("cf.seats", ["is", "is_not", "at_least", "at_most", "not_in", "empty", "not_empty"], st.sampled_from([0, 5, 3])),
    leaf("cf.plan", TEXT, st.sampled_from(["gold", "Silver"])),
    leaf("cf.langs", ["is", "is_not", "in"], st.sampled_from(["de", "fr"])),
    leaf("cf.since", ["is", "is_not", "at_least", "at_most", "empty"], st.sampled_from(["2026-01-05", "2026-01-01"])),
    leaf("cf.vip", ["is", "is_not"], st.booleans()), st.sampled_from([{"score_min": 40}, {"city": "BONN"}]),
)
TREES = st.recursive(LEAVES, lambda inner: st.one_of(
    st.builds(lambda parts: {"and": parts}, st.lists(inner, min_size=1, max_size=3)),
    st.builds(lambda parts: {"or": parts}, st.lists(inner, min_size=1, max_size=3)),
    st.builds(lambda part: {"not": part}, inner)),
    max_leaves=8)


def depth(node):
    return 1 + max([0, *[depth(part) for part in node.get("and", []) + node.get("or", [])],
                    *([depth(node["not"])] if "not" in node else [])])


def holds(node, lead):
    """The same in Python."""
    if "and" in node:
        return all(holds(part, lead) for part in node["and"])
    if "or" in node:
        return any(holds(part, lead) for part in node["or"])
    if "not" in node:
        return not holds(node["not"], lead)
    if "score_min" in node:
        return lead["score"] >= node["score_min"]
    if "city" in node:
        return (lead["city"] or "").lower() == node["city"].lower()
    found, op, value = lead.get(node["field"]), node["op"], node["value"]
    if op in NEGATED:
        return not holds({**node, "op": NEGATED[op]}, lead)
    if op == "empty":
        return found in (None, "", [])
    if found in (None, ""):
        return False
    if isinstance(found, list):
        return any(one in found for one in (value if op == "in" else [value]))
    if node["field"] in ("score", "cf.seats"):
        value = [float(one) for one in value] if op.endswith("in") else float(value)
    elif isinstance(found, str):
        found, value = found.lower(), [one.lower() for one in value] if op.endswith("in") else value.lower()
    elif node["field"] == "cf.vip":
        return found is value
    return {"is": lambda: found == value, "in": lambda: found in value, "contains": lambda: value in found,
            "starts_with": lambda: found.startswith(value), "at_least": lambda: found >= value,
            "at_most": lambda: found <= value}[op]()


def test_trees_find_what_they_say(leads, rep):
    with org_scope(rep.organization):
        everything = Lead.objects.of(rep.organization).alive()

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(TREES)
        def check(tree):
            if depth(tree) > 6:
                return
            found = LeadFilter.strict(tree, rep).narrow(everything).values_list("pk", flat=True)
            assert sorted(found) == [pk for pk, lead in leads if holds(tree, lead)], tree

        check()


@pytest.mark.parametrize("wrong", [
    {"and": []}, {"or": {}}, {"and": [1]}, {"not": []}, {"field": "nothing", "value": 1}, {"op": "is", "value": 1},
    {"field": 7},
    {"field": "city", "op": "like", "value": "x"}, {"field": "city", "value": None}, {"field": "city", "value": {"a": 1}},
    {"field": "score", "op": "contains", "value": 1}, {"field": "score", "value": "high"}, {"field": "score", "value": True},
    {"field": "created_at", "value": "someday"}, {"field": "status", "value": "Won"}, {"field": "cf.none", "value": 1},
    {"field": "city", "op": "in", "value": []}, {"and": [{"score_min": "x"}]}, {"and": [{"scoremin": 5}]},
    {"field": "city\x00", "value": 1},
    {"not": {"not": {"not": {"not": {"not": {"not": {"field": "city", "value": "x"}}}}}}},
    {"or": [{"field": "city", "value": "x"}] * 101}, {"cf.none": 1}, {"field": "cf.seats", "value": "many"}, {"view": "x"},
])
def test_what_is_misspelt_is_refused_and_never_widens(wrong, leads, rep, api):
    with org_scope(rep.organization), pytest.raises((Invalid, Exception)) as refusal:
        LeadFilter.strict(wrong, rep)
    assert type(refusal.value).__name__ in ("Invalid", "BadParameter")
    answer = api.post("/api/lead/status-change", {"select_all": True, "filters": wrong, "status": 2}, format="json")
    assert answer.status_code in (400, 422) and api.get("/api/lead/list?state_id=2").json()["total"] == 0


def test_the_list_takes_a_tree_as_a_parameter_and_counts_it(leads, api):
    tree = '{"or": [{"field": "city", "value": "bonn"}, {"score_min": 100}]}'
    answer = api.get("/api/lead/list", {"filters": tree, "score_max": 90}).json()
    assert (answer["total"], len(answer["data"])) == (2, 2)
    for wrong in ("{", "[]", '{"field": "nothing"}', "[" * 100_000, "x" * 9000):
        assert api.get("/api/lead/list", {"filters": wrong}).status_code == 400


def test_custom_fields_filter_and_sort_the_list(leads, api):
    def found(**params):
        return [row["custom_fields"].get("seats") for row in api.get("/api/lead/list", params).json()["data"]]

    assert found(**{"cf.plan": "gold,silver", "order_by": "cf.seats", "order_in": "ASC"}) == [0, 5]
    assert found(**{"cf.seats_min": 1}) == [5]
    assert found(**{"cf.since_max": "2026-01-04"}) == [None]
    assert found(**{"cf.langs": ["fr"]}) == [0]
    assert found(order_by="cf.seats")[:2] == [5, 0]
    for wrong in ({"cf.none": "x"}, {"order_by": "cf.none"}, {"cf.seats": "many"}, {"cf.plan_min": 1}):
        assert api.get("/api/lead/list", wrong).status_code == 400


@pytest.mark.parametrize("word, first, after", [
    ("today", (2026, 1, 7), (2026, 1, 8)), ("yesterday", (2026, 1, 6), (2026, 1, 7)),
    ("this_week", (2026, 1, 5), (2026, 1, 12)),
    ("last_month", (2025, 12, 1), (2026, 1, 1)), ("this_quarter", (2026, 1, 1), (2026, 4, 1)),
    ("last_quarter", (2025, 10, 1), (2026, 1, 1)),
    ("last_7_days", (2026, 1, 1), (2026, 1, 8)), ("next_year", (2027, 1, 1), (2028, 1, 1)),
    ("next_2_days", (2026, 1, 7), (2026, 1, 9)),
])
def test_words_for_days(word, first, after):
    assert Period.read(f"@{word}").days(SimpleNamespace(timezone="UTC"), date(2026, 1, 7)) == (date(*first), date(*after))


def test_words_mean_the_viewers_day(leads, rep, api):
    assert api.get("/api/lead/list", {"created_from": "@today", "created_to": "@today"}).json()["total"] == len(PEOPLE)
    assert api.get("/api/lead/list", {"filters": '{"field": "created_at", "value": "last_month"}'}).json()["total"] == 0
    assert api.get("/api/lead/list", {"created_from": "today"}).status_code == 400
    moment = Period("today").days(SimpleNamespace(timezone="Pacific/Kiritimati"))[0]
    other = Period("today").days(SimpleNamespace(timezone="Pacific/Pago_Pago"))[0]
    assert (moment - other).days == 1
