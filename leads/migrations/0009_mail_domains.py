"""Leads by the domain of their e-mail address. Under row level security no index on an expression is taken, so a function that
knows the open organisation asks it (docs/decisions/0012-custom-values.md)."""

from django.db import migrations
from django.db.migrations.operations import RunSQL

from lio.walls import Function

AT_DOMAIN = """
RETURNS bigint[] LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    org bigint := nullif(current_setting('app.org', true), '')::bigint;
    found bigint[] := '{}';
    part bigint[];
    wanted text;
BEGIN
    IF org IS NULL THEN
        RETURN found;
    END IF;
    FOREACH wanted IN ARRAY domains LOOP
        SELECT array_agg(id) INTO part FROM (
            SELECT id FROM public.leads_lead
            WHERE organization_id = org AND split_part(email_norm, '@', -1) = wanted AND deleted_at IS NULL
              AND email_norm IS NOT NULL
            ORDER BY id DESC LIMIT most) AS hits;
        found := found || coalesce(part, '{}');
    END LOOP;
    RETURN found[:most];
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0008_match_what_is_there")]

    operations = [
        RunSQL(
            "CREATE INDEX lead_by_mail_domain ON leads_lead (organization_id, split_part(email_norm, '@', -1), id)"
            " WHERE deleted_at IS NULL AND email_norm IS NOT NULL",
            "DROP INDEX lead_by_mail_domain",
        ),
        Function("leads_at_domain", "domains text[], most int", AT_DOMAIN),
    ]
