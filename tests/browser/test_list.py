"""The list of leads: what stands in the address, selecting, working many leads at once, the keyboard."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def page(visit, acme):
    page = visit("rob@acme.example")
    page.goto("/leads/")
    return page


def seed(api, word, count=3):
    for n in range(count):
        api.lead(first_name=f"{word}{n}", last_name=word, email=f"{word}{n}@bulk.example".lower())


def test_filters_live_in_the_address(page):
    page.keyboard.press("f")
    page.get_by_label("Country").fill("France")
    page.get_by_role("checkbox", name="New", exact=True).check()
    page.get_by_role("button", name="Show leads").click()
    page.wait_for_url(re.compile(r"country=France"))
    assert "company=" not in page.url and "score_min" not in page.url
    expect(page.locator(".filter")).to_have_count(2)
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(15)
    page.get_by_role("link", name="Score", exact=True).click()
    page.wait_for_url(re.compile(r"order_by=score&order_in=DESC"))
    expect(page.get_by_role("columnheader", name="Score")).to_have_attribute("aria-sort", "descending")
    names = page.locator("tbody .name").all_inner_texts()
    page.reload()
    assert page.locator("tbody .name").all_inner_texts() == names
    expect(page.locator(".filter")).to_have_count(2)
    page.get_by_role("link", name="Remove filter Country is France").click()
    expect(page.locator(".filter")).to_have_count(1)
    page.go_back()
    expect(page.locator(".filter")).to_have_count(2)
    expect(page.locator("tbody .name").first).to_have_text(names[0])
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    page.go_forward()
    expect(page.locator(".filter")).to_have_count(1)
    page.keyboard.press("Control+k")  # the palette that came back with the page works, too
    page.keyboard.type("new lead")
    expect(page.locator("#palette li:visible")).to_have_count(6)  # it, and a search of each list
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Clear all").click()
    expect(page.locator(".filter")).to_have_count(0)


def test_typing_searches_and_the_search_stays_in_the_address(page):
    page.keyboard.press("/")
    page.keyboard.type("Row07 seed")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.wait_for_url(re.compile(r"search_value=Row07(\+|%20)seed"))
    expect(page.get_by_label("Search leads")).to_be_focused()
    page.get_by_label("Search leads").fill("nobody-has-this-name")
    expect(page.get_by_role("heading", name="No lead matches")).to_be_visible()
    page.get_by_role("link", name=re.compile("Show all")).click()
    expect(page.locator("tbody tr")).to_have_count(25)
    expect(page.get_by_label("Search leads")).to_have_value("")


def test_tabs_and_pages(page):
    expect(page.get_by_role("link", name=re.compile("^All leads"))).to_have_attribute("aria-current", "page")
    page.get_by_role("link", name="Next").click()
    page.wait_for_url(re.compile("page=2"))
    expect(page.locator(".foot")).to_contain_text("26–")
    page.get_by_role("link", name=re.compile("^Unassigned")).click()
    page.wait_for_url(re.compile(r"\?unassigned=true$"))
    expect(page.get_by_role("link", name=re.compile("^Unassigned"))).to_have_attribute("aria-current", "page")
    page.go_back()
    expect(page.locator(".foot")).to_contain_text("26–")


def test_chosen_rows_are_assigned_and_moved(page, acme):
    seed(acme, "Bulka", 4)
    page.goto("/leads/?search_value=Bulka&order_by=first_name&order_in=ASC")
    boxes = page.locator("tbody .pick input")
    boxes.nth(0).click()
    boxes.nth(2).click(modifiers=["Shift"])
    expect(page.locator("[data-ticked]")).to_have_text("3 selected")
    page.locator("summary").get_by_text("Assign").click()
    page.get_by_label("New owner").select_option(label="Rob Rep")
    page.get_by_role("button", name="Assign", exact=True).click()
    expect(page.get_by_text("3 leads assigned to Rob Rep.")).to_be_visible()
    expect(page.get_by_label("Search leads")).to_have_value("Bulka")
    assert [("Rob Rep" in row) for row in page.locator("tbody tr").all_inner_texts()] == [True, True, True, False]
    page.get_by_label("Select all on this page").check()
    page.locator("summary").get_by_text("Status").click()
    page.get_by_label("New status").select_option(label="Contacted")
    page.get_by_role("button", name="Set status").click()
    expect(page.get_by_text("4 leads set to Contacted.")).to_be_visible()
    expect(page.locator("tbody .chip", has_text="Contacted")).to_have_count(4)


def test_tags_and_owner_are_taken_away_in_the_bulk_bar(page, acme, axe):
    for name in ("Fair", "Webinar"):
        acme.post("/api/custom-lookups/add", {"module_name": "lead", "type": "tags", "name": name})
    seed(acme, "Bulkt", 3)
    page.goto("/leads/?search_value=Bulkt&columns=tags,assigned_to")
    bar = page.get_by_role("group", name="Selected leads")

    def tag(button, *names):
        page.get_by_label("Select all on this page").check()
        bar.locator("summary").get_by_text("Tag").click()
        for name in names:
            bar.get_by_label(name).check()
        assert axe(page, ".bulk") == []
        bar.get_by_role("button", name=button).click()

    tag("Add tags", "Fair")
    expect(page.get_by_text("3 leads tagged Fair.")).to_be_visible()
    tag("Replace all tags", "Webinar")
    expect(page.get_by_text("3 leads tagged Webinar.")).to_be_visible()
    assert ["Webinar" in row and "Fair" not in row for row in page.locator("tbody tr").all_inner_texts()] == [True] * 3
    for owner, said in (("Rob Rep", "3 leads assigned to Rob Rep."), ("Nobody", "3 leads left without an owner.")):
        page.get_by_label("Select all on this page").check()
        bar.locator("summary").get_by_text("Assign").click()
        page.get_by_label("New owner").select_option(label=owner)
        bar.get_by_role("button", name="Assign", exact=True).click()
        expect(page.get_by_text(said)).to_be_visible()
    assert acme.get("/api/lead/list?search_value=Bulkt&unassigned=true&limit=5")[2]["assigned_to"] is None


def test_all_that_match_are_selected_and_deleted_after_asking_once(page, acme):
    seed(acme, "Bulkb", 27)
    page.goto("/leads/?search_value=Bulkb")
    page.get_by_label("Select all on this page").check()
    page.get_by_label("Select all 27").check()
    expect(page.locator("[data-ticked]")).to_have_text("27 selected")
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_label("Select all on this page").check()
    page.get_by_label("Select all 27").check()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete 27 leads").click()
    expect(page.get_by_text("27 leads deleted.")).to_be_visible()
    expect(page.get_by_role("heading", name="No lead matches")).to_be_visible()
    assert len(acme.get("/api/lead/list?search_value=row00")) == 1


def test_unticking_a_row_takes_select_all_back(page):
    page.get_by_label("Select all on this page").check()
    page.locator("[name=select_all]").check()
    page.locator("tbody .pick input").first.uncheck()
    expect(page.locator("[name=select_all]")).not_to_be_checked()
    expect(page.locator("[data-ticked]")).to_have_text("24 selected")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Clear the selection").click()
    expect(page.locator(".bulk")).to_be_hidden()


def test_the_keyboard_alone_is_enough(page):
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("tbody .name").nth(1)).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator("tbody .pick input").nth(1)).to_be_checked()
    page.keyboard.press("j")
    expect(page.locator("tbody .name").nth(2)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.locator("tbody .pick input").nth(1)).not_to_be_checked()
    name = page.locator("tbody .name").nth(1).inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    page.keyboard.press("e")
    expect(page.get_by_label("First name", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_label("First name", exact=True)).to_have_count(0)
    page.keyboard.press("n")
    expect(page.get_by_role("textbox", name="Note")).to_be_focused()
    page.keyboard.type("jkx")  # keys are text where one types
    expect(page.get_by_role("textbox", name="Note")).to_have_value("jkx")
    page.locator("body").press("Control+k")
    expect(page.get_by_role("dialog", name="Search and go to")).to_be_visible()
    page.keyboard.type("audit")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("new lead")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="New lead")).to_be_visible()
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("Row03")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("search_value=Row03"))
    expect(page.locator("tbody tr")).to_have_count(1)
