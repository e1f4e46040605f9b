"""What the app's roles may do with the tables that the owner makes: read and write rows, nothing else.

Set before the first migration of any database (the embedded one, an administrator's, a test's) as default privileges of
the migrating role, so that no migration needs to name a role.
"""

from django.conf import settings
from django.db import connections


def grant_defaults(using="default", **_):
    """Receiver of pre_migrate."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT current_user")
        owner = cursor.fetchone()[0]
        cursor.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        cursor.execute("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
        for role in {*settings.APP_ROLES} - {owner}:
            name = connections[using].ops.quote_name(role)
            cursor.execute(f"GRANT USAGE ON SCHEMA public TO {name}")
            for what, on in [("SELECT, INSERT, UPDATE, DELETE", "TABLES"), ("USAGE, SELECT", "SEQUENCES"),
                             ("EXECUTE", "FUNCTIONS")]:
                cursor.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {what} ON {on} TO {name}")
