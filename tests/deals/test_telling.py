"""Owners are told what others do with their deals."""

from datetime import UTC, datetime

import pytest

from activity.models import Notification
from deals import bulk, edit
from deals.add_many import add_many
from deals.models import Deal
from lio.tenancy import org_scope
from tests.factories import make_deal, make_lead


@pytest.fixture
def lead(rep):
    return make_lead(rep.organization, by=rep, email="jane@fine-widgets.com", company="Fine Widgets")


@pytest.fixture
def told(rep, colleague):
    def read(member=colleague):
        with org_scope(rep.organization):
            rows = Notification.objects.filter(user=member, model_type="deal").order_by("pk")
            return list(rows.values_list("type_id", "title", "message", "link"))

    return read


def test_of_a_deal_that_is_given_won_and_lost(api, rep, lead, colleague, stages, told):
    deal = make_deal(lead, by=rep, title="Scanners")
    assert told() == []
    api.post(f"/api/lead/deal/update/{deal.pk}", {"assigned_to": colleague.pk})
    api.post(f"/api/lead/deal/{deal.pk}/move", {"stage_id": stages["Proposal"].pk})
    api.post(f"/api/lead/deal/{deal.pk}/move", {"stage_id": stages["Won"].pk})
    api.post(f"/api/lead/deal/{deal.pk}/move", {"stage_id": stages["Lost"].pk, "lost_reason": "Too dear"})
    about, link = "Jane Doe at Fine Widgets", f"/deals/{deal.pk}/"
    assert told() == [
        (10, "Ada Admin assigned Scanners to you", about, link),
        (11, "Ada Admin won your deal Scanners", about, link),
        (12, "Ada Admin lost your deal Scanners", "Too dear", link),
    ]
    assert told(rep) == []


def test_a_new_deal_for_a_colleague_is_told(api, lead, colleague, stages, told):
    body = {"lead_id": lead.pk, "pipeline_id": stages["New"].pipeline_id, "stage_id": stages["New"].pk, "title": "Given",
            "value": 5, "expected_close_date": "2031-01-01", "assigned_to": colleague.pk}
    api.post("/api/lead/deal/add", body)
    assert [row[1] for row in told()] == ["Ada Admin assigned Given to you"]


def test_nobody_is_told_of_his_own_doing_nor_of_an_undo(api, colleague_api, rep, lead, colleague, stages, told):
    deal = make_deal(lead, by=colleague, assigned_to_id=colleague.pk)
    colleague_api.post(f"/api/lead/deal/{deal.pk}/move", {"stage_id": stages["Won"].pk})
    assert told() == []
    given = api.post(f"/api/lead/deal/update/{deal.pk}", {"assigned_to": rep.pk})
    assert api.post("/api/undo", {"change_id": given["X-Change-Id"]}).json()["data"]["reverted"] == 1
    assert told() == [] == told(rep)


def test_many_of_one_action_are_one(rep, lead, colleague, stages, told):
    for n in range(7):
        make_deal(lead, by=rep, title=f"Deal {n}")
    with org_scope(rep.organization):
        bulk.set_fields(Deal.objects.of(rep.organization), {"assigned_to": colleague.pk}, by=rep)
        bulk.set_fields(Deal.objects.of(rep.organization), {"stage_id": stages["Won"].pk}, by=rep)
    assert [(row[0], row[1], row[3]) for row in told()] == [
        (10, "Ada Admin assigned 7 deals to you", "/deals/list?assigned_to=true"),
        (11, "Ada Admin won 7 deals of yours", "/deals/list?assigned_to=true&state=won"),
    ]


def test_what_is_brought_in_from_the_past_tells_nobody(rep, lead, colleague, stages, told):
    fields = {"stage_id": stages["New"].pk, "title": "Past", "value": 5, "expected_close_date": datetime(2026, 1, 1).date(),
              "assigned_to_id": colleague.pk}
    past = datetime(2026, 1, 1, tzinfo=UTC)
    with org_scope(rep.organization):
        (deal_id,) = add_many(rep.organization, [(lead.pk, fields)], by=rep, at=past)
        edit.set_each(rep.organization, stages["Won"].pk, {deal_id: {}}, by=rep, at=past)
        assert told() == []
        add_many(rep.organization, [(lead.pk, fields | {"title": "Today"})], by=rep)
    assert [row[1] for row in told()] == ["Ada Admin assigned Today to you"]


def test_a_refused_move_tells_nobody(api, rep, lead, colleague, stages, told):
    deal = make_deal(lead, by=colleague, assigned_to_id=colleague.pk)
    answer = api.post(f"/api/lead/deal/{deal.pk}/move", {"stage_id": stages["Won"].pk, "version": 99})
    assert answer.status_code == 409 and told() == []
