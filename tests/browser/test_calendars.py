"""A member connects a calendar on the settings page, has it read, and disconnects it; with script and without."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.integrations.radicale import PASSWORD, USER, running


@pytest.fixture(scope="module")
def radicale(stage, tmp_path_factory):
    with running(tmp_path_factory.mktemp("radicale"), stage.calendar_port) as server:
        server.make()
        server.make("home", "Home")
        at = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)
        lines = [f"DTSTART:{at:%Y%m%dT%H%M%SZ}", f"DTEND:{at + timedelta(hours=1):%Y%m%dT%H%M%SZ}"]
        server.put("dentist", lines)
        server.put("odd", [*lines, "RRULE:FREQ=SECONDLY"])
        yield server


def fill(page, server, password=PASSWORD):
    page.get_by_label("Address").fill(server.url)
    page.get_by_label("User name").fill(USER)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Connect").click()


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_connect_read_and_disconnect(script, visit, acme, radicale):
    page = visit("ada@acme.example", java_script_enabled=script)
    page.goto("/settings/calendars")
    page.get_by_role("link", name="Connect CalDAV", exact=True).click()
    fill(page, radicale, "wrong")
    expect(page.get_by_role("alert")).to_contain_text("does not take this user name and password")
    expect(page.get_by_label("User name")).to_have_value(USER)
    expect(page.get_by_label("Password")).to_have_value("")
    fill(page, radicale)
    if script:
        expect(page.locator(".account .chip").first).to_have_text("Connected")
    else:
        for _ in range(100):
            if page.locator(".account .chip").first.inner_text() == "Connected":
                break
            page.wait_for_timeout(100)
            page.goto("/settings/calendars")
    expect(page.locator(".counts")).to_contain_text("Block times")
    expect(page.locator(".account .notice")).to_contain_text("An event recurs too often")
    row = page.get_by_role("row", name="Home")
    row.get_by_role("checkbox").uncheck()
    row.get_by_role("radio").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("Your calendars are saved.")
    expect(page.get_by_role("row", name="Home").get_by_role("radio")).to_be_checked()
    page.get_by_role("link", name="Disconnect CalDAV").click()
    page.get_by_role("button", name="Disconnect", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("CalDAV is disconnected; its password is gone.")
    expect(page.get_by_role("link", name="Connect CalDAV", exact=True)).to_be_visible()


def test_its_pages_are_sound(visit, acme, radicale, sound):
    page, found = visit("ada@acme.example"), []
    page.goto("/settings/calendars/caldav/connect")
    fill(page, radicale)
    expect(page.locator(".account .chip").first).to_have_text("Connected")
    for address in ("/settings/calendars", "/settings/calendars/caldav/connect", "/settings/calendars/caldav/disconnect"):
        assert page.goto(address).status == 200, address
        found += sound(page)
    page.goto("/settings/calendars")
    page.get_by_role("link", name="Disconnect CalDAV").click()
    found += sound(page)
    page.get_by_role("button", name="Disconnect", exact=True).click()
    expect(page.get_by_role("link", name="Connect CalDAV", exact=True)).to_be_visible()
    page.goto("/settings/calendars")
    found += sound(page)
    assert not found, "\n".join(found)
