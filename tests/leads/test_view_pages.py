"""Saved views and columns on the page of leads."""

import pytest

from lio.tenancy import org_scope
from lookups import fields, views
from lookups.models import CustomField, SavedView
from tests.conftest import sign_in
from tests.factories import make_lead


@pytest.fixture
def leads(rep):
    with org_scope(rep.organization):
        fields.add(rep.organization, key="plan", label="Plan", kind="choice", options=["Gold", "Silver"], by=rep)
        fields.add(rep.organization, key="seats", label="Seats", kind="number", by=rep)
        fields.add(rep.organization, key="buddy", label="Buddy", kind="person", by=rep)
    for name, city, plan, seats in (("Ann", "Bonn", "Gold", 5), ("Bob", "Bonn", "Silver", 70), ("Cid", "Rome", "Gold", 1)):
        make_lead(rep.organization, first_name=name, last_name="Test", city=city,
                  custom_fields={"plan": plan, "seats": seats, "buddy": rep.pk})


def view_of(rep, **found):
    with org_scope(rep.organization):
        return SavedView.objects.of(rep.organization).alive().get(**found)


def make_view(rep, **given):
    with org_scope(rep.organization):
        return views.add(rep.organization, module_name="lead", by=rep,
                         **{"visibility": "private", "view_name": "Mine", **given})


def names(page):
    text = page.content.decode()
    return [name for name in ("Ann", "Bob", "Cid") if f">{name} Test<" in text]


def test_what_the_address_shows_is_saved_and_opened_again(browser, rep, leads):
    there = "city=Bonn&cf.seats_min=10&order_by=cf.seats&columns=city,cf.seats,cf.buddy"
    assert b"Save view" in browser.get(f"/leads/?{there}").content
    answer = browser.post(f"/leads/views/add?{there}", {"view_name": "Big in Bonn", "visibility": "public"})
    view = view_of(rep)
    assert answer.url == f"/leads/?view={view.pk}"
    assert (view.filters, view.columns, view.sorting) == (
        {"city": "Bonn", "cf.seats_min": "10"}, ["city", "cf.seats", "cf.buddy"], {"order_by": "cf.seats"})
    page = browser.get(f"/leads/?view={view.pk}")
    text = page.content.decode()
    assert names(page) == ["Bob"] and "Big in Bonn" in text and "Modified" not in text
    assert rep.full_name in text and ">Seats" in text and "Remove filter City is Bonn" in text


def test_a_view_is_modified_reset_and_overwritten(browser, rep, leads):
    view = make_view(rep, filters={"city": "Bonn", "state_id": "1"})
    page = browser.get(f"/leads/?view={view.pk}&city=Rome")
    assert names(page) == ["Cid"] and "Modified" in page.content.decode()
    assert names(browser.get(f"/leads/?view={view.pk}&city=")) == ["Ann", "Bob", "Cid"]
    # the filter panel sends all that is to hold, so what it leaves out is taken away
    assert names(browser.get(f"/leads/?view={view.pk}&changed=1&cf.plan=Gold")) == ["Ann", "Cid"]
    answer = browser.post(f"/leads/views/{view.pk}?view={view.pk}&changed=1&cf.plan=Gold", {"overwrite": "1"})
    assert answer.status_code == 302 and view_of(rep).filters == {"cf.plan": "Gold"}
    assert names(browser.get(f"/leads/?view={view.pk}")) == ["Ann", "Cid"]


def test_a_view_is_renamed_shared_and_deleted(browser, rep, leads):
    view = make_view(rep)
    assert b"Delete view" in browser.get(f"/leads/views/{view.pk}").content
    browser.post(f"/leads/views/{view.pk}", {"view_name": "Ours", "visibility": "team"})
    assert view_of(rep).view_name == "Ours" and view_of(rep).visibility == "team"
    assert browser.post(f"/leads/views/{view.pk}", {"view_name": "", "visibility": "team"}).status_code == 422
    browser.post(f"/leads/views/{view.pk}", {"delete": "1"})
    assert browser.get(f"/leads/?view={view.pk}").status_code == 404


def test_others_see_shared_views_and_leave_them_as_they_are(client, rep, colleague, leads):
    shared = make_view(rep, visibility="team", view_name="Ours", filters={"city": "Rome"})
    private = make_view(rep, view_name="Secret")
    sign_in(client, colleague)
    page = client.get(f"/leads/?view={shared.pk}&city=Bonn")
    assert "Ours" in page.content.decode() and "Secret" not in page.content.decode() and b'name="overwrite"' not in page.content
    client.post(f"/leads/views/{shared.pk}?view={shared.pk}&city=Bonn", {"overwrite": "1"})
    client.post(f"/leads/views/{shared.pk}", {"delete": "1"})
    assert view_of(rep, pk=shared.pk).filters == {"city": "Rome"}
    assert client.get(f"/leads/?view={private.pk}").status_code == client.get(f"/leads/views/{private.pk}").status_code == 404


def test_a_view_that_does_not_work_any_more_says_so(browser, rep, leads):
    view = make_view(rep, filters={"cf.seats": 5})
    with org_scope(rep.organization):
        fields.update(CustomField.objects.get(key="seats"), rep.organization, state="archived", by=rep)
    answer = browser.get(f"/leads/?view={view.pk}", follow=True)
    assert answer.redirect_chain and "does not work any more" in answer.content.decode()


def test_bulk_actions_mean_what_the_view_shows(browser, rep, api, leads):
    view = make_view(rep,
                     filters={"or": [{"field": "city", "value": "Rome"}, {"field": "cf.seats", "op": "at_least", "value": 50}]})
    assert names(browser.get(f"/leads/?view={view.pk}")) == ["Bob", "Cid"]
    browser.post(f"/leads/bulk?view={view.pk}&cf.plan=Silver", {"action": "status", "status": 2, "select_all": "true"})
    rows = api.get("/api/lead/list?state_id=2").json()["data"]
    assert [row["first_name"] for row in rows] == ["Bob"]


def test_columns_are_chosen_in_the_address(browser, leads):
    text = browser.get("/leads/?columns=cf.plan,email,nothing").content.decode()
    assert ">Plan" in text and "at-owner" not in text and "columns=email%2Ccf.plan" in text
    assert "at-owner" in browser.get("/leads/").content.decode()


def test_a_broken_filter_of_a_custom_field_is_told(browser, leads):
    assert names(browser.get("/leads/?cf.seats=many")) == ["Ann", "Bob", "Cid"]
    assert names(browser.get("/leads/?cf.none=1")) == ["Ann", "Bob", "Cid"]
    assert names(browser.get("/leads/?filters={")) == ["Ann", "Bob", "Cid"]


def test_the_lead_page_knows_its_place_in_a_view(browser, rep, leads, api):
    view = make_view(rep, filters={"city": "Bonn"})
    browser.get(f"/leads/?view={view.pk}")
    row = api.get("/api/lead/list?city=Bonn").json()["data"][0]
    assert b"of 2" in browser.get(f"/leads/{row['id']}/").content
    browser.post(f"/leads/views/{view.pk}", {"delete": "1"})
    assert browser.get(f"/leads/{row['id']}/").status_code == 200
