"""/leads/combine: tests put together with and/or in a form, without script."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.pages.conditions import Draft, Fields
from lio.tenancy import org_scope
from lookups import fields as custom
from tests.factories import make_lead


def page(browser, **params):
    return browser.get("/leads/combine", params)


def tree_of(answer):
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return json.loads(parse_qs(urlsplit(answer.url).query)["filters"][0])


GROUPS = {
    "join": "or",
    "g0": ["and", "and"],
    "g0.t0.field": "status",
    "g0.t0.op": "in",
    "g0.t0.value": ["1", "2"],
    "g0.t1.field": "city",
    "g0.t1.op": "is",
    "g0.t1.value": "Bonn",
    "g1": "and",
    "g1.t0.field": "created_at",
    "g1.t0.op": "at_least",
    "g1.t0.value": "this week",
}


def test_groups_become_the_lists_tree(browser, rep):
    make_lead(rep.organization, first_name="Ada", city="Bonn")
    answer = page(browser, **GROUPS, do="show", order_by="score")
    status = {"field": "status", "op": "in", "value": ["1", "2"]}
    city = {"field": "city", "op": "is", "value": "Bonn"}
    week = {"field": "created_at", "op": "at_least", "value": "this_week"}
    assert tree_of(answer) == {"or": [{"and": [status, city]}, week]}
    assert "order_by=score" in answer.url
    shown = browser.get(answer.url).content.decode()
    assert "Ada" in shown
    assert "(Status is any of New, Contacted and City is Bonn) or Created is from this week" in shown
    back = browser.get(answer.url.replace("/leads/?", "/leads/combine?")).content.decode()  # the chip leads to the form again
    assert 'value="Bonn"' in back and 'value="this week"' in back and "1 lead matches" in back


def test_buttons_without_script(browser):
    more = page(browser, **GROUPS, do="add:1").content.decode()
    assert 'name="g1.t1.field"' in more and 'name="g2"' not in more
    assert 'name="g2.t0.field"' in page(browser, **GROUPS, do="group").content.decode()
    less = page(browser, **GROUPS, do="drop:1.0").content.decode()
    assert 'name="g1"' not in less and 'name="g0.t1.field"' in less
    fragment = browser.get("/leads/combine", GROUPS, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment and 'name="g0.t0.field"' in fragment


def test_a_wrong_value_is_told_and_nothing_is_lost(browser):
    wrong = GROUPS | {"g1.t0.value": "some day"}
    answer = page(browser, **wrong, do="show")
    shown = answer.content.decode()
    assert answer.status_code == 200 and 'role="alert"' in shown and "created_at: must be an ISO date" in shown
    assert 'value="some day"' in shown and 'value="Bonn"' in shown


ODD = ("add", "add:", "add:99", "add:x", "drop:0", "drop:9.9", "drop:0.0.0", "field:9", "group:1", "nonsense")


@pytest.mark.parametrize("button", ODD)
def test_odd_buttons_do_no_harm(browser, button):
    assert page(browser, **GROUPS, do=button).status_code == 200
    assert page(browser, **{"g0": "x", "g0.t0.field": "nothing", "g0.t0.op": "odd"}, do=button).status_code == 200


def test_custom_fields_with_their_own_choices(browser, rep):
    with org_scope(rep.organization):
        custom.add(rep.organization, by=rep, label="Plan", kind="choice", options=["Basic, yearly", "Pro"])
    make_lead(rep.organization, first_name="Ada", custom_fields={"plan": "Basic, yearly"})
    make_lead(rep.organization, first_name="Bob", custom_fields={"plan": "Pro"})
    test = {"g0": "and", "g0.t0.field": "cf.plan", "g0.t0.op": "in", "g0.t0.value": "Basic, yearly"}
    shown = page(browser, **test).content.decode()
    assert "Custom fields" in shown and 'value="Basic, yearly" checked' in shown and "1 lead matches" in shown
    listed = browser.get(page(browser, **test, do="show").url).content.decode()
    assert "Ada" in listed and "Bob" not in listed and "Plan is any of Basic, yearly" in listed


def test_what_another_program_wrote_is_shown_in_words(browser):
    deep = {"or": [{"and": [{"not": {"field": "city", "op": "is", "value": "Bonn"}}, {"score_min": 5}]}]}
    shown = browser.get("/leads/combine", {"filters": json.dumps(deep)}).content.decode()
    assert "another program" in shown and "not (City is Bonn) and score_min 5" in shown


LEAVES = st.fixed_dictionaries({"field": st.sampled_from(["city", "company"]), "op": st.sampled_from(["is", "contains"]),
                                "value": st.text("abc", min_size=1, max_size=3)})
FLOOR = st.one_of(LEAVES, st.builds(lambda join, nodes: {join: nodes}, st.sampled_from(["and", "or"]),
                                    st.lists(LEAVES, min_size=2, max_size=3)))
TREES = st.one_of(FLOOR, st.builds(lambda join, nodes: {join: nodes}, st.sampled_from(["and", "or"]),
                                   st.lists(FLOOR, min_size=2, max_size=3)))


@given(TREES)
@settings(max_examples=100, deadline=None)
def test_a_tree_of_two_floors_survives_the_form(rep_fields, tree):
    assert Draft.of_tree(tree).tree(rep_fields) == tree


@pytest.fixture(scope="module")
def rep_fields():
    class Plain(Fields):
        def __init__(self):
            self.own = {}

    return Plain()
