"""What was said in a meeting is added, summed up and found again: with script and without, on a phone, by keys."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, RULES


def captions(parts):
    """A WebVTT file; part 20 says the decision."""
    lines = ["WEBVTT", ""]
    for n in range(parts):
        said = "We agreed to start with the northern depot." if n == 20 else f"About the routes of van {n} we talked at length."
        at = f"00:{n // 60:02d}:{n % 60:02d}"
        lines += [f"{at}.000 --> {at}.900", f"<v {('Ana', 'Jon')[n % 2]}>{said}", ""]
    return {"name": "depot.vtt", "mimeType": "text/vtt", "buffer": "\n".join(lines).encode()}


def planned(acme, title):
    """The id of a meeting that is over."""
    when = {"start_time": "2026-01-05T09:00:00Z", "end_time": "2026-01-05T10:00:00Z"}
    return acme.post("/api/meeting/add", {"title": title} | when)["data"]["id"]


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without script"])
def test_added_summed_up_and_found_again(visit, acme, axe, scripted):
    address = f"/meetings/{planned(acme, f'Depot talk {scripted}')}/"
    page = visit("ada@acme.example", anew=True, java_script_enabled=scripted, viewport=PHONE, has_touch=True)
    page.goto(address)
    part = page.locator("#part-transcript")
    expect(part).to_contain_text("Nobody has added yet what was said")
    part.get_by_label("Or paste it").fill("...")
    part.get_by_role("button", name="Add transcript").click()
    expect(part if scripted else page.locator("#toasts")).to_contain_text("olds no words that could be read")
    part.get_by_label("Or paste it").fill("")
    part.get_by_label("File", exact=True).set_input_files(captions(260))
    part.get_by_role("button", name="Add transcript").click()
    expect(page.locator("#toasts")).to_contain_text("depot.vtt is added: 260 parts.")
    expect(part).to_contain_text("2 speakers")
    part.get_by_role("button", name="Brief").click()
    expect(part.get_by_role("heading", name="Decisions")).to_be_visible()
    expect(part.get_by_role("button", name="Brief")).to_have_attribute("aria-pressed", "true")
    if scripted:
        assert not axe(page, rules=RULES["phone"])
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    place = part.get_by_role("link", name="0:20, in the transcript").first
    place.press("Enter") if scripted else place.click()
    expect(page).to_have_url(re.compile(rf"{address}transcript\?at=20#part-20$"))
    said = page.locator("#part-20")
    expect(said).to_have_text("We agreed to start with the northern depot.")
    expect(said).to_be_in_viewport()
    if scripted:
        assert page.evaluate("document.activeElement.id") == "part-20"
        assert not axe(page, rules=RULES["phone"])
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".foot")).to_contain_text("Parts 201–260 of 260")
    page.get_by_role("link", name="Summary").click()
    part.get_by_role("button", name="Delete the transcript").click()
    expect(page.locator("#toasts")).to_contain_text("The transcript is deleted.")
    expect(part).not_to_contain_text("northern depot")
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(part).to_contain_text("northern depot")


def test_its_pages_are_sound(visit, acme, sound):
    number, found = planned(acme, "Sound with a title that is longer than a phone is wide"), []
    acme.post(f"/api/meeting/{number}/transcript", {"text": "Ana: We agreed on it.\nJon: I'll send it."})
    acme.post(f"/api/meeting/{number}/generate-summary", {"detail": "detailed"})
    empty = planned(acme, "Empty")
    page = visit("ada@acme.example")
    for path in (f"/meetings/{number}/", f"/meetings/{number}/transcript", f"/meetings/{empty}/"):
        assert page.goto(path).status == 200, path
        found += sound(page)
        if path.endswith("/transcript"):
            assert page.locator(".foot").evaluate("part => getComputedStyle(part).display") == "flex"
    assert not found, "\n".join(found)
