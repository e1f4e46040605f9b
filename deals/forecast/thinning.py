"""Old nights are thinned out: what is measured and compared never looks at them, and they are most of all rows.

Every night is kept for NEARBY days, then the first of each week up to YEAR days, then only the nights in which a month began.
Those taken at a change of a deal stay, and so does what we are measured by (`is_look`).
"""

from datetime import timedelta

from django.db import connection
from django.utils.timezone import now

from deals.forecast.days import zone
from deals.forecast.snapshots import NIGHTLY
from lio.tenancy import current_organization_id

NEARBY, YEAR = 90, 365  # days
CAUGHT_UP = 35  # days that a night looks back beyond each border, for nights that did not come to pass
FIRST_OF_WEEK = """
SELECT min(day) FROM deals_forecastsnapshot WHERE organization_id = %s AND day >= %s AND day < %s AND reason = %s
"""
DELETE = """
DELETE FROM deals_forecastsnapshot WHERE organization_id = %(organization)s AND id IN (
    SELECT id FROM deals_forecastsnapshot
    WHERE organization_id = %(organization)s AND day = %(day)s AND reason = %(reason)s AND NOT is_look LIMIT %(limit)s)
"""


def thin(limit, *, day=None):
    """Take away up to `limit` snapshots that are old as of `day` (today); answers how many went, 0 when all are done."""
    day = day or now().astimezone(zone()).date()
    organization = current_organization_id()
    with connection.cursor() as cursor:
        for old in _days(cursor, organization, day):
            cursor.execute(DELETE, {"organization": organization, "day": old, "reason": NIGHTLY, "limit": limit})
            if cursor.rowcount:
                return cursor.rowcount
    return 0


def _days(cursor, organization, day):
    """The nights that are not kept any longer."""
    for back in range(NEARBY + 1, NEARBY + 1 + CAUGHT_UP):
        old = day - timedelta(days=back)
        monday = old - timedelta(days=old.weekday())
        cursor.execute(FIRST_OF_WEEK, [organization, monday, monday + timedelta(days=7), NIGHTLY])
        if cursor.fetchone()[0] != old:
            yield old
    for back in range(YEAR + 1, YEAR + 1 + CAUGHT_UP):
        yield day - timedelta(days=back)
