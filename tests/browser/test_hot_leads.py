"""From a signal to the hot list to what came of it, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE


@pytest.fixture(scope="module")
def lead(acme):
    """A lead of Ada's that has looked at the prices."""
    me = next(row["id"] for row in acme.get("/api/user/list") if row["email"] == "ada@acme.example")
    pk = acme.lead(first_name="Heidi", last_name="Hot", email="heidi@hot.example", company="Hot Ltd", assigned_to=me)
    acme.post("/api/v1/intent-signal", {"lead_id": pk, "signal_type": "pricing_page_visit"})
    return pk


def test_from_a_signal_to_the_hot_list_to_its_answer(visit, acme, lead, axe):
    page = visit("ada@acme.example")
    page.goto("/hot/")
    expect(page.get_by_role("link", name="Heidi Hot")).to_have_count(0)
    page.goto(f"/leads/{lead}/")
    section = page.locator("#part-signals")
    expect(section).to_contain_text("Pricing page visit")
    section.locator("summary", has_text="Log a signal").click()
    section.get_by_label("Signal", exact=True).select_option("Demo requested")
    section.get_by_label("Note").fill("On the phone")
    section.get_by_role("button", name="Log", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("Demo requested is logged.")
    expect(page.locator("#part-signals")).to_contain_text("Hot")

    page.goto("/hot/")
    row = page.locator("tr", has_text="Heidi Hot")
    expect(row).to_contain_text("80")
    expect(row).to_contain_text("Demo requested")
    page.keyboard.press("j")
    expect(page.locator("tbody .name").first).to_be_focused()
    row.locator("summary").click()
    assert axe(page, "details[open]") == []
    row.get_by_label("What came of it?").fill("Offer until Friday")
    row.get_by_role("button", name="Called").click()
    expect(row).to_contain_text("Answered")
    expect(row.get_by_role("link", name="Heidi Hot")).to_be_focused()
    toast = page.locator(".toast", has_text="Heidi Hot: called.")
    expect(toast).to_be_visible()
    page.goto("/alerts/?show=answered")
    expect(page.locator("tr", has_text="Heidi Hot").first).to_contain_text("Offer until Friday")

    page.goto(f"/leads/{lead}/")
    page.locator(".timeline > li", has_text="answered").get_by_role("button", name="Undo").click()
    expect(page.locator(".timeline")).to_contain_text("took back the answer")
    page.goto("/hot/?show=open")
    expect(page.locator("tr", has_text="Heidi Hot")).to_be_visible()


def test_the_lists_hold_on_a_phone_with_a_menu_open(visit, acme, lead, axe):
    acme.post("/api/v1/intent-signal", {"lead_id": lead, "signal_type": "demo_requested"})
    page = visit("ada@acme.example", viewport=PHONE, has_touch=True)
    for address in ("/hot/", "/alerts/"):
        page.goto(address)
        page.locator(".answer summary").last.click()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, address
        assert axe(page, "main", rules=["color-contrast", "target-size"]) == []
