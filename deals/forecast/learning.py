"""What became of an organisation's closed deals: read from the snapshots and stage entries, counted, and kept by pipeline."""

from dataclasses import asdict

from django.db import connection
from orjson import dumps

from deals.forecast.chances import Conversions, Ending, Tally, fit
from deals.forecast.days import zone
from deals.forecast.models import ClosedDeals
from deals.forecast.months import first_day, month_of
from lio.tenancy import current_organization_id

# The last word on each deal before a day, if that is that it was won or lost.
CLOSED = """
SELECT c.* FROM (
    SELECT DISTINCT ON (deal_id) id, deal_id, pipeline_id, state, value, closed_on FROM deals_forecastsnapshot
    WHERE organization_id = %(organization)s AND reason <> 'nightly' AND day < %(day)s ORDER BY deal_id, id DESC
) c WHERE c.state IN ('won', 'lost')
"""
# What was said of them when they were last looked at: as the month of the closing began, or as they came in that month.
LOOKED_AT = """
SELECT DISTINCT ON (c.deal_id) c.*, s.day AS seen, s.win_probability, s.is_quiet, s.moves
FROM closed c LEFT JOIN deals_forecastsnapshot s
    ON s.organization_id = %(organization)s AND s.deal_id = c.deal_id AND s.is_look AND s.id < c.id
ORDER BY c.deal_id, s.id DESC
"""
ENDINGS = f"""
WITH closed AS ({CLOSED}), looked_at AS ({LOOKED_AT}),
stood AS (
    SELECT n.deal_id, array_agg(n.stage_id ORDER BY n.id) AS stages FROM deals_stageentry n
    JOIN deals_stage s ON s.organization_id = n.organization_id AND s.id = n.stage_id AND NOT s.is_won AND NOT s.is_lost
    WHERE n.organization_id = %(organization)s GROUP BY 1
)
SELECT c.pipeline_id, extract(year FROM c.closed_on)::int * 12 + extract(month FROM c.closed_on)::int - 1, c.state = 'won',
       coalesce(stood.stages, '{{}}'), greatest(c.closed_on - (d.created_at AT TIME ZONE %(zone)s)::date, 0),
       greatest(c.seen - (d.created_at AT TIME ZONE %(zone)s)::date, 0), coalesce(c.is_quiet, false), coalesce(c.moves, 0),
       count(*)::int
FROM looked_at c
JOIN deals_deal d ON d.organization_id = %(organization)s AND d.id = c.deal_id
LEFT JOIN stood ON stood.deal_id = c.deal_id
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""


def planned_anew(cursor):
    """For the rest of the transaction, have each statement planned for its own values, without nested loops.

    These statements go through all deals of an organisation once. While it is new to the statistics, as after many deals came
    in at once, PostgreSQL takes it for nearly empty and would go through all of them again for each.
    """
    cursor.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    cursor.execute("SET LOCAL enable_nestloop = off")


def learn(day):
    """Count what closed before `day`, for each pipeline, and keep it: snapshots speak from it until the next time."""
    organization = current_organization_id()
    endings: dict[int, list[Ending]] = {}
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
    stages, ages, quiet, moves = (
        {int(key): Tally(*pair) for key, pair in counts[name].items()} for name in ("stages", "ages", "quiet", "moves")
    )
    told = {bool(key): tally for key, tally in quiet.items()}
    return Conversions(Tally(*counts["all"]), stages, ages, told, moves, tuple(counts["used"]))
