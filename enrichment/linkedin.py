"""People who were enriched by their LinkedIn address: one row each, the newest first."""

from django.utils.timezone import now

from enrichment.chain import Answer
from enrichment.models import LinkedInLead
from leads.models import Lead
from lio import search
from lio.norms import linkedin_norm

KIND = "linkedin_lead"  # of the search documents


def remember(organization, query, answer: Answer, lead_id=None):
    """Keep, or bring up to date, the person behind `query.linkedin_url`; their lead is the one that has the address."""
    norm = linkedin_norm(query.linkedin_url)
    if not norm:
        return None
    found = answer.results()
    person, company = found["person"], found["company"]
    name = query.name or f"{person.get('first_name', '')} {person.get('last_name', '')}".strip()
    if lead_id is None:
        holder = Lead.objects.of(organization).alive().filter(linkedin_norm=norm, holds_linkedin=True)
        lead_id = holder.values_list("pk", flat=True).first()
    texts = {
        "name": name[:200],
        "headline": str(person.get("job_title") or query.job_title)[:300],
        "company": str(company.get("company_name") or query.company)[:200],
        "email": str(query.email or person.get("email") or "")[:254],
        "linkedin_url": query.linkedin_url[:500],
    }
    row, _ = LinkedInLead.objects.of(organization).update_or_create(
        linkedin_norm=norm, defaults=texts | {"lead_id": lead_id, "created_at": now()},
        create_defaults=texts | {"organization": organization, "lead_id": lead_id, "created_at": now()})
    search.write(KIND, row.pk, search.document(*(texts[name] for name in ("name", "company", "linkedin_url", "email"))))
    return row
