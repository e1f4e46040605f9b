"""Google Calendar: what we ask fits Google's own description; what it answers becomes events, failures and links."""

from datetime import UTC, datetime
from functools import partial

import pytest

from integrations.ports import CalendarAccess, Invitation, Passing, Permanent, RemoteCalendar, Written
from integrations.vendors.google_calendar import GoogleCalendar, event_id
from lio.outbound import fetch

SINCE, UNTIL = datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 12, 20, tzinfo=UTC)
UID = "0b8f2c1e-6f0a-4a53-9f2c-0d3f5d1a7e55"
MEETING = Invitation(
    uid=UID,
    title="Demo for Acme – “first look”",
    start=datetime(2026, 11, 25, 9, 0, tzinfo=UTC),
    end=datetime(2026, 11, 25, 9, 30, tzinfo=UTC),
    description="What we talk about",
    location="Room 5",
    attendees=(("jane@acme.com", "Jane Doe"), ("bob@acme.com", "")),
    timezone="Europe/Berlin",
)
MOVED = Invitation(
    **{
        **MEETING.__dict__,
        "start": datetime(2026, 11, 26, 9, 0, tzinfo=UTC),
        "title": "Moved",
        "end": datetime(2026, 11, 26, 9, 30, tzinfo=UTC),
        "sequence": 1,
    }
)
MEET = Invitation(**{**MEETING.__dict__, "with_link": "meet"})


def calendar(google, id="", renew=None, token=None):
    token = token or google.grant()["access_token"]
    return GoogleCalendar(CalendarAccess(address=google.url, secret=token, calendar_id=id), renew=renew)


# --------------------------------------------------------------------------------------------------- reading
def test_calendars_come_with_the_main_one_first(google):
    google.calendars = [
        {"id": "holidays@group.v.calendar.google.com", "summary": "Holidays", "accessRole": "reader"},
        {"id": "team@group.calendar.google.com", "summary": "Team", "summaryOverride": "Us", "accessRole": "writer"},
        {"id": "gone", "deleted": True},
        *google.calendars,
    ]
    there = calendar(google)
    assert there.calendars() == [
        RemoteCalendar("rep@example.com", "rep@example.com", True),
        RemoteCalendar("holidays@group.v.calendar.google.com", "Holidays", False),
        RemoteCalendar("team@group.calendar.google.com", "Us", True),
    ]
    assert there.account() == "rep@example.com"


def test_events_are_read_with_what_blocks(google):
    google.add(
        "e1",
        "2026-11-25T10:00:00+01:00",
        "2026-11-25T11:00:00+01:00",
        summary="Dentist",
        hangoutLink="https://meet.google.com/abc-defg-hij",
        attendees=[{"email": "rep@example.com", "self": True, "responseStatus": "accepted"}, {"email": "x@acme.com"}],
    )
    google.add("e2", "2026-11-25T10:00:00Z", "2026-11-25T11:00:00Z", transparency="transparent", summary="Maybe")
    google.add(
        "e3",
        "2026-11-25T10:00:00Z",
        "2026-11-25T11:00:00Z",
        summary="No",
        attendees=[{"email": "rep@example.com", "self": True, "responseStatus": "declined"}],
    )
    google.add("e4", "2026-11-25T10:00:00Z", "2026-11-25T11:00:00Z", status="cancelled")
    google.add("e5", "2026-12-24", "2026-12-26", summary="Off", eventType="outOfOffice")
    google.add("e6", "2026-11-25", "2026-11-26", summary="Home", eventType="workingLocation")
    google.add("e7", "2026-11-27T10:00:00Z", "2026-11-27T11:00:00Z", visibility="private")
    google.add("e8", "2026-11-27T10:00:00Z", "2026-11-27T10:00:00Z", summary="Call mum")
    google.add("e9", "2026-11-27T10:00:00Z", "2026-11-27T09:00:00Z", summary="Backwards")
    reading = calendar(google).read(SINCE, UNTIL)
    found = {one.id: one for one in reading.events}
    assert sorted(found) == ["e1", "e2", "e3", "e5", "e7", "e8"]
    assert [one.id for one in reading.events if one.is_busy] == ["e1", "e5", "e7"]
    assert (found["e1"].title, found["e1"].start, found["e1"].uid) == (
        "Dentist",
        datetime(2026, 11, 25, 9, tzinfo=UTC),
        "e1@google.com",
    )
    assert found["e1"].attendees == ("rep@example.com", "x@acme.com") and found["e1"].url.endswith("/abc-defg-hij")
    # a whole day begins when it begins where the calendar is: Berlin, an hour before UTC
    assert (found["e5"].start, found["e5"].end) == (
        datetime(2026, 12, 23, 23, tzinfo=UTC),
        datetime(2026, 12, 25, 23, tzinfo=UTC),
    )
    assert found["e5"].all_day and not found["e1"].all_day
    assert found["e7"].title == "Busy"
    assert (reading.skipped, reading.failed) == (1, 1) and "Backwards" in reading.problems[0]  # Google itself left out e4
    [request] = google.asked
    assert request.args["timeMin"] == "2026-11-20T00:00:00Z" and request.args["singleEvents"] == "true"
    assert "access-" not in request.url


@pytest.mark.parametrize("change", ["2026-03-29", "2026-10-25"])
def test_a_day_on_which_the_clock_changes_has_its_real_length(google, change):
    google.add("day", change, change[:-2] + str(int(change[-2:]) + 1))
    [event] = calendar(google).read(SINCE, UNTIL).events
    assert (event.end - event.start).total_seconds() / 3600 == {"2026-03-29": 23, "2026-10-25": 25}[change]


def test_all_pages_are_read(google):
    google.page = 3
    for number in range(10):
        google.add(f"e{number}", "2026-11-25T10:00:00Z", "2026-11-25T11:00:00Z")
    assert len(calendar(google).read(SINCE, UNTIL).events) == 10 and len(google.asked) == 4


def test_a_calendar_without_end_is_not_half_read(google):
    google.page = 1
    for number in range(60):
        google.add(f"e{number:02}", "2026-11-25T10:00:00Z", "2026-11-25T11:00:00Z")
    with pytest.raises(Passing, match="more events"):
        calendar(google).read(SINCE, UNTIL)
    assert len(google.asked) == 40


def test_a_calendar_by_its_id(google):
    google.calendars.append({"id": "team/one@group.calendar.google.com", "summary": "Team", "accessRole": "writer"})
    google.add("e1", "2026-11-25T10:00:00Z", "2026-11-25T11:00:00Z")
    assert calendar(google, "team/one@group.calendar.google.com").read(SINCE, UNTIL).events
    with pytest.raises(Permanent, match="no such calendar"):
        calendar(google, "gone@group.calendar.google.com").read(SINCE, UNTIL)


@pytest.mark.parametrize(
    "odd",
    [
        {"items": None},
        {"items": [None, 7, {}]},
        {"items": [{"id": "x", "start": {"dateTime": 5}, "end": {}}]},
        {"items": [{"id": 5, "start": {"date": "2026-11-25"}, "end": {"date": "2026-11-26"}}]},
        {"nextPageToken": 7, "timeZone": 5},
        {"items": [{"id": "x", "start": {"date": "9999-99-99"}, "end": {"date": "x"}}]},
        {"items": "x", "timeZone": "Mars/Base"},
        {"items": [{"id": "x", "start": {"date": "0001-01-01"}, "end": {"date": "0001-01-02"}}], "timeZone": "Asia/Tokyo"},
    ],
)
def test_odd_answers_are_survived(google, odd):
    google.says(200, odd)
    reading = calendar(google).read(SINCE, UNTIL)
    assert reading.events == [] and reading.failed == len(reading.problems)


@pytest.mark.parametrize("body", ["", "null", "[]", "<html>", "[" * 100_000])
def test_an_unreadable_answer_is_passing(google, body):
    google.says(200, body or "[]")
    with pytest.raises(Passing):
        calendar(google).read(SINCE, UNTIL)


# --------------------------------------------------------------------------------------------------- writing
def test_a_meeting_is_written_changed_and_taken_away(google):
    there = calendar(google)
    written = there.put(MEETING)
    assert written.id == event_id(UID) and written.version and not written.url
    [event] = google.events.values()
    assert event["start"] == {"dateTime": "2026-11-25T09:00:00Z", "timeZone": "Europe/Berlin"}
    assert event["description"] == "What we talk about\n\nWith: Jane Doe <jane@acme.com>, bob@acme.com"
    assert "attendees" not in event and event["location"] == "Room 5"  # our mails invite, Google does not
    [read] = there.read(SINCE, UNTIL).events
    assert (read.uid, read.id, read.is_busy) == (UID, written.id, True)
    again = there.put(MOVED, written)
    assert again.id == written.id and again.version != written.version
    assert google.events[written.id]["summary"] == "Moved" and google.events[written.id]["start"]["dateTime"].startswith(
        "2026-11-26"
    )
    there.drop(again)
    assert google.events[written.id]["status"] == "cancelled"
    there.drop(again)  # gone already
    there.drop(Written("neverthere"))
    assert {request.args["sendUpdates"] for request in google.asked if request.method != "GET"} == {"none"}


def test_a_repeat_is_one_event(google):
    there = calendar(google)
    first = there.put(MEETING)  # its answer was lost, so the second try knows nothing
    assert there.put(MOVED).id == first.id
    assert len(google.events) == 1 and google.events[first.id]["summary"] == "Moved"


def test_what_was_taken_away_there_is_made_anew(google):
    there = calendar(google)
    written = there.put(MEETING)
    google.events[written.id]["status"] = "cancelled"
    assert there.put(MOVED, written).id == written.id
    assert google.events[written.id]["status"] == "confirmed"
    del google.events[written.id]  # of another account
    assert there.put(MOVED, written).id == written.id and len(google.events) == 1


def test_an_id_that_google_neither_takes_nor_changes_gives_way_to_another(google):
    there = calendar(google)
    google.says(409, {"error": {"code": 409, "errors": [{"reason": "duplicate"}]}}, only="POST")
    google.says(410, {"error": {"code": 410, "errors": [{"reason": "deleted"}]}}, only="PATCH")
    written = there.put(MEETING)
    assert written.id != event_id(UID) and list(google.events) == [written.id]
    assert there.read(SINCE, UNTIL).events[0].uid == UID


def test_words_that_the_host_changed_there_stay(google):
    there = calendar(google)
    written = there.put(MEETING)
    google.events[written.id] |= {"summary": "My own words", "etag": '"changed"'}
    there.put(MOVED, written)
    event = google.events[written.id]
    assert event["summary"] == "My own words" and event["start"]["dateTime"] == "2026-11-26T09:00:00Z"


def test_google_makes_a_link(google):
    there = calendar(google)
    written = there.put(MEET)
    assert written.url.startswith("https://meet.google.com/")
    later = there.put(Invitation(**{**MOVED.__dict__, "with_link": "meet"}), written)
    assert later.url == written.url
    made = [request for request in google.asked if request.args.get("conferenceDataVersion") == "1"]
    assert len(made) == 1  # a second one would give a second link
    # an event that had none gets one
    google.events.clear()
    plain = there.put(MEETING)
    assert there.put(MEET, plain).url.startswith("https://meet.google.com/")


def test_a_link_that_takes_a_moment_is_fetched(google):
    there = calendar(google)
    google.makes_links = False
    assert there.put(MEET).url == "" and google.asked[-1].method == "GET"
    google.events.clear()
    google.says(200, {"id": "x", "hangoutLink": "https://meet.google.com/late"}, only="GET")
    assert there.put(MEET).url == "https://meet.google.com/late"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://meet.google.com/x", "https://x y", 7, "https://" + "x" * 600])
def test_a_link_that_is_none_is_not_taken(google, url):
    google.says(200, {"id": "x", "hangoutLink": url})
    assert calendar(google).put(MEET).url == ""


# -------------------------------------------------------------------------------------------------- refusals
def failure(google, status, reason="", **headers):
    google.says(status, {"error": {"code": status, "message": "no", "errors": [{"reason": reason}]}}, **headers)


@pytest.mark.parametrize(
    ("status", "reason", "headers", "wait"),
    [
        (403, "rateLimitExceeded", {}, 60),
        (403, "userRateLimitExceeded", {"Retry_After": "17"}, 17),
        (429, "", {"Retry_After": "5"}, 5),
        (429, "", {}, None),
        (500, "backendError", {}, None),
        (503, "", {"Retry_After": "99999"}, 3600),
        (403, "accessNotConfigured", {}, None),
        (400, "badRequest", {}, None),
        (302, "", {"Location": "http://127.0.0.1/"}, None),
    ],
)
@pytest.mark.parametrize("act", ["read", "put", "drop"])
def test_a_passing_failure_says_when_to_come_back(google, status, reason, headers, wait, act):
    failure(google, status, reason, **headers)
    there = calendar(google)
    read = partial(there.read, SINCE, UNTIL)
    with pytest.raises(Passing) as told:
        {"read": read, "put": lambda: there.put(MEETING), "drop": lambda: there.drop(Written("x"))}[act]()
    assert told.value.wait == wait and len(google.asked) == 1 and "access-" not in str(told.value)


@pytest.mark.parametrize("reason", ["insufficientPermissions", "forbidden", ""])
def test_a_refusal_is_for_good(google, reason):
    failure(google, 403, reason)
    with pytest.raises(Permanent):
        calendar(google).put(MEETING)


def test_a_token_that_is_not_taken_is_renewed_once(google):
    google.add("e1", "2026-11-25T10:00:00Z", "2026-11-25T11:00:00Z")
    asked = []

    def renew(token):
        asked.append(token)
        return google.grant()["access_token"]

    assert calendar(google, renew=renew, token="stale").read(SINCE, UNTIL).events
    assert asked == ["stale"]
    with pytest.raises(Permanent, match="no longer lets LIO in") as told:
        calendar(google, renew=lambda token: "stale too", token="stale").read(SINCE, UNTIL)
    assert "stale" not in str(told.value)
    with pytest.raises(Permanent):
        calendar(google, token="stale").put(MEETING)


def test_a_host_that_is_away_is_passing(settings):
    settings.ALLOW_PRIVATE_HOSTS = ["127.0.0.1:9"]
    with pytest.raises(Passing):
        GoogleCalendar(CalendarAccess(address="http://127.0.0.1:9/calendar/v3", secret="x")).calendars()


def test_the_judge_judges(google):
    """Were the requests wrong, these tests would know."""
    token = {"Authorization": f"Bearer {google.grant()['access_token']}"}
    google.canned = [(None, 200, {}, {})] * 9
    events = f"{google.url}/calendars/primary/events"
    for url in (
        f"{google.url}/calendars",
        f"{events}?timeMin=yesterday",
        f"{events}?maxResults=many",
        f"{events}?since=x",
        f"{events}?singleEvents=True",
        f"{events}?maxResults=0",
    ):
        fetch(url, headers=token)
    for body in (b'{"id": "LIO-1"}', b'{"sumary": "x"}', b'{"start": {"dateTime": "2026-11-25 10:00"}}'):
        fetch(events, method="POST", headers=token, body=body)
    assert len(google.errors) == 9, google.errors
    google.errors.clear()
