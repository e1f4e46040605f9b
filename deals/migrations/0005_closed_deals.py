from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deals", "0004_forecasting")]

    operations = [
        migrations.AddIndex(
            model_name="deal",
            index=models.Index(
                condition=models.Q(("deleted_at", None), ("closed_at__isnull", False)),
                fields=["organization", "-closed_at", "-id"],
                include=("stage", "lead"),
                name="closed_deals",
            ),
        ),
    ]
