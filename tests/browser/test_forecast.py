"""The forecast as a manager uses it: every page sound in light, dark and on a phone; a contributor; a goal, and its undo."""

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

MONTH = date.today().replace(day=15)
NAME = f"{MONTH:%Y-%m}"


@pytest.fixture(scope="module")
def sales(acme):
    """A pipeline with deals of this month, one that is overdue, and a goal. Answers its id and those of the deals."""
    stages = [{"name": "Asked", "probability": 0.25}, {"name": "Offered", "probability": 0.5}]
    pipeline = acme.post("/api/pipelines/add", {"name": "Forecasting", "stages": stages})["data"]
    stage = {one["name"]: one["id"] for one in pipeline["stages"]}
    lead = acme.lead(last_name="Forecast", email="forecast@pages.example", company="Forecast Ltd")

    def deal(title, value, name="Asked", day=MONTH, **fields):
        body = {"lead_id": lead, "pipeline_id": pipeline["id"], "stage_id": stage[name], "title": title, "value": value,
                "expected_close_date": day.isoformat(), **fields}
        return acme.post("/api/lead/deal/add", body)["data"]["id"]

    ids = {"Rollout": deal("Rollout", 48000, "Offered", category="commit"), "Pilot": deal("Pilot", 12000, category="best_case"),
           "Late": deal("Late", 5000, day=MONTH - timedelta(days=400)), "Done": deal("Done", 20000, "Offered")}
    acme.post(f"/api/lead/deal/{ids['Done']}/move", {"stage_id": stage["Won"]})
    ada = next(row["id"] for row in acme.get("/api/user/list") if row["email"] == "ada@acme.example")
    acme.post("/api/forecast/goals", {"month": "2031-05", "amount": 90000, "owner_id": ada})
    return pipeline["id"], ids


def test_every_page_is_sound(visit, sales, sound):
    pipeline, _ = sales
    page, found = visit("ada@acme.example"), []
    addresses = ["/forecast/", f"/forecast/?pipeline_id={pipeline}&period=quarterly&months=24", f"/forecast/month/{NAME}",
                 "/forecast/month/2031-01?part=commit", f"/forecast/changes?since=2021-01-01&period_month={NAME}",
                 "/forecast/changes?period_month=2031-01", "/forecast/at-risk", "/forecast/at-risk?status=stalled",
                 "/forecast/accuracy", "/forecast/goals?month=2031-05", "/forecast/goals?month=2031-06"]
    for address in addresses:
        assert page.goto(address).status == 200, address
        found += sound(page, full=True)
    assert not found, "\n".join(found)


def test_from_the_month_to_a_deal_behind_it(visit, sales):
    pipeline, ids = sales
    page = visit("ada@acme.example")
    page.goto("/leads/")
    page.locator(".rail").get_by_role("link", name="Forecast").click()
    page.get_by_label("Pipeline").select_option("Forecasting")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile(rf"pipeline_id={pipeline}"))
    row = page.locator("tbody tr").first
    for figure in ("$20,000", "$68,000", "$80,000", "$27,000", "$60,000"):  # won, committed, best case, weighted, open
        expect(row).to_contain_text(figure)
    chart = page.get_by_role("img", name="What is won and expected")
    expect(chart.locator("rect.won")).to_have_count(1)
    heights = [float(chart.locator(f"rect.{name}").first.get_attribute("height")) for name in ("won", "commit", "best")]
    assert heights[1] == pytest.approx(heights[0] * 2.4, abs=0.3) and heights[2] == pytest.approx(heights[0] * 0.6, abs=0.3)
    row.get_by_role("link").first.click()
    expect(page.locator("tfoot")).to_contain_text("$60,000")
    page.get_by_role("link", name="Commit $48,000").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Rollout").click()
    expect(page).to_have_url(re.compile(rf"/deals/{ids['Rollout']}/"))
    expect(page.get_by_role("heading", name="Rollout")).to_be_visible()


def test_from_a_deal_at_risk_to_its_close_date(visit, sales):
    _, ids = sales
    page = visit("ada@acme.example")
    page.goto("/forecast/at-risk?status=overdue&search_value=Late")
    expect(page.locator("tbody tr")).to_contain_text("d overdue")
    page.get_by_role("link", name="Change the close date of Late").click()
    expect(page).to_have_url(re.compile(rf"/deals/{ids['Late']}/edit"))


def test_a_goal_is_set_changed_and_undone(visit, sales):
    page = visit("ada@acme.example")
    page.goto("/forecast/goals?month=2031-02")
    expect(page.get_by_role("heading", name="No goals for February 2031")).to_be_visible()
    page.get_by_label("Who").select_option("Everybody")
    page.get_by_label("Amount").fill("150000")
    page.get_by_role("button", name="Set goal").click()
    row = page.locator("tbody tr")
    expect(row).to_contain_text("Everybody")
    row.get_by_label("Goal of Everybody", exact=True).fill("200000")
    row.get_by_role("button", name="Change").click()
    expect(page.get_by_text("is set to 200,000")).to_be_visible()
    expect(page.get_by_label("Goal of Everybody", exact=True)).to_have_value("200000")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Goal of Everybody", exact=True)).to_have_value("150000")
    page.get_by_role("button", name="Take away the goal of Everybody").click()
    expect(page.get_by_role("heading", name="No goals for February 2031")).to_be_visible()


def test_a_goal_without_script(chromium, stage, signed_in, visit, sales):
    visit("ada@acme.example")  # signs in
    context = chromium.new_context(base_url=stage.url, storage_state=signed_in["ada@acme.example"], java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto("/forecast/goals?month=2031-03")
        page.get_by_label("Who").select_option("Everybody")
        page.get_by_label("Amount").fill("1000")
        page.get_by_role("button", name="Set goal").click()
        expect(page.locator("tbody tr")).to_contain_text("Everybody")
        page.goto("/forecast/")
        expect(page.get_by_role("img", name="What is won and expected")).to_be_visible()
    finally:
        context.close()


def test_a_rep_sees_goals_and_sets_none(visit, sales):
    page = visit("rob@acme.example")
    page.goto("/forecast/goals?month=2031-05")
    expect(page.locator("tbody tr")).to_contain_text("$90,000")
    expect(page.get_by_role("button", name="Change")).to_have_count(0)
    expect(page.get_by_role("button", name="Set goal")).to_have_count(0)
