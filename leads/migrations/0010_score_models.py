import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from lio.walls import Wall


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_first_credits'),
        ('leads', '0009_mail_domains'),
    ]

    operations = [
        migrations.CreateModel(
            name='ScoreModel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('fields', models.JSONField()),
                ('weights', models.JSONField()),
                ('tested_weights', models.JSONField()),
                ('means', models.JSONField()),
                ('card', models.JSONField()),
                ('is_active', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organization', 'number'), name='score_model_number'), models.UniqueConstraint(condition=models.Q(('is_active', True)), fields=('organization',), name='one_active_score_model')],
            },
        ),
        migrations.CreateModel(
            name='ScoreSettings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('excluded', models.JSONField(default=list)),
                ('learns', models.BooleanField(default=True)),
                ('watched', models.JSONField(default=dict)),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'verbose_name_plural': 'score settings',
                'constraints': [models.UniqueConstraint(fields=('organization',), name='score_settings_once')],
            },
        ),
        Wall("leads_scoremodel"),
        Wall("leads_scoresettings"),
    ]
