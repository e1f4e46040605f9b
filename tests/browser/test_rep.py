"""A rep at work: from sign-in to a lead that is scored."""

import re

from playwright.sync_api import expect

from tests.browser.stage import PASSWORD


def test_a_lead_is_worked_from_the_list(visit, acme):
    acme.lead(first_name="Priya", last_name="Raman", email="priya@northwind.example", company="Northwind Freight")
    page = visit()
    page.goto("/leads/")
    page.get_by_label("Email").fill("rob@acme.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Priya Raman").click()
    expect(page.get_by_role("heading", name="Priya Raman")).to_be_visible()

    page.get_by_role("link", name="Edit Title").click()
    page.get_by_label("Title", exact=True).fill("Head of Operations")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Title saved.")).to_be_visible()
    expect(page.locator("#hero")).to_contain_text("Head of Operations at Northwind Freight")
    timeline = page.get_by_role("region", name="Timeline")
    expect(timeline).to_contain_text("Rob Rep changed Title")
    expect(page.get_by_role("link", name="Edit Title")).to_be_focused()

    page.get_by_role("button", name="Qualified", exact=True).click()
    expect(page.get_by_role("button", name="Qualified", exact=True)).to_have_attribute("aria-current", "step")
    expect(timeline).to_contain_text("Rob Rep set the status to Qualified")

    page.get_by_role("textbox", name="Note").fill("Wants proof that scanners work offline.\nBring the Baltik case.")
    page.get_by_role("button", name="Add note").click()
    expect(timeline.locator(".note")).to_have_text("Wants proof that scanners work offline.\nBring the Baltik case.")
    expect(page.get_by_role("textbox", name="Note")).to_have_value("")

    score = page.locator("#score")
    expect(score.locator(".why")).to_contain_text("Decides: leads a department", timeout=15_000)
    expect(score.locator(".big")).to_have_text(re.compile(r"^\d+$"))
    start = int(re.search(r"The average lead has (\d+)", score.inner_text())[1])
    points = [int(text.replace("−", "-")) for text in score.locator(".why b").all_inner_texts()]
    assert int(score.locator(".big").inner_text()) == start + sum(points)


def test_every_field_is_edited_in_its_place(visit, acme):
    acme.post("/api/custom-lookups/add", {"module_name": "lead", "type": "tags", "name": "logistics"})
    lead = acme.lead(first_name="Mei", last_name="Tanaka", email="mei@kumo.example", custom_fields={"Depots": "14"})
    page = visit("rob@acme.example")
    page.goto(f"/leads/{lead}/")
    fields = {
        "First name": "Mei Lin",
        "Last name": "Sato",
        "Email": "mei.sato@kumo.example",
        "Phone": "+81 3 555 0148",
        "LinkedIn": "https://www.linkedin.com/in/mei",
        "Company": "Kumo Robotics",
        "Title": "CTO",
        "Industry": "Robotics",
        "Website": "https://kumo.example",
        "Address": "1 Harbour Road",
        "City": "Osaka",
        "State": "Kansai",
        "Country": "Japan",
        "Postal code": "530-0001",
        "Depots": "15",
    }
    for label, text in fields.items():
        # by keyboard: the score above may grow by a line at any moment, and a mouse would miss
        page.get_by_role("link", name=f"Edit {label}", exact=False).first.press("Enter")
        page.get_by_label(label, exact=True).fill(text)
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name=f"Edit {label}, now {text}")).to_be_visible()
    for label, text in {"Owner": "Rob Rep", "Source": "Referral", "Priority": "Urgent"}.items():
        page.get_by_role("link", name=re.compile(f"^Edit {label}")).click()
        page.get_by_label(label, exact=True).select_option(label=text)
        expect(page.get_by_role("link", name=f"Edit {label}, now {text}")).to_be_visible()
    page.get_by_role("link", name="Edit Value").click()
    page.get_by_label("Value", exact=True).fill("48000.5")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Edit Value, now $48,000.50")).to_be_visible()
    page.get_by_role("link", name="Edit Tags").click()
    page.get_by_role("checkbox", name="logistics").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Edit Tags, now logistics")).to_be_visible()
    page.get_by_role("link", name="Edit Remarks").click()
    page.get_by_label("Remarks", exact=True).fill("First line\nSecond line")
    page.get_by_role("heading", name="Mei Lin Sato").click()  # leaving a field saves it
    expect(page.get_by_text("Remarks saved.")).to_be_visible()
    page.reload()
    expect(page.locator("#fields")).to_contain_text("Second line")
    there = acme.get(f"/api/lead/view/{lead}")
    assert (there["company"], there["pin_code"], there["custom_fields"]) == ("Kumo Robotics", "530-0001", {"Depots": "15"})
    assert [tag["name"] for tag in there["tags"]] == ["logistics"] and there["priority"] == 4


def test_a_wrong_value_is_told_under_its_field_and_escape_puts_it_back(visit, acme):
    lead = acme.lead(first_name="Lucas", last_name="Meyer", email="lucas@baltik.example")
    page = visit("rob@acme.example")
    page.goto(f"/leads/{lead}/")
    page.get_by_role("link", name="Edit Email").click()
    field = page.get_by_label("Email", exact=True)
    field.fill("no address")
    page.keyboard.press("Enter")
    expect(page.locator("#field-email [role=alert]")).to_be_visible()
    expect(field).to_have_value("no address")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Edit Email, now lucas@baltik.example")).to_be_focused()
    page.get_by_role("link", name="Edit City").click()
    page.get_by_label("City", exact=True).fill("Riga")
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Edit City", exact=True)).to_be_visible()
    assert acme.get(f"/api/lead/view/{lead}")["city"] is None


def test_walking_through_a_choice_with_the_arrow_keys_saves_nothing_yet(visit, acme):
    lead = acme.lead(first_name="Arrow", last_name="Keys")
    page = visit("rob@acme.example")
    page.goto(f"/leads/{lead}/")
    page.get_by_role("link", name="Edit Priority, now Medium").press("Enter")
    field = page.get_by_label("Priority", exact=True)
    field.press("ArrowDown")
    field.press("ArrowDown")
    expect(field).to_have_value("4")
    expect(page.locator("#toasts .toast")).to_have_count(0)
    field.press("Enter")
    expect(page.get_by_role("link", name="Edit Priority, now Urgent")).to_be_focused()


def test_a_new_lead_is_refused_beside_its_fields_then_as_a_duplicate_then_taken(visit, acme):
    there = acme.lead(first_name="Sara", last_name="Haddad", email="sara@olive.example")
    page = visit("rob@acme.example")
    page.goto("/leads/")
    page.keyboard.press("c")
    page.get_by_label("First name").fill("S")
    page.get_by_label("Last name").fill("Haddad")
    page.get_by_label("Email").fill("sara@olive.example")
    page.get_by_label("Value").fill("9400")
    page.get_by_role("button", name="Add lead").click()
    expect(page.get_by_label("First name")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("First name")).to_be_focused()
    page.get_by_label("First name").fill("Sara")
    page.get_by_role("button", name="Add lead").click()
    expect(page.get_by_role("alert")).to_contain_text("This person is already here. Sara Haddad has the same email address.")
    assert page.get_by_role("link", name="Sara Haddad").get_attribute("href") == f"/leads/{there}/"
    expect(page.get_by_label("Value")).to_have_value("9400")
    page.get_by_label("Email").fill("sara.h@olive.example")
    page.get_by_role("button", name="Add lead").click()
    expect(page.get_by_role("heading", name="Sara Haddad")).to_be_visible()
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("Rob Rep created the lead")
    expect(page.locator("#score .why")).to_be_visible(timeout=15_000)


def test_a_lead_is_deleted_after_asking_once(visit, acme):
    lead = acme.lead(first_name="Oliver", last_name="Gone")
    page = visit("rob@acme.example")
    page.goto(f"/leads/{lead}/")
    page.get_by_role("link", name="Delete lead").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    page.get_by_role("link", name="Delete lead").click()
    page.get_by_role("dialog", name="Delete Oliver Gone?").get_by_role("button", name="Delete lead").click()
    expect(page.get_by_text("Oliver Gone is deleted.")).to_be_visible()
    assert page.goto(f"/leads/{lead}/").status == 404


def test_leads_are_walked_through_in_the_order_of_the_list(visit, acme):
    for n in (1, 2, 3):
        acme.lead(first_name=f"Walk{n}", last_name="Pager")
    page = visit("rob@acme.example")
    page.goto("/leads/?search_value=Pager&order_by=first_name&order_in=ASC")
    page.get_by_role("link", name="Walk1 Pager").click()
    expect(page.get_by_role("navigation", name="Leads of the list")).to_contain_text("1 of 3")
    page.get_by_role("link", name="Next lead").click()
    page.get_by_role("link", name="Next lead").click()
    expect(page.get_by_role("heading", name="Walk3 Pager")).to_be_visible()
    expect(page.get_by_role("link", name="Next lead")).to_have_count(0)
    page.get_by_role("link", name="Previous lead").click()
    expect(page.get_by_role("heading", name="Walk2 Pager")).to_be_visible()
    page.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="Leads").click()
    expect(page.get_by_label("Search leads")).to_have_value("Pager")
