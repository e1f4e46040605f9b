import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from django.db.migrations.operations import RunSQL

from lio.walls import OwnedKey, Wall

COUNT = """
CREATE FUNCTION leads_count() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO leads_leadcount (organization_id, status_id, assigned_to_id, n)
        SELECT organization_id, status_id, assigned_to_id, count(*) FROM new_rows
        WHERE deleted_at IS NULL GROUP BY 1, 2, 3;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO leads_leadcount (organization_id, status_id, assigned_to_id, n)
        SELECT organization_id, status_id, assigned_to_id, -count(*) FROM old_rows
        WHERE deleted_at IS NULL GROUP BY 1, 2, 3;
    ELSE
        INSERT INTO leads_leadcount (organization_id, status_id, assigned_to_id, n)
        SELECT organization_id, status_id, assigned_to_id, sum(n) FROM (
            SELECT organization_id, status_id, assigned_to_id, 1 AS n FROM new_rows WHERE deleted_at IS NULL
            UNION ALL
            SELECT organization_id, status_id, assigned_to_id, -1 FROM old_rows WHERE deleted_at IS NULL
        ) AS moved GROUP BY 1, 2, 3 HAVING sum(n) <> 0;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER count_inserted AFTER INSERT ON leads_lead REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION leads_count();
CREATE TRIGGER count_updated AFTER UPDATE ON leads_lead REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION leads_count();
CREATE TRIGGER count_deleted AFTER DELETE ON leads_lead REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION leads_count();
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('companies', '0001_initial'),
        ('lookups', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Lead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('first_name', models.CharField(blank=True, default='', max_length=50)),
                ('last_name', models.CharField(blank=True, default='', max_length=50)),
                ('email', models.CharField(blank=True, max_length=254, null=True)),
                ('email_norm', models.CharField(editable=False, max_length=254, null=True)),
                ('holds_email', models.BooleanField(default=True, editable=False)),
                ('phone_number', models.CharField(blank=True, max_length=30, null=True)),
                ('phone_norm', models.CharField(editable=False, max_length=30, null=True)),
                ('job_title', models.CharField(blank=True, max_length=200, null=True)),
                ('industry', models.CharField(blank=True, max_length=100, null=True)),
                ('website', models.CharField(blank=True, max_length=500, null=True)),
                ('address', models.CharField(blank=True, max_length=300, null=True)),
                ('city', models.CharField(blank=True, max_length=100, null=True)),
                ('state', models.CharField(blank=True, max_length=100, null=True)),
                ('country', models.CharField(blank=True, max_length=100, null=True)),
                ('pin_code', models.CharField(blank=True, max_length=20, null=True)),
                ('priority', models.PositiveSmallIntegerField(choices=[(1, 'Low'), (2, 'Medium'), (3, 'High'), (4, 'Urgent')], default=2)),
                ('score', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('estimated_value', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ('linkedin_url', models.CharField(blank=True, max_length=500, null=True)),
                ('linkedin_norm', models.CharField(editable=False, max_length=500, null=True)),
                ('holds_linkedin', models.BooleanField(default=True, editable=False)),
                ('custom_fields', models.JSONField(blank=True, default=dict)),
                ('notes', models.TextField(blank=True, null=True)),
                ('ai_information', models.JSONField(blank=True, default=dict, editable=False)),
                ('last_activity_at', models.DateTimeField(editable=False, null=True)),
                ('assigned_to', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('company', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='leads', to='companies.company')),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
                ('source', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='lookups.lookup')),
                ('status', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='lookups.lookup')),
            ],
            options={
                'ordering': ['-id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='LeadCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('n', models.BigIntegerField()),
                ('assigned_to', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
                ('status', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='lookups.lookup')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='LeadTag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('lead', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='lead_tags', to='leads.lead')),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
                ('tag', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='lookups.lookup')),
            ],
        ),
        migrations.CreateModel(
            name='Note',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('title', models.CharField(max_length=200)),
                ('note', models.TextField(blank=True, default='')),
                ('created_by', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lead', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='note_set', to='leads.lead')),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'ordering': ['-id'],
                'abstract': False,
            },
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'id'], name='lead_by_id'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'created_at', 'id'], name='lead_by_created'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'score', 'id'], name='lead_by_score'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'last_name', 'id'], name='lead_by_last_name'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'status', 'score', 'id'], name='lead_by_status'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'assigned_to', 'status', 'score', 'id'], name='lead_by_owner'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'company', 'id'], name='lead_by_company'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None), ('phone_norm__isnull', False)), fields=['organization', 'phone_norm'], name='lead_by_phone'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None), ('holds_email', False)), fields=['organization', 'email_norm', 'id'], name='lead_duplicate_email'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None), ('holds_linkedin', False)), fields=['organization', 'linkedin_norm', 'id'], name='lead_duplicate_linkedin'),
        ),
        migrations.AddConstraint(
            model_name='lead',
            constraint=models.UniqueConstraint(condition=models.Q(('deleted_at', None), ('email_norm__isnull', False), ('holds_email', True)), fields=('organization', 'email_norm'), name='one_lead_holds_an_email'),
        ),
        migrations.AddConstraint(
            model_name='lead',
            constraint=models.UniqueConstraint(condition=models.Q(('deleted_at', None), ('holds_linkedin', True), ('linkedin_norm__isnull', False)), fields=('organization', 'linkedin_norm'), name='one_lead_holds_a_linkedin'),
        ),
        migrations.AddConstraint(
            model_name='lead',
            constraint=models.CheckConstraint(condition=models.Q(('score__lte', 100)), name='score_to_100'),
        ),
        migrations.AddConstraint(
            model_name='lead',
            constraint=models.CheckConstraint(condition=models.Q(('priority__gte', 1), ('priority__lte', 4)), name='priority_1_to_4'),
        ),
        migrations.AddIndex(
            model_name='leadtag',
            index=models.Index(fields=['organization', 'tag', 'lead'], name='leads_of_tag'),
        ),
        migrations.AddConstraint(
            model_name='leadtag',
            constraint=models.UniqueConstraint(fields=('organization', 'lead', 'tag'), name='one_tag_once'),
        ),
        migrations.AddIndex(
            model_name='note',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'lead', '-id'], name='notes_of_lead'),
        ),
        Wall("leads_lead"),
        Wall("leads_leadtag"),
        Wall("leads_leadcount"),
        Wall("leads_note"),
        OwnedKey("leads_lead", "company_id", "companies_company", on_delete="SET NULL"),
        OwnedKey("leads_lead", "status_id", "lookups_lookup"),
        OwnedKey("leads_lead", "source_id", "lookups_lookup"),
        OwnedKey("leads_lead", "assigned_to_id", "accounts_user", on_delete="SET NULL"),
        OwnedKey("leads_leadtag", "lead_id", "leads_lead", on_delete="CASCADE"),
        OwnedKey("leads_leadtag", "tag_id", "lookups_lookup", on_delete="CASCADE"),
        OwnedKey("leads_leadcount", "status_id", "lookups_lookup", on_delete="CASCADE"),
        OwnedKey("leads_note", "lead_id", "leads_lead", on_delete="CASCADE"),
        OwnedKey("leads_note", "created_by_id", "accounts_user", on_delete="SET NULL"),
        RunSQL("CREATE INDEX count_of_org ON leads_leadcount (organization_id, status_id, assigned_to_id) INCLUDE (n)",
               "DROP INDEX count_of_org"),
        RunSQL(COUNT, "DROP TRIGGER count_inserted ON leads_lead; DROP TRIGGER count_updated ON leads_lead;"
                      "DROP TRIGGER count_deleted ON leads_lead; DROP FUNCTION leads_count();"),
        RunSQL("ALTER TABLE leads_lead SET (autovacuum_vacuum_insert_scale_factor = 0.01,"
               " autovacuum_vacuum_scale_factor = 0.05)", RunSQL.noop),
    ]
