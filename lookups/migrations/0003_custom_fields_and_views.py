import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations import RunSQL

from lio.walls import OwnedKey, Wall

# A record's table gets this function as three triggers, with the name of its module (leads/migrations/0002_custom_values.py).
# It claims softly: a value that another record holds stays unclaimed, and the rule that must refuse it looks afterwards.
HOLD = """
CREATE FUNCTION lookups_value_norm(fields jsonb, key text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public AS $$
    SELECT CASE WHEN length(norm) > 200 THEN md5(norm) ELSE nullif(norm, '') END
    FROM (SELECT CASE WHEN jsonb_typeof(fields -> key) IN ('string', 'number', 'boolean')
                      THEN lower(btrim(fields ->> key)) END AS norm) AS n
$$;
CREATE FUNCTION lookups_hold_values() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM lookups_customfield WHERE module_name = TG_ARGV[0] AND is_unique AND state = 'active'
                   AND organization_id = nullif(current_setting('app.org', true), '')::bigint) THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'DELETE' THEN
        DELETE FROM lookups_customvalue v USING old_rows o, lookups_customfield f
        WHERE v.organization_id = o.organization_id AND v.object_id = o.id AND f.organization_id = o.organization_id
        AND f.id = v.field_id AND f.module_name = TG_ARGV[0];
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM lookups_customvalue v USING new_rows n, lookups_customfield f
        WHERE v.organization_id = n.organization_id AND v.object_id = n.id AND f.organization_id = n.organization_id
        AND f.id = v.field_id AND f.module_name = TG_ARGV[0]
        AND (n.deleted_at IS NOT NULL OR lookups_value_norm(n.custom_fields, f.key) IS DISTINCT FROM v.value_norm);
    END IF;
    INSERT INTO lookups_customvalue (organization_id, field_id, object_id, value_norm)
    SELECT n.organization_id, f.id, n.id, lookups_value_norm(n.custom_fields, f.key)
    FROM new_rows n JOIN lookups_customfield f ON f.organization_id = n.organization_id
    WHERE f.module_name = TG_ARGV[0] AND f.is_unique AND f.state = 'active' AND n.deleted_at IS NULL
    AND lookups_value_norm(n.custom_fields, f.key) IS NOT NULL
    ORDER BY f.id, 4, n.id ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('lookups', '0002_lookups_version'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CustomField',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('module_name', models.CharField(max_length=50)),
                ('key', models.CharField(max_length=64)),
                ('label', models.CharField(max_length=100)),
                ('kind', models.CharField(choices=[('text', 'Text'), ('number', 'Number'), ('money', 'Money'), ('date', 'Date'), ('choice', 'Choice'), ('choices', 'Several choices'), ('checkbox', 'Check box'), ('email', 'E-mail'), ('phone', 'Phone'), ('link', 'Link'), ('person', 'Person')], default='text', max_length=10)),
                ('options', models.JSONField(blank=True, default=list)),
                ('aliases', models.JSONField(blank=True, default=list)),
                ('required', models.BooleanField(default=False)),
                ('is_unique', models.BooleanField(default=False)),
                ('position', models.PositiveIntegerField(default=0)),
                ('state', models.CharField(choices=[('active', 'Active'), ('proposed', 'Proposed'), ('archived', 'Archived'), ('dropped', 'Dropped')], default='active', max_length=10)),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'verbose_name': 'custom field',
                'ordering': ['-id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='CustomValue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('object_id', models.BigIntegerField()),
                ('value_norm', models.CharField(max_length=200)),
                ('field', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='lookups.customfield')),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('module_name', models.CharField(max_length=50)),
                ('view_name', models.CharField(default='Untitled view', max_length=100)),
                ('visibility', models.CharField(choices=[('private', 'Only me'), ('team', 'Team'), ('public', 'Everybody')], max_length=7)),
                ('filters', models.JSONField(blank=True, default=dict)),
                ('columns', models.JSONField(blank=True, default=list)),
                ('sorting', models.JSONField(blank=True, null=True)),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
                ('user', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'view',
                'ordering': ['-id'],
                'abstract': False,
            },
        ),
        migrations.AddConstraint(
            model_name='customfield',
            constraint=models.UniqueConstraint(fields=('organization', 'module_name', 'key'), name='one_custom_field_per_key'),
        ),
        migrations.AddConstraint(
            model_name='customvalue',
            constraint=models.UniqueConstraint(fields=('organization', 'field', 'value_norm'), name='one_holder_per_custom_value'),
        ),
        migrations.AddConstraint(
            model_name='customvalue',
            constraint=models.UniqueConstraint(fields=('organization', 'field', 'object_id'), name='one_custom_value_per_record'),
        ),
        migrations.AddIndex(
            model_name='savedview',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'module_name', 'id'], name='views_of_module'),
        ),
        Wall("lookups_customfield"),
        Wall("lookups_customvalue"),
        Wall("lookups_savedview"),
        OwnedKey("lookups_customvalue", "field_id", "lookups_customfield", on_delete="CASCADE"),
        OwnedKey("lookups_savedview", "user_id", "accounts_user", on_delete="SET NULL"),
        RunSQL(HOLD, "DROP FUNCTION lookups_hold_values(); DROP FUNCTION lookups_value_norm(jsonb, text);"),
    ]
