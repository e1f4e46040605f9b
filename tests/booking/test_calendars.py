"""Members' calendars elsewhere, against a real CalDAV server: busy times come in, our meetings go out."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils.timezone import now
from icalendar import Calendar

from activity.models import Notification
from booking import finding, meetings, profiles
from booking.calendars import accounts, jobs
from booking.calendars.registry import KINDS
from booking.invites import uid_of
from booking.models import BusyTime, CalendarAccount, Meeting, MeetingCopy
from integrations.ics import TOO_OFTEN
from integrations.ports import CalendarAccess
from lio.errors import Conflict
from lio.jobs import drain, enqueue
from lio.models import Change, Job
from lio.secrets import seal
from lio.tenancy import org_scope
from tests.booking.conftest import always_open, wire
from tests.conftest import client_of
from tests.factories import make_member, make_organization
from tests.integrations.radicale import PASSWORD, USER, running

pytestmark = pytest.mark.xdist_group("radicale")
ZULU = "%Y%m%dT%H%M%SZ"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("radicale")) as there:
        yield there


@pytest.fixture
def radicale(server, settings):
    """An empty calendar `work`; the server may be reached."""
    settings.ALLOW_PRIVATE_HOSTS = [server.place]
    server.forget()
    server.make()
    return server


def connect(member, radicale, secret=PASSWORD):
    """What the settings page does: ask, then store. The first reading has run."""
    access = CalendarAccess(radicale.url, USER, secret)
    found = KINDS["caldav"].make(access).calendars()
    with org_scope(member.organization):
        row = accounts.connect(member, "caldav", calendars=found, address=radicale.url, username=USER, secret=secret)
    drain()
    return row.pk


def sync(member, pk):
    with org_scope(member.organization):
        enqueue(jobs.sync, pk)
    drain()
    return account_of(member)


def account_of(member):
    with org_scope(member.organization):
        return CalendarAccount.objects.get(user=member, provider="caldav")


def busy_of(member):
    with org_scope(member.organization):
        return sorted(BusyTime.objects.filter(host=member).values_list("start_time", "end_time"))


def slots_of(member, since, hours=4, length=30):
    with org_scope(member.organization):
        return finding.slots(profiles.of(member), length, since, since + timedelta(hours=hours))


def times(start, minutes=60):
    return [f"DTSTART:{start.strftime(ZULU)}", f"DTEND:{(start + timedelta(minutes=minutes)).strftime(ZULU)}"]


def events_in(radicale, calendar="work"):
    """{uid: (start, end)} of what stands on the server."""
    found = Calendar.from_ical(radicale.whole(calendar))
    return {str(one["UID"]): (one["DTSTART"].dt, one["DTEND"].dt) for one in found.walk("VEVENT")}


def plan(member, start, minutes=30, **fields):
    with org_scope(member.organization):
        return meetings.add(member.organization, {
            "title": "Review", "start_time": start, "end_time": start + timedelta(minutes=minutes)} | fields, by=member)


# ------------------------------------------------------------------------------------------- what comes in
def test_an_event_elsewhere_blocks_the_slot(host, start, radicale):
    radicale.put("dentist", times(start))
    radicale.put("lunch", times(start + timedelta(hours=2)))
    free = slots_of(host, start)
    connect(host, radicale)
    left = slots_of(host, start)
    assert {span for span in free if span not in left} == {
        (start + timedelta(minutes=at), start + timedelta(minutes=at + 30)) for at in (0, 30, 120, 150)}
    row = account_of(host)
    assert (row.read_count, row.kept_count, row.skipped_count, row.failed_count) == (2, 2, 0, 0)
    assert row.state == "connected" and row.last_sync_at and not row.is_syncing and row.next_sync_at > now()
    refused = client_of(host).post(f"/api/v1/booking/{host.booking_slug}/confirm", {
        "start": wire(start), "end": wire(start + timedelta(minutes=30)), "name": "Vi", "email": "vi@x.example"}, format="json")
    assert refused.status_code == 409 and refused.json()["error"]["code"] == "slot_taken"
    radicale.drop("dentist")
    sync(host, row.pk)
    assert [span for span in free if span not in slots_of(host, start)] == [
        (start + timedelta(minutes=at), start + timedelta(minutes=at + 30)) for at in (120, 150)]


def test_only_times_are_kept(host, start, radicale):
    radicale.put("secret", [*times(start), "DESCRIPTION:Something private", "LOCATION:Hidden place"])
    connect(host, radicale)
    with org_scope(host.organization):
        (row,) = BusyTime.objects.values()
        told = str(row) + str(list(Change.objects.values("before", "after")))
    assert "Private" not in told and "Hidden" not in told and PASSWORD not in told


def test_a_weekly_event_keeps_its_wall_clock_over_a_clock_change(host, radicale):
    zone = ZoneInfo("Europe/Berlin")
    day = datetime.now(zone).replace(hour=10, minute=0, second=0, microsecond=0)
    with org_scope(host.organization):  # far enough ahead that a clock change lies within
        profiles.update(host, {"horizon_days": 365, "timezone": "Europe/Berlin"}, by=host)
    wall = day.strftime("%Y%m%dT%H%M%S")
    radicale.put("weekly", [f"DTSTART;TZID=Europe/Berlin:{wall}", f"DTEND;TZID=Europe/Berlin:{wall[:9]}110000",
                            "RRULE:FREQ=WEEKLY"])
    connect(host, radicale)
    found = busy_of(host)
    assert len(found) >= 52 and {start.astimezone(zone).hour for start, _ in found} == {10}
    assert len({start.astimezone(UTC).hour for start, _ in found}) == 2


def test_whole_days_are_those_of_the_member(host, start, radicale):
    with org_scope(host.organization):
        profiles.update(host, {"timezone": "America/New_York"}, by=host)
    radicale.put("off", [f"DTSTART;VALUE=DATE:{start:%Y%m%d}", f"DTEND;VALUE=DATE:{start + timedelta(days=1):%Y%m%d}"])
    connect(host, radicale)
    midnight = start.replace(hour=0, tzinfo=ZoneInfo("America/New_York"))
    assert busy_of(host) == [(midnight.astimezone(UTC), (midnight + timedelta(days=1)).astimezone(UTC))]


def test_what_blocks_nobody_is_skipped_and_what_is_broken_fails(host, start, radicale):
    radicale.put("free", [*times(start), "TRANSP:TRANSPARENT"])
    radicale.put("off", [*times(start), "STATUS:CANCELLED"])
    radicale.put("declined", [*times(start), "ORGANIZER:mailto:x@x.example",
                              f"ATTENDEE;PARTSTAT=DECLINED:mailto:{host.email.upper()}"])
    radicale.put("often", [*times(start, 1), "RRULE:FREQ=SECONDLY"])
    radicale.put("real", times(start + timedelta(hours=1)))
    connect(host, radicale)
    row = account_of(host)
    assert (row.read_count, row.kept_count, row.skipped_count, row.failed_count) == (6, 2, 3, 1)
    assert row.problems == [TOO_OFTEN]
    assert [one for one, _ in busy_of(host)] == [start, start + timedelta(hours=1)]


def test_an_emptied_calendar_deletes_nothing_until_it_is_believed(host, start, radicale):
    radicale.put("one", times(start))
    pk = connect(host, radicale)
    radicale.drop("one")
    for n in (1, 2):
        row = sync(host, pk)
        assert len(busy_of(host)) == 1 and "suddenly empty" in row.problems[0] and row.calendars[0]["empty"] == n
    sync(host, pk)
    assert busy_of(host) == []

    radicale.put("two", times(start))
    sync(host, pk)
    radicale.drop("two")
    assert len(busy_of(host)) == 1
    with org_scope(host.organization):
        accounts.read_now(account_of(host), believing=True)
    drain()
    assert busy_of(host) == [] and account_of(host).problems == []


# ------------------------------------------------------------------------------------------- what goes out
def test_a_meeting_stands_there_moves_and_goes(host, start, radicale):
    connect(host, radicale)
    meeting = plan(host, start, attendees=[{"email": "vi@x.example", "name": "Vi"}])
    drain()
    uid = uid_of(meeting)
    assert events_in(radicale) == {uid: (start, start + timedelta(minutes=30))}
    assert "SCHEDULE-AGENT=CLIENT" in radicale.whole().replace("\r\n ", "")
    later = start + timedelta(days=1)
    with org_scope(host.organization):
        meetings.update(meeting.pk, host.organization, {"start_time": later, "end_time": later + timedelta(hours=1)}, by=host)
    drain()
    assert events_in(radicale) == {uid: (later, later + timedelta(hours=1))}
    with org_scope(host.organization):
        meetings.update(meeting.pk, host.organization, {"status": Meeting.Status.CANCELLED}, by=host)
    drain()
    assert events_in(radicale) == {}
    with org_scope(host.organization):
        meetings.update(meeting.pk, host.organization, {"status": Meeting.Status.SCHEDULED}, by=host)
    drain()
    assert events_in(radicale) == {uid: (later, later + timedelta(hours=1))}
    with org_scope(host.organization):
        meetings.delete(Meeting.objects.filter(pk=meeting.pk), by=host)
    drain()
    assert events_in(radicale) == {}


def test_a_booking_goes_out_and_does_not_count_twice(host, start, radicale):
    pk = connect(host, radicale)
    answer = client_of(host).post(f"/api/v1/booking/{host.booking_slug}/confirm", {
        "start": wire(start), "end": wire(start + timedelta(minutes=30)), "name": "Vi", "email": "vi@x.example"}, format="json")
    assert answer.status_code == 201
    drain()
    assert list(events_in(radicale).values()) == [(start, start + timedelta(minutes=30))]
    row = sync(host, pk)
    assert busy_of(host) == [] and (row.read_count, row.kept_count, row.skipped_count) == (1, 0, 1)


def test_an_invitation_to_the_meeting_of_a_colleague_blocks(host, colleague, start, radicale):
    """It has come into the calendar by mail, under the same name as the meeting, and is nothing that LIO put there."""
    meeting = plan(colleague, start, attendees=[{"email": host.email, "name": ""}])
    radicale.put(uid_of(meeting), times(start))
    connect(host, radicale)
    assert busy_of(host) == [(start, start + timedelta(hours=1))]
    assert (start, start + timedelta(minutes=30)) not in slots_of(host, start)


def test_what_is_to_come_is_sent_when_a_calendar_is_connected(host, start, radicale):
    coming = plan(host, start)
    plan(host, now() - timedelta(days=2))
    connect(host, radicale)
    assert set(events_in(radicale)) == {uid_of(coming)}


def test_a_copy_that_the_member_deleted_is_made_anew_with_the_next_change(host, start, radicale):
    connect(host, radicale)
    meeting = plan(host, start)
    drain()
    radicale.drop(uid_of(meeting))
    with org_scope(host.organization):
        meetings.update(meeting.pk, host.organization, {"title": "Other"}, by=host)
    drain()
    assert set(events_in(radicale)) == {uid_of(meeting)}


def test_a_job_that_died_in_the_middle_is_repeated_cleanly(host, start, radicale):
    """The event stands there, but nothing was noted: made again it is one event, and the same one."""
    pk = connect(host, radicale)
    meeting = plan(host, start)
    drain()
    with org_scope(host.organization):
        MeetingCopy.objects.all().delete()
        enqueue(jobs.copy, meeting.pk)
        enqueue(jobs.copy, meeting.pk)
    drain()
    assert set(events_in(radicale)) == {uid_of(meeting)}
    with org_scope(host.organization):
        copy = MeetingCopy.objects.get()
        assert copy.remote_id.endswith(".ics") and copy.reason == "" and copy.account_id == pk
        assert not Job.objects.filter(function__contains="calendars", state__in=["queued", "failed"]).exists()


def test_what_jobs_have_given_up_is_made_good_with_the_next_reading(host, start, radicale, settings):
    pk = connect(host, radicale)
    meeting = plan(host, start)
    drain()
    settings.ALLOW_PRIVATE_HOSTS = ["127.0.0.1:9"]
    with org_scope(host.organization):
        CalendarAccount.objects.update(address="http://127.0.0.1:9/")
        MeetingCopy.objects.update(remote_id="http://127.0.0.1:9/x.ics")
        meetings.update(meeting.pk, host.organization, {"status": Meeting.Status.CANCELLED}, by=host)
    late = plan(host, start + timedelta(hours=1))
    drain()
    with org_scope(host.organization):
        assert MeetingCopy.objects.filter(meeting=meeting).exists()
        assert Job.objects.filter(function="booking.calendars.jobs.copy", state="queued").count() == 1  # the other: refused
        Job.objects.filter(state="queued").delete()
        CalendarAccount.objects.update(address=radicale.url, state="connected")
        MeetingCopy.objects.filter(meeting=meeting).update(remote_id=f"{radicale.url}{USER}/work/{uid_of(meeting)}.ics")
    settings.ALLOW_PRIVATE_HOSTS = [radicale.place]
    sync(host, pk)
    assert set(events_in(radicale)) == {uid_of(late)}
    with org_scope(host.organization):
        assert list(MeetingCopy.objects.values_list("meeting_id", "reason")) == [(late.pk, "")]


def test_a_meeting_that_changes_hands_changes_calendars(host, start, radicale):
    other = make_member(host.organization, role="Sales Rep")
    connect(host, radicale)
    meeting = plan(host, start)
    drain()
    with org_scope(host.organization):
        meetings.update(meeting.pk, host.organization, {"host_id": other.pk}, by=host)
    drain()
    assert events_in(radicale) == {}
    with org_scope(host.organization):
        assert not MeetingCopy.objects.exists()


# ------------------------------------------------------------------------------------------- connected, refused, off
def test_a_password_that_is_no_longer_taken(host, start, radicale):
    radicale.put("one", times(start))
    pk = connect(host, radicale)
    with org_scope(host.organization):
        CalendarAccount.objects.update(secret=seal("another one"))
    sync(host, pk)
    row = account_of(host)
    assert row.pk == pk and row.state == "refused" and "does not take" in row.reason and not row.is_syncing
    assert len(busy_of(host)) == 1, "what was known stays"
    with org_scope(host.organization):
        (told,) = Notification.objects.filter(user=host, title__contains="calendar")
        assert told.title == "Your CalDAV calendar is disconnected" and told.link == "/settings/calendars"
        with pytest.raises(Conflict):
            accounts.connected(host, "caldav")
    sync(host, pk)
    with org_scope(host.organization):
        assert Notification.objects.filter(user=host, title__contains="calendar").count() == 1


def test_disconnecting_forgets_the_secret_and_the_busy_times(host, start, radicale):
    radicale.put("one", times(start))
    connect(host, radicale)
    assert account_of(host).secret and PASSWORD not in account_of(host).secret
    with org_scope(host.organization):
        accounts.disconnect(host, "caldav")
    row = account_of(host)
    assert row.state == "off" and row.secret == "" and busy_of(host) == [] and len(slots_of(host, start)) == 8
    with org_scope(host.organization):
        verbs = list(Change.objects.filter(model_type="calendaraccount").order_by("id").values_list("verb", flat=True))
    assert verbs == ["calendar.connected", "calendar.disconnected"]


def test_a_server_that_is_away_changes_nothing_and_is_asked_later_and_later(host, start, radicale, settings):
    radicale.put("one", times(start))
    pk = connect(host, radicale)
    settings.ALLOW_PRIVATE_HOSTS = ["127.0.0.1:9"]
    with org_scope(host.organization):
        CalendarAccount.objects.update(address="http://127.0.0.1:9/", calendars=[
            one | {"id": "http://127.0.0.1:9/work/"} for one in account_of(host).calendars])
        BusyTime.objects.update(calendar_id="http://127.0.0.1:9/work/")
    waits = []
    for n in (1, 2, 3):
        row = sync(host, pk)
        assert row.state == "connected" and row.failures == n and row.problems[0].startswith("It could not be read")
        waits.append(row.next_sync_at - now())
    assert waits == sorted(waits) and waits[2] > timedelta(minutes=7) and len(busy_of(host)) == 1


def test_calendars_of_others_are_nobodys(host, start, radicale, outsider):
    radicale.put("one", times(start))
    pk = connect(host, radicale)
    mate = make_member(host.organization, role="Sales Rep")
    always_open(mate)
    assert len(slots_of(mate, start)) == 8
    with org_scope(host.organization), pytest.raises(Conflict):
        accounts.connected(mate, "caldav")
    with org_scope(outsider.organization):
        assert not CalendarAccount.objects.exists() and not BusyTime.objects.exists()
        enqueue(jobs.sync, pk)
        accounts.disconnect(outsider, "caldav")
    drain()
    assert account_of(host).state == "connected" and len(busy_of(host)) == 1


def test_chosen_calendars(host, start, radicale):
    radicale.make("home", "Home")
    radicale.put("one", times(start))
    radicale.put("two", times(start + timedelta(hours=1)), "home")
    connect(host, radicale)
    assert len(busy_of(host)) == 2
    ids = {one["name"]: one["id"] for one in account_of(host).calendars}
    with org_scope(host.organization):
        accounts.choose(host, "caldav", calendar_id=ids["Home"], blocking=[ids["Work"]])
    drain()
    assert [one for one, _ in busy_of(host)] == [start]
    meeting = plan(host, start + timedelta(hours=3))
    drain()
    assert uid_of(meeting) in events_in(radicale, "home")
    assert uid_of(meeting) not in events_in(radicale, "work")


# ------------------------------------------------------------------------------------------- over the API
def test_events_over_the_api(host, start, radicale):
    api = client_of(host)
    radicale.put("one", times(start))
    connect(host, radicale)
    span = {"from": wire(start - timedelta(hours=1)), "to": wire(start + timedelta(days=1))}
    (found,) = api.get("/api/calendar/caldav/events", span).json()["data"]
    assert (found["title"], found["start_time"], found["provider"]) == ("Private", f"{start:%Y-%m-%dT%H:%M:%S}.000Z", "caldav")
    at = start + timedelta(hours=2)
    body = {"summary": "Call", "start": {"dateTime": f"{at:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"},
            "end": {"dateTime": f"{at + timedelta(minutes=30):%Y-%m-%dT%H:%M:%SZ}"},
            "attendees": [{"email": "vi@x.example", "displayName": "Vi"}]}
    made = [api.post("/api/calendar/caldav/events", body, format="json", HTTP_IDEMPOTENCY_KEY="k1") for _ in range(2)]
    assert [one.status_code for one in made] == [201, 201] and made[0].json()["data"] == made[1].json()["data"]
    data = made[0].json()["data"]
    assert (data["title"], data["start_time"]) == ("Call", f"{at:%Y-%m-%dT%H:%M:%S}.000Z")
    assert data["attendees"] == [{"email": "vi@x.example", "name": ""}]
    assert sorted(events_in(radicale).values()) == [(start, start + timedelta(hours=1)), (at, at + timedelta(minutes=30))]
    assert data["id"] in [one["id"] for one in api.get("/api/calendar/caldav/events", span).json()["data"]]
    assert (at, at + timedelta(minutes=30)) in busy_of(host), "it blocks at once"


def test_local_events_are_our_meetings(host, start):
    api = client_of(host)
    meeting = plan(host, start)
    outlook = {"subject": "Outlook call", "start": {"dateTime": f"{start:%Y-%m-%d}T09:00:00.0000000",
                                                    "timeZone": "W. Europe Standard Time"},
               "end": {"dateTime": f"{start:%Y-%m-%d}T10:00:00.0000000", "timeZone": "W. Europe Standard Time"},
               "body": {"contentType": "html", "content": "<p>About <b>it</b></p>"}, "location": {"displayName": "Room"},
               "attendees": [{"emailAddress": {"address": "vi@x.example", "name": "Vi"}, "type": "required"}]}
    made = api.post("/api/calendar/local/events", outlook, format="json").json()["data"]
    berlin = start.replace(hour=9, minute=0, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    assert made["start_time"] == f"{berlin:%Y-%m-%dT%H:%M:%S}.000Z" and made["provider"] == "local"
    with org_scope(host.organization):
        row = Meeting.objects.get(pk=made["id"])
        assert (row.description, row.location, row.attendees) == ("About it", "Room", [{"email": "vi@x.example", "name": "Vi"}])
    day = {"from": f"{start:%Y-%m-%d}", "to": f"{start:%Y-%m-%d}"}
    found = api.get("/api/calendar/local/events", day).json()
    assert {one["id"] for one in found["data"]} == {meeting.pk, made["id"]} and found["total"] == 2
    naive = {"title": "Naive", "start_time": f"{start:%Y-%m-%d}T12:00:00", "end_time": f"{start:%Y-%m-%d}T13:00:00"}
    assert api.post("/api/calendar/local/events", naive, format="json").json()["data"]["start_time"].endswith("T12:00:00.000Z")


@pytest.mark.parametrize(("body", "field"), [
    ({"start_time": "2030-01-01T10:00:00Z", "end_time": "2030-01-01T11:00:00Z"}, "title"),
    ({"title": "x", "start_time": "2030-01-01T10:00:00Z"}, "end_time"),
    ({"title": "x", "start_time": "2030-01-01T10:00:00Z", "end_time": "2030-01-01T10:00:00Z"}, "end_time"),
    ({"title": "x", "start_time": "2030-01-01T10:00:00Z", "end_time": "2030-05-01T10:00:00Z"}, "end_time"),
    ({"summary": "x", "start": {"dateTime": "2030-01-01T10:00:00", "timeZone": "Mars/Olympus"}, "end": {}}, "start_time"),
    ({"summary": "x", "start": {"date": "2030-13-01"}, "end": {"date": "2030-01-02"}}, "start_time"),
    ({"summary": "x", "start": ["2030-01-01"], "end": 5}, "start_time"),
    ({"title": "x", "start_time": "2030-01-01T10:00:00Z", "end_time": "2030-01-01T11:00:00Z", "attendees": [{"email": 5}]},
     None),
    ([], None), ("text", None), (None, None),
])  # fmt: skip
def test_events_that_are_none(host, body, field):
    answer = client_of(host).post("/api/calendar/local/events", body, format="json")
    assert answer.status_code in (400, 422), answer.content
    assert field is None or field in answer.json()["error"]["fields"]


@pytest.mark.parametrize("query", [{"from": "soon"}, {"to": "2001-01-01"}, {"from": "2026-01-01", "to": "2028-01-01"},
                                   {"from": "0001-01-01"}, {"from": "9999-12-31T23:59:59-10:00"}])  # fmt: skip
def test_questions_for_events_that_are_none(host, query):
    assert client_of(host).get("/api/calendar/local/events", query).status_code == 400


def test_what_is_not_connected(host, settings):
    api = client_of(host)
    assert api.get("/api/calendar/nowhere/events").status_code == 404
    assert api.post("/api/calendar/nowhere/events", {}, format="json").status_code == 404
    assert api.get("/api/calendar/google/events").status_code == 200  # our own meetings stand in
    settings.PRODUCTION = True
    for provider in ("caldav", "google", "outlook"):
        answer = api.get(f"/api/calendar/{provider}/events")
        assert answer.status_code == 409 and answer.json()["error"]["code"] == "not_connected"
    assert api.get("/api/calendar/local/events").status_code == 200


def test_a_server_that_is_away_or_refuses_is_told_as_such(host, start, radicale, settings):
    connect(host, radicale)
    api, body = client_of(host), {"title": "x", "start_time": wire(start), "end_time": wire(start + timedelta(hours=1))}
    settings.ALLOW_PRIVATE_HOSTS = ["127.0.0.1:9"]
    with org_scope(host.organization):
        row = account_of(host)
        CalendarAccount.objects.update(address="http://127.0.0.1:9/", calendar_id="http://127.0.0.1:9/work/")
    for answer in (api.get("/api/calendar/caldav/events"), api.post("/api/calendar/caldav/events", body, format="json")):
        assert answer.status_code == 409 and answer.json()["error"]["code"] == "calendar_away"
    assert account_of(host).state == "connected" and busy_of(host) == []
    settings.ALLOW_PRIVATE_HOSTS = [radicale.place]
    with org_scope(host.organization):
        CalendarAccount.objects.update(address=row.address, calendar_id=row.calendar_id, secret=seal("another one"))
    answer = api.get("/api/calendar/caldav/events")
    assert answer.status_code == 409 and answer.json()["error"]["code"] == "not_connected"
    assert account_of(host).state == "refused"
    with org_scope(host.organization):
        assert Notification.objects.filter(user=host, title__contains="calendar").count() == 1


# ------------------------------------------------------------------------------------------- cost
@pytest.mark.parametrize("busy", [0, 300])
def test_slots_cost_the_same_queries_whatever_stands_elsewhere(host, start, busy, django_assert_num_queries):
    with org_scope(host.organization):
        row = CalendarAccount.objects.create(organization=host.organization, user=host, provider="caldav", state="connected")
        mine = {"organization": host.organization, "account": row, "host": host}
        BusyTime.objects.bulk_create([
            BusyTime(**mine, remote_id=str(n), start_time=at, end_time=at + timedelta(minutes=30))
            for n, at in enumerate(start + timedelta(hours=n) for n in range(busy))])
        profile = profiles.of(host)
        with django_assert_num_queries(2):  # our meetings, busy times
            found = finding.slots(profile, 30, start, start + timedelta(days=10))
    assert len(found) == 480 - min(busy, 240)


def test_reading_again_writes_only_what_differs(host, start, radicale):
    for n in range(20):
        radicale.put(f"e{n}", times(start + timedelta(hours=n), 30))
    pk = connect(host, radicale)
    with org_scope(host.organization):
        before = set(BusyTime.objects.values_list("pk", flat=True))
    radicale.drop("e3")
    radicale.put("new", times(start + timedelta(days=2)))
    sync(host, pk)
    with org_scope(host.organization):
        after = set(BusyTime.objects.values_list("pk", flat=True))
    assert len(before) == len(after) == 20 and len(before & after) == 19


# ------------------------------------------------------------------------------------------- by itself
@pytest.mark.django_db(transaction=True, databases=["default", "system"])
def test_the_sweep_reads_what_is_due_once(radicale):
    host, idle = make_organization("Acme"), make_organization("Globex")
    pk = connect(host, radicale)
    other = connect(idle, radicale)
    at = (now() + timedelta(days=3)).replace(microsecond=0)
    radicale.put("one", times(at))
    with org_scope(host.organization):
        CalendarAccount.objects.filter(pk=pk).update(next_sync_at=now() - timedelta(seconds=1))
    enqueue(jobs.sweep)
    enqueue(jobs.sweep)
    drain()
    assert busy_of(host) == [(at, at + timedelta(hours=1))] and busy_of(idle) == []
    assert account_of(host).next_sync_at > now() + timedelta(minutes=5)
    readings = Job.objects.filter(function="booking.calendars.jobs.sync").values_list("args", flat=True)
    assert sorted(args[0] for args in readings) == sorted([pk, pk, other])


@pytest.mark.django_db(transaction=True, databases=["default", "system"])
def test_a_reading_that_died_is_taken_up_again(radicale):
    host = make_organization("Acme")
    pk = connect(host, radicale)
    with org_scope(host.organization):  # as a worker leaves it that dies while it reads
        CalendarAccount.objects.filter(pk=pk).update(is_syncing=True, next_sync_at=now() - timedelta(seconds=1))
    at = (now() + timedelta(days=3)).replace(microsecond=0)
    radicale.put("one", times(at))
    enqueue(jobs.sweep)
    drain()
    assert len(busy_of(host)) == 1 and not account_of(host).is_syncing
