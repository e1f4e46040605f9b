from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0010_score_models'),
    ]

    operations = [
        migrations.AddField(
            model_name='lead',
            name='do_not_contact',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='lead',
            name='tracking_off',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('do_not_contact', True)), fields=['organization', 'email_norm'], name='leads_not_to_contact'),
        ),
    ]
