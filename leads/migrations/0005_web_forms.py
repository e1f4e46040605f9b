import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from lio.walls import Function, OwnedKey, Wall

# A visitor has nothing but the link; which organisation it belongs to is asked before a scope can be opened.
HOME = """
RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT organization_id FROM leads_webform WHERE form_link = $1 AND is_active AND deleted_at IS NULL
$$"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('leads', '0004_duplicates'),
        ('lookups', '0003_custom_fields_and_views'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='WebForm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('name', models.CharField(max_length=100)),
                ('form_link', models.CharField(editable=False, max_length=40, unique=True)),
                ('fields', models.JSONField(default=list)),
                ('is_active', models.BooleanField(default=True)),
                ('title', models.CharField(blank=True, default='', max_length=150)),
                ('intro', models.TextField(blank=True, default='')),
                ('button', models.CharField(blank=True, default='', max_length=40)),
                ('success_message', models.TextField(blank=True, default='')),
                ('redirect_url', models.CharField(blank=True, default='', max_length=500)),
                ('consent_text', models.TextField(blank=True, default='')),
                ('color', models.CharField(default='#3f51c6', max_length=7)),
                ('background', models.CharField(blank=True, default='', max_length=7)),
                ('allowed_domains', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=253), blank=True, default=list, size=None)),
                ('capture_utm', models.BooleanField(default=True)),
                ('assigned_to', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
                ('source', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='lookups.lookup')),
            ],
            options={
                'verbose_name': 'web form',
                'ordering': ['-id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='HeldSubmission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(choices=[('trap', 'Filled in the field that people do not see'), ('fast', 'Sent faster than people write'), ('flood', 'The form got very many at once'), ('conflict', 'Fits more than one lead, or repeats a unique value')], max_length=8)),
                ('sent', models.JSONField()),
                ('about', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
                ('form', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.webform')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='WebFormCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('views', models.BigIntegerField(default=0)),
                ('submissions', models.BigIntegerField(default=0)),
                ('form', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.webform')),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
        ),
        migrations.AddIndex(
            model_name='webform',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'id'], name='web_forms_of_org'),
        ),
        migrations.AddIndex(
            model_name='heldsubmission',
            index=models.Index(fields=['organization', 'form', '-id'], name='held_of_web_form'),
        ),
        migrations.AddIndex(
            model_name='heldsubmission',
            index=models.Index(fields=['created_at'], name='held_by_age'),
        ),
        migrations.AddIndex(
            model_name='webformcount',
            index=models.Index(fields=['organization', 'form'], name='count_of_web_form'),
        ),
        Wall("leads_webform"),
        Wall("leads_webformcount"),
        Wall("leads_heldsubmission"),
        OwnedKey("leads_webform", "source_id", "lookups_lookup"),
        OwnedKey("leads_webform", "assigned_to_id", "accounts_user", on_delete="SET NULL"),
        OwnedKey("leads_webformcount", "form_id", "leads_webform", on_delete="CASCADE"),
        OwnedKey("leads_heldsubmission", "form_id", "leads_webform", on_delete="CASCADE"),
        Function("leads_web_form_home", "link text", HOME),
    ]
