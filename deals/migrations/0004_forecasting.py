import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from lio.walls import OwnedKey, Wall


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('deals', '0003_rate_sources'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ClosedDeals',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('counts', models.JSONField()),
            ],
            options={
                'verbose_name_plural': 'closed deals',
            },
        ),
        migrations.CreateModel(
            name='MonthForecast',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('made', models.DateField()),
                ('target', models.DateField()),
                ('method', models.CharField(max_length=30)),
                ('value', models.DecimalField(decimal_places=2, max_digits=18)),
                ('low', models.DecimalField(decimal_places=2, max_digits=18, null=True)),
                ('high', models.DecimalField(decimal_places=2, max_digits=18, null=True)),
                ('is_chosen', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='Contributor',
            fields=[
            ],
            options={
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('deals.deal',),
        ),
        migrations.CreateModel(
            name='DealAtRisk',
            fields=[
            ],
            options={
                'verbose_name': 'deal at risk',
                'verbose_name_plural': 'deals at risk',
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('deals.deal',),
        ),
        migrations.AddField(
            model_name='forecastsnapshot',
            name='closed_on',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='forecastsnapshot',
            name='is_quiet',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='forecastsnapshot',
            name='moves',
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='forecastsnapshot',
            name='is_look',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddIndex(
            model_name='forecastsnapshot',
            index=models.Index(condition=models.Q(('reason', 'nightly'), _negated=True), fields=['organization', 'deal', '-id'], name='snapshots_of_changes'),
        ),
        migrations.AddIndex(
            model_name='forecastsnapshot',
            index=models.Index(condition=models.Q(('is_look', True)), fields=['organization', 'deal', '-id'], name='snapshots_looked_at'),
        ),
        migrations.AddField(
            model_name='closeddeals',
            name='organization',
            field=models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization'),
        ),
        migrations.AddField(
            model_name='closeddeals',
            name='pipeline',
            field=models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='deals.pipeline'),
        ),
        migrations.AddField(
            model_name='monthforecast',
            name='organization',
            field=models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization'),
        ),
        migrations.AddField(
            model_name='monthforecast',
            name='pipeline',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='deals.pipeline'),
        ),
        migrations.AddConstraint(
            model_name='monthforecast',
            constraint=models.UniqueConstraint(fields=('organization', 'pipeline', 'made', 'target', 'method'), name='said_once', nulls_distinct=False),
        ),
        Wall("deals_closeddeals"),
        Wall("deals_monthforecast"),
        OwnedKey("deals_closeddeals", "pipeline_id", "deals_pipeline", on_delete="CASCADE"),
        OwnedKey("deals_monthforecast", "pipeline_id", "deals_pipeline", on_delete="CASCADE"),
    ]
