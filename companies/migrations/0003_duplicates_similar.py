import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations import RunSQL

from lio.walls import Function, OwnedKey, Wall

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

# Companies whose descriptions share the rarest words of one's own, and how like they are. Behind row level security the index
# of words is not taken, because @@ is not leak-proof: so this function looks over the wall and asks for the open organisation
# itself (docs/decisions/0015-similar-companies.md). `also` are companies that are weighed whatever they say.
ALIKE = """
RETURNS TABLE (id bigint, likeness real, shared text[]) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
    org bigint := nullif(current_setting('app.org', true), '')::bigint;
    mine tsvector;
    total real;
BEGIN
    SELECT c.words INTO mine FROM companies_company c WHERE c.organization_id = org AND c.id = company AND c.deleted_at IS NULL;
    IF mine IS NULL THEN
        RETURN;
    END IF;
    SELECT w.n + 1.0 INTO total FROM companies_companyword w WHERE w.organization_id = org AND w.word = '';
    total := coalesce(total, 2);
    RETURN QUERY
    WITH terms AS MATERIALIZED (  -- the words, how many companies have them, and what they weigh
        SELECT u.lexeme, greatest(coalesce(w.n, 1), 1) AS n, 1 + ln(total / (coalesce(w.n, 0) + 1)) AS rarity,
               (1 + ln(cardinality(u.positions))) * (1 + ln(total / (coalesce(w.n, 0) + 1))) AS weight
        FROM unnest(mine) AS u
        LEFT JOIN companies_companyword w ON w.organization_id = org AND w.word = left(u.lexeme, 100)),
    own AS MATERIALIZED (SELECT sqrt(sum(weight * weight)) AS norm FROM terms),
    asked AS MATERIALIZED (  -- the rarest words, as long as not too many companies have them
        SELECT t.lexeme, t.weight * t.rarity AS weight FROM (
            SELECT t.*, sum(t.n) OVER (ORDER BY t.n, t.lexeme) AS companies, row_number() OVER (ORDER BY t.n, t.lexeme) AS place
            FROM terms t) AS t
        WHERE t.companies <= 2000 OR t.place = 1),
    met AS MATERIALIZED (
        SELECT h.id FROM asked a CROSS JOIN LATERAL (
            SELECT c.id, length(c.words) AS size FROM companies_company c WHERE c.organization_id = org AND c.deleted_at IS NULL
            AND c.words @@ quote_literal(a.lexeme)::tsquery LIMIT 2000) AS h
        WHERE h.id <> company GROUP BY h.id ORDER BY sum(a.weight) / sqrt(max(h.size) + 8) DESC, h.id LIMIT 150),
    their AS MATERIALIZED (
        SELECT c.id, u.lexeme, (1 + ln(cardinality(u.positions))) AS often, length(c.words) AS size
        FROM companies_company c CROSS JOIN LATERAL unnest(c.words) AS u
        WHERE c.organization_id = org AND c.deleted_at IS NULL AND c.id <> company
        AND c.id = ANY(ARRAY(SELECT met.id FROM met) || also)),
    near AS MATERIALIZED (
        SELECT y.id FROM their y JOIN terms t ON t.lexeme = y.lexeme
        GROUP BY y.id ORDER BY sum(t.weight * t.rarity * y.often) / sqrt(max(y.size) + 8) DESC, y.id LIMIT 15),
    around AS (  -- what those speak of that are nearest: words that mean the same come in
        SELECT y.id, y.lexeme, 1 + ln(total / (coalesce(w.n, 0) + 1)) AS rarity,
               y.often * (1 + ln(total / (coalesce(w.n, 0) + 1))) AS weight
        FROM their y JOIN near ON near.id = y.id
        LEFT JOIN companies_companyword w ON w.organization_id = org AND w.word = left(y.lexeme, 100)),
    wider AS MATERIALIZED (
        SELECT lexeme, max(rarity) AS rarity, sum(weight) AS weight FROM (
            SELECT lexeme, rarity, weight / own.norm AS weight FROM terms, own
            UNION ALL
            SELECT a.lexeme, a.rarity, 2 * a.weight / sqrt(sum(a.weight * a.weight) OVER (PARTITION BY a.id))
                   / (SELECT count(*) FROM near) FROM around a) AS w GROUP BY lexeme)
    SELECT y.id, (sum(w.weight * w.rarity * y.often) / sqrt(max(y.size) + 8)
                  * (SELECT sqrt(length(mine) + 8) / own.norm / sqrt((SELECT sum(weight * weight) FROM wider)) FROM own))::real,
           (array_agg(y.lexeme ORDER BY t.weight * y.often DESC) FILTER (WHERE t.lexeme IS NOT NULL))[:5]
    FROM their y JOIN wider w ON w.lexeme = y.lexeme LEFT JOIN terms t ON t.lexeme = y.lexeme
    GROUP BY y.id;
END $$
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
        Function("companies_alike", "company bigint, also bigint[]", ALIKE),
        RunSQL(TO_MATCH, "DROP TRIGGER match_inserted ON companies_company; DROP TRIGGER match_updated ON companies_company;"
                         "DROP FUNCTION companies_to_match();"),
    ]
