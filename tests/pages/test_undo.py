"""The toast's Undo: what a page has just changed is taken back by one press."""

import json
import re
from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from activity import attachments
from leads import edit, follow_ups, notes
from leads.models import Lead
from lio import bulk, history, jobs, undo
from lio.models import Change
from lio.tenancy import org_scope
from lookups import fields, views
from lookups.known import known
from tests.conftest import sign_in
from tests.factories import a_file, a_picture, make_lead


def undo_of(page):
    return re.search(r'action="(/undo/\d+)"', page.content.decode())[1]


def test_a_bulk_action_offers_undo(browser, rep):
    leads = [make_lead(rep.organization, email=f"p{n}@x.example") for n in range(3)]
    page = browser.post("/leads/bulk", {"action": "status", "status": 3, "ids": [lead.pk for lead in leads]}, follow=True)
    page = browser.post(undo_of(page), headers={"referer": "http://testserver/leads/"}, follow=True)
    assert "3 records put back." in page.content.decode()
    with org_scope(rep.organization):
        assert set(Lead.objects.values_list("status__number", flat=True)) == {1}


def test_a_deletion_offers_undo(browser, rep):
    lead = make_lead(rep.organization, email="jane@x.example")
    page = browser.post(f"/leads/{lead.pk}/delete", follow=True)
    browser.post(undo_of(page))
    with org_scope(rep.organization):
        assert Lead.objects.get(pk=lead.pk).deleted_at is None


def test_nobody_is_sent_elsewhere(browser, rep):
    lead = make_lead(rep.organization)
    page = browser.post(f"/leads/{lead.pk}/delete", follow=True)
    answer = browser.post(undo_of(page), headers={"referer": "https://evil.example/"})
    assert answer["Location"] == "/"


# ---------------------------------------------------------------------------- every page that changes offers it
def changes_of_pages(rep):
    """(name, address, form) of every form of a page that changes what can be taken back."""
    with org_scope(rep.organization):
        field = fields.add(rep.organization, label="Budget", by=rep)
        fields.add(rep.organization, label="Other", by=rep)
        view = views.add(rep.organization, module_name="lead", view_name="Bonn", visibility="private", by=rep)
    lead = make_lead(rep.organization, by=rep, email="jane@x.example")
    with org_scope(rep.organization):
        note = notes.add(lead, title="Budget", note="Budget is set", by=rep)
        follow_up = follow_ups.add(lead, due_at=now() + timedelta(days=2), by=rep)
        document = attachments.add_document(
            rep.organization, model_type="lead", model_id=lead.pk, by=rep, upload=a_file()
        )
    page, settings = f"/leads/{lead.pk}", "/settings/fields"
    return {
        "status": (f"{page}/status", {"status": 3}),
        "field": (f"{page}/field/city", {"value": "Bonn"}),
        "note": (f"{page}/note", {"note": "New"}),
        "note edited": (f"{page}/notes/{note.pk}", {"note": "Other words"}),
        "note pinned": (f"{page}/notes/{note.pk}", {"is_pinned": "true"}),
        "note deleted": (f"{page}/notes/{note.pk}", {"delete": "true"}),
        "follow-up": (f"{page}/follow-ups", {"follow_up_date": "2031-06-15T09:00", "notes": "Call"}),
        "follow-up put off": (f"{page}/follow-ups/{follow_up.pk}", {"until": "week"}),
        "follow-up done": (f"{page}/follow-ups/{follow_up.pk}", {"done": "true"}),
        "document": (f"{page}/documents", {"file": a_file("plan.txt")}),
        "document deleted": (f"{page}/documents/{document.pk}", {}),
        "picture": (f"{page}/picture", {"image": a_picture()}),
        "picture removed": (f"{page}/picture", {"remove": "true"}),
        "bulk": ("/leads/bulk", {"action": "assign", "assigned_to": rep.pk, "ids": lead.pk}),
        "add": ("/leads/add", {"first_name": "New", "last_name": "One", "status": 1, "priority": 2}),
        "field moved": (settings, {"down": field.pk}),
        "field archived": (settings, {"archive": field.pk}),
        "field defined": (f"{settings}/add", {"label": "Third", "kind": "text"}),
        "field changed": (f"{settings}/{field.pk}", {"label": "Money", "kind": "text", "key": "budget"}),
        "view": ("/leads/views/add?city=Bonn", {"view_name": "Mine", "visibility": "private"}),
        "view renamed": (f"/leads/views/{view.pk}", {"view_name": "Berlin", "visibility": "private"}),
        "view deleted": (f"/leads/views/{view.pk}", {"delete": "true"}),
        "deleted": (f"{page}/delete", {}),
    }


def test_every_page_that_changes_offers_undo(browser, rep):
    for name, (address, form) in changes_of_pages(rep).items():
        answer = browser.post(address, form)
        assert answer.status_code == 302, (name, answer.status_code, answer.content.decode()[-1500:])
        page = browser.get(answer.url, follow=True)
        undone = browser.post(undo_of(page), headers={"referer": "http://testserver/leads/"}, follow=True)
        assert "put back" in undone.content.decode(), name


def test_htmx_is_told_where_undo_is(browser, rep):
    offers = changes_of_pages(rep)
    swapped = {name for name, (address, _) in offers.items() if address.startswith("/leads/") and address[7].isdigit()}
    for name in swapped - {"picture", "picture removed", "deleted"}:
        address, form = offers[name]
        answer = browser.post(address, form, headers={"HX-Request": "true"})
        toast = json.loads(answer["HX-Trigger"])["toast"]
        assert toast["undo_url"].startswith("/undo/"), name
        browser.post(toast["undo_url"], headers={"HX-Request": "true"})


# ---------------------------------------------------------------------------- the timeline
def entries(browser, lead):
    page = browser.get(f"/leads/{lead.pk}/?part=timeline").content.decode()
    return re.findall(r"<li>.*?</li>\s*(?=<li>|</ol>)", page[page.index('<ol class="timeline"') :], re.S)


def test_the_timeline_offers_undo_and_marks_what_was_undone(browser, rep):
    lead = make_lead(rep.organization, by=rep, city="Riga")
    browser.post(f"/leads/{lead.pk}/field/city", {"value": "Bonn"})
    changed, created = entries(browser, lead)
    assert "Undo" in changed and "Undo" in created and "Undone" not in changed
    address = re.search(r'action="(/undo/\d+)"', changed)[1]
    browser.post(address, headers={"referer": f"http://testserver/leads/{lead.pk}/"})
    back, changed, created = entries(browser, lead)
    assert "Undone" in changed and 'action="/undo/' not in changed and "Riga" in back and 'action="/undo/' in back
    browser.post(re.search(r'action="(/undo/\d+)"', back)[1])  # and again: now the first is no longer undone
    again, back, changed, created = entries(browser, lead)
    assert "Undone" in back and "Undone" not in changed and "Bonn" in again


def test_the_timeline_asks_before_it_undoes_what_others_got_too(browser, rep):
    leads = [make_lead(rep.organization, by=rep, email=f"p{n}@x.example") for n in range(3)]
    browser.post("/leads/bulk", {"action": "status", "status": 3, "ids": [lead.pk for lead in leads]})
    entry = entries(browser, leads[0])[0]
    address = re.search(r'href="(/undo/\d+)"', entry)[1]
    page = browser.get(address, headers={"referer": f"http://testserver/leads/{leads[0].pk}/"}).content.decode()
    assert '<b class="num">3</b> × Lead status changed' in page and f'value="http://testserver/leads/{leads[0].pk}/"' in page


def test_what_one_may_not_undo_is_not_offered(client, rep, colleague):
    lead = make_lead(rep.organization, by=rep)
    with org_scope(rep.organization):
        notes.add(lead, title="Mine", by=rep)
        Change.objects.filter(verb="lead.created").update(created_at=now() - timedelta(days=31))
    reader = sign_in(client, colleague)
    note, created = entries(reader, lead)
    assert "/undo/" not in note and "/undo/" not in created


def test_the_timeline_costs_the_same_for_many_entries(browser, rep):
    few, many = make_lead(rep.organization, by=rep), make_lead(rep.organization, by=rep, first_name="Max")
    for n in range(20):
        with org_scope(rep.organization), history.one_action():
            edit.update(many.pk, rep.organization, {"city": f"City {n}"}, by=rep)
    counts = []
    for lead in (few, many):
        with CaptureQueriesContext(connection) as queries:
            browser.get(f"/leads/{lead.pk}/?part=timeline")
        counts.append(len(queries))
    assert counts[0] == counts[1]


# ---------------------------------------------------------------------------- its page
def test_conflicts_are_listed_with_their_records(browser, rep):
    leads = [make_lead(rep.organization, by=rep, email=f"p{n}@x.example", first_name=f"Jane{n}") for n in range(3)]
    page = browser.post("/leads/bulk", {"action": "status", "status": 3, "ids": [lead.pk for lead in leads]}, follow=True)
    browser.post(f"/leads/{leads[1].pk}/status", {"status": 2})
    address = undo_of(page)
    answer = browser.post(address)
    assert answer.url == address
    shown = browser.get(address).content.decode()
    assert "2 records put back" in shown and "1 left as it is" in shown
    assert f'<a class="name" href="/leads/{leads[1].pk}/">Jane1 Doe</a>' in shown and "has been changed since" in shown
    again = browser.post(address, headers={"referer": "http://testserver/leads/"}, follow=True)
    assert "This has been undone already." in again.content.decode()


def test_a_large_undo_shows_its_progress_and_what_it_came_to(browser, api, rep, monkeypatch):
    monkeypatch.setattr(undo, "AT_ONCE", 3)
    monkeypatch.setattr(undo, "CHUNK", 2)
    leads = [make_lead(rep.organization, by=rep, email=f"p{n}@x.example") for n in range(5)]
    page = browser.post("/leads/bulk", {"action": "status", "status": 3, "ids": [lead.pk for lead in leads]}, follow=True)
    browser.post(f"/leads/{leads[1].pk}/status", {"status": 2})
    address = undo_of(page)
    assert browser.post(address).url == address
    working = browser.get(address, headers={"HX-Request": "true"}).content.decode()
    assert 'hx-trigger="every 2s"' in working and 'max="5" value="0"' in working and "<html" not in working
    assert browser.post(address, headers={"referer": "http://testserver/leads/"}).url == "http://testserver/leads/"
    told = api.get(f"/api/undo/view/{address.split('/')[-1]}").json()["data"]
    assert (told["state"], told["total"], told["processed"]) == ("processing", 5, 0)
    jobs.drain()
    told = api.get(f"/api/undo/view/{address.split('/')[-1]}").json()["data"]
    assert (told["state"], told["processed"], told["reverted"], told["conflict_count"]) == ("completed", 5, 4, 1)
    assert [conflict["model_id"] for conflict in told["conflicts"]] == [leads[1].pk]
    done = browser.get(address).content.decode()
    assert "4 records put back" in done and "1 left as it is" in done and "every 2s" not in done


def test_what_is_still_being_done_is_not_undone(api, rep, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    ids = [make_lead(rep.organization, email=f"p{n}@x.example").pk for n in range(4)]
    changed = int(api.post("/api/lead/status-change", {"ids": ids, "status": 3})["X-Change-Id"])
    with org_scope(rep.organization), history.one_action(change_id=changed):
        Lead.objects.filter(pk=ids[0]).set_status(known(rep.organization, "status")[3], by=rep)  # its first chunk
    answer = api.post("/api/undo", {"change_id": changed})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "still_running")
    jobs.drain()
    assert api.post("/api/undo", {"change_id": changed}).json()["data"]["reverted"] == 4


def test_an_undo_that_could_do_nothing_may_be_tried_again(api, rep):
    lead = make_lead(rep.organization, city="Riga")
    first = int(api.post(f"/api/lead/update/{lead.pk}", {"city": "Bonn"})["X-Change-Id"])
    second = int(api.post(f"/api/lead/update/{lead.pk}", {"city": "Oslo"})["X-Change-Id"])
    assert api.post("/api/undo", {"change_id": first}).json()["data"]["reverted"] == 0
    api.post("/api/undo", {"change_id": second})
    assert api.post("/api/undo", {"change_id": first}).json()["data"]["reverted"] == 1
    assert api.get(f"/api/lead/view/{lead.pk}").json()["data"]["city"] == "Riga"
