"""What became of an organisation's closed deals: read from the snapshots and stage entries, counted, and kept by pipeline."""

from dataclasses import asdict

from django.db import connection
from orjson import dumps

from deals.forecast.chances import Conversions, Ending, Tally, fit
from deals.forecast.days import zone
from deals.forecast.models import ClosedDeals
from deals.forecast.months import first_day, month_of
from lio.tenancy import current_organization_id

# The last word on each deal that closed before a day: its last snapshot of a closing, unless it was opened again or deleted.
CLOSED = """
SELECT c.* FROM (
    SELECT DISTINCT ON (deal_id) id, deal_id, pipeline_id, state, value, closed_on, day FROM deals_forecastsnapshot
    WHERE organization_id = %(organization)s AND closed_on IS NOT NULL AND day < %(day)s
    ORDER BY deal_id, id DESC
) c
WHERE c.state IN ('won', 'lost') AND NOT EXISTS (
    SELECT FROM deals_forecastsnapshot later
    WHERE later.organization_id = %(organization)s AND later.deal_id = c.deal_id AND later.id > c.id AND later.day < %(day)s)
"""
# How each was looked at last before the month of its closing began; if it was opened later, as it was opened.
LOOKED_AT = """
LATERAL (
    SELECT * FROM (
        (SELECT 1 AS choice, s.day, s.win_probability, s.is_quiet, s.moves FROM deals_forecastsnapshot s
         WHERE s.organization_id = %(organization)s AND s.deal_id = c.deal_id AND s.state = 'open'
           AND s.day < date_trunc('month', c.closed_on)::date + (s.reason = 'nightly')::int ORDER BY s.id DESC LIMIT 1)
        UNION ALL
        (SELECT 2, s.day, s.win_probability, s.is_quiet, s.moves FROM deals_forecastsnapshot s
         WHERE s.organization_id = %(organization)s AND s.deal_id = c.deal_id AND s.state = 'open' ORDER BY s.id LIMIT 1)
    ) looks ORDER BY choice LIMIT 1
)
"""
ENDINGS = f"""
WITH closed AS ({CLOSED})
SELECT c.pipeline_id, extract(year FROM c.closed_on)::int * 12 + extract(month FROM c.closed_on)::int - 1, c.state = 'won',
       e.stages, greatest(c.closed_on - (d.created_at AT TIME ZONE %(zone)s)::date, 0),
       greatest(seen.day - (d.created_at AT TIME ZONE %(zone)s)::date, 0), coalesce(seen.is_quiet, false),
       coalesce(seen.moves, 0), count(*)::int
FROM closed c
JOIN deals_deal d ON d.organization_id = %(organization)s AND d.id = c.deal_id
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(n.stage_id ORDER BY n.id), '{{}}') AS stages FROM deals_stageentry n
    JOIN deals_stage s ON s.organization_id = n.organization_id AND s.id = n.stage_id AND NOT s.is_won AND NOT s.is_lost
    WHERE n.organization_id = %(organization)s AND n.deal_id = c.deal_id
) e
LEFT JOIN {LOOKED_AT} seen ON true
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""


def planned_anew(cursor):
    """For the rest of the transaction, have each statement planned for its own values.

    These statements look up the snapshots of each deal. A connection keeps the plans of what it ran often, and one that was made
    while an organisation had no deals would read all snapshots for each deal of the next. Indexes are taken also where
    the tables have no statistics yet, after many deals came in at once.
    """
    cursor.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    cursor.execute("SET LOCAL enable_seqscan = off")


def learn(day):
    """Count what closed before `day`, for each pipeline, and keep it: snapshots speak from it until the next time."""
    organization, endings = current_organization_id(), {}
    with connection.cursor() as cursor:
        planned_anew(cursor)
        cursor.execute(ENDINGS, {"organization": organization, "day": day, "zone": zone().key})
        for pipeline, month, won, stages, age, seen, quiet, moves, number in cursor.fetchall():
            endings.setdefault(pipeline, []).append(
                Ending(month, won, tuple(stages), age, seen or 0, quiet, moves, number))
        # the current month counts as far as it has come: `fit` takes what is before the month that it is given
        month = month_of(day) + (day != first_day(month_of(day)))
        for pipeline, past in endings.items():
            cursor.execute(
                """INSERT INTO deals_closeddeals (organization_id, pipeline_id, day, counts) VALUES (%s, %s, %s, %s::jsonb)
                   ON CONFLICT (pipeline_id) DO UPDATE SET day = excluded.day, counts = excluded.counts""",
                [organization, pipeline, day, dumps(_as_json(fit(past, month))).decode()])


def learnt(pipeline_ids):
    """{pipeline id: Conversions} as counted last; pipelines of which nothing is known are left out."""
    rows = ClosedDeals.objects.of(current_organization_id()).filter(pipeline_id__in=pipeline_ids)
    return {pipeline: _of_json(counts) for pipeline, counts in rows.values_list("pipeline_id", "counts")}


def _as_json(known):
    classes = {name: {str(int(key)): [tally.closed, tally.won] for key, tally in getattr(known, name).items()}
               for name in ("stages", "ages", "quiet", "moves")}
    return {"all": list(asdict(known.all).values()), "used": known.used, **classes}


def _of_json(counts):
    classes = {name: {int(key): Tally(*pair) for key, pair in counts[name].items()}
               for name in ("stages", "ages", "quiet", "moves")}
    return Conversions(Tally(*counts["all"]), used=tuple(counts["used"]), **classes)
