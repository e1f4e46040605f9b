import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from django.db.migrations.operations import RunSQL

from lio.walls import OwnedKey, Wall

HOLD = """
CREATE TRIGGER hold_inserted AFTER INSERT ON companies_company REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION lookups_hold_values('company');
CREATE TRIGGER hold_updated AFTER UPDATE ON companies_company REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION lookups_hold_values('company');
CREATE TRIGGER hold_deleted AFTER DELETE ON companies_company REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION lookups_hold_values('company');
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('activity', '0002_notes_of_records'),
        ('companies', '0001_initial'),
        ('lookups', '0003_custom_fields_and_views'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CompanyTag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ],
        ),
        migrations.AddField(
            model_name='company',
            name='address',
            field=models.CharField(blank=True, max_length=300, null=True),
        ),
        migrations.AddField(
            model_name='company',
            name='ai_information',
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict, editable=False),
        ),
        migrations.AddField(
            model_name='company',
            name='city',
            field=models.CharField(blank=True, max_length=100, null=True),
        ),
        migrations.AddField(
            model_name='company',
            name='contact_email',
            field=models.CharField(blank=True, max_length=254, null=True),
        ),
        migrations.AddField(
            model_name='company',
            name='country',
            field=models.CharField(blank=True, max_length=100, null=True),
        ),
        migrations.AddField(
            model_name='company',
            name='created_by',
            field=models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='company',
            name='custom_fields',
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict),
        ),
        migrations.AddField(
            model_name='company',
            name='domain',
            field=models.CharField(editable=False, max_length=253, null=True),
        ),
        migrations.AddField(
            model_name='company',
            name='employee_size',
            field=models.CharField(blank=True, max_length=50, null=True),
        ),
        migrations.AddField(
            model_name='company',
            name='industry_type',
            field=models.CharField(blank=True, max_length=100, null=True),
        ),
        migrations.AddField(
            model_name='company',
            name='last_activity_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='company',
            name='linkedin_norm',
            field=models.CharField(editable=False, max_length=500, null=True),
        ),
        migrations.AddField(
            model_name='company',
            name='linkedin_url',
            field=models.CharField(blank=True, max_length=500, null=True),
        ),
        migrations.AddField(
            model_name='company',
            name='logo',
            field=models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='activity.storedfile'),
        ),
        migrations.AddField(
            model_name='company',
            name='merged_into',
            field=models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='companies.company'),
        ),
        migrations.AddField(
            model_name='company',
            name='phone_norm',
            field=models.CharField(editable=False, max_length=30, null=True),
        ),
        migrations.AddField(
            model_name='company',
            name='phone_number',
            field=models.CharField(blank=True, max_length=30, null=True),
        ),
        migrations.AddField(
            model_name='company',
            name='pin_code',
            field=models.CharField(blank=True, max_length=20, null=True),
        ),
        migrations.AddField(
            model_name='company',
            name='rating',
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='company',
            name='state',
            field=models.CharField(blank=True, max_length=100, null=True),
        ),
        migrations.AddField(
            model_name='company',
            name='summary',
            field=models.TextField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='company',
            name='website',
            field=models.CharField(blank=True, max_length=500, null=True),
        ),
        migrations.AddIndex(
            model_name='company',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'id'], name='company_by_id'),
        ),
        migrations.AddIndex(
            model_name='company',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'created_at', 'id'], name='company_by_created'),
        ),
        migrations.AddIndex(
            model_name='company',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'company_name', 'id'], name='company_by_shown_name'),
        ),
        migrations.AddIndex(
            model_name='company',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'created_by', 'id'], name='company_by_creator'),
        ),
        migrations.AddIndex(
            model_name='company',
            index=models.Index(condition=models.Q(('deleted_at', None), ('phone_norm__isnull', False)), fields=['organization', 'phone_norm'], name='company_by_phone'),
        ),
        migrations.AddIndex(
            model_name='company',
            index=models.Index(condition=models.Q(('deleted_at', None), ('linkedin_norm__isnull', False)), fields=['organization', 'linkedin_norm'], name='company_by_linkedin'),
        ),
        migrations.AddIndex(
            model_name='company',
            index=models.Index(condition=models.Q(('merged_into__isnull', False)), fields=['organization', 'merged_into'], name='companies_merged_into'),
        ),
        migrations.AddConstraint(
            model_name='company',
            constraint=models.UniqueConstraint(condition=models.Q(('deleted_at', None), ('domain__isnull', False)), fields=('organization', 'domain'), name='one_company_per_domain'),
        ),
        migrations.AddConstraint(
            model_name='company',
            constraint=models.CheckConstraint(condition=models.Q(('rating', None), models.Q(('rating__gte', 1), ('rating__lte', 5)), _connector='OR'), name='rating_1_to_5'),
        ),
        migrations.AddField(
            model_name='companytag',
            name='company',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='company_tags', to='companies.company'),
        ),
        migrations.AddField(
            model_name='companytag',
            name='organization',
            field=models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization'),
        ),
        migrations.AddField(
            model_name='companytag',
            name='tag',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='lookups.lookup'),
        ),
        migrations.AddIndex(
            model_name='companytag',
            index=models.Index(fields=['organization', 'tag', 'company'], name='companies_of_tag'),
        ),
        migrations.AddConstraint(
            model_name='companytag',
            constraint=models.UniqueConstraint(fields=('organization', 'company', 'tag'), name='one_company_tag_once'),
        ),
        Wall("companies_companytag"),
        OwnedKey("companies_company", "logo_id", "activity_storedfile", on_delete="SET NULL"),
        OwnedKey("companies_company", "created_by_id", "accounts_user", on_delete="SET NULL"),
        OwnedKey("companies_company", "merged_into_id", "companies_company", on_delete="SET NULL"),
        OwnedKey("companies_companytag", "company_id", "companies_company", on_delete="CASCADE"),
        OwnedKey("companies_companytag", "tag_id", "lookups_lookup", on_delete="CASCADE"),
        RunSQL(HOLD, "DROP TRIGGER hold_inserted ON companies_company; DROP TRIGGER hold_updated ON companies_company;"
                     "DROP TRIGGER hold_deleted ON companies_company;"),
    ]
