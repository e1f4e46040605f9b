"""The toast's Undo: what a page has just changed is taken back by one press."""

import re

from leads.models import Lead
from lio.tenancy import org_scope
from tests.factories import make_lead


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
