"""Definitions of custom fields: who may make them, what becomes of proposals, how values follow."""

import pytest

from leads.models import Lead
from lio.tenancy import org_scope
from tests.factories import make_lead


@pytest.fixture
def define(api):
    def add(label, **more):
        answer = api.post("/api/custom-fields/add", {"label": label, **more})
        assert answer.status_code == 201, answer.content
        return answer.json()["data"]

    return add


def change(api, field, **fields):
    return api.post(f"/api/custom-fields/update/{field['id']}", fields)


def listed(api, **params):
    return {row["key"]: row for row in api.get("/api/custom-fields/list", params).json()["data"]}


def values(lead):
    with org_scope(lead.organization_id):
        return Lead.objects.get(pk=lead.pk).custom_fields


def test_a_definition_gets_its_key_from_its_label_and_stands_at_the_end(define, api):
    define("Annual budget", kind="money")
    field = define("Seats", kind="number")
    assert (field["key"], field["kind"], field["state"], field["position"]) == ("seats", "number", "active", 2)
    assert set(listed(api)) == {"annual_budget", "seats"}


def test_the_same_key_twice_is_a_conflict(define, api):
    define("Seats")
    answer = api.post("/api/custom-fields/add", {"label": "Seats", "kind": "number"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "duplicate_field")


@pytest.mark.parametrize("wrong, field", [
    ({"kind": "choice"}, "options"), ({"kind": "choice", "options": ["a", "A"]}, "options"), ({"kind": "colour"}, "kind"),
    ({"kind": "checkbox", "is_unique": True}, "is_unique"), ({"module_name": "spaceship"}, "module_name"),
    ({"key": "x" * 65}, "key"),
])
def test_a_definition_that_makes_no_sense_is_refused(api, wrong, field):
    answer = api.post("/api/custom-fields/add", {"label": "One", **wrong}, format="json")
    assert answer.status_code == 422 and field in answer.json()["error"]["fields"]


def test_members_see_the_fields_and_admins_define_them(define, colleague_api):
    field = define("Seats")
    assert set(listed(colleague_api)) == {"seats"}
    assert colleague_api.post("/api/custom-fields/add", {"label": "Mine"}).status_code == 403
    assert change(colleague_api, field, label="Mine").status_code == 403


def test_fields_of_others_are_not_there(define, outsider_api):
    field = define("Seats")
    assert listed(outsider_api) == {}
    assert change(outsider_api, field, label="Mine").status_code == 404


def test_an_unknown_key_becomes_a_proposal_that_can_be_accepted_with_a_kind(api, rep):
    lead = api.post("/api/lead/add",
                    {"first_name": "Jane", "last_name": "Doe", "custom_fields": {"Seats": "40", "new": {"a": [1]}}},
                    format="json").json()["data"]
    other = make_lead(rep.organization, custom_fields={"Seats": "a few"})
    assert lead["custom_fields"] == {"Seats": "40", "new": {"a": [1]}}
    found = listed(api)
    assert found["Seats"]["state"] == found["new"]["state"] == "proposed"
    answer = change(api, found["Seats"], state="active", kind="number", label="Seats bought")
    assert (answer.status_code, answer.json()["data"]["state"]) == (200, "active")
    assert api.get(f"/api/lead/view/{lead['id']}").json()["data"]["custom_fields"]["Seats"] == 40
    assert values(other) == {"Seats": "a few"}  # does not fit: never lost


def test_a_renamed_field_takes_its_values_along_and_goes_on_understanding_its_old_key(api, rep, key_api):
    lead = make_lead(rep.organization, email="a@b.example", custom_fields={"Seats ": 1, "other": "x"})
    api.post("/api/lead/update-custom-fields", {"lead_id": lead.pk, "custom_fields": {"Seats ": 7}}, format="json")
    answer = change(api, listed(api)["Seats "], key="seats", state="active", kind="number")
    assert (answer.status_code, answer.json()["data"]["aliases"]) == (200, ["Seats "])
    assert values(lead) == {"seats": 7, "other": "x"}
    pushed = key_api.post("/api/v1/lead", {"email": "a@b.example", "merge": 1, "Seats ": "9"}, format="json")
    assert pushed.json()["data"]["custom_fields"] == {"seats": 9, "other": "x"}
    assert "Seats " not in listed(api)


def test_a_dropped_proposal_does_not_come_back(api, rep):
    body = {"first_name": "Jane", "last_name": "Doe", "custom_fields": {"noise": 1}}
    api.post("/api/lead/add", body, format="json")
    assert change(api, listed(api)["noise"], state="dropped").status_code == 200
    assert api.post("/api/lead/add", body, format="json").json()["data"]["custom_fields"] == {"noise": 1}
    assert listed(api, state="proposed") == {}


def test_an_archived_field_keeps_its_values_and_asks_for_nothing(define, api, rep):
    field = define("Seats", kind="number", required=True)
    lead = make_lead(rep.organization, custom_fields={"seats": 3})
    change(api, field, state="archived")
    assert values(lead) == {"seats": 3}
    assert api.post("/api/lead/add", {"first_name": "Jane", "last_name": "Doe", "custom_fields": {"seats": "many"}},
                    format="json").status_code == 201


def test_values_that_are_there_twice_keep_a_field_from_becoming_unique(define, api, rep):
    field = define("Badge")
    for badge in ("A1", " a1 "):
        make_lead(rep.organization, custom_fields={"badge": badge})
    answer = change(api, field, is_unique=True)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_unique")
    assert listed(api)["badge"]["is_unique"] is False
