"""What came of taking an action back: kept, told on its page, and the reason why nothing is taken back twice."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Now

from lio.walls import OwnedKey, Wall


class Migration(migrations.Migration):
    dependencies = [("lio", "0002_undo"), ("accounts", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Undoing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("undoes", models.BigIntegerField()),
                ("change_id", models.BigIntegerField()),
                ("job_id", models.BigIntegerField(null=True)),
                ("total", models.PositiveIntegerField(default=0)),
                ("processed", models.PositiveIntegerField(default=0)),
                ("reverted", models.PositiveIntegerField(default=0)),
                ("conflict_count", models.PositiveIntegerField(default=0)),
                ("conflicts", models.JSONField(default=list)),
                ("created_at", models.DateTimeField(db_default=Now())),
                ("finished_at", models.DateTimeField(null=True)),
                ("by", models.ForeignKey(db_constraint=False, db_index=False, null=True,
                                         on_delete=django.db.models.deletion.SET_NULL, related_name="+",
                                         to=settings.AUTH_USER_MODEL)),
                ("organization", models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE,
                                                   related_name="+", to="accounts.organization")),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("organization", "undoes"), name="undone_once")]},
        ),
        Wall("lio_undoing"),
        OwnedKey("lio_undoing", "by_id", "accounts_user", on_delete="SET NULL"),
    ]
