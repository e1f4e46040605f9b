import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations import RunSQL

from lio.walls import OwnedKey, Wall

# What companies are compared by, computed by the database whichever way they come in. A look-up behind the wall needs equality
# of a column: see docs/decisions/0010-duplicates.md. The legal forms are those of companies/naming.py.
KEYS = r"""
CREATE FUNCTION company_name_key(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT nullif(btrim(regexp_replace(regexp_replace(lower(name),
        '\m(inc|incorporated|corp|corporation|co|company|llc|llp|ltd|limited|plc|pty|gmbh|mbh|ag|kg|bv|nv|sa|sas|sarl|srl|spa|oy|ab|as|aps)\M',
        ' ', 'g'), '[^[:alnum:]]+', ' ', 'g')), '')
$$;
-- number and name of the street, without points of the compass and the kind of street
CREATE FUNCTION company_street_key(address text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT substring(address, '\d+') || ' ' || substring(
        regexp_replace(regexp_replace(lower(address), '\d+', '', ''),
            '\m(n|s|e|w|ne|nw|se|sw|north|south|east|west|st|street|ave|av|avenue|rd|road|dr|drive|blvd|boulevard|ln|lane|rue|de|del|della|la|le|du|des|via|calle)\M',
            ' ', 'g'),
        '[[:alnum:]]*[[:alpha:]]{2,}')
$$;
-- the words of a description as roots; a text of any length
CREATE FUNCTION company_words(industry text, summary text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT to_tsvector('pg_catalog.english', coalesce(industry, '') || ' ' || left(coalesce(summary, ''), 20000))
$$;
ALTER TABLE companies_company
    ADD COLUMN name_key text GENERATED ALWAYS AS (company_name_key(company_name)) STORED,
    ADD COLUMN name_start text GENERATED ALWAYS AS (split_part(company_name_key(company_name), ' ', 1)) STORED,
    ADD COLUMN street_key text GENERATED ALWAYS AS (company_street_key(address)) STORED,
    ADD COLUMN words tsvector GENERATED ALWAYS AS (company_words(industry_type, summary)) STORED;
CREATE INDEX company_by_name_key ON companies_company (organization_id, name_key) WHERE deleted_at IS NULL;
CREATE INDEX company_by_name_start ON companies_company (organization_id, name_start, id) WHERE deleted_at IS NULL;
CREATE INDEX company_by_street ON companies_company (organization_id, street_key)
    WHERE deleted_at IS NULL AND street_key IS NOT NULL;
CREATE INDEX company_by_pin_code ON companies_company (organization_id, pin_code, id)
    WHERE deleted_at IS NULL AND pin_code IS NOT NULL;
CREATE INDEX company_by_industry ON companies_company (organization_id, industry_type, country, employee_size, id)
    WHERE deleted_at IS NULL AND industry_type IS NOT NULL;
CREATE INDEX company_by_words ON companies_company USING gin (organization_id, words) WHERE deleted_at IS NULL;
"""
NO_KEYS = """
ALTER TABLE companies_company DROP COLUMN name_key, DROP COLUMN name_start, DROP COLUMN street_key, DROP COLUMN words;
DROP INDEX company_by_pin_code, company_by_industry;
DROP FUNCTION company_name_key; DROP FUNCTION company_street_key; DROP FUNCTION company_words;
"""
# Whichever way a company comes or changes: only what duplicates are found by counts.
TO_MATCH = """
CREATE FUNCTION companies_to_match() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO companies_companytomatch (organization_id, company_id)
        SELECT organization_id, id FROM new_rows WHERE deleted_at IS NULL;
    ELSE
        INSERT INTO companies_companytomatch (organization_id, company_id) VALUES (NEW.organization_id, NEW.id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER match_inserted AFTER INSERT ON companies_company REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION companies_to_match();
CREATE TRIGGER match_updated
    AFTER UPDATE OF company_name, domain, linkedin_norm, phone_norm, address, city, pin_code, deleted_at ON companies_company
    FOR EACH ROW WHEN ((OLD.company_name, OLD.domain, OLD.linkedin_norm, OLD.phone_norm, OLD.address, OLD.city, OLD.pin_code,
                        OLD.deleted_at)
        IS DISTINCT FROM (NEW.company_name, NEW.domain, NEW.linkedin_norm, NEW.phone_norm, NEW.address, NEW.city, NEW.pin_code,
                          NEW.deleted_at))
    EXECUTE FUNCTION companies_to_match();
INSERT INTO companies_companytomatch (organization_id, company_id)
SELECT organization_id, id FROM companies_company WHERE deleted_at IS NULL ORDER BY id;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('companies', '0002_companies_whole'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CompanyToMatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('company_id', models.BigIntegerField()),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='CompanyPair',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('score', models.PositiveSmallIntegerField()),
                ('reasons', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), default=list, size=None)),
                ('found_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('dismissed_at', models.DateTimeField(null=True)),
                ('dismissed_by', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('first', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='companies.company')),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
                ('second', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='companies.company')),
            ],
            options={
                'verbose_name': 'likely duplicate',
                'indexes': [models.Index(fields=['organization', 'second'], name='company_pairs_of_second'), models.Index(condition=models.Q(('dismissed_at', None)), fields=['organization', 'score', 'id'], name='company_pairs_by_score')],
                'constraints': [models.UniqueConstraint(fields=('organization', 'first', 'second'), name='one_pair_of_two_companies')],
            },
        ),
        migrations.CreateModel(
            name='CompanyWord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('word', models.CharField(max_length=100)),
                ('n', models.PositiveIntegerField()),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organization', 'word'), name='one_count_per_word')],
            },
        ),
        Wall("companies_companytomatch"),
        Wall("companies_companypair"),
        Wall("companies_companyword"),
        OwnedKey("companies_companypair", "first_id", "companies_company", on_delete="CASCADE"),
        OwnedKey("companies_companypair", "second_id", "companies_company", on_delete="CASCADE"),
        OwnedKey("companies_companypair", "dismissed_by_id", "accounts_user", on_delete="SET NULL"),
        RunSQL(KEYS, NO_KEYS),
        RunSQL(TO_MATCH, "DROP TRIGGER match_inserted ON companies_company; DROP TRIGGER match_updated ON companies_company;"
                         "DROP FUNCTION companies_to_match();"),
    ]
