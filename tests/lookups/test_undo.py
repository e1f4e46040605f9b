"""Saved views and custom fields are taken back; what was changed since stays."""

import pytest

from lio.models import Change
from lio.tenancy import org_scope
from tests.factories import make_lead


def take_back(api, change_id):
    answer = api.post("/api/undo", {"change_id": int(change_id)})
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]


def add_view(api, **fields):
    body = {"module_name": "lead", "view_name": "Bonn", "visibility": "private", "filters": {"city": "Bonn"}} | fields
    answer = api.post("/api/custom-view/add", body)
    return answer.json()["data"]["id"], answer["X-Change-Id"]


def views_of(api):
    return {row["id"]: row for row in api.get("/api/custom-view/list", {"module_name": "lead"}).json()["data"]}


def test_a_view_goes_comes_again_and_gets_its_name_back(api):
    pk, made = add_view(api)
    undone = take_back(api, made)
    assert undone["reverted"] == 1 and views_of(api) == {}
    take_back(api, undone["change_id"])
    renamed = api.post(f"/api/custom-view/update/{pk}", {"view_name": "Berlin", "filters": {"city": "Berlin"}})
    take_back(api, renamed["X-Change-Id"])
    assert (views_of(api)[pk]["view_name"], views_of(api)[pk]["filters"]) == ("Bonn", {"city": "Bonn"})
    gone = api.delete(f"/api/custom-view/delete/{pk}")
    undone = take_back(api, gone["X-Change-Id"])
    assert pk in views_of(api)
    take_back(api, undone["change_id"])
    assert views_of(api) == {}


def test_a_view_that_was_changed_since_stays(api):
    pk, made = add_view(api)
    api.post(f"/api/custom-view/update/{pk}", {"view_name": "Mine"})
    undone = take_back(api, made)
    assert (undone["reverted"], undone["conflicts"][0]["reason"]) == (0, "the view has been changed since")


def test_anothers_view_is_left_alone(api, colleague_api):
    _, made = add_view(api, visibility="public")
    undone = take_back(colleague_api, made)
    assert undone["reverted"] == 0 and "Only its owner" in undone["conflicts"][0]["reason"]


def add_field(api, **fields):
    answer = api.post("/api/custom-fields/add", {"label": "Budget", "key": "budget", "kind": "text"} | fields)
    assert answer.status_code == 201, answer.content
    return answer.json()["data"]["id"], answer["X-Change-Id"]


def field(api, pk):
    return next(row for row in api.get("/api/custom-fields/list").json()["data"] if row["id"] == pk)


def test_a_field_is_dropped_and_in_use_again(api):
    pk, made = add_field(api)
    undone = take_back(api, made)
    assert field(api, pk)["state"] == "dropped"
    take_back(api, undone["change_id"])
    assert field(api, pk)["state"] == "active"


def test_key_kind_and_values_of_a_field_go_back(api, rep):
    pk, _ = add_field(api)
    lead = make_lead(rep.organization, custom_fields={"budget": "12"})
    changed = api.post(f"/api/custom-fields/update/{pk}", {"key": "money", "kind": "number", "label": "Money"})

    def values():
        return api.get(f"/api/lead/view/{lead.pk}").json()["data"]["custom_fields"]

    assert values() == {"money": 12}
    take_back(api, changed["X-Change-Id"])
    assert values() == {"budget": 12} and field(api, pk)["label"] == "Budget"


def test_a_field_that_was_changed_since_stays(api):
    pk, _ = add_field(api)
    first = api.post(f"/api/custom-fields/update/{pk}", {"label": "Money"})
    api.post(f"/api/custom-fields/update/{pk}", {"label": "Cash"})
    undone = take_back(api, first["X-Change-Id"])
    assert undone["conflicts"][0]["field"] == "label" and field(api, pk)["label"] == "Cash"


def test_who_may_not_change_fields_does_not_take_them_back(api, colleague_api):
    pk, made = add_field(api)
    undone = take_back(colleague_api, made)
    assert undone["reverted"] == 0 and "role" in undone["conflicts"][0]["reason"]
    assert field(api, pk)["state"] == "active"


@pytest.mark.parametrize("way", ["down", "up"])
def test_a_field_that_was_moved_goes_back_to_its_place(way, api, browser, rep):
    first, second = add_field(api)[0], add_field(api, key="b", label="B")[0]
    browser.post("/settings/fields", {way: first if way == "down" else second})
    with org_scope(rep.organization):
        change_id = Change.objects.filter(verb="custom_field.updated").latest("id").change_id
    assert field(api, first)["position"] > field(api, second)["position"]
    take_back(api, change_id)
    assert field(api, first)["position"] < field(api, second)["position"]
