"""The addresses of the booking pages that members have already. On its own: a table with fresh rows cannot be altered."""

from django.db import migrations

SEED = """
INSERT INTO booking_bookingaddress (slug, organization_id)
SELECT booking_slug, organization_id FROM accounts_user WHERE booking_slug IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("booking", "0004_shared_pages")]

    operations = [migrations.RunSQL(SEED, "DELETE FROM booking_bookingaddress")]
