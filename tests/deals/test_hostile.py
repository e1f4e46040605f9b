"""What hostile and clumsy people send: it is refused with words, and what was undone is as it was."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.timezone import now

from deals.forecast.models import ForecastSnapshot
from deals.forecast.spread import interval
from deals.models import Deal, Stage
from lio.tenancy import org_scope
from tests.factories import make_deal, make_lead

SWAP = {"HX-Request": "true", "HX-Current-URL": "http://testserver/deals/board"}


def undo(api, answer):
    return api.post("/api/undo", {"change_id": int(answer["X-Change-Id"])}).json()["data"]


# ----------------------------------------------------------------------- addresses
@pytest.mark.parametrize("since", ["0001-01-01", "0001-01-02", "9999-12-31", "2199-12-31"])
def test_a_day_beyond_all_calendars_is_no_fault(api, browser, deal, since):
    answer = api.get("/api/forecast/changes", {"since": since, "period_month": "2027-01"})
    assert answer.status_code in (200, 400), answer.content
    page = browser.get("/forecast/changes", {"since": since})
    assert page.status_code == 200


@pytest.mark.parametrize("start", ["0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("name", ["start_date", "end_date", "close_from", "close_to"])
def test_lists_take_days_at_both_ends_of_time(api, browser, deal, name, start):
    assert api.get("/api/lead/deal/list", {name: start}).status_code in (200, 400)
    assert browser.get("/deals/list", {name: start}).status_code == 200
    assert browser.get("/deals/board", {name: start}).status_code == 200


@pytest.mark.parametrize("page", ["²", "٣", "-1", "0", "99999999999999999999", "x"])
@pytest.mark.parametrize("path", ["/forecast/changes", "/forecast/at-risk", "/forecast/month/2027-01", "/deals/list"])
def test_a_page_number_may_be_anything(browser, deal, path, page):
    assert browser.get(path, {"page": page}).status_code == 200


@pytest.mark.parametrize("address", ["http://[", "//[::1", "http://testserver/deals/board?view=999999999",
                                     "http://testserver/deals/board?" + "a=1&" * 2000, "\x00", "?pipeline_id=²"])
def test_a_board_that_is_nowhere_still_moves_the_card(browser, deal, stages, stored, address):
    answer = browser.post(f"/deals/{deal.pk}/move", {"stage_id": stages["Proposal"].pk, "version": 1, "dragged": 1},
                          headers=SWAP | {"HX-Current-URL": address})
    assert answer.status_code == 200 and stored(deal.pk).stage.name == "Proposal"


@pytest.mark.parametrize("query", ["value_min=abc", "view=999999999", "view=x", "filters=%7B", "priority=9", "close_from=soon"])
def test_cards_of_a_board_whose_filters_make_no_sense(browser, deal, stages, query):
    answer = browser.get(f"/deals/board/cards?column={stages['New'].pk}&after=V00000.1&{query}", headers=SWAP)
    assert answer.status_code < 500
    assert browser.get(f"/deals/board?{query}").status_code in (200, 302, 404)


def test_a_board_whose_view_has_lost_its_field_still_works(api, browser, deal, stages, stored):
    field = api.post("/api/custom-fields/add", {"module_name": "deal", "key": "seats", "label": "Seats", "kind": "number"})
    told = {"module_name": "deal", "view_name": "Seated", "visibility": "private", "filters": {"cf.seats_min": 3}}
    view = api.post("/api/custom-view/add", told)
    assert view.status_code == 201, view.content
    assert api.post(f"/api/custom-fields/update/{field.json()['data']['id']}", {"state": "archived"}).status_code == 200
    board = f"/deals/board?view={view.json()['data']['id']}"
    assert browser.get(board, follow=True).status_code == 200
    cards = f"/deals/board/cards?column={stages['New'].pk}&after=V00000.1&view={view.json()['data']['id']}"
    assert browser.get(cards, headers=SWAP).status_code in (200, 404)
    answer = browser.post(f"/deals/{deal.pk}/move", {"stage_id": stages["Proposal"].pk, "version": 1, "dragged": 1},
                          headers=SWAP | {"HX-Current-URL": f"http://testserver{board}"})
    assert answer.status_code == 200 and stored(deal.pk).stage.name == "Proposal"


# ----------------------------------------------------------------------- what is another organisation's
def test_pages_take_nothing_of_another_organisation(browser, outsider, rep, deal, stages, stored):
    with org_scope(outsider.organization):
        theirs = Stage.objects.of(outsider.organization).select_related("pipeline").first()
    other = make_deal(make_lead(outsider.organization, by=outsider), by=outsider)
    def post(path, body):
        return browser.post(path, body, headers=SWAP).status_code

    assert post(f"/deals/{deal.pk}/move", {"stage_id": theirs.pk, "version": 1}) in (404, 409, 422)
    assert post(f"/deals/{deal.pk}/move", {"stage_id": stages["New"].pk, "after_id": other.pk}) in (404, 409, 422)
    assert post(f"/deals/{other.pk}/move", {"stage_id": stages["New"].pk}) == 404
    assert post(f"/deals/{deal.pk}/field/assigned_to", {"value": outsider.pk, "assigned_to": outsider.pk}) in (404, 422)
    assert post("/deals/board/bulk", {"action": "assign", "ids": deal.pk, "assigned_to": outsider.pk}) in (302, 404, 422)
    assert post("/deals/bulk", {"action": "stage", "ids": deal.pk, "stage_id": theirs.pk}) in (302, 404, 422)
    assert post(f"/deals/board/add/{theirs.pk}", {"title": "Mine", "value": 5}) == 404
    month = {"month": "2027-01", "amount": 5}
    assert post("/forecast/goals", month | {"whose": f"owner-{outsider.pk}"}) in (404, 422)
    assert post("/forecast/goals", month | {"whose": f"owner-{rep.pk}", "pipeline_id": theirs.pipeline_id}) in (404, 422)
    assert post(f"/settings/stages/{stages['New'].pk}/delete", {"move_to": theirs.pk}) == 302
    for path in ("/forecast/", "/forecast/changes", "/forecast/accuracy", "/forecast/month/2027-01"):
        assert browser.get(path, {"pipeline_id": theirs.pipeline_id}).status_code == 404
    assert browser.get("/deals/board", {"pipeline_id": theirs.pipeline_id}).status_code == 200
    now_is = stored(deal.pk)
    assert (now_is.stage_id, now_is.assigned_to_id, now_is.version) == (stages["New"].pk, rep.pk, 1)


# ----------------------------------------------------------------------- exchange rates
@pytest.mark.parametrize("content", [
    b"day,currency,rate\n2026-01-01,EUR," + b"1" * 200_000 + b"\n",
    b"day,currency,rate\n2026-01-01,EUR,1\r2026-01-02,EUR,1\r\n",
    b"day,currency,rate\n2026-01-01,EUR,9999999999.999999999\n",
    b"day,currency,rate\n2026-01-01,EUR,nan\n",
    b"day,currency,rate\n2026-01-01,EUR\n",
    b"day,currency,rate\n2026-01-01,EU\x00,1\n",
    b"day,currency,rate\n0001-01-01,EUR,1e-9\n",
    b"\xff\xfed\x00a\x00y\x00",
])
def test_a_file_of_rates_that_cannot_be_read(api, browser, content):
    def file():
        return SimpleUploadedFile("rates.csv", content, "text/csv")

    answer = api.post("/api/exchange-rates/upload", {"file": file()}, format="multipart")
    assert answer.status_code == 422 and "file" in answer.json()["error"]["fields"], answer.content
    assert browser.post("/settings/rates", {"file": file()}).status_code == 422


def test_undo_gives_a_deal_the_rate_that_it_had(api, lead, stages):
    def rate(day, value):
        api.post("/api/exchange-rates/add", {"day": day, "currency": "EUR", "rate": value})

    rate("2026-01-01", 1.25)
    sent = {"lead_id": lead.pk, "pipeline_id": stages["New"].pipeline_id, "stage_id": stages["New"].pk, "title": "Abroad",
            "value": 100, "currency": "EUR", "expected_close_date": "2027-03-01"}
    deal = api.post("/api/lead/deal/add", sent).json()["data"]
    path, money = f"/api/lead/deal/update/{deal['id']}", ("value", "currency", "amount", "rate")
    rate("2026-03-01", 2)
    for change in ({"amount": 300}, {"currency": None, "value": 50}):
        done = undo(api, api.post(path, change))
        after = api.get(f"/api/lead/deal/view/{deal['id']}").json()["data"]
        assert {name: after[name] for name in money} == {name: deal[name] for name in money}, change
        assert done["reverted"] == 1 and not done["conflicts"]


# ----------------------------------------------------------------------- undo of moves
def test_undo_gives_a_deal_the_day_back_on_which_it_closed(api, rep, deal, stages, stored):
    api.post(f"/api/lead/deal/{deal.pk}/move", {"stage_id": stages["Won"].pk})
    long_ago = now() - timedelta(days=60)
    with org_scope(rep.organization):
        Deal.objects.filter(pk=deal.pk).update(closed_at=long_ago, entered_stage_at=long_ago)
        deal.stage_entries.filter(left_at=None).update(entered_at=long_ago)
    reopened = api.post(f"/api/lead/deal/{deal.pk}/move", {"stage_id": stages["Proposal"].pk})
    assert stored(deal.pk).closed_at is None
    assert undo(api, reopened)["reverted"] == 1
    now_is = stored(deal.pk)
    assert now_is.stage.name == "Won" and now_is.closed_at == long_ago == now_is.entered_stage_at


def test_undo_of_a_move_does_not_make_a_deal_new_to_its_stage(api, rep, deal, stages, stored):
    entered = stored(deal.pk).entered_stage_at
    moved = api.post(f"/api/lead/deal/{deal.pk}/move", {"stage_id": stages["Proposal"].pk})
    undo(api, moved)
    assert stored(deal.pk).entered_stage_at == entered


def test_what_comes_back_to_no_stage_says_so(api, deal, stages):
    gone = api.delete("/api/lead/deal/delete", {"ids": [deal.pk]})
    assert api.delete(f"/api/pipelines/stages/delete/{stages['New'].pk}", {}).status_code == 200
    done = undo(api, gone)
    assert done["reverted"] == 0 and "stage" in done["conflicts"][0]["reason"], done


# ----------------------------------------------------------------------- limits
def test_a_deal_above_a_later_cap_can_still_be_closed(api, deal, stages):
    api.put(f"/api/pipelines/update/{deal.pipeline_id}", {"max_deal_limit": 500})
    for stage in ("Proposal", "Lost"):
        answer = api.post(f"/api/lead/deal/{deal.pk}/move", {"stage_id": stages[stage].pk})
        assert answer.status_code == 200, answer.content
    assert api.post(f"/api/lead/deal/update/{deal.pk}", {"value": 600}).status_code == 422


def test_an_interval_can_always_be_stored():
    """Somebody won a deal of a trillion by a slip of the keys where one unit was expected."""
    for value, scored in ((1e12, [(1.0, 999_999_999_999.0)]), (1.0, [(1e12, 1.0)] * 5), (9e15, [(1.0, 1e12)] * 24)):
        low, high = interval(value, scored, ahead=23)
        assert 0 <= low <= high < 1e16, (low, high)


@pytest.mark.parametrize("amount", [0, 0.5, -5, "NaN", "Infinity", 1e15, True, [], {}])
def test_an_amount_is_as_bounded_as_a_value(api, deal, stored, amount):
    answer = api.post(f"/api/lead/deal/update/{deal.pk}", {"amount": amount})
    assert answer.status_code == 422 and stored(deal.pk).value == 1000, answer.content


def test_a_stage_does_not_ask_for_a_field_that_is_gone(api, rep, deal, stages):
    field = api.post("/api/custom-fields/add", {"module_name": "deal", "key": "seats", "label": "Seats", "kind": "number"})
    path = f"/api/pipelines/update/{deal.pipeline_id}"
    entry = {"id": stages["Proposal"].pk, "required_fields": ["cf.seats"]}
    others = [{"id": stage.pk} for name, stage in stages.items() if name != "Proposal"]
    assert api.put(path, {"stages": [entry, *others], "asks_api": True}).status_code == 200
    move = f"/api/lead/deal/{deal.pk}/move"
    assert api.post(move, {"stage_id": stages["Proposal"].pk}).status_code == 422
    gone = api.post(f"/api/custom-fields/update/{field.json()['data']['id']}", {"state": "archived"})
    assert gone.status_code == 200, gone.content
    assert api.post(move, {"stage_id": stages["Proposal"].pk}).status_code == 200
    read = api.get(f"/api/pipelines/stages/{deal.pipeline_id}").json()["data"]
    assert api.put(path, {"stages": read}).status_code == 200  # what was read can be sent back


@pytest.mark.parametrize("currency", [" ", "", None])
def test_no_currency_is_ones_own(api, deal, stages, currency):
    sent = {"lead_id": deal.lead_id, "pipeline_id": deal.pipeline_id, "stage_id": deal.stage_id, "title": "Plain", "value": 5,
            "expected_close_date": "2027-01-01", "currency": currency}
    answer = api.post("/api/lead/deal/add", sent)
    assert answer.status_code in (201, 422) and (currency is None or answer.json()["data"]["currency"] is None)


def test_a_custom_field_holds_no_nul(api, browser, deal):
    api.post("/api/custom-fields/add", {"module_name": "deal", "key": "note", "label": "Note", "kind": "text"})
    told = {"value": "a\x00b"}
    for path in (f"/deals/{deal.pk}/field/custom:note", f"/leads/{deal.lead_id}/field/custom:nothing"):
        assert browser.post(path, told, headers=SWAP).status_code in (404, 422)
    move = {"stage_id": deal.stage_id, "cf.note": "a\x00b"}
    assert browser.post(f"/deals/{deal.pk}/move", move, headers=SWAP).status_code == 409


# ----------------------------------------------------------------------- accuracy
@pytest.mark.parametrize("until", ["2199-12", "soon", "2026-13", "2026-1", "0001-01", "²026-01", "2026-01-01"])
def test_accuracy_is_of_months_that_are_over(api, browser, deal, until):
    answer = api.get("/api/forecast/accuracy", {"until": until})
    assert answer.status_code == 400, answer.json()
    assert browser.get("/forecast/accuracy", {"until": until}).status_code == 200
    assert browser.get("/forecast/accuracy.csv", {"until": until}).status_code in (200, 400)


def test_the_current_month_is_not_scored_before_it_is_over(api, deal):
    assert api.get("/api/forecast/accuracy", {"until": f"{now():%Y-%m}"}).status_code == 400
    assert api.get("/api/forecast/accuracy", {"until": f"{now().replace(day=1) - timedelta(days=1):%Y-%m}"}).status_code == 200


# ----------------------------------------------------------------------- what changed, after a closing was taken back
def test_what_changed_counts_a_deal_that_was_reopened_and_closed_again_by_undo(api, rep, deal, stages):
    api.post(f"/api/lead/deal/{deal.pk}/move", {"stage_id": stages["Won"].pk})
    long_ago, today = now() - timedelta(days=60), now().date()
    with org_scope(rep.organization):
        Deal.objects.filter(pk=deal.pk).update(closed_at=long_ago, entered_stage_at=long_ago)
        deal.stage_entries.filter(left_at=None).update(entered_at=long_ago)
    reopened = api.post(f"/api/lead/deal/{deal.pk}/move", {"stage_id": stages["Proposal"].pk})
    with org_scope(rep.organization):
        ForecastSnapshot.objects.filter(deal=deal).update(day=today - timedelta(days=5))
    undo(api, reopened)
    query = {"since": str(today - timedelta(days=1)), "period_month": "2027-01"}
    found = api.get("/api/forecast/changes", query).json()["data"]
    assert (found["before"], found["after"], found["difference"]) == (1000, 0, -1000)
    assert {row["reason"]: row["difference"] for row in found["reasons"] if row["deals"]} == {"won": -1000}
