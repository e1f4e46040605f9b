from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('intent', '0002_points_of_hot_leads'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='rawevent',
            index=models.Index(condition=models.Q(('channel', 'site')), fields=['organization', 'at'], name='views_by_time'),
        ),
    ]
