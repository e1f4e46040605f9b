import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations import RunSQL

from lio.walls import OwnedKey, Wall

# Whichever way a lead comes or changes: API, page, import, undo, admin. Only what duplicates are found by counts.
TO_MATCH = """
CREATE FUNCTION leads_to_match() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO leads_leadtomatch (organization_id, lead_id)
        SELECT organization_id, id FROM new_rows WHERE deleted_at IS NULL;
    ELSE
        INSERT INTO leads_leadtomatch (organization_id, lead_id) VALUES (NEW.organization_id, NEW.id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER match_inserted AFTER INSERT ON leads_lead REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION leads_to_match();
CREATE TRIGGER match_updated
    AFTER UPDATE OF first_name, last_name, email_norm, linkedin_norm, phone_norm, company_id, city, deleted_at ON leads_lead
    FOR EACH ROW WHEN ((OLD.first_name, OLD.last_name, OLD.email_norm, OLD.linkedin_norm, OLD.phone_norm, OLD.company_id,
                        OLD.city, OLD.deleted_at)
        IS DISTINCT FROM (NEW.first_name, NEW.last_name, NEW.email_norm, NEW.linkedin_norm, NEW.phone_norm, NEW.company_id,
                          NEW.city, NEW.deleted_at))
    EXECUTE FUNCTION leads_to_match();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('activity', '0001_initial'),
        ('companies', '0001_initial'),
        ('leads', '0003_custom_values'),
        ('lookups', '0003_custom_fields_and_views'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DuplicatePair',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('score', models.PositiveSmallIntegerField()),
                ('reasons', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), default=list, size=None)),
                ('found_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('dismissed_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'duplicate',
            },
        ),
        migrations.CreateModel(
            name='LeadToMatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('lead_id', models.BigIntegerField()),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddField(
            model_name='lead',
            name='merged_into',
            field=models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='leads.lead'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'last_name', 'first_name'], name='lead_by_name'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('merged_into__isnull', False)), fields=['organization', 'merged_into'], name='leads_merged_into'),
        ),
        migrations.AddField(
            model_name='duplicatepair',
            name='dismissed_by',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='duplicatepair',
            name='first',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.lead'),
        ),
        migrations.AddField(
            model_name='duplicatepair',
            name='organization',
            field=models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization'),
        ),
        migrations.AddField(
            model_name='duplicatepair',
            name='second',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.lead'),
        ),
        migrations.AddField(
            model_name='leadtomatch',
            name='organization',
            field=models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization'),
        ),
        migrations.AddIndex(
            model_name='duplicatepair',
            index=models.Index(fields=['organization', 'second'], name='pairs_of_second'),
        ),
        migrations.AddIndex(
            model_name='duplicatepair',
            index=models.Index(condition=models.Q(('dismissed_at', None)), fields=['organization', 'score', 'id'], name='pairs_by_score'),
        ),
        migrations.AddConstraint(
            model_name='duplicatepair',
            constraint=models.UniqueConstraint(fields=('organization', 'first', 'second'), name='one_pair_of_two_leads'),
        ),
        Wall("leads_leadtomatch"),
        Wall("leads_duplicatepair"),
        OwnedKey("leads_lead", "merged_into_id", "leads_lead", on_delete="SET NULL"),
        OwnedKey("leads_duplicatepair", "first_id", "leads_lead", on_delete="CASCADE"),
        OwnedKey("leads_duplicatepair", "second_id", "leads_lead", on_delete="CASCADE"),
        OwnedKey("leads_duplicatepair", "dismissed_by_id", "accounts_user", on_delete="SET NULL"),
        # by which a merge finds what is about its leads
        RunSQL("CREATE INDEX notifications_of_record ON activity_notification (organization_id, model_type, model_id)"
               " WHERE model_id IS NOT NULL", "DROP INDEX notifications_of_record"),
        RunSQL(TO_MATCH, "DROP TRIGGER match_inserted ON leads_lead; DROP TRIGGER match_updated ON leads_lead;"
                         "DROP FUNCTION leads_to_match();"),
    ]
