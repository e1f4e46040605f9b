"""Which companies may be one: the same domain, LinkedIn page or phone, the same street, a like name (lio/matching.py).

Each company meets, by an index each, those with the same address of any kind, those that are called the same but for the legal
form, and of those in the same postcode or whose name begins alike the ones whose names are alike by trigram.
"""

from dataclasses import dataclass

from companies import merge
from companies.domains import company_domain
from companies.models import CompanyPair, CompanyToMatch
from lio.matching import ALIKE, MOST, Matching, digits, strength
from lio.norms import norms

REASONS = {
    "domain": "Same website", "linkedin": "Same LinkedIn page", "phone": "Same phone number", "street": "Same street address",
    "name": "Same name", "name_like": "Like name", "place": "Same place",
}
NEAR = 300  # the newest companies of a postcode, or of a beginning of the name, that are compared
MANY = 20  # companies in one house from which it says little that two are in it
BLOCK = 40  # companies of one address that are compared

STORED = """
mine AS MATERIALIZED (
    SELECT l.id, l.name_key, l.name_start, l.domain, l.linkedin_norm, l.phone_norm, l.street_key, l.pin_code,
           lower(l.city) AS city
    FROM companies_company l
    WHERE l.organization_id = %(org)s AND l.id = ANY(%(ids)s::bigint[]) AND l.deleted_at IS NULL)
"""
TYPED = """
mine AS MATERIALIZED (
    SELECT 0::bigint AS id, n.name_key, split_part(n.name_key, ' ', 1) AS name_start, %(domain)s::text AS domain,
           %(linkedin_norm)s::text AS linkedin_norm, %(phone_norm)s::text AS phone_norm,
           company_street_key(%(address)s::text) AS street_key, nullif(%(pin_code)s::text, '') AS pin_code,
           lower(nullif(%(city)s::text, '')) AS city
    FROM (SELECT company_name_key(%(company_name)s::text) AS name_key) AS n)
"""
LIVING = "FROM companies_company k WHERE k.organization_id = %(org)s AND k.deleted_at IS NULL"
SAME_PLACE = "(k.pin_code = m.pin_code OR lower(k.city) = m.city)"
SCORED = f"""
met AS MATERIALIZED (
    SELECT m.id AS mine, o.id FROM mine m CROSS JOIN LATERAL (
        (SELECT k.id {LIVING} AND k.domain = m.domain LIMIT {BLOCK})
        UNION (SELECT k.id {LIVING} AND k.linkedin_norm = m.linkedin_norm LIMIT {BLOCK})
        UNION (SELECT k.id {LIVING} AND k.phone_norm = m.phone_norm LIMIT {BLOCK})
        UNION (SELECT k.id {LIVING} AND k.street_key = m.street_key LIMIT {BLOCK})
        UNION (SELECT k.id {LIVING} AND k.name_key = m.name_key LIMIT {BLOCK})
        UNION (SELECT k.id FROM (SELECT k.id, k.name_key {LIVING} AND k.pin_code = m.pin_code
                   ORDER BY k.pin_code DESC, k.id DESC LIMIT {NEAR}) AS k
               WHERE similarity(k.name_key, m.name_key) >= {ALIKE} LIMIT {BLOCK})
        UNION (SELECT k.id FROM (SELECT k.id, k.name_key, k.pin_code, k.city {LIVING} AND k.name_start = m.name_start
                   ORDER BY k.name_start DESC, k.id DESC LIMIT {NEAR}) AS k
               WHERE {SAME_PLACE} AND similarity(k.name_key, m.name_key) >= {ALIKE} LIMIT {BLOCK})
    ) AS o WHERE o.id <> m.id),
facts AS (
    SELECT met.mine, k.id, coalesce(k.domain = m.domain, false) AS domain,
           coalesce(k.linkedin_norm = m.linkedin_norm, false) AS linkedin,
           coalesce(k.phone_norm = m.phone_norm, false) AS phone,
           coalesce(k.street_key = m.street_key AND coalesce(k.pin_code = m.pin_code, true), false) AS street,
           coalesce(k.street_key <> m.street_key, false) AS apart, coalesce({SAME_PLACE}, false) AS place,
           CASE WHEN {digits("k.name_key")} <> {digits("m.name_key")} THEN 0
                ELSE coalesce(similarity(k.name_key, m.name_key), 0) END AS name
    FROM met JOIN mine m ON m.id = met.mine
    JOIN companies_company k ON k.organization_id = %(org)s AND k.id = met.id AND k.deleted_at IS NULL),
weighed AS (  -- two streets speak against one company, unless it has moved: then the rest must be stronger
    SELECT mine, id, CASE WHEN domain THEN 0.9 ELSE 0 END AS domain, CASE WHEN linkedin THEN 0.9 ELSE 0 END AS linkedin,
           CASE WHEN NOT phone THEN 0 WHEN apart AND name < 0.9 THEN 0.45 ELSE 0.6 END AS phone,
           CASE WHEN NOT street THEN 0 WHEN count(*) FILTER (WHERE street) OVER (PARTITION BY mine) < {MANY} THEN 0.5 ELSE 0.3
           END AS street,
           CASE WHEN name < {ALIKE} THEN 0 WHEN name = 1 AND NOT apart THEN 0.6
                WHEN apart THEN 0.2 * name ELSE 0.4 * name END AS name,
           CASE WHEN place AND name >= {ALIKE} AND NOT apart THEN 0.3 ELSE 0 END AS place, name = 1 AS same
    FROM facts),
scored AS (  -- each reason leaves some doubt, and doubts multiply
    SELECT mine, id, round((100 * (1 - (1 - domain) * (1 - linkedin) * (1 - phone) * (1 - street) * (1 - name) * (1 - place)
           ))::numeric)::int AS score,
           array_remove(ARRAY[CASE WHEN domain > 0 THEN 'domain' END, CASE WHEN linkedin > 0 THEN 'linkedin' END,
               CASE WHEN phone > 0 THEN 'phone' END, CASE WHEN street > 0 THEN 'street' END,
               CASE WHEN name > 0 AND same THEN 'name' WHEN name > 0 THEN 'name_like' END,
               CASE WHEN place > 0 THEN 'place' END], NULL) AS reasons
    FROM weighed)
"""


@dataclass(frozen=True)
class Likely:
    """A company that may be the same; `score` is 0 to 100, `reasons` are among REASONS."""

    id: int
    company_name: str
    website: str | None
    phone_number: str | None
    city: str | None
    country: str | None
    score: int
    reasons: list[str]

    @property
    def strength(self):
        return strength(self.score)

    @property
    def why(self):
        return [REASONS[reason] for reason in self.reasons]

    def __str__(self):
        return self.company_name


KIT = Matching(
    merging=merge.KIT, pair=CompanyPair, line=CompanyToMatch, stored=STORED, typed=TYPED, scored=SCORED, likely=Likely,
    shown="l.id, l.company_name, l.website, l.phone_number, l.city, l.country")
of_company, waiting, dismiss = KIT.of_record, KIT.waiting, KIT.dismiss


def of_typed(organization, fields, *, most=MOST):
    """Which companies one may be that is still being typed: {name of the API: text}. Nothing for what says too little."""
    text = {name: " ".join(str(fields.get(name) or "").replace("\x00", "").split())[:500] for name in (
        "company_name", "website", "phone_number", "linkedin_url", "address", "city", "pin_code")}
    values = {**text, **norms({name: text[name] for name in ("linkedin_url", "phone_number")})}
    if len(values["phone_norm"] or "") < 6:
        values["phone_norm"] = None
    return KIT.of_values(organization, {**values, "domain": company_domain(text["website"])}, most=most)
