"""The board of deals as a rep uses it: drag, keyboard, a lost reason, somebody else who was quicker, columns that scroll,
adding in a column, changing several cards, a view of its own.
"""

import pytest
from playwright.sync_api import expect


class Sales:
    """A pipeline of its own with what a test needs on it."""

    def __init__(self, api, name):
        self.name = name
        self.api, self.lead = api, api.lead(last_name=name, email=f"{name}@board.example".lower(), company=f"{name} Ltd")
        stages = [{"name": "Asked"}, {"name": "Offered"}]
        self.pipeline = api.post("/api/pipelines/add", {"name": name, "stages": stages})["data"]
        self.stages = {stage["name"]: stage["id"] for stage in self.pipeline["stages"]}
        self.address = f"/deals/board?pipeline_id={self.pipeline['id']}"

    def deal(self, title, stage="Asked", value=1000):
        body = {"lead_id": self.lead, "pipeline_id": self.pipeline["id"], "stage_id": self.stages[stage], "title": title,
                "value": value, "expected_close_date": "2031-01-31"}
        return self.api.post("/api/lead/deal/add", body)["data"]["id"]

    def now(self, deal_id):
        return self.api.get(f"/api/lead/deal/view/{deal_id}")

    def column(self, page, name):
        return page.locator(f".col[data-stage='{self.stages[name]}']")


@pytest.fixture
def sales(acme, request):
    return Sales(acme, "".join(word.title() for word in request.node.name.split("_"))[:40])


@pytest.fixture
def page(visit, acme):
    return visit("ada@acme.example")


def drag(page, card, onto, y=200):
    """With a real mouse, step by step, as a hand does it."""
    start, end = card.bounding_box(), onto.bounding_box()
    page.mouse.move(start["x"] + 30, start["y"] + start["height"] - 12)
    page.mouse.down()
    page.mouse.move(start["x"] + 60, start["y"] + 40, steps=4)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + y, steps=8)
    page.mouse.up()


def test_dragging_a_card_moves_the_deal(page, sales):
    sales.deal("Other", "Offered", 500)
    deal = sales.deal("Dragged")
    page.goto(sales.address)
    drag(page, page.locator(f"#deal-{deal}"), sales.column(page, "Offered"), y=300)
    expect(sales.column(page, "Offered").locator(".deal .title")).to_have_text(["Other", "Dragged"])
    expect(sales.column(page, "Offered").locator("header")).to_contain_text("$1,500")
    expect(sales.column(page, "Asked").locator("header")).to_contain_text("$0")
    expect(page.locator("#toasts")).to_contain_text("Dragged is in Offered.")
    assert sales.now(deal)["stage_name"] == "Offered"
    page.reload()
    expect(sales.column(page, "Offered").locator(".deal .title")).to_have_text(["Other", "Dragged"])
    page.locator(f"#deal-{deal}").scroll_into_view_if_needed()
    drag(page, page.locator(f"#deal-{deal}"), sales.column(page, "Asked"))  # and again, with the version that it has now
    expect(sales.column(page, "Asked").locator(".deal .title")).to_have_text(["Dragged"])


def test_the_keyboard_moves_a_card(page, sales):
    deal = sales.deal("Typed")
    page.goto(sales.address)
    page.get_by_role("link", name="Move Typed to another stage").focus()
    page.keyboard.press("Enter")
    box = page.get_by_role("dialog", name="Move a deal")
    expect(box.get_by_label("Stage")).to_be_focused()
    box.get_by_label("Stage").select_option("Offered")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(sales.column(page, "Offered").locator(".deal .title")).to_have_text(["Typed"])
    expect(box).to_be_hidden()
    assert sales.now(deal)["stage_name"] == "Offered"


def test_a_lost_deal_asks_why_and_waits_where_it_was(page, sales, axe):
    deal = sales.deal("Lostone")
    page.goto(sales.address)
    drag(page, page.locator(f"#deal-{deal}"), sales.column(page, "Lost"))
    box = page.get_by_role("dialog", name="Move a deal")
    expect(box.get_by_label("Why was it lost?")).to_be_visible()
    expect(sales.column(page, "Asked").locator(".deal .title")).to_have_text(["Lostone"])
    assert not axe(page)
    box.get_by_role("button", name="Move").click()
    expect(box.get_by_role("alert")).to_have_text("say why it was lost")
    box.get_by_label("Why was it lost?").fill("Price")
    box.get_by_role("button", name="Move").click()
    expect(sales.column(page, "Lost").locator(".deal .title")).to_have_text(["Lostone"])
    assert sales.now(deal)["lost_reason"] == "Price"


def test_who_drags_a_card_that_somebody_else_has_moved_sees_where_it_is(page, sales):
    deal = sales.deal("Contested")
    page.goto(sales.address)
    sales.api.post(f"/api/lead/deal/{deal}/move", {"stage_id": sales.stages["Won"]})
    drag(page, page.locator(f"#deal-{deal}"), sales.column(page, "Offered"))
    expect(page.locator(".toast.error")).to_have_count(1)
    expect(page.locator(".toast.error")).to_contain_text("Somebody else has changed this deal")
    expect(sales.column(page, "Won").locator(".deal .title")).to_have_text(["Contested"])
    assert sales.now(deal)["stage_name"] == "Won"
    page.said[:] = [line for line in page.said if "409" not in line and line != "true"]  # what htmx tells of a refusal


def test_a_move_that_cannot_be_sent_is_rolled_back(page, sales):
    deal = sales.deal("Offline")
    page.goto(sales.address)
    page.route("**/move", lambda route: route.abort())
    drag(page, page.locator(f"#deal-{deal}"), sales.column(page, "Offered"))
    expect(page.locator(".toast.error")).to_contain_text("LIO cannot be reached")
    expect(sales.column(page, "Asked").locator(".deal .title")).to_have_text(["Offline"])
    page.said[:] = [line for line in page.said if "ERR_FAILED" not in line and "sendError" not in line
                    and "afterRequest" not in line]


def test_a_column_loads_on_as_it_scrolls(page, sales):
    for n in range(60):
        sales.deal(f"Card {n:02}")
    page.goto(sales.address)
    cards = sales.column(page, "Asked").locator(".deal")
    expect(cards).to_have_count(25)
    for count in (50, 60):
        sales.column(page, "Asked").locator(".more").scroll_into_view_if_needed()
        expect(cards).to_have_count(count)
    expect(sales.column(page, "Asked").locator("header")).to_contain_text("60")


def test_touch_uses_the_link(visit, sales):
    deal = sales.deal("Tapped")
    page = visit("rob@acme.example", viewport={"width": 390, "height": 844}, has_touch=True)
    page.goto(sales.address)
    page.get_by_role("link", name="Move Tapped to another stage").tap()
    page.get_by_label("Stage", exact=True).select_option("Offered")
    page.get_by_role("button", name="Move").tap()
    expect(page.locator("#toasts")).to_contain_text("Tapped is in Offered.")
    assert sales.now(deal)["stage_name"] == "Offered"


def test_a_deal_is_added_in_its_column(page, sales, axe):
    sales.deal("Old one", value=100)
    page.goto(sales.address)
    column = sales.column(page, "Asked")
    column.get_by_role("link", name="Add a deal to Asked").focus()
    page.keyboard.press("Enter")
    form = column.get_by_role("form", name="New deal in Asked")
    expect(form.get_by_label("Title")).to_be_focused()
    assert not axe(page)
    form.get_by_label("Title").fill("Typed in")
    form.get_by_label("Lead").fill("nobody")
    form.get_by_label("Value").fill("250")
    page.keyboard.press("Enter")
    expect(form).to_contain_text("Choose one of the leads that are offered.")
    form.get_by_label("Lead").fill("")
    form.get_by_label("Lead").press_sequentially(sales.name[:12])
    offered = column.locator("datalist option").first
    expect(offered).to_be_attached()
    form.get_by_label("Lead").fill(offered.get_attribute("value"))
    form.get_by_label("Value").focus()
    page.keyboard.press("Enter")
    expect(column.locator(".deal .title")).to_have_text(["Typed in", "Old one"])
    expect(column.locator("header")).to_contain_text("$350")
    expect(page.locator("#toasts")).to_contain_text("Typed in is added.")
    expect(form.get_by_label("Title")).to_be_focused()
    expect(form.get_by_label("Title")).to_have_value("")
    assert page.url.endswith(sales.address)
    page.keyboard.press("Escape")
    expect(form).to_have_count(0)
    expect(column.get_by_role("link", name="Add a deal to Asked")).to_be_focused()
    page.locator("#toasts [data-undo]").click()  # what was made is undone on a page that tells of it
    page.wait_for_url("**/undo/*")
    page.goto(sales.address)
    expect(column.locator(".deal .title")).to_have_text(["Old one"])
    expect(column.locator("header")).to_contain_text("$100")


def test_several_cards_are_changed_together(page, sales, axe):
    deals = [sales.deal(f"Card {n}", value=100) for n in range(3)]
    page.goto(sales.address)
    bar = page.get_by_role("group", name="Selected deals")
    expect(bar).to_be_hidden()
    for deal in deals[:2]:
        page.locator(f"#deal-{deal} input[name=ids]").focus()
        page.keyboard.press("Space")
    expect(bar).to_be_visible()
    expect(bar).to_contain_text("2 selected")
    assert not axe(page)
    bar.locator("summary", has_text="Move").click()
    bar.get_by_label("New stage").select_option(str(sales.stages["Lost"]))
    bar.get_by_role("button", name="Move").click()
    expect(page.locator(".toast.error")).to_contain_text("say why it was lost")
    for deal in deals[:2]:
        page.locator(f"#deal-{deal}").hover()
        page.locator(f"#deal-{deal} input[name=ids]").check()
    bar.locator("summary", has_text="Move").click()
    bar.get_by_label("New stage").select_option(str(sales.stages["Offered"]))
    bar.get_by_role("button", name="Move").click()
    expect(sales.column(page, "Offered").locator(".deal")).to_have_count(2)
    expect(sales.column(page, "Offered").locator("header")).to_contain_text("$200")
    expect(sales.column(page, "Asked").locator("header")).to_contain_text("$100")
    expect(page.locator("#toasts")).to_contain_text("2 deals moved to Offered.")
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("2 records put back.")
    expect(sales.column(page, "Asked").locator(".deal")).to_have_count(3)
    expect(sales.column(page, "Asked").locator("header")).to_contain_text("$300")
    page.locator(f"#deal-{deals[2]}").hover()
    page.locator(f"#deal-{deals[2]} input[name=ids]").check()
    bar.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete 1 deal").click()
    expect(sales.column(page, "Asked").locator(".deal")).to_have_count(2)
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(sales.column(page, "Asked").locator(".deal")).to_have_count(3)


def test_a_view_of_the_board_is_saved_and_stays_while_cards_move(page, sales):
    deal = sales.deal("Large", value=900)
    sales.deal("Small", value=5)
    page.goto(sales.address)
    page.get_by_text("Filter", exact=False).first.click()
    page.get_by_label("Value from").fill("500")
    page.get_by_role("button", name="Show deals").click()
    expect(sales.column(page, "Asked").locator(".deal .title")).to_have_text(["Large"])
    page.get_by_role("link", name="Save view").click()
    page.get_by_label("Name").fill("Large ones")
    page.get_by_role("button", name="Save view").click()
    page.wait_for_url("**/deals/board?view=*")
    expect(page.get_by_role("navigation", name="Views").locator("[aria-current]")).to_have_text("Large ones")
    expect(sales.column(page, "Asked").locator(".deal .title")).to_have_text(["Large"])
    drag(page, page.locator(f"#deal-{deal}"), sales.column(page, "Offered"))
    expect(sales.column(page, "Offered").locator("header")).to_contain_text("$900")
    expect(sales.column(page, "Asked").locator("header")).to_contain_text("$0")
    page.get_by_label("Search deals").fill("large")
    page.wait_for_url("**search_value=large*")
    expect(sales.column(page, "Offered").locator(".deal .title")).to_have_text(["Large"])
    page.get_by_label("Search deals").fill("nothing like it")
    expect(page.locator(".deal")).to_have_count(0)
