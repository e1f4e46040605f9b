"""Which contacts may be one person: found for one contact, for what is typed, and as the organisation's list of pairs."""

import pytest
from django.db import connection

from companies.naming import find_or_make
from contacts import duplicates, jobs
from contacts.models import Contact, ContactPair, ContactPoint
from lio import jobs as queue
from lio.norms import email_norm, norms, phone_norm
from lio.tenancy import org_scope
from tests.leads.test_likely_duplicates import analyze, febrl


def contact(organization, name="Jane Doe", company=None, points=(), **fields):
    """A contact as it stands in the table; `points` are (kind, value) of further addresses."""
    with org_scope(organization):
        row = Contact.objects.create(
            organization=organization, name=name, **norms(fields), **fields,
            company_id=company and find_or_make(organization, company, by=None))
        for kind, value in points:
            norm = (email_norm if kind == "email" else phone_norm)(value)
            ContactPoint.objects.create(organization=organization, contact=row, kind=kind, value=value, norm=norm)
        return row


def pairs(rep):
    with org_scope(rep.organization):
        queue.enqueue(jobs.match_contacts)
    queue.drain()
    with org_scope(rep.organization):
        rows = ContactPair.objects.of(rep.organization).alive().order_by("pk")
        return {(row.first_id, row.second_id): (row.score, row.reasons) for row in rows}


@pytest.mark.parametrize(("one", "other", "reasons", "least"), [
    ({"email": "j@x.example"}, {"email": "J@X.example "}, ["email", "name"], 95),
    ({"email": "j@x.example"}, {"points": [("email", "J@x.example")]}, ["email", "name"], 95),
    ({"points": [("email", "j@x.example")]}, {"points": [("email", "j@x.example")], "email": "k@x.example"}, ["email", "name"],
     95),
    ({"linkedin_url": "https://www.linkedin.com/in/jane/"}, {"linkedin_url": "linkedin.com/in/jane"}, ["linkedin", "name"], 95),
    ({"phone_number": "+49 30 123456"}, {"points": [("phone", "0049 (30) 123-456")]}, ["phone", "name"], 65),
    ({"company": "Acme"}, {"company": "ACME Inc."}, ["name_company"], 90),
    ({"company": "Acme"}, {"company": "Acme", "name": "Jayne Doe"}, ["name_company"], 50),
    ({"company": "Acme"}, {"company": "Acme", "name": "DOE JANE"}, ["name_company"], 90),
    ({"company": "Acme", "city": "Bonn"}, {"city": "bonn", "name": "jane doe"}, ["name", "city"], 50),
])  # fmt: skip
def test_who_is_likely_the_same(rep, one, other, reasons, least):
    first, second = contact(rep.organization, **one), contact(rep.organization, **other)
    with org_scope(rep.organization):
        for asked, answer in ((first, second), (second, first)):
            (likely,) = duplicates.of_contact(rep.organization, asked.pk)
            assert (likely.id, likely.reasons) == (answer.pk, reasons) and likely.score >= least
    assert pairs(rep) == {(first.pk, second.pk): (likely.score, reasons)}


@pytest.mark.parametrize(("one", "other"), [
    ({"company": "Acme"}, {"company": "Acme", "name": "Robert Miller"}),
    ({"company": "Acme"}, {"company": "Globex"}),
    ({}, {}),
    ({"name": "Desk 1", "company": "Acme"}, {"name": "Desk 2", "company": "Acme"}),
])  # fmt: skip
def test_who_is_not(rep, one, other):
    contact(rep.organization, **one), contact(rep.organization, **other)
    assert pairs(rep) == {}


def test_a_further_address_that_comes_or_goes_is_noticed(rep):
    one, other = contact(rep.organization, email="j@x.example"), contact(rep.organization)
    assert pairs(rep) == {}
    with org_scope(rep.organization):
        point = ContactPoint.objects.create(organization=rep.organization, contact=other, kind="email", value="j@x.example",
                                            norm="j@x.example")
    assert set(pairs(rep)) == {(one.pk, other.pk)}
    with org_scope(rep.organization):
        point.delete()
    assert pairs(rep) == {}


def test_what_is_typed(rep, outsider):
    jane = contact(rep.organization, company="Acme", email="jane@acme.example", points=[("phone", "+49 30 123456")])
    contact(outsider.organization, company="Acme")
    with org_scope(rep.organization):
        for typed in ({"email": "JANE@acme.example"}, {"phone_number": "0049 30 123456"},
                      {"name": "jane doe", "company": "acme inc"}):
            assert [one.id for one in duplicates.of_typed(rep.organization, typed)] == [jane.pk], typed
        for typed in ({}, {"name": "Jane"}, {"email": "jane@"}, {"phone_number": "30"}, {"email": "\0", "city": "x" * 999}):
            assert duplicates.of_typed(rep.organization, typed) == [], typed


def test_look_ups_can_walk_through_indexes(rep):
    """As the app's role, behind the wall: nothing must read all contacts."""
    one = contact(rep.organization)
    with org_scope(rep.organization), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN WITH {duplicates.STORED}, {duplicates.SCORED} {duplicates.KIT.find}",
                       {"org": rep.organization.pk, "ids": [one.pk], "most": 10})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan on contacts_contact" not in plan, plan


def test_pages(browser, rep):
    one, other = contact(rep.organization, company="Acme"), contact(rep.organization, company="Acme", city="Bonn")
    assert set(pairs(rep)) == {(one.pk, other.pk)}
    page = browser.get("/contacts/duplicates/").content.decode()
    assert f"/contacts/merge?ids={one.pk},{other.pk}" in page and "Like name and company" in page
    assert "Likely duplicates" in browser.get(f"/contacts/{one.pk}/").content.decode()
    page = browser.get(f"/contacts/merge?ids={one.pk}&ids={other.pk}").content.decode()
    assert "Bonn" in page and 'name="f.city"' in page and 'name="f.name"' not in page
    page = browser.post("/contacts/merge", {"ids": f"{one.pk},{other.pk}", "f.city": other.pk}, follow=True)
    assert page.redirect_chain == [(f"/contacts/{one.pk}/", 302)] and "2 contacts are one now." in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_real_bar_of_people(rep, capsys):
    """FEBRL dataset 1, 500 true pairs: `soc_sec_id` stands in for an e-mail address, whose plain equality has F1 0.947."""
    keys = {}
    for row in febrl():
        made = contact(
            rep.organization, f"{row['given_name']} {row['surname']}".title().strip() or "?", city=row["suburb"] or None,
            company=f"{row['address_1']} {row['street_number']}".strip() or None,
            email=f"p{row['soc_sec_id']}@x.example" if row["soc_sec_id"] else None)
        keys[made.pk] = row["rec_id"]
    analyze("contacts_contact", "companies_company", "contacts_contactpoint")
    truth = {frozenset((f"rec-{n}-org", f"rec-{n}-dup-0")) for n in {key.split("-")[1] for key in keys.values()}}
    told = {frozenset((keys[first], keys[second])) for first, second in pairs(rep)}
    right = len(told & truth)
    precision, recall = right / len(told), right / len(truth)
    f1 = 2 * precision * recall / (precision + recall)
    with capsys.disabled():
        print(f"\nfebrl_dataset1 as contacts: {precision:.3f} / {recall:.3f} / {f1:.3f}")
    assert f1 >= 0.947 and precision >= 0.95
