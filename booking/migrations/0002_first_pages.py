"""A booking page for each member who is there already. On its own: a table with fresh rows cannot be altered."""

from django.db import migrations

# As booking/profiles.py does for new members: the name in small letters, with a number where it is taken.
SEED = r"""
WITH named AS (
    SELECT u.id, left(coalesce(nullif(btrim(regexp_replace(lower(u.first_name || ' ' || u.last_name), '[^a-z0-9]+', '-', 'g'),
                      '-'), ''), 'me'), 40) AS name
    FROM accounts_user u WHERE u.organization_id IS NOT NULL AND u.booking_slug IS NULL
), numbered AS (
    SELECT id, name, row_number() OVER (PARTITION BY name ORDER BY id) AS n FROM named
)
UPDATE accounts_user u
SET booking_slug = CASE WHEN numbered.n = 1 AND length(numbered.name) > 2 THEN numbered.name
                        ELSE numbered.name || '-' || u.id END
FROM numbered WHERE numbered.id = u.id;

WITH fresh AS (
    INSERT INTO booking_bookingprofile (organization_id, user_id, title, intro, timezone, working_hours, overrides,
        buffer_before, buffer_after, min_notice_minutes, horizon_days, daily_limit, slot_step, change_notice_minutes,
        reminder_minutes, color,
        allowed_domains, is_active, updated_at)
    SELECT u.organization_id, u.id, '', '', '', jsonb_object_agg(day, '[{"start": "09:00", "end": "17:00"}]'::jsonb), '{}',
           0, 0, 60, 60, 0, 0, 60, 1440, '#3f51c6', '{}', true, now()
    FROM accounts_user u CROSS JOIN unnest(ARRAY['monday', 'tuesday', 'wednesday', 'thursday', 'friday']) AS day
    WHERE u.organization_id IS NOT NULL GROUP BY u.id
    RETURNING id, organization_id
)
INSERT INTO booking_meetingtype (organization_id, profile_id, name, minutes, tool, location, questions, position, is_active)
SELECT organization_id, id, minutes || ' minutes', minutes, 'none', '', '[]', position, true
FROM fresh CROSS JOIN (VALUES (30, 0), (60, 1)) AS first(minutes, position)
"""


class Migration(migrations.Migration):
    dependencies = [("booking", "0001_initial")]

    operations = [migrations.RunSQL(SEED, migrations.RunSQL.noop)]
