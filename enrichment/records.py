"""The kinds of records that can be enriched: what is asked with, what can be filled in, and by which rule that is written.

Nothing here writes on its own: each kind is changed by its own app's rule, so an enriched field follows the same checks,
history, search words and score as one that somebody typed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rest_framework.exceptions import APIException

from companies import edit as companies
from companies.filters import CompanyFilter
from companies.models import Company, CompanyTag
from companies.serializers import UpdateCompany
from companies.serializers import attributes as company_attributes
from contacts import edit as contacts
from contacts.filters import ContactFilter
from contacts.models import Contact
from contacts.serializers import UpdateContact
from contacts.serializers import attributes as contact_attributes
from enrichment.chain import query_of
from integrations.ports import COMPANY, PERSON
from leads import edit as leads
from leads.filters import LeadFilter
from leads.models import Lead
from leads.serializers import UpdateLead
from leads.serializers import attributes as lead_attributes
from lio.api.envelope import first_message
from lio.errors import DomainError, Missing


@dataclass(frozen=True)
class Kind:
    """One model type. `fields` says where each field of the record may come from, the best first: {field: ((of, field), ...)}.

    `query` answers what is known of a row, `update` and `attributes` are the app's own rules, `filter_class` filters its list.
    With `keeps_all` everything that was found stands in the record's `ai_information`, too. `tags` is the model of its tags,
    where sources may add those that the organisation has.
    """

    model: Any
    of: str
    fields: dict[str, tuple]
    query: Callable
    update: Callable
    input: Any
    attributes: Callable
    filter_class: Any
    plural: str
    keeps_all: bool = False
    related: tuple = ()
    tags: Any = None

    def row(self, organization, pk, *, lock=False):
        """The living row. Raises Missing."""
        rows = self.model.objects.of(organization).alive().select_related(*self.related)
        found = (rows.select_for_update(of=("self",)) if lock else rows).filter(pk=pk).first()
        if found is None:
            raise Missing()
        return found

    def query_of(self, row):
        return query_of(self.of, **self.query(row))

    def held(self, row):
        """What of the sources' fields the record has already: {(of, field)}."""
        return frozenset(source for name, froms in self.fields.items() if shown(row, name) not in (None, "", [])
                         for source in froms)

    def read(self, organization, name, value):
        """(the field as model attributes, "") or ({}, why it cannot be stored), by the rules of the API."""
        try:
            return self.attributes(organization, self.input.read({name: value}, partial=True)), ""
        except APIException as error:
            return {}, first_message(error.detail).removeprefix(f"{name}: ")
        except DomainError as error:
            return {}, str(error).removeprefix(f"{name}: ")


LABELS = {"linkedin_url": "LinkedIn", "phone_number": "Phone", "job_title": "Title", "designation": "Title",
          "industry_type": "Industry", "contact_email": "Email", "decision_maker": "Part in decisions"}


def label(name):
    """How people call a field of whatever record."""
    return LABELS.get(name, name.replace("_", " ").capitalize())


def shown(row, name):
    """A field of a row as the API shows it."""
    value = getattr(row, name, None)
    return value.company_name if name == "company" and value else value


def of_lead(lead):
    return {
        "name": f"{lead.first_name} {lead.last_name}".strip(), "first_name": lead.first_name, "last_name": lead.last_name,
        "email": lead.email, "phone_number": lead.phone_number, "job_title": lead.job_title, "website": lead.website,
        "linkedin_url": lead.linkedin_url, "company": shown(lead, "company"), "country": lead.country, "city": lead.city,
    }


def of_contact(contact):
    company = contact.company
    return {
        "name": contact.name, "email": contact.email, "phone_number": contact.phone_number, "job_title": contact.designation,
        "linkedin_url": contact.linkedin_url, "company": company and company.company_name,
        "website": company and company.website, "country": contact.country, "city": contact.city,
    }


def of_company(company):
    return {
        "company": company.company_name, "website": company.website, "domain": company.domain, "email": company.contact_email,
        "phone_number": company.phone_number, "linkedin_url": company.linkedin_url, "country": company.country,
        "city": company.city,
    }


KINDS = {
    "lead": Kind(
        model=Lead,
        of=PERSON,
        fields={
            "job_title": ((PERSON, "job_title"),),
            "phone_number": ((PERSON, "phone_number"),),
            "linkedin_url": ((PERSON, "linkedin_url"),),
            "company": ((COMPANY, "company_name"),),
            "website": ((COMPANY, "website"),),
            "industry": ((COMPANY, "industry_type"),),
            "city": ((PERSON, "city"), (COMPANY, "city")),
            "state": ((PERSON, "state"), (COMPANY, "state")),
            "country": ((PERSON, "country"), (COMPANY, "country")),
        },
        query=of_lead,
        update=leads.update,
        input=UpdateLead,
        attributes=lead_attributes,
        filter_class=LeadFilter,
        plural="leads",
        keeps_all=True,
        related=("company",),
    ),
    "contact": Kind(
        model=Contact,
        of=PERSON,
        fields={
            "designation": ((PERSON, "job_title"),),
            "seniority": ((PERSON, "seniority"),),
            "department": ((PERSON, "department"),),
            "decision_maker": ((PERSON, "decision_maker"),),
            "phone_number": ((PERSON, "phone_number"),),
            "linkedin_url": ((PERSON, "linkedin_url"),),
            "city": ((PERSON, "city"), (COMPANY, "city")),
            "country": ((PERSON, "country"), (COMPANY, "country")),
        },
        query=of_contact,
        update=contacts.update,
        input=UpdateContact,
        attributes=contact_attributes,
        filter_class=ContactFilter,
        plural="contacts",
        related=("company",),
    ),
    "company": Kind(
        model=Company,
        of=COMPANY,
        fields={name: ((COMPANY, name),) for name in (
            "industry_type", "employee_size", "website", "address", "city", "state", "country", "phone_number", "contact_email",
            "linkedin_url", "summary")},
        query=of_company,
        update=companies.update,
        input=UpdateCompany,
        attributes=company_attributes,
        filter_class=CompanyFilter,
        plural="companies",
        tags=CompanyTag,
    ),
}
