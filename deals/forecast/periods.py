"""The forecast of the pipeline by month or quarter: what is open by expected close (R53), by category, and what will be won.

`total_value`, `weighted_value` and `won_value` are R53's. Committed is what is won and what stands in that category; best case
is that and the best cases. `forecast_value` is what was said of the months by the chosen method (saying.py), with the interval:
of the current month at least what is won already, of months that are over what was won.
"""

from math import sqrt

from django.db import connection

from deals.forecast.days import zone
from deals.forecast.models import MonthForecast
from deals.forecast.monthly import WORDS
from deals.forecast.months import first_day, month_of, name_of, position, quarter_name
from lio.tenancy import current_organization_id

BY_MONTH = """
SELECT date_trunc('month', d.expected_close_date)::date,
       count(*) FILTER (WHERE d.closed_at IS NULL)::int,
       coalesce(sum(d.value) FILTER (WHERE d.closed_at IS NULL), 0),
       coalesce(sum(round(d.value * s.probability, 2)) FILTER (WHERE d.closed_at IS NULL), 0),
       coalesce(sum(d.value) FILTER (WHERE s.is_won), 0),
       coalesce(sum(d.value) FILTER (WHERE d.closed_at IS NULL AND d.category = 'commit'), 0),
       coalesce(sum(d.value) FILTER (WHERE d.closed_at IS NULL AND d.category = 'best_case'), 0)
FROM deals_deal d JOIN deals_stage s ON s.organization_id = d.organization_id AND s.id = d.stage_id
WHERE d.organization_id = %(organization)s AND d.deleted_at IS NULL
  AND d.expected_close_date >= %(first)s AND d.expected_close_date < %(end)s
  AND (%(pipeline)s::bigint IS NULL OR d.pipeline_id = %(pipeline)s)
  AND (%(owners)s::bigint[] IS NULL OR d.assigned_to_id = ANY(%(owners)s))
GROUP BY 1
"""
WON_SO_FAR = """
SELECT date_trunc('month', d.closed_at AT TIME ZONE %(zone)s)::date, sum(d.value)
FROM deals_deal d JOIN deals_stage s ON s.organization_id = d.organization_id AND s.id = d.stage_id AND s.is_won
WHERE d.organization_id = %(organization)s AND d.deleted_at IS NULL
  AND d.closed_at >= %(first)s::timestamp AT TIME ZONE %(zone)s AND d.closed_at < %(end)s::timestamp AT TIME ZONE %(zone)s
  AND (%(pipeline)s::bigint IS NULL OR d.pipeline_id = %(pipeline)s)
GROUP BY 1
"""
COUNTED = ("deal_count", "total_value", "weighted_value", "won_value")


def periods(now_month, *, months, quarterly=False, pipeline=None, owners=None):
    """[{period, deal_count, total_value, weighted_value, won_value, committed, best_case, forecast_value, low, high}, ...].

    Of `months` months from `now_month`; by quarter, the whole quarters in which these lie. With `owners` (ids of members) only
    their deals count, and months have no forecast_value: what is said is said of pipelines.
    """
    first, end = now_month, now_month + months
    if quarterly:
        first, end = first - position(first), end + (3 - position(end)) % 3
    found, won = _read(first, end, pipeline, owners)
    said = {} if owners is not None else _said(now_month, pipeline)
    rows = [
        _row(month, found.get(month, (0,) * 6), _expected(month, now_month, float(won.get(month, 0)), said), bool(said))
        for month in range(first, end)
    ]
    if not quarterly:
        return [{"period": name_of(month), **row} for month, row in zip(range(first, end), rows, strict=True)]
    return [{"period": quarter_name(first + start), **_sum(rows[start : start + 3])} for start in range(0, len(rows), 3)]


def totals(rows):
    return {name: _cents(sum(row[name] for row in rows)) for name in COUNTED}


def method_of(now_month, pipeline=None):
    """(name, words) of the method that was chosen for the current month; (None, why) while there is none."""
    row = rows_said(now_month, pipeline).first()
    if row is None:
        return None, "Nothing is said yet: forecasts are made each night, once there are deals."
    return row.method, WORDS[row.method]


def _read(first, end, pipeline, owners):
    params = {"organization": current_organization_id(), "first": first_day(first), "end": first_day(end), "pipeline": pipeline,
              "owners": None if owners is None else list(owners), "zone": zone().key}
    with connection.cursor() as cursor:
        cursor.execute(BY_MONTH, params)
        found = {month_of(day): row for day, *row in cursor.fetchall()}
        cursor.execute(WON_SO_FAR, params)
        return found, {month_of(day): value for day, value in cursor.fetchall()}


def rows_said(now_month, pipeline):
    """What the chosen method said when that month began, of the months from it on."""
    return MonthForecast.objects.of(current_organization_id()).filter(
        pipeline=pipeline, made=first_day(now_month), is_chosen=True).order_by("target")


def _said(now_month, pipeline):
    """{month: (low, value, high)} as said when this month began."""
    return {month_of(row.target): (float(row.low or 0), float(row.value), float(row.high or 0))
            for row in rows_said(now_month, pipeline)}


def _expected(month, now_month, won, said):
    if month < now_month:
        return won, won, won
    low, value, high = said.get(month, (0.0, 0.0, 0.0))
    return (max(low, won), max(value, won), max(high, won)) if month == now_month else (low, value, high)


def _row(month, found, expected, is_said):
    count, total, weighted, won, commit, best = found
    row = {"deal_count": count, "total_value": total, "weighted_value": weighted, "won_value": won, "committed": won + commit,
           "best_case": won + commit + best}
    row = {name: _cents(value) for name, value in row.items()}
    ends = zip(("low", "forecast_value", "high"), expected, strict=True)
    return row | {name: _cents(value) if is_said else None for name, value in ends}


def _sum(rows):
    """Of months, the quarter. Errors of different months are taken as independent of each other."""
    out = {name: _cents(sum(row[name] for row in rows)) for name in (*COUNTED, "committed", "best_case")}
    if rows[0]["forecast_value"] is None:
        return out | {"low": None, "forecast_value": None, "high": None}
    value = sum(row["forecast_value"] for row in rows)
    below, above = (sqrt(sum((row[end] - row["forecast_value"]) ** 2 for row in rows)) for end in ("low", "high"))
    return out | {"low": _cents(max(0, value - below)), "forecast_value": _cents(value), "high": _cents(value + above)}


def _cents(value):
    return value if isinstance(value, int) else round(float(value), 2)
