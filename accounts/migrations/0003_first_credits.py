"""The first credits of organisations that are there already. On its own: a table with fresh rows cannot be altered."""

from django.db import migrations

SEED = """
WITH opened AS (
    INSERT INTO accounts_creditaccount (organization_id, balance)
    SELECT o.id, 1000 FROM accounts_organization o
    WHERE NOT EXISTS (SELECT 1 FROM accounts_creditaccount a WHERE a.organization_id = o.id)
    RETURNING organization_id, balance)
INSERT INTO accounts_creditentry (organization_id, key, amount, is_open) SELECT organization_id, 'first', balance, false FROM opened
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_credits")]

    operations = [migrations.RunSQL(SEED, migrations.RunSQL.noop)]
