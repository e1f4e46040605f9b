"""A member lets LIO into a Google calendar, plans a meeting by Google Meet, and the link is there; with script and without."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect
from pytest_httpserver import HTTPServer

from tests.integrations.calendars import Google


@pytest.fixture(scope="module")
def google(stage):
    """A server in Google's place, which judges what it is asked by Google's description."""
    with HTTPServer(host="127.0.0.1", port=stage.google_port) as http:
        there = Google(http, SimpleNamespace(OAUTH={}, ALLOW_PRIVATE_HOSTS=[]))
        at = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)
        there.add("dentist", f"{at:%Y-%m-%dT%H:%M:%SZ}", f"{at + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}", summary="Dentist")
        yield there
        assert there.errors == []


def connect(page):
    page.goto("/settings/calendars")
    page.get_by_role("link", name="Connect Google", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("Your Google calendar is connected.")
    account = page.get_by_role("region", name="Google")
    for _ in range(100):  # without script nothing follows by itself
        if account.locator(".counts").count():
            break
        page.wait_for_timeout(100)
        page.goto("/settings/calendars")
    expect(account).to_contain_text("rep@example.com")
    return account


def disconnect(page):
    page.goto("/settings/calendars")
    page.get_by_role("link", name="Disconnect Google").click()
    page.get_by_role("button", name="Disconnect", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("Google is disconnected")


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_a_meeting_gets_its_link(script, visit, acme, google, stage):
    page = visit("rob@acme.example", java_script_enabled=script)
    expect(connect(page)).to_contain_text("Block times")
    guest = f"guest-{script}@visitor.example".lower()
    page.goto("/meetings/add")
    page.get_by_label("Title").fill("Demo by Meet")
    page.get_by_label("Starts").fill(f"{datetime.now(UTC) + timedelta(days=2 + script):%Y-%m-%dT10:00}")
    page.get_by_label("Attendees").fill(guest)
    page.get_by_label("Meet with").select_option(label="Google Meet")
    page.get_by_role("button", name="Plan meeting").click()
    join = page.get_by_role("link", name="Join", exact=True)
    for _ in range(100):
        if join.count():
            break
        page.wait_for_timeout(100)
        page.reload()
    link = join.get_attribute("href")
    assert link.startswith("https://meet.google.com/")
    for _ in range(100):
        if mails := stage.mails(guest):
            break
        page.wait_for_timeout(100)
    assert len(mails) == 1 and f"Join: {link}" in mails[0].replace("=\n", "")
    disconnect(page)


def test_its_pages_are_sound(visit, acme, google, sound):
    page, found = visit("rob@acme.example"), []
    connect(page)
    for address in ("/settings/calendars", "/meetings/add", "/settings/booking/types/add"):
        assert page.goto(address).status == 200, address
        found += sound(page)
    disconnect(page)
    assert not found, "\n".join(found)
