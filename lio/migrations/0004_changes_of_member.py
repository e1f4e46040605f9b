"""The feed of one member goes from action to action by an index, which also serves the key to the member."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lio", "0003_undoing")]

    operations = [
        migrations.AddIndex("change", models.Index(fields=["by", "change_id"], name="change_by")),
        migrations.AlterField(
            "change",
            "by",
            models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+",
                              to=settings.AUTH_USER_MODEL),
        ),
    ]
