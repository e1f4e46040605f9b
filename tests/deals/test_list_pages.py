"""Deals through the kits of lists and records: columns, views, bulk bar, fields in place, notes, files, undo."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from activity.models import Attachment, RecordNote
from contacts.models import Contact
from deals.models import Deal, DealContact
from lio.models import Change
from lio.tenancy import org_scope
from lookups import fields
from lookups.models import SavedView
from tests.conftest import sign_in
from tests.factories import a_file, make_deal, make_lead

SWAP = {"HX-Request": "true"}


def text(answer):
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


@pytest.fixture
def own(rep):
    """A custom field of deals: Contract, chosen from New and Renewal."""
    with org_scope(rep.organization):
        told = {"label": "Contract", "kind": "choice", "options": ["New", "Renewal"], "module_name": "deal"}
        return fields.add(rep.organization, by=rep, **told)


def undo_last(browser, rep, verb):
    with org_scope(rep.organization):
        change = Change.objects.filter(verb=verb).order_by("-pk").first().change_id
    return browser.post(f"/undo/{change}", follow=True)


# ------------------------------------------------------------------------- list
def test_columns_are_chosen_custom_ones_too(browser, rep, lead, own):
    make_deal(lead, by=rep, title="Chosen", value=500, stage="Proposal", custom_fields={"contract": "Renewal"})
    page = text(browser.get("/deals/list?columns=weighted_value,probability,category,next_step_on,cf.contract", headers=SWAP))
    assert "<html" not in page and "$300" in page and "60 %" in page and "Best case" in page and "Renewal" in page
    assert "Columns" in page and "order_by=cf.contract" in page


def test_custom_fields_filter_the_list_and_the_board(browser, rep, lead, own):
    for contract in ("New", "Renewal"):
        make_deal(lead, by=rep, title=f"A {contract} one", custom_fields={"contract": contract})
    for address in ("/deals/list", "/deals/board"):
        page = text(browser.get(address, {"cf.contract": "Renewal"}))
        assert "A Renewal one" in page and "A New one" not in page and "Contract" in page
    assert "Contract" in text(browser.get("/settings/fields?module=deal"))


def test_a_rotting_deal_is_marked(browser, rep, lead, stored):
    deal = make_deal(lead, by=rep)
    with org_scope(rep.organization):
        long_ago = now() - timedelta(days=20)
        Deal.objects.filter(pk=deal.pk).update(last_activity_at=long_ago, created_at=long_ago)
        type(lead).objects.filter(pk=lead.pk).update(last_activity_at=long_ago)
    assert "20 d idle" in text(browser.get("/deals/list")) and "20 d idle" in text(browser.get("/deals/board?rotting=true"))
    make_deal(make_lead(rep.organization, by=rep), by=rep, title="Fresh one")
    assert "Fresh one" not in text(browser.get("/deals/list?rotting=true"))


def test_list_and_board_lead_to_each_other_with_the_same_filters(browser, deal, pipeline):
    page = text(browser.get("/deals/list?value_min=500&order_by=value"))
    assert 'href="/deals/board?value_min=500"' in page
    page = text(browser.get("/deals/board?value_min=500"))
    assert f"/deals/list?value_min=500&amp;pipeline_id={pipeline.pk}" in page


def test_wrong_filters_are_told_and_left_out(browser, deal):
    for address in ("/deals/list", "/deals/board"):
        page = text(browser.get(address, {"value_min": "much", "close_from": "soon"}))
        assert "Value: " in page and "Closes: " in page and "A deal" in page


def test_a_view_of_the_board_is_saved_changed_and_deleted_there(browser, rep, lead, deal):
    make_deal(lead, by=rep, title="Small", value=5)
    view = {"view_name": "Big ones", "visibility": "private"}
    answer = browser.post("/deals/board/views/add?value_min=500", view, follow=True)
    page, (there, _) = text(answer), answer.redirect_chain[-1]
    assert there.startswith("/deals/board?view=") and "A deal" in page and "Small" not in page
    with org_scope(rep.organization):
        saved = SavedView.objects.get()
    assert saved.module_name == "deal" and saved.filters == {"value_min": "500"}
    assert "Big ones" in text(browser.get("/deals/list")) and "Small" not in text(browser.get(f"/deals/list?view={saved.pk}"))
    assert "Modified" in text(browser.get(f"/deals/board?view={saved.pk}&value_min=1"))
    browser.post(f"/deals/board/views/{saved.pk}?view={saved.pk}&value_min=1", {"overwrite": "1"})
    assert "Small" in text(browser.get(f"/deals/board?view={saved.pk}"))
    answer = browser.post(f"/deals/board/views/{saved.pk}", {"delete": "1"}, follow=True)
    assert answer.redirect_chain[-1][0] == "/deals/board" and "is deleted" in text(answer)


def test_a_view_that_is_gone_is_missing_on_the_board_too(browser, deal):
    assert browser.get("/deals/board?view=999999").status_code == 404


def test_one_field_of_many_and_what_is_undone(browser, rep, lead, own, stored):
    ids = [make_deal(lead, by=rep, title=f"Deal {n}").pk for n in range(2)]
    page = browser.post("/deals/bulk", {"action": "edit", "ids": ids}).content.decode()
    assert "Next step" in page and "Contract" in page and ">Owner<" not in page
    browser.post("/deals/bulk", {"action": "edit", "confirmed": "yes", "ids": ids, "field": "custom:contract", "value": "New"})
    assert {stored(pk).custom_fields["contract"] for pk in ids} == {"New"}
    undo_last(browser, rep, "deal.updated")
    assert [stored(pk).custom_fields for pk in ids] == [{}, {}]


def test_the_bulk_bar_of_the_board_comes_back_to_it(browser, rep, lead, deal, stages, stored):
    there = "/deals/board/bulk?value_min=500"
    for sent, check in (
        ({"action": "stage", "stage_id": stages["Proposal"].pk}, lambda row: row.stage.name == "Proposal"),
        ({"action": "close", "expected_close_date": "2027-03-05"}, lambda row: f"{row.expected_close_date}" == "2027-03-05"),
        ({"action": "assign", "assigned_to": ""}, lambda row: row.assigned_to_id is None),
        ({"action": "category", "category": "commit"}, lambda row: row.category == "commit" and row.category_by_hand),
    ):
        answer = browser.post(there, sent | {"ids": [deal.pk]}, follow=True)
        assert answer.redirect_chain[-1][0] == "/deals/board?value_min=500" and check(stored(deal.pk)), sent
        assert "data-undo" in text(answer) or "/undo/" in text(answer)
    undo_last(browser, rep, "deal.moved")
    assert stored(deal.pk).stage.name == "New"
    for wrong in ({"action": "close", "expected_close_date": "soon"}, {"action": "stage", "stage_id": "x"},
                  {"action": "assign", "assigned_to": "99999999"}, {"action": "tag"}, {}):  # fmt: skip
        assert 'class="toast error"' in text(browser.post(there, wrong | {"ids": [deal.pk]}, follow=True)), wrong
    assert stored(deal.pk).expected_close_date.isoformat() == "2027-03-05"


def test_a_move_of_many_takes_those_of_the_pipeline(browser, rep, api, lead, deal, stages, stored):
    made = api.post("/api/pipelines/add", {"name": "Renewals", "stages": [{"name": "Asked"}]}).json()["data"]
    other = make_deal(lead, by=rep, stage="Asked")
    sent = {"action": "stage", "stage_id": stages["Proposal"].pk}
    answer = browser.post("/deals/bulk", sent | {"ids": [deal.pk, other.pk]}, follow=True)
    assert "1 deal moved to Proposal." in text(answer) and stored(other.pk).pipeline_id == made["id"]
    answer = browser.post("/deals/bulk", sent | {"ids": [other.pk]}, follow=True)
    assert "none of them is in the pipeline" in text(answer)


# ------------------------------------------------------------------------- board
def test_a_deal_is_added_in_a_column(browser, lead, stages, stored, rep):
    stage = stages["Proposal"]
    path, at = f"/deals/board/add/{stage.pk}", {"HX-Request": "true", "HX-Current-URL": "http://testserver/deals/board?value_min=100"}
    assert browser.get(path).headers["Location"] == f"/deals/add?stage={stage.pk}"
    assert 'name="title"' in text(browser.get(path, headers=at))
    form = {"title": "Quick", "lead": f"Jane Doe #{lead.pk}", "value": "250"}
    refused = browser.post(path, form | {"lead": "nobody"}, headers=at)
    assert refused.status_code == 422 and "Choose one of the leads" in refused.content.decode()
    answer = browser.post(path, form, headers=at)
    page = text(answer)
    assert f'hx-swap-oob="afterbegin:#cards-{stage.pk}"' in page and ">Quick</a>" in page
    assert f'id="head-{stage.pk}" hx-swap-oob="true"' in page and "$250" in page and "undo_url" in answer.headers["HX-Trigger"]
    answer = browser.post(path, form | {"title": "Hidden", "value": "50"}, headers=at)
    assert "afterbegin" not in text(answer) and "filters of the board hide it" in answer.headers["HX-Trigger"]
    with org_scope(rep.organization):
        deal = Deal.objects.get(title="Quick")
    assert deal.stage_id == stage.pk and (deal.expected_close_date - now().date()).days in (29, 30, 31)


def test_a_column_asks_what_its_stage_requires(browser, rep, lead, stages):
    with org_scope(rep.organization):
        type(stages["Proposal"]).objects.filter(pk=stages["Proposal"].pk).update(required_fields=["next_step"])
    answer = browser.post(f"/deals/board/add/{stages['Proposal'].pk}", {"title": "Quick", "lead": f"#{lead.pk}", "value": "5"},
                          headers=SWAP)  # fmt: skip
    assert answer.status_code == 422 and "next_step" in answer.content.decode()
    with org_scope(rep.organization):
        assert not Deal.objects.exists()


def test_heads_after_a_move_are_those_of_the_boards_view(browser, rep, lead, deal, stages):
    make_deal(lead, by=rep, title="Small", value=5, stage="Proposal")
    view = {"view_name": "Big ones", "visibility": "private"}
    there = browser.post("/deals/board/views/add?value_min=500", view).headers["Location"]
    at = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{there}"}
    sent = {"stage_id": stages["Proposal"].pk, "after_id": "", "version": 1, "dragged": 1}
    page = text(browser.post(f"/deals/{deal.pk}/move", sent, headers=at))
    assert re.search(r'id="head-\d+"[^>]*>\s*<h2>Proposal</h2><span class="faint num">1</span>', page) and "$1,000" in page


def test_who_may_only_look_gets_no_ticks(client, rep, deal):
    from accounts.models import Role
    from tests.factories import make_member

    member = make_member(rep.organization, role="Sales Rep")
    with org_scope(rep.organization):
        member.role = Role.objects.create(organization=rep.organization, name="Looker", permissions=["records.view"])
        member.save()
    looking = sign_in(client, member)
    for address in ("/deals/board", "/deals/list", f"/deals/{deal.pk}/"):
        page = text(looking.get(address))
        assert "A deal" in page and 'form="picked"' not in page and 'value="stage"' not in page
    assert looking.post("/deals/board/bulk", {"action": "delete", "ids": [deal.pk]}).status_code == 403
    assert looking.get(f"/deals/board/add/{deal.stage_id}").status_code == 403


# ------------------------------------------------------------------------- record
@pytest.fixture
def page(deal):
    return f"/deals/{deal.pk}/"


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [("title", "Renamed", "Renamed"), ("value", "2500", "$2,500"), ("expected_close_date", "2027-05-01", "1 May 2027"),
     ("priority", "4", "Urgent"), ("category", "omitted", "Omitted (by hand)"), ("next_step", "Call Ada", "Call Ada"),
     ("next_step_on", "2027-01-15", "15 Jan 2027"), ("description", "Two depots", "Two depots"), ("assigned_to", "", "Add"),
     ("custom:contract", "Renewal", "Renewal")],
)  # fmt: skip
def test_a_field_is_edited_in_place_and_put_back(browser, rep, deal, page, own, name, value, shown):
    assert 'name="value"' in text(browser.get(f"{page}field/{name}", headers=SWAP))
    before = text(browser.get(f"{page}field/{name}?view=1", headers=SWAP))
    answer = browser.post(f"{page}field/{name}", {"value": value}, headers=SWAP)
    assert shown in text(answer) and "record-changed" in answer["HX-Trigger"]
    undo_last(browser, rep, "deal.assigned" if name == "assigned_to" else "deal.updated")
    assert text(browser.get(f"{page}field/{name}?view=1", headers=SWAP)) == before


def test_what_does_not_fit_a_field_is_refused(browser, page, stored, deal):
    wrong = {"title": "", "value": "0", "expected_close_date": "soon", "priority": "9", "assigned_to": "99999"}
    for name, value in wrong.items():
        assert browser.post(f"{page}field/{name}", {"value": value}, headers=SWAP).status_code == 422, name
    for name in ("stage_id", "version", "board_rank", "lead_id", "nonsense"):
        assert browser.post(f"{page}field/{name}", {"value": "1"}, headers=SWAP).status_code == 404, name
    assert stored(deal.pk).version == 1


def test_a_field_that_somebody_else_has_changed_is_not_overwritten_unseen(browser, api, deal, page, stored):
    form = text(browser.get(f"{page}field/next_step", headers=SWAP))
    seen = re.search(r'name="seen" value="([^"]*)"', form)[1]
    api.post(f"/api/lead/deal/update/{deal.pk}", {"title": "Another field"}, format="json")
    api.post(f"/api/lead/deal/update/{deal.pk}", {"next_step": "Theirs"}, format="json")
    stale = browser.post(f"{page}field/next_step", {"value": "Mine", "seen": seen}, headers=SWAP)
    told = stale.content.decode()
    assert stale.status_code == 422 and "it is Theirs now" in told and 'value="Mine"' in told
    assert stored(deal.pk).next_step == "Theirs"
    seen = re.search(r'name="seen" value="([^"]*)"', told)[1]
    assert text(browser.post(f"{page}field/next_step", {"value": "Mine", "seen": seen}, headers=SWAP))
    assert stored(deal.pk).next_step == "Mine" and stored(deal.pk).title == "Another field"


def test_a_deal_in_another_currency_is_edited_there(browser, rep, api, deal, page, stored):
    api.post("/api/exchange-rates/add", {"day": "2026-01-01", "currency": "EUR", "rate": 1.5}, format="json")
    api.post(f"/api/lead/deal/update/{deal.pk}", {"currency": "EUR", "amount": 100}, format="json")
    shown = text(browser.get(page))
    assert "Amount in EUR" in shown and 'id="field-value"' not in shown and "€100" in shown
    browser.post(f"{page}field/amount", {"value": "200"}, headers=SWAP)
    assert stored(deal.pk).value == 300


def test_the_page_tells_stages_chance_and_risk(browser, rep, deal, page, stages):
    for name in ("Qualified", "Proposal"):
        browser.post(f"{page}move", {"stage_id": stages[name].pk})
    shown = text(browser.get(page))
    assert "moved the deal from Qualified to Proposal" in shown
    assert re.search(r"Time in stages.*Qualified.*Proposal", shown, re.S)
    assert "0 d so far" in shown and "By its stage" in shown and "60 %" in shown and "$600" in shown
    assert "No win probability of its own yet: 0 deals" in shown
    for part, words in (("path", "Negotiation"), ("chance", "Weighted"), ("people", "Nobody yet"), ("stays", "so far"),
                        ("hero", "$1,000"), ("timeline", "created the deal")):  # fmt: skip
        assert words in text(browser.get(f"{page}?part={part}", headers=SWAP)), part
    browser.post(f"{page}move", {"stage_id": stages["Lost"].pk, "lost_reason": "Price"})
    shown = text(browser.get(page))
    assert "lost the deal from Proposal to Lost" in shown and "Lost because: Price" in shown


def test_notes_and_files_of_a_deal_and_their_undo(browser, rep, deal, page):
    browser.post(f"{page}note", {"note": "They want an offer"})
    browser.post(f"{page}documents", {"file": a_file("offer.txt")})
    shown = text(browser.get(page))
    assert "They want an offer" in shown and "offer.txt" in shown
    with org_scope(rep.organization):
        note, file = RecordNote.objects.get(), Attachment.objects.get()
    assert (note.model_type, note.model_id) == (file.model_type, file.model_id) == ("deal", deal.pk)
    browser.post(f"{page}notes/{note.pk}", {"note": "They want two offers"})
    undo_last(browser, rep, "note.changed")
    browser.post(f"{page}documents/{file.pk}")
    assert "offer.txt" not in text(browser.get(f"{page}?part=documents", headers=SWAP))
    undo_last(browser, rep, "document.removed")
    assert "offer.txt" in text(browser.get(f"{page}?part=documents", headers=SWAP))
    browser.post(f"{page}notes/{note.pk}", {"delete": "true"})
    undo_last(browser, rep, "note.removed")
    with org_scope(rep.organization):
        assert RecordNote.objects.alive().get().note == "They want an offer"


def test_files_of_a_deal_over_the_api(api, outsider_api, deal):
    file = {"id": "1", "name": "Plan", "mime_type": "application/pdf", "web_url": "https://box.example/1"}
    sent = {"provider": "box", "subject_type": "deal", "subject_id": deal.pk, "file": file}
    assert api.post("/api/file/attach", sent, format="json").status_code == 201
    asked = {"subject_type": "deal", "subject_id": deal.pk}
    assert api.get("/api/file/list", asked).json()["total"] == 1
    assert outsider_api.get("/api/file/list", asked).status_code == 404


def test_roles_are_changed_on_the_page(browser, rep, deal, page):
    with org_scope(rep.organization):
        contact = Contact.objects.create(organization=rep.organization, name="Cora Contact", lead_id=deal.lead_id)
    for role, words in (("champion", "is champion now"), ("blocker", "is blocker now")):
        answer = browser.post(f"{page}contacts", {"contact": contact.pk, "role": role}, headers=SWAP)
        assert f'value="{role}" selected' in text(answer) and words in answer.headers["HX-Trigger"]
    undo_last(browser, rep, "deal.contact_changed")
    with org_scope(rep.organization):
        assert DealContact.objects.get().role == "champion"
    refused = browser.post(f"{page}contacts", {"contact": contact.pk, "role": "king"}, headers=SWAP)
    assert refused.status_code == 422 and "Choose a contact and a role" in refused.content.decode()
    browser.post(f"{page}contacts", {"contact": contact.pk, "remove": contact.pk}, headers=SWAP)
    shown = text(browser.get(page))
    assert "took Cora Contact out of the deal" in shown and "Role of Cora Contact" not in shown


def test_a_deleted_deal_comes_back(browser, rep, deal, page):
    assert "Delete A deal?" in text(browser.get(f"{page}delete"))
    answer = browser.post(f"{page}delete", follow=True)
    assert "A deal is deleted." in text(answer) and browser.get(page).status_code == 404
    undo_last(browser, rep, "deal.deleted")
    assert "A deal" in text(browser.get(page))


def test_another_organisation_sees_nothing_of_it(client, outsider, deal, page):
    other = sign_in(client, outsider)
    for path in ("", "field/title", "notes/1", "documents/1", "delete", "edit", "move"):
        assert other.get(f"{page}{path}", headers=SWAP).status_code == 404, path
    for path in ("note", "documents", "contacts", "field/title"):
        assert other.post(f"{page}{path}", {"note": "x", "value": "x"}).status_code == 404, path
    assert other.get(f"/deals/board/add/{deal.stage_id}", headers=SWAP).status_code == 404


def test_queries_do_not_grow(browser, rep, deal, page, own):
    def queries(address):
        with CaptureQueriesContext(connection) as caught:
            text(browser.get(address))
        return len(caught)

    contacts = []
    addresses = ("/deals/list", "/deals/board", page)
    few = {address: queries(address) for address in addresses}
    for n in range(5):
        lead = make_lead(rep.organization, by=rep)
        make_deal(lead, by=rep, custom_fields={"contract": "New"})
        browser.post(f"{page}note", {"note": f"Note {n}"})
        with org_scope(rep.organization):
            contacts.append(Contact.objects.create(organization=rep.organization, name=f"Contact {n}"))
        browser.post(f"{page}contacts", {"contact": contacts[-1].pk, "role": "user"})
        browser.post(f"{page}field/next_step", {"value": f"Step {n}"})
    many = {address: queries(address) for address in addresses}
    assert many["/deals/list"] <= few["/deals/list"] <= 18 and many["/deals/board"] <= few["/deals/board"] <= 30, (few, many)
    assert many[page] <= few[page] + 2 <= 40, (few, many)
