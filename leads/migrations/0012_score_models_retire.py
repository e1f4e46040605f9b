from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0011_consent'),
    ]

    operations = [
        migrations.AddField(
            model_name='scoremodel',
            name='retired_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='scoremodel',
            name='drifted_at',
            field=models.DateTimeField(null=True),
        ),
    ]
