"""The night's work on forecasts: count what closed, take a snapshot of every open deal, say what the month will bring,
and thin out old nights."""

from datetime import date
from time import monotonic

from django.db import connections

from deals.forecast import learning, saying
from deals.forecast.days import today
from deals.forecast.months import month_of
from deals.forecast.snapshots import snapshot_open
from deals.forecast.thinning import thin
from lio.jobs import AGAIN, TURN_SECONDS, advance, enqueue, every, job
from lio.tenancy import org_scope

CHUNK = 10_000  # deals, or snapshots that go, in a transaction


@every(1_800)
@job(attempts=1)
def forecast_all():
    """Start `forecast_night` for every organisation that has deals, as soon as its day has begun."""
    with connections["system"].cursor() as cursor:
        cursor.execute("""SELECT o.id, (now() AT TIME ZONE o.timezone)::date FROM accounts_organization o
                          WHERE EXISTS (SELECT FROM deals_deal d WHERE d.organization_id = o.id)""")
        busy = cursor.fetchall()
    for organization_id, day in busy:
        with org_scope(organization_id):
            enqueue(forecast_night, day.isoformat(), key=f"forecast:{organization_id}:{day}")


@job(long=True, attempts=20)
def forecast_night(row, day):
    """One night of one organisation, which begins `day`; a night that comes a day late is left out."""
    end, day = monotonic() + TURN_SECONDS, date.fromisoformat(day)
    with org_scope(row.organization_id):
        if today() != day:
            return None
        look = not saying.is_said(month_of(day))  # the first night of a month, or the first one that came to pass
        if row.cursor is None:
            learning.learn(day)
            advance(row, cursor=0)
    last = row.cursor or 0
    while last is not None:
        with org_scope(row.organization_id):
            last = snapshot_open(last, CHUNK, look=look)
            if last is not None:
                advance(row, cursor=last)
        if monotonic() > end:
            return AGAIN
    with org_scope(row.organization_id):
        saying.say(month_of(day))
    gone = CHUNK
    while gone:
        with org_scope(row.organization_id):
            gone = thin(CHUNK)
        if monotonic() > end:
            return AGAIN
    return None
