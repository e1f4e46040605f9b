"""What contacts add to the pages of leads and companies, and to their own: who works there, what a lead has become, where
somebody worked before.
"""

from django.urls import reverse

from contacts import conversion
from contacts.models import Contact, Employment
from leads.models import Lead
from lio.rows import in_order, plain_rows

SHOWN = 8  # contacts of a company, employments of a contact


def people(user, company_id, request):
    """The people of a company, those who came last first."""
    rows = Contact.objects.of(user.organization).alive().filter(company_id=company_id)
    ids = list(rows.order_by("-pk").values_list("pk", flat=True)[: SHOWN + 1])
    return {
        "name": "people",
        "template": "contacts/_of_company.html",
        "contacts": plain_rows(in_order(Contact.objects, ids[:SHOWN]).page_rows()) if ids else [],
        "all": f"{reverse('contacts:list')}?company_id={company_id}" if len(ids) > SHOWN else "",
        "add": f"{reverse('contacts:add')}?company_id={company_id}" if user.can("records.edit") else "",
    }


def of_lead(user, lead_id, request):
    """The contact that a lead has become."""
    contact_id = contact_of_lead(user, lead_id)
    contacts = Contact.objects.of(user.organization).select_related("company")
    contact = contacts.filter(pk=contact_id).first() if contact_id else None
    return {"name": "contact", "template": "contacts/_of_lead.html", "contact": contact}


def convert(user, lead_id):
    """The button by which a lead becomes a contact (lio.registry.record_acts); None for one that has become one."""
    if not user.can("records.edit") or contact_of_lead(user, lead_id):
        return None
    return {"label": "Convert to contact", "icon": "identification", "address": reverse("contacts:convert", args=[lead_id])}


def contact_of_lead(user, lead_id):
    """Id of the contact that a lead has become, or None; asked once a request, for the button and the section."""
    if not hasattr(user, "_contact_of_lead"):
        user._contact_of_lead = lead_id, conversion.of_leads(user.organization, [lead_id]).get(lead_id)
    return user._contact_of_lead[1]


def career(user, contact_id, request):
    """Where a contact works and worked before, and the lead that it was."""
    contact = Contact.objects.of(user.organization).select_related("company").filter(pk=contact_id).first()
    if contact is None:
        return None
    before = Employment.objects.of(user.organization).filter(contact=contact).select_related("company").order_by("-pk")
    lead = Lead.objects.of(user.organization).alive().filter(pk=contact.lead_id or 0).first()
    if not (lead or contact.company_id or before):
        return None
    return {
        "name": "career",
        "template": "contacts/_career.html",
        "contact": contact,
        "before": list(before[:SHOWN]),
        "lead": lead,
    }
