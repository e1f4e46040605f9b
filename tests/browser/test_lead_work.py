"""A rep's work on one lead: follow-ups, pinned notes, files, the picture; and the bell that tells the colleague."""

from io import BytesIO

from PIL import Image
from playwright.sync_api import expect


def picture():
    out = BytesIO()
    Image.new("RGB", (60, 40), "teal").save(out, "PNG")
    return {"name": "face.png", "mimeType": "image/png", "buffer": out.getvalue()}


def test_follow_ups_notes_and_files_on_the_lead(visit, acme):
    lead = acme.lead(first_name="Ines", last_name="Moreau", email="ines@work.example")
    acme.post("/api/notification/read-all", {})  # what imports and the like told before
    page = visit("rob@acme.example")
    page.goto(f"/leads/{lead}/")
    step, timeline, compose = page.locator("#next"), page.get_by_role("region", name="Timeline"), page.locator("#compose")

    compose.get_by_role("link", name="Follow-up").click()
    compose.get_by_label("What is to be done").fill("Send the offer")
    compose.get_by_label("When").fill("2031-06-15T09:00")
    compose.get_by_label("Repetition").select_option("weekly")
    compose.get_by_role("button", name="Plan it").click()
    expect(step).to_contain_text("Send the offer")
    expect(step).to_contain_text("15 Jun 2031, 09:00")
    expect(timeline).to_contain_text("planned a follow-up for 15 Jun 2031, 09:00")
    step.get_by_text("Put off").click()
    step.get_by_role("button", name="Tomorrow morning").click()
    expect(step).to_contain_text("tomorrow, 09:00")
    step.get_by_role("button", name="Done").click()
    expect(page.get_by_text("Done. The next one is planned.")).to_be_visible()
    expect(timeline).to_contain_text("did a follow-up")

    page.get_by_role("link", name="Note", exact=True).click()
    page.get_by_role("textbox", name="Note").fill("Budget is set @ada@acme.example")
    page.get_by_role("button", name="Add note").click()
    timeline.get_by_role("button", name="Pin").click()
    pinned = page.get_by_role("list", name="Pinned notes")
    expect(pinned).to_contain_text("Budget is set")
    pinned.get_by_role("link", name="Edit").click()
    pinned.get_by_role("textbox", name="Note").fill("Budget is gone @ada@acme.example")
    pinned.get_by_role("button", name="Save").click()
    expect(pinned).to_contain_text("Budget is gone")

    files = page.locator("#documents")
    files.get_by_label("File to attach").set_input_files({"name": "a.html", "mimeType": "text/plain", "buffer": b"<html>"})
    files.get_by_role("button", name="Attach", exact=True).click()
    expect(files.get_by_role("alert")).to_contain_text("Is HTML, SVG or XML")
    files.get_by_label("File to attach").set_input_files(
        {"name": "offer.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"}
    )
    files.get_by_role("button", name="Attach", exact=True).click()
    with page.expect_download() as download:
        files.get_by_role("link", name="offer.pdf", exact=True).click()
    assert download.value.suggested_filename == "offer.pdf"
    files.get_by_role("link", name="Delete offer.pdf").click()
    page.get_by_role("button", name="Delete file").click()
    expect(page.locator("#documents")).to_contain_text("No files yet.")

    page.get_by_role("link", name="Add a picture").click()
    page.get_by_label("Picture").set_input_files(picture())
    page.get_by_role("button", name="Save picture").click()
    image = page.locator("#hero img")
    expect(image).to_be_visible()
    assert image.evaluate("image => image.complete && image.naturalWidth") == 60

    ada = visit("ada@acme.example")
    ada.goto("/leads/")
    bell = ada.get_by_role("link", name="Notifications, 1 unread")
    bell.click()
    ada.get_by_role("link", name="Rob Rep mentioned you in a note on Ines Moreau").click()
    expect(ada.get_by_role("heading", name="Ines Moreau")).to_be_visible()
    expect(ada.get_by_role("link", name="Notifications", exact=True)).to_be_visible()
