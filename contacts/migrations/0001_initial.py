import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from django.db.migrations.operations import RunSQL

from lio.walls import OwnedKey, Wall

HOLD = """
CREATE TRIGGER hold_inserted AFTER INSERT ON contacts_contact REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION lookups_hold_values('contact');
CREATE TRIGGER hold_updated AFTER UPDATE ON contacts_contact REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION lookups_hold_values('contact');
CREATE TRIGGER hold_deleted AFTER DELETE ON contacts_contact REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION lookups_hold_values('contact');
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('companies', '0002_companies_whole'),
        ('leads', '0008_match_what_is_there'),
        ('lookups', '0003_custom_fields_and_views'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Contact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('name', models.CharField(max_length=150)),
                ('email', models.CharField(blank=True, max_length=254, null=True)),
                ('email_norm', models.CharField(editable=False, max_length=254, null=True)),
                ('phone_number', models.CharField(blank=True, max_length=30, null=True)),
                ('phone_norm', models.CharField(editable=False, max_length=30, null=True)),
                ('company_since', models.DateField(editable=False, null=True)),
                ('designation', models.CharField(blank=True, max_length=200, null=True)),
                ('seniority', models.CharField(blank=True, max_length=50, null=True)),
                ('department', models.CharField(blank=True, max_length=50, null=True)),
                ('decision_maker', models.CharField(blank=True, max_length=50, null=True)),
                ('linkedin_url', models.CharField(blank=True, max_length=500, null=True)),
                ('linkedin_norm', models.CharField(editable=False, max_length=500, null=True)),
                ('city', models.CharField(blank=True, max_length=100, null=True)),
                ('country', models.CharField(blank=True, max_length=100, null=True)),
                ('lead_score', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('custom_fields', models.JSONField(blank=True, default=dict)),
                ('ai_information', models.JSONField(blank=True, default=dict, editable=False)),
                ('last_activity_at', models.DateTimeField(editable=False, null=True)),
                ('company', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='contacts', to='companies.company')),
                ('created_by', models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lead', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='contacts', to='leads.lead')),
                ('merged_into', models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='contacts.contact')),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
                ('status', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='lookups.lookup')),
            ],
            options={
                'ordering': ['-id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ContactPoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('email', 'E-mail'), ('phone', 'Phone')], max_length=5)),
                ('value', models.CharField(max_length=254)),
                ('norm', models.CharField(max_length=254)),
                ('label', models.CharField(blank=True, default='', max_length=30)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('contact', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='points', to='contacts.contact')),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
        ),
        migrations.CreateModel(
            name='ContactTag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('contact', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='contact_tags', to='contacts.contact')),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
                ('tag', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='lookups.lookup')),
            ],
        ),
        migrations.CreateModel(
            name='Employment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('company_name', models.CharField(blank=True, default='', max_length=200)),
                ('designation', models.CharField(blank=True, default='', max_length=200)),
                ('started_on', models.DateField(null=True)),
                ('ended_on', models.DateField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('company', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='companies.company')),
                ('contact', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='employments', to='contacts.contact')),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'id'], name='contact_by_id'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'created_at', 'id'], name='contact_by_created'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'name', 'id'], name='contact_by_name'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'company', 'id'], name='contact_by_company'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'created_by', 'id'], name='contact_by_creator'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(condition=models.Q(('deleted_at', None), ('email_norm__isnull', False)), fields=['organization', 'email_norm'], name='contact_by_email'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(condition=models.Q(('deleted_at', None), ('phone_norm__isnull', False)), fields=['organization', 'phone_norm'], name='contact_by_phone'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(condition=models.Q(('deleted_at', None), ('linkedin_norm__isnull', False)), fields=['organization', 'linkedin_norm'], name='contact_by_linkedin'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(condition=models.Q(('merged_into__isnull', False)), fields=['organization', 'merged_into'], name='contacts_merged_into'),
        ),
        migrations.AddConstraint(
            model_name='contact',
            constraint=models.CheckConstraint(condition=models.Q(('lead_score', None), ('lead_score__lte', 100), _connector='OR'), name='contact_score_to_100'),
        ),
        migrations.AddConstraint(
            model_name='contact',
            constraint=models.UniqueConstraint(condition=models.Q(('deleted_at', None), ('lead__isnull', False)), fields=('organization', 'lead'), name='one_contact_per_lead'),
        ),
        migrations.AddIndex(
            model_name='contactpoint',
            index=models.Index(fields=['organization', 'kind', 'norm'], name='contact_points_by_norm'),
        ),
        migrations.AddConstraint(
            model_name='contactpoint',
            constraint=models.UniqueConstraint(fields=('organization', 'contact', 'kind', 'norm'), name='one_point_once'),
        ),
        migrations.AddIndex(
            model_name='contacttag',
            index=models.Index(fields=['organization', 'tag', 'contact'], name='contacts_of_tag'),
        ),
        migrations.AddConstraint(
            model_name='contacttag',
            constraint=models.UniqueConstraint(fields=('organization', 'contact', 'tag'), name='one_contact_tag_once'),
        ),
        migrations.AddIndex(
            model_name='employment',
            index=models.Index(fields=['organization', 'contact', '-id'], name='employments_of_contact'),
        ),
        migrations.AddIndex(
            model_name='employment',
            index=models.Index(fields=['organization', 'company'], name='employments_at_company'),
        ),
        Wall("contacts_contact"),
        Wall("contacts_contactpoint"),
        Wall("contacts_employment"),
        Wall("contacts_contacttag"),
        OwnedKey("contacts_contact", "company_id", "companies_company", on_delete="SET NULL"),
        OwnedKey("contacts_contact", "lead_id", "leads_lead", on_delete="SET NULL"),
        OwnedKey("contacts_contact", "status_id", "lookups_lookup"),
        OwnedKey("contacts_contact", "created_by_id", "accounts_user", on_delete="SET NULL"),
        OwnedKey("contacts_contact", "merged_into_id", "contacts_contact", on_delete="SET NULL"),
        OwnedKey("contacts_contactpoint", "contact_id", "contacts_contact", on_delete="CASCADE"),
        OwnedKey("contacts_employment", "contact_id", "contacts_contact", on_delete="CASCADE"),
        OwnedKey("contacts_employment", "company_id", "companies_company", on_delete="SET NULL"),
        OwnedKey("contacts_contacttag", "contact_id", "contacts_contact", on_delete="CASCADE"),
        OwnedKey("contacts_contacttag", "tag_id", "lookups_lookup", on_delete="CASCADE"),
        RunSQL(HOLD, "DROP TRIGGER hold_inserted ON contacts_contact; DROP TRIGGER hold_updated ON contacts_contact;"
                     "DROP TRIGGER hold_deleted ON contacts_contact;"),
    ]
