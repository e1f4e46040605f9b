"""The list of leads as a page: what it costs, what a fragment is, what odd addresses get."""

import pytest
from django.urls import reverse

from leads.models import Lead
from lio.tenancy import org_scope
from tests.factories import make_lead
from tests.pages.conftest import fresh

QUERIES = 16  # session, scope (4), search, total, ids, rows, four tabs, saved views, people, bell, hot leads


def fill(organization, count, **fields):
    for n in range(count):
        make_lead(
            organization,
            first_name=f"Row{n:02}",
            last_name="Page",
            email=f"r{n}@page.example",
            company=f"Company {n % 3}",
            **fields,
        )


@pytest.mark.parametrize("address", ["/leads/", "/leads/?score_min=0&order_by=company", "/leads/?search_value=page.example"])
def test_its_queries_do_not_grow_with_its_rows(browser, rep, address, django_assert_max_num_queries):
    fill(rep.organization, 2, assigned_to_id=rep.pk)
    browser.get(address)
    with django_assert_max_num_queries(60) as few:
        browser.get(address)
    count = len(few)
    fill(rep.organization, 24)
    with django_assert_max_num_queries(count) as many:
        page = browser.get(address)
    assert page.content.count(b'name="ids"') >= 20
    assert len(many) <= QUERIES, "\n".join(query["sql"][:200] for query in many)


def test_htmx_gets_the_table_alone(browser, rep):
    fill(rep.organization, 1)
    whole, part = browser.get("/leads/"), browser.get("/leads/", headers={"HX-Request": "true"})
    assert b"<html" in whole.content and b"<html" not in part.content
    assert b"Row00" in part.content and b'<nav class="tabs"' in part.content
    restored = browser.get("/leads/", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert b"<html" in restored.content
    for page in (whole, part, restored):
        assert "HX-Request" in page["Vary"]


@pytest.mark.parametrize(
    "query",
    [
        "page=999999999",
        "page=-1",
        "page=abc",
        "page=0",
        "page=99999999999999999999",
        "score_min=abc",
        "score_min=1e400",
        "score_min=nan",
        "created_from=nix",
        "created_from=2026-02-01&created_to=2026-01-01",
        "created_to=9999-12-31",
        "order_by=zzz",
        "order_in=down",
        "state_id=999999999999999999999",
        "state_id[]=1&state_id[]=2",
        "assigned_to=true",
        "assigned_to=,",
        "search_value=%00",
        f"search_value={'x' * 3000}",
        "search_value=%25%27%22%5C",
        "unassigned=maybe",
        "company=%25",
        "nothing=1",
        "priority=9",
        "lead_source=0",
        "score_min=5&score_min=6",
        "country=%F0%9F%92%A9",
        "start_date=2026-01-01",
    ],
)
def test_an_odd_address_is_told_and_shows_the_list(browser, rep, query):
    fill(rep.organization, 1)
    page = browser.get(f"/leads/?{query}")
    assert page.status_code == 200
    assert b"<html" in page.content


def test_a_page_beyond_the_end_is_the_last_page(browser, rep):
    fill(rep.organization, 27)
    page = browser.get("/leads/?page=9")
    assert "26–27 of 27" in page.content.decode()


def test_an_empty_organization_is_told_what_belongs_here(browser):
    page = browser.get("/leads/").content.decode()
    assert "Leads will stand here" in page and reverse("leads:add") in page


def test_only_ones_own_organization_is_listed(browser, outsider):
    make_lead(outsider.organization, first_name="Hidden", email="hidden@globex.example")
    assert b"Hidden" not in browser.get("/leads/").content
    assert b"Hidden" not in browser.get("/leads/?search_value=hidden").content


def test_tabs_count_what_they_show(browser, rep, colleague):
    fill(rep.organization, 3, assigned_to_id=rep.pk)
    make_lead(rep.organization, first_name="Nobody's", email="n@page.example")
    make_lead(rep.organization, first_name="Rob's", email="rob@page.example", assigned_to_id=colleague.pk)
    tabs = {tab["label"]: tab["count"] for tab in browser.get("/leads/").context["tabs"]}
    assert tabs == {"All leads": 5, "Mine": 3, "Unassigned": 1, "Hot": 0}


def test_a_bulk_action_without_rows_or_action_changes_nothing(browser, rep):
    lead = make_lead(rep.organization, email="still@page.example")
    for data in (
        {"action": "assign"},
        {"action": "delete"},
        {"action": "fly", "ids": [lead.pk]},
        {},
        {"action": "assign", "ids": [lead.pk], "assigned_to": "999999"},
        {"action": "status", "ids": [lead.pk], "status": "99"},
        {"action": "delete", "confirmed": "yes", "ids": ["abc"]},
        {"action": "delete", "ids": [lead.pk]},
    ):
        assert browser.post("/leads/bulk", data).status_code in (200, 302)
    lead = fresh(lead)
    assert (lead.deleted_at, lead.assigned_to_id) == (None, None)


def test_a_bulk_action_with_a_wrong_filter_takes_nobody(browser, rep):
    lead = make_lead(rep.organization, email="still@page.example")
    browser.post("/leads/bulk?score_min=abc", {"action": "delete", "confirmed": "yes", "select_all": "true"})
    lead = fresh(lead)
    assert lead.deleted_at is None


def test_bulk_rows_of_another_organization_are_not_touched(browser, outsider):
    theirs = make_lead(outsider.organization, email="theirs@globex.example")
    assert browser.post("/leads/bulk", {"action": "delete", "confirmed": "yes", "ids": [theirs.pk]}).status_code in (302, 404)
    theirs = fresh(theirs)
    assert theirs.deleted_at is None


def test_select_all_does_only_what_was_seen(browser, rep):
    """The bulk bar sends how many leads it spoke of; when the list holds others by now, nothing happens."""
    leads = [make_lead(rep.organization, by=rep, city="Ulm", assigned_to_id=rep.pk) for _ in range(27)]
    assert '<input type="hidden" name="expected_count" value="27">' in browser.get("/leads/?city=Ulm").content.decode()
    make_lead(rep.organization, by=rep, city="Ulm")
    for action in ({"action": "assign", "assigned_to": ""}, {"action": "delete", "confirmed": "yes"}):
        answer = browser.post("/leads/bulk?city=Ulm", {**action, "select_all": "true", "expected_count": "27"})
        assert answer.url == "/leads/?city=Ulm"
        assert "holds 28 records now, not 27. Nothing was changed." in browser.get(answer.url).content.decode()
    with org_scope(rep.organization):
        assert Lead.objects.alive().filter(assigned_to=rep).count() == 27
    browser.post("/leads/bulk?city=Ulm", {"action": "assign", "assigned_to": "", "select_all": "true", "expected_count": "28"})
    assert "28 leads left without an owner." in browser.get("/leads/?city=Ulm").content.decode()
    with org_scope(rep.organization):
        assert not Lead.objects.alive().filter(assigned_to=rep).exists()
    asked = browser.post("/leads/bulk?city=Ulm", {"action": "delete", "ids": [leads[0].pk], "select_all": "true"})
    assert '<input type="hidden" name="expected_count" value="28">' in asked.content.decode()
