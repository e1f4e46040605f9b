"""Exports before a real Chromium, server and worker."""

import csv
import io

import pytest

from tests.browser.conftest import DESK, PHONE

pytestmark = pytest.mark.browser


def test_from_the_list_to_the_file(visit, acme, axe):
    page = visit(acme.email)
    page.goto("/leads/?country=France")
    page.get_by_text("Export", exact=True).first.click()
    assert axe(page) == []
    page.get_by_role("button", name="Export 15 leads").click()
    page.wait_for_url("**/exports/")
    link = page.get_by_role("link", name="Download Leads").first
    link.wait_for()  # comes by itself, when the page asks again
    assert axe(page) == []
    with page.expect_download() as download:
        link.click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 15 and {row["country"] for row in rows} == {"France"}
    assert download.value.suggested_filename.startswith("Leads 20")


def test_the_ticked_ones_as_a_workbook(visit, acme):
    page = visit(acme.email)
    page.goto("/leads/?search_value=Seed&order_by=id&order_in=ASC")
    for box in page.locator("tbody .pick input").all()[:2]:
        box.check()
    bar = page.get_by_role("group", name="Selected leads")
    bar.get_by_text("Export", exact=True).first.click()
    bar.get_by_label("Format").select_option("xlsx")
    bar.get_by_role("button", name="Export").click()
    page.wait_for_url("**/exports/")
    row = page.get_by_role("row").filter(has_text=".xlsx").first
    row.get_by_role("link", name="Download").wait_for()
    assert row.locator("td[data-label=Rows]").inner_text() == "2"


def test_without_script_and_on_a_phone(visit, acme):
    from tests.browser.conftest import sign_in

    page = visit(None, java_script_enabled=False, viewport=PHONE)
    sign_in(page, acme.email)
    page.goto("/exports/")
    page.get_by_label("Export all").select_option("companies")
    page.get_by_role("button", name="Export").click()
    for _ in range(60):
        if page.get_by_role("link", name="Download Companies").count():
            break
        page.wait_for_timeout(250)
        page.reload()
    assert page.get_by_role("link", name="Download Companies").first.is_visible()
    page.set_viewport_size(DESK)
    assert page.get_by_role("columnheader", name="Kept until").is_visible()


def test_the_page_of_exports_fits_a_phone(visit, acme):
    page = visit(acme.email, viewport=PHONE)
    page.goto("/exports/")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
