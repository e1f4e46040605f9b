"""What a host has free: the slots of slots.py minus what the host's meetings take."""

import json
from datetime import UTC, date, datetime, timedelta

from django.db.models import Aggregate, BigIntegerField, Func, Q, TextField
from django.utils.timezone import now

from booking import meetings, profiles
from booking.models import LONGEST, BusyTime, Meeting
from booking.slots import Span, Taken, free, moment
from lio.errors import DomainError

MOST_DAYS = 62  # that can be asked for at once
NEAR = timedelta(days=1, minutes=2 * LONGEST)  # beyond what is asked for: buffers, and the other bookings of a day


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Micros(Func):
    """Microseconds since EPOCH."""

    template = "(extract(epoch FROM %(expressions)s) * 1000000)::bigint"
    output_field = BigIntegerField()


class Told(Aggregate):
    """All rows as one text of JSON, each a list: thousands of moments one by one would cost most of the time of an answer."""

    arity = None
    template = "coalesce(json_agg(json_build_array(%(expressions)s)), '[]')::text"
    output_field = TextField()


class BadQuestion(DomainError):
    """What was asked for is no time: 400 (R63)."""


def between(asked, zone):
    """[since, until) in UTC that `asked` means: {"date", "from", "to"}, dates (days of `zone`) or moments.

    Raises BadQuestion.
    """
    today = now().astimezone(zone).date()
    first, last = asked.get("from"), asked.get("to")
    if day := asked.get("date"):
        first = last = day
    since = edge(first, zone) if first else now()
    if last is None:
        until = since + timedelta(days=7) if first else edge(today + timedelta(days=7), zone)
    else:
        until = last + timedelta(microseconds=1) if isinstance(last, datetime) else edge(last, zone, days=1)
    if until < since or (last is not None and until == since):
        raise BadQuestion("to: is before from", fields={"to": ["is before from"]})
    if until - since > timedelta(days=MOST_DAYS + 1, hours=3):
        raise BadQuestion(f"to: at most {MOST_DAYS} days can be asked for", fields={"to": [f"is over {MOST_DAYS} days away"]})
    return since, until


def edge(value, zone, days=0):
    """The moment itself, or midnight so many days after a date. Raises BadQuestion."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    try:
        if not date(2, 1, 1) < value < date(9998, 1, 1):
            raise OverflowError
        return moment(value + timedelta(days=days), 0, zone)
    except OverflowError:
        raise BadQuestion("date: is out of range", fields={"date": ["is out of range"]}) from None


def slots(profile, length, since, until, *, at=None, but=None):
    """The free slots of `length` minutes that begin in [since, until): [(start, end)] in UTC.

    `but` is a meeting that is about to move: it does not stand in its own way.
    """
    return slots_of([profile], length, since, until, at=at, but=but)[profile.user_id]


def slots_of(there, length, since, until, *, at=None, but=None):
    """{id of the host: its free slots} of several booking pages of one organisation, for as many queries as one."""
    at = at or now()
    since = max(since, at)
    found: dict[int, list[Span]] = {profile.user_id: [] for profile in there}
    open_pages = [profile for profile in there if profile.is_active and profile.user.is_active]
    if until <= since or not open_pages:
        return found
    closed = taken(open_pages, since, until, but=but)
    for profile in open_pages:
        found[profile.user_id] = free(
            profiles.hours(profile), profiles.rules(profile, length), closed[profile.user_id], since, until, at)
    return found


def taken(there, since, until, *, but=None):
    """{id of the host: what its meetings, and its calendars elsewhere, take around [since, until)}."""
    organization_id = there[0].organization_id
    found: dict[int, list[Taken]] = {profile.user_id: [] for profile in there}
    near = Q(start_time__lt=until + NEAR, end_time__gt=since - NEAR, host__in=list(found))
    rows = Meeting.objects.of(organization_id).blocking().filter(near)
    rows = rows.filter(start_time__gt=since - NEAR - meetings.LONGEST)  # bounds what of the index is read
    if but is not None:
        rows = rows.exclude(pk=but.pk)
    told = Told(Micros("start_time"), Micros("end_time"), "buffer_before", "buffer_after", "exclusive")
    for host_id, text in rows.order_by().values_list("host").annotate(told=told):
        found[host_id] = [
            Taken(EPOCH + timedelta(microseconds=start), EPOCH + timedelta(microseconds=end), before, after, booked)
            for start, end, before, after, booked in json.loads(text)
        ]
    busy = BusyTime.objects.of(organization_id).filter(near)
    for host_id, start, end in busy.values_list("host", "start_time", "end_time"):
        found[host_id].append(Taken(max(start, since - NEAR), min(end, until + NEAR)))  # some end with the calendar itself
    return found
