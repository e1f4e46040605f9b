"""A member opens the booking page; a visitor books on a phone, moves and cancels; with script and without."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, RULES


def set_up(page, name):
    """Hours round the clock on each day, a type with a question; answers the link of the page."""
    page.goto("/settings/booking")
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    for day in days:
        page.get_by_label(f"{day}, time 1 from").fill("00:00")
        page.get_by_label(f"{day}, time 1 until").fill("00:00")
    page.get_by_label("Booked at least this long before").select_option(label="Up to the last minute")
    page.get_by_label("Time zone of these hours").select_option(label="UTC")
    page.get_by_label("Heading").fill(f"Talk to {name}")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("Your booking page is saved.")
    page.get_by_role("link", name="New type").click()
    page.get_by_label("Name", exact=True).fill(f"{name} demo")
    page.get_by_label("Minutes").fill("30")
    page.get_by_label("Meet with").select_option(label="Zoom")
    page.get_by_label("Place or link").fill("https://zoom.example/room")
    page.get_by_label("Questions to visitors").fill("What do you use today? *")
    page.get_by_role("button", name="Add type").click()
    expect(page.get_by_role("row", name=f"{name} demo")).to_be_visible()
    return page.get_by_label("Link", exact=True).input_value()


def pick(page, day, time):
    """Choose a day, by its place among those that are free, and a time of it."""
    free = page.locator(".cal a")
    expect(free.nth(day)).to_be_visible()
    label = free.nth(day).get_attribute("aria-label")
    free.nth(day).click()
    expect(page.locator(".cal a[aria-current]")).to_have_attribute("aria-label", label)
    times = page.locator(".slots").locator("a, button")
    text = times.nth(time).inner_text()
    times.nth(time).click()
    return label, text


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without script"])
def test_booking_moving_and_cancelling(visit, acme, axe, scripted):
    name = "Scripted" if scripted else "Plain"
    page = visit("ada@acme.example", anew=not scripted, java_script_enabled=scripted)
    link = set_up(page, name)
    visitor = visit(java_script_enabled=scripted, viewport=PHONE, timezone_id="Europe/Lisbon", has_touch=True)
    visitor.goto(link)
    expect(visitor.get_by_role("heading", name=f"Talk to {name}")).to_be_visible()
    if scripted:
        visitor.wait_for_url(re.compile("tz=Europe"))
        expect(visitor.locator("details.zone summary")).to_contain_text("Europe/Lisbon")
        assert not axe(visitor, rules=RULES["phone"])
    visitor.get_by_role("link", name="The next month").click()
    visitor.get_by_role("link", name=f"{name} demo").click()
    _, time = pick(visitor, 3, 4)
    expect(visitor.locator(".chosen")).to_contain_text(time)
    visitor.get_by_label("Your name").fill(f"Vera {name}")
    visitor.get_by_label("E-mail").fill(f"vera.{name}@visitor.example".lower())
    visitor.get_by_label("What do you use today?").fill("Paper")
    visitor.get_by_label("What is it about?").fill("Depots")
    visitor.get_by_role("button", name="Book this time").click()
    expect(visitor.get_by_role("alert")).to_contain_text("very quick")  # nobody types all that within two seconds
    visitor.wait_for_timeout(2000)
    visitor.get_by_role("button", name="Book this time").click()
    expect(visitor.get_by_role("heading", name="Booked")).to_be_visible()
    expect(visitor.locator(".booked")).to_contain_text(f"{name} demo with Vera {name}")
    assert visitor.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0 if scripted else True

    page.goto("/meetings/?when=coming&is_booked=true")
    page.get_by_role("link", name=f"{name} demo with Vera {name}").click()
    expect(page.locator("#hero")).to_contain_text("Booked by visitor")
    expect(page.locator(".answers")).to_contain_text("Paper")
    expect(page.get_by_role("link", name="Join", exact=True)).to_have_attribute("href", "https://zoom.example/room")
    meeting = page.url

    visitor.get_by_role("link", name="Move").click()
    _, later = pick(visitor, 5, 7)
    expect(visitor.get_by_role("heading", name="Moved")).to_be_visible()
    expect(visitor.locator(".booked")).to_contain_text(later)
    page.goto(meeting)
    expect(page.locator("#hero")).to_contain_text("Rescheduled")
    expect(page.locator("#timeline")).to_contain_text("moved the meeting to")

    visitor.locator("summary", has_text="Cancel").click()
    visitor.get_by_role("button", name="Cancel this meeting").click()
    expect(visitor.get_by_role("heading", name="Cancelled")).to_be_visible()
    assert visitor.context.cookies() == []
    page.goto(meeting)
    expect(page.locator("#hero")).to_contain_text("Cancelled")
    page.get_by_role("button", name="Back to planned").click()
    expect(page.locator("#hero")).to_contain_text("Scheduled")
    page.get_by_role("button", name="Cancel meeting").click()
    expect(page.locator("#hero .chip").first).to_have_text("Cancelled")
    if scripted:  # what one has done is taken back from the toast
        page.locator("#toasts").get_by_role("button", name="Undo").last.click()
        expect(page.locator("#hero")).to_contain_text("Scheduled")


def test_a_page_that_two_share(visit, acme):
    page = visit("ada@acme.example")
    set_up(page, "Ada")
    page.goto("/settings/booking")
    page.get_by_role("link", name="Shared pages").click()
    page.get_by_role("link", name="New page").click()
    page.get_by_label("Heading").fill("Talk to the team")
    page.get_by_label("First host").select_option(label="Admin")
    page.get_by_role("button", name="Add page").click()
    page.get_by_label("Another host").select_option(label="Rob Rep")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("Rob Rep can be booked here.")
    page.get_by_role("button", name="Move Rob Rep up").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("Rob Rep")
    visitor = visit(java_script_enabled=False, viewport=PHONE)
    visitor.goto(page.get_by_label("Link", exact=True).input_value())
    expect(visitor.get_by_role("heading", name="Talk to the team")).to_be_visible()
    visitor.get_by_role("link", name="The next month").click()
    pick(visitor, 9, 3)
    visitor.get_by_label("Your name").fill("Tim Team")
    visitor.get_by_label("E-mail").fill("tim@visitor.example")
    visitor.wait_for_timeout(2000)  # nobody types that quickly
    visitor.get_by_role("button", name="Book this time").click()
    expect(visitor.get_by_role("heading", name="Booked")).to_be_visible()
    page.reload()
    expect(page.get_by_role("row").filter(has=page.get_by_role("cell", name="1", exact=True))).to_have_count(1)
    page.get_by_role("button", name="Remove Rob Rep").click()
    expect(page.locator("#toasts")).to_contain_text("Rob Rep is no host of this page any more.")
    page.locator("#toasts").get_by_role("button", name="Undo").last.click()
    expect(page.get_by_role("button", name="Remove Rob Rep")).to_be_visible()


def test_the_week_by_keys(visit, acme):
    lead = acme.lead(first_name="Week", last_name="Guest", email="week@guest.example")
    page = visit("ada@acme.example")
    page.goto(f"/meetings/add?lead={lead}&at=2031-06-04T10:00")
    page.get_by_role("button", name="Plan meeting").click()
    expect(page.get_by_role("heading", name="Meeting with Week Guest")).to_be_visible()
    page.goto("/meetings/week?day=2031-05-28")
    expect(page.get_by_role("heading", name="26 May – 1 Jun 2031")).to_be_visible()
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="2 Jun – 8 Jun 2031")).to_be_visible()
    event = page.get_by_role("link", name="10:00–10:30 Meeting with Week Guest")
    hour = page.locator(".clock span", has_text="10:00")
    top, line = event.bounding_box()["y"], hour.bounding_box()["y"]
    assert abs(top - line) < 10, "stands at its hour"
    event.press("Enter")
    expect(page.locator("#hero")).to_contain_text("Wed 4 Jun 2031, 10:00–10:30")
    page.goto(f"/leads/{lead}/")
    expect(page.locator("#part-meetings")).to_contain_text("Meeting with Week Guest")


def share(page):
    """A shared page; answers where its settings are."""
    page.goto("/settings/booking/shared/add")
    page.get_by_label("Heading").fill("Sound team")
    page.get_by_role("button", name="Add page").click()
    expect(page.get_by_role("heading", name="Sound team", level=1)).to_be_visible()
    return page.url


def test_its_pages_are_sound(visit, acme, sound):
    page, found = visit("ada@acme.example"), []
    acme.post("/api/meeting/add", {"title": "Sound", "start_time": "2031-07-01T09:00:00Z", "end_time": "2031-07-01T10:00:00Z"})
    meeting = acme.get("/api/meeting/list?search_value=Sound")[0]["id"]
    shared = share(page)
    for address in ("/meetings/", "/meetings/?status=4&search_value=zzzz", "/meetings/week?day=2031-07-01", "/meetings/add",
                    f"/meetings/{meeting}/", f"/meetings/{meeting}/?edit=start_time", f"/meetings/{meeting}/?edit=attendees",
                    f"/meetings/{meeting}/delete", "/settings/booking", "/settings/booking/types/add",
                    "/settings/booking/shared", "/settings/booking/shared/add", shared, f"{shared}/types/add",
                    "/book/sound-team"):  # fmt: skip
        assert page.goto(address).status == 200, address
        found += sound(page)
    assert not found, "\n".join(found)
