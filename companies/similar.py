"""Companies like one: of the same industry first, then of like words, tags, size and place, each with its reasons.

Candidates come by index only: those of the industry, those that share a tag, those whose descriptions share the rarest words
(`companies_alike`, docs/decisions/0015-similar-companies.md), and the newest few. How rare a word is counts a job.
"""

import re
from dataclasses import dataclass

from django.db import connection, connections

from companies.models import CompanyWord
from lio.matching import any_case
from lio.registry import won
from lio.tenancy import org_scope

MOST = 10
WON = 1000  # companies of won leads, and of won deals, that are looked at for what they have in common
COUNTED = 50_000  # the newest companies whose words are counted
ALSO = 60  # companies of each further way

LIVING = "FROM companies_company k WHERE k.organization_id = %(org)s AND k.deleted_at IS NULL AND k.id <> %(id)s"
SAME_INDUSTRY = f"{LIVING} AND k.industry_type = ANY({any_case('m.industry_type')})"
# What is worth how much of 100: half of it the industry, so that the same industry comes first whatever else is alike. Size and
# place weigh where the industry is the same or no words tell more.
RANKED = f"""
WITH mine AS MATERIALIZED (
    SELECT c.*, ARRAY(SELECT t.tag_id FROM companies_companytag t WHERE t.organization_id = %(org)s AND t.company_id = c.id
                      ORDER BY t.tag_id LIMIT 20) AS tags
    FROM companies_company c WHERE c.organization_id = %(org)s AND c.id = %(id)s AND c.deleted_at IS NULL),
also AS MATERIALIZED (
    SELECT o.id FROM mine m CROSS JOIN LATERAL (
        (SELECT k.id {SAME_INDUSTRY} AND k.country = m.country AND k.employee_size = m.employee_size LIMIT {ALSO})
        UNION (SELECT k.id {SAME_INDUSTRY} AND k.country = m.country LIMIT {ALSO})
        UNION (SELECT k.id {SAME_INDUSTRY} LIMIT {ALSO})
        UNION (SELECT k.id {LIVING} ORDER BY k.id DESC LIMIT {ALSO})
        UNION (SELECT t.company_id FROM unnest(m.tags) AS tag CROSS JOIN LATERAL (
                   SELECT company_id FROM companies_companytag WHERE organization_id = %(org)s AND tag_id = tag
                   ORDER BY company_id DESC LIMIT {ALSO}) AS t LIMIT {5 * ALSO})) AS o),
alike AS MATERIALIZED (SELECT * FROM companies_alike(%(id)s, ARRAY(SELECT id FROM also))),
common AS (  -- what half of the companies of won business have in common, when there are three or more
    SELECT CASE WHEN 2 * count(*) FILTER (WHERE industry = most_industry) >= count(*) THEN max(most_industry) END AS industry,
           CASE WHEN 2 * count(*) FILTER (WHERE size = most_size) >= count(*) THEN max(most_size) END AS size,
           CASE WHEN 2 * count(*) FILTER (WHERE country = most_country) >= count(*) THEN max(most_country) END AS country
    FROM (SELECT lower(industry_type) AS industry, employee_size AS size, lower(country) AS country FROM companies_company
          WHERE organization_id = %(org)s AND id = ANY(%(won)s)) AS w,
         (SELECT mode() WITHIN GROUP (ORDER BY lower(industry_type)) AS most_industry,
                 mode() WITHIN GROUP (ORDER BY employee_size) AS most_size,
                 mode() WITHIN GROUP (ORDER BY lower(country)) AS most_country FROM companies_company
          WHERE organization_id = %(org)s AND id = ANY(%(won)s)) AS modes HAVING count(*) >= 3),
facts AS (
    SELECT k.id, coalesce(lower(k.industry_type) = lower(m.industry_type), false) AS industry,
           coalesce(k.employee_size = m.employee_size, false) AS size,
           coalesce(lower(k.country) = lower(m.country), false) AS country,
           coalesce(lower(k.city) = lower(m.city), false) AS city,
           ARRAY(SELECT t.tag_id FROM companies_companytag t WHERE t.organization_id = %(org)s AND t.company_id = k.id
                 AND t.tag_id = ANY(m.tags)) AS tags, cardinality(m.tags) AS of_tags,
           coalesce(a.likeness, 0) AS likeness, coalesce(a.shared, '{{}}') AS words, length(m.words) = 0 AS silent,
           coalesce((coalesce(lower(k.industry_type) = w.industry, false)::int + coalesce(k.employee_size = w.size, false)::int
                     + coalesce(lower(k.country) = w.country, false)::int) >= 2, false) AS won
    FROM (SELECT id FROM also UNION SELECT id FROM alike) AS o CROSS JOIN mine m
    JOIN companies_company k ON k.organization_id = %(org)s AND k.id = o.id AND k.deleted_at IS NULL AND k.id <> m.id
    LEFT JOIN alike a ON a.id = k.id LEFT JOIN common w ON true),
scored AS (
    SELECT *, 50 * industry::int + 25 * likeness / (likeness + 0.35)
        + 12 * least(1, cardinality(tags) / greatest(1, least(3, of_tags))::float) + 2 * won::int
        + (6 * size::int + 4 * country::int + city::int) * CASE WHEN industry OR silent THEN 1 ELSE 0.15 END AS score
    FROM facts WHERE industry OR likeness > 0 OR size OR country OR cardinality(tags) > 0)
SELECT id, round(score::numeric, 1)::float, industry, size, country, city, tags,
       CASE WHEN likeness >= 0.08 THEN words ELSE '{{}}' END, won
FROM scored ORDER BY score DESC, id LIMIT %(most)s
"""
# The words of the newest companies; where there are more of these, what all have is reckoned from it. What stands in one alone
# needs no row.
COUNT = """
WITH read AS MATERIALIZED (
    SELECT words FROM companies_company WHERE organization_id = %(org)s AND deleted_at IS NULL ORDER BY id DESC LIMIT %(most)s),
living AS (SELECT count(*) AS n FROM companies_company WHERE organization_id = %(org)s AND deleted_at IS NULL),
counted AS (
    SELECT left(u.lexeme, 100) AS word, count(*) * (SELECT n FROM living) / (SELECT count(*) FROM read) AS n
    FROM read CROSS JOIN LATERAL unnest(words) AS u GROUP BY 1 HAVING count(*) > 1
    UNION ALL SELECT '', n FROM living)
INSERT INTO companies_companyword (organization_id, word, n) SELECT %(org)s, word, n FROM counted
"""


@dataclass(frozen=True)
class Similar:
    """`score` is 0 to 100, `reasons` are what is alike, in words."""

    id: int
    score: float
    reasons: list[str]


def of_company(organization, company_id, *, most=MOST):
    """The living companies most like this one, the likest first, never itself; none for one that is not there."""
    ids = list(dict.fromkeys(pk for ask in won for pk in ask(organization, WON)))
    values = {"org": organization.pk, "id": company_id, "won": ids, "most": most}
    with connection.cursor() as cursor:
        cursor.execute(RANKED, values)
        rows = cursor.fetchall()
        if not rows:
            return []
        cursor.execute(
            """SELECT industry_type, employee_size, country, city, concat_ws(' ', industry_type, summary)
               FROM companies_company WHERE organization_id = %(org)s AND id = %(id)s""", values)
        own = cursor.fetchone()
        numbers = sorted({tag for row in rows for tag in row[6]})
        names = {}
        if numbers:
            cursor.execute("SELECT id, name FROM lookups_lookup WHERE organization_id = %s AND id = ANY(%s)",
                           [organization.pk, numbers])
            names = dict(cursor.fetchall())
    return [Similar(row[0], row[1], list(_reasons(row[2:], own, names))) for row in rows]


def _reasons(row, own, names):
    *same, tags, words, is_won = row
    for alike, what, value in zip(same, ("industry", "size", "country", "city"), own[:4], strict=True):
        if alike:
            yield f"Same {what}: {value}"
    if tags:
        yield f"Shared tag{'s' if len(tags) > 1 else ''}: {', '.join(sorted(names[tag] for tag in tags if tag in names))}"
    written = [_written(word, own[4]) for word in words]
    if told := [word for word in written if not (same[0] and word in own[0].lower())]:  # the industry has been told
        yield f"Both speak of {', '.join(told)}"
    if is_won:
        yield "Like companies that you have won"


def _written(root, text):
    """A word of `text` with this root: roots alone are hard to read (`compani`)."""
    stem = root[:-1] if len(root) > 3 and root[-1] in "iy" else root
    found = re.search(rf"\b{re.escape(stem)}\w*", text, re.IGNORECASE)
    return found[0].lower() if found else root


# ------------------------------------------------------------------------- how rare words are
def count_words(organization_id):
    """Count anew in how many companies of the organisation each word stands. Within its scope."""
    CompanyWord.objects.filter(organization_id=organization_id).delete()
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"org": organization_id, "most": COUNTED})


def out_of_step():
    """Ids of organisations that have a fifth more or fewer companies than when their words were counted (system role)."""
    with connections["system"].cursor() as cursor:
        cursor.execute(
            """SELECT o.id FROM (SELECT organization_id AS id, count(*) AS n FROM companies_company WHERE deleted_at IS NULL
                                 GROUP BY 1) AS o
               LEFT JOIN companies_companyword w ON w.organization_id = o.id AND w.word = ''
               WHERE abs(o.n - coalesce(w.n, 0)) > coalesce(w.n, 0) / 5""")
        return [organization_id for (organization_id,) in cursor.fetchall()]


def keep_counts():
    """Count the words of organisations whose companies have become more or fewer."""
    for organization_id in out_of_step():
        with org_scope(organization_id):
            count_words(organization_id)
