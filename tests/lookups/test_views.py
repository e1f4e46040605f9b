"""Saved views: whose they are, what they may hold, and what they find when they are run."""

import pytest

from accounts.models import Team, TeamMember
from lio.tenancy import org_scope
from lookups import fields
from tests.conftest import client_of
from tests.factories import make_lead, make_member


@pytest.fixture
def leads(rep, colleague):
    return [make_lead(rep.organization, last_name=name, city=city, assigned_to_id=owner, estimated_value=value)
            for name, city, owner,
            value in (("A", "Bonn", rep.pk, 1), ("B", "Bonn", colleague.pk, 2), ("C", "Rome", rep.pk, 3))]


def saved(client, **view):
    answer = client.post("/api/custom-view/add", {"module_name": "lead", "visibility": "private", **view}, format="json")
    assert answer.status_code == 201, answer.content
    return answer.json()["data"]


def found(client, **params):
    answer = client.get("/api/lead/list", params)
    assert answer.status_code == 200, answer.content
    return [row["last_name"] for row in answer.json()["data"]]


def change(client, view, **changed):
    return client.post(f"/api/custom-view/update/{view['id']}", changed, format="json")


def test_a_view_is_kept_as_sent(api, rep):
    view = saved(api, view_name="Bonn", filters={"city": "Bonn"}, columns=["city", "no such"], sorting=[{"order_by": "city"}])
    assert (view["filters"], view["columns"], view["sorting"], view["user_id"]) == (
        {"city": "Bonn"}, ["city", "no such"], [{"order_by": "city"}], rep.pk)
    assert saved(api)["view_name"] == "Untitled view"
    assert saved(api, module_name="call", filters={"stage": 1})["filters"] == {"stage": 1}


@pytest.mark.parametrize("wrong, field", [
    ({"filters": {"cty": "Bonn"}}, "filters"), ({"filters": {"score_min": "high"}}, "filters"),
    ({"filters": {"view": 1}}, "filters"),
    ({"filters": {"and": [{"field": "nothing"}]}}, "filters"), ({"sorting": {"order_by": "nothing"}}, "sorting"),
    ({"visibility": "secret"}, "visibility"), ({"filters": []}, "filters"), ({"columns": "city"}, "columns"),
    ({"filters": {"cf.none": 1}}, "filters"), ({"view_name": "x" * 101}, "view_name"), ({"columns": ["x"] * 101}, "columns"),
])
def test_a_view_that_makes_no_sense_is_refused(api, wrong, field):
    answer = api.post("/api/custom-view/add", {"module_name": "lead", "visibility": "private", **wrong}, format="json")
    assert answer.status_code == 422 and field in answer.json()["error"]["fields"]


def test_private_views_are_not_there_for_others(api, colleague_api, outsider_api):
    view, shared = saved(api), saved(api, visibility="team")
    names = [row["id"] for row in colleague_api.get("/api/custom-view/list").json()["data"]]
    assert names == [shared["id"]]
    assert outsider_api.get("/api/custom-view/list").json()["total"] == 0
    assert colleague_api.get("/api/lead/list", {"view": view["id"]}).status_code == 404
    for client in (colleague_api, outsider_api):
        assert change(client, view, view_name="mine").status_code == 404
        assert client.delete(f"/api/custom-view/delete/{view['id']}").status_code == 404
    assert outsider_api.get("/api/lead/list", {"view": shared["id"]}).status_code == 404


def test_a_team_view_is_for_those_who_share_a_team_with_its_owner(api, colleague, colleague_api, rep):
    shared = saved(api, visibility="team")
    assert [row["id"] for row in colleague_api.get("/api/custom-view/list").json()["data"]] == [shared["id"]]
    with org_scope(rep.organization):  # out of the team of everybody, into another one
        TeamMember.objects.filter(user=colleague).delete()
        south = Team.objects.create(organization=rep.organization, name="South")
        TeamMember.objects.create(organization=rep.organization, team=south, user=colleague)
    assert colleague_api.get("/api/custom-view/list").json()["total"] == 0
    assert colleague_api.get("/api/lead/list", {"view": shared["id"]}).status_code == 404
    assert api.get("/api/lead/list", {"view": shared["id"]}).status_code == 200
    with org_scope(rep.organization):
        TeamMember.objects.create(organization=rep.organization, team=south, user=rep)
    assert colleague_api.get("/api/lead/list", {"view": shared["id"]}).status_code == 200


def test_shared_views_are_changed_by_their_owner_or_an_admin(api, colleague_api, rep):
    theirs = saved(colleague_api, visibility="public")
    other = client_of(make_member(rep.organization))
    assert change(other, theirs, view_name="mine").status_code == 403
    assert other.delete(f"/api/custom-view/delete/{theirs['id']}").status_code == 403
    assert change(api, theirs, view_name="better").json()["data"]["view_name"] == "better"
    assert change(api, theirs, visibility="private").status_code == 422
    assert change(colleague_api, theirs, visibility="private").status_code == 200
    assert change(api, theirs, view_name="again").status_code == 404
    assert colleague_api.delete(f"/api/custom-view/delete/{theirs['id']}").json()["data"] == {"deleted": 1,
                                                                                              "ids": [theirs["id"]]}
    assert colleague_api.get("/api/custom-view/list").json()["total"] == 0


def test_a_view_runs_and_the_address_changes_parts_of_it(api, leads):
    view = saved(api,
                 filters={"city": "bonn", "or": [{"field": "last_name", "value": "a"}, {"field": "last_name", "value": "b"}]},
                 sorting={"order_by": "last_name", "order_in": "ASC"})["id"]
    assert found(api, view=view) == ["A", "B"]
    assert found(api, view=view, order_in="DESC") == ["B", "A"]
    assert found(api, view=view, city="Rome") == []
    assert found(api, view=view, city="") == ["A", "B"]
    assert found(api, view=view, city="", filters="") == ["A", "B", "C"]
    assert found(api, view=view, city="", filters='{"field": "last_name", "value": "C"}') == ["C"]
    assert found(api, view=view, search_value="jane a") == ["A"]


def test_me_is_whoever_looks(api, colleague_api, leads):
    one = saved(api, visibility="team", filters={"field": "assigned_to", "op": "is", "value": "me"})["id"]
    two = saved(api, visibility="team", filters={"assigned_to": True})["id"]
    assert sorted(found(api, view=one)) == sorted(found(api, view=two)) == ["A", "C"]
    assert found(colleague_api, view=one) == found(colleague_api, view=two) == ["B"]


def test_a_view_whose_field_has_gone_says_so_and_does_not_widen(api, rep, leads):
    with org_scope(rep.organization):
        field = fields.add(rep.organization, key="seats", kind="number", by=rep)
    view = saved(api, view_name="Seats", filters={"cf.seats_min": 3})["id"]
    assert found(api, view=view) == []
    with org_scope(rep.organization):
        fields.update(field, rep.organization, state="archived", by=rep)
    api = client_of(rep)
    answer = api.get("/api/lead/list", {"view": view})
    assert answer.status_code == 400 and "Seats" in answer.json()["error"]["message"]
    body = {"select_all": True, "filters": {"view": view}, "status": 2}
    assert api.post("/api/lead/status-change", body, format="json").status_code == 422
    assert found(api, state_id=2) == []


def test_bulk_actions_take_a_view(api, leads):
    view = saved(api, filters={"city": "Bonn"})["id"]
    body = {"select_all": True, "filters": {"view": view, "assigned_to": True}, "status": 2}
    assert api.post("/api/lead/status-change", body, format="json").json()["data"]["updated"] == 1
    assert found(api, state_id=2) == ["A"]


@pytest.mark.parametrize("wrong", ["x", "-1", "1.5", "9" * 30])
def test_an_id_that_is_none_is_refused(api, wrong):
    assert api.get("/api/lead/list", {"view": wrong}).status_code == 400


def test_keys_do_not_run_views(api, key_api, leads):
    view = saved(api, visibility="public", filters={"city": "Rome"})["id"]
    assert key_api.get("/api/v1/lead/lead-list", {"view": view}).json()["total"] == 3
