"""When a host can be booked: wall-clock hours walked in UTC, minus what is taken (DECISIONS 21, TRUST 3.10).

A day's hours are turned into moments one day at a time by zoneinfo, and only then walked in steps, so that a clock change
makes the day longer or shorter and never moves or doubles a slot. Nothing here asks the database.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = 24 * 60  # minutes
ONE_DAY = timedelta(days=1)
Span = tuple[datetime, datetime]  # [start, end) in UTC
Minutes = tuple[int, int]  # of a day, after midnight on the wall


@dataclass(frozen=True)
class Hours:
    """When somebody works: `weekly` by ISO weekday (1 Monday), `overrides` by date; what a date overrides holds alone."""

    zone: ZoneInfo
    weekly: dict[int, tuple[Minutes, ...]]
    overrides: dict[date, tuple[Minutes, ...]] = field(default_factory=dict)

    def on(self, day):
        return self.overrides[day] if day in self.overrides else self.weekly.get(day.isoweekday(), ())


@dataclass(frozen=True)
class Rules:
    """What a booking must keep to. Times in minutes; `step` 0 is the length of the meeting."""

    length: int
    step: int = 0
    before: int = 0
    after: int = 0
    notice: int = 0
    horizon: int = 60  # days
    most_a_day: int = 0  # 0: as many as fit


class Taken(NamedTuple):
    """A time at which the host is not free; the minutes are what it wants kept around itself."""

    start: datetime
    end: datetime
    before: int = 0
    after: int = 0
    counts: bool = False  # towards the bookings of its day


def moment(day, minutes, zone):
    """The moment at which the wall clock of `zone` first shows so many minutes after midnight of `day`, in UTC.

    A time that a clock change leaves out is the moment of that change: the first at which the clock shows no less.
    """
    days, minutes = divmod(minutes, DAY)
    wall = datetime.combine(day + timedelta(days=days), time(minutes // 60, minutes % 60))
    early, late = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early.astimezone(zone).replace(tzinfo=None) == wall:
        return early
    low, high = min(early, late), max(early, late)
    was = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == was else (low, middle)
    return high.replace(microsecond=0)


def windows(hours: Hours, first: date, last: date) -> Iterator[tuple[date, datetime, datetime]]:
    """(day, start, end) of each working time of the host's days `first` to `last`, in order; end after start."""
    day = first
    while day <= last:
        for start, end in hours.on(day):
            begins, ends = moment(day, start, hours.zone), moment(day, end, hours.zone)
            if begins < ends:
                yield day, begins, ends
        day += ONE_DAY


def free(hours: Hours, rules: Rules, taken: Iterable[Taken], since: datetime, until: datetime, now: datetime) -> list[Span]:
    """The slots that begin in [since, until), in order. `taken` may hold more than what is near."""
    earliest = max(since, now + timedelta(minutes=rules.notice))
    furthest = now.astimezone(hours.zone).date() + timedelta(days=rules.horizon)
    if until <= earliest:
        return []
    first = earliest.astimezone(hours.zone).date() - ONE_DAY  # hours may reach over midnight
    last = min(until.astimezone(hours.zone).date(), furthest)
    length, step = timedelta(minutes=rules.length), timedelta(minutes=rules.step or rules.length)
    taken = list(taken)
    closed = _closed(taken, rules)
    full = _full(taken, hours.zone, rules.most_a_day)
    ends = [end for _, end in closed]
    found = []
    for day, start, end in windows(hours, first, last):
        if end <= earliest or start >= until or day in full:
            continue
        while start + length <= end:
            if start >= until:
                break
            if start >= earliest:
                near = bisect_left(ends, start + timedelta(microseconds=1))  # the first that ends after this begins
                if near < len(closed) and closed[near][0] < start + length:
                    start += step
                    continue
                found.append((start, start + length))
            start += step
    return sorted(set(found))


def _closed(taken, rules):
    """Spans in which no meeting of these rules may lie, in order and apart from each other."""
    minutes = {length: timedelta(minutes=length) for one in taken for length in (one.before, one.after)}
    minutes |= {length: timedelta(minutes=length) for length in (rules.before, rules.after)}
    spans = sorted(
        (start - minutes[max(before, rules.after)], end + minutes[max(after, rules.before)])
        for start, end, before, after, _ in taken if start < end
    )
    found: list[Span] = []
    for start, end in spans:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _full(taken, zone, most):
    """The host's days that hold as many bookings as they may."""
    if not most:
        return frozenset()
    counts: dict[date, int] = {}
    for one in taken:
        if one.counts:
            day = one.start.astimezone(zone).date()
            counts[day] = counts.get(day, 0) + 1
    return {day for day, count in counts.items() if count >= most}
