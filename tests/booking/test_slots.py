"""Slots: wall-clock hours over every clock change, buffers, notice, limits; real cases of another scheduler's bugs by name."""

import itertools
import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.slots import Hours, Rules, Taken, free, moment, windows
from tests.conftest import SHARED, shared

CASES = SHARED / "data/booking-dst/cases.json"
NAMES = [case["id"] for case in json.loads(CASES.read_text())] if CASES.exists() else ["the shared folder is not here"]
ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)
ZONES = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix", "right")))


def utc(text):
    return datetime.fromisoformat(text)


def minutes(text):
    hour, minute = map(int, text.split(":"))
    return hour * 60 + minute


def daily(zone, start, end):
    return Hours(ZoneInfo(zone), dict.fromkeys(range(1, 8), ((start, end),)))


def of_day(hours, rules, day, taken=(), now=ALWAYS):
    """The slots of the host's own day."""
    since, until = (moment(day + timedelta(days=n), 0, hours.zone) for n in (0, 1))
    return free(hours, rules, taken, since, until, now)


def always(length=30, **more):
    return Rules(length, horizon=100_000, **more)


@pytest.mark.parametrize("name", NAMES)
def test_known_bugs_of_clock_changes(name):
    case = next(one for one in json.loads(shared("data/booking-dst/cases.json").read_text()) if one["id"] == name)
    days = {(day + 6) % 7 + 1: ((minutes(case["schedule"]["start"]), minutes(case["schedule"]["end"])),)
            for day in case["schedule"]["days"]}
    hours, day, length = Hours(ZoneInfo(case["zone"]), days), date.fromisoformat(case["date"]), case["duration_min"]
    expected = []
    for start, end in case["expected"]:
        start, end = utc(start), utc(end)
        while start + timedelta(minutes=length) <= end:
            expected.append((start, start + timedelta(minutes=length)))
            start += timedelta(minutes=length)
    assert of_day(hours, always(length), day) == expected
    for zone in ("Asia/Kolkata", "Pacific/Auckland", "UTC"):  # whoever asks, over three days of his own
        asked = [moment(day + timedelta(days=n), 0, ZoneInfo(zone)) for n in (-1, 3)]
        found = free(hours, always(length), (), *asked, ALWAYS)
        assert [one for one in found if one[0].astimezone(hours.zone).date() == day] == expected


@pytest.mark.parametrize(("zone", "day", "count"), [("America/New_York", "2027-11-07", 10), ("Europe/Berlin", "2027-03-28", 6),
                                                    ("Australia/Lord_Howe", "2027-10-03", 7)])
def test_the_night_of_a_change_has_the_slots_that_pass(zone, day, count):
    assert len(of_day(daily(zone, 0, 240), always(), date.fromisoformat(day))) == count


@settings(deadline=None, derandomize=True, database=None)
@given(st.sampled_from(ZONES), st.dates(date(1990, 1, 1), date(2037, 12, 30)), st.integers(0, 1439), st.integers(1, 1440))
def test_a_moment_is_the_first_at_which_the_clock_shows_no_less(zone, day, start, more):
    zone = ZoneInfo(zone)
    wall = datetime.combine(day, time(start // 60, start % 60))
    found = moment(day, start, zone)
    shown = found.astimezone(zone).replace(tzinfo=None)
    before = (found - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
    assert shown == wall or (shown > wall > before)
    assert before < wall
    hours = Hours(zone, {day.isoweekday(): ((start, min(start + more, 1440)),)})
    for _, begins, ends in windows(hours, day, day):
        assert begins < ends <= begins + timedelta(hours=27)


def nights_of_change(zone, year):
    """The days of a year on which the offset of a zone changes."""
    day, found = date(year, 1, 1), []
    while day.year == year:
        offsets = [datetime.combine(day + timedelta(days=n), time(), zone).utcoffset() for n in (0, 1)]
        found += [day] if offsets[0] != offsets[1] else []
        day += timedelta(days=1)
    return found


@pytest.mark.parametrize("zone", ZONES if len(ZONES) < 50 else ZONES[::9])
def test_slots_of_every_change_are_in_order_apart_and_within_hours(zone):
    for day in nights_of_change(ZoneInfo(zone), 2027):
        for start, end in ((0, 240), (60, 1440), (9 * 60, 17 * 60)):
            hours = daily(zone, start, end)
            found = of_day(hours, always(), day)
            assert all(one[1] <= other[0] for one, other in itertools.pairwise(found))
            for begins, ends in found:
                assert ends - begins == timedelta(minutes=30)
                assert begins.astimezone(UTC).astimezone(hours.zone).date() == day
                assert free(hours, always(), (), begins, begins + timedelta(seconds=1), ALWAYS) == [(begins, ends)]


MONDAY = date(2026, 6, 15)
BERLIN = daily("Europe/Berlin", 9 * 60, 12 * 60)


def clock(spans):
    return [f"{start.astimezone(BERLIN.zone):%H:%M}" for start, _ in spans]


def busy(start, end, **more):
    return Taken(*(moment(MONDAY, minutes(text), BERLIN.zone) for text in (start, end)), **more)


def test_what_is_taken_is_not_offered_and_neighbours_are():
    assert clock(of_day(BERLIN, always(), MONDAY, [busy("10:00", "10:30")])) == ["09:00", "09:30", "10:30", "11:00", "11:30"]
    assert clock(of_day(BERLIN, always(), MONDAY, [busy("09:59", "10:01")])) == ["09:00", "10:30", "11:00", "11:30"]
    assert of_day(BERLIN, always(), MONDAY, [busy("00:00", "23:59")]) == []
    one = [busy("10:00", "10:00")]  # nothing
    assert len(of_day(BERLIN, always(), MONDAY, one)) == 6


def test_the_longer_buffer_of_two_meetings_is_kept_on_both_sides():
    taken = [busy("10:00", "10:30", before=10, after=30)]
    assert clock(of_day(BERLIN, always(), MONDAY, taken)) == ["09:00", "11:00", "11:30"]
    assert clock(of_day(BERLIN, always(before=45), MONDAY, taken)) == ["09:00", "11:30"]
    assert clock(of_day(BERLIN, always(after=45), MONDAY, taken)) == ["11:00", "11:30"]
    assert len(of_day(BERLIN, always(before=45, after=45), MONDAY)) == 6  # nothing is kept free at the edges of the day


def test_a_step_of_its_own():
    assert clock(of_day(BERLIN, always(60, step=45), MONDAY)) == ["09:00", "09:45", "10:30"]


def test_notice_and_horizon():
    at = moment(MONDAY, minutes("09:40"), BERLIN.zone)
    assert clock(of_day(BERLIN, Rules(30, notice=60), MONDAY, now=at)) == ["11:00", "11:30"]
    assert len(of_day(BERLIN, Rules(30, horizon=3), MONDAY + timedelta(days=3), now=at)) == 6
    assert of_day(BERLIN, Rules(30, horizon=3), MONDAY + timedelta(days=4), now=at) == []
    assert of_day(BERLIN, always(), MONDAY - timedelta(days=1), now=at) == []


def test_a_full_day_offers_nothing_more():
    taken = [busy("09:00", "09:30", counts=True), busy("10:00", "10:30")]
    assert of_day(BERLIN, always(most_a_day=1), MONDAY, taken) == []
    assert len(of_day(BERLIN, always(most_a_day=2), MONDAY, taken)) == 4
    assert len(of_day(BERLIN, always(most_a_day=1), MONDAY + timedelta(days=1), taken)) == 6


def test_a_date_overrides_its_weekday():
    hours = Hours(BERLIN.zone, BERLIN.weekly, {MONDAY: (), MONDAY + timedelta(days=1): ((600, 660), (840, 870))})
    assert of_day(hours, always(), MONDAY) == []
    assert clock(of_day(hours, always(), MONDAY + timedelta(days=1))) == ["10:00", "10:30", "14:00"]


def test_what_is_asked_for_does_not_move_the_slots():
    whole = of_day(BERLIN, always(), MONDAY)
    since = whole[2][0] - timedelta(minutes=5)
    assert free(BERLIN, always(), (), since, whole[4][0], ALWAYS) == whole[2:4]
