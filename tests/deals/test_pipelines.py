"""Pipelines: their stages, what is protected, and where the deals of a deleted stage go."""

import pytest

from tests.factories import make_deal


def names(api, pipeline_id):
    return [stage["name"] for stage in api.get(f"/api/pipelines/stages/{pipeline_id}").json()["data"]]


def test_an_organization_starts_with_one(api):
    (pipeline,) = api.get("/api/pipelines/list").json()["data"]
    assert names(api, pipeline["id"]) == ["New", "Qualified", "Proposal", "Negotiation", "Won", "Lost"]
    shown = api.get(f"/api/pipelines/stages/{pipeline['id']}").json()
    assert [stage["probability"] for stage in shown["data"]] == [0.2, 0.4, 0.6, 0.8, 1, 0]
    assert (shown["total"], shown["page"], shown["limit"]) == (6, 1, 6)


def test_a_won_and_a_lost_stage_are_added(api):
    made = api.post("/api/pipelines/add", {"name": "Renewals", "region": "EU", "max_deal_limit": 5000, "stages": [
        {"name": "Second", "position": 2}, {"name": "First", "position": 1, "probability": 0.1, "max_days_in_stage": 7}]})
    assert made.status_code == 201
    data = made.json()["data"]
    assert [stage["name"] for stage in data["stages"]] == ["First", "Second", "Won", "Lost"]
    assert [stage["probability"] for stage in data["stages"]] == [0.1, 0.67, 1, 0]
    assert data["stages"][0]["max_days_in_stage"] == 7 and data["region"] == "EU" and data["state_id"] == 1


@pytest.mark.parametrize(
    "stages",
    [
        [{"name": "A", "is_won": True}, {"name": "B", "is_won": True}],
        [{"name": "A", "is_won": True, "is_lost": True}],
        [{"color": "#112233"}],
        [{"name": "A", "probability": 2}],
        [{"name": "A", "color": "red"}],
        [{"name": "A", "required_fields": ["password"]}],
        ["A"],
    ],
)
def test_stages_that_make_no_sense_are_refused(api, stages):
    assert api.post("/api/pipelines/add", {"name": "Renewals", "stages": stages}).status_code == 422
    assert api.get("/api/pipelines/list").json()["total"] == 1


def test_a_stages_array_replaces_what_is_not_protected(api, pipeline, stages):
    path = f"/api/pipelines/update/{pipeline.pk}"
    sent = [{"id": stages["Proposal"].pk, "name": "Offer"}, {"name": "Fresh"}]
    assert api.put(path, {"stages": sent}).status_code == 200
    assert names(api, pipeline.pk) == ["Offer", "Fresh", "Won", "Lost"]
    assert api.put(path, {"name": "Sales EU", "state_id": 0, "description": "x"}).json()["data"]["state_id"] == 0
    assert names(api, pipeline.pk) == ["Offer", "Fresh", "Won", "Lost"]
    assert api.get("/api/pipelines/list", {"state_id": 1}).json()["total"] == 0


def test_a_stage_that_holds_deals_stays(api, pipeline, stages, deal):
    answer = api.put(f"/api/pipelines/update/{pipeline.pk}", {"stages": [{"name": "Only"}]})
    assert answer.status_code == 409 and answer.json()["error"]["code"] == "stage_in_use"
    assert len(names(api, pipeline.pk)) == 6


@pytest.mark.parametrize("change", [{"name": "Closed"}, {"is_won": False}, {"probability": 0.5}])
def test_won_and_lost_are_protected(api, pipeline, stages, change):
    answer = api.put(f"/api/pipelines/update/{pipeline.pk}", {"stages": [{"id": stages["Won"].pk} | change]})
    assert answer.status_code == 403 and answer.json()["error"]["code"] == "stage_protected"
    assert api.delete(f"/api/pipelines/stages/delete/{stages['Won'].pk}").status_code == 403


def test_what_was_read_can_be_sent_back(api, pipeline):
    shown = api.get(f"/api/pipelines/stages/{pipeline.pk}").json()["data"]
    answer = api.put(f"/api/pipelines/update/{pipeline.pk}", {"stages": shown})
    assert answer.status_code == 200, answer.content
    assert answer.json()["data"]["stages"] == shown


def test_an_unknown_stage_is_missing(api, pipeline, outsider_api):
    (foreign,) = outsider_api.get("/api/pipelines/list").json()["data"]
    for unknown in (10**9, foreign["stages"][0]["id"]):
        assert api.put(f"/api/pipelines/update/{pipeline.pk}", {"stages": [{"id": unknown}]}).status_code == 404


def test_deleting_a_stage_asks_where_its_deals_go(api, stages, deal, stored):
    path = f"/api/pipelines/stages/delete/{stages['New'].pk}"
    answer = api.delete(path)
    assert answer.status_code == 409 and answer.json()["error"]["details"]["deals"] == 1
    assert api.delete(path, {"move_to": stages["New"].pk}).status_code == 422
    assert api.delete(path, {"move_to": stages["Qualified"].pk}).status_code == 200
    assert stored(deal.pk).stage.name == "Qualified"
    assert "New" not in names(api, deal.pipeline_id)


def test_a_pipeline_with_deals_is_not_deleted(api, pipeline, deal):
    other = api.post("/api/pipelines/add", {"name": "Renewals"}).json()["data"]["id"]
    answer = api.delete("/api/pipelines/delete", {"ids": [pipeline.pk, other]})
    assert answer.status_code == 409 and answer.json()["error"]["code"] == "pipeline_in_use"
    assert api.delete("/api/pipelines/delete", {"ids": [other]}).json()["data"] == {"deleted": 1, "ids": [other]}
    api.delete("/api/lead/deal/delete", {"ids": [deal.pk]})
    assert api.delete("/api/pipelines/delete", {"ids": [pipeline.pk]}).status_code == 200


def test_a_pipeline_that_is_off_takes_no_deals(api, pipeline, stages, lead, deal):
    api.put(f"/api/pipelines/update/{pipeline.pk}", {"state_id": 0})
    answer = api.post("/api/lead/deal/add", {"lead_id": lead.pk, "pipeline_id": pipeline.pk, "stage_id": stages["New"].pk,
                                             "title": "Late", "value": 5, "expected_close_date": "2027-01-01"})
    assert answer.status_code == 422
    assert api.post(f"/api/lead/deal/{deal.pk}/move", {"stage_id": stages["Won"].pk}).status_code == 200


# ------------------------------------------------------------------------- taking back
def undo(api, answer):
    return api.post("/api/undo", {"change_id": int(answer.headers["X-Change-Id"])}, format="json").json()["data"]


def told(api, pipeline):
    names = ("id", "name", "color", "position", "probability", "max_days_in_stage", "required_fields")
    return [{name: stage[name] for name in names} for stage in api.get(f"/api/pipelines/stages/{pipeline.pk}").json()["data"]]


def test_what_was_changed_of_stages_is_put_back(api, pipeline):
    before = told(api, pipeline)
    stages = [dict(stage) for stage in before if stage["name"] not in ("Won", "Lost")]
    stages[0] |= {"name": "Fresh", "color": "#112233", "probability": 0.05, "max_days_in_stage": 9,
                  "required_fields": ["next_step"]}
    stages[0]["position"], stages[1]["position"] = stages[1]["position"], stages[0]["position"]
    sent = {"stages": [*stages[:3], {"name": "Extra"}]}  # the fourth goes
    answer = api.put(f"/api/pipelines/update/{pipeline.pk}", sent, format="json")
    assert answer.status_code == 200 and told(api, pipeline) != before
    assert undo(api, answer)["conflicts"] == []
    assert told(api, pipeline) == before


def test_a_deleted_stage_comes_back_with_its_deals(api, pipeline, stages, deal, stored):
    before = told(api, pipeline)
    path = f"/api/pipelines/stages/delete/{stages['New'].pk}"
    answer = api.delete(path, {"move_to": stages["Qualified"].pk}, format="json")
    assert answer.status_code == 200 and stored(deal.pk).stage.name == "Qualified"
    assert undo(api, answer)["conflicts"] == []
    assert told(api, pipeline) == before and stored(deal.pk).stage.name == "New"


def test_what_somebody_has_changed_since_stays(api, pipeline, lead, rep):
    (first, *rest) = [stage for stage in told(api, pipeline) if stage["name"] not in ("Won", "Lost")]
    path = f"/api/pipelines/update/{pipeline.pk}"
    answer = api.put(path, {"stages": [first | {"name": "Fresh", "max_days_in_stage": 5}, *rest, {"name": "Extra"}]},
                           format="json")  # fmt: skip
    extra = next(stage for stage in told(api, pipeline) if stage["name"] == "Extra")
    make_deal(lead, by=rep, stage="Extra")
    api.put(path, {"stages": [first | {"name": "Newest", "max_days_in_stage": 5}, *rest, extra]}, format="json")
    left = undo(api, answer)
    reasons = {conflict["reason"] for conflict in left["conflicts"]}
    assert reasons == {"name of Newest has been changed since", "Extra holds deals by now"}
    found = {stage["name"]: stage for stage in told(api, pipeline)}
    assert "Extra" in found and found["Newest"]["max_days_in_stage"] is None


def test_pipelines_are_put_back_by_those_who_may_edit_them(api, rep, pipeline):
    from accounts.models import Role
    from deals.undo import undo_pipelines
    from lio.models import Change
    from lio.tenancy import org_scope
    from tests.factories import make_member

    api.put(f"/api/pipelines/update/{pipeline.pk}", {"name": "Other"}, format="json")
    member = make_member(rep.organization, role="Sales Rep")
    with org_scope(rep.organization):
        rights = ["records.view", "records.edit"]
        member.role = Role.objects.create(organization=rep.organization, name="Caller", permissions=rights)
        changes = list(Change.objects.filter(verb="pipeline.updated"))
        done, (conflict,) = undo_pipelines(rep.organization, changes, member)
        assert not done and conflict["reason"] == "your role does not let you change pipelines"
        assert undo_pipelines(rep.organization, changes, rep) == ([pipeline.pk], [])
