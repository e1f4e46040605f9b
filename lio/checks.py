"""Refusals to start: a database role that may look over the walls, a table that has none."""

from django.conf import settings
from django.core.checks import Critical, register
from django.db import connection

UNWALLED = {  # tables of an organisation without row level security, read through `.of(org)` (DECISIONS 3)
    "accounts_user", "accounts_role", "accounts_authsession", "accounts_apikey", "accounts_team", "accounts_teammember",
    "accounts_invitation", "lio_job",
}
TOO_POWERFUL = """
SELECT rolsuper OR rolbypassrls OR EXISTS (
    SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind = 'r' AND pg_has_role(c.relowner, 'USAGE'))
FROM pg_roles WHERE rolname = current_user
"""
WITHOUT_WALL = """
SELECT c.relname FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id' AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity
    AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid))
ORDER BY 1
"""


def role_is_too_powerful():
    """Whether the app's role could see over the walls: superuser, BYPASSRLS, or an owner of tables."""
    with connection.cursor() as cursor:
        cursor.execute(TOO_POWERFUL)
        return cursor.fetchone()[0]


def tables_without_wall():
    """Tables with an organisation but without row level security, beyond the written list."""
    with connection.cursor() as cursor:
        cursor.execute(WITHOUT_WALL)
        return [name for (name,) in cursor.fetchall() if name not in UNWALLED]


@register("lio", deploy=False)
def walls_stand(app_configs, databases=None, **options):
    """Runs with `check --database default`, and at the start of web and worker (lio/startup.py)."""
    if not databases or "default" not in databases or settings.DATABASE_ROLE != "app":
        return []
    return [Critical(problem, id="lio.E001") for problem in problems()]


def problems():
    found = []
    if role_is_too_powerful():
        found.append(
            f"The database role {connection.settings_dict['USER']!r} is a superuser, bypasses row level security or owns "
            "tables, so organisations would not be kept apart. Give DATABASE_URL the app role: "
            "`manage.py database_roles` prints what an administrator runs once."
        )
    if tables := tables_without_wall():
        found.append(f"These tables hold rows of organisations without row level security: {', '.join(tables)}.")
    return found
