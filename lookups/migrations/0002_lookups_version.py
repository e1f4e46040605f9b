from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("lookups", "0001_initial"), ("accounts", "0001_initial")]

    operations = [
        # begins above every version that counting up by one can have given out
        migrations.RunSQL("CREATE SEQUENCE lookups_version START 1000000", "DROP SEQUENCE lookups_version"),
    ]
