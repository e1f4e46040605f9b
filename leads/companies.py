"""Leads of companies: what becomes of them when a company goes or gets another name, and the section on its page."""

from django.db.models import F
from django.urls import reverse

from accounts.models import Organization
from leads import edit_many, jobs
from leads.models import Lead
from lio import history
from lio.jobs import enqueue
from lio.rows import in_order, plain_rows

CHUNK = 1000
SHOWN = 8  # leads of the section


def unlink(organization_id, company_ids, by):
    """Take the company off the leads of companies that are being deleted, chunk by chunk, all recorded."""
    organization = Organization.objects.get(pk=organization_id)
    leads = Lead.objects.of(organization).alive().filter(company_id__in=company_ids)
    while ids := list(leads.order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        rows = Lead.objects.of(organization).filter(pk__in=ids)
        names = {"company_id": ("company", F("company__company_name"), None)}
        history.change_rows(rows, "lead.updated", {"company_id": None}, by=by, names=names)
        edit_many.follow(list(rows), {})


def rename(organization, company_ids):
    """The words that leads are found by hold the names of their companies: written anew in the background."""
    for company_id in company_ids:
        if Lead.objects.of(organization).alive().filter(company_id=company_id).exists():
            enqueue(jobs.write_words_of_company, company_id)


def section(user, company_id, request):
    """The newest leads of a company, for its page."""
    leads = Lead.objects.of(user.organization).alive().filter(company_id=company_id)
    ids = list(leads.order_by("-pk").values_list("pk", flat=True)[: SHOWN + 1])
    return {
        "name": "leads",
        "template": "leads/_of_company.html",
        "leads": plain_rows(in_order(Lead.objects, ids[:SHOWN]).page_rows()) if ids else [],
        "all": f"{reverse('leads:list')}?company_id={company_id}" if len(ids) > SHOWN else "",
    }
