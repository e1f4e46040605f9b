"""The main job: a lead goes from an outside form to a scored row in a rep's browser."""

import re

import pytest
from playwright.sync_api import expect


def test_a_lead_posted_with_a_key_made_in_the_settings_is_seen_with_its_score(visit, acme):
    page = visit("ada@acme.example")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/settings/keys")
    page.get_by_role("link", name="New key").click()
    page.get_by_label("Name").fill("Website")
    page.get_by_role("button", name="Create key").click()
    key = page.get_by_label("API key", exact=True).input_value()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == key
    page.goto("/settings/keys")
    assert key not in page.content()

    lead = acme.post(
        "/api/v1/lead",
        {
            "first_name": "Tom",
            "last_name": "Okafor",
            "email": "tom@helio.example",
            "company": "Helio Energy",
            "job_title": "VP Sales",
            "utm_campaign": "spring",
        },
        **{"x-api-key": key, "Authorization": ""},
    )["data"]["id"]
    page.goto("/leads/?search_value=helio")
    row = page.get_by_role("row", name=re.compile("Tom Okafor"))
    expect(row).to_contain_text("Helio Energy")

    page.goto(f"/leads/{lead}/")
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("Created through the API key Website")
    expect(page.locator("#score .why")).to_contain_text("Business e", timeout=15_000)  # fills itself while the page is open
    page.goto("/leads/?search_value=helio")
    expect(row.locator(".score .n")).to_have_text(page_score(acme, lead))

    page.goto("/settings/keys")
    page.get_by_role("link", name="Revoke Website").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke key").click()
    expect(page.get_by_role("row", name=re.compile("Website"))).to_contain_text("Revoked")
    with pytest.raises(AssertionError, match=r"^403"):
        acme.post("/api/v1/lead", {"first_name": "No", "last_name": "Body"}, **{"x-api-key": key, "Authorization": ""})


def page_score(api, lead):
    return str(api.get(f"/api/lead/view/{lead}")["score"])
