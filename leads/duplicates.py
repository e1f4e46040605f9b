"""Which leads may be one person: the same e-mail, LinkedIn address or phone, or a like name at a like company.

Nothing is compared with everything. Each lead meets those that share an address, those of its company whose names are alike
by trigram, and those of its name whose companies are alike: a handful of index look-ups a lead, whatever the number of
leads. The page of a lead and the form for a new one ask at that moment; the list of an organisation reads a table of pairs,
which a job keeps (docs/decisions/0010-duplicates.md).
"""

from dataclasses import dataclass
from itertools import combinations

from django.db import connection, transaction
from django.db.models import Q
from django.utils.timezone import now

from companies.naming import normal
from leads.merge import several
from leads.models import LIKELY, STRONG, DuplicatePair, LeadToMatch
from lio import history
from lio.norms import norms

REASONS = {
    "email": "Same e-mail address", "linkedin": "Same LinkedIn profile", "phone": "Same phone number",
    "name_company": "Like name and company", "name": "Like name", "city": "Same city",
}
STRENGTHS = [(STRONG, "strong"), (LIKELY, "likely"), (0, "possible")]  # from which score
LEAST = 50  # the score from which two leads are worth a look
CHUNK = 200  # leads whose duplicates one statement looks for
MOST = 10  # duplicates that a page shows of one lead
ALIKE = 0.55  # trigram similarity of names: Jane and Jayne Doe have 0.58, Anna and Arne Smith 0.47
SHARED = 0.25  # names less alike than this share a mailbox rather than a person
NEAR = 300  # the newest leads of a company, or of a name, that are compared

FORMS = (  # legal forms of companies
    "inc", "incorporated", "corp", "corporation", "co", "company", "llc", "llp", "ltd", "limited", "plc", "pty", "gmbh", "mbh",
    "ag", "kg", "bv", "nv", "sa", "sas", "sarl", "srl", "spa", "oy", "ab", "as", "aps")
LEGAL = rf"\m({'|'.join(FORMS)})\M"
# how the name of a company may go on behind what `_plain` leaves of it: found by equality, which an index can look up
ENDINGS = ", ".join(f"'{ending}'" for ending in ("", *[
    f"{before}{form}{dot}" for form in FORMS for before, dot in ((" ", ""), (" ", "."), (", ", "."), (", ", ""))]))


def _plain(company):
    """SQL of a company's name without case, legal form and signs."""
    bare = f"regexp_replace(lower({company}), '{LEGAL}', ' ', 'g')"
    return f"nullif(btrim(regexp_replace({bare}, '[^[:alnum:]]+', ' ', 'g')), '')"


def _digits(text):
    return f"regexp_replace({text}, '\\D', '', 'g')"


def _any_case(column):
    """SQL of the ways in which one writes a name. Equality with each is what an index can look up behind the wall."""
    return f"ARRAY[{column}, initcap({column}), upper({column}), lower({column})]"


def _sisters(company_id, company):
    """SQL of the ids of a company and of those that are called the same but for the legal form, at most 10."""
    names = f"SELECT n.name || ending FROM (SELECT {_plain(company)} AS name OFFSET 0) AS n, unnest(ARRAY[{ENDINGS}]) AS ending"
    return f"""ARRAY(SELECT {company_id} UNION (
               SELECT id FROM companies_company WHERE organization_id = %(org)s AND deleted_at IS NULL
               AND name_norm = ANY(ARRAY({names})) LIMIT 9))"""


STORED = f"""
mine AS MATERIALIZED (
    SELECT l.id, l.first_name, l.last_name, btrim(l.first_name || ' ' || l.last_name) AS name, l.email_norm, l.linkedin_norm,
           l.phone_norm, l.company_id, {_plain("c.company_name")} AS company, lower(l.city) AS city,
           {_sisters("l.company_id", "c.company_name")} AS companies
    FROM leads_lead l LEFT JOIN companies_company c ON c.organization_id = l.organization_id AND c.id = l.company_id
    WHERE l.organization_id = %(org)s AND l.id = ANY(%(ids)s::bigint[]) AND l.deleted_at IS NULL)
"""
TYPED = f"""
mine AS MATERIALIZED (
    SELECT 0::bigint AS id, t.*, btrim(t.first_name || ' ' || t.last_name) AS name,
           {_plain("%(company)s::text")} AS company, lower(%(city)s::text) AS city,
           {_sisters("t.company_id", "%(company)s::text")} AS companies
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
                   AND k.last_name = ANY({_any_case("m.last_name")}) AND k.first_name = ANY({_any_case("m.first_name")})
                   LIMIT {NEAR}) AS k
               LEFT JOIN companies_company c ON c.organization_id = %(org)s AND c.id = k.company_id
               WHERE k.company_id = m.company_id OR similarity({_plain("c.company_name")}, m.company) >= 0.5
                  OR (m.company IS NULL OR c.id IS NULL) AND lower(k.city) = m.city LIMIT 20)
    ) AS o WHERE o.id <> m.id),
facts AS (
    SELECT met.mine, k.id, coalesce(k.email_norm = m.email_norm, false) AS email,
           coalesce(k.linkedin_norm = m.linkedin_norm, false) AS linkedin,
           coalesce(k.phone_norm = m.phone_norm, false) AS phone,
           CASE WHEN {_digits("k.first_name || k.last_name")} <> {_digits("m.name")} THEN 0
                ELSE similarity(nullif(m.name, ''), nullif(btrim(k.first_name || ' ' || k.last_name), '')) END AS name,
           CASE WHEN k.company_id = m.company_id THEN 1
                WHEN {_digits("c.company_name")} <> {_digits("m.company")} THEN 0
                ELSE similarity({_plain("c.company_name")}, m.company) END AS company,
           (m.company IS NULL OR c.id IS NULL) AND lower(k.city) = m.city AS city
    FROM met JOIN mine m ON m.id = met.mine
    JOIN leads_lead k ON k.organization_id = %(org)s AND k.id = met.id AND k.deleted_at IS NULL
    LEFT JOIN companies_company c ON c.organization_id = %(org)s AND c.id = k.company_id),
weighed AS (
    SELECT mine, id, CASE WHEN NOT email THEN 0 WHEN name < {SHARED} THEN 0.6 ELSE 0.95 END AS email,
           CASE WHEN linkedin THEN 0.95 ELSE 0 END AS linkedin, CASE WHEN phone THEN 0.55 ELSE 0 END AS phone,
           CASE WHEN name >= {ALIKE} AND company >= 0.5 THEN 0.5 + 0.4 * (name - {ALIKE}) / (1 - {ALIKE}) * company
                WHEN name >= {ALIKE} THEN 0.35 ELSE 0 END AS name,
           CASE WHEN city AND name >= 0.9 THEN 0.3 ELSE 0 END AS city FROM facts),
scored AS (  -- each reason leaves some doubt, and doubts multiply
    SELECT mine, id,
           round((100 * (1 - (1 - email) * (1 - linkedin) * (1 - phone) * (1 - name) * (1 - city)))::numeric)::int AS score,
           array_remove(ARRAY[CASE WHEN email > 0 THEN 'email' END, CASE WHEN linkedin > 0 THEN 'linkedin' END,
               CASE WHEN phone > 0 THEN 'phone' END, CASE WHEN name >= 0.5 THEN 'name_company' WHEN name > 0 THEN 'name' END,
               CASE WHEN city > 0 THEN 'city' END], NULL) AS reasons
    FROM weighed)
"""
FIND = f"""
SELECT l.id, btrim(l.first_name || ' ' || l.last_name), l.email, l.phone_number, c.company_name, l.job_title, s.score, s.reasons
FROM scored s JOIN leads_lead l ON l.organization_id = %(org)s AND l.id = s.id
LEFT JOIN companies_company c ON c.organization_id = %(org)s AND c.id = l.company_id
WHERE s.score >= {LEAST} AND NOT EXISTS (
    SELECT FROM leads_duplicatepair p WHERE p.organization_id = %(org)s AND p.first_id = least(s.mine, s.id)
    AND p.second_id = greatest(s.mine, s.id) AND p.dismissed_at IS NOT NULL)
ORDER BY s.score DESC, l.id LIMIT %(most)s
"""
KEEP = f"""
, pairs AS (
    SELECT least(mine, id) AS first, greatest(mine, id) AS second, max(score) AS score, max(reasons) AS reasons
    FROM scored WHERE score >= {LEAST} GROUP BY 1, 2),
stale AS (
    DELETE FROM leads_duplicatepair p WHERE p.organization_id = %(org)s AND p.dismissed_at IS NULL AND p.id IN (
        SELECT id FROM leads_duplicatepair WHERE organization_id = %(org)s AND first_id = ANY(%(ids)s::bigint[])
        UNION SELECT id FROM leads_duplicatepair WHERE organization_id = %(org)s AND second_id = ANY(%(ids)s::bigint[]))
    AND NOT EXISTS (SELECT FROM pairs n WHERE n.first = p.first_id AND n.second = p.second_id))
INSERT INTO leads_duplicatepair (organization_id, first_id, second_id, score, reasons)
SELECT %(org)s, first, second, score, reasons FROM pairs ORDER BY first, second
ON CONFLICT (organization_id, first_id, second_id) DO UPDATE SET score = EXCLUDED.score, reasons = EXCLUDED.reasons
WHERE (leads_duplicatepair.score, leads_duplicatepair.reasons) IS DISTINCT FROM (EXCLUDED.score, EXCLUDED.reasons)
"""
TAKE = """
DELETE FROM leads_leadtomatch WHERE organization_id = %(org)s AND id IN (
    SELECT id FROM leads_leadtomatch WHERE organization_id = %(org)s ORDER BY id LIMIT %(most)s FOR UPDATE) RETURNING lead_id
"""


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


def strength(score):
    """strong, likely or possible."""
    return next(word for least, word in STRENGTHS if score >= least)


def of_lead(organization, lead_id, *, most=MOST):
    """The living leads that may be the same person as this one, the surest first; without those that were dismissed."""
    return _find(STORED, {"org": organization.pk, "ids": [lead_id], "most": most})


def of_typed(organization, fields, *, most=5):
    """The same for a lead that is still being typed: {name of the API: text}. Nothing for what says too little."""
    text = {name: " ".join(str(fields.get(name) or "").replace("\x00", "").split())[:500] for name in (
        "first_name", "last_name", "email", "phone_number", "linkedin_url", "company", "city")}
    values = {"email_norm": None, "linkedin_norm": None, "phone_norm": None, **norms(text), **text}
    if len(values["phone_norm"] or "") < 6:
        values["phone_norm"] = None
    return _find(TYPED, {**values, "org": organization.pk, "company_norm": normal(text["company"]) or None, "most": most})


def _find(mine, values):
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {mine}, {SCORED} {FIND}", values)
        return [Likely(*row) for row in cursor.fetchall()]


# ------------------------------------------------------------------------- the table of pairs
def match_next(organization_id, most=CHUNK):
    """Look for the duplicates of the leads that have waited longest. Answers how many waited: 0 when none did.

    The rows that are taken are locked, so that of two jobs one waits for the other. Within the scope and a transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(TAKE, {"org": organization_id, "most": most})
        taken = [lead_id for (lead_id,) in cursor.fetchall()]
        if taken:
            cursor.execute(f"WITH {STORED}, {SCORED} {KEEP}", {"org": organization_id, "ids": sorted(set(taken))})
    return len(taken)


def put_in_line(organization_id, after, most=10_000):
    """Have the next `most` living leads after the id `after` looked at anew. Answers the last one's id, None behind the end."""
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH put AS (
                   INSERT INTO leads_leadtomatch (organization_id, lead_id) SELECT organization_id, id FROM leads_lead
                   WHERE organization_id = %s AND deleted_at IS NULL AND id > %s ORDER BY id LIMIT %s RETURNING lead_id)
               SELECT max(lead_id) FROM put""", [organization_id, after, most])
        return cursor.fetchone()[0]


def waiting(organization, most=1_000_001):
    """How many leads are still to be looked at, at most `most`."""
    return LeadToMatch.objects.of(organization)[:most].count()


@transaction.atomic
def dismiss(organization, lead_ids, *, by):
    """Remember that these leads are different people, each from each. Answers how many pairs that are new.

    Raises Invalid, and Missing when one of them is not a living lead of the organisation.
    """
    ids = several(organization, lead_ids)
    there = _pairs(organization, ids)
    rows = [DuplicatePair(organization=organization, first_id=first, second_id=second, score=0)
            for first, second in combinations(ids, 2) if (first, second) not in there]
    DuplicatePair.objects.bulk_create(rows, ignore_conflicts=True)
    fresh = [row for row in _pairs(organization, ids).values() if row.dismissed_at is None]
    DuplicatePair.objects.filter(pk__in=[row.pk for row in fresh]).update(dismissed_at=now(), dismissed_by=by)
    history.record_each("duplicate.dismissed", "duplicatepair", [
        (row.pk, {"dismissed": False}, {"dismissed": True, "lead_ids": [row.first_id, row.second_id]}) for row in fresh], by=by)
    return len(fresh)


def _pairs(organization, ids):
    rows = DuplicatePair.objects.of(organization).filter(first_id__in=ids, second_id__in=ids)
    return {(row.first_id, row.second_id): row for row in rows.order_by("pk").select_for_update()}


def undo_dismissals(organization, changes, by):
    """Take dismissals back: the pairs are looked at anew. Answers (their ids, conflicts)."""
    ids = [change.model_id for change in changes if change.verb == "duplicate.dismissed"]
    rows = list(DuplicatePair.objects.of(organization).filter(pk__in=ids, dismissed_at__isnull=False).select_for_update())
    back = {row.pk for row in rows}
    DuplicatePair.objects.filter(Q(score=0), pk__in=back).delete()  # nobody had found these
    DuplicatePair.objects.filter(pk__in=back).update(dismissed_at=None, dismissed_by=None)
    LeadToMatch.objects.bulk_create(LeadToMatch(organization=organization, lead_id=row.first_id) for row in rows)
    history.record_each("duplicate.restored", "duplicatepair", [
        (row.pk, {"dismissed": True}, {"dismissed": False, "lead_ids": [row.first_id, row.second_id]}) for row in rows], by=by)
    return sorted(back), [{"model_id": pk, "field": None, "reason": "has been changed since"} for pk in ids if pk not in back]
