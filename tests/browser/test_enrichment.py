"""Enrich, accept what is proposed, take the run back; many leads from their list."""

from itertools import count

import pytest
from playwright.sync_api import expect

numbers = count(1)


@pytest.fixture
def jana(acme):
    """A lead whose phone number can be told better, and whose company has a website."""
    return acme.lead(first_name="Jana", last_name="Novak", email=f"jana{next(numbers)}@parcelly-freight.com",
                     phone_number="030 555 1234", country="Germany", company="Parcelly Freight")


def of(acme, lead, name):
    return acme.get(f"/api/lead/view/{lead}")[name]


def test_propose_accept_and_take_back(visit, acme, jana):
    page = visit("ada@acme.example")
    page.goto(f"/leads/{jana}/")
    card = page.get_by_role("region", name="Enrichment")
    expect(card).to_contain_text("Not enriched yet.")
    card.get_by_role("button", name="Enrich now").press("Enter")
    expect(card).to_contain_text("+49305551234")
    expect(page.locator(".toast")).to_contain_text("Enriched:")
    assert of(acme, jana, "phone_number") == "030 555 1234"  # what somebody typed stays
    assert of(acme, jana, "website") == "https://parcelly-freight.com"
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("Enrichment changed Website")
    card.get_by_role("button", name="Accept Phone").click()
    expect(page.get_by_text("Phone accepted.")).to_be_visible()
    expect(card).not_to_contain_text("Accept")
    assert of(acme, jana, "phone_number") == "+49305551234"
    card.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("What the run filled in is taken back.")).to_be_visible()
    expect(card.get_by_role("button", name="Take back")).to_have_count(0)
    assert of(acme, jana, "website") is None
    assert of(acme, jana, "phone_number") == "+49305551234"  # accepted: a person's own edit
    page.locator(".toast").get_by_role("button", name="Undo").last.click()
    expect(card.get_by_role("button", name="Take back")).to_be_visible()
    assert of(acme, jana, "website") == "https://parcelly-freight.com"


def test_without_script(visit, acme, jana):
    page = visit("ada@acme.example", java_script_enabled=False)
    page.goto(f"/leads/{jana}/")
    page.get_by_role("button", name="Enrich now").click()
    assert page.url.endswith(f"/leads/{jana}/")
    card = page.get_by_role("region", name="Enrichment")
    card.get_by_role("button", name="Dismiss Phone").click()
    expect(page.get_by_text("Dismissed.")).to_be_visible()
    expect(page.get_by_role("region", name="Enrichment")).not_to_contain_text("+49305551234")
    page.get_by_role("region", name="Enrichment").get_by_role("button", name="Take back").click()
    expect(page.get_by_text("What the run filled in is taken back.")).to_be_visible()
    assert of(acme, jana, "website") is None


def test_many_from_the_list(visit, acme, jana):
    page = visit("ada@acme.example")
    page.goto("/leads/?search_value=parcelly-freight")
    for box in page.locator("tbody input[name=ids]").all():
        box.check()
    page.locator(".bulk").get_by_role("button", name="Enrich", exact=True).click()
    expect(page.get_by_role("heading", name="Enrich ")).to_be_visible()
    expect(page.get_by_text("This is free")).to_be_visible()
    page.get_by_role("main").get_by_role("button", name="Enrich").click()
    expect(page.get_by_role("heading", name="Enriched:")).to_be_visible()
    page.get_by_role("link", name="Jana Novak").first.click()
    expect(page.get_by_role("region", name="Enrichment")).to_contain_text("filled in")


def test_pages_are_accessible_and_fit(visit, acme, jana, sound):
    acme.post("/api/lead-enrichment/enrich", {"lead_id": jana})
    batch = acme.post("/api/enrichment/bulk", {"module": "lead", "ids": [jana]})["data"]["id"]
    page, found = visit("ada@acme.example"), []
    for path in (f"/leads/{jana}/", f"/enrichment/lead/{jana}/", f"/enrichment/bulk/{batch}/"):
        assert page.goto(path).status == 200
        found += sound(page, full=True)
    page.goto("/leads/?search_value=parcelly-freight")
    page.locator("tbody input[name=ids]").first.check()
    page.locator(".bulk").get_by_role("button", name="Enrich", exact=True).click()
    expect(page.get_by_role("heading", name="Enrich 1 lead")).to_be_visible()
    found += sound(page, full=True)
    assert not found, "\n".join(found)
