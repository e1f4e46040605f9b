"""What the database itself says of the walls: the catalogue is read, not the models (TRUST 3.1, T03, T04, T59)."""

import pytest
from django.db import DatabaseError, connection, connections, transaction

from lio import checks
from lio.tenancy import org_scope

# Foreign keys between two tables of an organisation that are not composite, each with the reason why that is right.
PLAIN_KEYS = {
    # the kit and accounts point to people by id alone: the tables stand outside the walls and are written by our own rules only
    "accounts_user": "whom a row speaks of: set from the signed-in member, never from what was sent",
    "accounts_organization": "the organisation itself",
}
WALLED_WITH_PLAIN_KEY_TO_USER = {"lio_change", "accounts_auditentry"}
KEYLESS = {  # columns that point somewhere without a key of their own
    ("accounts_auditentry", "by_id"),  # the log keeps its lines whatever happens to the person; it cannot be updated at all
    ("leads_leadcount", "assigned_to_id"),  # sums that a trigger keeps in step with leads, which have the key
}
# Functions that may look over the wall; each checks the open scope itself and is read in a review.
DEFINER_FUNCTIONS = {
    "lio_search", "companies_alike", "leads_web_form_home", "intent_hit", "intent_home", "leads_with_custom",
    "leads_at_domain", "booking_shared_home", "booking_keep_address",
}


def rows(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


@pytest.fixture(autouse=True)
def database(db):
    """Every test here reads the catalogue."""


def test_every_table_of_an_organisation_stands_behind_the_wall():
    assert checks.tables_without_wall() == []
    forced = {name for (name,) in rows("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")}
    assert {
        "leads_lead",
        "leads_note",
        "leads_leadtag",
        "leads_leadcount",
        "companies_company",
        "lookups_lookup",
        "lio_change",
        "lio_searchdoc",
        "accounts_auditentry",
        "leads_webform",
        "leads_webformcount",
        "leads_heldsubmission",
        "integrations_connection",
    } <= forced
    assert not checks.UNWALLED & forced, "take walled tables off the list"


def test_the_unwalled_list_is_the_written_one():
    assert {
        "accounts_user",
        "accounts_role",
        "accounts_authsession",
        "accounts_apikey",
        "accounts_team",
        "accounts_teammember",
        "accounts_invitation",
        "lio_job",
    } == checks.UNWALLED


def test_each_policy_is_the_one_wall_for_reading_and_writing():
    for table, using, check, command, permissive, roles in rows(
        "SELECT tablename, qual, with_check, cmd, permissive, roles::text FROM pg_policies WHERE schemaname = 'public'"
    ):
        assert (using, command, permissive, roles) == (check, "ALL", "PERMISSIVE", "{public}"), table
        assert "current_setting('app.org'" in using.replace("::text", "") and "organization_id =" in using, table


def test_foreign_keys_between_tables_of_an_organisation_are_composite():
    found = rows("""
        SELECT c.conrelid::regclass::text, c.confrelid::regclass::text, array_length(c.conkey, 1),
               (SELECT string_agg(attname, ',' ORDER BY attname) FROM pg_attribute
                WHERE attrelid = c.conrelid AND attnum = ANY(c.conkey))
        FROM pg_constraint c
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attname = 'organization_id'
        WHERE c.contype = 'f'""")
    assert len(found) > 15
    for table, target, columns, names in found:
        if target in PLAIN_KEYS and columns == 1:
            walled = table not in checks.UNWALLED
            assert target == "accounts_organization" or not walled or table in WALLED_WITH_PLAIN_KEY_TO_USER, (table, names)
            continue
        assert columns == 2 and "organization_id" in names.split(","), f"{table}({names}) -> {target} is not composite"


def test_every_owned_column_has_a_key():
    """A model says db_constraint=False only where a composite key stands in its place."""
    from django.apps import apps

    keyed = {
        (table, column)
        for table, column in rows("""
        SELECT c.conrelid::regclass::text, a.attname FROM pg_constraint c
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY(c.conkey) WHERE c.contype = 'f'""")
    }
    for model in apps.get_models():
        if model._meta.app_label in ("lio", "accounts", "lookups", "companies", "leads", "integrations"):
            for field in model._meta.concrete_fields:
                if field.is_relation and (model._meta.db_table, field.column) not in KEYLESS:
                    assert (model._meta.db_table, field.column) in keyed, f"{model._meta.db_table}.{field.column}"


def test_views_run_as_their_caller():
    assert (
        rows("""SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace AND nspname = 'public'
                   WHERE relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY(reloptions), false)""")
        == []
    )
    assert rows("SELECT matviewname FROM pg_matviews WHERE schemaname = 'public'") == []


def test_functions_that_look_over_the_wall_are_listed_and_pinned():
    found = rows("""SELECT proname, proconfig, proacl::text FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
                    WHERE nspname = 'public' AND prosecdef""")
    assert {name for name, _, _ in found} == DEFINER_FUNCTIONS
    for name, settings, acl in found:
        assert any(setting.startswith("search_path=") for setting in settings or []), name
        assert not any(entry.startswith("=") for entry in acl.strip("{}").split(",")), f"{name} may be called by PUBLIC"


def test_the_app_role_is_powerless():
    assert not checks.role_is_too_powerful()
    [(name, superuser, bypass, create_role, create_db, replication)] = rows(
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles "
        "WHERE rolname = current_user"
    )
    assert not (superuser or bypass or create_role or create_db or replication), name
    assert rows("SELECT tablename FROM pg_tables WHERE tableowner = current_user") == []
    assert rows("SELECT has_schema_privilege(current_user, 'public', 'CREATE')") == [(False,)]
    with org_scope(1):
        assert rows("SELECT current_user") == [(name,)]


@pytest.mark.parametrize(
    "deed",
    [
        "TRUNCATE leads_lead",
        "ALTER TABLE leads_lead DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE leads_lead NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY org_wall ON leads_lead",
        "DROP TABLE leads_lead",
        "CREATE TABLE x (id int)",
        "SET ROLE lio_system",
        "SET ROLE lio_owner",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "SET SESSION AUTHORIZATION lio_owner",
        "UPDATE accounts_auditentry SET verb = 'x'",
        "DELETE FROM accounts_auditentry",
        "TRUNCATE accounts_auditentry",
        "COPY leads_lead TO PROGRAM 'cat'",
        "CREATE EXTENSION dblink",
    ],
)
def test_the_app_role_may_not(deed):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(deed)


def test_the_audit_log_is_append_only_for_the_system_role_too():
    [(update, delete)] = rows(
        "SELECT has_table_privilege(%s, 'accounts_auditentry', 'UPDATE'), "
        "has_table_privilege(%s, 'accounts_auditentry', 'DELETE')",
        *[connections["system"].settings_dict["USER"]] * 2,
    )
    assert not update and not delete


def test_a_row_cannot_be_written_into_another_organisation(rep, outsider):
    from leads.models import Lead
    from lookups.models import Lookup

    with org_scope(outsider.organization):
        theirs = Lookup.objects.get(type="status", number=1)
    with org_scope(rep.organization):
        with pytest.raises(DatabaseError), transaction.atomic():
            Lead.objects.create(organization=outsider.organization, status=theirs)
        with pytest.raises(DatabaseError), transaction.atomic():
            Lead.objects.create(organization=rep.organization, status=theirs)
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        assert Lookup.objects.filter(pk=theirs.pk).update(name="stolen") == 0
        assert Lookup.objects.filter(pk=theirs.pk).delete()[0] == 0


def test_start_up_refuses_a_missing_wall(monkeypatch):
    monkeypatch.setattr(checks, "UNWALLED", checks.UNWALLED - {"lio_job"})
    assert any("lio_job" in problem for problem in checks.problems())
