"""Values of custom fields on leads: read by one rule, whichever way they come in."""

import threading

import pytest
from django.db import connection

from leads.models import Lead
from lio.tenancy import org_scope
from lookups import fields
from tests.conftest import client_of
from tests.factories import make_lead, make_member, make_organization

JANE = {"first_name": "Jane", "last_name": "Doe"}


@pytest.fixture
def define(rep):
    def add(key, **more):
        with org_scope(rep.organization):
            return fields.add(rep.organization, key=key, by=rep, **more)

    return add


def added(api, **custom):
    return api.post("/api/lead/add", {**JANE, "custom_fields": custom}, format="json")


@pytest.mark.parametrize("kind, sent, kept", [
    ("number", "12", 12), ("number", 12.5, 12.5), ("number", "1,234.50", 1234.5), ("number", "-3", -3), ("money", "9.999", 10),
    ("money", 12.5, 12.5), ("date", "2026-06-15", "2026-06-15"), ("date", "2026-06-15T09:00:00Z", "2026-06-15"),
    ("choice", "gold", "Gold"), ("choices", ["silver", "Gold"], ["Gold", "Silver"]),
    ("choices", "silver, gold", ["Gold", "Silver"]),
    ("checkbox", "yes", True), ("checkbox", 0, False), ("email", " a@b.example ", "a@b.example"),
    ("phone", "+49 30 123", "+49 30 123"),
    ("link", "acme.example", "https://acme.example"), ("text", " as sent ", " as sent "), ("text", 42, 42),
    ("text", {"a": [1]}, {"a": [1]}),
])
def test_values_take_the_form_of_their_kind(define, api, kind, sent, kept):
    define("f", kind=kind, options=["Gold", "Silver"] if kind.startswith("choice") else [])
    answer = added(api, f=sent)
    assert answer.status_code == 201, answer.content
    found = answer.json()["data"]["custom_fields"]["f"]
    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize("kind, sent", [
    ("number", "many"), ("number", True), ("number", "NaN"), ("number", 1e300), ("number", {"a": 1}), ("money", -1),
    ("money", "1e20"),
    ("date", "15.06.2026"), ("date", 20260615), ("date", "2026-02-30"), ("choice", "Bronze"), ("choice", True),
    ("choices", ["Gold", "Bronze"]),
    ("checkbox", "perhaps"), ("checkbox", {}), ("email", "a@b, c@d"), ("phone", "call me"), ("link", "javascript:alert(1)"),
    ("person", 999_999), ("person", "nobody@acme.example"), ("person", "x"), ("person", True), ("date", [1]),
    ("choice", {"a": 1}),
])
def test_a_value_that_does_not_fit_is_named_and_refused(define, api, kind, sent):
    define("f", kind=kind, options=["Gold", "Silver"] if kind.startswith("choice") else [])
    answer = added(api, f=sent)
    assert answer.status_code == 422 and list(answer.json()["error"]["fields"]) == ["custom_fields.f"]


def test_a_pushed_lead_is_never_lost_over_a_value(define, key_api):
    define("seats", kind="number", required=True)
    define("badge", is_unique=True)
    first = key_api.post("/api/v1/lead", {"email": "a@b.example", "seats": "a few", "badge": "7"}, format="json")
    assert first.status_code == 201
    assert first.json()["data"]["custom_fields"] == {"seats": "a few", "badge": "7"}
    assert first.json()["warnings"] == {"custom_fields.seats": ["must be a number"]}
    again = key_api.post("/api/v1/lead", {"email": "c@d.example", "seats": "8", "badge": "7"}, format="json")
    assert again.status_code == 201
    assert again.json()["data"]["custom_fields"] == {"seats": 8, "badge": "7"}


def test_people_are_members_of_the_organisation(define, api, colleague, outsider):
    define("f", kind="person")
    assert added(api, f=colleague.email.upper()).json()["data"]["custom_fields"]["f"] == colleague.pk
    assert added(api, f=str(colleague.pk)).json()["data"]["custom_fields"]["f"] == colleague.pk
    assert added(api, f=outsider.pk).status_code == 422


def test_what_is_required_must_be_there_and_stay(define, api):
    define("f", required=True)
    answer = api.post("/api/lead/add", JANE)
    assert answer.status_code == 422 and "custom_fields.f" in answer.json()["error"]["fields"]
    lead = added(api, f="x").json()["data"]
    assert api.post(f"/api/lead/update/{lead['id']}", {"city": "Bonn"}).status_code == 200
    assert api.post(f"/api/lead/update/{lead['id']}", {"custom_fields": {"f": None}}, format="json").status_code == 422


def test_null_removes_a_value_and_the_rest_stays(define, api):
    define("f", kind="number")
    lead = added(api, f=1, other="x").json()["data"]
    answer = api.post("/api/lead/update-custom-fields", {"lead_id": lead["id"], "custom_fields": {"f": None, "third": 3}},
                      format="json")
    assert (answer.status_code, answer.json()["data"]["custom_fields"]) == (200, {"other": "x", "third": 3})


def test_custom_field_defines_once_and_sets_each_time(api, rep):
    one, two = make_lead(rep.organization), make_lead(rep.organization)
    answers = [api.post("/api/lead/custom-field", {"lead_id": lead.pk, "field_name": "Budget code", "field_value": value},
                        format="json")
               for lead, value in ((one, "B-7"), (two, 42), (two, {"deep": [1]}), (two, None))]
    assert [answer.status_code for answer in answers] == [201] * 4
    data = [answer.json()["data"] for answer in answers]
    assert len({row["id"] for row in data}) == 1
    assert [row["field_value"] for row in data] == ["B-7", 42, {"deep": [1]}, None]
    assert api.get(f"/api/lead/view/{one.pk}").json()["data"]["custom_fields"] == {"Budget code": "B-7"}
    assert api.get(f"/api/lead/view/{two.pk}").json()["data"]["custom_fields"] == {}
    (field,) = api.get("/api/custom-fields/list").json()["data"]
    assert (field["key"], field["state"], field["kind"]) == ("Budget code", "active", "text")


def test_a_unique_value_belongs_to_one_living_lead(define, api):
    define("badge", is_unique=True)
    first = added(api, badge="A1").json()["data"]
    answer = added(api, badge=" a1 ")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "duplicate_value")
    assert answer.json()["error"]["details"] == {"record_id": first["id"]}
    second = added(api, badge="A2").json()["data"]
    assert api.post(f"/api/lead/update/{second['id']}", {"custom_fields": {"badge": "a1"}}, format="json").status_code == 409
    api.delete("/api/lead/delete", {"ids": [first["id"]]}, format="json")
    assert api.post(f"/api/lead/update/{second['id']}", {"custom_fields": {"badge": "a1"}}, format="json").status_code == 200
    assert added(api, badge="A2").status_code == 201  # given up by the second


@pytest.mark.django_db(transaction=True)
def test_of_parallel_leads_with_one_value_one_wins():
    rep = make_organization("Acme")
    with org_scope(rep.organization):
        fields.add(rep.organization, key="badge", is_unique=True, by=rep)
    api, statuses = client_of(rep), []

    def push():
        statuses.append(added(client_of(rep), badge="A1").status_code)
        connection.close()

    threads = [threading.Thread(target=push) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 409, 409, 409]
    assert api.get("/api/lead/list").json()["total"] == 1


def test_values_of_a_field_of_another_organisation_mean_nothing_here(define, outsider_api):
    define("seats", kind="number")
    assert added(outsider_api, seats="many").status_code == 201


def test_a_former_member_stays_where_they_were(define, api, rep):
    define("buddy", kind="person")
    member = make_member(rep.organization)
    lead = added(api, buddy=member.pk).json()["data"]
    with org_scope(rep.organization):
        type(member).objects.filter(pk=member.pk).update(is_active=False)
        assert Lead.objects.get(pk=lead["id"]).custom_fields == {"buddy": member.pk}
    assert api.post(f"/api/lead/update/{lead['id']}", {"city": "Bonn"}).status_code == 200
