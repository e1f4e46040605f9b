"""The score's pages in a real browser: settings are changed and taken back, and a lead tells how it came to its score."""

from playwright.sync_api import expect

from tests.browser.stage import until


def test_a_field_is_left_out_and_taken_back(visit, acme):
    page = visit("ada@acme.example")
    page.goto("/settings/score")
    field = page.get_by_role("checkbox", name="LinkedIn profile")
    expect(field).to_be_checked()
    field.uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("Saved")
    expect(field).not_to_be_checked()
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(field).to_be_checked()
    assert acme.get("/api/lead-score/model")["excluded"] == []


def test_a_lead_tells_what_has_moved_its_score(visit, acme):
    lead = acme.lead(first_name="Moved", last_name="Score", email="moved@score.example", job_title="Intern")
    until(lambda: acme.get(f"/api/lead/view/{lead}")["score"], 40)
    acme.post("/api/intent-alert/signal", {"lead_id": lead, "signal_type": "demo_requested"})
    until(lambda: acme.get(f"/api/lead/view/{lead}")["ai_information"]["score_engagement"], 40)
    page = visit("ada@acme.example")
    page.goto(f"/leads/{lead}/")
    expect(page.locator("#score")).to_contain_text("of 100 for engagement")
    page.locator("#score").get_by_role("link", name="History and what changed").click()
    expect(page.get_by_role("heading", name="What has changed")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Engagement 50 of 100 (was 0)")
    page.get_by_role("link", name="7 days").click()
    expect(page.get_by_role("link", name="7 days")).to_have_attribute("aria-current", "page")
    expect(page.get_by_role("row", name="Now")).to_be_visible()
