"""The pages of deals: board, moving with and without script, list, record, settings."""

import re

import pytest

from deals.models import Deal, Stage
from lio.tenancy import org_scope
from tests.factories import make_deal, make_lead

SWAP = {"HX-Request": "true", "HX-Current-URL": "http://testserver/deals/board"}


def text(answer):
    return answer.content.decode()


def test_the_board_shows_columns_with_sums(browser, rep, lead, deal):
    make_deal(lead, by=rep, title="Other", value=500, stage="Proposal")
    page = text(browser.get("/deals/board"))
    names = re.findall(r"<h2>(\w+)</h2>", page.split("<main")[1])
    assert names[:6] == ["New", "Qualified", "Proposal", "Negotiation", "Won", "Lost"]
    assert "Weighted <b>$500</b> of $1,500" in page and "weighted $300" in page
    assert browser.get("/deals/").headers["Location"] == "/deals/board"


def test_columns_load_as_they_scroll(browser, rep, lead):
    for n in range(30):
        make_deal(lead, by=rep, title=f"Card {n:02}")
    page = text(browser.get("/deals/board"))
    assert len(re.findall(r'id="deal-\d+"', page)) == 25 and "Card 29" in page and "Card 04" not in page
    more = re.search(r'hx-get="(/deals/board/cards[^"]+)"', page)[1].replace("&amp;", "&")
    rest = text(browser.get(more, headers=SWAP))
    assert re.findall(r"Card \d\d(?=</a>)", rest) == [f"Card {n:02}" for n in (4, 3, 2, 1, 0)]
    assert "Show more" not in rest


@pytest.mark.parametrize("address", ["after=", "after=x", "column=x&after=V00000.1", "after=V00000.1&column=99999999"])
def test_a_column_that_is_not_there_is_missing(browser, deal, address):
    assert browser.get(f"/deals/board/cards?{address}").status_code == 404


def test_the_board_filters(browser, rep, lead, deal):
    make_deal(lead, by=rep, title="Small", value=5)
    page = text(browser.get("/deals/board", {"value_max": "10"}))
    assert "Small" in page and "A deal" not in page
    assert text(browser.get("/deals/board", {"value_max": "much", "pipeline_id": "x"})).count("A deal") >= 1


def test_a_dragged_card_comes_back_with_the_sums(browser, deal, stages, stored):
    answer = browser.post(f"/deals/{deal.pk}/move", {"stage_id": stages["Proposal"].pk, "after_id": "", "version": 1,
                                                     "dragged": 1}, headers=SWAP)
    page = text(answer)
    assert answer.status_code == 200 and 'data-version="2"' in page
    for name in ("New", "Proposal"):
        assert f'id="head-{stages[name].pk}" hx-swap-oob="true"' in page
    assert "undo_url" in answer.headers["HX-Trigger"]
    assert stored(deal.pk).stage.name == "Proposal"


def test_a_stale_drag_is_refused_and_the_board_read_anew(browser, deal, stages, stored):
    path = f"/deals/{deal.pk}/move"
    browser.post(path, {"stage_id": stages["Proposal"].pk, "version": 1}, headers=SWAP)
    answer = browser.post(path, {"stage_id": stages["Won"].pk, "version": 1, "dragged": 1}, headers=SWAP)
    assert answer.status_code == 409
    assert "deals-changed" in answer.headers["HX-Trigger"] and "toast" in answer.headers["HX-Trigger"]
    assert stored(deal.pk).stage.name == "Proposal"


def test_losing_asks_for_the_reason(browser, deal, stages, stored):
    path, lost = f"/deals/{deal.pk}/move", {"stage_id": stages["Lost"].pk, "version": 1}
    answer = browser.post(path, lost | {"dragged": 1}, headers=SWAP)
    assert answer.status_code == 422 and answer.headers["HX-Retarget"] == "#ask" and "Why was it lost?" in text(answer)
    assert stored(deal.pk).closed_at is None
    answer = browser.post(path, lost | {"lost_reason": "Price"}, headers=SWAP)
    assert answer.status_code == 200 and answer.headers["HX-Reswap"] == "none"
    assert stored(deal.pk).lost_reason == "Price"


def test_moving_works_without_script(browser, deal, stages, stored):
    page = text(browser.get(f"/deals/{deal.pk}/move"))
    assert "Move A deal" in page and "Qualified" in page
    answer = browser.post(f"/deals/{deal.pk}/move", {"stage_id": stages["Lost"].pk})
    assert answer.status_code == 422 and "Why was it lost?" in text(answer)
    answer = browser.post(f"/deals/{deal.pk}/move", {"stage_id": stages["Qualified"].pk}, follow=True)
    assert "A deal is in Qualified." in text(answer)


def test_a_place_in_the_column_is_kept(browser, rep, lead, stages):
    cards = [make_deal(lead, by=rep, title=f"Card {n}") for n in range(3)]  # newest on top: 2, 1, 0
    for card, after in ((cards[2], cards[1].pk), (cards[0], "")):
        place = {"stage_id": stages["New"].pk, "after_id": after, "dragged": 1}
        browser.post(f"/deals/{card.pk}/move", place, headers=SWAP)
    assert re.findall(r"Card \d(?=</a>)", text(browser.get("/deals/board"))) == ["Card 0", "Card 1", "Card 2"]


def test_a_deal_is_added_by_hand(browser, rep, lead, stages):
    form = {"title": "By hand", "lead": f"Jane Doe #{lead.pk}", "stage_id": stages["Proposal"].pk, "value": "1200.50",
            "expected_close_date": "2027-05-01", "priority": "3"}
    assert browser.post("/deals/add", form | {"lead": "nobody"}).status_code == 422
    answer = browser.post("/deals/add", form, follow=True)
    assert "By hand is added." in text(answer) and "$1,200.50" in text(answer)
    answer = browser.post("/deals/add", form | {"lead": "JANE@example.net", "title": "By mail"}, follow=True)
    assert "By mail is added." in text(answer)
    assert f"#{lead.pk}" in text(browser.get("/deals/leads", {"lead": "jane"}))


def test_a_deal_is_changed_and_shows_what_happened(browser, deal, stored):
    page = text(browser.get(f"/deals/{deal.pk}/edit"))
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    form = {"title": "Renamed", "value": "2000", "expected_close_date": "2027-02-01", "priority": "2", "category": "commit",
            "assigned_to": deal.assigned_to_id, "next_step": "Call", "version": version}
    answer = browser.post(f"/deals/{deal.pk}/edit", form, follow=True)
    page = text(answer)
    assert "Renamed is saved." in page and "Next step" in page and "Commit (by hand)" in page and "once" in page
    stale = browser.post(f"/deals/{deal.pk}/edit", form | {"title": "Again"})
    page = text(stale)
    assert stale.status_code == 409 and stored(deal.pk).title == "Renamed"
    assert "Your changes are not saved yet. It is now: Title Renamed." in page and 'value="Again"' in page
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    browser.post(f"/deals/{deal.pk}/edit", form | {"title": "Again", "version": version})
    assert stored(deal.pk).title == "Again"


def test_the_list_and_its_bulk_bar(browser, rep, lead, deal, stages, stored):
    other = make_deal(lead, by=rep, title="Other")
    page = text(browser.get("/deals/list", {"state": "open", "order_by": "value"}))
    assert "Other" in page and "A deal" in page
    browser.post("/deals/bulk", {"action": "stage", "stage_id": stages["Negotiation"].pk, "ids": [deal.pk, other.pk]})
    assert stored(deal.pk).stage.name == stored(other.pk).stage.name == "Negotiation"
    lost = {"action": "stage", "stage_id": stages["Lost"].pk, "ids": [deal.pk]}
    assert "say why it was lost" in text(browser.post("/deals/bulk", lost, follow=True))
    browser.post("/deals/bulk", lost | {"lost_reason": "Price"})
    assert stored(deal.pk).lost_reason == "Price"
    every = {"action": "delete", "select_all": "true", "expected_count": "1"}
    assert "Delete 1 deal?" in text(browser.post("/deals/bulk?state=open", every))
    browser.post("/deals/bulk?state=open", every | {"confirmed": "yes"})
    assert stored(other.pk).deleted_at and not stored(deal.pk).deleted_at


def test_a_view_is_saved_and_is_a_tab(browser, deal):
    view = {"view_name": "Big ones", "visibility": "private"}
    answer = browser.post("/deals/views/add?value_min=500", view, follow=True)
    assert "Big ones" in text(answer) and "A deal" in text(answer) and answer.redirect_chain[-1][0].startswith("/deals/list")
    assert "Big ones" in text(browser.get("/deals/board"))


def test_pipelines_are_edited_with_their_stages(browser, rep, stages, pipeline):
    assert "Sales" in text(browser.get("/settings/pipelines"))
    page = text(browser.get(f"/settings/pipelines/{pipeline.pk}"))
    form = dict(re.findall(r'name="((?:\d+-)?\w+)"[^>]* value="([^"]*)"', page))
    form |= {"name": "Sales EU", "0-name": "Fresh", "0-probability": "15", "6-name": "Extra", "6-position": "4",
             "max_deal_limit": "5000"}
    answer = browser.post(f"/settings/pipelines/{pipeline.pk}", form, follow=True)
    assert "Sales EU is saved." in text(answer), text(answer)
    with org_scope(rep.organization):
        names = list(Stage.objects.filter(pipeline=pipeline).alive().order_by("position").values_list("name", "probability"))
    assert names[0][0] == "Fresh" and float(names[0][1]) == 0.15
    assert "Extra" in [name for name, _ in names] and {"Won", "Lost"} <= {name for name, _ in names}
    made = browser.post("/settings/pipelines/add", {"name": "Renewals", "0-name": "Asked"}, follow=True)
    assert "Renewals is added." in text(made)
    assert browser.post("/settings/pipelines/add", {"name": "x", "0-name": "Asked"}).status_code == 422


def test_deleting_a_stage_asks_first(browser, deal, stages, stored):
    path = f"/settings/stages/{stages['New'].pk}/delete"
    assert "holds 1 deal" in text(browser.get(path))
    browser.post(path, {"move_to": stages["Qualified"].pk})
    assert stored(deal.pk).stage.name == "Qualified"


def test_exchange_rates_by_hand(browser):
    rate = {"day": "2026-01-01", "currency": "eur", "rate": "1.1"}
    assert "EUR is set." in text(browser.post("/settings/rates", rate, follow=True))
    assert browser.post("/settings/rates", {"day": "2026-01-01", "currency": "USD", "rate": "1"}).status_code == 422


def test_contacts_have_a_say(browser, rep, deal):
    from contacts.models import Contact

    with org_scope(rep.organization):
        contact = Contact.objects.create(organization=rep.organization, name="Cora Contact", lead_id=deal.lead_id)
    browser.post(f"/deals/{deal.pk}/contacts", {"contact": contact.pk, "role": "champion"})
    page = text(browser.get(f"/deals/{deal.pk}/"))
    assert "Cora Contact" in page and "Champion" in page
    browser.post(f"/deals/{deal.pk}/contacts", {"remove": contact.pk})
    assert "Take Cora Contact out" not in text(browser.get(f"/deals/{deal.pk}/"))


def test_the_number_of_queries_does_not_grow_with_the_deals(browser, rep, lead, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries(path):
        with CaptureQueriesContext(connection) as caught:
            assert browser.get(path).status_code == 200
        return len(caught)

    make_deal(lead, by=rep)
    before = {path: queries(path) for path in ("/deals/board", "/deals/list")}
    for _ in range(4):
        make_deal(make_lead(rep.organization, by=rep), by=rep)
    assert {path: queries(path) for path in before} == before
    assert before["/deals/board"] <= 30 and Deal.objects
