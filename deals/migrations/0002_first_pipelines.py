"""The first pipeline of organisations that are there already. On its own: a table with fresh rows cannot be altered."""

from django.db import migrations

# The pipeline that every new organisation starts with (deals/pipelines.py), for those that are there already.
SEED = """
WITH fresh AS (
    INSERT INTO deals_pipeline (organization_id, name, description, is_active, position, asks_api, created_at, updated_at)
    SELECT o.id, 'Sales', '', true, 0, false, now(), now() FROM accounts_organization o
    WHERE NOT EXISTS (SELECT 1 FROM deals_pipeline p WHERE p.organization_id = o.id)
    RETURNING id, organization_id
)
INSERT INTO deals_stage (organization_id, pipeline_id, name, color, position, is_won, is_lost, probability, required_fields,
                         created_at, updated_at)
SELECT fresh.organization_id, fresh.id, s.name, s.color, s.position, s.name = 'Won', s.name = 'Lost', s.probability, '[]',
       now(), now()
FROM fresh CROSS JOIN (VALUES ('New', '#3b82f6', 1, 0.2), ('Qualified', '#06b6d4', 2, 0.4), ('Proposal', '#8b5cf6', 3, 0.6),
                              ('Negotiation', '#f59e0b', 4, 0.8), ('Won', '#16a34a', 5, 1), ('Lost', '#dc2626', 6, 0))
    AS s(name, color, position, probability)
"""


class Migration(migrations.Migration):
    dependencies = [("deals", "0001_initial")]

    operations = [migrations.RunSQL(SEED, migrations.RunSQL.noop)]
