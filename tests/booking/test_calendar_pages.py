"""The page on which members connect their calendars: what it asks, refuses and never shows."""

import pytest
from django.test import Client
from django.utils.html import escape
from werkzeug import Response

from booking.calendars import accounts
from booking.models import CalendarAccount
from integrations.ports import RemoteCalendar
from lio.models import Change
from lio.tenancy import org_scope
from tests.conftest import sign_in
from tests.factories import make_member

PAGE, FORM, END = (f"/settings/calendars{rest}" for rest in ("", "/caldav/connect", "/caldav/disconnect"))
SECRET = "s3cret-of-anna"
FOUND = """<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:response>
<d:href>/</d:href><d:propstat><d:prop><d:resourcetype><c:calendar/></d:resourcetype>
<d:displayname>Work &amp; &lt;b&gt;play</d:displayname></d:prop>
<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>"""


@pytest.fixture
def server(httpserver, settings):
    """Takes SECRET alone; answers what it was asked."""
    from base64 import b64encode

    settings.ALLOW_PRIVATE_HOSTS = [f"{httpserver.host}:{httpserver.port}"]
    right = f"Basic {b64encode(f'anna:{SECRET}'.encode()).decode()}"

    def answer(request):
        return Response(FOUND, status=207 if request.headers["Authorization"] == right else 401)

    httpserver.expect_request("/").respond_with_handler(answer)
    return httpserver


@pytest.fixture
def browser(client, rep):
    return sign_in(client, rep)


def given(server, **more):
    return {"address": server.url_for("/"), "username": "anna", "password": SECRET} | more


def account(member):
    with org_scope(member.organization):
        return CalendarAccount.objects.filter(user=member).first()


def text(answer):
    return answer.content.decode()


def test_what_the_server_refuses_is_not_stored(browser, rep, server):
    answer = browser.post(FORM, given(server, password="wrong"))
    assert answer.status_code == 422 and "does not take this user name and password" in text(answer)
    assert "wrong" not in text(answer) and account(rep) is None
    assert browser.post(FORM, given(server, address="http://calendar.example/")).status_code == 422
    assert browser.post(FORM, given(server, username="an:na")).status_code == 422
    assert browser.post(FORM, given(server, password="")).status_code == 422
    assert browser.post(FORM, {}).status_code == 422 and account(rep) is None


def test_connected_shown_and_disconnected(browser, rep, server):
    assert "Not connected" in text(browser.get(PAGE))
    answer = browser.post(FORM, given(server), follow=True)
    assert answer.redirect_chain == [(PAGE, 302)] and "CalDAV is connected" in text(answer)
    shown = text(browser.get(PAGE))
    assert escape("Work & <b>play") in shown and "<b>play" not in shown and "Reading" in shown
    for address in (PAGE, FORM, END):
        assert SECRET not in text(browser.get(address)) and account(rep).secret not in text(browser.get(address))
    assert account(rep).calendar_id == server.url_for("/") and account(rep).calendars[0]["blocks"]
    browser.post(PAGE, {"choose": "caldav", "calendar_id": server.url_for("/")})
    assert not account(rep).calendars[0]["blocks"]
    answer = browser.post(PAGE, {"choose": "caldav", "calendar_id": "https://elsewhere.example/"}, follow=True)
    assert "none of the calendars" in text(answer) and account(rep).calendar_id == server.url_for("/")
    assert "Disconnect CalDAV?" in text(browser.get(END))
    browser.post(END)
    assert account(rep).state == "off" and account(rep).secret == ""
    with org_scope(rep.organization):
        changes = Change.objects.filter(model_type="calendaraccount")
        assert changes.count() == 3 and SECRET not in str(list(changes.values()))


def test_a_password_that_is_kept_goes_nowhere_else(browser, rep, server):
    browser.post(FORM, given(server))
    assert browser.post(FORM, given(server, password="")).status_code == 302
    asked = len(server.log)
    for other in ({"address": server.url_for("/other/")}, {"username": "bob"}):
        answer = browser.post(FORM, given(server, password="", **other))
        assert answer.status_code == 422 and "is required" in text(answer).lower()
    assert len(server.log) == asked and account(rep).username == "anna"


def test_it_is_ones_own(browser, rep, server, outsider):
    browser.post(FORM, given(server))
    for other in (make_member(rep.organization, role="Admin"), outsider):
        stranger = sign_in(Client(), other)
        assert "anna" not in text(stranger.get(PAGE)) and "Not connected" in text(stranger.get(PAGE))
        for action in ("read", "believe", "choose"):
            assert stranger.post(PAGE, {action: "caldav"}).status_code == 404
        stranger.post(END)
    assert account(rep).state == "connected"


def test_calendars_that_there_are_not(browser):
    assert browser.get("/settings/calendars/nothing/connect").status_code == 404
    assert browser.post("/settings/calendars/nothing/disconnect").status_code == 404
    assert browser.post(PAGE, {"read": "nothing"}).status_code == 404 and browser.post(PAGE, {}).status_code == 404
    assert Client().get(PAGE).status_code == 302


def test_it_costs_so_many_queries(browser, rep, django_assert_max_num_queries):
    with org_scope(rep.organization):
        found = [RemoteCalendar(f"https://c.example/{n}/", f"Calendar {n}") for n in range(60)]
        accounts.connect(rep, "caldav", calendars=found, address="https://c.example/", username="anna", secret="x")
    browser.get(PAGE)
    with django_assert_max_num_queries(12):
        assert "Calendar 59" in text(browser.get(PAGE))
