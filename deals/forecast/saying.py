"""What is said of the months to come: on the first day of each, from what was known by then, and kept for good."""

from django.db import connection

from deals.forecast.choosing import Said, forecasts, scores
from deals.forecast.days import zone
from deals.forecast.learning import CLOSED, planned_anew
from deals.forecast.models import MonthForecast
from deals.forecast.monthly import Known, OpenDeal
from deals.forecast.months import first_day, month_of
from deals.models import Pipeline
from lio.tenancy import current_organization_id

OF_PIPELINE = "(%(pipeline)s::bigint IS NULL OR {}.pipeline_id = %(pipeline)s)"
WON = f"""
SELECT date_trunc('month', c.closed_on)::date, coalesce(sum(c.value) FILTER (WHERE c.state = 'won'), 0)
FROM ({CLOSED}) c WHERE {OF_PIPELINE.format("c")} GROUP BY 1
"""
AGES_AT_CLOSE = f"""
SELECT greatest(c.closed_on - (d.created_at AT TIME ZONE %(zone)s)::date, 0), c.state = 'won', count(*)::int
FROM ({CLOSED}) c JOIN deals_deal d ON d.organization_id = %(organization)s AND d.id = c.deal_id
WHERE {OF_PIPELINE.format("c")} GROUP BY 1, 2
"""
# The open deals as they were looked at when the month began.
OPEN = f"""
SELECT s.value::float8, s.probability::float8, s.expected_close_date, s.day - (d.created_at AT TIME ZONE %(zone)s)::date
FROM deals_forecastsnapshot s JOIN deals_deal d ON d.organization_id = %(organization)s AND d.id = s.deal_id
WHERE s.organization_id = %(organization)s AND s.reason = 'nightly' AND s.state = 'open' AND s.is_look
  AND s.day >= %(day)s::date AND s.day < (%(day)s::date + interval '1 month') AND {OF_PIPELINE.format("s")}
"""


def won_by_month(day, pipeline=None):
    """{month: won value} as known when `day` began, of the full months since the first closing; months without are 0."""
    with connection.cursor() as cursor:
        planned_anew(cursor)
        cursor.execute(WON, _params(day, pipeline))
        found = {month_of(month): float(value) for month, value in cursor.fetchall()}
    return {month: found.get(month, 0.0) for month in range(min(found), month_of(day))} if found else {}


def known_at(month, pipeline=None):
    """What was Known when `month` began, of one pipeline or of all."""
    day = first_day(month)
    with connection.cursor() as cursor:
        planned_anew(cursor)
        cursor.execute(OPEN, _params(day, pipeline))
        deals = [OpenDeal(value, p, month_of(expected), max(age, 0)) for value, p, expected, age in cursor.fetchall()]
        cursor.execute(AGES_AT_CLOSE, _params(day, pipeline))
        closed = {(age, won): number for age, won, number in cursor.fetchall()}
    return Known(month, won_by_month(day, pipeline), deals, closed)


def say(month):
    """Say what is to be expected as `month` begins, of all pipelines together and of each, unless it is said already.

    The night's snapshots come first; they were looks, since nothing was said yet.
    """
    organization = current_organization_id()
    done = set(MonthForecast.objects.of(organization).filter(made=first_day(month)).values_list("pipeline_id", flat=True))
    pipelines = [None, *Pipeline.objects.of(organization).alive().values_list("pk", flat=True)]
    for pipeline in pipelines:
        if pipeline not in done:
            known = known_at(month, pipeline)
            said = forecasts(known, scores(said_before(month, pipeline), known.won), seed=pipeline or 0)
            MonthForecast.objects.bulk_create([
                MonthForecast(organization_id=organization, pipeline_id=pipeline, made=first_day(one.month),
                              target=first_day(one.target), method=one.method, is_chosen=one.is_chosen,
                              **{name: value if value is None else round(value, 2)
                                 for name, value in (("value", one.value), ("low", one.low), ("high", one.high))})
                for one in said
            ], ignore_conflicts=True)


def is_said(month):
    """Whether all is said of the month that begins, as far as there is something to say."""
    return MonthForecast.objects.of(current_organization_id()).filter(made=first_day(month), pipeline=None).exists()


def said_before(month, pipeline=None, since=0):
    """All that was Said when the months from `since` up to that before `month` began, in order."""
    rows = MonthForecast.objects.of(current_organization_id()).filter(
        pipeline=pipeline, made__lt=first_day(month), made__gte=first_day(max(since, 12))).order_by("made", "target")
    return [
        Said(month_of(row.made), month_of(row.target), row.method, float(row.value),
             None if row.low is None else float(row.low), None if row.high is None else float(row.high), row.is_chosen)
        for row in rows
    ]


def _params(day, pipeline):
    return {"organization": current_organization_id(), "day": day, "pipeline": pipeline, "zone": zone().key}
