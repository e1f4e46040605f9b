import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations import RunSQL

from lio.walls import OwnedKey, Wall

HOLD = """
CREATE TRIGGER hold_inserted AFTER INSERT ON deals_deal REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION lookups_hold_values('deal');
CREATE TRIGGER hold_updated AFTER UPDATE ON deals_deal REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION lookups_hold_values('deal');
CREATE TRIGGER hold_deleted AFTER DELETE ON deals_deal REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION lookups_hold_values('deal');
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('contacts', '0001_initial'),
        ('leads', '0008_match_what_is_there'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Pipeline',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('name', models.CharField(max_length=100)),
                ('description', models.CharField(blank=True, default='', max_length=1000)),
                ('max_deal_limit', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ('region', models.CharField(blank=True, max_length=100, null=True)),
                ('is_active', models.BooleanField(default=True)),
                ('position', models.PositiveIntegerField(default=0)),
                ('asks_api', models.BooleanField(default=False)),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'ordering': ['-id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Deal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('title', models.CharField(max_length=50)),
                ('value', models.DecimalField(decimal_places=2, max_digits=14)),
                ('currency', models.CharField(blank=True, max_length=3, null=True)),
                ('amount', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ('rate', models.DecimalField(decimal_places=8, editable=False, max_digits=18, null=True)),
                ('expected_close_date', models.DateField()),
                ('priority', models.PositiveSmallIntegerField(choices=[(1, 'Low'), (2, 'Medium'), (3, 'High'), (4, 'Urgent')], default=2)),
                ('description', models.CharField(blank=True, max_length=1000, null=True)),
                ('next_step', models.CharField(blank=True, max_length=300, null=True)),
                ('next_step_on', models.DateField(blank=True, null=True)),
                ('lost_reason', models.CharField(blank=True, max_length=500, null=True)),
                ('category', models.CharField(choices=[('commit', 'Commit'), ('best_case', 'Best case'), ('pipeline', 'Pipeline'), ('omitted', 'Omitted')], default='pipeline', max_length=9)),
                ('category_by_hand', models.BooleanField(default=False, editable=False)),
                ('board_rank', models.CharField(db_collation='C', editable=False, max_length=200)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('entered_stage_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('closed_at', models.DateTimeField(editable=False, null=True)),
                ('last_activity_at', models.DateTimeField(editable=False, null=True)),
                ('moved_close_dates', models.PositiveIntegerField(default=0, editable=False)),
                ('custom_fields', models.JSONField(blank=True, default=dict)),
                ('assigned_to', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_by', models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lead', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deals', to='leads.lead')),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
                ('pipeline', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='deals', to='deals.pipeline')),
            ],
            options={
                'ordering': ['-id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Quota',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('month', models.DateField()),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14)),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
                ('owner', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('pipeline', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='deals.pipeline')),
                ('team', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.team')),
            ],
            options={
                'ordering': ['-id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Stage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('name', models.CharField(max_length=100)),
                ('color', models.CharField(default='#6b7280', max_length=7)),
                ('position', models.PositiveIntegerField(default=0)),
                ('is_won', models.BooleanField(default=False)),
                ('is_lost', models.BooleanField(default=False)),
                ('probability', models.DecimalField(decimal_places=4, max_digits=5)),
                ('max_days_in_stage', models.PositiveIntegerField(blank=True, null=True)),
                ('required_fields', models.JSONField(blank=True, default=list)),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
                ('pipeline', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='stages', to='deals.pipeline')),
            ],
            options={
                'ordering': ['-id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ForecastSnapshot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('day', models.DateField()),
                ('state', models.CharField(choices=[('open', 'Open'), ('won', 'Won'), ('lost', 'Lost'), ('deleted', 'Deleted')], default='open', max_length=7)),
                ('value', models.DecimalField(decimal_places=2, max_digits=14)),
                ('probability', models.DecimalField(decimal_places=4, max_digits=5)),
                ('weighted_value', models.DecimalField(decimal_places=2, max_digits=16)),
                ('win_probability', models.DecimalField(decimal_places=4, max_digits=5, null=True)),
                ('forecast_value', models.DecimalField(decimal_places=2, max_digits=16, null=True)),
                ('expected_close_date', models.DateField()),
                ('category', models.CharField(max_length=9)),
                ('reason', models.CharField(max_length=20)),
                ('deal', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='snapshots', to='deals.deal')),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
                ('owner', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('pipeline', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='deals.pipeline')),
                ('stage', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='deals.stage')),
            ],
        ),
        migrations.AddField(
            model_name='deal',
            name='stage',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='deals', to='deals.stage'),
        ),
        migrations.CreateModel(
            name='StageEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('entered_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('left_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('deal', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='stage_entries', to='deals.deal')),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
                ('stage', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='deals.stage')),
            ],
            options={
                'verbose_name_plural': 'stage entries',
            },
        ),
        migrations.CreateModel(
            name='DealContact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('decision_maker', 'Decision maker'), ('champion', 'Champion'), ('influencer', 'Influencer'), ('budget_holder', 'Budget holder'), ('user', 'User'), ('blocker', 'Blocker'), ('other', 'Other')], default='other', max_length=14)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('contact', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deal_contacts', to='contacts.contact')),
                ('deal', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deal_contacts', to='deals.deal')),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'indexes': [models.Index(fields=['organization', 'contact', 'deal'], name='deals_of_contact')],
                'constraints': [models.UniqueConstraint(fields=('organization', 'deal', 'contact'), name='one_role_in_a_deal')],
            },
        ),
        migrations.CreateModel(
            name='ExchangeRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('currency', models.CharField(max_length=3)),
                ('rate', models.DecimalField(decimal_places=8, max_digits=18)),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'ordering': ['-day', 'currency'],
                'constraints': [models.UniqueConstraint(fields=('organization', 'currency', 'day'), name='one_rate_a_day'), models.CheckConstraint(condition=models.Q(('rate__gt', 0)), name='rate_above_0')],
            },
        ),
        migrations.AddIndex(
            model_name='pipeline',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'position', 'id'], name='pipeline_by_position'),
        ),
        migrations.AddConstraint(
            model_name='quota',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('owner__isnull', False), ('team', None)), models.Q(('owner', None), ('team__isnull', False)), _connector='OR'), name='quota_of_owner_or_team'),
        ),
        migrations.AddConstraint(
            model_name='quota',
            constraint=models.UniqueConstraint(condition=models.Q(('deleted_at', None)), fields=('organization', 'owner', 'team', 'pipeline', 'month'), name='one_quota_a_month', nulls_distinct=False),
        ),
        migrations.AddIndex(
            model_name='stage',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'pipeline', 'position', 'id'], name='stages_of_pipeline'),
        ),
        migrations.AddConstraint(
            model_name='stage',
            constraint=models.UniqueConstraint(condition=models.Q(('deleted_at', None), ('is_won', True)), fields=('organization', 'pipeline'), name='one_won_stage'),
        ),
        migrations.AddConstraint(
            model_name='stage',
            constraint=models.UniqueConstraint(condition=models.Q(('deleted_at', None), ('is_lost', True)), fields=('organization', 'pipeline'), name='one_lost_stage'),
        ),
        migrations.AddConstraint(
            model_name='stage',
            constraint=models.CheckConstraint(condition=models.Q(('probability__gte', 0), ('probability__lte', 1)), name='probability_0_to_1'),
        ),
        migrations.AddConstraint(
            model_name='stage',
            constraint=models.CheckConstraint(condition=models.Q(('is_lost', True), ('is_won', True), _negated=True), name='won_or_lost_not_both'),
        ),
        migrations.AddIndex(
            model_name='forecastsnapshot',
            index=models.Index(fields=['organization', 'deal', '-id'], name='snapshots_of_deal'),
        ),
        migrations.AddIndex(
            model_name='forecastsnapshot',
            index=models.Index(fields=['organization', 'day', 'deal'], name='snapshots_of_day'),
        ),
        migrations.AddIndex(
            model_name='deal',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'id'], name='deal_by_id'),
        ),
        migrations.AddIndex(
            model_name='deal',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'created_at', 'id'], name='deal_by_created'),
        ),
        migrations.AddIndex(
            model_name='deal',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'value', 'id'], name='deal_by_value'),
        ),
        migrations.AddIndex(
            model_name='deal',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'title', 'id'], name='deal_by_title'),
        ),
        migrations.AddIndex(
            model_name='deal',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'stage', 'board_rank', 'id'], include=('value', 'closed_at'), name='deal_on_board'),
        ),
        migrations.AddIndex(
            model_name='deal',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'lead', 'id'], name='deals_of_lead'),
        ),
        migrations.AddIndex(
            model_name='deal',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'pipeline', 'expected_close_date', 'id'], name='deals_of_pipeline'),
        ),
        migrations.AddIndex(
            model_name='deal',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'expected_close_date', 'id'], name='deal_by_close'),
        ),
        migrations.AddIndex(
            model_name='deal',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'assigned_to', 'id'], name='deals_of_owner'),
        ),
        migrations.AddIndex(
            model_name='deal',
            index=models.Index(condition=models.Q(('deleted_at', None), ('closed_at', None)), fields=['organization', 'id'], name='open_deals'),
        ),
        migrations.AddConstraint(
            model_name='deal',
            constraint=models.CheckConstraint(condition=models.Q(('priority__gte', 1), ('priority__lte', 4)), name='deal_priority_1_to_4'),
        ),
        migrations.AddConstraint(
            model_name='deal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount', None), ('currency', None), ('rate', None)), models.Q(('amount__isnull', False), ('currency__isnull', False), ('rate__isnull', False)), _connector='OR'), name='currency_with_amount_and_rate'),
        ),
        migrations.AddIndex(
            model_name='stageentry',
            index=models.Index(fields=['organization', 'deal', 'id'], name='stages_of_deal'),
        ),
        migrations.AddIndex(
            model_name='stageentry',
            index=models.Index(fields=['organization', 'stage', 'entered_at'], name='entries_of_stage'),
        ),
        migrations.AddConstraint(
            model_name='stageentry',
            constraint=models.UniqueConstraint(condition=models.Q(('left_at', None)), fields=('organization', 'deal'), name='in_one_stage_at_a_time'),
        ),
        Wall("deals_pipeline"),
        Wall("deals_stage"),
        Wall("deals_deal"),
        Wall("deals_stageentry"),
        Wall("deals_dealcontact"),
        Wall("deals_exchangerate"),
        Wall("deals_forecastsnapshot"),
        Wall("deals_quota"),
        OwnedKey("deals_stage", "pipeline_id", "deals_pipeline", on_delete="CASCADE"),
        OwnedKey("deals_deal", "lead_id", "leads_lead", on_delete="CASCADE"),
        OwnedKey("deals_deal", "pipeline_id", "deals_pipeline"),
        OwnedKey("deals_deal", "stage_id", "deals_stage"),
        OwnedKey("deals_deal", "assigned_to_id", "accounts_user", on_delete="SET NULL"),
        OwnedKey("deals_deal", "created_by_id", "accounts_user", on_delete="SET NULL"),
        OwnedKey("deals_stageentry", "deal_id", "deals_deal", on_delete="CASCADE"),
        OwnedKey("deals_stageentry", "stage_id", "deals_stage", on_delete="CASCADE"),
        OwnedKey("deals_stageentry", "by_id", "accounts_user", on_delete="SET NULL"),
        OwnedKey("deals_dealcontact", "deal_id", "deals_deal", on_delete="CASCADE"),
        OwnedKey("deals_dealcontact", "contact_id", "contacts_contact", on_delete="CASCADE"),
        OwnedKey("deals_forecastsnapshot", "deal_id", "deals_deal", on_delete="CASCADE"),
        OwnedKey("deals_forecastsnapshot", "pipeline_id", "deals_pipeline", on_delete="CASCADE"),
        OwnedKey("deals_forecastsnapshot", "stage_id", "deals_stage", on_delete="CASCADE"),
        OwnedKey("deals_forecastsnapshot", "owner_id", "accounts_user", on_delete="SET NULL"),
        OwnedKey("deals_quota", "owner_id", "accounts_user", on_delete="CASCADE"),
        OwnedKey("deals_quota", "team_id", "accounts_team", on_delete="CASCADE"),
        OwnedKey("deals_quota", "pipeline_id", "deals_pipeline", on_delete="CASCADE"),
        RunSQL(HOLD, "DROP TRIGGER hold_inserted ON deals_deal; DROP TRIGGER hold_updated ON deals_deal;"
                     "DROP TRIGGER hold_deleted ON deals_deal;"),
    ]
