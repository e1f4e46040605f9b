import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from django.contrib.postgres.operations import BtreeGinExtension, TrigramExtension
from django.db.migrations.operations import RunSQL

from lio.walls import Function, Wall

SEARCH = """
RETURNS bigint[] LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    org bigint := nullif(current_setting('app.org', true), '')::bigint;
    found bigint[];
BEGIN
    IF org IS NULL THEN
        RAISE EXCEPTION 'no organization in scope' USING errcode = '42501';
    END IF;
    -- dynamic, so that the plan is made for this very term: a generic one took 47 ms for a rare word
    EXECUTE 'SELECT array_agg(object_id) FROM (SELECT object_id FROM public.lio_searchdoc
             WHERE organization_id = $1 AND kind = $2 AND body LIKE $3 LIMIT $4) AS hits'
        INTO found USING org, kind, pattern, cap;
    RETURN found;
END $$
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope', models.CharField(max_length=80)),
                ('key', models.CharField(max_length=255)),
                ('fingerprint', models.BinaryField(max_length=32)),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('body', models.BinaryField(null=True)),
                ('change_id', models.BigIntegerField(null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'indexes': [models.Index(fields=['created_at'], name='idempotency_age')],
                'constraints': [models.UniqueConstraint(fields=('scope', 'key'), name='one_answer_per_key')],
            },
        ),
        migrations.CreateModel(
            name='Change',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('change_id', models.BigIntegerField()),
                ('verb', models.CharField(max_length=60)),
                ('model_type', models.CharField(max_length=60)),
                ('model_id', models.BigIntegerField()),
                ('before', models.JSONField(null=True)),
                ('after', models.JSONField(null=True)),
                ('actor', models.CharField(default='', max_length=120)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'indexes': [models.Index(fields=['organization', 'model_type', 'model_id', '-id'], name='change_of_record'), models.Index(fields=['organization', 'change_id'], name='change_together')],
            },
        ),
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('function', models.CharField(max_length=120)),
                ('args', models.JSONField(default=list)),
                ('is_batch', models.BooleanField(default=False)),
                ('key', models.CharField(max_length=120, null=True, unique=True)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('processing', 'Running'), ('completed', 'Done'), ('failed', 'Failed')], default='queued', max_length=10)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('max_attempts', models.PositiveSmallIntegerField(default=5)),
                ('run_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('woken_at', models.DateTimeField(null=True)),
                ('lock_id', models.BigIntegerField(null=True)),
                ('cursor', models.JSONField(null=True)),
                ('total', models.PositiveIntegerField(default=0)),
                ('processed', models.PositiveIntegerField(default=0)),
                ('succeeded', models.PositiveIntegerField(default=0)),
                ('failed', models.PositiveIntegerField(default=0)),
                ('skipped', models.PositiveIntegerField(default=0)),
                ('result', models.JSONField(null=True)),
                ('error', models.TextField(default='')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'indexes': [models.Index(fields=['organization', '-id'], name='job_of_org'), models.Index(condition=models.Q(('state', 'queued')), fields=['run_at'], name='job_due'), models.Index(condition=models.Q(('state', 'processing')), fields=['lock_id'], name='job_running'), models.Index(condition=models.Q(('is_batch', True), ('state', 'queued')), fields=['function', 'organization', 'id'], name='job_batch')],
            },
        ),
        migrations.CreateModel(
            name='SearchDoc',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=20)),
                ('object_id', models.BigIntegerField()),
                ('body', models.TextField()),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organization', 'kind', 'object_id'), name='one_doc_per_record')],
            },
        ),
        BtreeGinExtension(),
        TrigramExtension(),
        RunSQL("CREATE SEQUENCE lio_change_group", "DROP SEQUENCE lio_change_group"),
        RunSQL(
            "CREATE UNLOGGED TABLE lio_ratebucket (key text PRIMARY KEY, started timestamptz NOT NULL, n int NOT NULL)"
            " WITH (fillfactor = 50)",
            "DROP TABLE lio_ratebucket",
        ),
        Wall("lio_change"),
        Wall("lio_searchdoc"),
        RunSQL(
            "CREATE INDEX searchdoc_words ON lio_searchdoc USING gin (organization_id, body gin_trgm_ops)"
            " WITH (gin_pending_list_limit = 8192)",
            "DROP INDEX searchdoc_words",
        ),
        RunSQL("ALTER TABLE lio_searchdoc SET (autovacuum_vacuum_insert_scale_factor = 0.01)", RunSQL.noop),
        Function("lio_search", "kind text, pattern text, cap int", SEARCH),
    ]
