"""Links of Google Meet and Microsoft Teams: made by the host's calendar, in the mail when it goes, and never instead of it."""

from datetime import timedelta
from time import time
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.test import Client
from django.utils.timezone import now
from werkzeug import Response

from booking import meetings, profiles
from booking.calendars import accounts
from booking.calendars.registry import KINDS, Reach, ends
from booking.models import BusyTime, CalendarAccount, Meeting, MeetingCopy
from integrations.oauth import Grant
from integrations.ports import Permanent, RemoteCalendar
from lio import history, jobs
from lio.models import Change, Job
from lio.tenancy import org_scope
from tests.booking.conftest import always_open, booking
from tests.conftest import sign_in
from tests.factories import make_organization
from tests.kit.test_races import together

pytestmark = pytest.mark.django_db
VERA = [{"email": "vera@visitor.example", "name": "Vera"}]
MEET, TEAMS = "https://meet.google.com/", "https://teams.microsoft.com/"


def connect(member, vendor, *, lasts=3600.0):
    """The member's account with a vendor's server, as the page would connect it. Its first reading has run."""
    provider = "google" if vendor.root.startswith("/calendar") else "outlook"
    told = vendor.grant()
    grant = Grant(told["access_token"], told["refresh_token"], time() + lasts)
    with org_scope(member.organization), history.one_action():
        calendars = [RemoteCalendar(one["id"], one.get("summary") or one["name"]) for one in vendor.calendars]
        account = accounts.connect(member, provider, calendars=calendars, username=member.email, secret=grant.packed(),
                                   expires_at=ends(grant))
    jobs.drain()
    return account


@pytest.fixture
def plan(rep):
    def one(tool, *, start=None, **fields):
        start = start or now().replace(minute=0, second=0, microsecond=0) + timedelta(days=3)
        values = {"title": "Demo", "start_time": start, "end_time": start + timedelta(minutes=30), "meeting_tool": tool,
                  "attendees": VERA}
        with org_scope(rep.organization), history.one_action():
            return meetings.add(rep.organization, values | fields, by=rep)

    return one


@pytest.fixture
def change(rep):
    def one(meeting, **fields):
        with org_scope(rep.organization), history.one_action():
            meetings.update(meeting.pk, rep.organization, fields, by=rep)
        jobs.drain()
        return stored(meeting)

    return one


def stored(meeting):
    with org_scope(meeting.organization_id):
        return Meeting.objects.select_related("host").get(pk=meeting.pk)


def sent():
    """[(to, body)] since the last look."""
    found = [(one.to[0], one.body) for one in mail.outbox]
    mail.outbox.clear()
    return found


@pytest.mark.parametrize(("tool", "vendor", "link"), [("meet", "google", MEET), ("teams", "graph", TEAMS)])
def test_a_planned_meeting_gets_its_link_and_the_mail_has_it(rep, plan, tool, vendor, link, request):
    there = request.getfixturevalue(vendor)
    connect(rep, there)
    meeting = plan(tool)
    jobs.drain()
    meeting = stored(meeting)
    assert meeting.meeting_url.startswith(link) and meeting.sequence == 0
    [(to, body)] = sent()
    assert to == "vera@visitor.example" and f"Join: {meeting.meeting_url}" in body
    [event] = there.events.values()
    assert meeting.meeting_url not in str(event.get("description", event.get("body")))  # the calendar shows it by itself
    with org_scope(rep.organization):
        copy = MeetingCopy.objects.get(meeting=meeting)
        assert (copy.link, copy.reason, copy.remote_id) == (meeting.meeting_url, "", event["id"])
        told = Change.objects.filter(verb="meeting.updated", model_id=meeting.pk).get()
        assert told.after == {"meeting_url": meeting.meeting_url}
    asked = len(there.asked)
    jobs.drain()
    assert len(there.asked) == asked and not Job.objects.filter(state="queued").exists()  # nothing goes round in circles


def test_a_booking_gets_its_link_and_both_mails_have_it(rep, google, client, start):
    always_open(rep)
    with org_scope(rep.organization), history.one_action():
        types = [{"name": "Call", "minutes": 30, "tool": "meet"}]
        profiles.update(rep, {"types": types}, by=rep)
    connect(rep, google)
    answer = client.post(f"/api/v1/booking/{rep.booking_slug}/confirm", booking(start), content_type="application/json")
    assert answer.status_code == 201 and sent() == []
    jobs.drain()
    both = dict(sent())
    assert set(both) == {"vera@visitor.example", rep.email}
    assert all("Join: https://meet.google.com/" in body for body in both.values())


@pytest.mark.parametrize("tool", ["meet", "teams", "zoom", "none"])
def test_without_a_calendar_that_makes_links_the_mail_goes_at_once(rep, google, plan, tool):
    if tool != "meet":
        connect(rep, google)
    meeting = plan(tool)
    [row] = Job.objects.filter(function="booking.jobs.invite")
    assert row.run_at <= now()
    jobs.drain()
    assert stored(meeting).meeting_url == "" and [to for to, _ in sent()] == ["vera@visitor.example"]


def test_a_link_of_ones_own_holds(rep, google, plan):
    connect(rep, google)
    meeting = plan("meet", meeting_url="https://meet.google.com/my-own-room")
    jobs.drain()
    [event] = google.events.values()
    assert stored(meeting).meeting_url == "https://meet.google.com/my-own-room"
    assert "conferenceData" not in event and event["location"] == "https://meet.google.com/my-own-room"
    assert "my-own-room" in sent()[0][1]


def test_a_mail_goes_without_the_link_when_the_try_fails_and_the_link_follows(rep, google, plan):
    connect(rep, google)
    google.says(503, {}, only="POST")
    meeting = plan("meet")
    jobs.drain()
    [(to, body)] = sent()
    assert to == "vera@visitor.example" and "Join:" not in body
    Job.objects.filter(state="queued").update(run_at=now() - timedelta(seconds=1))  # its next attempt is due
    jobs.drain()
    meeting = stored(meeting)
    [(to, body)] = sent()
    assert to == "vera@visitor.example" and f"Join: {meeting.meeting_url}" in body and meeting.sequence == 1


def test_a_mail_goes_when_google_refuses(rep, google, plan):
    account = connect(rep, google)
    google.says(403, {"error": {"code": 403, "errors": [{"reason": "forbidden"}]}}, only="POST")
    plan("meet")
    jobs.drain()
    assert len(sent()) == 1
    with org_scope(rep.organization):
        account.refresh_from_db()
        assert account.state == "refused" and "does not let LIO" in account.reason


def test_a_mail_goes_although_nobody_ever_tries(rep, google, plan):
    """The job that makes the link may be lost with its machine: the mail waits two minutes, no longer."""
    connect(rep, google)
    plan("meet")
    Job.objects.filter(function="booking.calendars.jobs.copy").delete()
    jobs.drain()
    assert sent() == []
    row = Job.objects.get(function="booking.jobs.invite")
    assert row.state == "queued" and timedelta(seconds=90) < row.run_at - now() <= timedelta(seconds=120)
    Job.objects.filter(pk=row.pk).update(run_at=now() - timedelta(seconds=1))
    jobs.drain()
    assert len(sent()) == 1


def test_an_account_without_teams_does_not_hold_the_mail(rep, graph, plan):
    graph.has_teams = False
    connect(rep, graph)
    meeting = plan("teams")
    jobs.drain()
    assert stored(meeting).meeting_url == "" and len(sent()) == 1 and len(graph.events) == 1


def test_who_connects_later_gets_links_for_what_is_planned_and_guests_are_told(rep, google, plan):
    meeting = plan("meet")
    jobs.drain()
    assert "Join:" not in sent()[0][1]
    connect(rep, google)
    meeting = stored(meeting)
    assert f"Join: {meeting.meeting_url}" in sent()[0][1] and meeting.meeting_url.startswith(MEET) and meeting.sequence == 1


def test_a_link_lives_as_long_as_its_event(rep, google, plan, change):
    connect(rep, google)
    meeting = plan("meet")
    jobs.drain()
    first = stored(meeting).meeting_url
    sent()
    start = meeting.start_time + timedelta(days=1)
    moved = change(meeting, start_time=start, end_time=start + timedelta(minutes=30))
    assert moved.meeting_url == first and f"Join: {first}" in sent()[0][1]
    gone = change(meeting, status=Meeting.Status.CANCELLED)
    assert gone.meeting_url == "" and [event["status"] for event in google.events.values()] == ["cancelled"]
    assert len(sent()) == 1
    again = change(meeting, status=Meeting.Status.SCHEDULED)
    assert again.meeting_url.startswith(MEET) and f"Join: {again.meeting_url}" in sent()[0][1]


def test_another_tool_takes_the_link_away_and_back(rep, google, graph, plan, change):
    connect(rep, google)
    connect(rep, graph)
    meeting = plan("meet")
    jobs.drain()
    first = stored(meeting).meeting_url
    assert first.startswith(MEET)
    assert first in str(graph.events)  # the other calendar is told where
    sent()
    teams = change(meeting, meeting_tool="teams")
    assert teams.meeting_url.startswith(TEAMS) and f"Join: {teams.meeting_url}" in sent()[-1][1]
    assert change(meeting, meeting_tool="none").meeting_url == ""
    assert change(meeting, meeting_tool="meet").meeting_url == first
    with org_scope(rep.organization), history.one_action():
        meetings.change_many(Meeting.objects.filter(pk=meeting.pk), {"meeting_tool": "zoom"}, by=rep)
    assert stored(meeting).meeting_url == ""


def test_another_host_gets_another_link(rep, colleague, google, plan, change):
    connect(rep, google)
    meeting = plan("meet")
    jobs.drain()
    first = stored(meeting).meeting_url
    sent()
    moved = change(meeting, host_id=colleague.pk)  # who has no calendar there
    assert moved.meeting_url == "" and "Join:" not in sent()[-1][1]
    back = change(meeting, host_id=rep.pk)
    assert back.meeting_url.startswith(MEET) and f"Join: {back.meeting_url}" in sent()[-1][1] and first


def test_what_is_deleted_is_told_at_once_and_comes_back_with_a_link(rep, google, plan):
    connect(rep, google)
    google.makes_links = False
    meeting = plan("meet")
    jobs.drain()
    sent()
    with org_scope(rep.organization), history.one_action():
        meetings.delete(Meeting.objects.filter(pk=meeting.pk), by=rep)
    jobs.drain()
    assert sent()[0][1].startswith("This meeting will not take place")
    google.makes_links = True
    with org_scope(rep.organization), history.one_action():
        meetings.restore(Meeting.objects.filter(pk=meeting.pk), by=rep)
    jobs.drain()
    assert f"Join: {stored(meeting).meeting_url}" in sent()[-1][1] and stored(meeting).meeting_url


# ------------------------------------------------------------------------------------------- what pages say
@pytest.fixture
def page(browser):
    def ask(meeting):
        return browser.get(f"/meetings/{meeting.pk}/").content.decode()

    return ask


def test_the_page_of_a_meeting_says_where_its_link_is(rep, colleague, google, plan, page):
    client_of_colleague = sign_in(Client(), colleague)
    meeting = plan("meet")
    jobs.drain()
    assert "There is no link to join yet. Enter one, or connect Google in Settings" in page(meeting)
    seen = client_of_colleague.get(f"/meetings/{meeting.pk}/").content.decode()
    assert "or have the host connect Google in Settings" in seen
    connect(rep, google)
    assert "no link" not in page(meeting) and f'href="{stored(meeting).meeting_url}"' in page(meeting)
    other = plan("meet", start=meeting.start_time + timedelta(days=1))
    assert "Google is asked for the link." in page(other)
    google.says(503, {}, only="POST")
    jobs.drain()
    assert "will be again: Google answers 503." in page(other)
    google.makes_links = False
    Job.objects.filter(state="queued").update(run_at=now() - timedelta(seconds=1))
    jobs.drain()
    assert "Google made no link" in page(other)
    assert "link" not in page(plan("none")).split('id="hero"')[1].split('class="acts"')[0].replace('class="link"', "")


def test_forms_say_when_a_link_makes_itself(rep, browser, settings):
    shown = browser.get("/meetings/add").content.decode() + browser.get("/settings/booking/types/add").content.decode()
    assert "Leave it empty" not in shown
    mine = {"client_id": "x", "client_secret": "y"}
    settings.OAUTH = {**settings.OAUTH, "google": settings.OAUTH["google"] | mine}
    assert "Leave it empty for Google Meet: the host" in browser.get("/meetings/add").content.decode()
    assert "Leave it empty for Google Meet: your calendar" in browser.get("/settings/booking/types/add").content.decode()


def test_visitors_are_told_how_the_link_comes(rep, google, client, start):
    always_open(rep)
    with org_scope(rep.organization), history.one_action():
        profiles.update(rep, {"types": [{"name": "Call", "minutes": 30, "tool": "meet"}]}, by=rep)
    path = f"/book/{rep.booking_slug}"
    assert f"Google Meet; {rep.first_name} sends the link" in client.get(path).content.decode()
    connect(rep, google)
    assert "Video link in the confirmation" in client.get(path).content.decode()
    answer = client.post(f"/api/v1/booking/{rep.booking_slug}/confirm", booking(start), content_type="application/json").json()
    booked = urlsplit(answer["data"]["manage_url"]).path
    assert "and the link to join is on its way" in client.get(booked).content.decode()
    jobs.drain()
    shown = client.get(booked).content.decode()
    assert "and the link to join" not in shown and MEET in shown


# ------------------------------------------------------------------------------------------- tokens on the way
def grant_of(account):
    with org_scope(account.organization_id):
        return Grant.unpacked(Reach(CalendarAccount.objects.get(pk=account.pk)).secret)


@pytest.mark.parametrize("vendor", ["google", "graph"])
def test_a_reading_renews_the_token_and_keeps_what_came_for_it(rep, vendor, request):
    there = request.getfixturevalue(vendor)
    zone = "Z" if vendor == "google" else ""
    there.add("e1", *[f"{now() + timedelta(days=2, hours=hour):%Y-%m-%dT%H:%M:%S}{zone}" for hour in (0, 1)])
    account = connect(rep, there, lasts=30)
    assert there.renewals == 1 and grant_of(account).refresh in there.refresh_tokens
    with org_scope(rep.organization):
        account.refresh_from_db()
        assert (account.state, account.read_count, account.kept_count) == ("connected", 1, 1)
        assert account.expires_at > now() + timedelta(minutes=50) and account.secret and "access-" not in account.secret
        assert BusyTime.objects.get().remote_id == "e1"
        accounts.read_now(account)
    there.access_tokens.clear()  # ended early: it is renewed on the way
    jobs.drain()
    with org_scope(rep.organization):
        account.refresh_from_db()
        assert account.state == "connected" and account.problems == [] and there.renewals == 2


def test_withdrawn_access_disconnects_and_tells_the_member(rep, google):
    account = connect(rep, google)
    google.access_tokens.clear()
    google.refresh_tokens.clear()
    with org_scope(rep.organization):
        accounts.read_now(account)
    jobs.drain()
    with org_scope(rep.organization):
        account.refresh_from_db()
        assert account.state == "refused" and "Connect" in account.reason


def test_a_service_in_trouble_disconnects_nobody(rep, google):
    account = connect(rep, google, lasts=3600)
    google.access_tokens.clear()
    google.refusal = Response("no", 503)
    with org_scope(rep.organization):
        accounts.read_now(account)
    jobs.drain()
    with org_scope(rep.organization):
        account.refresh_from_db()
        assert account.state == "connected" and account.failures == 1 and "answers 503" in account.problems[0]


@pytest.mark.django_db(transaction=True)
def test_many_who_need_a_new_token_at_once_get_one(google, settings):
    """Real connections: the row's lock decides who renews, and nobody holds it meanwhile."""
    member = make_organization("Acme")
    with org_scope(member.organization):
        profiles.of(member)
    account = connect(member, google, lasts=3600)
    google.access_tokens.clear()

    def one():
        with org_scope(member.organization):
            reach = Reach(CalendarAccount.objects.get(pk=account.pk))
        return reach.calendar().account()  # refused, renewed, and asked again

    assert together([one] * 6) == ["rep@example.com"] * 6
    assert google.renewals == 1 and grant_of(account).refresh in google.refresh_tokens
    assert grant_of(account).renewing_until == 0


def test_who_disconnects_while_a_token_is_renewed_is_not_connected_again(rep, google):
    account = connect(rep, google)
    with org_scope(rep.organization):
        reach = Reach(CalendarAccount.objects.get(pk=account.pk))
        accounts.disconnect(rep, "google")
    with pytest.raises(Permanent, match="disconnected meanwhile"):
        reach.calendar()
    with org_scope(rep.organization):
        assert CalendarAccount.objects.get(pk=account.pk).secret == ""


def test_each_maker_is_a_kind_of_its_own():
    assert {kind.tool: kind.name for kind in KINDS.values() if kind.tool} == {"meet": "google", "teams": "outlook"}
