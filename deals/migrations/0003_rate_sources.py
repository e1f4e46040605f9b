from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deals', '0002_first_pipelines'),
    ]

    operations = [
        migrations.AddField(
            model_name='exchangerate',
            name='source',
            field=models.CharField(blank=True, default='', max_length=100),
        ),
    ]
