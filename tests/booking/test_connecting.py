"""The way to Google and Microsoft and back: from the page of calendars to a calendar that is read."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.utils.timezone import now

from accounts.models import AuditEntry
from booking.calendars.registry import Reach
from booking.models import BusyTime, CalendarAccount, Meeting
from lio import jobs
from lio.tenancy import org_scope
from tests.conftest import sign_in

pytestmark = pytest.mark.django_db
BOTH = pytest.mark.parametrize(
    ("provider", "fixture", "label"), [("google", "google", "Google"), ("outlook", "graph", "Microsoft")])


def toasts(browser):
    return browser.get("/settings/calendars").content.decode()


def account_of(member, provider):
    with org_scope(member.organization):
        return CalendarAccount.objects.filter(user=member, provider=provider).first()


def go(browser, provider="google"):
    answer = browser.get(f"/settings/calendars/{provider}/allow")
    assert answer.status_code == 302 and answer["Cache-Control"] == "no-store"
    return answer["Location"]


def back(browser, told, provider="google"):
    answer = browser.get(f"/settings/calendars/{provider}/allowed", told)
    assert (answer.status_code, answer["Location"]) == (302, "/settings/calendars")
    return toasts(browser)


@BOTH
def test_a_calendar_is_connected_and_read(rep, browser, provider, fixture, label, request, settings):
    there = request.getfixturevalue(fixture)
    zone = "Z" if provider == "google" else ""
    there.add("e1", *[f"{now() + timedelta(days=2, hours=hour):%Y-%m-%dT%H:%M:%S}{zone}" for hour in (0, 1)])
    assert f"/settings/calendars/{provider}/allow" in toasts(browser)
    address = go(browser, provider)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert asked["redirect_uri"] == f"{settings.SITE_URL}/settings/calendars/{provider}/allowed"
    assert f"Your {label} calendar is connected" in back(browser, there.consent(address), provider)
    jobs.drain()
    account = account_of(rep, provider)
    assert (account.state, account.username, account.kept_count) == ("connected", "rep@example.com", 1)
    with org_scope(rep.organization):
        assert Reach(account).secret.count("refresh-") == 1 and "refresh-" not in account.secret
        assert BusyTime.objects.get().remote_id == "e1"
        assert AuditEntry.objects.filter(verb="calendar.connected").count() == 1
    shown = toasts(browser)
    assert "Connected" in shown and "rep@example.com" in shown and "access-" not in shown


@BOTH
def test_without_an_app_of_the_operator_s_there_is_no_button(rep, browser, provider, fixture, label):
    assert f"/settings/calendars/{provider}/allow" not in toasts(browser)
    for page in ("allow", "allowed?code=x&state=y"):
        assert browser.get(f"/settings/calendars/{provider}/{page}").status_code == 404


def test_only_calendars_that_are_connected_there_are_connected_so(rep, browser, google):
    for provider in ("caldav", "local", "nobody"):
        assert browser.get(f"/settings/calendars/{provider}/allow").status_code == 404
        assert browser.get(f"/settings/calendars/{provider}/allowed").status_code == 404


def test_who_says_no_is_told_that_nothing_happened(rep, browser, google):
    told = google.consent(go(browser))
    assert "You did not let LIO" in back(browser, {"state": told["state"], "error": "access_denied"})
    assert account_of(rep, "google") is None


def test_what_was_not_begun_here_is_not_connected(rep, colleague, browser, client, google):
    told = google.consent(go(browser))
    for wrong in ({}, {"state": "x", "code": told["code"]}, {"code": told["code"]}, {"state": told["state"]}):
        assert "again" in back(browser, wrong)
    sign_in(client, colleague)  # another member, or an attacker's link in another's browser
    assert "somebody else" in back(client, told)
    sign_in(client, rep)  # the same member in another session
    assert "another session" in back(client, told)
    assert account_of(rep, "google") is None and account_of(colleague, "google") is None


def test_what_took_too_long_is_begun_again(rep, browser, google):
    told = google.consent(go(browser))
    with time_machine.travel(now() + timedelta(minutes=11)):
        assert "longer than ten minutes" in back(browser, told)
    assert account_of(rep, "google") is None


def test_a_service_in_trouble_connects_nothing(rep, browser, google):
    told = google.consent(go(browser))
    google.says(503, {})
    assert "Try again in a while" in back(browser, told)
    assert account_of(rep, "google") is None


def test_a_stranger_is_led_to_the_sign_in(client, db, google):
    for page in ("allow", "allowed"):
        assert client.get(f"/settings/calendars/google/{page}")["Location"].startswith("/sign-in")


def test_connecting_anew_keeps_what_was_chosen(rep, browser, google):
    google.calendars.append({"id": "team@group.calendar.google.com", "summary": "Team", "accessRole": "writer"})
    back(browser, google.consent(go(browser)))
    chosen = {"choose": "google", "calendar_id": "team@group.calendar.google.com", "blocking": ["rep@example.com"]}
    browser.post("/settings/calendars", chosen)
    back(browser, google.consent(go(browser)))
    account = account_of(rep, "google")
    assert account.calendar_id == "team@group.calendar.google.com"
    assert [one["blocks"] for one in account.calendars] == [True, False]
    browser.post("/settings/calendars/google/disconnect")
    account = account_of(rep, "google")
    assert (account.state, account.secret) == ("off", "")


# ------------------------------------------------------------------------------------------- events over the API
GOOGLE_SHAPE = {"summary": "Lunch", "start": {"dateTime": "2027-01-11T12:00:00+01:00"},
                "end": {"dateTime": "2027-01-11T13:00:00+01:00"},
                "attendees": [{"email": "jane@acme.com", "displayName": "Jane"}]}  # fmt: skip
OUTLOOK_SHAPE = {"subject": "Lunch",
                 "start": {"dateTime": "2027-01-11T12:00:00.0000000", "timeZone": "W. Europe Standard Time"},
                 "end": {"dateTime": "2027-01-11T13:00:00", "timeZone": "Europe/Berlin"},
                 "body": {"contentType": "html", "content": "<p>Soup</p>"}}  # fmt: skip
OUR_SHAPE = {"title": "Lunch", "start_time": "2027-01-11T11:00:00Z", "end_time": "2027-01-11T12:00:00Z"}


@BOTH
@pytest.mark.parametrize("shape", [GOOGLE_SHAPE, OUTLOOK_SHAPE, OUR_SHAPE])
def test_an_event_is_created_in_the_providers_shape_or_ours(rep, browser, api, provider, fixture, label, shape, request):
    there = request.getfixturevalue(fixture)
    back(browser, there.consent(go(browser, provider)), provider)
    answer = api.post(f"/api/calendar/{provider}/events", shape)
    made = answer.json()["data"]
    assert answer.status_code == 201, made
    assert (made["title"], made["provider"], made["start_time"]) == ("Lunch", provider, "2027-01-11T11:00:00.000Z")
    [event] = there.events.values()
    assert event["id"] == made["id"] and "2027-01-11T11:00:00" in event["start"]["dateTime"]
    with org_scope(rep.organization):
        assert not Meeting.objects.exists()  # theirs, not one of ours; and it blocks at once
        assert BusyTime.objects.get().remote_id == made["id"]
    listed = api.get(f"/api/calendar/{provider}/events?from=2027-01-11&to=2027-01-12").json()["data"]
    assert [(one["id"], one["title"], one["end_time"]) for one in listed] == [(made["id"], "Lunch", "2027-01-11T12:00:00.000Z")]
    assert {"email": "jane@acme.com", "name": ""} not in listed[0]["attendees"]  # named in the text: nobody is invited there


@BOTH
def test_a_service_that_refuses_or_is_away_is_told_as_such(rep, browser, api, provider, fixture, label, request):
    there = request.getfixturevalue(fixture)
    back(browser, there.consent(go(browser, provider)), provider)
    there.says(503, {})
    answer = api.get(f"/api/calendar/{provider}/events")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "calendar_away"), answer.json()
    there.access_tokens.clear()
    there.refresh_tokens.clear()
    answer = api.get(f"/api/calendar/{provider}/events")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_connected")
    assert account_of(rep, provider).state == "refused"
