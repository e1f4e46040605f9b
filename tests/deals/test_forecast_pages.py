"""The pages of the forecast: what they show is what the API answers, and what they list sums up to it."""

import re
from datetime import date, timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from accounts.models import Team, TeamMember
from deals import edit
from deals.forecast import chart, goals, learning, saying, snapshots
from deals.forecast.models import Quota
from deals.forecast.months import first_day, month_of, name_of
from deals.models import Deal, Stage
from lio.models import Change
from lio.templatetags.look import money, percent, round_money
from lio.tenancy import org_scope
from tests.conftest import client_of, sign_in
from tests.deals.test_forecast_pipeline import closed_deal, on
from tests.factories import make_deal, make_lead, make_member

MONTH = month_of(now())
NAME = name_of(MONTH)


def shown(browser, path, code=200, **query):
    """The page as it is sent, with its entities as letters."""
    answer = browser.get(f"/forecast/{path}", query)
    assert answer.status_code == code, answer.content[:500]
    return unescape(answer.content.decode())


def told(api, path, **query):
    answer = api.get(f"/api/forecast/{path}", query)
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]


def table(page, caption):
    """[[text of its cells] of each row] of the table with that caption."""
    (found,) = re.findall(rf"<caption[^>]*>{caption}.*?</table>", page, re.S)
    rows = re.findall(r"<tr.*?</tr>", found, re.S)
    return [[re.sub(r"\s+", " ", re.sub("<[^>]*>", "", cell)).strip() for cell in re.findall(r"<t[dh].*?</t[dh]>", row, re.S)]
            for row in rows]


@pytest.fixture
def api(rep):
    return client_of(rep)


@pytest.fixture
def history(rep, lead):
    """Four months of closings, and what was said as this month began and as the last one did."""
    for back, value in ((7, 700), (6, 800), (5, 900), (4, 900), (3, 1000), (2, 2000), (1, 3000)):
        closed_deal(rep, lead, on(10, MONTH - back), value)
    with org_scope(rep.organization):
        snapshots.snapshot_open(0, 100, look=True)
        for month in range(MONTH - 3, MONTH + 1):
            saying.say(month)


class TestByMonth:
    def test_shows_what_the_api_answers(self, browser, api, rep, lead, history):
        make_deal(lead, by=rep, value=1000, stage="Proposal", expected_close_date=on(20), category="commit")
        make_deal(lead, by=rep, value=500, expected_close_date=on(20), category="best_case")
        make_deal(lead, by=rep, value=Decimal("70.25"), expected_close_date=on(20, MONTH + 1))
        make_deal(lead, by=rep, value=300, stage="Won", expected_close_date=on(20))
        api.post("/api/forecast/goals", {"month": NAME, "amount": 4000, "owner_id": rep.pk})
        page, found = shown(browser, ""), told(api, "pipeline")
        rows = found["periods"]
        cells = table(page, "What is won and expected")
        assert len(cells) == 1 + 6 + 1
        for cell, row in zip(cells[1:], rows, strict=False):
            assert cell[1:5] == [money(row[name]) for name in ("won_value", "committed", "best_case", "weighted_value")]
            assert cell[5].startswith(f"{money(row['total_value'])} {row['deal_count']} deal")
            assert cell[6] == (f"{round_money(row['forecast_value'])} {round_money(row['low'])} to {round_money(row['high'])}")
        assert [cell[7] for cell in cells[1:4]] == ["$4,000", "–", "–"]
        assert f"This month uses <b>{found['method_text']}</b>" in page and "Set goals" not in page
        assert page.count('class="said"') == 6 + 1 and page.count('class="goal"') == 1 + 1  # in the chart and in its legend

    def test_quarters_pipelines_owners_and_teams(self, browser, api, rep, colleague, lead, pipeline):
        make_deal(lead, by=rep, value=1000, expected_close_date=on(20), assigned_to_id=rep.pk)
        make_deal(lead, by=rep, value=200, expected_close_date=on(20), assigned_to_id=colleague.pk)
        with org_scope(rep.organization):
            team = Team.objects.create(organization=rep.organization, name="North")
            TeamMember.objects.create(organization=rep.organization, team=team, user=colleague)
        for query, value in (({"owner_id": rep.pk}, 1000), ({"team_id": team.pk}, 200), ({"pipeline_id": pipeline.pk}, 1200)):
            page = shown(browser, "", **query)
            row = told(api, "pipeline", **query)["periods"][0]
            assert row["total_value"] == value
            assert table(page, "What is won and expected")[1][5] == f"{money(value)} {row['deal_count']} deal" + (
                "s" if row["deal_count"] > 1 else "")
            assert f"{next(iter(query))}={next(iter(query.values()))}" in page  # filters go along
        page = shown(browser, "", period="quarterly", months=3)
        (row, *_) = told(api, "pipeline", period="quarterly", months=3)["periods"]
        year, quarter = row["period"].split("-Q")
        assert table(page, "What is won and expected")[1][0].startswith(f"Q{quarter} {year}")
        assert page.count("Deals of ") >= 3

    def test_says_what_is_missing(self, browser, rep, lead, deal):
        page = shown(browser, "")
        assert "Nothing is said yet" in page and "Nobody has a goal in these months" in page
        assert "Where the forecast comes from" in page
        with org_scope(rep.organization):
            Deal.objects.all().delete()
        assert "The forecast will stand here" in shown(browser, "")

    def test_wrong_parameters_are_told_and_left_out(self, browser, deal):
        assert "Months: " in shown(browser, "", months="x", period="quarterly")
        for path in ("", "changes", "accuracy", "at-risk", "goals"):
            query = {"months": "0", "pipeline_id": "x", "since": "soon", "period_month": "x", "measure": "guess", "until": "x",
                     "status": "late", "owner": "you", "month": "x", "page": "x", "order_by": "guess", "owner_id": "x"}
            assert shown(browser, path, **query)

    def test_anothers_pipeline_owner_and_team_are_not_there(self, browser, outsider):
        with org_scope(outsider.organization):
            pk, team = Stage.objects.first().pipeline_id, Team.objects.of(outsider.organization).first().pk
        for query in ({"pipeline_id": pk}, {"owner_id": outsider.pk}, {"team_id": team}):
            shown(browser, "", 404, **query)
            shown(browser, f"month/{NAME}", 404, **query)
            shown(browser, "changes", 404, **query)
        shown(browser, "accuracy", 404, pipeline_id=pk)


class TestOneMonth:
    def test_the_deals_of_each_part_sum_up_to_its_figure(self, browser, api, rep, lead, pipeline):
        for n in range(30):
            make_deal(lead, by=rep, title=f"Deal {n:02}", value=Decimal(100 + n) + Decimal("0.35"), stage="Qualified",
                      expected_close_date=on(1 + n % 28), category=("commit", "best_case", "pipeline", "omitted")[n % 4])
        make_deal(lead, by=rep, title="Done", value=77, stage="Won", expected_close_date=on(3))
        make_deal(lead, by=rep, title="Later", value=77, expected_close_date=on(3, MONTH + 1))
        row = told(api, "pipeline", months=1, pipeline_id=pipeline.pk)["periods"][0]
        sums, names = {}, {}
        for part in ("open", "commit", "best_case", "rest", "won"):
            cells = []
            for number in (1, 2):
                page = shown(browser, f"month/{NAME}", part=part, page=number, pipeline_id=pipeline.pk)
                found = table(page, "Deals of ")
                cells += [cell for cell in found[1:-1] if cell[0] not in {one[0] for one in cells}]
            sums[part] = sum(Decimal(cell[5].replace(",", "").strip("$")) for cell in cells)
            names[part] = {cell[0] for cell in cells}
            assert found[-1][5] == money(sums[part]), part
        assert float(sums["open"]) == row["total_value"] and len(names["open"]) == row["deal_count"] == 30
        assert float(sums["won"]) == row["won_value"] == 77
        assert float(sums["won"] + sums["commit"]) == row["committed"]
        assert float(sums["won"] + sums["commit"] + sums["best_case"]) == row["best_case"]
        assert sums["commit"] + sums["best_case"] + sums["rest"] == sums["open"]
        page = shown(browser, f"month/{NAME}", pipeline_id=pipeline.pk)
        assert table(page, "Deals of ")[-1][6] == money(row["weighted_value"])
        assert re.search(r'href="/deals/\d+/"', page) and "Later" not in page

    def test_is_sorted_and_paged(self, browser, rep, lead):
        for n in range(27):
            make_deal(lead, by=rep, title=f"Deal {n:02}", value=100 + n, expected_close_date=on(5))
        def titles(**query):
            return [cell[0] for cell in table(shown(browser, f"month/{NAME}", **query), "Deals of ")[1:-1]]
        assert titles()[:2] == ["Deal 26", "Deal 25"] and titles(page=2) == ["Deal 01", "Deal 00"] == titles(page=99)
        assert titles(order_by="title", order_in="ASC")[0] == "Deal 00"
        assert len(titles(order_by="weighted_value")) == 25 and titles(order_by="nothing")[0] == "Deal 26"

    def test_empty_and_wrong_months(self, browser, deal):
        page = shown(browser, "month/2031-05")
        assert "No open deal is expected to close in this month" in page
        assert "that category" in shown(browser, "month/2031-05", part="commit")
        for wrong in ("2031-13", "soon", "2031-Q1"):
            shown(browser, f"month/{wrong}", 404)


class TestChanges:
    def test_reasons_and_deals_are_those_of_the_api(self, browser, api, rep, lead, stages):
        yesterday = now() - timedelta(days=1)
        with org_scope(rep.organization):
            lost, up = (edit.add(rep.organization, lead.pk, {
                "title": f"Worth {value}", "value": value, "expected_close_date": on(15), "stage_id": stages["New"].pk,
                }, by=rep, at=yesterday) for value in (100, 200))
            edit.update(lost, rep.organization, {"stage_id": stages["Lost"].pk}, by=rep)
            edit.update(up, rep.organization, {"value": 250}, by=rep)
        for n in range(28):
            make_deal(lead, by=rep, title=f"New {n}", value=1000 + n, expected_close_date=on(15))
        query = {"since": now().date().isoformat(), "period_month": NAME}
        found, page = told(api, "changes", **query), shown(browser, "changes", **query)
        reasons = {row["reason"]: row for row in found["reasons"] if row["deals"]}
        cells = table(page, "Reasons")
        assert [cell[2:] for cell in cells[1:-1]] == [
            [str(row["deals"]), ("+" if row["difference"] > 0 else "") + money(row["difference"])] for row in reasons.values()]
        assert cells[-1][3] == "+" + money(found["difference"])
        assert money(found["before"]) in page and money(found["after"]) in page
        for reason, row in reasons.items():
            total = Decimal(0)
            for number in range(1, -(-row["deals"] // 25) + 1):
                listed = table(shown(browser, "changes", **query, reason=reason, page=number), "Deals that changed")[1:]
                total += sum(Decimal(cell[2].replace("−", "-").replace("$", "").replace(",", "").strip("+")) for cell in listed)
            assert total == Decimal(str(row["difference"])), reason
        assert f'href="/deals/{up}/"' in page or "New 27" in page
        assert f'href="/deals/{lost}/"' in shown(browser, "changes", **query, reason="lost")

    def test_nothing_changed(self, browser):
        assert "Nothing changed" in shown(browser, "changes")


class TestAtRisk:
    def test_lists_what_the_api_lists_with_reasons_and_what_to_do(self, browser, api, rep, lead, stages):
        late = make_deal(lead, by=rep, title="Late", value=5, expected_close_date=now().date() - timedelta(days=5))
        stuck = make_deal(lead, by=rep, title="Stuck", value=9, stage="Proposal", expected_close_date=date(2031, 1, 1))
        make_deal(lead, by=rep, title="Fine", expected_close_date=date(2031, 1, 1))
        with org_scope(rep.organization):
            Stage.objects.filter(pk=stages["Proposal"].pk).update(max_days_in_stage=10)
            Deal.objects.filter(pk=stuck.pk).update(entered_stage_at=now() - timedelta(days=15))
        cells = table(shown(browser, "at-risk"), "Deals at risk")
        assert [cell[:2] for cell in cells[1:]] == [["Stuck", "Stalled"], ["Late", "5 d overdue"]]
        assert {row["title"] for row in told(api, "at-risk")} == {"Stuck", "Late"}
        page = shown(browser, "at-risk", status="overdue")
        assert [cell[0] for cell in table(page, "Deals at risk")[1:]] == ["Late"] and "before today" in page
        assert f'href="/deals/{late.pk}/edit"' in page and f'href="/deals/{late.pk}/"' in page
        assert f'href="/deals/{stuck.pk}/move"' in shown(browser, "at-risk", order_by="title")

    def test_nothing_at_risk(self, browser, rep, lead):
        assert "Every open deal has a close date ahead" in shown(browser, "at-risk")
        assert "None that matches these filters" in shown(browser, "at-risk", owner="me")


class TestAccuracy:
    def test_shows_what_the_api_answers(self, browser, api, rep, lead, history):
        found, page = told(api, "accuracy", months=6), shown(browser, "accuracy", months=6)
        cells = table(page, "What was forecast and what was won")[1:]
        for cell, row in zip(cells, found["months"], strict=True):
            assert cell[1] == ("–" if row["forecast_value"] is None else round_money(row["forecast_value"]))
            assert cell[3] == round_money(row["actual_value"])
            assert cell[4].replace("+", "") == ("–" if row["error"] is None else f"{row['error']:.1f} %")
        one = found["horizons"][0]
        assert one["scored"] == 3 and f"{one['mape']:.1f} %" in page
        ways = table(page, "Error and bias of each way")[1:]
        assert [cell[1:5] for cell in ways] == [
            [str(row["months_ahead"]), *["–" if row[name] is None else f"{'+' if name == 'bias' and row[name] > 0 else ''}"
             f"{row[name]:.1f} %" for name in ("mape", "bias")], str(row["scored"])] for row in found["methods"]]

    def test_says_why_the_method_is_used(self, browser, rep, history):
        cells = table(shown(browser, "accuracy"), "How the ways to forecast stood")[1:]
        assert [cell[0] for cell in cells if cell[-1] == "Used"] != []
        used = next(cell for cell in cells if cell[-1] == "Used")
        compared = [float(cell[2].split()[0]) for cell in cells if cell[2] != "not compared"]
        assert compared == sorted(compared) and float(used[2].split()[0]) == compared[0]

    def test_reliability_of_single_deals(self, browser, api, rep, lead):
        for n in range(40):
            closed_deal(rep, lead, on(10, MONTH - 2), 100, "Won" if n % 4 else "Lost")
        with org_scope(rep.organization):
            learning.learn(first_day(MONTH - 1))
        for n in range(8):
            closed_deal(rep, lead, on(20, MONTH - 1), 100, "Won" if n % 2 else "Lost")
        bands = told(api, "accuracy")["deals"]["reliability"]
        cells = table(shown(browser, "accuracy"), "Reliability")[1:]
        assert bands and [cell[1:] for cell in cells] == [
            [str(band["deals"]), percent(band["said"]), percent(band["won"])] for band in bands]

    def test_files_are_those_of_the_api(self, browser, api, history):
        query = {"until": name_of(MONTH - 1), "months": 3}
        answer = browser.get("/forecast/accuracy.csv", query)
        assert answer.headers["Content-Type"].startswith("text/csv") and "attachment" in answer.headers["Content-Disposition"]
        assert answer.content == api.get("/api/forecast/accuracy", query | {"format": "csv"}).content
        answer = browser.get("/forecast/accuracy.json", query)
        assert answer.json() == told(api, "accuracy", **query) and "attachment" in answer.headers["Content-Disposition"]
        assert browser.get("/forecast/accuracy.xlsx").status_code == 404

    def test_says_when_there_is_nothing_to_score(self, browser, deal):
        page = shown(browser, "accuracy")
        assert "Nothing to score yet" in page and "No deal closed in these months" in page and "Nothing is said of" in page


class TestGoals:
    def sent(self, rep, **changed):
        return {"whose": f"owner-{rep.pk}", "month": NAME, "amount": "1000", "pipeline_id": ""} | changed

    def test_is_set_changed_and_taken_away(self, browser, api, rep, lead):
        make_deal(lead, by=rep, value=250, stage="Won", assigned_to_id=rep.pk)
        answer = browser.post("/forecast/goals", self.sent(rep), follow=True)
        page = unescape(answer.content.decode())
        assert f"The goal of {rep.full_name}" in page and "is set to 1,000 USD" in page and "/undo/" in page
        (goal,) = told(api, "goals")
        cells = table(page, "Goals of ")[1]
        assert cells[1:4] == ["25 %", "$250", "$750"] and goal["attainment"] == 25
        browser.post("/forecast/goals", self.sent(rep, amount="1200.50"))
        assert told(api, "goals")[0]["amount"] == 1200.5
        page = unescape(browser.post("/forecast/goals", self.sent(rep, remove="1"), follow=True).content.decode())
        assert "is taken away" in page and "No goals for" in page and told(api, "goals") == []

    def test_can_be_undone(self, browser, api, rep, colleague):
        def undo():
            with org_scope(rep.organization):
                change = Change.objects.filter(model_type="quota").order_by("-id").first().change_id
            return browser.post(f"/undo/{change}", follow=True)

        def amounts():
            return [row["amount"] for row in told(api, "goals")]

        browser.post("/forecast/goals", self.sent(rep))
        browser.post("/forecast/goals", self.sent(rep, amount="2000"))
        undo()
        assert amounts() == [1000]
        undo()  # of the undoing
        assert amounts() == [2000]
        browser.post("/forecast/goals", self.sent(rep, remove="1"))
        undo()
        assert amounts() == [2000]
        with org_scope(rep.organization):
            first = Change.objects.filter(model_type="quota").order_by("id").first().change_id
        browser.post(f"/undo/{first}")
        assert amounts() == [2000]  # it was changed since
        assert api.post("/api/undo", {"change_id": first}).json()["data"]["reverted"] == 0

    def test_only_admins_set_and_undo(self, client, api, rep, colleague):
        sign_in(client, colleague)
        assert client.post("/forecast/goals", self.sent(rep)).status_code == 403
        api.post("/api/forecast/goals", {"month": NAME, "amount": 5, "owner_id": rep.pk})
        page = shown(client, "goals")
        assert "$5" in page and "Set a goal" not in page and 'name="remove"' not in page
        with org_scope(rep.organization):
            change = Change.objects.filter(model_type="quota").order_by("-id").first().change_id
        client.post(f"/undo/{change}")
        assert told(api, "goals")[0]["amount"] == 5

    @pytest.mark.parametrize("changed", [{"whose": ""}, {"whose": "lead-5"}, {"amount": "much"}, {"amount": "-5"},
                                         {"month": "soon"}, {"whose": "owner-x"}, {"pipeline_id": "x"}])
    def test_what_is_wrong_is_said_and_the_form_keeps_what_was_sent(self, browser, rep, changed):
        answer = browser.post("/forecast/goals", self.sent(rep) | changed)
        assert answer.status_code == 422 and 'role="alert"' in answer.content.decode()
        with org_scope(rep.organization):
            assert not Quota.objects.exists()

    def test_of_somebody_who_is_not_there(self, browser, rep, outsider):
        assert browser.post("/forecast/goals", self.sent(outsider)).status_code in (404, 422)

    def test_the_goal_of_a_view(self, rep, colleague, pipeline):
        """Of everybody: the team of all, else teams and those in none of them; of a team its own, else its members'."""
        organization = rep.organization
        with org_scope(organization):
            everybody = Team.objects.get(is_everybody=True)
            north = Team.objects.create(organization=organization, name="North")
            TeamMember.objects.create(organization=organization, team=north, user=colleague)

            def set_to(amount, **whose):
                goals.set_quota(organization, month=MONTH, amount=amount, by=rep, **whose)

            def planned(**whose):
                return goals.planned(organization, MONTH, MONTH + 1, **whose)[MONTH]

            assert planned() is None
            set_to(10, owner=rep)
            set_to(20, owner=colleague)
            set_to(5, owner=colleague, pipeline=pipeline)
            assert planned() == 30 and planned(owner=rep.pk) == 10 and planned(team=north.pk) == 20
            assert planned(pipeline=pipeline.pk) == 5 and planned(owner=rep.pk, pipeline=pipeline.pk) is None
            set_to(50, team=north)
            assert planned() == 60 and planned(team=north.pk) == 50
            set_to(100, team=everybody)
            assert planned() == 100 and planned(owner=colleague.pk) == 20


PAGES = ("", "?period=quarterly&months=12", f"month/{NAME}", "changes", "at-risk", "accuracy", "goals")


def test_the_number_of_queries_does_not_grow_with_the_deals(browser, api, rep, lead, history):
    def queries():
        found = {}
        for path in PAGES:
            with CaptureQueriesContext(connection) as caught:
                assert browser.get(f"/forecast/{path}").status_code == 200
            found[path] = len(caught)
        return found

    def more(count):
        for n in range(count):
            member = make_member(rep.organization)
            other = make_lead(rep.organization, by=rep)
            make_deal(other, by=rep, expected_close_date=on(1 + n), assigned_to_id=member.pk)
            make_deal(other, by=rep, expected_close_date=date(2021, 1, 1), assigned_to_id=member.pk)
            api.post("/api/forecast/goals", {"month": NAME, "amount": 5, "owner_id": member.pk})

    more(1)
    before = queries()
    more(4)
    assert queries() == before
    assert max(before.values()) <= 26, before


def test_pages_are_for_those_who_may_see_records(client, rep):
    assert client.get("/forecast/").status_code == 302
    sign_in(client, rep)
    assert 'href="/forecast/"' in client.get("/leads/").content.decode()


class TestChart:
    def test_bars_stack_and_stay_inside(self):
        parts = (("won", 100), ("commit", 50), ("best", 0))
        columns = [chart.Column("Nov", parts, 90, 120, 210, 180, 140), chart.Column("Dec")]
        found = chart.bars(columns, unit="$")
        first, second = found.columns
        won, commit = first["parts"]
        assert won["y"] + won["height"] == pytest.approx(found.ground)
        assert commit["y"] + commit["height"] == pytest.approx(won["y"])
        assert won["height"] == pytest.approx(2 * commit["height"], abs=0.2)
        assert 0 <= first["high"] < first["goal"] < first["value"] < first["low"] <= found.ground
        assert second["parts"] == [] and second["value"] is None
        assert [tick["text"] for tick in found.ticks] == ["$0", "$50", "$100", "$150", "$200", "$250"]

    @pytest.mark.parametrize("most", [0.02, 1, 7, 12, 99, 1234, 9_999_999, 3.3e12])
    def test_axes_are_round(self, most):
        step = chart.step_of(most)
        assert 2 <= most / step <= 5

    def test_nothing_at_all(self):
        assert chart.bars([]).columns == [] and chart.bars([chart.Column("Nov")]).columns[0]["parts"] == []
