"""Custom fields in the browser: their settings, the form of a new lead, the page of a lead."""

import pytest

from leads.models import Lead
from lio.tenancy import org_scope
from lookups import fields
from lookups.models import CustomField
from tests.conftest import sign_in
from tests.factories import make_lead

KINDS = list(CustomField.Kind.values)


def field(rep, key):
    with org_scope(rep.organization):
        return CustomField.objects.of(rep.organization).get(key=key)


def custom_of(rep, pk):
    with org_scope(rep.organization):
        return Lead.objects.get(pk=pk).custom_fields


@pytest.fixture
def every_kind(rep):
    with org_scope(rep.organization):
        for kind in KINDS:
            fields.add(rep.organization, key=kind, label=kind.title(), kind=kind, by=rep,
                       options=["Gold", "Silver"] if kind.startswith("choice") else [])


def test_a_field_is_added_moved_archived_and_restored(browser, rep):
    for label in ("Seats", "Plan"):
        assert browser.post("/settings/fields/add", {"label": label, "kind": "text"}).status_code == 302
    page = browser.get("/settings/fields").content.decode()
    assert page.index("Seats") < page.index("Plan")
    browser.post("/settings/fields", {"up": field(rep, "plan").pk})
    page = browser.get("/settings/fields").content.decode()
    assert page.index("Plan") < page.index("Seats")
    browser.post("/settings/fields", {"archive": field(rep, "plan").pk})
    assert field(rep, "plan").state == "archived" and "Put away" in browser.get("/settings/fields").content.decode()
    browser.post("/settings/fields", {"restore": field(rep, "plan").pk})
    assert field(rep, "plan").state == "active"


def test_a_proposal_is_accepted_with_a_name_and_a_kind(browser, api, rep):
    lead = api.post("/api/lead/add", {"first_name": "Jane", "last_name": "Doe", "custom_fields": {"Seats": "7"}},
                    format="json").json()["data"]["id"]
    assert "Proposed" in browser.get("/settings/fields").content.decode()
    pk = field(rep, "Seats").pk
    assert b"Accept Seats" in browser.get(f"/settings/fields/{pk}").content
    answer = browser.post(f"/settings/fields/{pk}", {"label": "Seats", "kind": "number", "key": "seats"})
    assert answer.status_code == 302 and custom_of(rep, lead) == {"seats": 7}
    assert browser.post(f"/settings/fields/{pk}", {"label": "Seats", "kind": "choice", "key": "seats"}).status_code == 422


def test_only_who_runs_the_organisation_sees_the_settings(client, colleague):
    sign_in(client, colleague)
    assert client.get("/settings/fields").status_code == 403
    assert client.post("/settings/fields/add", {"label": "x", "kind": "text"}).status_code == 403
    assert b"Custom fields" not in client.get("/settings/profile").content


def test_the_form_asks_for_custom_fields_and_names_what_is_wrong(browser, rep, every_kind):
    page = browser.get("/leads/add").content.decode()
    assert all(f'name="own.{kind}"' in page for kind in KINDS)
    sent = {"first_name": "Jane", "last_name": "Doe", "status": 1, "priority": 2}
    wrong = browser.post("/leads/add", {**sent, "own.number": "many"})
    assert wrong.status_code == 422 and b"Must be a number" in wrong.content
    answer = browser.post("/leads/add", {**sent, "own.number": "12", "own.choices": ["Silver", "Gold"], "own.person": rep.pk,
                                         "own.checkbox": "true", "own.date": "2026-06-15"})
    assert answer.status_code == 302
    assert custom_of(rep, int(answer.url.strip("/").split("/")[-1])) == {
        "number": 12, "choices": ["Gold", "Silver"], "person": rep.pk, "checkbox": True, "date": "2026-06-15"}


@pytest.mark.parametrize("kind, sent, shown", [
    ("number", "12", "12"), ("money", "1200", "1,200"), ("date", "2026-06-15", "2026-06-15"), ("choice", "Gold", "Gold"),
    ("choices", ["Gold", "Silver"], "Gold, Silver"), ("checkbox", "false", "No"),
    ("email", "a@b.example", "mailto:a@b.example"),
    ("phone", "+49 30 12", "tel:+49 30 12"), ("link", "acme.example", "https://acme.example"), ("text", "words", "words"),
])
def test_a_field_is_edited_in_its_place(browser, rep, every_kind, kind, sent, shown):
    lead = make_lead(rep.organization)
    address = f"/leads/{lead.pk}/field/custom:{kind}"
    assert browser.get(address, headers={"HX-Request": "true"}).status_code == 200
    answer = browser.post(address, {"value": sent}, headers={"HX-Request": "true"})
    assert answer.status_code == 200 and shown in answer.content.decode()
    cleared = browser.post(address, {"value": ""}, headers={"HX-Request": "true"})
    assert cleared.status_code == 200 and custom_of(rep, lead.pk) == {}


def test_a_wrong_value_is_told_at_its_field(browser, rep, every_kind):
    lead = make_lead(rep.organization)
    answer = browser.post(f"/leads/{lead.pk}/field/custom:number", {"value": "many"}, headers={"HX-Request": "true"})
    assert answer.status_code == 422 and b"Must be a number" in answer.content
    person = browser.get(f"/leads/{lead.pk}/field/custom:person", headers={"HX-Request": "true"}).content.decode()
    assert rep.full_name in person
