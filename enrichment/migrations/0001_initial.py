import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from lio.walls import OwnedKey, Wall


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0003_first_credits'),
        ('leads', '0008_match_what_is_there'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model_type', models.CharField(blank=True, default='', max_length=20)),
                ('group_id', models.JSONField(null=True)),
                ('state', models.CharField(choices=[('queued', 'Waiting'), ('working', 'Running'), ('done', 'Completed')], default='queued', max_length=10)),
                ('total', models.PositiveIntegerField(default=0)),
                ('processed', models.PositiveIntegerField(default=0)),
                ('succeeded', models.PositiveIntegerField(default=0)),
                ('failed', models.PositiveIntegerField(default=0)),
                ('cost', models.PositiveIntegerField(default=0)),
                ('job_id', models.BigIntegerField(null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('finished_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'verbose_name_plural': 'batches',
            },
        ),
        migrations.CreateModel(
            name='Run',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model_type', models.CharField(blank=True, default='', max_length=20)),
                ('model_id', models.BigIntegerField(null=True)),
                ('query', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('queued', 'Waiting'), ('working', 'Asking'), ('done', 'Done'), ('failed', 'Failed')], default='queued', max_length=10)),
                ('sources', models.JSONField(default=list)),
                ('provider', models.CharField(blank=True, default='', max_length=30)),
                ('hit', models.BooleanField(default=False)),
                ('cost', models.PositiveIntegerField(default=0)),
                ('confidence', models.DecimalField(decimal_places=2, default=0, max_digits=3)),
                ('results', models.JSONField(default=dict)),
                ('problem', models.CharField(blank=True, default='', max_length=300)),
                ('change_id', models.BigIntegerField(null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('finished_at', models.DateTimeField(null=True)),
                ('batch', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='enrichment.batch')),
                ('by', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
        ),
        migrations.CreateModel(
            name='FoundValue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model_type', models.CharField(max_length=20)),
                ('model_id', models.BigIntegerField()),
                ('of', models.CharField(max_length=10)),
                ('field', models.CharField(max_length=40)),
                ('value', models.JSONField()),
                ('old_value', models.JSONField(null=True)),
                ('source', models.CharField(max_length=30)),
                ('confidence', models.DecimalField(decimal_places=2, max_digits=3)),
                ('verified', models.BooleanField(default=False)),
                ('why', models.CharField(blank=True, default='', max_length=300)),
                ('state', models.CharField(choices=[('applied', 'Filled in'), ('proposed', 'Proposed'), ('accepted', 'Accepted'), ('dismissed', 'Dismissed'), ('same', 'Confirmed'), ('left_out', 'Left out'), ('replaced', 'Replaced')], max_length=10)),
                ('change_id', models.BigIntegerField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('decided_by', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
                ('run', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='values', to='enrichment.run')),
            ],
            options={
                'verbose_name': 'proposal',
            },
        ),
        migrations.CreateModel(
            name='LinkedInLead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('linkedin_url', models.CharField(max_length=500)),
                ('linkedin_norm', models.CharField(editable=False, max_length=500)),
                ('name', models.CharField(blank=True, default='', max_length=200)),
                ('headline', models.CharField(blank=True, default='', max_length=300)),
                ('company', models.CharField(blank=True, default='', max_length=200)),
                ('email', models.CharField(blank=True, default='', max_length=254)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('lead', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='leads.lead')),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'verbose_name': 'LinkedIn lead',
                'indexes': [models.Index(fields=['organization', '-created_at', '-id'], name='linkedin_leads_recent'), models.Index(fields=['organization', 'lead'], name='linkedin_leads_of_lead')],
                'constraints': [models.UniqueConstraint(fields=('organization', 'linkedin_norm'), name='one_person_per_linkedin')],
            },
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(fields=['organization', 'model_type', 'model_id', '-id'], name='runs_of_record'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(fields=['organization', 'batch', 'id'], name='runs_of_batch'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(condition=models.Q(('finished_at', None)), fields=['organization', 'batch', 'id'], name='runs_to_do'),
        ),
        migrations.AddIndex(
            model_name='foundvalue',
            index=models.Index(fields=['organization', 'run', 'id'], name='values_of_run'),
        ),
        migrations.AddIndex(
            model_name='foundvalue',
            index=models.Index(fields=['organization', 'model_type', 'model_id', 'field', '-id'], name='values_of_record'),
        ),
        migrations.AddIndex(
            model_name='foundvalue',
            index=models.Index(condition=models.Q(('state', 'proposed')), fields=['organization', '-id'], name='open_proposals'),
        ),
        migrations.AddConstraint(
            model_name='foundvalue',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'proposed')), fields=('organization', 'model_type', 'model_id', 'field'), name='one_open_proposal_per_field'),
        ),
        Wall("enrichment_batch"),
        Wall("enrichment_run"),
        Wall("enrichment_foundvalue"),
        Wall("enrichment_linkedinlead"),
        OwnedKey("enrichment_batch", "by_id", "accounts_user", on_delete="SET NULL"),
        OwnedKey("enrichment_run", "by_id", "accounts_user", on_delete="SET NULL"),
        OwnedKey("enrichment_run", "batch_id", "enrichment_batch", on_delete="CASCADE"),
        OwnedKey("enrichment_foundvalue", "run_id", "enrichment_run", on_delete="CASCADE"),
        OwnedKey("enrichment_foundvalue", "decided_by_id", "accounts_user", on_delete="SET NULL"),
        OwnedKey("enrichment_linkedinlead", "lead_id", "leads_lead", on_delete="SET NULL"),
    ]
