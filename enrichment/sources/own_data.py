"""What the organisation knows already: its company of that domain or name, and its leads with addresses there."""

from collections import Counter
from collections.abc import Iterable

from django.db import connection

from companies.domains import company_domain, host_of
from companies.models import Company
from companies.naming import normal
from contacts.models import Contact
from enrichment.sources.base import Builtin, found, known_value
from integrations.ports import COMPANY, Finding, Found, Query
from leads.models import Lead
from lio.tenancy import current_organization_id, org_scope

MOST = 500  # people of one domain who are asked, the newest
OF_COMPANY = ("company_name", "domain", "website", "industry_type", "employee_size", "address", "city", "state", "country",
              "phone_number", "contact_email", "linkedin_url", "summary")  # fmt: skip
OF_LEAD = {"company__company_name": "company_name", "industry": "industry_type", "country": "country", "city": "city"}


class OwnData(Builtin):
    """`organization` is the one whose data is asked; without it the one of the open scope."""

    name = "own_data"

    def __init__(self, organization=None):
        self.organization = organization

    def find(self, query: Query, known: list[Finding]) -> Found:
        """The fields of the company that is on record, and what most people with an address at its domain say of it."""
        organization = self.organization or current_organization_id()
        if organization is None:
            return found([], "No organisation is asked.")
        domain = (
            company_domain(query.domain)
            or company_domain(query.website)
            or company_domain(query.email)
            or company_domain(known_value(known, COMPANY, "domain"))
        )
        with org_scope(organization):
            findings = self._of_record(organization, domain, query.company or (query.name if query.kind == COMPANY else ""))
            if domain:
                findings += self._of_people(organization, domain, query, {finding.field for finding in findings})
        return found(findings, f"Nothing is known here of {domain or query.company or 'this company'}.")

    def _of_record(self, organization, domain, name):
        rows = Company.objects.of(organization).alive()
        company, why = None, ""
        if domain:
            company, why = rows.filter(domain=domain).first(), f"the company on record with the domain {domain}"
        if company is None and name:
            name = " ".join(name.replace("\0", "").split())
            company, why = rows.filter(name_norm=normal(name)).first(), f"the company on record with the name {name}"
        if company is None:
            return []
        return [self.says(COMPANY, field, value, 0.9, why) for field in OF_COMPANY if (value := getattr(company, field))]

    def _of_people(self, organization, domain, query, said):
        with connection.cursor() as cursor:
            cursor.execute("SELECT leads_at_domain(%s::text[], %s)", [sorted({domain, host_of(query.email) or domain}), MOST])
            ids = cursor.fetchone()[0]
        own = (query.email or "").strip().lower()
        people = [
            row
            for row in Lead.objects.of(organization).filter(pk__in=ids).values("email_norm", *OF_LEAD)
            if row["email_norm"] != own
        ]
        findings = self._agreed(people, OF_LEAD, f"leads at {domain}", said)
        contacts = Contact.objects.of(organization).alive().filter(company__domain=domain, company__deleted_at=None)
        places = list(contacts.exclude(email_norm=own).order_by("-id").values("country", "city")[:MOST])
        said = said | {finding.field for finding in findings}
        return findings + self._agreed(places, {"country": "country", "city": "city"}, f"contacts at {domain}", said)

    def _agreed(self, rows: list[dict], fields: dict[str, str], whose: str, said: Iterable[str]) -> list[Finding]:
        """A finding for each field in which more than half of those who say anything agree, case aside."""
        findings = []
        for name, field in fields.items():
            if field in said:
                continue
            values = [" ".join(row[name].split()) for row in rows if row[name] and row[name].strip()]
            counts = Counter(value.lower() for value in values)
            value, count = counts.most_common(1)[0] if counts else ("", 0)
            if count * 2 > len(values):
                shown = Counter(one for one in values if one.lower() == value).most_common(1)[0][0]
                share = count / len(values)
                confidence = round(0.25 + 0.3 * share + 0.05 * min(count, 5), 2)
                findings.append(self.says(COMPANY, field, shown, confidence, f"{count} of {len(values)} {whose}"))
        return findings
