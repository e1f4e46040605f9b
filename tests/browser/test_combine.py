"""Filters put together with and/or before a real Chromium."""

import pytest

pytestmark = pytest.mark.browser


def choose(page, box, option):
    """Choose, and wait for the form that fits."""
    box.select_option(option)
    page.locator("#combine .htmx-request").first.wait_for(state="detached")


def test_from_the_filter_menu_to_a_shared_view(visit, acme, axe):
    page = visit(acme.email)
    page.goto("/leads/")
    page.keyboard.press("f")
    page.get_by_role("link", name="Combine with and/or").click()
    page.wait_for_load_state()  # a field that is chosen before the scripts have begun changes nothing yet
    choose(page, page.get_by_label("Field", exact=True), "company")
    choose(page, page.get_by_label("Company: what is asked"), "contains")
    page.get_by_label("Company: value").fill("Seed 1")
    page.get_by_role("button", name="Add a group").click()
    page.get_by_label("How the groups are combined").select_option("or")
    choose(page, page.get_by_label("Field", exact=True).last, "company")
    choose(page, page.get_by_label("Company: what is asked").last, "contains")
    page.get_by_label("Company: value").last.fill("Seed 2")
    page.get_by_role("button", name="Count").click()
    page.get_by_text("leads match").wait_for()
    assert page.get_by_label("Company: value").first.input_value() == "Seed 1"  # nothing typed is lost
    assert axe(page) == []
    page.get_by_role("button", name="Show leads").click()
    page.get_by_text("Company contains Seed 1 or Company contains Seed 2").wait_for()
    page.get_by_role("link", name="Save view").click()
    page.get_by_label("Name").fill("One and two")
    page.get_by_label("Who sees it").select_option("public")
    page.get_by_role("button", name="Save view").click()
    page.get_by_role("navigation", name="Views").get_by_role("link", name="One and two").wait_for()

    theirs = visit("rob@acme.example")  # shared: a colleague sees the same leads, and may not overwrite the view
    theirs.goto("/leads/")
    theirs.get_by_role("navigation", name="Views").get_by_role("link", name="One and two").click()
    theirs.get_by_text("Company contains Seed 1 or Company contains Seed 2").wait_for()
    assert theirs.locator(".foot .num").inner_text() == page.locator(".foot .num").inner_text()
    theirs.get_by_role("link", name="Score").click()  # sorted otherwise: modified for them alone
    theirs.get_by_text("Modified").wait_for()
    assert theirs.get_by_role("button", name="Save", exact=True).count() == 0
    page.reload()
    assert page.get_by_text("Modified").count() == 0
