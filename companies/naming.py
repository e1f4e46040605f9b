"""Companies by name: found without regard to case and blanks, else made (R46)."""

from django.db import connection

from lio import history, search

FIND_OR_MAKE = """
WITH made AS (
    INSERT INTO companies_company (organization_id, company_name, name_norm, created_by_id, created_at, updated_at)
    SELECT %(org)s::bigint, %(name)s::text, %(norm)s::text, %(by)s::bigint, now(), now()
    WHERE NOT EXISTS (SELECT 1 FROM companies_company
                      WHERE organization_id = %(org)s AND name_norm = %(norm)s AND deleted_at IS NULL)
    ON CONFLICT DO NOTHING RETURNING id)
SELECT id, true FROM made UNION ALL
SELECT id, false FROM companies_company WHERE organization_id = %(org)s AND name_norm = %(norm)s AND deleted_at IS NULL
"""

FIND_OR_MAKE_MANY = """
WITH given AS (SELECT * FROM unnest(%(norms)s::text[], %(names)s::text[]) AS g(norm, name)),
made AS (
    INSERT INTO companies_company (organization_id, company_name, name_norm, created_by_id, created_at, updated_at)
    SELECT %(org)s::bigint, g.name, g.norm, %(by)s::bigint, now(), now() FROM given g
    WHERE NOT EXISTS (SELECT 1 FROM companies_company c
                      WHERE c.organization_id = %(org)s AND c.name_norm = g.norm AND c.deleted_at IS NULL)
    ORDER BY g.norm  -- always in the same order, so that two intakes cannot wait for each other
    ON CONFLICT DO NOTHING RETURNING id, name_norm, company_name)
SELECT id, name_norm, company_name, true FROM made UNION ALL
SELECT id, name_norm, company_name, false FROM companies_company
WHERE organization_id = %(org)s AND name_norm = ANY(%(norms)s::text[]) AND deleted_at IS NULL
"""


def normal(name):
    """What two spellings of one name share: case and runs of blanks aside."""
    return " ".join(name.split()).lower()[:200]


def find_or_make(organization, name, *, by):
    """Id of the company of that name, made now if there is none; None for a blank name."""
    shown = " ".join(name.split())[:200]
    if not shown:
        return None
    for _ in range(3):  # a company that another intake made meanwhile is seen by the next statement
        with connection.cursor() as cursor:
            cursor.execute(FIND_OR_MAKE, {"org": organization.pk, "name": shown, "norm": normal(shown), "by": by and by.pk})
            found = cursor.fetchone()
        if found:
            break
    pk, made = found
    if made:
        search.write("company", pk, search.document(shown))
        history.record("company.created", ("company", pk), by=by, after={"company_name": shown})
    return pk


def find_or_make_many(organization, names, *, by):
    """{normal form: (id, name)} of the companies of these names, in one statement; those that were not there are made."""
    wanted: dict[str, str] = {}
    for name in names:
        if shown := " ".join(name.split())[:200]:
            wanted.setdefault(normal(shown), shown)
    found: dict = {}
    made: dict = {}
    for _ in range(3):
        missing = wanted.keys() - found.keys()
        if not missing:
            break
        with connection.cursor() as cursor:
            cursor.execute(
                FIND_OR_MAKE_MANY,
                {"org": organization.pk, "norms": list(missing), "names": [wanted[n] for n in missing], "by": by and by.pk},
            )
            for pk, norm, name, is_new in cursor.fetchall():
                found[norm] = pk, name
                if is_new:
                    made[pk] = name
    search.write_many("company", [(pk, search.document(name)) for pk, name in made.items()])
    history.record_each("company.created", "company", [(pk, None, {"company_name": name}) for pk, name in made.items()], by=by)
    return found
