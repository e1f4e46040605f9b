"""Leads that were there before duplicates were looked for wait to be looked at like new ones."""

from django.db import migrations

WAIT = """
INSERT INTO leads_leadtomatch (organization_id, lead_id)
SELECT organization_id, id FROM leads_lead WHERE deleted_at IS NULL ORDER BY id
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0007_custom_index")]

    operations = [migrations.RunSQL(WAIT, migrations.RunSQL.noop)]
