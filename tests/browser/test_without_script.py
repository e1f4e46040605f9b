"""The same work where no script runs: every button is a form, every filter a link."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def page(visit, acme):
    return visit("rob@acme.example", anew=True, java_script_enabled=False)


def test_filters_and_pages(page):
    page.locator("summary", has_text="Filter").click()
    page.get_by_label("Company", exact=True).fill("Seed 1")
    page.get_by_role("button", name="Show leads").click()
    expect(page.locator("tbody tr")).to_have_count(8)
    expect(page.locator(".filter")).to_have_count(1)
    page.get_by_role("link", name="Remove filter Company has Seed 1").click()
    expect(page.locator(".filter")).to_have_count(0)
    page.get_by_label("Search leads").fill("row05")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Clear all").click()
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".foot")).to_contain_text("26–")


def test_a_field_a_status_a_note(page, acme):
    lead = acme.lead(first_name="Plain", last_name="Form", email="plain@form.example")
    page.goto(f"/leads/{lead}/")
    page.get_by_role("link", name="Edit Email").click()
    expect(page.get_by_label("Email", exact=True)).to_have_value("plain@form.example")
    page.get_by_label("Email", exact=True).fill("wrong")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("Email: ")
    page.get_by_label("Email", exact=True).fill("plain.form@form.example")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("Email saved.")
    expect(page.locator("#fields")).to_contain_text("plain.form@form.example")
    page.get_by_role("button", name="Won", exact=True).click()
    expect(page.get_by_role("button", name="Won", exact=True)).to_have_attribute("aria-current", "step")
    page.get_by_role("textbox", name="Note").fill("Without a script")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator(".timeline .note")).to_have_text("Without a script")


def test_many_leads_at_once(page, acme):
    for n in range(3):
        acme.lead(first_name=f"Plain{n}", last_name="Bulkc")
    page.goto("/leads/?search_value=Bulkc")
    for box in page.locator("tbody .pick input").all():
        box.check()
    page.locator(".bulk summary", has_text="Assign").click()
    page.get_by_label("New owner").select_option(label="Rob Rep")
    page.get_by_role("button", name="Assign", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("3 leads assigned to Rob Rep.")
    page.locator("tbody .pick input").first.check()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("heading", name="Delete 1 lead?")).to_be_visible()
    page.get_by_role("button", name="Delete 1 lead").click()
    expect(page.locator("tbody tr")).to_have_count(2)


def test_a_lead_comes_and_goes(page):
    page.get_by_role("link", name="New lead").first.click()
    page.get_by_label("First name").fill("Hand")
    page.get_by_label("Last name").fill("Made")
    page.get_by_role("button", name="Add lead").click()
    expect(page.get_by_role("heading", name="Hand Made")).to_be_visible()
    page.get_by_role("link", name="Delete lead").click()
    expect(page.get_by_role("heading", name="Delete Hand Made?")).to_be_visible()
    page.get_by_role("button", name="Delete lead").click()
    expect(page.locator("#toasts")).to_contain_text("Hand Made is deleted.")


def test_menus_and_settings(page):
    page.locator(".me summary").click()
    page.get_by_role("link", name="Your profile").click()
    page.get_by_label("Phone").fill("+49 30 77")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("Your profile is saved.")
    page.locator(".me summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile("/sign-in"))
