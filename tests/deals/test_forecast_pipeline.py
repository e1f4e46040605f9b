"""GET /api/forecast/pipeline, its contributors, at-risk, one deal's forecast (R53, R54)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import now
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deals import edit
from deals.forecast import saying, snapshots
from deals.forecast.models import MonthForecast
from deals.forecast.months import first_day, month_of, name_of
from deals.models import Deal, Stage
from lio.tenancy import org_scope
from tests.factories import make_deal, make_lead, make_member

MONTH = month_of(now())


def data(answer, status=200):
    assert answer.status_code == status, answer.content
    return answer.json()["data"]


def pipeline_forecast(api, **query):
    return data(api.get("/api/forecast/pipeline", query))


def on(day, month=MONTH):
    return first_day(month).replace(day=day)


class TestPipeline:
    def test_counts_open_deals_by_expected_close_and_won_ones_beside(self, api, rep, lead):
        make_deal(lead, by=rep, value=1000, stage="Proposal", expected_close_date=on(1))
        make_deal(lead, by=rep, value=500, stage="New", expected_close_date=on(28))
        make_deal(lead, by=rep, value=300, stage="Won", expected_close_date=on(28))
        make_deal(lead, by=rep, value=200, stage="Lost", expected_close_date=on(28))
        make_deal(lead, by=rep, value=70, stage="New", expected_close_date=on(3, MONTH + 2))
        found = pipeline_forecast(api, months=3)
        assert [row["period"] for row in found["periods"]] == [name_of(MONTH + n) for n in range(3)]
        first, second, third = found["periods"]
        assert {name: first[name] for name in ("deal_count", "total_value", "weighted_value", "won_value")} == {
            "deal_count": 2, "total_value": 1500, "weighted_value": 700, "won_value": 300}
        assert (second["deal_count"], third["total_value"], third["weighted_value"]) == (0, 70, 14)
        assert found["totals"] == {"deal_count": 3, "total_value": 1570, "weighted_value": 714, "won_value": 300}
        assert found["method"] is None and first["forecast_value"] is None and "each night" in found["method_text"]

    def test_quarters_are_whole(self, api, rep, lead):
        quarter = MONTH - MONTH % 3
        for month in range(quarter, quarter + 4):
            make_deal(lead, by=rep, value=100, expected_close_date=on(15, month))
        found = pipeline_forecast(api, period="quarterly", months=1)
        assert [(row["period"], row["total_value"]) for row in found["periods"]] == [
            (f"{quarter // 12}-Q{quarter % 12 // 3 + 1}", 300)]

    def test_categories_by_hand_outlive_stage_moves(self, api, rep, lead, stages):
        deal = make_deal(lead, by=rep, value=100, stage="New", expected_close_date=on(20))
        assert pipeline_forecast(api)["periods"][0]["committed"] == 0
        data(api.post(f"/api/lead/deal/update/{deal.pk}", {"category": "commit"}))
        data(api.post(f"/api/lead/deal/update/{deal.pk}", {"stage_id": stages["Qualified"].pk}))
        row = pipeline_forecast(api)["periods"][0]
        assert (row["committed"], row["best_case"]) == (100, 100)
        assert data(api.get(f"/api/forecast/deal/{deal.pk}"))["category_by_hand"] is True

    def test_the_month_is_told_with_its_interval(self, api, rep, lead):
        for back, value in ((4, 900), (3, 1000), (2, 2000), (1, 3000)):
            closed_deal(rep, lead, on(10, MONTH - back), value)
        with org_scope(rep.organization):
            snapshots.snapshot_open(0, 100, look=True)
            saying.say(MONTH)
            saying.say(MONTH)  # once is enough
            assert MonthForecast.objects.filter(made=first_day(MONTH), pipeline=None, is_chosen=True).count() == 24
        found = pipeline_forecast(api, months=4)
        assert found["method"] == "same_month_of_last_quarter"
        assert [row["forecast_value"] for row in found["periods"]] == [1000, 2000, 3000, 1000]
        assert all(row["low"] < row["forecast_value"] < row["high"] for row in found["periods"])

    @pytest.mark.parametrize("query", [{"period": "weekly"}, {"months": 0}, {"months": 25}, {"months": "x"}])
    def test_what_makes_no_sense_is_400(self, api, query):
        answer = api.get("/api/forecast/pipeline", query)
        assert answer.status_code == 400 and set(answer.json()["error"]["fields"]) == set(query)

    def test_another_organisations_pipeline_is_not_there(self, api, outsider):
        with org_scope(outsider.organization):
            pk = Stage.objects.first().pipeline_id
        for path, query in (("pipeline", {}), ("pipeline/contributors", {"period_month": "2027-01"}), ("accuracy", {})):
            assert api.get(f"/api/forecast/{path}", {"pipeline_id": pk, **query}).status_code == 404


def closed_deal(rep, lead, day, value, stage="Won"):
    """A deal that came ten days before `day` and closed on it."""
    organization, at = rep.organization, now().replace(year=day.year, month=day.month, day=day.day)
    with org_scope(organization):
        stages = {one.name: one.pk for one in Stage.objects.all()}
        fields = {"title": "Past", "value": value, "expected_close_date": day, "stage_id": stages["Proposal"]}
        pk = edit.add(organization, lead.pk, fields, by=rep, at=at - timedelta(days=10))
        edit.update(pk, organization, {"stage_id": stages[stage]}, by=rep, at=at)
    return pk


class TestContributors:
    def test_are_the_open_deals_of_the_month(self, api, rep, lead, pipeline):
        inside = make_deal(lead, by=rep, value=1000, stage="Proposal", title="Inside", expected_close_date=on(1))
        make_deal(lead, by=rep, expected_close_date=on(1, MONTH + 1))
        make_deal(lead, by=rep, stage="Won", expected_close_date=on(1))
        query = {"pipeline_id": pipeline.pk, "period_month": name_of(MONTH)}
        (row,) = data(api.get("/api/forecast/pipeline/contributors", query))
        assert (row["id"], row["deal_id"], row["title"], row["value"], row["probability"], row["weighted_value"]) == (
            inside.pk, inside.pk, "Inside", 1000, 0.6, 600)
        assert data(api.get("/api/forecast/pipeline/contributors", query | {"search_value": "out"})) == []

    @pytest.mark.parametrize("query", [{}, {"period_month": "2027-01"}, {"pipeline_id": 1}, {"period_month": "2027-13"}])
    def test_need_a_pipeline_and_a_month(self, api, pipeline, query):
        query = {name: pipeline.pk if name == "pipeline_id" else value for name, value in query.items()}
        assert api.get("/api/forecast/pipeline/contributors", query).status_code == 400

    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.tuples(
        st.decimals(1, 99_999, places=2), st.sampled_from(["New", "Qualified", "Proposal", "Negotiation", "Won", "Lost"]),
        st.integers(0, 2), st.integers(1, 28)), max_size=12), st.decimals(0, 1, places=4))
    def test_sum_up_to_the_month_exactly(self, api, rep, lead, pipeline, deals, probability):
        with org_scope(rep.organization):
            Deal.objects.of(rep.organization).delete()
            Stage.objects.filter(name="Qualified").update(probability=probability)
        for value, stage, ahead, day in deals:
            make_deal(lead, by=rep, value=value, stage=stage, expected_close_date=on(day, MONTH + ahead))
        for row in pipeline_forecast(api, months=3, pipeline_id=pipeline.pk)["periods"]:
            behind = data(api.get("/api/forecast/pipeline/contributors", {
                "pipeline_id": pipeline.pk, "period_month": row["period"], "limit": 100}))
            assert len(behind) == row["deal_count"]
            for name, total in (("value", "total_value"), ("weighted_value", "weighted_value")):
                assert sum(Decimal(str(one[name])) for one in behind) == Decimal(str(row[total]))


class TestAtRisk:
    @pytest.fixture
    def risky(self, rep, lead, stages):
        """{reason: deal}, and a deal at no risk."""
        with org_scope(rep.organization):
            Stage.objects.filter(pk=stages["Proposal"].pk).update(max_days_in_stage=10)
        later = now().date() + timedelta(days=40)
        old = make_lead(rep.organization, by=rep)
        found = {
            "overdue": make_deal(lead, by=rep, title="Late", expected_close_date=now().date() - timedelta(days=5)),
            "stalled": make_deal(lead, by=rep, title="Stuck", stage="Proposal", expected_close_date=later),
            "inactive": make_deal(old, by=rep, title="Quiet", expected_close_date=later),
            "none": make_deal(lead, by=rep, title="Fine", expected_close_date=later),
        }
        past = now() - timedelta(days=15)
        with org_scope(rep.organization):
            Deal.objects.filter(pk=found["stalled"].pk).update(entered_stage_at=past)
            Deal.objects.filter(pk=found["inactive"].pk).update(last_activity_at=past, created_at=past)
            type(old).objects.filter(pk=old.pk).update(last_activity_at=past)
        return found

    def listed(self, api, **query):
        return {row["title"]: row["reasons"] for row in data(api.get("/api/forecast/at-risk", query))}

    def test_each_reason(self, api, risky):
        assert self.listed(api) == {"Late": ["overdue"], "Stuck": ["stalled"], "Quiet": ["inactive"]}
        for name, title in (("overdue", "Late"), ("stalled", "Stuck"), ("inactive", "Quiet")):
            assert list(self.listed(api, status=name)) == [title]
        assert set(self.listed(api, status="overdue,stalled")) == {"Late", "Stuck"}
        (late,) = data(api.get("/api/forecast/at-risk", {"status": "overdue"}))
        assert late["days_overdue"] == 5 and late["deal_id"] == risky["overdue"].pk
        assert data(api.get(f"/api/forecast/deal/{risky['stalled'].pk}"))["risk"] == ["stalled"]

    def test_closed_deals_are_at_no_risk(self, api, rep, risky, stages):
        for deal in risky.values():
            data(api.post(f"/api/lead/deal/update/{deal.pk}", {"stage_id": stages["Lost"].pk}))
        assert self.listed(api) == {}

    def test_mine_are_those_of_my_leads_and_those_that_i_made(self, api, rep, colleague, colleague_api, risky, lead):
        assert self.listed(colleague_api, owner="me") == {}
        assert len(self.listed(api, owner="me")) == 3 and len(self.listed(colleague_api, owner="all")) == 3
        theirs = make_lead(rep.organization, by=rep, assigned_to_id=colleague.pk)
        make_deal(theirs, by=rep, title="Of their lead", expected_close_date=date(2026, 1, 1))
        assert list(self.listed(colleague_api, owner="me")) == ["Of their lead"]

    def test_what_makes_no_sense_is_400(self, api):
        for query in ({"status": "late"}, {"owner": "you"}, {"pipeline_id": "x"}):
            assert api.get("/api/forecast/at-risk", query).status_code == 400


class TestOneDeal:
    def test_forecast_and_trend(self, api, rep, lead):
        deal = make_deal(lead, by=rep, value=1000, stage="New", expected_close_date=on(28))
        found = data(api.get(f"/api/forecast/deal/{deal.pk}"))
        assert (found["value"], found["probability"], found["weighted_value"], found["trend"]) == (1000, 0.2, 200, "flat")
        assert found["win_probability"] is None and found["forecast_value"] is None and found["factors"] == []
        assert found["abstains"] == "0 deals of this pipeline are closed; a forecast needs 30."
        data(api.post(f"/api/lead/deal/update/{deal.pk}", {"value": 2000}))
        assert data(api.get(f"/api/forecast/deal/{deal.pk}"))["trend"] == "up"
        data(api.post(f"/api/lead/deal/update/{deal.pk}", {"value": 10}))
        assert data(api.get(f"/api/forecast/deal/{deal.pk}"))["trend"] == "down"
        answer = api.get(f"/api/forecast/deal/{deal.pk}/history", {"limit": 2}).json()
        assert [row["value"] for row in answer["data"]] == [10, 2000] and (answer["total"], answer["limit"]) == (3, 2)

    def test_speaks_once_there_is_history(self, api, rep, lead):
        from deals.forecast import learning

        for n in range(40):
            closed_deal(rep, lead, on(10, MONTH - 2), 100, "Won" if n % 4 else "Lost")
        with org_scope(rep.organization):
            learning.learn(first_day(MONTH))
        deal = make_deal(lead, by=rep, value=1000, stage="Proposal", expected_close_date=on(28))
        found = data(api.get(f"/api/forecast/deal/{deal.pk}"))
        assert found["win_probability"] == pytest.approx((30 + 20 * 0.6) / 60)
        assert found["forecast_value"] == 700 and found["abstains"] == "" and found["weighted_value"] == 600
        assert found["factors"][1]["text"] == "Of 40 closed deals that stood in Proposal, 30 were won."
        (row,) = data(api.get(f"/api/forecast/deal/{deal.pk}/history"))
        assert (row["win_probability"], row["forecast_value"]) == (0.7, 700)

    def test_a_closed_deal_is_certain(self, api, rep, lead):
        for stage, sure in (("Won", 1), ("Lost", 0)):
            deal = make_deal(lead, by=rep, value=1000, stage=stage, expected_close_date=on(28))
            found = data(api.get(f"/api/forecast/deal/{deal.pk}"))
            assert (found["probability"], found["win_probability"], found["forecast_value"]) == (sure, sure, 1000 * sure)

    def test_anothers_deal_is_not_there(self, outsider_api, deal):
        for path in ("", "/history"):
            assert outsider_api.get(f"/api/forecast/deal/{deal.pk}{path}").status_code == 404


class TestGoals:
    def test_coverage_and_pacing(self, api, rep, colleague, lead):
        make_deal(lead, by=rep, value=300, stage="Won", assigned_to_id=colleague.pk)
        make_deal(lead, by=rep, value=1400, stage="Proposal", assigned_to_id=colleague.pk, expected_close_date=on(28))
        make_deal(lead, by=rep, value=50, stage="Won", assigned_to_id=rep.pk)
        sent = {"month": name_of(MONTH), "amount": 1000, "owner_id": colleague.pk}
        goal = data(api.post("/api/forecast/goals", sent))["goal"]
        assert (goal["won_value"], goal["open_value"], goal["weighted_value"], goal["remaining"]) == (300, 1400, 840, 700)
        assert (goal["attainment"], goal["coverage"]) == (30, 2)
        from deals.forecast.goals import elapsed

        with org_scope(rep.organization):
            assert goal["pacing"] == round(300 / (1000 * elapsed(MONTH)), 2)
            team = colleague.teams.first()
        data(api.post("/api/forecast/goals", sent | {"owner_id": None, "team_id": team.pk, "amount": 700}))
        rows = data(api.get("/api/forecast/goals"))
        assert [(row["team_id"], row["won_value"], row["attainment"]) for row in rows] == [(team.pk, 350, 50), (None, 300, 30)]

    def test_are_changed_and_taken_away(self, api, rep):
        sent = {"month": "2027-05", "owner_id": rep.pk}
        first = data(api.post("/api/forecast/goals", sent | {"amount": 5}))["goal"]
        assert data(api.post("/api/forecast/goals", sent | {"amount": 7}))["goal"]["id"] == first["id"]
        assert data(api.post("/api/forecast/goals", sent | {"amount": None}))["goal"] is None
        assert data(api.get("/api/forecast/goals", {"month": "2027-05"})) == []

    def test_are_of_an_owner_or_a_team_of_this_organisation(self, api, rep, outsider):
        for who, status in (({}, 422), ({"owner_id": outsider.pk}, 404), ({"team_id": 10**9}, 404)):
            assert api.post("/api/forecast/goals", {"month": "2027-05", "amount": 5, **who}).status_code == status

    def test_only_admins_set_them(self, colleague_api, rep):
        sent = {"month": "2027-05", "amount": 5, "owner_id": rep.pk}
        assert colleague_api.post("/api/forecast/goals", sent).status_code == 403


def test_owners_of_other_teams_do_not_count(api, rep, lead):
    stranger = make_member(rep.organization)
    with org_scope(rep.organization):
        team = stranger.teams.first()
        team.teammember_set.filter(user=stranger).delete()
    make_deal(lead, by=rep, value=300, stage="Won", assigned_to_id=stranger.pk)
    sent = {"month": name_of(MONTH), "amount": 1000, "team_id": team.pk}
    assert data(api.post("/api/forecast/goals", sent))["goal"]["won_value"] == 0
