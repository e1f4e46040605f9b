"""Calendar files as events: what real files hold, beside the reading of another library; and files made to do harm."""

import json
from datetime import UTC, date, datetime, timedelta
from time import monotonic
from zoneinfo import ZoneInfo

import pytest

from integrations import ics
from tests.conftest import shared

BERLIN = ZoneInfo("Europe/Berlin")
JUNE = datetime(2026, 6, 1, tzinfo=UTC)
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # icalendar says aloud what it makes of odd zones

# Where our reading of an event that has a start is another than the reference's, {(file, uid): why}
WHOLE_DAY = "one whole day written with the same date twice: the reference shows no length, we take the day"
RULE = "its rule or list of dates cannot be followed: its own time counts, and one failure"
OTHER_READINGS = {
    ("calendars/example.ics", "636a0cc1dbd5a1667894465@icalendar"): WHOLE_DAY,
    ("calendars/example.ics", "636a0cc1dbfd91667894465@icalendar"): WHOLE_DAY,
    ("calendars/example.ics", "636a0cc1dc0f11667894465@icalendar"): WHOLE_DAY,
    ("calendars/invalid_duration.ics", "invalid-duration@example.com"):
        "it lasts 10^18 weeks: the reference reads its start alone, to us it has failed",
    ("calendars/issue_1081_invalid_rrule_freq.ics", "test-123"): RULE,
    ("calendars/issue_165_missing_event.ics", ""): RULE,
    ("calendars/multiple_timezones.ics", "test-vtime-named-timezone"): RULE,
    ("calendars/multiple_timezones.ics", "test-vtime-utc"): RULE,
    ("calendars/multiple_timezones.ics", "test-vtime-floating"): RULE,
    ("calendars/rfc_7529.ics", "4.3.1"): RULE,
    ("calendars/rfc_7529.ics", "4.3.2"): RULE,
    ("calendars/rfc_7529.ics", "4.3.3"): RULE,
    ("calendars/rfc_7529.ics", "4.3.4"): RULE,
    ("events/issue_464_invalid_rdate.ics", "rdate_period"): RULE,
}  # fmt: skip


def file(*lines, uid="one"):
    text = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", "BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT",
            "END:VCALENDAR", ""]  # fmt: skip
    return "\r\n".join(text)


def read(*files, since=JUNE, days=30, zone=BERLIN, me=()):
    return ics.read([(f"f{n}", text) for n, text in enumerate(files)], since, since + timedelta(days=days), zone, me)


def spans(reading):
    return [(event.start, event.end) for event in reading.events]


# ------------------------------------------------------------------------------------------- real files
def reference():
    return json.loads(shared("data/ics-calendars/reference_readings.json").read_text())


def moment(text):
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def test_real_files_are_read_like_by_the_reference():
    """Of each event that has a start: that start, and that end where there is one, in UTC."""
    folder, agree, other = shared("data/ics-calendars"), 0, set()
    for name, there in reference().items():
        text = (folder / name).read_bytes()
        for event in there.get("events", []):
            if "dtstart" not in event:
                continue
            start, end = moment(event.get("dtstart_utc") or event["dtstart"]), event.get("dtend_utc") or event.get("dtend")
            got = ics.read([("", text)], start - timedelta(days=1), start + timedelta(days=1), ZoneInfo("UTC"))
            mine = [one for one in got.events if one.uid == event.get("uid", "") and one.start == start]
            fits = [one for one in mine if end is None or one.end == moment(end)]
            if fits and (name, event.get("uid", "")) not in OTHER_READINGS:
                agree += 1
            else:
                other.add((name, event.get("uid", "")))
                if OTHER_READINGS.get((name, event.get("uid", ""))) == RULE:
                    assert fits and got.failed, (name, got)
    assert other == OTHER_READINGS.keys()
    assert agree == 97 and agree + len(other) == 111


def test_no_real_file_is_an_error():
    """All 163 files, whatever is wrong with them; what the reference cannot read has failed here, too, and nothing else has
    where the reference sees no event."""
    folder, files = shared("data/ics-calendars"), reference()
    assert len(files) == 163
    for name, there in files.items():
        since, until = datetime(1990, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
        got = ics.read([(name, (folder / name).read_bytes())], since, until, BERLIN)
        without_start = [event for event in there.get("events", []) if "dtstart" not in event]
        assert got.failed >= bool("error" in there or without_start), name
        if "error" not in there and not there["events"]:
            assert not got.events and not got.failed, name


# ------------------------------------------------------------------------------------------- what events mean
def test_weekly_over_the_clock_changes():
    weekly = file("DTSTART;TZID=Europe/Berlin:20261020T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY")
    found = spans(read(weekly, since=datetime(2026, 10, 19, tzinfo=UTC)))
    assert [start.hour for start, _ in found] == [8, 9, 9, 9, 9]
    assert {end - start for start, end in found} == {timedelta(hours=1)}


def test_exceptions_and_moved_occurrences():
    series = file(
        "DTSTART:20260601T090000Z", "DTEND:20260601T100000Z", "RRULE:FREQ=DAILY;COUNT=5", "EXDATE:20260602T090000Z",
        "END:VEVENT", "BEGIN:VEVENT", "UID:one", "RECURRENCE-ID:20260603T090000Z", "DTSTART:20260603T140000Z",
        "DTEND:20260603T150000Z", "END:VEVENT", "BEGIN:VEVENT", "UID:one", "RECURRENCE-ID:20260604T090000Z",
        "DTSTART:20260604T090000Z", "DTEND:20260604T100000Z", "STATUS:CANCELLED")  # fmt: skip
    got = read(series)
    assert [(start.day, start.hour) for start, _ in spans(got)] == [(1, 9), (3, 14), (5, 9)]
    assert got.skipped == 1 and len({event.id for event in got.events}) == 3
    assert [event.id for event in got.events][1] == "f0;20260603T090000Z", "a moved one keeps its name"


@pytest.mark.parametrize(("lines", "expected"), [
    (["DTSTART;VALUE=DATE:20260610", "DTEND;VALUE=DATE:20260612"], [(datetime(2026, 6, 9, 22), datetime(2026, 6, 11, 22))]),
    (["DTSTART;VALUE=DATE:20260610"], [(datetime(2026, 6, 9, 22), datetime(2026, 6, 10, 22))]),
    (["DTSTART:20260610T090000", "DURATION:PT90M"], [(datetime(2026, 6, 10, 7), datetime(2026, 6, 10, 8, 30))]),
    (["DTSTART;TZID=Nowhere/At_All:20260610T090000", "DURATION:PT1H"], [(datetime(2026, 6, 10, 7), datetime(2026, 6, 10, 8))]),
    (["DTSTART;TZID=W. Europe Standard Time:20260610T090000", "DURATION:PT1H"],
     [(datetime(2026, 6, 10, 7), datetime(2026, 6, 10, 8))]),
    (["DTSTART:20260520T090000Z", "DTEND:20260602T090000Z"], [(datetime(2026, 5, 20, 9), datetime(2026, 6, 2, 9))]),
    (["DTSTART:20260701T000000Z", "DTEND:20260701T010000Z"], []),
    (["DTSTART:20260531T230000Z", "DTEND:20260601T000000Z"], []),
])  # fmt: skip
def test_when_events_are(lines, expected):
    assert spans(read(file(*lines))) == [(start.replace(tzinfo=UTC), end.replace(tzinfo=UTC)) for start, end in expected]


def test_who_is_busy():
    at = ["DTSTART:20260610T090000Z", "DTEND:20260610T100000Z"]
    person = "ATTENDEE;PARTSTAT={}:mailto:{}"
    cases = {
        True: [[], ["TRANSP:OPAQUE"], ["STATUS:TENTATIVE"], [person.format("DECLINED", "other@x.example")],
               [person.format("ACCEPTED", "me@x.example")]],
        False: [["TRANSP:TRANSPARENT"], ["X-MICROSOFT-CDO-BUSYSTATUS:FREE"], [person.format("DECLINED", "ME@x.example")],
                [person.format("ACCEPTED", "other@x.example"), person.format("DECLINED", "me@x.example")]],
    }  # fmt: skip
    for busy, kinds in cases.items():
        for lines in kinds:
            (event,) = read(file(*at, *lines), me=["Me@X.example"]).events
            assert event.is_busy is busy, lines
    (moment,) = read(file("DTSTART:20260610T090000Z")).events
    assert not moment.is_busy and moment.start == moment.end


def test_one_broken_event_costs_none_of_the_others():
    good = file("DTSTART:20260610T090000Z", "DTEND:20260610T100000Z")
    odd = [file("DTSTART:nonsense"), file("SUMMARY:no start"), "not a calendar", "", "BEGIN:VCALENDAR", "\x00\x01",
           file("DTSTART:20260610T090000Z", "DTEND;VALUE=DATE:20260610"), file("DTSTART:99991231T235959Z", "DURATION:P9W"),
           file("DTSTART:00010101T000000", "RRULE:FREQ=DAILY"), good.replace("END:VEVENT", "END:VTODO")]  # fmt: skip
    got = read(*odd, good)
    assert spans(got)[-1] == (datetime(2026, 6, 10, 9, tzinfo=UTC), datetime(2026, 6, 10, 10, tzinfo=UTC))
    assert got.failed >= 4 and len(got.problems) <= ics.MOST_PROBLEMS and all(len(one) <= 200 for one in got.problems)


@pytest.mark.parametrize("rule", [
    "FREQ=SECONDLY", "FREQ=MINUTELY", "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9;BYMINUTE=0,1,2,3,4,5,6,7,8,9;BYSECOND=1,2,3",
    "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;BYMONTH=4;BYMONTHDAY=31", "FREQ=DAILY;BYDAY=5MO",
    "FREQ=DAILY;BYSETPOS=9",
    "FREQ=DAILY;INTERVAL=7;BYDAY=TU", "FREQ=WEEKLY;BYMONTHDAY=31;BYMONTH=2", "FREQ=YEARLY;BYYEARDAY=1;BYMONTH=2",
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=300", "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6", "FREQ=MONTHLY;BYDAY=9MO",
    "FREQ=DAILY;INTERVAL=0",
    "FREQ=DAILY;UNTIL=20260101;UNTIL=20270101", "FREQ=SECONDLY;COUNT=999999999",
])  # fmt: skip
def test_rules_that_would_never_end(rule):
    """Some are refused, some are followed to no end; in either case the time that the event says itself counts, and soon."""
    started = monotonic()
    got = read(file("DTSTART:20260601T090000Z", "DTEND:20260601T090001Z", f"RRULE:{rule}"))
    assert monotonic() - started < 3, rule  # MONTHLY and YEARLY are walked to the end of the calendar
    assert (JUNE.replace(hour=9), JUNE.replace(hour=9, second=1)) in spans(got)
    assert len(got.events) <= ics.MOST_OCCURRENCES


@pytest.mark.parametrize(("rule", "count"), [
    ("FREQ=DAILY", 30), ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", 22), ("FREQ=WEEKLY;BYDAY=MO,WE", 9),
    ("FREQ=MONTHLY;BYMONTHDAY=-1", 2),
    ("FREQ=MONTHLY;BYDAY=2TU", 2), ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", 2), ("FREQ=YEARLY;BYMONTH=6;BYDAY=3MO", 2),
    ("FREQ=HOURLY;INTERVAL=6", 119), ("FREQ=DAILY;BYMONTH=6;BYMONTHDAY=1,29", 2), ("FREQ=YEARLY;BYMONTHDAY=29;BYMONTH=2", 1),
])  # fmt: skip
def test_rules_that_people_use(rule, count):
    got = read(file("DTSTART:20260601T090000Z", "DTEND:20260601T093000Z", f"RRULE:{rule}"))
    assert got.failed == 0 and len(got.events) == count, (len(got.events), got.problems)


def test_a_rule_from_long_ago():
    started = monotonic()
    got = read(file("DTSTART:19700105T090000Z", "DTEND:19700105T093000Z", "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"))
    assert len(got.events) == 22 and monotonic() - started < 3


def test_thousands_of_rules_have_a_time(monkeypatch):
    monkeypatch.setattr(ics, "SECONDS", 0.5)
    slow = file("DTSTART:19900101T090000Z", "DTEND:19900101T093000Z", "RRULE:FREQ=DAILY")
    started = monotonic()
    got = read(*[slow] * 500)
    assert monotonic() - started < 5 and got.failed and got.events and "in time" in got.problems[0]


def test_days_at_the_edges_of_the_calendar():
    assert not ics._comes_true("DAILY", 1, {"BYMONTH": [2], "BYMONTHDAY": [30]}, date(9990, 1, 1))
    assert ics._comes_true("YEARLY", 1, {"BYMONTH": [2], "BYMONTHDAY": [29]}, date(2097, 1, 1))
    assert ics._comes_true("WEEKLY", 2, {"BYDAY": ["SU"]}, date(1, 1, 1))
