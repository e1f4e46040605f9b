"""The clock of first responses: it runs while the organisation works."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

LONGEST = timedelta(days=3660)


def working_minutes(start, end, *, zone, days, first, last):
    """Whole minutes of working time between two moments.

    `zone` is the name of the time zone, `days` are 1 (Monday) to 7, `first` and `last` the times (datetime.time) between which
    is worked. Days on which the clock is changed count as long as they are.
    """
    if end <= start:
        return 0
    end = min(end, start + LONGEST)
    place, seconds = ZoneInfo(zone), 0.0
    day, to = start.astimezone(place).date(), end.astimezone(place).date()
    while day <= to:
        if day.isoweekday() in days:
            opens, closes = (datetime.combine(day, at, place) for at in (first, last))
            seconds += max(0.0, min(end, closes).timestamp() - max(start, opens).timestamp())
        day += timedelta(days=1)
    return int(seconds // 60)


def in_words(minutes):
    """Minutes as people say them: 25 min, 3 h, 3 h 20 min."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest and hours < 10 else f"{hours} h"
