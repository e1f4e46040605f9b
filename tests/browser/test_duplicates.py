"""A hint while a lead is typed, the list of likely duplicates, merging side by side, and Undo."""

import pytest
from playwright.sync_api import expect

from tests.browser.stage import until


@pytest.fixture(scope="module")
def twins(acme):
    """Two leads that are one person, once the worker has seen it."""
    old = acme.lead(first_name="Greta", last_name="Lindqvist", email="greta@nord.example", company="Nord Freight",
                    job_title="Buyer", city="Oslo")
    new = acme.lead(first_name="Greta", last_name="Lindquist", email="g.lindquist@nord.example", company="Nord Freight AS",
                    phone_number="+47 22 123456", country="Norway", notes="Asked for a call back.")
    same = acme.lead(first_name="Greta", last_name="Lindqvist", company="Nord Freight", phone_number="+47 22 123456")
    pairs = {(old, new), (old, same), (new, same)}  # leads of other tests may have likenesses, too
    found = "/api/lead/duplicates?limit=100"
    until(lambda: pairs <= {(one["first"]["id"], one["second"]["id"]) for one in acme.get(found)}, 60)
    return old, new, same


def test_a_hint_while_typing(visit, acme, twins):
    page = visit("ada@acme.example")
    page.goto("/leads/add")
    page.get_by_label("First name").fill("greta")
    page.get_by_label("Last name").fill("lindqvist")
    expect(page.locator("#likely")).to_be_hidden()
    page.get_by_label("Company").fill("Nord Freight")
    likely = page.locator("#likely")
    expect(likely).to_contain_text("This may be one of these.")
    expect(likely.get_by_role("link", name="Greta Lindqvist").first).to_have_attribute("href", f"/leads/{twins[0]}/")
    page.get_by_label("Company").fill("Somewhere else")
    page.get_by_label("Email", exact=False).first.fill("GRETA@nord.example")
    expect(likely).to_contain_text("Same e-mail address")


def test_merge_and_undo(visit, acme, twins):
    old, _, same = twins
    page = visit("ada@acme.example")
    page.goto("/leads/")
    page.get_by_role("link", name="Duplicates").click()
    expect(page.get_by_role("heading", name="Duplicates")).to_be_visible()
    page.locator(f'a[href="/leads/merge?ids={old},{same}"]').click()
    phone = page.get_by_role("radiogroup", name="Phone")
    expect(phone.get_by_role("radio").nth(1)).to_be_checked()
    page.get_by_role("radiogroup", name="Email").get_by_role("radio").nth(1).check()  # no address wins over one
    page.get_by_role("radiogroup", name="Stays").get_by_role("radio").nth(1).check()
    page.get_by_role("button", name="Merge 2 leads").click()
    expect(page.get_by_text("2 leads are one now.")).to_be_visible()
    assert page.url.endswith(f"/leads/{same}/")
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("merged Greta Lindqvist into this lead")
    assert acme.get(f"/api/lead/view/{old}")["id"] == same  # the old id leads here
    assert acme.get(f"/api/lead/view/{same}")["email"] is None
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("2 records put back.")).to_be_visible()
    assert acme.get(f"/api/lead/view/{old}")["email"] == "greta@nord.example"
    page.goto(f"/leads/{old}/")
    part = page.locator("#duplicates")
    expect(part).to_contain_text("Like name and company")
    part.get_by_role("button", name="Not the same").first.click()
    expect(page.get_by_text("They are kept apart.")).to_be_visible()
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("1 record put back.")).to_be_visible()


def test_merging_without_script(visit, twins):
    page = visit("ada@acme.example", java_script_enabled=False)
    page.goto(f"/leads/merge?ids={twins[0]},{twins[1]}")
    page.get_by_role("button", name="Merge 2 leads").click()
    expect(page.get_by_text("2 leads are one now.")).to_be_visible()
    page.get_by_role("link", name="Undo this for all leads it changed").first.click()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("2 records put back.").first).to_be_visible()


def test_pages_are_accessible_and_fit(visit, twins, sound):
    page = visit("ada@acme.example")
    for path in ("/leads/duplicates/", f"/leads/merge?ids={','.join(map(str, twins))}", f"/leads/{twins[0]}/"):
        page.goto(path)
        assert sound(page, full=True) == []
