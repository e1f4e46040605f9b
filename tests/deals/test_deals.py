"""Deals: what adding, changing, moving and deleting one means for it, its stages and its lead."""

from datetime import date
from decimal import Decimal

import pytest

from deals import edit
from deals.models import StageEntry
from leads import edit as leads
from leads.models import Lead
from lio.models import Change, SearchDoc
from lio.tenancy import org_scope
from tests.factories import make_deal, make_lead


def body(lead, stages, **fields):
    stage = stages[fields.pop("stage", "New")]
    return {"lead_id": lead.pk, "pipeline_id": stage.pipeline_id, "stage_id": stage.pk, "title": "Big one", "value": 500,
            "expected_close_date": "2027-03-01"} | fields


def entries(rep, deal_id):
    with org_scope(rep.organization):
        rows = StageEntry.objects.filter(deal=deal_id).order_by("id").values_list("stage__name", "left_at", "by")
        return [(name, left is None, by) for name, left, by in rows]


def test_a_deal_is_added_to_its_stage(api, rep, lead, stages, stored):
    answer = api.post("/api/lead/deal/add", body(lead, stages, description="A good one"))
    assert answer.status_code == 201, answer.content
    shown = answer.json()["data"]
    assert shown["value"] == 500 and shown["expected_close_date"] == "2027-03-01" and shown["priority"] == 2
    assert shown["weighted_value"] == 100 and shown["probability"] == 0.2 and shown["status"] == "open"
    assert shown["assigned_to"] == rep.pk and shown["created_by"] == rep.pk and shown["version"] == 1
    assert entries(rep, shown["id"]) == [("New", True, rep.pk)]
    with org_scope(rep.organization):
        assert Change.objects.filter(model_type="deal", model_id=shown["id"], verb="deal.created").exists()
        assert SearchDoc.objects.get(kind="deal", object_id=shown["id"]).body == "big one\na good one"


@pytest.mark.parametrize(
    ("fields", "status", "field"),
    [
        ({"title": "x"}, 422, "title"),
        ({"title": "x" * 51}, 422, "title"),
        ({"value": 0}, 422, "value"),
        ({"value": None}, 422, "value"),
        ({"priority": 5}, 422, "priority"),
        ({"expected_close_date": "soon"}, 422, "expected_close_date"),
        ({"description": "x" * 1001}, 422, "description"),
        ({"lead_id": 10**9}, 404, "lead_id"),
        ({"stage_id": 10**9}, 404, "stage_id"),
    ],
)
def test_what_is_wrong_is_refused(api, lead, stages, fields, status, field):
    answer = api.post("/api/lead/deal/add", body(lead, stages) | fields)
    assert answer.status_code == status
    assert field in answer.json()["error"]["fields"]


def test_a_stage_of_another_pipeline_is_refused(api, lead, stages):
    other = api.post("/api/pipelines/add", {"name": "Renewals"}).json()["data"]
    answer = api.post("/api/lead/deal/add", body(lead, stages, pipeline_id=other["id"]))
    assert answer.status_code == 422 and "stage_id" in answer.json()["error"]["fields"]


def test_the_value_cap_of_a_pipeline_holds(api, lead, stages, deal):
    pipeline_id = deal.pipeline_id
    api.put(f"/api/pipelines/update/{pipeline_id}", {"max_deal_limit": 2000})
    assert api.post("/api/lead/deal/add", body(lead, stages, value=2000.01)).status_code == 422
    assert api.post("/api/lead/deal/add", body(lead, stages, value=2000)).status_code == 201
    answer = api.post(f"/api/lead/deal/update/{deal.pk}", {"value": 3000})
    assert answer.status_code == 422 and "value" in answer.json()["error"]["fields"]


def test_moving_writes_where_it_was(api, rep, deal, stages, stored):
    answer = api.post(f"/api/lead/deal/{deal.pk}/move", {"stage_id": stages["Proposal"].pk})
    assert answer.status_code == 200, answer.content
    assert entries(rep, deal.pk) == [("New", False, rep.pk), ("Proposal", True, rep.pk)]
    now = stored(deal.pk)
    assert now.version == 2 and now.entered_stage_at > deal.entered_stage_at and now.category == "best_case"
    with org_scope(rep.organization):
        change = Change.objects.get(model_type="deal", model_id=deal.pk, verb="deal.moved")
    assert change.before["stage"] == "New" and change.after["stage"] == "Proposal"


def test_of_two_reps_who_move_a_card_the_second_sees_what_the_first_did(api, colleague_api, deal, stages):
    path = f"/api/lead/deal/{deal.pk}/move"
    assert api.post(path, {"stage_id": stages["Proposal"].pk, "version": 1}).status_code == 200
    answer = colleague_api.post(path, {"stage_id": stages["Qualified"].pk, "version": 1})
    assert answer.status_code == 409
    error = answer.json()["error"]
    assert error["code"] == "stale" and error["details"]["deal"]["stage_id"] == stages["Proposal"].pk
    assert colleague_api.post(path, {"stage_id": stages["Qualified"].pk}).status_code == 200  # who names no version insists


def test_winning_a_deal_wins_its_lead(api, rep, deal, stages, stored):
    api.post(f"/api/lead/deal/update/{deal.pk}", {"stage_id": stages["Won"].pk})
    won = stored(deal.pk)
    assert won.closed_at and won.lead.status.number == 5
    shown = api.get(f"/api/lead/deal/view/{deal.pk}").json()["data"]
    assert shown["status"] == "won" and shown["probability"] == 1 and shown["weighted_value"] == 1000
    assert [entry["stage_name"] for entry in shown["stages"]] == ["New", "Won"]
    api.post(f"/api/lead/deal/update/{deal.pk}", {"stage_id": stages["New"].pk})
    assert stored(deal.pk).closed_at is None


def test_the_api_asks_only_where_it_was_told_to(api, deal, stages):
    path, lost = f"/api/lead/deal/update/{deal.pk}", {"stage_id": stages["Lost"].pk}
    assert api.post(path, lost).status_code == 200
    api.post(path, {"stage_id": stages["New"].pk})
    api.put(f"/api/pipelines/update/{deal.pipeline_id}", {"asks_api": True})
    answer = api.post(path, lost)
    assert answer.status_code == 422 and answer.json()["error"]["code"] == "stage_requires"
    answer = api.post(path, lost | {"lost_reason": "Price"})
    assert answer.json()["data"]["lost_reason"] == "Price" and answer.json()["data"]["status"] == "lost"
    reopened = api.post(path, {"stage_id": stages["New"].pk}).json()["data"]
    assert reopened["lost_reason"] is None and reopened["closed_at"] is None


def test_a_stage_asks_for_the_fields_that_it_requires(api, rep, deal, stages):
    entry = {"id": stages["Proposal"].pk, "required_fields": ["next_step"]}
    others = [{"id": stage.pk} for name, stage in stages.items() if name != "Proposal"]
    api.put(f"/api/pipelines/update/{deal.pipeline_id}", {"stages": [entry, *others], "asks_api": True})
    path = f"/api/lead/deal/{deal.pk}/move"
    answer = api.post(path, {"stage_id": stages["Proposal"].pk})
    assert answer.status_code == 422 and list(answer.json()["error"]["fields"]) == ["next_step"]
    assert api.post(path, {"stage_id": stages["Proposal"].pk, "next_step": "Call"}).status_code == 200


def test_close_dates_that_move_are_counted(api, deal):
    path = f"/api/lead/deal/update/{deal.pk}"
    for day in ("2027-02-28", "2027-02-28", "2027-04-30"):
        shown = api.post(path, {"expected_close_date": day}).json()["data"]
    assert shown["moved_close_dates"] == 2


def test_a_category_by_hand_stays(api, deal, stages):
    path = f"/api/lead/deal/update/{deal.pk}"
    assert api.post(path, {"category": "omitted"}).json()["data"]["category_by_hand"] is True
    assert api.post(path, {"stage_id": stages["Negotiation"].pk}).json()["data"]["category"] == "omitted"
    assert api.post(path, {"category": None}).json()["data"]["category"] == "commit"


def test_null_for_a_required_field_is_refused_and_clears_an_optional_one(api, deal):
    path = f"/api/lead/deal/update/{deal.pk}"
    for name in ("title", "value", "expected_close_date", "stage_id", "lead_id", "priority"):
        assert api.post(path, {name: None}).status_code == 422, name
    api.post(path, {"next_step": "Call", "next_step_on": "2027-01-01"})
    shown = api.post(path, {"next_step": None, "next_step_on": None}).json()["data"]
    assert shown["next_step"] is None and shown["next_step_on"] is None


def test_a_lead_takes_its_deals_along_and_brings_them_back(api, rep, deal, lead):
    other = make_deal(make_lead(rep.organization, by=rep), by=rep)
    gone = api.delete("/api/lead/delete", {"ids": [lead.pk]})
    assert [row["id"] for row in api.get("/api/lead/deal/list").json()["data"]] == [other.pk]
    assert api.get(f"/api/lead/deal/view/{deal.pk}").status_code == 404
    back = api.post("/api/undo", {"change_id": int(gone["X-Change-Id"])})
    assert back.status_code == 200, back.content
    assert back.json()["data"]["reverted"] == 2 and not back.json()["data"]["conflicts"]
    assert {row["id"] for row in api.get("/api/lead/deal/list").json()["data"]} == {deal.pk, other.pk}


def test_a_merged_lead_hands_its_deals_on(api, rep, deal, lead, stored):
    other = make_lead(rep.organization, by=rep, email="other@example.net")
    api.post("/api/lead/merge", {"ids": [lead.pk, other.pk], "survivor_id": other.pk})
    assert stored(deal.pk).lead_id == other.pk and stored(deal.pk).deleted_at is None


def test_no_deal_comes_to_a_lead_that_is_gone(scope, rep, lead, stages):
    leads.delete(Lead.objects.filter(pk=lead.pk), by=rep)
    with pytest.raises(edit.Missing):
        edit.add(rep.organization, lead.pk, {"stage_id": stages["New"].pk, "title": "Late", "value": Decimal(5),
                                             "expected_close_date": date(2027, 1, 1)}, by=rep)


def test_custom_fields_of_deals_are_their_own(api, lead, stages):
    api.post("/api/custom-fields/add", {"module_name": "deal", "key": "seats", "label": "Seats", "kind": "number"})
    made = api.post("/api/lead/deal/add", body(lead, stages, custom_fields={"seats": "12"}))
    assert made.json()["data"]["custom_fields"] == {"seats": 12}
    path = f"/api/lead/deal/update/{made.json()['data']['id']}"
    assert api.post(path, {"custom_fields": {"seats": "many"}}).status_code == 422
    assert api.post(path, {"custom_fields": {"color": "red"}}).json()["data"]["custom_fields"] == {"seats": 12, "color": "red"}
    assert api.get("/api/lead/deal/list", {"cf.seats_min": 12}).json()["total"] == 1
    assert api.get("/api/lead/deal/list", {"cf.seats_min": 13}).json()["total"] == 0


@pytest.mark.parametrize(
    "path",
    ["/api/lead/deal/view/{}", "/api/lead/deal/update/{}", "/api/lead/deal/{}/move", "/api/lead/deal/{}/contacts"],
)
def test_an_outsider_finds_nothing(outsider_api, deal, path):
    call = outsider_api.get if "view" in path else outsider_api.post
    assert call(path.format(deal.pk)).status_code == 404
