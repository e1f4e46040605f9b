from django.db import migrations
from django.db.migrations.operations import RunSQL

HOLD = """
CREATE TRIGGER hold_inserted AFTER INSERT ON leads_lead REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION lookups_hold_values('lead');
CREATE TRIGGER hold_updated AFTER UPDATE ON leads_lead REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION lookups_hold_values('lead');
CREATE TRIGGER hold_deleted AFTER DELETE ON leads_lead REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION lookups_hold_values('lead');
"""


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0002_notes_follow_ups_pictures'),
        ('lookups', '0003_custom_fields_and_views'),
    ]

    operations = [
        RunSQL(HOLD, "DROP TRIGGER hold_inserted ON leads_lead; DROP TRIGGER hold_updated ON leads_lead;"
                     "DROP TRIGGER hold_deleted ON leads_lead;"),
    ]
