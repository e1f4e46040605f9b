"""How good the forecasts of an organisation were: what was said then (never recomputed) against what came true."""

from django.db import connection

from deals.forecast import accuracy
from deals.forecast.choosing import pairs, scores, standing
from deals.forecast.days import zone
from deals.forecast.learning import CLOSED, LOOKED_AT, planned_anew
from deals.forecast.monthly import CANDIDATES, WORDS
from deals.forecast.months import first_day, name_of
from deals.forecast.periods import rows_said
from deals.forecast.saying import OF_PIPELINE, said_before, won_by_month
from deals.forecast.spread import COVERED
from lio import calibration
from lio.tenancy import current_organization_id

SAID_OF_CLOSED = f"""
WITH closed AS (
    SELECT * FROM ({CLOSED}) c WHERE {OF_PIPELINE.format("c")} AND closed_on >= %(first)s AND closed_on < %(day)s
), looked_at AS ({LOOKED_AT})
SELECT win_probability::float8, state = 'won', count(*)::int FROM looked_at GROUP BY 1, 2
"""


def report(until, months, pipeline=None):
    """The accuracy of the `months` months up to and with `until`, as the API shows it. Shares are in percent."""
    first, end = until - months + 1, until + 1
    said = said_before(end, pipeline, since=first)
    won = won_by_month(first_day(end), pipeline)
    chosen = {one.month: one for one in said if one.is_chosen and one.target == one.month}
    rows = [_month(month, chosen.get(month), won.get(month, 0.0)) for month in range(first, end)]
    scored = [row["accuracy"] for row in rows if row["accuracy"] is not None]
    deals = _deals(first_day(first), first_day(end), pipeline)
    spoken = [one for one in deals if one[0] is not None]
    return {
        "months": rows,
        "overall_accuracy": round(sum(scored) / len(scored), 2) if scored else None,
        "horizons": [{"months": horizon, **_measures(pairs(said, won, horizon, end).values())} for horizon in (1, 3)],
        "methods": [
            {"method": name, "text": WORDS[name], "months_ahead": horizon,
             **_measures(pairs(said, won, horizon, end, name).values())}
            for name in CANDIDATES for horizon in (1, 3)
        ],
        "coverage": _percent(accuracy.coverage([(one.low, won.get(month, 0.0), one.high) for month, one in chosen.items()])),
        "coverage_promised": _percent(COVERED),
        "deals": {
            "closed": sum(number for _, _, number in deals),
            "forecast": sum(number for _, _, number in spoken),
            "brier": _rounded(calibration.brier(spoken), 4),
            "reliability": [
                {name: _rounded(value, 4) for name, value in band.items()} for band in calibration.reliability(spoken, "deals")
            ],
        },
    }


def choice(now_month, pipeline=None):
    """Which method speaks of the current month and how the candidates stood when it was chosen.

    {"method", "months": names of the compared months, "candidates": [{"method", "text", "scored", "error"}]}; `error` is
    the absolute error over the compared months in percent of what was won in them, None of those that are not compared.
    """
    row = rows_said(now_month, pipeline).first()
    if row is None:
        return {"method": None, "months": [], "candidates": []}
    scored = scores(said_before(now_month, pipeline), won_by_month(first_day(now_month), pipeline))
    errors, months = standing(scored)
    actual = sum(scored[next(iter(errors))][month][1] for month in months) if errors else 0
    names = [*errors, *[name for name in CANDIDATES if name not in errors]]
    return {
        "method": row.method, "months": [name_of(month) for month in months],
        "candidates": [
            {"method": name, "text": WORDS[name], "scored": len(scored.get(name, ())),
             "error": _percent(errors[name] / actual) if name in errors and actual else None}
            for name in names
        ],
    }


COLUMNS = ("period", "forecast_value", "actual_value", "accuracy", "error", "low", "high", "method")


def _month(month, said, actual):
    forecast = said.value if said else None
    right = accuracy.accuracy_of(forecast, actual) if said else None
    return {
        "period": name_of(month), "forecast_value": _rounded(forecast), "actual_value": round(actual, 2),
        "accuracy": _percent(right),
        "error": _percent((forecast - actual) / actual) if said and actual else None,
        "low": said and _rounded(said.low), "high": said and _rounded(said.high), "method": said and said.method,
    }


def _measures(found):
    measured = accuracy.summed_up(found)
    return {"mape": _percent(measured["mape"]), "bias": _percent(measured["bias"]), "scored": measured["months"]}


def _deals(first, end, pipeline):
    params = {"organization": current_organization_id(), "first": first, "day": end, "pipeline": pipeline, "zone": zone().key}
    with connection.cursor() as cursor:
        planned_anew(cursor)
        cursor.execute(SAID_OF_CLOSED, params)
        return cursor.fetchall()


def _percent(share):
    return None if share is None else round(share * 100, 2)


def _rounded(value, digits=2):
    return None if value is None else round(value, digits)
