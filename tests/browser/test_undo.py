"""Undo in a real Chromium: from the toast, from the timeline, of an import with conflicts; the feed, and whom an @ may mean."""

from playwright.sync_api import expect

LIST = "Email,First name,Last name,City\n" + "".join(f"undo{n}@x.example,Undo{n},Import,Bonn\n" for n in range(6))


def test_a_change_is_undone_from_its_toast_and_from_the_timeline(visit, acme, axe):
    lead = acme.lead(first_name="Olga", last_name="Undo", email="olga@undo.example", city="Riga")
    page = visit("ada@acme.example")
    page.goto(f"/leads/{lead}/")
    timeline, city = page.get_by_role("region", name="Timeline"), page.locator("#field-city")

    city.get_by_role("link").or_(city.get_by_role("button")).first.click()
    city.get_by_role("textbox").fill("Bonn")
    city.get_by_role("textbox").press("Enter")
    toast = page.locator(".toast", has_text="City saved.")
    toast.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast", has_text="1 record put back.")).to_be_visible()
    expect(page.locator("#field-city")).to_contain_text("Riga")
    changed = timeline.get_by_role("listitem").filter(has_text="changed City")
    expect(changed).to_have_count(2)
    expect(changed.nth(1)).to_contain_text("Undone")
    assert axe(page) == []

    back = changed.nth(0).get_by_role("button", name="Undo this change")  # the undo of the undo, by keyboard
    back.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#field-city")).to_contain_text("Bonn")
    expect(timeline.get_by_role("listitem").filter(has_text="changed City")).to_have_count(3)


def test_an_import_is_undone_and_what_changed_since_is_listed(visit, acme, axe):
    page = visit("ada@acme.example")
    page.goto("/import/")
    page.get_by_label("Drop a lead list here, or choose a file").set_input_files(
        {"name": "undo.csv", "mimeType": "text/csv", "buffer": LIST.encode()}
    )
    page.get_by_role("button", name="Read the file").click()
    page.get_by_role("button", name="Check the rows").click()
    page.get_by_role("button", name="Import 6 rows").click()
    page.get_by_role("link", name="Show the imported leads").wait_for()
    address = page.url
    changed = next(row["id"] for row in acme.get("/api/lead/list?search_value=undo3@x.example"))
    acme.post(f"/api/lead/update/{changed}", {"city": "Oslo"})

    page.get_by_role("link", name="Undo the import").click()
    expect(page.get_by_role("heading", name="Undo this?")).to_be_visible()
    expect(page.get_by_text("6 × Lead created")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_role("heading", name="5 records put back")).to_be_visible()
    expect(page.get_by_text("1 left as it is")).to_be_visible()
    assert axe(page) == []
    page.goto(address)
    expect(page.get_by_role("link", name="Undo the import")).to_have_count(0)
    row = page.get_by_role("row", name="Undo3 Import").filter(has_text="has been changed since")
    expect(row).to_be_visible()
    assert axe(page) == []
    row.get_by_role("link", name="Undo3 Import").click()
    page.wait_for_url(f"**/leads/{changed}/")


def test_the_feed_groups_and_expands(visit, acme, axe):
    for n in range(3):
        acme.lead(first_name=f"Feed{n}", last_name="Group", email=f"feed{n}@x.example")
    page = visit("ada@acme.example")
    page.goto("/feed/")
    line = page.get_by_role("listitem").filter(has_text="created").filter(has_text="leads").first
    line.locator("summary").click()
    expect(line.get_by_role("link", name="Feed2 Group")).to_be_visible()
    page.get_by_label("What").select_option(label="Deleted")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("link", name="Clear")).to_be_visible()
    assert axe(page) == []


def test_letters_after_an_at_sign_choose_a_member(visit, acme, axe):
    lead = acme.lead(first_name="Mia", last_name="Mention", email="mia@x.example")
    page = visit("ada@acme.example")
    page.goto(f"/leads/{lead}/")
    note = page.get_by_role("textbox", name="Note")
    note.press_sequentially("Ask @ro")
    options = page.locator("#compose").get_by_role("option")
    option = options.first
    expect(option).to_contain_text("rob@acme.example")
    assert axe(page, "#compose") == []
    note.press("Enter")
    expect(options).to_have_count(0)
    assert note.input_value().startswith("Ask @Rob") and note.input_value().endswith(" ")
    note.press_sequentially("and @zz")
    expect(options).to_have_count(0)
    note.press_sequentially(" @r")
    expect(options.first).to_be_visible()
    note.press("Escape")
    expect(options).to_have_count(0)
    page.get_by_role("button", name="Add note").click()
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("Ask @Rob")
