"""Which contacts may be one person: any of their e-mail addresses or phone numbers, the LinkedIn address, a like name at a like
company (lio/matching.py).
"""

from dataclasses import dataclass

from companies.naming import normal, plain, sisters
from contacts import merge
from contacts.models import ContactPair, ContactToMatch
from lio.matching import ALIKE, OF_PEOPLE, Matching, any_case, digits, strength
from lio.matching import REASONS_OF_PEOPLE as REASONS
from lio.norms import norms

NEAR = 300  # the newest contacts of a company, or of a name, that are compared

_POINTS = """ARRAY(SELECT p.norm::text FROM contacts_contactpoint p WHERE p.organization_id = %(org)s AND p.contact_id = l.id
                   AND p.kind = '{kind}')"""
STORED = f"""
mine AS MATERIALIZED (
    SELECT l.id, l.name, array_remove(l.email_norm::text || {_POINTS.format(kind="email")}, NULL) AS emails,
           l.linkedin_norm, array_remove(l.phone_norm::text || {_POINTS.format(kind="phone")}, NULL) AS phones,
           l.company_id, {plain("c.company_name")} AS company, lower(l.city) AS city,
           {sisters("l.company_id", "c.company_name")} AS companies
    FROM contacts_contact l LEFT JOIN companies_company c ON c.organization_id = l.organization_id AND c.id = l.company_id
    WHERE l.organization_id = %(org)s AND l.id = ANY(%(ids)s::bigint[]) AND l.deleted_at IS NULL)
"""
TYPED = f"""
mine AS MATERIALIZED (
    SELECT 0::bigint AS id, %(name)s::text AS name, %(emails)s::text[] AS emails, %(linkedin_norm)s::text AS linkedin_norm,
           %(phones)s::text[] AS phones, t.company_id, {plain("%(company)s::text")} AS company, lower(%(city)s::text) AS city,
           {sisters("t.company_id", "%(company)s::text")} AS companies
    FROM (SELECT (SELECT id FROM companies_company WHERE organization_id = %(org)s AND name_norm = %(company_norm)s
                  AND deleted_at IS NULL) AS company_id) AS t)
"""
LIVING = "FROM contacts_contact k WHERE k.organization_id = %(org)s AND k.deleted_at IS NULL"
POINT = "SELECT p.contact_id FROM contacts_contactpoint p WHERE p.organization_id = %(org)s"


def _shares(kind, numbers):
    """SQL of whether the contact `k` has one of these addresses, as its main one or beside it."""
    return f"""coalesce(k.{kind}_norm = ANY({numbers}) OR EXISTS (SELECT FROM contacts_contactpoint p
               WHERE p.organization_id = %(org)s AND p.contact_id = k.id AND p.kind = '{kind}' AND p.norm = ANY({numbers})),
               false)"""


SCORED = f"""
met AS MATERIALIZED (
    SELECT m.id AS mine, o.id FROM mine m CROSS JOIN LATERAL (
        (SELECT k.id {LIVING} AND k.email_norm = ANY(m.emails) LIMIT 20)
        UNION ({POINT} AND p.kind = 'email' AND p.norm = ANY(m.emails) LIMIT 20)
        UNION (SELECT k.id {LIVING} AND k.linkedin_norm = m.linkedin_norm LIMIT 20)
        UNION (SELECT k.id {LIVING} AND k.phone_norm = ANY(m.phones) LIMIT 20)
        UNION ({POINT} AND p.kind = 'phone' AND p.norm = ANY(m.phones) LIMIT 20)
        UNION (SELECT k.id FROM unnest(m.companies) AS c(id) CROSS JOIN LATERAL (
                   SELECT k.id, k.name {LIVING} AND k.company_id = c.id ORDER BY k.company_id DESC, k.id DESC LIMIT {NEAR}) AS k
               WHERE similarity(k.name, m.name) >= {ALIKE} LIMIT 20)
        UNION (SELECT k.id FROM (SELECT k.id, k.company_id, k.city {LIVING} AND m.name LIKE '%% %%'
                   AND k.name = ANY({any_case("m.name")}) LIMIT {NEAR}) AS k
               LEFT JOIN companies_company c ON c.organization_id = %(org)s AND c.id = k.company_id
               WHERE k.company_id = m.company_id OR similarity({plain("c.company_name")}, m.company) >= 0.5
                  OR (m.company IS NULL OR c.id IS NULL) AND lower(k.city) = m.city LIMIT 20)
    ) AS o WHERE o.id <> m.id),
facts AS (
    SELECT met.mine, k.id, {_shares("email", "m.emails")} AS email,
           coalesce(k.linkedin_norm = m.linkedin_norm, false) AS linkedin,
           {_shares("phone", "m.phones")} AS phone,
           CASE WHEN {digits("k.name")} <> {digits("m.name")} THEN 0
                ELSE similarity(nullif(m.name, ''), nullif(k.name, '')) END AS name,
           CASE WHEN k.company_id = m.company_id THEN 1
                WHEN {digits("c.company_name")} <> {digits("m.company")} THEN 0
                ELSE similarity({plain("c.company_name")}, m.company) END AS company,
           (m.company IS NULL OR c.id IS NULL) AND lower(k.city) = m.city AS city
    FROM met JOIN mine m ON m.id = met.mine
    JOIN contacts_contact k ON k.organization_id = %(org)s AND k.id = met.id AND k.deleted_at IS NULL
    LEFT JOIN companies_company c ON c.organization_id = %(org)s AND c.id = k.company_id),
{OF_PEOPLE}"""


@dataclass(frozen=True)
class Likely:
    """A contact that may be the same person; `score` is 0 to 100, `reasons` are among REASONS."""

    id: int
    name: str
    email: str | None
    phone_number: str | None
    company: str | None
    designation: str | None
    score: int
    reasons: list[str]

    @property
    def strength(self):
        return strength(self.score)

    @property
    def why(self):
        return [REASONS[reason] for reason in self.reasons]

    def __str__(self):
        return self.name


KIT = Matching(
    merging=merge.KIT, pair=ContactPair, line=ContactToMatch, stored=STORED, typed=TYPED, scored=SCORED, likely=Likely,
    shown="l.id, l.name, l.email, l.phone_number, c.company_name, l.designation",
    joins="LEFT JOIN companies_company c ON c.organization_id = %(org)s AND c.id = l.company_id")
of_contact, waiting, dismiss = KIT.of_record, KIT.waiting, KIT.dismiss


def of_typed(organization, fields, *, most=5):
    """Whom a contact may already be that is still being typed: {name of the API: text}, `company` a name. Nothing for what
    says too little.
    """
    text = {name: " ".join(str(fields.get(name) or "").replace("\x00", "").split())[:500] for name in (
        "name", "email", "phone_number", "linkedin_url", "company", "city")}
    forms = norms({name: text[name] for name in ("email", "linkedin_url", "phone_number")})
    phone = forms["phone_norm"] or ""
    return KIT.of_values(organization, {
        **text, "emails": [forms["email_norm"]] if forms["email_norm"] else [], "phones": [phone] if len(phone) >= 6 else [],
        "linkedin_norm": forms["linkedin_norm"], "company_norm": normal(text["company"]) or None}, most=most)
