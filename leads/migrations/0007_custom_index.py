"""Custom fields by their values. Under row level security no index on JSON is taken, so a function that knows the open
organisation asks it (docs/decisions/0001-two-walls.md)."""

from django.db import migrations
from django.db.migrations.operations import RunSQL

from lio.walls import Function

WITH_CUSTOM = """
RETURNS bigint[] LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    org bigint := nullif(current_setting('app.org', true), '')::bigint;
    value jsonb;
    part bigint[];
    found bigint[] := '{}';
BEGIN
    IF org IS NULL THEN
        RETURN found;
    END IF;
    FOREACH value IN ARRAY wanted LOOP
        -- dynamic, so that the plan is made for this very value: a rare one by the index, a common one by its first rows
        EXECUTE 'SELECT array_agg(id) FROM (SELECT id FROM public.leads_lead
                 WHERE organization_id = $1 AND deleted_at IS NULL AND custom_fields @> $2 LIMIT $3) AS hits'
            INTO part USING org, value, most;
        found := found || part;
        EXIT WHEN cardinality(found) >= most;
    END LOOP;
    RETURN found;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0006_first_web_forms")]

    operations = [
        RunSQL(
            "CREATE INDEX lead_by_custom ON leads_lead USING gin (organization_id, custom_fields jsonb_path_ops)"
            " WITH (gin_pending_list_limit = 8192) WHERE deleted_at IS NULL",
            "DROP INDEX lead_by_custom",
        ),
        Function("leads_with_custom", "wanted jsonb[], most int", WITH_CUSTOM),
    ]
