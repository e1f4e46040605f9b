"""Calendar files (RFC 5545) as events of ours: pure, bounded, and never an error for what a file holds.

What cannot be read is counted and named; everything beside it still counts. A rule of recurrence is looked at before it is
walked: one that comes true thousands of times, or never, would keep a worker busy until the end of the calendar.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from integrations.ports import Event, Reading

MOST_STEPS = 50_000  # of a rule from its beginning to the end of what is asked for
MOST_OCCURRENCES = 2_000  # of one event in what is asked for
MOST_DATES = 2_000  # that an event lists
MOST_PROBLEMS = 5
SECONDS = 20  # for the rules of one reading
NEAR = timedelta(days=2)  # around what is asked for: days and floating times have no offset of their own
LONGEST_TITLE = 300
PERIODS = {"SECONDLY": 1, "MINUTELY": 60, "HOURLY": 3600, "DAILY": 86400, "WEEKLY": 7 * 86400, "MONTHLY": 28 * 86400,
           "YEARLY": 365 * 86400}  # fmt: skip
TOO_OFTEN = "An event recurs too often to be followed: its first time alone counts."
RULES = ("RRULE", "RDATE", "EXDATE")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAYS_OF = ("BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYDAY")
YEARS = 40  # in which a rule of days must come true; no calendar repeats itself later than after 28


class Unreadable(Exception):
    """Why an event cannot be read, in words."""


@dataclass
class Found:
    """What is being gathered; `reading` is the answer."""

    since: datetime
    until: datetime
    zone: ZoneInfo
    me: frozenset[str]
    deadline: float
    events: list[Event] = field(default_factory=list)
    skipped: int = 0
    failed: int = 0
    problems: dict[str, None] = field(default_factory=dict)

    def fail(self, problem):
        self.failed += 1
        self.problems[str(problem)[:200]] = None

    def reading(self):
        self.events.sort(key=lambda event: (event.start, event.end, event.id))
        return Reading(self.events, self.skipped, self.failed, tuple(self.problems)[:MOST_PROBLEMS])


def read(files: Iterable[tuple[str, str | bytes]], since: datetime, until: datetime, zone: ZoneInfo,
         me: Iterable[str] = ()) -> Reading:
    """The events that overlap [since, until) of `files`, (id, text) each; ids of events begin with that of their file.

    Whole days, and times without a zone, are those of `zone`. `me` are the member's own addresses: what the member has
    declined is not busy, nor is what takes no time. Cancelled events are counted as skipped.
    """
    found = Found(since, until, zone, frozenset(address.lower() for address in me), monotonic() + SECONDS)
    for name, text in files:
        try:
            calendars = icalendar.Calendar.from_ical(text, multiple=True)
        except Exception as error:  # the library raises whatever its parts do: ValueError, TypeError, KeyError ...
            found.fail(f"A calendar file cannot be read: {error}")
            continue
        for calendar in calendars:
            for series in _series(calendar):
                _read_series(found, name, calendar, series)
    return found.reading()


def _series(calendar):
    """The events of a calendar in groups: an event with the changes of its single occurrences."""
    groups: dict[object, list] = {}
    for place, component in enumerate(calendar.walk("VEVENT")):
        uid = str(component.get("UID", ""))
        groups.setdefault(uid or place, []).append(component)
    return groups.values()


def _read_series(found, name, calendar, series):
    """The occurrences of one event. Of one whose rules cannot be followed the times that it says itself still count."""
    recurs = any(key in component for component in series for key in (*RULES, "RECURRENCE-ID"))
    for is_plain in (False, True):
        try:
            if monotonic() > found.deadline:
                raise Unreadable("There is more in this calendar than can be read in time.")
            made = [_event(found, name, one, recurs) for one in _occurrences(found, calendar, series)]
        except Exception as error:  # as above: one event must not cost the others
            if is_plain:
                return
            found.fail(error if isinstance(error, Unreadable) else f"An event cannot be read: {error}")
            for component in series:
                for key in RULES:
                    component.pop(key, None)
        else:
            break
    for event in made:
        if event is None:
            found.skipped += 1
        elif event.start < found.until and (event.end > found.since or event.start >= found.since):
            found.events.append(event)


def _occurrences(found, calendar, series):
    alone = icalendar.Calendar()
    for key in ("X-WR-TIMEZONE", "CALSCALE"):
        if key in calendar:
            alone[key] = calendar[key]
    for component in series:
        _check(component, found.since, found.until)
        alone.add_component(component)
    occurrences = recurring_ical_events.of(alone).between(found.since - NEAR, found.until + NEAR)
    if len(occurrences) > MOST_OCCURRENCES:
        raise Unreadable(TOO_OFTEN)
    return occurrences


def _event(found, name, component, recurs):
    """One occurrence; None for what is cancelled."""
    first, last = component["DTSTART"].dt, component["DTEND"].dt
    if str(component.get("STATUS", "")).upper() == "CANCELLED":
        return None
    if first == last and not isinstance(first, datetime):  # how many programs write one whole day
        last = first + timedelta(days=1)
    start, end = _moment(first, found.zone), _moment(last, found.zone)
    end = max(start, end)
    uid = str(component.get("UID", ""))
    key = name or uid
    if recurs:
        at = component.get("RECURRENCE-ID")
        key = f"{key};{_moment(at.dt if at is not None else first, found.zone):%Y%m%dT%H%M%SZ}"
    people = component.get("ATTENDEE", [])
    people = people if isinstance(people, list) else [people]
    declined = any(_address(one) in found.me and str(getattr(one, "params", {}).get("PARTSTAT", "")).upper() == "DECLINED"
                   for one in people)
    is_free = (str(component.get("TRANSP", "")).upper() == "TRANSPARENT"
               or str(component.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() == "FREE")
    return Event(
        key, uid, str(component.get("SUMMARY", ""))[:LONGEST_TITLE], start, end,
        is_busy=start < end and not (declined or is_free), all_day=not isinstance(first, datetime),
        attendees=tuple(address for one in people if (address := _address(one))), url=str(component.get("URL", ""))[:500],
    )  # fmt: skip


def _address(person):
    text = str(person).strip()
    return text[7:].lower() if text.lower().startswith("mailto:") else ""


def _moment(given, zone):
    """A date, a time with or without a zone, as a moment in UTC. Raises OverflowError at the edges of the calendar."""
    if not isinstance(given, datetime):
        given = datetime.combine(given, time())
    return (given if given.tzinfo else given.replace(tzinfo=zone)).astimezone(UTC)


# ------------------------------------------------------------------------------------------- rules of recurrence
def _check(component, since, until):
    """Raises Unreadable for an event that is none, or whose rules cannot be walked in good time."""
    start = getattr(component.get("DTSTART"), "dt", None)
    if not isinstance(start, date):
        raise Unreadable("An event has no start.")
    dates = [one for key in ("RDATE", "EXDATE") for one in _listed(component.get(key))]
    if sum(len(getattr(one, "dts", ())) for one in dates) > MOST_DATES:
        raise Unreadable("An event lists too many dates.")
    for rule in _listed(component.get("RRULE")):
        parts = {key.upper(): value if isinstance(value, list) else [value] for key, value in rule.items()}
        _check_rule(parts, start, since, until)


def _listed(value):
    return [] if value is None else value if isinstance(value, list) else [value]


def _check_rule(rule, start, since, until):
    frequency = str(rule.get("FREQ", [""])[0]).upper()
    if frequency not in PERIODS:
        raise Unreadable("A rule of recurrence says no known frequency.")
    interval = max(1, int(rule.get("INTERVAL", [1])[0]))
    if int(rule.get("INTERVAL", [1])[0]) < 1:
        raise Unreadable("A rule of recurrence has no interval.")
    days = {name: rule[name] for name in DAYS_OF if rule.get(name)}
    is_fine = PERIODS[frequency] < PERIODS["DAILY"]
    if is_fine and (days or "BYWEEKNO" in rule or "BYSETPOS" in rule):
        raise Unreadable("A rule of recurrence counts hours or less on certain days.")
    ordinals = [_ordinal(text) for text in rule.get("BYDAY", [])]
    if frequency in ("DAILY", "WEEKLY") and (any(ordinals) or "BYWEEKNO" in rule or "BYSETPOS" in rule):
        raise Unreadable("A rule of recurrence counts days or weeks of which it knows no number.")
    if any(abs(number) > 366 for number in map(int, rule.get("BYSETPOS", []))):
        raise Unreadable("A rule of recurrence never comes true.")
    first = (start if isinstance(start, datetime) else datetime.combine(start, time())).replace(tzinfo=None)
    last, near = (until + NEAR).replace(tzinfo=None), (since - NEAR).replace(tzinfo=None)
    step = float(PERIODS[frequency] * interval)  # seconds
    for name, count in (("BYSECOND", 60), ("BYMINUTE", 60), ("BYHOUR", 24)):
        step /= min(len(rule.get(name, [0])), count)
    if frequency in ("MONTHLY", "YEARLY") and days:
        step /= 31 if frequency == "MONTHLY" else 366
    walked, shown = ((last - edge).total_seconds() / step for edge in (first, max(first, near)))
    if walked > MOST_STEPS or shown > MOST_OCCURRENCES:
        raise Unreadable(TOO_OFTEN)
    if days and not _comes_true(frequency, interval, days, first.date()):
        raise Unreadable("A rule of recurrence never comes true.")


def _ordinal(text):
    """The number before a weekday: 2 of `2MO`, 0 of `MO`."""
    head = str(text).upper().lstrip("+")[:-2]
    return int(head) if head else 0


def _comes_true(frequency, interval, days, first):
    """Whether any day within YEARS fits what the rule says of days; ordinals of weekdays are left out of account."""
    months, month_days, year_days = ({int(one) for one in days.get(name, ())} for name in DAYS_OF[:3])
    weekdays = {WEEKDAYS.index(str(text).upper()[-2:]) for text in days.get("BYDAY", ())}
    last = min(first.year + YEARS, date.max.year - 1)
    day, step = first, timedelta(days=1)
    monday = first - timedelta(days=first.weekday()) if first > date.min + timedelta(days=7) else first
    while day.year <= last:
        gap = (day - monday).days // 7 % interval if frequency == "WEEKLY" else 0
        if frequency == "DAILY":
            gap = (day - first).days % interval
        length = (date(day.year, 12, 31) - date(day.year, 1, 1)).days + 1
        of_year = day.timetuple().tm_yday
        of_month = ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day
        if (not gap and (not months or day.month in months)
                and (not month_days or {day.day, day.day - of_month - 1} & month_days)
                and (not year_days or {of_year, of_year - length - 1} & year_days)
                and (not weekdays or day.weekday() in weekdays)):
            return True
        day += step
    return False
