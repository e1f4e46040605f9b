"""The first form of organisations that are there already. On its own: a table with fresh rows cannot be altered."""

from django.db import migrations

# The form that every new organisation starts with (leads/web_forms/editing.py), for those that are there already.
SEED = """
INSERT INTO leads_webform (organization_id, name, form_link, fields, is_active, title, intro, button, success_message,
                           redirect_url, consent_text, color, background, allowed_domains, capture_utm, source_id,
                           created_at, updated_at)
SELECT o.id, 'Contact us', left(replace(gen_random_uuid()::text, '-', ''), 24),
       '[{"name": "first_name", "label": "First name", "type": "text", "required": true, "options": []},
         {"name": "last_name", "label": "Last name", "type": "text", "required": true, "options": []},
         {"name": "email", "label": "Email", "type": "email", "required": true, "options": []},
         {"name": "phone_number", "label": "Phone", "type": "phone", "required": false, "options": []},
         {"name": "company", "label": "Company", "type": "text", "required": false, "options": []}]',
       true, '', '', '', '', '', '', '#3f51c6', '', '{}', true, l.id, now(), now()
FROM accounts_organization o
LEFT JOIN lookups_lookup l ON l.organization_id = o.id AND l.type = 'source' AND l.number = 1
WHERE NOT EXISTS (SELECT 1 FROM leads_webform f WHERE f.organization_id = o.id)
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0005_web_forms")]

    operations = [migrations.RunSQL(SEED, migrations.RunSQL.noop)]
