"""Snapshots of deals: one at each change, in the transaction of the change, and one a night while a deal is open.

What a snapshot says is never recomputed. However many deals there are, it takes two statements: which classes of deals
are among them (chances.py speaks of each class once), and the rows.
"""

from django.db import connection
from django.utils.timezone import now

from deals.forecast.chances import AGES, MOVES, QUIET_DAYS, chance
from deals.forecast.days import zone
from deals.forecast.learning import learnt
from lio.tenancy import current_organization_id

CREATED, NIGHTLY = "created", "nightly"
FEW = 50  # ids
FACTS = """
SELECT d.id, d.pipeline_id, d.stage_id, s.name AS stage_name, d.assigned_to_id, d.value, s.probability, d.category,
       d.expected_close_date, (d.closed_at AT TIME ZONE %(zone)s)::date AS closed_on,
       CASE WHEN d.deleted_at IS NOT NULL THEN 'deleted' WHEN d.closed_at IS NULL THEN 'open'
            WHEN s.is_won THEN 'won' ELSE 'lost' END AS state,
       d.seen_at, (d.seen_at AT TIME ZONE %(zone)s)::date AS day,
       greatest((d.seen_at AT TIME ZONE %(zone)s)::date - (d.created_at AT TIME ZONE %(zone)s)::date, 0) AS age,
       coalesce(greatest(d.created_at, d.last_activity_at, l.last_activity_at)
           < d.seen_at - make_interval(days => %(quiet_days)s), false) AS is_quiet,
       least(d.moved_close_dates, 32767) AS moves
FROM {deals}
JOIN deals_stage s ON s.organization_id = d.organization_id AND s.id = d.stage_id
LEFT JOIN leads_lead l ON l.organization_id = d.organization_id AND l.id = d.lead_id
WHERE d.organization_id = %(organization)s
"""
# Deals by id, each as of a moment, and those of a range of ids that are open.
PICKED = """(SELECT o.*, m.seen_at FROM unnest(%(ids)s::bigint[], %(moments)s::timestamptz[]) AS m(id, seen_at)
             JOIN deals_deal o ON o.organization_id = %(organization)s AND o.id = m.id) d"""
RANGE = """(SELECT o.*, %(at)s::timestamptz AS seen_at FROM deals_deal o
            WHERE o.organization_id = %(organization)s AND o.deleted_at IS NULL
            AND o.closed_at IS NULL AND o.id > %(after)s AND o.id <= %(last)s) d"""
CLASS = "width_bucket(f.age, %(ages)s::int[]) - 1"
CLASSES = f"""
WITH facts AS ({FACTS})
SELECT DISTINCT f.pipeline_id, f.stage_id, f.probability, {CLASS}, f.is_quiet, least(f.moves, %(most_moves)s)
FROM facts f WHERE f.state = 'open'
"""
TAKE = f"""
WITH facts AS ({FACTS}),
said AS (
    SELECT * FROM unnest(%(stages)s::bigint[], %(classes)s::int[], %(quiets)s::bool[], %(moved)s::int[], %(chances)s::numeric[])
        AS said(stage_id, age, is_quiet, moves, chance)
),
told AS (
    SELECT f.*, CASE f.state WHEN 'open' THEN said.chance WHEN 'won' THEN 1 WHEN 'lost' THEN 0 END AS win_probability
    FROM facts f LEFT JOIN said ON f.state = 'open' AND said.stage_id = f.stage_id AND said.age = {CLASS}
        AND said.is_quiet = f.is_quiet AND said.moves = least(f.moves, %(most_moves)s)
)
INSERT INTO deals_forecastsnapshot (organization_id, deal_id, pipeline_id, stage_id, owner_id, at, day, state, value,
    probability, weighted_value, win_probability, forecast_value, expected_close_date, category, reason, is_quiet, moves,
    closed_on, is_look)
SELECT %(organization)s, id, pipeline_id, stage_id, assigned_to_id, seen_at, day, state, value, probability,
       round(value * probability, 2), win_probability, round(value * win_probability, 2), expected_close_date, category,
       %(reason)s, is_quiet, moves, closed_on, %(look)s
FROM told ORDER BY id
"""


def snapshot(deal_ids, reason, *, at=None):
    """Keep what is forecast of these deals now (or was at the moment `at`, or {id: moment}, for history that comes in late).

    Called by every rule that makes, changes, closes, deletes or brings back deals, in its transaction and the organisation's
    scope, after its change. `reason` is a word for it, like "created" or "stage". Answers how many were taken.
    """
    ids = list(deal_ids)
    if not ids:
        return 0
    at = at or now()
    moments = [at[pk] for pk in ids] if isinstance(at, dict) else [at] * len(ids)
    return _take(PICKED, {"ids": ids, "moments": moments}, reason)


def snapshot_changed(organization, deal_ids, reason, at, by):
    """What deals/news.py tells: part of every change of deals, in its transaction."""
    snapshot(deal_ids, reason, at=at)


def snapshot_open(after, limit, *, look=False, at=None):
    """The nightly snapshot of up to `limit` open deals with ids above `after`; answers the last id, None when all are done.

    With `look` it is the one by which the month is measured.
    """
    params = {"organization": current_organization_id(), "after": after, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT max(id) FROM (SELECT id FROM deals_deal WHERE organization_id = %(organization)s AND deleted_at IS NULL
                                    AND closed_at IS NULL AND id > %(after)s ORDER BY id LIMIT %(limit)s) AS next""", params)
        last = cursor.fetchone()[0]
    if last is not None:  # a range, which no plan can take for a join
        _take(RANGE, {"after": after, "last": last, "at": at or now()}, NIGHTLY, look=look)
    return last


def _take(deals, params, reason, *, look=False):
    params = params | {
        "organization": current_organization_id(), "zone": zone().key, "reason": reason,
        "look": look or reason == CREATED, "ages": list(AGES), "quiet_days": QUIET_DAYS, "most_moves": MOVES,
    }
    with connection.cursor() as cursor:
        if len(params.get("ids", ())) > FEW:  # a plan that is kept would compare each deal with each id
            cursor.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        cursor.execute(CLASSES.format(deals=deals), params)
        classes = cursor.fetchall()
        histories = learnt({pipeline for pipeline, *_ in classes})
        said = [
            (stage, age, quiet, moves, chance(histories.get(pipeline), stage=stage, set_to=set_to, age=AGES[age], quiet=quiet,
                                              moves=moves).probability)
            for pipeline, stage, set_to, age, quiet, moves in classes
        ]
        names = ("stages", "classes", "quiets", "moved", "chances")
        columns = list(zip(*said, strict=True)) or [()] * len(names)
        params |= {name: list(values) for name, values in zip(names, columns, strict=True)}
        cursor.execute(TAKE.format(deals=deals), params)
        return cursor.rowcount
