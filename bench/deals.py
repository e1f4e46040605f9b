"""Deals by the thousands: the board of 10,000, forecast and nightly snapshot of 100,000; and how good forecasts are.

Each figure is CPU time of this process and its backend, beside the bare statements that give the same answer or write the same
rows as a role that no wall binds, in the same run. Pages are drawn whole, as the browser gets them: beside their statements
they cost a multiple, so what is asked of them is that they cost no more with many deals than with few.
"""

from statistics import median

import psycopg

from bench.report import goal
from bench.work import clocked
from lio.embedded.place import CHECKOUT

FEW, BOARD, MANY = 200, 10_000, 100_000  # open deals of the organisations that are measured
ROUNDS = 5
EMAIL = "deals{}@lio.example"
PIPELINE = CHECKOUT.parent / "shared" / "data" / "pipeline-maven"
PAST = "deals-past@lio.example"
UNTIL, MONTHS = "2017-12", 7

LEADS = """
INSERT INTO leads_lead (organization_id, first_name, last_name, email, email_norm, holds_email, status_id, priority, score,
                        custom_fields, ai_information, created_at, updated_at, last_activity_at, holds_linkedin)
SELECT %(org)s, 'Lead', 'No ' || n, 'lead' || n || '@deals.example', 'lead' || n || '@deals.example', true,
       (SELECT id FROM lookups_lookup WHERE organization_id = %(org)s AND type = 'status' AND number = 1), 2, 0,
       '{}', '{}', now() - interval '1 day', now(), now(), true
FROM generate_series(1, greatest(%(deals)s / 20, 20)) n
"""
# A fifth as many again are closed; their months go back two years, those of the open ones half a year ahead.
DEALS = """
WITH lead AS (SELECT array_agg(id) AS ids FROM leads_lead WHERE organization_id = %(org)s),
     stage AS (SELECT array_agg(id ORDER BY position, id) FILTER (WHERE NOT is_won AND NOT is_lost) AS open,
                      min(id) FILTER (WHERE is_won) AS won, min(id) FILTER (WHERE is_lost) AS lost, min(pipeline_id) AS pipeline
               FROM deals_stage WHERE organization_id = %(org)s),
     draw AS (SELECT n, n > %(deals)s AS is_closed, random() AS a, random() AS b,
                     now() - interval '1 day' - interval '2 years' * (1 - n::float / %(deals)s / 1.2) AS born
              FROM generate_series(1, (%(deals)s * 1.2)::int) n)
INSERT INTO deals_deal (organization_id, created_at, updated_at, title, value, expected_close_date, priority, category,
    category_by_hand, board_rank, version, entered_stage_at, closed_at, last_activity_at, moved_close_dates, custom_fields,
    lead_id, pipeline_id, stage_id, assigned_to_id)
SELECT %(org)s, born, now(), 'Deal ' || n, round((100 + a * 20000)::numeric, 2),
       (CASE WHEN is_closed THEN now() - interval '700 days' * b ELSE now() + interval '1 day' * (b * 200 - 20) END)::date,
       2, (ARRAY['pipeline', 'pipeline', 'best_case', 'commit'])[1 + n %% 4], false, 'V' || lpad(n::text, 5, '0'), 1, born,
       CASE WHEN is_closed THEN now() - interval '700 days' * b END, now() - interval '30 days' * a, 0, '{}',
       lead.ids[1 + n %% cardinality(lead.ids)], stage.pipeline,
       CASE WHEN NOT is_closed THEN stage.open[1 + n %% cardinality(stage.open)]
            WHEN a < 0.5 THEN stage.won ELSE stage.lost END,
       %(admin)s
FROM draw, lead, stage
"""
AROUND = """
INSERT INTO deals_stageentry (organization_id, deal_id, stage_id, entered_at)
SELECT organization_id, id, stage_id, created_at FROM deals_deal WHERE organization_id = %(org)s;
INSERT INTO deals_forecastsnapshot (organization_id, deal_id, pipeline_id, stage_id, owner_id, at, day, state, value,
    probability, weighted_value, expected_close_date, category, reason, is_look)
SELECT d.organization_id, d.id, d.pipeline_id, coalesce(o.id, d.stage_id), d.assigned_to_id, d.created_at, d.created_at::date,
       'open', d.value, 0.4, round(d.value * 0.4, 2), d.expected_close_date, d.category, 'created', true
FROM deals_deal d LEFT JOIN (SELECT min(id) AS id FROM deals_stage WHERE organization_id = %(org)s) o ON d.closed_at IS NOT NULL
WHERE d.organization_id = %(org)s;
INSERT INTO deals_forecastsnapshot (organization_id, deal_id, pipeline_id, stage_id, owner_id, at, day, state, value,
    probability, weighted_value, expected_close_date, category, reason, closed_on, win_probability)
SELECT d.organization_id, d.id, d.pipeline_id, d.stage_id, d.assigned_to_id, d.closed_at, d.closed_at::date,
       CASE WHEN s.is_won THEN 'won' ELSE 'lost' END, d.value, s.probability, round(d.value * s.probability, 2),
       d.expected_close_date, d.category, 'stage', d.closed_at::date, s.probability
FROM deals_deal d JOIN deals_stage s ON s.id = d.stage_id WHERE d.organization_id = %(org)s AND d.closed_at IS NOT NULL
"""
# The floors: sums and cards of the board, the months of the forecast, the rows of a night.
SUMS = """SELECT stage_id, count(*), sum(value) FROM deals_deal WHERE organization_id = %(org)s AND deleted_at IS NULL
          AND (closed_at IS NULL OR closed_at >= now() - interval '30 days') GROUP BY 1"""
CARDS = """SELECT json_agg(c)::text FROM (
    SELECT d.id, d.title, d.value, d.expected_close_date, d.board_rank, d.version, d.last_activity_at, l.first_name, l.last_name
    FROM deals_deal d JOIN leads_lead l ON l.id = d.lead_id
    WHERE d.organization_id = %(org)s AND d.stage_id = %(stage)s AND d.deleted_at IS NULL AND d.closed_at IS NULL
    ORDER BY d.board_rank, d.id LIMIT 26) c"""
BY_MONTH = """SELECT date_trunc('month', d.expected_close_date)::date, count(*) FILTER (WHERE d.closed_at IS NULL),
    sum(d.value) FILTER (WHERE d.closed_at IS NULL), sum(round(d.value * s.probability, 2)) FILTER (WHERE d.closed_at IS NULL),
    sum(d.value) FILTER (WHERE s.is_won), sum(d.value) FILTER (WHERE d.closed_at IS NULL AND d.category = 'commit'),
    sum(d.value) FILTER (WHERE d.closed_at IS NULL AND d.category = 'best_case')
FROM deals_deal d JOIN deals_stage s ON s.id = d.stage_id
WHERE d.organization_id = %(org)s AND d.deleted_at IS NULL AND d.expected_close_date >= date_trunc('month', now())::date
    AND d.expected_close_date < (date_trunc('month', now()) + interval '6 months')::date GROUP BY 1"""
NIGHT = """INSERT INTO deals_forecastsnapshot (organization_id, deal_id, pipeline_id, stage_id, owner_id, at, day, state, value,
    probability, weighted_value, expected_close_date, category, reason)
SELECT d.organization_id, d.id, d.pipeline_id, d.stage_id, d.assigned_to_id, now(), now()::date, 'open', d.value, s.probability,
       round(d.value * s.probability, 2), d.expected_close_date, d.category, 'nightly'
FROM deals_deal d JOIN deals_stage s ON s.id = d.stage_id
WHERE d.organization_id = %(org)s AND d.deleted_at IS NULL AND d.closed_at IS NULL"""


def measure(urls, say):
    """Checks, one a case."""
    with psycopg.connect(urls["owner"], autocommit=True) as owner, psycopg.connect(urls["system"], autocommit=True) as floor:
        people = {count: prepared(owner, count, say) for count in (FEW, BOARD, MANY)}
        checks = [*board(floor, people, say), *forecast(floor, people, say), *snapshots(owner, floor, people[MANY], say)]
    return checks + told_of_the_past(say)


# ------------------------------------------------------------------------- the deals
def prepared(owner, count, say):
    """The Admin of the organisation that has `count` open deals, which is made when it is not there yet."""
    from accounts import founding
    from accounts.models import User
    from lio.tenancy import org_scope

    found = User.objects.select_related("organization").filter(email=EMAIL.format(count)).first()
    if found is None:
        say(f"deals: an organization with {count:,} open ones")
        _, found = founding.found(f"Deals {count}", admin_email=EMAIL.format(count), admin_password="bench-walking-house-7")
        with org_scope(found.organization_id):
            values = {"org": found.organization_id, "deals": count, "admin": found.pk}
        with owner.transaction():
            owner.execute("SELECT setseed(0.42)")
            for statement in (LEADS, DEALS, *AROUND.split(";\n")):
                owner.execute(psycopg.ClientCursor(owner).mogrify(statement, values))
        owner.execute("VACUUM (ANALYZE) deals_deal, deals_forecastsnapshot, deals_stageentry, leads_lead")
    return found


def visitor(admin):
    """`get(path)` as the signed-in browser of `admin` asks."""
    from django.contrib.sessions.backends.signed_cookies import SessionStore
    from django.test import Client

    from accounts import sessions
    from lio.tenancy import org_scope

    with org_scope(admin.organization_id):
        store = SessionStore()
        store["sid"] = str(sessions.start(admin, "browser").pk)
        store.save()
    client = Client()
    client.cookies["lio_session"] = store.session_key

    def get(path):
        answer = client.get(path, secure=True)
        assert answer.status_code == 200, (path, answer.status_code, answer.content[:300])
        return answer

    return get


def ours(work):
    """CPU seconds and seconds of one call, with Django's connection."""
    from django.db import connection

    connection.ensure_connection()
    with clocked(connection.connection) as spent:
        work()
    return spent


def bare(floor, *statements):
    with clocked(floor) as spent:
        for sql, params in statements:
            floor.execute(sql, params).fetchall()
    return spent


def beside(work, under):
    """(ratio of CPU to the floor's, seconds of ours, of the floor), medians of ROUNDS in which they take turns."""
    work(), under()  # what is read first is read into memory
    pairs = [(ours(work), under()) for _ in range(ROUNDS)]
    ratio = median(mine["cpu"] / max(its["cpu"], 1e-6) for mine, its in pairs)
    return ratio, median(mine["seconds"] for mine, _ in pairs), median(its["seconds"] for _, its in pairs)


def cpu_of(work):
    work()
    return median(ours(work)["cpu"] for _ in range(ROUNDS))


# ------------------------------------------------------------------------- the cases
def board(floor, people, say):
    import re

    say(f"deals: board of {BOARD:,}")
    org = people[BOARD].organization_id
    stages = [row[0] for row in floor.execute(
        "SELECT id FROM deals_stage WHERE organization_id = %s AND NOT is_won AND NOT is_lost", [org]).fetchall()]
    params = {"org": org}
    gets = {count: visitor(people[count]) for count in (FEW, BOARD)}
    scroll = {}
    for count, get in gets.items():
        more = re.search(r'hx-get="(/deals/board/cards[^"]+)"', get("/deals/board").content.decode())
        scroll[count] = more[1].replace("&amp;", "&")
    checks = []
    for name, path, under in (
        ("first paint", dict.fromkeys(gets, "/deals/board"),
         [(SUMS, params), *[(CARDS, params | {"stage": stage}) for stage in stages]]),
        ("a scroll step", scroll, [(SUMS, params), (CARDS, params | {"stage": stages[0]})]),
    ):
        ratio, seconds, floors = beside(lambda path=path: gets[BOARD](path[BOARD]), lambda under=under: bare(floor, *under))
        growth = cpu_of(lambda path=path: gets[BOARD](path[BOARD])) / cpu_of(lambda path=path: gets[FEW](path[FEW]))
        checks.append({
            "case": f"board of {BOARD:,}, {name}",
            "text": f"{seconds * 1000:.0f} ms, bare statements {floors * 1000:.1f} ms (CPU {ratio:.1f} times)",
            "goals": [goal(f"CPU / board of {FEW}", growth, 2)]})
    return checks


def forecast(floor, people, say):
    from deals.forecast import periods
    from deals.forecast.days import today
    from deals.forecast.months import month_of, name_of
    from lio.tenancy import org_scope

    say(f"deals: forecast of {MANY:,}")
    org, get = people[MANY].organization_id, visitor(people[MANY])

    def months():
        with org_scope(org):
            periods.periods(month_of(today()), months=6)

    ratio, seconds, floors = beside(months, lambda: bare(floor, (BY_MONTH, {"org": org})))
    checks = [{
        "case": f"forecast of {MANY:,}", "text": f"{seconds * 1000:.0f} ms, one bare statement {floors * 1000:.0f} ms",
        "goals": [goal("CPU / one statement", ratio, 3)]}]
    with org_scope(org):
        name, since = name_of(month_of(today())), today().replace(day=1)
    for page, path in (
        ("by month", ""), ("a month", f"month/{name}"), ("what changed", f"changes?since={since}&period_month={name}"),
        ("at risk", "at-risk"), ("accuracy", "accuracy"), ("goals", "goals"),
    ):
        ratio, seconds, _ = beside(lambda path=path: get(f"/forecast/{path}"), lambda: bare(floor, (BY_MONTH, {"org": org})))
        checks.append({"case": f"page of {MANY:,}, {page}",
                       "text": f"{seconds * 1000:.0f} ms (CPU {ratio:.1f} times that statement)", "goals": []})
    return checks


def snapshots(owner, floor, admin, say):
    from deals.forecast.jobs import CHUNK
    from deals.forecast.snapshots import snapshot_open
    from lio.tenancy import org_scope

    say(f"deals: snapshot of {MANY:,}")
    org, taken = admin.organization_id, "DELETE FROM deals_forecastsnapshot WHERE organization_id = %s AND reason = 'nightly'"

    def night():
        last = 0
        while last is not None:
            with org_scope(org):
                last = snapshot_open(last, CHUNK)

    pairs = []
    for _ in range(3):
        mine = ours(night)
        owner.execute(taken, [org])
        with floor.transaction(force_rollback=True), clocked(floor) as its:
            floor.execute(NIGHT, {"org": org})
            floor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        pairs.append((mine, its))
    owner.execute("VACUUM deals_forecastsnapshot")
    seconds, under = (median(one["seconds"] for one in column) for column in zip(*pairs, strict=True))
    return [{
        "case": f"snapshot of {MANY:,}",
        "text": f"{seconds:.1f} s in {MANY // CHUNK} transactions, one bare statement {under:.1f} s",
        "goals": [goal("CPU / one statement", median(mine["cpu"] / its["cpu"] for mine, its in pairs), 2)]}]


def told_of_the_past(say):
    """How a real past pipeline would have been forecast (docs/forecasting.md), loaded once into this database."""
    from io import StringIO

    from django.core.management import call_command

    from accounts import founding
    from accounts.models import User
    from deals.forecast import report
    from deals.forecast.months import read_month
    from deals.management.commands.load_pipeline import lines
    from lio.tenancy import org_scope

    if not PIPELINE.exists():
        say(f"deals: the past pipeline is left out, {PIPELINE} is not there.")
        return []
    admin = User.objects.select_related("organization").filter(email=PAST).first()
    if admin is None:
        say("deals: loading a past pipeline")
        _, admin = founding.found("Deals of the past", admin_email=PAST, admin_password="bench-walking-house-7")
        call_command("load_pipeline", str(PIPELINE), organization=admin.organization.public_id, stdout=StringIO(),
                     stderr=StringIO())
    with org_scope(admin.organization_id):
        found = report.report(read_month(UNTIL), MONTHS)
    for line in lines(found):
        say(f"  {line}")
    return [
        {"case": "forecast of past months, one ahead", "text": "", "goals": [goal("MAPE", found["horizons"][0]["mape"], 8)]},
        {"case": "forecast of past deals", "text": "", "goals": [goal("Brier", found["deals"]["brier"], 0.242)]},
    ]
