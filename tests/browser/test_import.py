"""The import wizard before a real Chromium, server and worker."""

import pytest

pytestmark = pytest.mark.browser
LIST = """Name;E-Mail;Firma;Telefon;Schuhgröße
Jane Doe;jane.import@x.example;Acme;+49 30 12345;42
Row Seed;ROW27@seed.example;Other;;
Nobody;;;;
"""


def drop(page, text, name="messe.csv"):
    page.goto("/import/")
    page.get_by_label("Drop a lead list here, or choose a file").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": text.encode("cp1252")}
    )
    page.get_by_role("button", name="Read the file").click()


def test_from_the_file_to_the_leads(visit, acme, axe):
    page = visit(acme.email)
    page.goto("/leads/")
    page.get_by_role("link", name="Import").click()
    assert axe(page) == []
    drop(page, LIST)
    page.wait_for_url("**/import/*/")
    assert page.get_by_label("E-Mail", exact=True).input_value() == "email"
    assert page.get_by_label("Schuhgröße").input_value() == "custom"
    assert axe(page) == []
    page.get_by_label("Then").select_option("update")
    page.get_by_label("Schuhgröße").select_option("ignore")
    page.get_by_role("button", name="Check the rows").click()

    start = page.get_by_role("button", name="Import 2 rows")  # comes by itself, when the page asks again
    start.wait_for()
    assert page.get_by_role("row", name="2 Jane Doe").get_by_text("New lead").is_visible()
    assert page.get_by_role("row", name="4 ").get_by_text("needs an e-mail").is_visible()
    assert page.get_by_role("link", name="Row Seed").is_visible()  # the lead that it will update
    assert axe(page) == []
    start.click()

    page.get_by_role("link", name="Show the imported leads").wait_for()
    assert axe(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the refused rows").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    assert text.splitlines()[0] == "row_number,reason,Name,E-Mail,Firma,Telefon,Schuhgröße"
    assert "Nobody" in text
    page.get_by_role("link", name="Show the imported leads").click()
    page.get_by_role("link", name="Jane Doe").wait_for()
    assert page.locator("tbody tr").count() == 2


def test_without_script_a_reload_shows_how_far_it_is(visit, acme):
    page = visit(None, java_script_enabled=False)
    from tests.browser.conftest import sign_in

    sign_in(page, acme.email)
    drop(page, "email\n" + "".join(f"plain{n}@x.example\n" for n in range(40)))
    page.get_by_role("button", name="Check the rows").click()
    reload_until(page, page.get_by_role("button", name="Import 40 rows"))
    page.get_by_role("button", name="Import 40 rows").click()
    reload_until(page, page.get_by_role("link", name="Show the imported leads"))


def test_a_file_may_be_dropped_anywhere_on_the_zone(visit, acme):
    page = visit(acme.email)
    page.goto("/import/")
    page.evaluate("""() => {
        const data = new DataTransfer()
        data.items.add(new File(["email\\ndropped@x.example\\n"], "dropped.csv"))
        document.querySelector("[data-drop] .help").dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true}))
    }""")
    page.get_by_role("button", name="Read the file").click()
    page.get_by_role("heading", name="dropped.csv").wait_for()


def test_it_can_be_cancelled_and_is_in_the_list(visit, acme):
    page = visit(acme.email)
    drop(page, "email\na.cancelled@x.example\n", "gone.csv")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("heading", name="Cancelled").wait_for()
    page.goto("/import/")
    assert page.get_by_role("row", name="gone.csv").get_by_text("Cancelled").is_visible()


def test_what_is_no_list_is_told_beside_the_file(visit, acme):
    page = visit(acme.email)
    drop(page, "%PDF-1.7", "leads.pdf")
    assert page.get_by_role("alert").inner_text().startswith("This is a PDF")


def test_on_a_phone_everything_can_be_reached(visit, acme):
    page = visit(acme.email, viewport={"width": 390, "height": 844})
    drop(page, LIST.replace("jane.import", "jane.phone"))
    page.get_by_role("button", name="Check the rows").click()
    page.get_by_role("button", name="Import 1 row").wait_for()  # the other one is there already, and skipped
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def reload_until(page, locator):
    for _ in range(60):
        if locator.is_visible():
            return
        page.wait_for_timeout(250)
        page.reload()
    raise AssertionError(page.content()[-2000:])
