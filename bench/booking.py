"""Free times of a month, of a host with 2,000 meetings around, in an organisation with many more: what a visitor waits for.

CPU time of this process and its backend for a whole GET (address counted, page found, scope opened, slots walked, JSON), beside
one bare statement that answers the same slots as a role that no wall binds. And the plans of what was asked.
"""

import json
from datetime import timedelta
from statistics import median

import psycopg

from bench.deals import bare, beside, ours
from bench.plans import scoped
from bench.report import goal

EMAIL = "booking@lio.example"
AROUND, OTHERS = 2_000, 100_000  # meetings of the host in the two months around, of others in two years
DAYS, LENGTH = 31, 30  # asked for, minutes
MOST = 20  # milliseconds of a GET
MEETINGS = """
INSERT INTO booking_meeting (organization_id, created_at, updated_at, title, description, location, start_time, end_time,
    timezone, attendees, meeting_tool, meeting_url, status, exclusive, buffer_before, buffer_after, answers, uid, sequence,
    host_id)
SELECT %(org)s, now(), now(), 'Meeting ' || n, '', '', moment, moment + interval '15 minutes', 'UTC', '[]', 'none', '',
       CASE WHEN n %% 10 = 0 THEN 4 ELSE 1 END, false, 0, 0, '{}', gen_random_uuid(), 0, host
FROM (SELECT n, %(host)s AS host, date_trunc('day', now()) + interval '1 day' * (n %% 61 - 15)
             + interval '1 minute' * (6 * 60 + n * 7 %% 300) AS moment
      FROM generate_series(1, %(around)s) n
      UNION ALL
      SELECT n, u.ids[1 + n %% cardinality(u.ids)], date_trunc('day', now()) - interval '365 days'
             + interval '1 minute' * (n::bigint * 730 * 24 * 60 / %(others)s)
      FROM generate_series(1, %(others)s) n,
           (SELECT array_agg(id) AS ids FROM accounts_user WHERE organization_id = %(org)s AND id <> %(host)s) u) made
"""
PEOPLE = """
INSERT INTO accounts_user (password, email, organization_id, role_id, first_name, last_name, phone_no, language, timezone,
                           theme, is_active, is_platform_staff, created_at, updated_at)
SELECT '!', 'book' || n || '@lio.example', %(org)s, role_id, 'Host', 'No ' || n, '', 'en', 'UTC', 'auto', true, false, now(),
       now()
FROM accounts_user, generate_series(1, 39) n WHERE id = %(host)s
"""
# The same slots by PostgreSQL alone: half hours of weekdays from 8 to 20 in Berlin that no meeting overlaps.
FLOOR = """
WITH busy AS (
    SELECT range_agg(tstzrange(start_time, end_time)) AS spans FROM booking_meeting
    WHERE organization_id = %(org)s AND host_id = %(host)s AND deleted_at IS NULL AND status IN (1, 2)
      AND start_time < %(last)s::timestamp + interval '3 days' AND start_time > %(first)s::timestamp - interval '34 days')
SELECT s.at AT TIME ZONE 'UTC'
FROM generate_series(%(first)s::timestamp, %(last)s::timestamp, interval '30 minutes') AS w(wall)
CROSS JOIN LATERAL (SELECT w.wall AT TIME ZONE 'Europe/Berlin' AS at) s CROSS JOIN busy
WHERE extract(isodow FROM w.wall) < 6 AND w.wall::time >= '08:00' AND w.wall::time < '20:00'
  AND NOT coalesce(busy.spans && tstzrange(s.at, s.at + interval '30 minutes'), false)
ORDER BY 1
"""


def measure(urls, say):
    """Checks, one a case."""
    say(f"booking: a month of free times, {AROUND:,} meetings around")
    with psycopg.connect(urls["owner"], autocommit=True) as owner, psycopg.connect(urls["system"], autocommit=True) as floor:
        host = prepared(owner)
        first, get = asked(host)
        params = {"org": host.organization_id, "host": host.pk, "first": f"{first} 00:00",
                  "last": f"{first + timedelta(days=DAYS - 1)} 23:30"}
        slots = [one["start"] for one in get().json()["data"]["slots"]]
        known = [f"{at:%Y-%m-%dT%H:%M:%S.000Z}" for (at,) in floor.execute(FLOOR, params)]
        if slots != known or not slots:
            raise SystemExit(f"booking: product and floor answer different slots: {len(slots)} and {len(known)}")
        ratio, seconds, under = beside(get, lambda: bare(floor, (FLOOR, params)))
        spent = median(ours(get)["cpu"] for _ in range(21)) * 1000
        faults = plan_faults(urls["app"], host, get)
    return [
        {"case": f"free times of {DAYS} days, {AROUND:,} meetings around",
         "text": f"{len(slots)} slots, {spent:.1f} ms of CPU, {seconds * 1000:.1f} ms by the clock, "
                 f"one bare statement {under * 1000:.1f} ms",
         "goals": [goal("ms of server time", spent, MOST), goal("CPU / one statement", ratio, 10)]},
        {"case": "plan of free times", "text": "; ".join(faults) or "by index, no more than is near",
         "goals": [goal("faults", len(faults), 0)]},
    ]


def prepared(owner):
    """The host, in an organisation of 40, made when it is not there yet."""
    from accounts import founding
    from accounts.models import User
    from booking import profiles
    from lio.tenancy import org_scope

    host = User.objects.select_related("organization").filter(email=EMAIL).first()
    if host is None:
        _, host = founding.found("Booking", admin_email=EMAIL, admin_password="bench-walking-house-7")
        with org_scope(host.organization_id):
            hours = {day: [{"start": "08:00", "end": "20:00"}] for day in profiles.DAYS[:5]}
            profiles.update(host, {"working_hours": hours, "timezone": "Europe/Berlin", "slug": "bench-host"}, by=host)
        values = {"org": host.organization_id, "host": host.pk, "around": AROUND, "others": OTHERS}
        with owner.transaction():
            for statement in (PEOPLE, MEETINGS):
                owner.execute(psycopg.ClientCursor(owner).mogrify(statement, values))
        owner.execute("VACUUM (ANALYZE) booking_meeting, accounts_user")
    return host


def asked(host):
    """(the first day that is asked for, the GET as a visitor sends it)."""
    from django.utils.timezone import now
    from rest_framework.test import APIClient

    first, client = now().date() + timedelta(days=2), APIClient()
    query = {"from": first.isoformat(), "to": (first + timedelta(days=DAYS - 1)).isoformat(), "duration": LENGTH,
             "tz": "Europe/Berlin"}  # fmt: skip

    def get():
        answer = client.get(f"/api/v1/booking/{host.booking_slug}/availability", query)
        assert answer.status_code == 200, (answer.status_code, answer.content[:300])
        return answer

    return first, get


def plan_faults(url, host, get):
    """What is wrong with the plans of the statements that a GET runs, as the app's role inside its scope; in words."""
    from django.db import connection

    caught = []

    def catch(execute, sql, params, many, context):
        caught.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(catch):
        get()
    found, seen = [], False
    with scoped(url, host.organization_id) as app:
        for sql, params in caught:
            if "booking_meeting" not in sql:
                continue
            plan = app.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params).fetchone()[0]
            plan = json.loads(plan) if isinstance(plan, str) else plan
            waiting = [plan[0]["Plan"]]
            while waiting:
                node = waiting.pop()
                waiting += node.get("Plans", [])
                if node.get("Relation Name") == "booking_meeting":
                    seen = True
                    dropped = node.get("Rows Removed by Filter", 0) * node["Actual Loops"]
                    if node["Node Type"] == "Seq Scan":
                        found.append("reads all meetings")
                    elif dropped > AROUND:
                        found.append(f"throws away {dropped:.0f} meetings")
    return found if seen else ["no statement asked for meetings"]
