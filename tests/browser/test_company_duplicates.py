"""Two companies found as duplicates, compared, merged, undone; and companies like one."""

import pytest
from playwright.sync_api import expect

from tests.browser.stage import until


@pytest.fixture(scope="module")
def twins(acme):
    """Two companies that are one, once the worker has seen it, and a third in the same industry."""
    def company(**fields):
        return acme.post("/api/company/add", fields)["data"]["id"]

    old = company(company_name="Nordlicht Logistics", city="Oslo", country="Norway", phone_number="+47 22 99 88 77",
                  industry_type="Logistics", summary="Freight and customs clearance for fish.")
    new = company(company_name="Nordlicht Logistics AS", phone_number="+47 22 998877", website="https://nordlicht.com",
                  employee_size="11-50", city="Bergen")
    company(company_name="Fjord Freight", industry_type="Logistics", country="Norway", summary="Customs clearance.")
    until(lambda: len(acme.get(f"/api/company/duplicates?company_id={old}")) == 1, 60)
    return old, new


def test_merge_and_undo(visit, acme, twins):
    old, new = twins
    page = visit("ada@acme.example")
    page.goto("/companies/")
    page.get_by_role("link", name="Duplicates").click()
    expect(page.get_by_role("heading", name="Duplicates")).to_be_visible()
    page.locator(f'a[href="/companies/merge?ids={old},{new}"]').click()
    expect(page.get_by_role("radiogroup", name="Website").get_by_role("radio").nth(1)).to_be_checked()
    page.get_by_role("radiogroup", name="City").get_by_role("radio").nth(1).check()
    page.get_by_role("button", name="Merge 2 companies").click()
    expect(page.get_by_text("2 companies are one now.")).to_be_visible()
    assert page.url.endswith(f"/companies/{old}/")
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("merged Nordlicht Logistics AS into this company")
    company = acme.get(f"/api/company/view/{new}")
    assert (company["id"], company["city"], company["website"]) == (old, "Bergen", "https://nordlicht.com")
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("2 records put back.")).to_be_visible()
    assert acme.get(f"/api/company/view/{new}")["website"] == "https://nordlicht.com"
    assert acme.get(f"/api/company/view/{old}")["city"] == "Oslo"


def test_the_page_tells_of_duplicates_and_similar_companies(visit, twins):
    page = visit("ada@acme.example")
    page.goto(f"/companies/{twins[0]}/")
    expect(page.get_by_role("region", name="Similar companies")).to_contain_text("Same industry: Logistics")
    part = page.get_by_role("region", name="Likely duplicates")
    expect(part).to_contain_text("Same phone number")
    part.get_by_role("button", name="Not the same").click()
    expect(page.get_by_text("They are kept apart.")).to_be_visible()
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("1 record put back.")).to_be_visible()


def test_pages_are_accessible_and_fit(visit, twins, sound):
    page = visit("ada@acme.example")
    for path in ("/companies/duplicates/", f"/companies/merge?ids={twins[0]},{twins[1]}", f"/companies/{twins[0]}/",
                 "/contacts/duplicates/"):
        page.goto(path)
        assert sound(page, full=True) == []
