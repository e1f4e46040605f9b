"""What deals add to the pages of leads, companies and contacts, and with what a deal begins that is added from there."""

from django.db.models import Count, F, Q, Sum
from django.urls import reverse

from contacts.models import Contact
from deals import contacts
from deals.models import Deal, DealContact
from deals.pages.query import dressed
from leads.models import Lead
from lio.rows import plain_rows

SHOWN = 8


def of_lead(user, lead_id, request):
    """The deals of a lead."""
    rows = Deal.objects.of(user.organization).alive().filter(lead=lead_id)
    return _section(user, rows, "lead", lead_id)


def of_company(user, company_id, request):
    """The deals of a company's leads, with what is open and what was won."""
    rows = Deal.objects.of(user.organization).alive().filter(lead__company=company_id, lead__deleted_at=None)
    found = _section(user, rows, "company", company_id)
    return found | {"totals": _totals(rows) if found["all"] else _sums(found["deals"])}


def _totals(rows):
    is_open, is_won = Q(closed_at=None), Q(stage__is_won=True)
    return rows.aggregate(open=Count("pk", filter=is_open), open_value=Sum("value", filter=is_open),
                          won=Count("pk", filter=is_won), won_value=Sum("value", filter=is_won))


def _sums(deals):
    """The same where all of them are shown."""
    values = {state: [deal["value"] for deal in deals if deal["status"] == state] for state in ("open", "won")}
    return {"open": len(values["open"]), "open_value": sum(values["open"]), "won": len(values["won"]),
            "won_value": sum(values["won"])}


def of_contact(user, contact_id, request):
    """The deals in which a contact has a say, with its role."""
    rows = Deal.objects.of(user.organization).alive().filter(deal_contacts__contact=contact_id)
    return _section(user, rows, "contact", contact_id, role=F("deal_contacts__role"))


def _section(user, rows, kind, pk, **more):
    """The open ones by their close date, then the closed ones, the newest first."""
    order = F("closed_at").desc(nulls_first=True), "expected_close_date", "id"
    shown = dressed(plain_rows(rows.page_rows().annotate(**more).order_by(*order)[: SHOWN + 1]), user)
    roles = dict(DealContact.Role.choices)
    for row in shown:
        row["role_text"] = roles.get(row.get("role"), "")
    return {
        "name": "deals",
        "template": "deals/_of_record.html",
        "deals": shown[:SHOWN],
        "of": kind,
        "currency": user.organization.currency,
        "all": f"{reverse('deals:list')}?{kind}_id={pk}" if len(shown) > SHOWN else "",
        "add": f"{reverse('deals:add')}?{kind}={pk}" if user.can("records.edit") else "",
    }


# ------------------------------------------------------------------------- a deal that is added from such a page
def lead_of(organization, query):
    """The lead of a new deal by the page that it is added from (`lead`, `company` or `contact` in the address); None for none.

    Of a company, and of a contact that was no lead, it is the lead of the company with which something happened last.
    """
    leads = Lead.objects.of(organization).alive()
    if pk := _number(query.get("lead")):
        return leads.filter(pk=pk).first()
    company_id = _number(query.get("company"))
    if contact := contact_of(organization, query):
        if contact.lead_id and (lead := leads.filter(pk=contact.lead_id).first()):
            return lead
        company_id = contact.company_id or 0
    newest = leads.filter(company_id=company_id).order_by(F("last_activity_at").desc(nulls_last=True), "-pk")
    return newest.first() if company_id else None


def contact_of(organization, query):
    """The contact from whose page a deal is added; None from any other page."""
    return Contact.objects.of(organization).alive().filter(pk=_number(query.get("contact"))).first()


def join(organization, deal_id, query, *, by):
    """Give the contact from whose page the deal was added a say in it."""
    if contact := contact_of(organization, query):
        contacts.put(Deal.objects.of(organization).get(pk=deal_id), contact, by=by)


def _number(text):
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0
