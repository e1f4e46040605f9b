"""Deals on the pages of leads, companies and contacts."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from contacts import conversion
from contacts.models import Contact
from deals import contacts as roles
from deals import edit
from deals.models import Deal, DealContact
from leads.models import Lead
from lio.tenancy import org_scope
from tests.factories import make_deal, make_lead, make_organization

QUERIES = 30, 29, 28  # of the page of a lead, of a company, of a contact


def text(answer):
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


def section(browser, address):
    return " ".join(re.sub(r"<[^>]+>", " ", text(browser.get(f"{address}?part=deals"))).split())


@pytest.fixture
def lead(rep):
    return make_lead(rep.organization, by=rep, email="jane@fine-widgets.com", company="Fine Widgets", assigned_to_id=rep.pk)


@pytest.fixture
def contact_id(rep, lead):
    with org_scope(rep.organization):
        return conversion.convert(lead.pk, rep.organization, by=rep).contact_id


def move(rep, deal, stage):
    with org_scope(rep.organization):
        edit.update(deal.pk, rep.organization, {"stage_id": stage.pk}, by=rep)


def test_of_a_lead(browser, rep, lead, stages):
    won = make_deal(lead, by=rep, title="Won one")
    late = make_deal(lead, by=rep, title="Late", expected_close_date="2020-01-31")
    make_deal(lead, by=rep, title="Idle", value=2500, expected_close_date="2035-01-31")
    move(rep, won, stages["Won"])
    with org_scope(rep.organization):
        before = now() - timedelta(days=20)
        Deal.objects.filter(title="Idle").update(created_at=before, last_activity_at=before)
        Lead.objects.update(last_activity_at=before)
    shown = section(browser, f"/leads/{lead.pk}/")
    assert shown.index("Late") < shown.index("Idle $2,500 New · closes 31 Jan 2035 · ") < shown.index("Won one")
    assert "20 d idle" in shown and "d late" in shown and "Add a deal" in shown
    whole = text(browser.get(f"/leads/{lead.pk}/"))
    assert f'href="/deals/{late.pk}/"' in whole and f'href="/deals/add?lead={lead.pk}"' in whole
    assert "No deals yet." in section(browser, f"/leads/{make_lead(rep.organization, email='n@o.example').pk}/")


def test_of_a_company_with_what_is_open_and_won(browser, rep, lead, stages):
    other = make_lead(rep.organization, by=rep, first_name="Ines", email="ines@fine-widgets.com", company="Fine Widgets")
    for value in (1000, 500):
        make_deal(lead, by=rep, value=value)
    won, lost = make_deal(other, by=rep, value=300), make_deal(other, by=rep, value=99)
    move(rep, won, stages["Won"])
    move(rep, lost, stages["Lost"])
    address = f"/companies/{lead.company_id}/"
    shown = section(browser, address)
    assert "$1,500 open · $300 won" in shown and "Ines Doe" in shown and "$99" in shown
    for n in range(9):
        make_deal(lead, by=rep, title=f"More {n}")
    assert f'href="/deals/list?company_id={lead.company_id}"' in text(browser.get(address))
    with org_scope(rep.organization):  # the lead goes to another company: its deals go along
        Lead.objects.filter(pk=other.pk).update(company=None)
    assert "won" not in section(browser, address)


def test_of_a_contact_with_its_role(browser, rep, lead, contact_id):
    deal, not_in = make_deal(lead, by=rep, title="Scanners"), make_deal(lead, by=rep, title="Printers")
    with org_scope(rep.organization):
        other = conversion.convert(
            make_lead(rep.organization, email="b@fine-widgets.com").pk, rep.organization, by=rep).contact_id
        roles.put(deal, _contact(other), by=rep, role="blocker")
        roles.put(deal, _contact(contact_id), by=rep, role="champion")
    shown = section(browser, f"/contacts/{contact_id}/")
    assert "Scanners" in shown and "Champion" in shown and "Blocker" not in shown and "Printers" not in shown
    assert "Has a say in no deal yet." not in shown and not_in.title == "Printers"
    with org_scope(rep.organization):
        roles.remove(deal, contact_id, by=rep)
    assert "Has a say in no deal yet." in section(browser, f"/contacts/{contact_id}/")


def _contact(pk):
    return Contact.objects.get(pk=pk)


@pytest.mark.parametrize("kind", ["lead", "company", "contact"])
def test_a_deal_is_added_from_there(browser, rep, lead, contact_id, stages, kind):
    pk = {"lead": lead.pk, "company": lead.company_id, "contact": contact_id}[kind]
    address = f"/deals/add?{kind}={pk}"
    assert f'value="Jane Doe #{lead.pk}"' in text(browser.get(address))
    sent = {"title": "From there", "lead": f"Jane Doe #{lead.pk}", "stage_id": stages["New"].pk, "value": "5", "priority": 2,
            "expected_close_date": "2031-01-01"}
    assert browser.post(address, sent).status_code == 302
    with org_scope(rep.organization):
        deal = Deal.objects.get(title="From there")
        found = DealContact.objects.filter(deal=deal).values_list("contact_id", flat=True)
        assert list(found) == [contact_id] * (kind == "contact")
    assert "From there" in section(browser, f"/{'companies' if kind == 'company' else f'{kind}s'}/{pk}/")


@pytest.mark.parametrize("query", ["lead=x", "company=0", "contact=99999999999", "contact=", "lead=1&company=2"])
def test_an_odd_address_begins_with_no_lead(browser, query):
    assert 'id="id_lead"' in text(browser.get(f"/deals/add?{query}"))


def test_nothing_of_another_organization(browser, rep, lead):
    other = make_organization("Other")
    theirs = make_lead(other.organization, by=other, email="t@their-works.com", company="Theirs")
    make_deal(theirs, by=other, title="Secret")
    for kind, pk in (("lead", theirs.pk), ("company", theirs.company_id)):
        assert "Their" not in text(browser.get(f"/deals/add?{kind}={pk}"))
        assert browser.get(f"/{'companies' if kind == 'company' else 'leads'}/{pk}/?part=deals").status_code == 404
    assert "Secret" not in text(browser.get(f"/leads/{lead.pk}/"))


def test_queries_do_not_grow_with_the_deals(browser, rep, lead, contact_id):
    pages = [f"/leads/{lead.pk}/", f"/companies/{lead.company_id}/", f"/contacts/{contact_id}/"]

    def counted():
        found = []
        for page in pages:
            with CaptureQueriesContext(connection) as queries:
                text(browser.get(page))
            found.append(len(queries))
        return found

    def more(count):
        for _ in range(count):
            deal = make_deal(lead, by=rep)
            with org_scope(rep.organization):
                roles.put(deal, _contact(contact_id), by=rep)

    more(9)  # more than a section shows
    few = counted()
    more(10)
    assert counted() == few and all(count <= most for count, most in zip(few, QUERIES, strict=True)), few
