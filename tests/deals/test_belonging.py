"""What becomes of deals when leads, companies, contacts or members are merged or go, and comes back with them."""

import pytest

from companies import merge as companies
from companies.models import Company
from contacts import merge as contacts
from contacts.models import Contact
from deals import companies as of_companies
from deals import contacts as roles
from deals import edit
from deals.models import Deal, DealContact
from leads import merge as leads
from leads.models import Lead
from lio import history
from lio.tenancy import org_scope
from lookups.known import known
from lookups.seeds import NEW
from tests.factories import make_company, make_deal, make_lead, make_organization


@pytest.fixture
def undo(api):
    def send(change_id):
        answer = api.post("/api/undo", {"change_id": change_id})
        assert answer.status_code == 200 and not answer.json()["data"]["conflicts"], answer.content
        return answer["X-Change-Id"]

    return send


@pytest.fixture
def act(rep):
    """Do something as one action; answers its change id."""

    def go(rule, *args, **how):
        with org_scope(rep.organization), history.one_action():
            rule(rep.organization, *args, by=rep, **how)
            return history.last_change_id()

    return go


def of(rep, model, **where):
    with org_scope(rep.organization):
        return list(model.objects.filter(**where).order_by("pk"))


def make_contact(api, name, company=None):
    body = {"name": name, "email": f"{name.lower()}@x-works.com", "company_id": company and company.pk}
    if company is None:
        body["company_id"] = api.post("/api/company/add", {"company_name": f"Of {name}"}).json()["data"]["id"]
    answer = api.post("/api/contact/add", body)
    assert answer.status_code == 201, answer.content
    return answer.json()["data"]["id"]


# ------------------------------------------------------------------------- leads
def test_merged_leads_bring_their_deals_and_get_them_back(api, rep, act, undo):
    kept, other = (make_lead(rep.organization, by=rep, email=f"{n}@x-works.com") for n in range(2))
    mine, theirs, gone = make_deal(kept, by=rep), make_deal(other, by=rep, title="Theirs"), make_deal(other, by=rep)
    api.delete("/api/lead/deal/delete", {"ids": [gone.pk]})
    change = act(leads.merge, [kept.pk, other.pk])
    assert {deal.pk for deal in of(rep, Deal, lead=kept.pk)} == {mine.pk, theirs.pk}
    assert [one["id"] for one in api.get("/api/lead/deal/list", {"lead_id": kept.pk}).json()["data"]] == [theirs.pk, mine.pk]
    again = undo(change)
    assert {deal.pk for deal in of(rep, Deal, lead=other.pk)} == {theirs.pk, gone.pk}
    undo(again)
    assert {deal.pk for deal in of(rep, Deal, lead=kept.pk)} == {mine.pk, theirs.pk}


def test_a_deal_that_moved_after_the_merge_goes_back_as_it_is(api, rep, act, undo, stages, stored):
    kept, other = (make_lead(rep.organization, by=rep, email=f"{n}@x-works.com") for n in range(2))
    deal = make_deal(other, by=rep)
    change = act(leads.merge, [kept.pk, other.pk])
    api.post(f"/api/lead/deal/{deal.pk}/move", {"stage_id": stages["Proposal"].pk})
    undo(change)
    assert stored(deal.pk).lead_id == other.pk and stored(deal.pk).stage.name == "Proposal"


def test_a_deleted_lead_takes_its_deals_and_brings_them_back(api, rep, undo):
    lead = make_lead(rep.organization, by=rep, email="a@x-works.com")
    deal = make_deal(lead, by=rep)
    gone = api.delete("/api/lead/delete", {"ids": [lead.pk]})
    assert api.get(f"/api/lead/deal/view/{deal.pk}").status_code == 404
    undo(gone["X-Change-Id"])
    assert api.get(f"/api/lead/deal/view/{deal.pk}").json()["data"]["lead_id"] == lead.pk


# ------------------------------------------------------------------------- contacts
def test_merged_contacts_have_one_role_in_each_deal(api, rep, act, undo):
    lead = make_lead(rep.organization, by=rep, email="a@x-works.com")
    both, only = make_deal(lead, by=rep), make_deal(lead, by=rep)
    one, two = make_contact(api, "One"), make_contact(api, "Two")
    with org_scope(rep.organization):
        for deal, pk, role in ((both, one, "champion"), (both, two, "blocker"), (only, two, "user")):
            roles.put(deal, Contact.objects.get(pk=pk), by=rep, role=role)

    def shown():
        return {deal.pk: {row["contact_id"]: row["role"] for row in
                          api.get(f"/api/lead/deal/view/{deal.pk}").json()["data"]["contacts"]} for deal in (both, only)}

    before = shown()
    change = act(contacts.merge, [one, two])
    after = {both.pk: {one: "champion"}, only.pk: {one: "user"}}
    assert shown() == after
    again = undo(change)
    assert shown() == before
    undo(again)
    assert shown() == after


def test_a_deleted_contact_is_in_no_deal_until_it_is_back(api, rep, undo):
    deal = make_deal(make_lead(rep.organization, by=rep, email="a@x-works.com"), by=rep)
    pk = make_contact(api, "One")
    api.post(f"/api/lead/deal/{deal.pk}/contacts", {"contact_id": pk, "role": "champion"})
    gone = api.delete(f"/api/contact/delete/{pk}")
    assert gone.status_code == 200, gone.content
    assert api.get(f"/api/lead/deal/view/{deal.pk}").json()["data"]["contacts"] == []
    undo(gone["X-Change-Id"])
    assert [one["role"] for one in api.get(f"/api/lead/deal/view/{deal.pk}").json()["data"]["contacts"]] == ["champion"]


# ------------------------------------------------------------------------- companies
def of_company(api, company_id):
    return sorted(one["id"] for one in api.get("/api/lead/deal/list", {"company_id": company_id}).json()["data"])


def test_deals_go_where_the_company_of_their_lead_goes(api, rep, act, undo):
    one, two = make_company(rep.organization, company_name="One"), make_company(rep.organization, company_name="Two")
    of_one, of_two = (make_deal(make_lead(rep.organization, by=rep, company=name, email=f"{name}@x-works.com".lower()), by=rep)
                      for name in ("One", "Two"))
    change = act(companies.merge, [one.pk, two.pk])
    assert of_company(api, one.pk) == [of_one.pk, of_two.pk]
    undo(change)
    assert (of_company(api, one.pk), of_company(api, two.pk)) == ([of_one.pk], [of_two.pk])
    api.post(f"/api/lead/update/{of_one.lead_id}", {"company": "Two"})
    assert (of_company(api, one.pk), of_company(api, two.pk)) == ([], [of_one.pk, of_two.pk])


def test_a_deleted_company_leaves_the_deals(api, rep, undo):
    lead = make_lead(rep.organization, by=rep, company="One", email="a@x-works.com")
    deal = make_deal(lead, by=rep)
    gone = api.delete(f"/api/company/delete/{lead.company_id}")
    assert gone.status_code == 200 and api.get(f"/api/lead/deal/view/{deal.pk}").status_code == 200
    assert of_company(api, lead.company_id) == []
    undo(gone["X-Change-Id"])
    assert of_company(api, lead.company_id) == [deal.pk]


def test_who_has_left_still_stands_on_their_deals(api, rep, colleague):
    deal = make_deal(make_lead(rep.organization, by=rep, email="a@x-works.com"), by=rep, assigned_to_id=colleague.pk)
    with org_scope(rep.organization):
        type(colleague).objects.filter(pk=colleague.pk).update(is_active=False)
    assert api.get(f"/api/lead/deal/view/{deal.pk}").json()["data"]["assigned_to"] == colleague.pk
    assert api.post(f"/api/lead/deal/update/{deal.pk}", {"title": "Goes on"}).status_code == 200


# ------------------------------------------------------------------------- companies that were won
def win(rep, name, stages, **fields):
    lead = make_lead(rep.organization, company=name)
    deal = make_deal(lead, by=rep)
    with org_scope(rep.organization):
        Company.objects.filter(pk=lead.company_id).update(**fields)
        edit.update(deal.pk, rep.organization, {"stage_id": stages["Won"].pk}, by=rep)
    return lead.company_id, deal


def test_companies_of_won_deals_the_newest_first(rep, stages):
    first, deal = win(rep, "First", stages)
    second, _ = win(rep, "Second", stages)
    make_deal(make_lead(rep.organization, company="Open"), by=rep)
    other = make_organization("Other")
    with org_scope(rep.organization):
        assert of_companies.won(rep.organization, 10) == [second, first]
        assert of_companies.won(rep.organization, 1) == [second]
        edit.update(deal.pk, rep.organization, {"stage_id": stages["New"].pk}, by=rep)
        assert of_companies.won(rep.organization, 10) == [second]
    with org_scope(other.organization):
        assert of_companies.won(other.organization, 10) == []


def test_what_won_deals_have_in_common_ranks_similar_companies(api, rep, stages):
    for n in range(3):
        win(rep, f"Won {n}", stages, industry_type="Retail", employee_size="11-50", country=f"C{n}")
    with org_scope(rep.organization):  # the leads go back to where they were: the deals stay won
        Lead.objects.update(status_id=known(rep.organization, "status")[NEW].pk)
    mine = make_company(rep.organization, country="Germany", city="Bonn")
    unlike = make_company(rep.organization, country="Germany", industry_type="Mining", employee_size="11-50")
    like = make_company(rep.organization, country="Germany", industry_type="Retail", employee_size="11-50")
    found = api.get(f"/api/company/similar/{mine.pk}").json()["data"]
    assert [one["id"] for one in found] == [like.pk, unlike.pk]
    assert found[0]["reasons"][-1] == "Like companies that you have won"
    api.delete("/api/lead/deal/delete", {"ids": [deal.pk for deal in of(rep, Deal)]})
    found = api.get(f"/api/company/similar/{mine.pk}").json()["data"]
    assert all("Like companies that you have won" not in one["reasons"] for one in found) and len(found) == 2


def test_roles_are_not_seen_from_elsewhere(api, outsider_api, rep):
    deal = make_deal(make_lead(rep.organization, by=rep, email="a@x-works.com"), by=rep)
    pk = make_contact(api, "One")
    assert outsider_api.post(f"/api/lead/deal/{deal.pk}/contacts", {"contact_id": pk}).status_code == 404
    with org_scope(rep.organization):
        assert not DealContact.objects.exists()
