"""A lead is converted: the contact has its notes and files; Undo takes it all back."""

import pytest
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def lead(acme):
    """A lead with a note and a file."""
    one = acme.lead(first_name="Mara", last_name="Ilves", email="mara@ilves-logistics.com", job_title="Buyer", city="Tartu")
    acme.post("/api/lead/note/add", {"lead_id": one, "title": "Budget", "note": "Budget is set for spring"})
    file = {"id": "1", "name": "Offer.pdf", "mime_type": "application/pdf", "web_url": "https://box.example/1"}
    acme.post("/api/file/attach", {"provider": "box", "subject_type": "lead", "subject_id": one, "file": file})
    return one


def convert(page, lead, company="Ilves Logistics"):
    page.goto(f"/leads/{lead}/")
    page.get_by_role("link", name="Convert to contact").click()
    expect(page.get_by_role("radio", name=f"New company {company}")).to_be_checked()
    page.get_by_role("button", name="Convert", exact=True).click()
    expect(page.get_by_role("heading", name="Mara Ilves", level=1)).to_be_visible()


def test_convert_and_undo(visit, acme, lead):
    page = visit("ada@acme.example")
    convert(page, lead)
    expect(page.get_by_text("Mara Ilves is a contact now.")).to_be_visible()
    expect(page.locator("#hero")).to_contain_text("Buyer · Ilves Logistics · Tartu")
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("Budget is set for spring")
    expect(page.get_by_role("link", name="Offer.pdf", exact=True)).to_be_visible()
    page.locator("#part-career").get_by_role("link", name="Mara Ilves").click()
    expect(page.locator("#part-contact")).to_contain_text("Converted to Mara Ilves at Ilves Logistics")
    page.go_back()
    page.locator("#timeline").get_by_role("link", name="Undo this for all contacts it changed").click()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_role("heading", name="Undone: 3 records put back")).to_be_visible()
    assert acme.get(f"/api/lead/view/{lead}")["status"] == 1
    assert acme.get("/api/contact/list?search_value=ilves-logistics") == []
    assert "Ilves Logistics" not in [one["company_name"] for one in acme.get("/api/company/list")]


def test_several_addresses_and_another_company(visit, acme):
    page = visit("ada@acme.example")
    convert(page, acme.lead(first_name="Mara", last_name="Ilves", email="mara@ilves-works.com"), "Ilves Works")
    page.get_by_role("link", name="Edit Emails").click()
    page.get_by_role("textbox", name="Emails").fill("mara@ilves-works.com, work\nmara@home.example")
    page.locator("#field-emails").get_by_role("button", name="Save").click()
    expect(page.locator("#field-emails")).to_contain_text("mara@ilves-works.com (work), mara@home.example")
    page.get_by_role("link", name="Edit Company").click()
    page.get_by_role("textbox", name="Company").fill("Seed 1 Ltd")
    page.locator("#field-company").get_by_role("button", name="Save").click()
    expect(page.locator("#part-career")).to_contain_text("Ilves Works")
    expect(page.locator("#hero")).to_contain_text("Seed 1 Ltd")
    page.locator(".toast").last.get_by_role("button", name="Undo").click()
    expect(page.locator("#hero")).to_contain_text("Ilves Works")


def test_without_script(visit, acme):
    one = acme.lead(first_name="Plain", last_name="Contact", email="plain@contact-works.com")
    page = visit("ada@acme.example", java_script_enabled=False)
    page.goto(f"/contacts/convert/{one}")
    page.get_by_role("radio", name="Another one, named below").check()
    page.get_by_label("Name of the other company").fill("Works of Art")
    page.get_by_role("button", name="Convert", exact=True).click()
    expect(page.locator("#hero")).to_contain_text("Works of Art")


def test_pages_are_accessible_and_fit(visit, acme, sound):
    page = visit("ada@acme.example")
    one = acme.lead(first_name="Look", last_name="Once", email="once@look-works.com")
    made = acme.post("/api/lead/convert", {"lead_id": one})["data"]["contact_id"]
    other = acme.lead(first_name="Look", last_name="Again", email="again@look-works.com", company="Look Ltd")
    for path in (
        "/contacts/",
        "/contacts/add",
        f"/contacts/convert/{other}",
        f"/contacts/{made}/",
        f"/contacts/{made}/?edit=emails",
    ):
        page.goto(path)
        assert sound(page, full=True) == []


def test_a_deal_is_made_as_well_and_stands_on_the_board(visit, acme, axe):
    one = acme.lead(first_name="Dora", last_name="Deal", email="dora@deal-works.com", estimated_value=12500)
    page = visit("ada@acme.example")
    page.goto(f"/contacts/convert/{one}")
    expect(page.get_by_label("Title")).to_be_hidden()
    page.get_by_label("Make a deal as well").check()
    expect(page.get_by_label("Value")).to_have_value("12500")
    assert axe(page) == []
    page.get_by_label("Title").fill("x")
    page.get_by_role("button", name="Convert", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was converted")
    expect(page.get_by_label("Title")).to_be_focused()
    page.get_by_label("Title").fill("Scanners for Dora")
    page.get_by_label("The contact's role").select_option("Champion")
    page.get_by_role("button", name="Convert", exact=True).click()
    section = page.locator("#part-deals")
    expect(section).to_contain_text("Scanners for Dora")
    expect(section).to_contain_text("Champion")
    page.reload()  # without the toast, which is still fading in
    assert axe(page) == []
    page.goto("/deals/board")
    card = page.locator(".deal", has_text="Scanners for Dora")
    expect(card).to_contain_text("$12,500")
    card.get_by_role("link", name="Scanners for Dora", exact=True).click()
    expect(page.get_by_role("complementary")).to_contain_text("Dora Deal")
    page.goto(f"/leads/{one}/")
    page.locator("#part-contact").get_by_role("link", name="Dora Deal").click()
    page.locator("#timeline").get_by_role("link", name="Undo this for all contacts it changed").click()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Undo")
    page.goto("/deals/board")
    expect(page.locator(".deal", has_text="Scanners for Dora")).to_have_count(0)


def test_a_deal_is_added_from_a_company_and_found_by_the_palette(visit, acme):
    one = acme.lead(first_name="Paul", last_name="Palette", email="paul@palette-works.com", company="Palette Works")
    company = acme.get(f"/api/lead/view/{one}")["company_id"]
    page = visit("ada@acme.example")
    page.goto(f"/companies/{company}/")
    page.locator("#part-deals").get_by_role("link", name="Add a deal").click()
    expect(page.get_by_label("Lead", exact=True)).to_have_value(f"Paul Palette #{one}")
    page.get_by_label("Title").fill("Quixotic order")
    page.get_by_label("Value").fill("900")
    page.get_by_role("button", name="Add deal").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Quixotic order")
    page.goto(f"/companies/{company}/")
    expect(page.locator("#part-deals")).to_contain_text("$900 open")
    page.keyboard.press("Control+k")
    page.get_by_role("searchbox", name="Go to a page").fill("Quixotic")
    page.get_by_role("button", name="Search the deals for Quixotic").click()
    expect(page.get_by_role("link", name="Quixotic order")).to_be_visible()
