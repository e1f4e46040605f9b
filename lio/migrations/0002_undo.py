"""Which action an action takes back, so that nothing is taken back twice."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lio", "0001_initial")]

    operations = [
        migrations.AddField("change", "undoes", models.BigIntegerField(null=True)),
        migrations.AddIndex(
            "change",
            models.Index(fields=["organization", "undoes"], condition=models.Q(undoes__isnull=False), name="change_undone"),
        ),
    ]
