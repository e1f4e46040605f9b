"""Contacts of companies: what becomes of them when a company gets another name, or they another company by a merge."""

from contacts import jobs
from contacts.models import Contact
from lio.jobs import enqueue


def rename(organization, company_ids):
    """The words that contacts are found by hold the names of their companies: written anew in the background."""
    for company_id in company_ids:
        if Contact.objects.of(organization).alive().filter(company_id=company_id).exists():
            enqueue(jobs.write_words_of_company, company_id)
