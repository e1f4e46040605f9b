"""Calendars through Microsoft Graph: what we ask fits Microsoft's own description; what it answers becomes events and links."""

from datetime import UTC, datetime
from functools import partial

import pytest

from integrations.ports import CalendarAccess, Invitation, Passing, Permanent, RemoteCalendar, Written
from integrations.vendors.outlook_calendar import OutlookCalendar
from lio.outbound import fetch
from tests.integrations.test_google_calendar import MEETING, MOVED, SINCE, UID, UNTIL

TEAMS = Invitation(**{**MEETING.__dict__, "with_link": "teams"})
TEAMS_MOVED = Invitation(**{**MOVED.__dict__, "with_link": "teams"})


def calendar(graph, id="", renew=None, token=None):
    token = token or graph.grant()["access_token"]
    return OutlookCalendar(CalendarAccess(graph.url, secret=token, calendar_id=id, timezone="Europe/Berlin"), renew=renew)


# --------------------------------------------------------------------------------------------------- reading
def test_calendars_come_with_the_main_one_first(graph):
    graph.calendars.insert(0, {"id": "BBB/=", "name": "Birthdays", "canEdit": False, "isDefaultCalendar": False})
    there = calendar(graph)
    assert there.calendars() == [RemoteCalendar("AAA=", "Calendar", True), RemoteCalendar("BBB/=", "Birthdays", False)]
    assert there.account() == "rep@example.com"
    graph.add("e1", "2026-11-25T10:00:00", "2026-11-25T11:00:00")
    assert calendar(graph, "BBB/=").read(SINCE, UNTIL).events
    with pytest.raises(Permanent, match="no such calendar"):
        calendar(graph, "CCC=").read(SINCE, UNTIL)


def test_events_are_read_with_what_blocks(graph):
    hour = ("2026-11-25T10:00:00", "2026-11-25T11:00:00")
    graph.add(
        "e1",
        *hour,
        subject="Dentist",
        onlineMeeting={"joinUrl": "https://teams.microsoft.com/l/1"},
        attendees=[{"emailAddress": {"address": "x@acme.com", "name": "X"}, "type": "required"}],
    )
    graph.add("e2", *hour, showAs="free")
    graph.add("e3", *hour, responseStatus={"response": "declined", "time": "2026-11-20T10:00:00Z"})
    graph.add("e4", *hour, isCancelled=True)
    graph.add(
        "e5",
        "2026-12-24T00:00:00",
        "2026-12-26T00:00:00",
        isAllDay=True,
        showAs="oof",
    )
    graph.add("e6", *hour, showAs="workingElsewhere")
    graph.add("e7", *hour, showAs="tentative", responseStatus={"response": "notResponded"})
    graph.add("e8", "2026-11-25T10:00:00", "2026-11-25T09:00:00", subject="Backwards")
    graph.add(
        "e9",
        *hour,
        start={"dateTime": "2026-11-25T19:00:00.0000000", "timeZone": "Tokyo Standard Time"},
        end={"dateTime": "2026-11-25T20:00:00.0000000", "timeZone": "Asia/Tokyo"},
    )
    reading = calendar(graph).read(SINCE, UNTIL)
    found = {one.id: one for one in reading.events}
    assert [one.id for one in reading.events if one.is_busy] == ["e1", "e5", "e7", "e9"]
    assert [one.id for one in reading.events if not one.is_busy] == ["e2", "e3", "e6"]
    assert (found["e1"].title, found["e1"].start, found["e1"].uid) == (
        "Dentist",
        datetime(2026, 11, 25, 10, tzinfo=UTC),
        "uid-e1",
    )
    assert found["e1"].attendees == ("x@acme.com",) and found["e1"].url == "https://teams.microsoft.com/l/1"
    assert (found["e5"].start, found["e5"].end) == (
        datetime(2026, 12, 23, 23, tzinfo=UTC),
        datetime(2026, 12, 25, 23, tzinfo=UTC),
    )
    assert found["e5"].all_day and found["e9"].start == found["e1"].start and found["e9"].title == "Busy"
    assert (reading.skipped, reading.failed) == (1, 1) and "Backwards" in reading.problems[0]


def test_all_pages_are_read_but_none_of_another_host(graph):
    graph.page = 3
    for number in range(10):
        graph.add(f"e{number}", "2026-11-25T10:00:00", "2026-11-25T11:00:00")
    assert len(calendar(graph).read(SINCE, UNTIL).events) == 10 and len(graph.asked) == 4
    for elsewhere in ("https://graph.evil.example", f"{graph.url.rsplit('/', 1)[0]}/other"):
        graph.asked.clear()
        graph.elsewhere = elsewhere
        with pytest.raises(Passing, match="somebody else"):
            calendar(graph).read(SINCE, UNTIL)
        assert len(graph.asked) == 1  # the token went nowhere else


def test_a_calendar_without_end_is_not_half_read(graph):
    graph.page = 1
    for number in range(60):
        graph.add(f"e{number:02}", "2026-11-25T10:00:00", "2026-11-25T11:00:00")
    with pytest.raises(Passing, match="more events"):
        calendar(graph).read(SINCE, UNTIL)


@pytest.mark.parametrize(
    "odd",
    [
        {"value": None},
        {"value": [None, 7, {}]},
        {"value": [{"id": "x", "start": {"dateTime": 5}, "end": {}}]},
        {"@odata.nextLink": 7},
        {
            "value": [
                {
                    "id": "x",
                    "isAllDay": True,
                    "start": {"dateTime": "0001-01-01T00:00:00", "timeZone": "UTC"},
                    "end": {"dateTime": "0001-01-02T00:00:00"},
                }
            ]
        },
        {"value": [{"id": "x", "start": {"dateTime": "2026-99-01T00:00:00.0000000"}, "end": {}}]},
    ],
)
def test_odd_answers_are_survived(graph, odd):
    graph.says(200, odd)
    reading = calendar(graph).read(SINCE, UNTIL)
    assert reading.events == [] and reading.failed == len(reading.problems)


# --------------------------------------------------------------------------------------------------- writing
def test_a_meeting_is_written_changed_and_taken_away(graph):
    there = calendar(graph)
    written = there.put(MEETING)
    [event] = graph.events.values()
    assert written.id == event["id"] and written.version and not written.url
    assert event["start"] == {"dateTime": "2026-11-25T09:00:00", "timeZone": "UTC"} and event["location"] == {
        "displayName": "Room 5"
    }
    assert event["body"]["content"] == "What we talk about\n\nWith: Jane Doe <jane@acme.com>, bob@acme.com"
    assert "attendees" not in event  # whom Graph lists it invites, and our mails do that
    [read] = there.read(SINCE, UNTIL).events
    assert (read.uid, read.id, read.is_busy) == (UID, written.id, True)
    again = there.put(MOVED, written)
    assert again.id == written.id and again.version != written.version
    assert event["id"] in graph.events and graph.events[written.id]["subject"] == "Moved"
    there.drop(again)
    assert graph.events == {}
    there.drop(again)


def test_a_repeat_is_one_event(graph):
    there = calendar(graph)
    first = there.put(MEETING)
    assert there.put(MEETING).id == first.id  # Graph knows the transaction
    assert there.put(MOVED).id == first.id  # and we the event
    assert len(graph.events) == 1 and graph.events[first.id]["subject"] == "Moved"


def test_what_was_taken_away_there_is_made_anew(graph):
    there = calendar(graph)
    written = there.put(TEAMS)
    graph.events.clear()
    again = there.put(TEAMS_MOVED, written)
    assert again.id != written.id and list(graph.events) == [again.id] and again.url
    assert there.read(SINCE, UNTIL).events[0].uid == UID


def test_words_that_the_host_changed_there_stay(graph):
    there = calendar(graph)
    written = there.put(MEETING)
    graph.events[written.id] |= {"subject": "My own words", "@odata.etag": 'W/"changed"'}
    there.put(MOVED, written)
    assert graph.events[written.id]["subject"] == "My own words"
    assert graph.events[written.id]["start"]["dateTime"] == "2026-11-26T09:00:00"


def test_graph_makes_a_link(graph):
    there = calendar(graph)
    written = there.put(TEAMS)
    assert written.url.startswith("https://teams.microsoft.com/")
    assert there.put(TEAMS_MOVED, written).url == written.url
    changed = graph.asked[-1].get_json()
    assert "body" not in changed and "isOnlineMeeting" not in changed  # the text holds how to join
    plain = there.put(Invitation(**{**MEETING.__dict__, "uid": "another"}))
    assert there.put(Invitation(**{**TEAMS.__dict__, "uid": "another"}), plain).url.startswith("https://teams.microsoft.com/")


def test_an_account_without_teams_gets_the_event_without_a_link(graph):
    graph.has_teams = False
    there = calendar(graph)
    written = there.put(TEAMS)
    assert written.url == "" and list(graph.events) == [written.id]
    assert there.put(TEAMS_MOVED, written).url == "" and graph.events[written.id]["subject"] == "Moved"


def test_a_link_that_takes_a_moment_is_fetched(graph):
    there = calendar(graph)
    graph.makes_links = False
    graph.says(200, {"id": "x", "onlineMeeting": {"joinUrl": "https://teams.microsoft.com/l/late"}}, only="GET")
    assert there.put(TEAMS).url == "https://teams.microsoft.com/l/late"


# -------------------------------------------------------------------------------------------------- refusals
@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {"Retry_After": "17"}, 17),
        (429, {}, None),
        (503, {"Retry_After": "x"}, None),
        (500, {}, None),
        (400, {}, None),
        (302, {"Location": "http://127.0.0.1/"}, None),
    ],
)
@pytest.mark.parametrize("act", ["read", "put", "drop"])
def test_a_passing_failure_says_when_to_come_back(graph, status, headers, wait, act):
    graph.says(status, {"error": {"code": "x", "message": "no"}}, **headers)
    there = calendar(graph)
    read = partial(there.read, SINCE, UNTIL)
    with pytest.raises(Passing) as told:
        {"read": read, "put": lambda: there.put(MEETING), "drop": lambda: there.drop(Written("x"))}[act]()
    assert told.value.wait == wait and len(graph.asked) == 1 and "access-" not in str(told.value)


def test_a_refusal_is_for_good(graph):
    graph.says(403, {"error": {"code": "ErrorAccessDenied", "message": "no"}})
    with pytest.raises(Permanent):
        calendar(graph).put(MEETING)


def test_a_token_that_is_not_taken_is_renewed_once(graph):
    graph.add("e1", "2026-11-25T10:00:00", "2026-11-25T11:00:00")
    fresh = graph.grant()["access_token"]
    assert calendar(graph, renew=lambda token: fresh, token="stale").read(SINCE, UNTIL).events
    with pytest.raises(Permanent, match="no longer lets LIO in"):
        calendar(graph, renew=lambda token: "stale", token="stale").read(SINCE, UNTIL)


def test_the_judge_judges(graph):
    """Were the requests wrong, these tests would know."""
    headers = {"Authorization": f"Bearer {graph.grant()['access_token']}", "Prefer": 'outlook.timezone="UTC"'}
    graph.canned = [(None, 200, {}, {})] * 20
    wrong = [
        ("GET", "/me/meetings", None),
        ("GET", "/me/calendars?$select=colour", None),
        ("GET", "/me/calendarView?startDateTime=x", None),
        ("POST", "/me/events", b'{"subjct": "x"}'),
        ("POST", "/me/events", b'{"isAllDay": "true"}'),
        ("POST", "/me/events", b'{"onlineMeetingProvider": "zoom"}'),
        ("POST", "/me/events", b'{"attendees": {}}'),
        ("POST", "/me/events", b'{"start": "2026-11-25"}'),
        ("DELETE", "/me/events/x", b"{}"),
    ]
    for method, path, body in wrong:
        graph.errors.clear()
        fetch(f"{graph.url}{path}", method=method, headers=headers, body=body)
        assert graph.errors, path
    graph.errors.clear()
