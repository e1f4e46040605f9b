"""Which leads may be one person: the same e-mail, LinkedIn address or phone, or a like name at a like company.

Nothing is compared with everything. Each lead meets those that share an address, those of its company whose names are alike
by trigram, and those of its name whose companies are alike: a handful of index look-ups a lead, whatever the number of
leads. The page of a lead and the form for a new one ask at that moment; the list of an organisation reads a table of pairs,
which a job keeps (docs/decisions/0010-duplicates.md).
"""

from dataclasses import dataclass

from companies.naming import normal, plain, sisters
from leads import merge
from leads.models import DuplicatePair, LeadToMatch
from lio.matching import ALIKE, OF_PEOPLE, Matching, any_case, digits, strength
from lio.matching import REASONS_OF_PEOPLE as REASONS
from lio.norms import norms

NEAR = 300  # the newest leads of a company, or of a name, that are compared

STORED = f"""
mine AS MATERIALIZED (
    SELECT l.id, l.first_name, l.last_name, btrim(l.first_name || ' ' || l.last_name) AS name, l.email_norm, l.linkedin_norm,
           l.phone_norm, l.company_id, {plain("c.company_name")} AS company, lower(l.city) AS city,
           {sisters("l.company_id", "c.company_name")} AS companies
    FROM leads_lead l LEFT JOIN companies_company c ON c.organization_id = l.organization_id AND c.id = l.company_id
    WHERE l.organization_id = %(org)s AND l.id = ANY(%(ids)s::bigint[]) AND l.deleted_at IS NULL)
"""
TYPED = f"""
mine AS MATERIALIZED (
    SELECT 0::bigint AS id, t.*, btrim(t.first_name || ' ' || t.last_name) AS name,
           {plain("%(company)s::text")} AS company, lower(%(city)s::text) AS city,
           {sisters("t.company_id", "%(company)s::text")} AS companies
    FROM (SELECT %(first_name)s::text AS first_name, %(last_name)s::text AS last_name, %(email_norm)s::text AS email_norm,
                 %(linkedin_norm)s::text AS linkedin_norm, %(phone_norm)s::text AS phone_norm,
                 (SELECT id FROM companies_company WHERE organization_id = %(org)s AND name_norm = %(company_norm)s
                  AND deleted_at IS NULL) AS company_id) AS t)
"""
LIVING = "FROM leads_lead k WHERE k.organization_id = %(org)s AND k.deleted_at IS NULL"
# Each look-up has a limit of its own, so that it stays a walk through an index however common a name or number is.
SCORED = f"""
met AS MATERIALIZED (
    SELECT m.id AS mine, o.id FROM mine m CROSS JOIN LATERAL (
        (SELECT k.id {LIVING} AND k.holds_email AND k.email_norm = m.email_norm)
        UNION (SELECT k.id {LIVING} AND NOT k.holds_email AND k.email_norm = m.email_norm ORDER BY k.id LIMIT 20)
        UNION (SELECT k.id {LIVING} AND k.holds_linkedin AND k.linkedin_norm = m.linkedin_norm)
        UNION (SELECT k.id {LIVING} AND NOT k.holds_linkedin AND k.linkedin_norm = m.linkedin_norm ORDER BY k.id LIMIT 20)
        UNION (SELECT k.id {LIVING} AND k.phone_norm = m.phone_norm LIMIT 20)
        UNION (SELECT k.id FROM unnest(m.companies) AS c(id) CROSS JOIN LATERAL (
                   SELECT k.id, k.first_name || ' ' || k.last_name AS name {LIVING}
                   AND k.company_id = c.id ORDER BY k.company_id DESC, k.id DESC LIMIT {NEAR}) AS k
               WHERE similarity(k.name, m.name) >= {ALIKE} LIMIT 20)
        UNION (SELECT k.id FROM (SELECT k.id, k.company_id, k.city {LIVING} AND m.first_name <> '' AND m.last_name <> ''
                   AND k.last_name = ANY({any_case("m.last_name")}) AND k.first_name = ANY({any_case("m.first_name")})
                   LIMIT {NEAR}) AS k
               LEFT JOIN companies_company c ON c.organization_id = %(org)s AND c.id = k.company_id
               WHERE k.company_id = m.company_id OR similarity({plain("c.company_name")}, m.company) >= 0.5
                  OR (m.company IS NULL OR c.id IS NULL) AND lower(k.city) = m.city LIMIT 20)
    ) AS o WHERE o.id <> m.id),
facts AS (
    SELECT met.mine, k.id, coalesce(k.email_norm = m.email_norm, false) AS email,
           coalesce(k.linkedin_norm = m.linkedin_norm, false) AS linkedin,
           coalesce(k.phone_norm = m.phone_norm, false) AS phone,
           CASE WHEN {digits("k.first_name || k.last_name")} <> {digits("m.name")} THEN 0
                ELSE similarity(nullif(m.name, ''), nullif(btrim(k.first_name || ' ' || k.last_name), '')) END AS name,
           CASE WHEN k.company_id = m.company_id THEN 1
                WHEN {digits("c.company_name")} <> {digits("m.company")} THEN 0
                ELSE similarity({plain("c.company_name")}, m.company) END AS company,
           (m.company IS NULL OR c.id IS NULL) AND lower(k.city) = m.city AS city
    FROM met JOIN mine m ON m.id = met.mine
    JOIN leads_lead k ON k.organization_id = %(org)s AND k.id = met.id AND k.deleted_at IS NULL
    LEFT JOIN companies_company c ON c.organization_id = %(org)s AND c.id = k.company_id),
{OF_PEOPLE}"""
@dataclass(frozen=True)
class Likely:
    """A lead that may be the same person; `score` is 0 to 100, `reasons` are among REASONS."""

    id: int
    name: str
    email: str | None
    phone_number: str | None
    company: str | None
    job_title: str | None
    score: int
    reasons: list[str]

    @property
    def strength(self):
        return strength(self.score)

    @property
    def why(self):
        return [REASONS[reason] for reason in self.reasons]

    def __str__(self):
        return self.name or self.email or self.phone_number or f"Lead {self.id}"


KIT: Matching = Matching(
    merging=merge.KIT, pair=DuplicatePair, line=LeadToMatch, stored=STORED, typed=TYPED, scored=SCORED, likely=Likely,
    shown="""l.id, btrim(l.first_name || ' ' || l.last_name), l.email, l.phone_number, c.company_name, l.job_title""",
    joins="LEFT JOIN companies_company c ON c.organization_id = %(org)s AND c.id = l.company_id")
of_lead, waiting, dismiss = KIT.of_record, KIT.waiting, KIT.dismiss


def of_typed(organization, fields, *, most=5):
    """Whom a lead may already be that is still being typed: {name of the API: text}. Nothing for what says too little."""
    text = {name: " ".join(str(fields.get(name) or "").replace("\x00", "").split())[:500] for name in (
        "first_name", "last_name", "email", "phone_number", "linkedin_url", "company", "city")}
    values = {"email_norm": None, "linkedin_norm": None, "phone_norm": None, **norms(text), **text}
    if len(values["phone_norm"] or "") < 6:
        values["phone_norm"] = None
    return KIT.of_values(organization, {**values, "company_norm": normal(text["company"]) or None}, most=most)
