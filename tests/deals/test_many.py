"""Many deals at once, their lists and exports, and taking back what was done."""

import csv
import io

import pytest

from deals import edit
from deals.models import Deal, StageEntry
from leads.models import Lead
from lio import jobs
from lio.models import Change
from lio.tenancy import org_scope
from tests.factories import make_deal, make_lead

BULK = "/api/lead/deal/bulk-update"


@pytest.fixture
def deals(rep, lead):
    return [make_deal(lead if n else make_lead(rep.organization, by=rep), by=rep, title=f"Deal {n}", value=100 * (n + 1))
            for n in range(3)]


def undo(api, answer):
    return api.post("/api/undo", {"change_id": int(answer["X-Change-Id"])}).json()["data"]


def test_many_move_at_once(api, rep, deals, stages):
    answer = api.post(BULK, {"ids": [deal.pk for deal in deals], "fields": {"stage_id": stages["Won"].pk}})
    assert answer.json()["data"]["updated"] == 3
    with org_scope(rep.organization):
        assert Deal.objects.filter(stage__is_won=True, closed_at__isnull=False, version=2).count() == 3
        assert StageEntry.objects.filter(left_at=None, stage=stages["Won"]).count() == 3
        assert StageEntry.objects.filter(left_at__isnull=False, stage=stages["New"]).count() == 3
        assert Lead.objects.filter(status__number=5).count() == 2
        assert Deal.objects.values("board_rank").distinct().count() == 3
    done = undo(api, answer)
    assert done["reverted"] == 5 and not done["conflicts"]  # three deals and the two leads that they won
    with org_scope(rep.organization):
        assert Deal.objects.filter(stage=stages["New"], closed_at=None).count() == 3
        assert Lead.objects.filter(status__number=1).count() == 2


def test_the_statements_do_not_grow_with_the_deals(rep, scope, deals, stages, django_assert_max_num_queries):
    with django_assert_max_num_queries(30):
        edit.set_fields(rep.organization, [deal.pk for deal in deals], {"stage_id": stages["Proposal"].pk}, by=rep)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for ids, stage in (([deals[0].pk], "New"), ([deal.pk for deal in deals[1:]], "New")):
        with CaptureQueriesContext(connection) as caught:
            edit.set_fields(rep.organization, ids, {"stage_id": stages[stage].pk}, by=rep)
        counts.append(len(caught))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "fields", [{}, {"title": "Same"}, {"value": 5}, {"priority": 9}, {"custom_fields": {"unknown": 1}}, {"category": "sure"}]
)
def test_what_many_cannot_share_is_refused(api, deals, fields):
    assert api.post(BULK, {"ids": [deals[0].pk], "fields": fields}).status_code == 422


def test_deals_of_another_pipeline_are_left_alone(api, rep, deals, stored):
    other = api.post("/api/pipelines/add", {"name": "Renewals", "stages": [{"name": "Asked"}]}).json()["data"]
    api.post(BULK, {"ids": [deals[0].pk], "fields": {"stage_id": other["stages"][0]["id"]}})
    assert stored(deals[0].pk).stage.name == "New"


def test_more_than_fit_a_request_go_in_the_background(api, rep, deals, monkeypatch, stages, stored):
    monkeypatch.setattr("lio.bulk.AT_ONCE", 1)
    answer = api.post(BULK, {"select_all": True, "filters": {}, "fields": {"next_step": "Call"}}).json()["data"]
    assert answer["updated"] == 3 and answer["job_id"]
    jobs.drain()
    assert [stored(deal.pk).next_step for deal in deals] == ["Call"] * 3


# ----------------------------------------------------------------------- undo
def test_each_kind_of_change_is_taken_back(api, deal, stages, stored):
    path = f"/api/lead/deal/update/{deal.pk}"
    before = api.get(f"/api/lead/deal/view/{deal.pk}").json()["data"]
    for fields in (
        {"value": 5000, "title": "Other"},
        {"expected_close_date": "2028-01-01"},
        {"category": "omitted"},
        {"stage_id": stages["Lost"].pk, "lost_reason": "Price"},
        {"custom_fields": {"seats": 3}},
        {"assigned_to": None, "next_step": "Call", "next_step_on": "2027-01-01"},
    ):
        done = undo(api, api.post(path, fields))
        assert done["reverted"] == 1 and not done["conflicts"], (fields, done)
        after = api.get(f"/api/lead/deal/view/{deal.pk}").json()["data"]
        changing = ("version", "updated_at", "last_activity_at", "entered_stage_at", "stages", "board_rank")
        assert {k: v for k, v in after.items() if k not in changing} == {k: v for k, v in before.items() if k not in changing}


def test_what_has_changed_since_stays(api, deal):
    path = f"/api/lead/deal/update/{deal.pk}"
    first = api.post(path, {"title": "First", "value": 700})
    api.post(path, {"title": "Second"})
    done = undo(api, first)
    assert [conflict["field"] for conflict in done["conflicts"]] == ["title"]
    shown = api.get(f"/api/lead/deal/view/{deal.pk}").json()["data"]
    assert (shown["title"], shown["value"]) == ("Second", 1000)


def test_making_and_deleting_are_taken_back(api, rep, lead, stages, deal, stored):
    gone = api.delete("/api/lead/deal/delete", {"ids": [deal.pk]})
    assert undo(api, gone)["reverted"] == 1 and stored(deal.pk).deleted_at is None
    body = {"lead_id": lead.pk, "pipeline_id": stages["New"].pipeline_id, "stage_id": stages["New"].pk, "title": "Made",
            "value": 5, "expected_close_date": "2027-03-01"}
    made = api.post("/api/lead/deal/add", body)
    assert undo(api, made)["reverted"] == 1 and stored(made.json()["data"]["id"]).deleted_at
    pipeline_id = api.post("/api/pipelines/add", {"name": "Gone"}).json()["data"]["id"]
    pipeline = api.delete("/api/pipelines/delete", {"ids": [pipeline_id]})
    assert undo(api, pipeline)["reverted"] == 1


# ----------------------------------------------------------------------- lists and files
@pytest.mark.parametrize(
    ("params", "titles"),
    [
        ({}, {"Deal 0", "Deal 1", "Deal 2"}),
        ({"search_value": "deal 1"}, {"Deal 1"}),
        ({"value_min": 200}, {"Deal 1", "Deal 2"}),
        ({"close_from": "2027-02-01"}, set()),
        ({"close_to": "2027-01-31", "state": "open"}, {"Deal 0", "Deal 1", "Deal 2"}),
        ({"state": "won,lost"}, set()),
        ({"rotting": "true"}, set()),
        ({"assigned_to": "true"}, {"Deal 0", "Deal 1", "Deal 2"}),
        ({"category": "pipeline"}, {"Deal 0", "Deal 1", "Deal 2"}),
        ({"status": "999999"}, set()),
        ({"filters": '{"field": "value", "op": "at_least", "value": 300}'}, {"Deal 2"}),
    ],
)
def test_lists_filter(api, deals, params, titles):
    answer = api.get("/api/lead/deal/list", params)
    assert answer.status_code == 200, answer.content
    assert {row["title"] for row in answer.json()["data"]} == titles


@pytest.mark.parametrize("params", [{"state": "maybe"}, {"close_from": "soon"}, {"rotting": "x"}, {"value_min": "x"}])
def test_filters_that_make_no_sense_are_refused(api, deals, params):
    assert api.get("/api/lead/deal/list", params).status_code == 400


def test_what_rots_is_found(api, rep, deals):
    from datetime import timedelta

    from django.utils.timezone import now

    with org_scope(rep.organization):
        old = now() - timedelta(days=15)
        Deal.objects.filter(pk=deals[0].pk).update(last_activity_at=old, created_at=old)
        Lead.objects.filter(pk=deals[0].lead_id).update(last_activity_at=old)
        Deal.objects.filter(pk=deals[1].pk).update(entered_stage_at=now() - timedelta(days=3))
    shown = api.get(f"/api/pipelines/stages/{deals[0].pipeline_id}").json()["data"]
    sent = [stage | ({"max_days_in_stage": 2} if stage["name"] == "New" else {}) for stage in shown]
    api.put(f"/api/pipelines/update/{deals[0].pipeline_id}", {"stages": sent})
    rows = api.get("/api/lead/deal/list", {"rotting": "true"}).json()["data"]
    assert {row["title"] for row in rows} == {"Deal 0", "Deal 1"}
    assert api.get("/api/lead/deal/list", {"rotting": "false"}).json()["total"] == 1


def exported(api, kind, **more):
    made = api.post("/api/exports/create", {"export_type": kind} | more)
    assert made.status_code == 201, made.content
    jobs.drain()
    answer = api.get(f"/api/exports/download/{made.json()['data']['id']}")
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def test_clients_are_leads_that_bought(api, rep, deals, stages, lead):
    api.post(f"/api/lead/deal/{deals[1].pk}/move", {"stage_id": stages["Won"].pk})
    (client,) = exported(api, "clients")
    assert client["id"] == str(lead.pk)


def test_deals_go_into_a_file(api, deals):
    rows = exported(api, "deals", filters={"value_min": 200})
    assert {(row["title"], row["value"], row["stage_name"]) for row in rows} == {
        ("Deal 1", "200.00", "New"), ("Deal 2", "300.00", "New")}


def test_the_feed_tells_of_deals(api, deals, stages):
    api.post(f"/api/lead/deal/{deals[0].pk}/move", {"stage_id": stages["Won"].pk})
    rows = api.get("/api/feed/list").json()["data"]
    assert any(row["model_type"] == "deal" and row["action"] == "status_change" for row in rows), rows[0]
    assert Change
