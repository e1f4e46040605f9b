"""The database that is measured: made once by the product's own migrations, filled set-based, kept between runs.

Organisation 1 has BENCH_ROWS leads, organisation 2 has 5,000. The comment of the database says what it was made from
(migrations, this file, number of rows); when that changes, or with --fresh, it is made anew.
"""

import json
import os
import secrets
import subprocess
import sys
from hashlib import sha256
from time import perf_counter
from urllib.parse import urlsplit

import psycopg

from lio.embedded import ensure_running, urls
from lio.embedded.place import CHECKOUT

SMALL = 5_000
TOKENS = 200_000  # of mails that are opened
PASSWORD = "bench-walking-house-7"
EMAIL = "bench{}@lio.example"  # of the Admin of organisation 1 and 2
APPS = ("lio", "accounts", "lookups", "activity", "companies", "leads", "intent", "deals", "booking", "transfers")
URL_NAMES = {"app": "DATABASE_URL", "owner": "DATABASE_OWNER_URL", "system": "DATABASE_SYSTEM_URL"}
LOADED = ("leads_lead", "leads_leadtag", "lio_searchdoc", "lio_change", "companies_company", "accounts_user")

PEOPLE = """
INSERT INTO accounts_user (password, email, organization_id, role_id, first_name, last_name, phone_no, language, timezone,
                           theme, is_active, is_platform_staff, created_at, updated_at)
SELECT '!', format('rep%%s@org%%s.example', n, %(org)s), %(org)s, r.id, 'Rep', 'No ' || n, '', 'en', 'UTC',
       'auto', true, false, now(), now()
FROM generate_series(1, 39) n, accounts_role r WHERE r.organization_id = %(org)s AND r.name = 'Sales Rep';

INSERT INTO lookups_lookup (organization_id, module_name, type, number, name, value, color_code, is_active, is_system,
                            created_at, updated_at)
SELECT %(org)s, 'lead', 'tags', nextval('lookups_number'), name, '', '#5b8ab0', true, false, now(), now()
FROM unnest(ARRAY['Hot', 'Partner', 'Event', 'Newsletter', 'Enterprise', 'Follow up']) AS name;
UPDATE accounts_organization SET lookups_version = lookups_version + 1 WHERE id = %(org)s;

INSERT INTO companies_company (organization_id, company_name, name_norm, created_at, updated_at)
SELECT %(org)s, name, lower(name), now(), now() FROM (
    SELECT (ARRAY['Northern', 'Golden', 'Silver', 'Rapid', 'Bright', 'Clear', 'Prime', 'Urban', 'Coastal', 'Vertex', 'Quantum',
                  'Summit', 'Pioneer', 'Harbor', 'Cedar', 'Falcon', 'Orchid', 'Granite', 'Velvet', 'Copper'])[1 + n %% 20]
        || ' ' ||
        (ARRAY['Software', 'Logistics', 'Foods', 'Energy', 'Health', 'Media', 'Retail', 'Systems', 'Finance', 'Travel',
               'Motors', 'Textiles', 'Pharma', 'Robotics', 'Insurance'])[1 + n / 20 %% 15] || ' ' || n AS name
    FROM generate_series(1, %(companies)s) n) AS made;

INSERT INTO lio_searchdoc (organization_id, kind, object_id, body)
SELECT organization_id, 'company', id, lower(company_name) FROM companies_company WHERE organization_id = %(org)s;
"""

# `random()` is drawn once a row in `draw`, so that all that hangs together comes from the same throw.
LEADS = """
WITH member AS (SELECT array_agg(id ORDER BY id) AS ids FROM accounts_user WHERE organization_id = %(org)s),
     lookup AS (SELECT * FROM lookups_lookup WHERE organization_id = %(org)s),
     status AS (SELECT array_agg(id ORDER BY number) AS ids FROM lookup WHERE type = 'status'),
     source AS (SELECT array_agg(id ORDER BY number) AS ids FROM lookup WHERE type = 'source'),
     company AS (SELECT array_agg(id ORDER BY id) AS ids FROM companies_company WHERE organization_id = %(org)s),
     draw AS MATERIALIZED (
        SELECT n, random() AS a, random() AS b, random() AS c, random() AS d, random() AS e, random() AS f,
               now() - interval '2 years' * (1 - n::float / %(rows)s) - interval '5 days' * random() AS moment
        FROM generate_series(1, %(rows)s) n),
     named AS (
        SELECT d.*,
            (ARRAY['James', 'Mary', 'Robert', 'Patricia', 'John', 'Jennifer', 'Michael', 'Linda', 'David',
                   'Elizabeth', 'William', 'Barbara', 'Richard', 'Susan', 'Joseph', 'Jessica', 'Thomas', 'Karen',
                   'Carlos', 'Lucia', 'Wei', 'Mei', 'Hiroshi', 'Yuki', 'Ahmed', 'Fatima', 'Omar', 'Aisha', 'Pierre',
                   'Camille', 'Hans', 'Greta', 'Luca', 'Giulia', 'Ivan', 'Olga', 'Arjun', 'Priya', 'Raj', 'Ananya',
                   'Sven', 'Astrid', 'Diego', 'Valentina', 'Kofi', 'Ama', 'Noah', 'Olivia', 'Liam', 'Emma', 'Mateo',
                   'Sofia', 'Lars', 'Freya', 'Tariq', 'Leila', 'Paul', 'Anna', 'Max', 'Clara', 'Finn', 'Ida', 'Oscar',
                   'Nora'])[1 + n * 31 %% 64] AS first,
            (ARRAY['Ander', 'Berg', 'Carl', 'Dal', 'Eng', 'Fair', 'Gold', 'Hart', 'Ing', 'Jack', 'Kirk', 'Lind',
                   'Mar', 'Nor', 'Oak', 'Pet', 'Quin', 'Rich', 'Stan', 'Thorn', 'Under', 'Vander', 'West', 'York',
                   'Zimmer'])[1 + floor(a * 25)::int]
            || (ARRAY['son', 'man', 'ton', 'berg', 'field', 'wood', 'ley', 'stein', 'quist', 'sen', 'holm', 'ford',
                   'well', 'land', 'worth', 'shaw', 'dale', 'mark', 'hill', 'brook'])[1 + floor(b * 20)::int] AS last,
            '+1 ' || 200 + n %% 800 || ' ' || lpad((n / 800 %% 10000000)::text, 7, '0') AS phone,
            1 + floor(power(f, 2) * %(companies)s)::int AS company_n
        FROM draw d)
INSERT INTO leads_lead (organization_id, first_name, last_name, email, email_norm, holds_email, phone_number,
    phone_norm, company_id, job_title, industry, website, city, state, country, pin_code, status_id, priority, source_id,
    score, estimated_value, assigned_to_id, linkedin_url, linkedin_norm, holds_linkedin, custom_fields, notes,
    ai_information, last_activity_at, created_at, updated_at)
SELECT %(org)s, first, last, first || '.' || last || n || '@mail' || n %% 500 || '.example',
    lower(first || '.' || last || n || '@mail' || n %% 500 || '.example'), true, phone, replace(phone, ' ', ''),
    company.ids[company_n],
    (ARRAY['CEO', 'CTO', 'Sales Manager', 'Head of Marketing', 'Buyer', 'Developer', 'Consultant',
           'Office Manager'])[1 + floor(c * 8)::int],
    (ARRAY['Software', 'Retail', 'Finance', 'Health', 'Logistics'])[1 + floor(d * 5)::int],
    'https://www.mail' || n %% 500 || '.example',
    (ARRAY['Berlin', 'Paris', 'London', 'Austin', 'Boston', 'Madrid', 'Mumbai', 'Tokyo', 'Oslo',
           'Lagos'])[1 + floor(e * 10)::int],
    NULL,
    (ARRAY['Germany', 'France', 'United Kingdom', 'United States', 'United States', 'Spain', 'India', 'Japan', 'Norway',
           'Nigeria'])[1 + floor(e * 10)::int],
    lpad((n %% 99999)::text, 5, '0'),
    status.ids[CASE WHEN a < 0.4 THEN 1 WHEN a < 0.65 THEN 2 WHEN a < 0.8 THEN 3 WHEN a < 0.88 THEN 4 WHEN a < 0.94 THEN 5
               ELSE 6 END],
    1 + floor(b * 4)::int, CASE WHEN c < 0.9 THEN source.ids[1 + floor(c / 0.9 * 5)::int] END,
    1 + floor(d * 99)::int, CASE WHEN e < 0.6 THEN round((e * 100000)::numeric, 2) END,
    CASE WHEN f < 0.85 THEN member.ids[1 + floor(f / 0.85 * cardinality(member.ids))::int] END,
    CASE WHEN n %% 10 < 3 THEN 'https://www.linkedin.com/in/' || lower(first || '-' || last) || n END,
    CASE WHEN n %% 10 < 3 THEN 'linkedin.com/in/' || lower(first || '-' || last) || n END, true,
    CASE WHEN n %% 3 = 0 THEN jsonb_build_object('team_size', n %% 200, 'campaign', 'spring-' || n %% 12) ELSE '{}' END,
    CASE WHEN n %% 5 = 0 THEN 'Asked for a call back about the yearly plan.' END,
    jsonb_build_object('score', 1 + floor(d * 99)::int, 'score_reasons',
        jsonb_build_array(jsonb_build_object('reason', 'Company e-mail address', 'points', 15),
                          jsonb_build_object('reason', 'Phone number', 'points', 10)), 'score_model', 'points-1'),
    moment + interval '1 day', moment, moment
FROM named, member, status, source, company ORDER BY n;
"""

AROUND = """
INSERT INTO lio_searchdoc (organization_id, kind, object_id, body)
SELECT l.organization_id, 'lead', l.id,
       lower(concat_ws(E'\\n', l.first_name || ' ' || l.last_name, l.email, l.phone_number,
                       regexp_replace(l.phone_number, '\\D', '', 'g'), c.company_name, l.job_title))
FROM leads_lead l JOIN companies_company c ON c.id = l.company_id WHERE l.organization_id = %(org)s;

INSERT INTO leads_leadtag (organization_id, lead_id, tag_id)
SELECT l.organization_id, l.id, tag.ids[1 + l.id / 10 %% 6]
FROM leads_lead l, (SELECT array_agg(id) AS ids FROM lookups_lookup WHERE organization_id = %(org)s AND type = 'tags') AS tag
WHERE l.organization_id = %(org)s AND l.id %% 10 = 0;

INSERT INTO lio_change (organization_id, change_id, verb, model_type, model_id, after, actor, created_at)
SELECT organization_id, nextval('lio_change_group'), 'lead.created', 'lead', id,
       jsonb_build_object('email', email, 'first_name', first_name, 'last_name', last_name), 'API key', created_at
FROM leads_lead WHERE organization_id = %(org)s AND id %% 10 = 0;

DELETE FROM leads_leadtomatch WHERE organization_id = %(org)s;
"""


def addresses():
    """{"app" | "owner" | "system": URL} of the product's server. Starts the embedded one when no other is named."""
    if not os.environ.get("DATABASE_URL"):
        ensure_running()
        return urls()
    return {kind: os.environ.get(name) or os.environ["DATABASE_URL"] for kind, name in URL_NAMES.items()}


def in_database(url, name):
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def prepare(rows, *, fresh, say):
    """Make the database unless it stands already. Answers its three addresses."""
    server, name, made_of = addresses(), f"lio_bench_{rows}", recipe(rows)
    there = {kind: in_database(url, name) for kind, url in server.items()}
    with psycopg.connect(server["owner"], autocommit=True) as owner:
        comment = owner.execute("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
                                [name]).fetchone()
        if not fresh and comment and comment[0] == made_of:
            return there
        say(f"Making {name} ...")
        owner.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        owner.execute(f'CREATE DATABASE "{name}" TEMPLATE template0 ENCODING \'UTF8\'')
        for role in {urlsplit(server[kind]).username for kind in ("app", "system")}:
            owner.execute(f'GRANT CONNECT ON DATABASE "{name}" TO "{role}"')
        began = perf_counter()
        environment = {**os.environ, **{URL_NAMES[kind]: url for kind, url in there.items()}}
        manage(environment, "migrate", "--verbosity=0", "--no-input")
        for n in (1, 2):
            manage(environment, "create_organization", "--name", f"Bench {n}", "--admin-email", EMAIL.format(n),
                   "--admin-password", PASSWORD)
        fill(there["owner"], rows, say)
        owner.execute(f"COMMENT ON DATABASE \"{name}\" IS '{made_of}'")
        say(f"Made in {perf_counter() - began:.0f} s.")
    return there


def recipe(rows):
    digest = sha256(f"{rows} {PEOPLE} {LEADS} {AROUND}".encode())
    for app in APPS:
        for path in sorted((CHECKOUT / app / "migrations").glob("0*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def manage(environment, *arguments):
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"manage.py {arguments[0]} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout) if done.stdout.startswith("{") else done.stdout


def fill(owner_url, rows, say):
    """All rows, in one transaction. Indexes and foreign keys are off while it fills, and put back as they were."""
    with psycopg.connect(owner_url) as connection:
        for setting in ("work_mem = '256MB'", "maintenance_work_mem = '1GB'", "max_parallel_maintenance_workers = 1"):
            connection.execute(f"SET LOCAL {setting}")
        connection.execute("SELECT setseed(0.42)")
        ids = [row[0] for row in connection.execute("SELECT id FROM accounts_organization ORDER BY id")]
        put_back = take_off(connection)
        for org, count in zip(ids, (rows, SMALL), strict=True):
            values = {"org": org, "rows": count, "companies": max(100, count // 10)}
            for step in (PEOPLE, LEADS, AROUND):
                began = perf_counter()
                for statement in step.split(";\n"):
                    if statement.strip():
                        connection.execute(psycopg.ClientCursor(connection).mogrify(statement, values))
                        connection.execute("ANALYZE leads_lead, companies_company")
                say(f"  organization {org}: {step.split()[2]} in {perf_counter() - began:.0f} s")
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        began = perf_counter()
        for statement in put_back:
            connection.execute(statement)
        say(f"  indexes and keys in {perf_counter() - began:.0f} s")
    tidy(owner_url)


def take_off(connection):
    """Drop the indexes and foreign keys of the tables that are filled. Answers the statements that put them back."""
    keys = connection.execute(
        """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
           WHERE contype = 'f' AND conrelid = ANY(%s::regclass[])""", [list(LOADED)]).fetchall()
    indexes = connection.execute(
        """SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
           WHERE i.indrelid = ANY(%s::regclass[]) AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)""",
        [[name for name in LOADED if name != "accounts_user"]]).fetchall()
    for table, key, _ in keys:
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {key}")
    for index, _ in indexes:
        connection.execute(f"DROP INDEX {index}")
    return [made for _, made in indexes] + [f"ALTER TABLE {table} ADD CONSTRAINT {key} {made}" for table, key, made in keys]


def tidy(owner_url):
    """Fold the counters, and leave tables as a quiet hour leaves them: vacuumed, with fresh statistics."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(
            """WITH taken AS (DELETE FROM leads_leadcount RETURNING organization_id, status_id, assigned_to_id, n)
               INSERT INTO leads_leadcount (organization_id, status_id, assigned_to_id, n)
               SELECT organization_id, status_id, assigned_to_id, sum(n) FROM taken GROUP BY 1, 2, 3 HAVING sum(n) <> 0""")
        connection.execute("VACUUM (ANALYZE)")


def make_tokens(owner_url, org):
    """Tokens of so many sent mails; each is the stamp, which this answers, and its number in 24 digits."""
    stamp = secrets.token_hex(4)
    with psycopg.connect(owner_url) as connection:
        connection.execute(
            """INSERT INTO intent_trackingtoken (organization_id, digest, purpose, lead_id, message_id, target)
               SELECT %(org)s, encode(sha256((%(stamp)s || lpad(n::text, 24, '0'))::bytea), 'hex'), 'open',
                      (SELECT array_agg(id) FROM (SELECT id FROM leads_lead WHERE organization_id = %(org)s LIMIT 5000) l
                      )[1 + n %% 5000], n, ''
               FROM generate_series(0, %(tokens)s - 1) AS n""", {"org": org, "stamp": stamp, "tokens": TOKENS})
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE) intent_trackingtoken")
    return stamp


def spoil(owner_url):
    """Have the next run make the database anew: what comes now changes its rows."""
    name = urlsplit(owner_url).path.lstrip("/")
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute(f"COMMENT ON DATABASE \"{name}\" IS 'used'")


def sweep(owner_url):
    """Take away what an earlier run created, so that every run measures the same rows. Answers how many leads went."""
    with psycopg.connect(owner_url) as connection:
        going = [row[0] for row in connection.execute(
            "DELETE FROM leads_lead WHERE email_norm LIKE '%@new.example' RETURNING id")]
        connection.execute("DELETE FROM lio_searchdoc WHERE kind = 'lead' AND object_id = ANY(%s)", [going])
        connection.execute("DELETE FROM lio_change WHERE model_type = 'lead' AND model_id = ANY(%s)", [going])
        connection.execute("TRUNCATE intent_trackingtoken CASCADE")
        connection.execute("DELETE FROM lio_job")
        connection.execute("DELETE FROM django_q_ormq")
    tidy(owner_url)
    return len(going)
