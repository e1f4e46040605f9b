"""A company from the list to its page: a field in place, a note, and both taken back."""

from playwright.sync_api import expect


def fill_in(page, field, value):
    page.locator(f"#field-{field} a.edit").click()
    page.locator(f"#field-{field} input[name=value]").fill(value)
    page.keyboard.press("Enter")


def test_from_the_list_to_a_note_and_back(visit, acme):
    acme.post("/api/company/add", {"company_name": "Nord Freight", "website": "https://nord.example", "city": "Oslo"})
    lead = acme.lead(first_name="Greta", last_name="Berg", company="Nord Freight")
    page = visit("ada@acme.example")
    page.goto("/leads/")
    page.get_by_role("link", name="Companies").first.click()
    page.get_by_role("searchbox", name="Search companies").fill("nord fr")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Nord Freight").click()
    expect(page.get_by_role("heading", name="Nord Freight", level=1)).to_be_visible()
    expect(page.locator("#part-leads")).to_contain_text("Greta Berg")
    fill_in(page, "city", "Bergen")
    expect(page.locator("#field-city")).to_contain_text("Bergen")
    timeline = page.get_by_role("region", name="Timeline")
    expect(timeline).to_contain_text("changed City")
    page.get_by_label("Note", exact=True).fill("They want an offer by May.")
    page.get_by_role("button", name="Add note").click()
    expect(timeline).to_contain_text("They want an offer by May.")
    page.locator(".toast", has_text="Note added.").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("1 record put back.")).to_be_visible()
    expect(page.locator(".timeline .note")).to_have_count(0)
    page.locator(".timeline > li", has_text="changed City").get_by_role("button", name="Undo this change").first.click()
    expect(page.locator("#field-city")).to_contain_text("Oslo")
    page.goto(f"/leads/{lead}/")
    page.locator("#hero").get_by_role("link", name="Nord Freight").click()
    expect(page.get_by_role("heading", name="Nord Freight", level=1)).to_be_visible()
