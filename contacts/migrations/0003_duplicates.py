import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations import RunSQL

from lio.walls import OwnedKey, Wall

# Whichever way a contact comes or changes, its further addresses, too: only what duplicates are found by counts.
TO_MATCH = """
CREATE FUNCTION contacts_to_match() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_TABLE_NAME = 'contacts_contactpoint' AND TG_OP = 'DELETE' THEN
        INSERT INTO contacts_contacttomatch (organization_id, contact_id)
        SELECT DISTINCT p.organization_id, p.contact_id FROM old_rows p
        JOIN contacts_contact c ON c.organization_id = p.organization_id AND c.id = p.contact_id;
    ELSIF TG_TABLE_NAME = 'contacts_contactpoint' THEN
        INSERT INTO contacts_contacttomatch (organization_id, contact_id)
        SELECT DISTINCT organization_id, contact_id FROM new_rows;
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO contacts_contacttomatch (organization_id, contact_id)
        SELECT organization_id, id FROM new_rows WHERE deleted_at IS NULL;
    ELSE
        INSERT INTO contacts_contacttomatch (organization_id, contact_id) VALUES (NEW.organization_id, NEW.id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER match_inserted AFTER INSERT ON contacts_contact REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION contacts_to_match();
CREATE TRIGGER match_updated
    AFTER UPDATE OF name, email_norm, linkedin_norm, phone_norm, company_id, city, deleted_at ON contacts_contact
    FOR EACH ROW WHEN ((OLD.name, OLD.email_norm, OLD.linkedin_norm, OLD.phone_norm, OLD.company_id, OLD.city, OLD.deleted_at)
        IS DISTINCT FROM (NEW.name, NEW.email_norm, NEW.linkedin_norm, NEW.phone_norm, NEW.company_id, NEW.city,
                          NEW.deleted_at))
    EXECUTE FUNCTION contacts_to_match();
CREATE TRIGGER match_inserted AFTER INSERT ON contacts_contactpoint REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION contacts_to_match();
CREATE TRIGGER match_updated AFTER UPDATE ON contacts_contactpoint REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION contacts_to_match();
CREATE TRIGGER match_deleted AFTER DELETE ON contacts_contactpoint REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION contacts_to_match();
INSERT INTO contacts_contacttomatch (organization_id, contact_id)
SELECT organization_id, id FROM contacts_contact WHERE deleted_at IS NULL ORDER BY id;
"""
NOT_TO_MATCH = """
DROP TRIGGER match_inserted ON contacts_contact; DROP TRIGGER match_updated ON contacts_contact;
DROP TRIGGER match_inserted ON contacts_contactpoint; DROP TRIGGER match_updated ON contacts_contactpoint;
DROP TRIGGER match_deleted ON contacts_contactpoint;
DROP FUNCTION contacts_to_match();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('contacts', '0002_labels_of_addresses'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ContactToMatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('contact_id', models.BigIntegerField()),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ContactPair',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('score', models.PositiveSmallIntegerField()),
                ('reasons', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), default=list, size=None)),
                ('found_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('dismissed_at', models.DateTimeField(null=True)),
                ('dismissed_by', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('first', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='contacts.contact')),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
                ('second', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='contacts.contact')),
            ],
            options={
                'verbose_name': 'likely duplicate',
                'indexes': [models.Index(fields=['organization', 'second'], name='contact_pairs_of_second'), models.Index(condition=models.Q(('dismissed_at', None)), fields=['organization', 'score', 'id'], name='contact_pairs_by_score')],
                'constraints': [models.UniqueConstraint(fields=('organization', 'first', 'second'), name='one_pair_of_two_contacts')],
            },
        ),
        Wall("contacts_contacttomatch"),
        Wall("contacts_contactpair"),
        OwnedKey("contacts_contactpair", "first_id", "contacts_contact", on_delete="CASCADE"),
        OwnedKey("contacts_contactpair", "second_id", "contacts_contact", on_delete="CASCADE"),
        OwnedKey("contacts_contactpair", "dismissed_by_id", "accounts_user", on_delete="SET NULL"),
        RunSQL(TO_MATCH, NOT_TO_MATCH),
    ]
