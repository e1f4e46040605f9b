"""Contacts of companies: what becomes of them when a company goes or gets another name."""

from accounts.models import Organization
from contacts import edit, jobs
from contacts.models import Contact
from lio.jobs import enqueue

CHUNK = 1000


def unlink(organization_id, company_ids, by):
    """Take the company off the contacts of companies that are being deleted, chunk by chunk, all recorded; the employment is
    closed, so that it stays in their history.
    """
    organization = Organization.objects.get(pk=organization_id)
    contacts = Contact.objects.of(organization).alive().filter(company_id__in=company_ids).order_by("pk")
    while rows := list(contacts.select_for_update(of=("self",))[:CHUNK]):
        edit.change(organization, rows, {"company_id": None}, by=by)


def rename(organization, company_ids):
    """The words that contacts are found by hold the names of their companies: written anew in the background."""
    for company_id in company_ids:
        if Contact.objects.of(organization).alive().filter(company_id=company_id).exists():
            enqueue(jobs.write_words_of_company, company_id)
