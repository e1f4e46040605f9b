"""One lead as a page: what it costs, its fragments, its fields, what its timeline tells."""

import pytest

from companies.places import local_time
from leads import notes
from lio.tenancy import org_scope
from tests.factories import make_lead, make_member
from tests.pages.conftest import fresh

QUERIES = 29  # sixteen of them of what higher floors show: contact, conversion, enrichment, deals, meetings, signals


def test_its_queries_do_not_grow_with_its_history(browser, rep, django_assert_max_num_queries):
    lead = make_lead(rep.organization, email="a@lead.example", by=rep)
    address = f"/leads/{lead.pk}/"
    browser.get(address)
    with django_assert_max_num_queries(60) as few:
        browser.get(address)
    count = len(few)
    with org_scope(rep.organization):
        for n in range(20):
            notes.add(lead, title=f"Note {n}", note="x", by=rep)
    browser.post(f"{address}field/assigned_to", {"value": rep.pk})
    for n in range(3):
        make_lead(rep.organization, email=f"more{n}@lead.example")
    with django_assert_max_num_queries(count + 2) as many:  # texts of notes, names of owners: one query each
        browser.get(address)
    assert len(many) <= QUERIES, "\n".join(query["sql"][:200] for query in many)


@pytest.mark.parametrize("part", ["hero", "path", "timeline", "score", "fields"])
def test_each_part_comes_alone(browser, rep, part):
    lead = make_lead(rep.organization, email="a@lead.example")
    answer = browser.get(f"/leads/{lead.pk}/?part={part}", headers={"HX-Request": "true"})
    assert answer.status_code == 200 and b"<html" not in answer.content and f'id="{part}"'.encode() in answer.content
    assert "HX-Request" in answer["Vary"]


def test_a_field_saves_with_and_without_htmx(browser, rep):
    lead = make_lead(rep.organization, email="a@lead.example")
    address = f"/leads/{lead.pk}/field/city"
    part = browser.post(address, {"value": " Riga "}, headers={"HX-Request": "true"})
    assert part.status_code == 200 and b"Riga" in part.content and "lead-changed" in part["HX-Trigger"]
    assert browser.post(address, {"value": "Tartu"})["Location"] == f"/leads/{lead.pk}/"
    lead = fresh(lead)
    assert lead.city == "Tartu"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("email", "nobody"),
        ("priority", "9"),
        ("priority", ""),
        ("assigned_to", "999999"),
        ("assigned_to", "abc"),
        ("lead_source", "77"),
        ("estimated_value", "-1"),
        ("estimated_value", "nan"),
        ("website", "javascript:alert(1)"),
        ("first_name", ""),
        ("city", "x" * 101),
        ("tags", "999"),
        ("notes", "a\x00b"),
    ],
)
def test_a_wrong_value_is_refused_in_its_place(browser, rep, name, value):
    lead = make_lead(rep.organization, email="a@lead.example")
    before = browser.get(f"/leads/{lead.pk}/?part=fields").content
    answer = browser.post(f"/leads/{lead.pk}/field/{name}", {"value": value}, headers={"HX-Request": "true"})
    assert answer.status_code == 422 and b'class="errorlist"' in answer.content
    assert browser.post(f"/leads/{lead.pk}/field/{name}", {"value": value}).status_code == 302
    lead = fresh(lead)
    assert lead.email == "a@lead.example" and lead.assigned_to_id is None
    assert browser.get(f"/leads/{lead.pk}/?part=fields").content == before


@pytest.mark.parametrize(
    "name", ["id", "score", "organization_id", "created_at", "ai_information", "nothing", "custom_fields", "status"]
)
def test_what_is_no_field_is_not_there(browser, rep, name):
    lead = make_lead(rep.organization, email="a@lead.example")
    assert browser.post(f"/leads/{lead.pk}/field/{name}", {"value": "1"}).status_code == 404


def test_another_organizations_lead_is_not_there(browser, outsider):
    theirs = make_lead(outsider.organization, email="theirs@globex.example")
    for path in ("", "delete", "field/city", "?part=score"):
        assert browser.get(f"/leads/{theirs.pk}/{path}", headers={"HX-Request": "true"}).status_code == 404
    for path, data in (("note", {"note": "x"}), ("status", {"status": "2"}), ("delete", {}), ("field/city", {"value": "x"})):
        assert browser.post(f"/leads/{theirs.pk}/{path}", data).status_code == 404
    theirs = fresh(theirs)
    assert (theirs.city, theirs.deleted_at) == (None, None)


def test_another_organizations_member_cannot_become_owner(browser, rep, outsider):
    lead = make_lead(rep.organization, email="a@lead.example")
    answer = browser.post(f"/leads/{lead.pk}/field/assigned_to", {"value": outsider.pk}, headers={"HX-Request": "true"})
    assert answer.status_code == 422


def test_the_timeline_says_where_a_lead_came_from(browser, rep, key_api):
    by_hand = make_lead(rep.organization, email="hand@lead.example", by=rep)
    assert "<b>Ada Admin</b> created the lead" in browser.get(f"/leads/{by_hand.pk}/").content.decode()
    sent = key_api.post(
        "/api/v1/lead", {"first_name": "Key", "last_name": "Made", "email": "key@lead.example", "lead_source": 2}
    )
    page = browser.get(f"/leads/{sent.json()['data']['id']}/").content.decode()
    assert "Created through the <b>API key Test key</b>" in page and "Source: Referral" in page


def test_a_lead_outside_of_the_list_has_no_place_in_it(browser, rep):
    lead = make_lead(rep.organization, first_name="Alone", email="a@lead.example")
    browser.get("/leads/?search_value=somebody-else")
    page = browser.get(f"/leads/{lead.pk}/")
    assert page.status_code == 200 and page.context["pager"] is None


def test_the_owner_of_a_lead_may_have_left(browser, rep):
    from accounts import members

    gone = make_member(rep.organization, first_name="Gone")
    lead = make_lead(rep.organization, email="a@lead.example", assigned_to_id=gone.pk)
    with org_scope(rep.organization):
        members.remove(gone, by=rep)
    assert browser.get(f"/leads/{lead.pk}/").status_code == 200


@pytest.mark.parametrize(
    ("country", "time"),
    [
        ("Germany", "13:00"),
        ("de", "13:00"),
        (" UK ", "12:00"),
        ("India", "17:30"),
        ("United States", ""),
        ("Spain", ""),
        ("Atlantis", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_local_time_is_told_only_where_a_country_has_one(country, time):
    from datetime import UTC, datetime

    assert local_time(country, datetime(2026, 1, 15, 12, 0, tzinfo=UTC)) == time
