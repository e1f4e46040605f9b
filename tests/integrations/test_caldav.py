"""CalDAV servers as they differ, and servers that mean harm. What Radicale does stands in tests/booking/test_calendars.py."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from werkzeug import Response

from integrations.ports import CalendarAccess, Invitation, Passing, Permanent, Written
from integrations.vendors import caldav
from integrations.vendors.caldav import CalDav

JUNE = datetime(2026, 6, 1, tzinfo=UTC)
GUESTS = (("vi@x.example", "Vi, the <first>"),)
OURS = Invitation("one@lio.example", "Review", JUNE, JUNE + timedelta(hours=1), attendees=GUESTS)
HEAD = '<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">'


@pytest.fixture
def server(httpserver, settings):
    settings.ALLOW_PRIVATE_HOSTS = [f"{httpserver.host}:{httpserver.port}"]
    return httpserver


def account(server, path="/", calendar_id=None, **more):
    chosen = server.url_for("/cal/") if calendar_id is None else calendar_id
    return CalDav(CalendarAccess(server.url_for(path), "anna", "s3cret", chosen, **more))


def read(calendar):
    return calendar.read(JUNE, JUNE + timedelta(days=30))


def answers(server, method, path, *parts, status=207, **more):
    """Parts are (href, the XML of its properties)."""
    body = HEAD + "".join(
        f"<d:response><d:href>{href}</d:href><d:propstat><d:prop>{inner}</d:prop><d:status>HTTP/1.1 200 OK</d:status>"
        "</d:propstat></d:response>" for href, inner in parts) + "</d:multistatus>"
    server.expect_request(path, method=method).respond_with_data(body, status=status, content_type="text/xml", **more)


KIND = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>"


# ------------------------------------------------------------------------------------------- discovery
def test_from_the_server_over_the_principal_to_the_calendars(server):
    server.expect_request("/", method="PROPFIND").respond_with_data("no", status=405)
    moved = server.expect_request("/.well-known/caldav", method="PROPFIND")
    moved.respond_with_data("", status=301, headers={"Location": "/dav/"})
    answers(server, "PROPFIND", "/dav/",
            ("/dav/", "<d:current-user-principal><d:href>/dav/anna/</d:href></d:current-user-principal>"))
    answers(server, "PROPFIND", "/dav/anna/",
            ("/dav/anna/", "<c:calendar-home-set><d:href>/dav/anna/cals/</d:href></c:calendar-home-set>"))
    answers(server, "PROPFIND", "/dav/anna/cals/",
            ("/dav/anna/cals/", "<d:resourcetype><d:collection/></d:resourcetype>"),
            ("/dav/anna/cals/work%20days", KIND + "<d:displayname> Work \n days </d:displayname>"),
            ("/dav/anna/cals/tasks/", KIND + '<c:supported-calendar-component-set><c:comp name="VTODO"/>'
                                             "</c:supported-calendar-component-set>"),
            ("/dav/anna/cals/team/", KIND + "<d:current-user-privilege-set><d:privilege><d:read/></d:privilege>"
                                            "</d:current-user-privilege-set>"))  # fmt: skip
    found = account(server).calendars()
    assert [(one.id.removeprefix(server.url_for("/")), one.name, one.may_write) for one in found] == [
        ("dav/anna/cals/work%20days/", "Work days", True), ("dav/anna/cals/team/", "team", False)]


def test_an_address_that_is_no_calendar(server):
    server.expect_request("/", method="PROPFIND").respond_with_data("<html>", status=200)
    server.expect_request("/.well-known/caldav").respond_with_data("", status=404)
    with pytest.raises(Permanent, match="no calendar at this address"):
        account(server).calendars()


# ------------------------------------------------------------------------------------------- refusals
@pytest.mark.parametrize(("status", "headers", "kind", "words"), [
    (401, {}, Permanent, "user name and password"), (403, {}, Permanent, "does not let"),
    (404, {}, Permanent, "no longer there"),
    (429, {"Retry-After": "77"}, Passing, "429"), (500, {}, Passing, "500"), (503, {"Retry-After": "soon"}, Passing, "503"),
    (200, {}, Passing, "200"), (302, {}, Passing, "302"), (302, {"Location": "/cal/"}, Permanent, "circles"),
    (302, {"Location": "https://evil.example/"}, Permanent, "another server"),
    (302, {"Location": "http://169.254.169.254/"}, Permanent, "another server"),
    (302, {"Location": "file:///etc/passwd"}, Permanent, "no address"),
])  # fmt: skip
def test_what_a_status_means(server, status, headers, kind, words):
    server.expect_request("/cal/").respond_with_data("", status=status, headers=headers)
    known = Written(server.url_for("/cal/"))
    for act in (read, lambda calendar: calendar.put(OURS), lambda calendar: calendar.put(OURS, known)):
        if status == 200 and act is not read:
            continue
        if act is not read:
            server.clear()
            server.expect_request("/cal/").respond_with_data("", status=status, headers=headers)
            server.expect_request("/cal/one@lio.example.ics").respond_with_data("", status=status, headers=headers)
        with pytest.raises(kind, match=words if status != 404 or act is read else None) as told:
            act(account(server))
        if status == 429:
            assert told.value.wait == 77
        assert "s3cret" not in str(told.value)


def test_the_password_goes_nowhere_else(server, settings):
    for address in ("http://calendar.example/", "ftp://x.example/", "https://", "http://[", "http://x.example:99999/", "  "):
        with pytest.raises((Permanent, Passing)):
            CalDav(CalendarAccess(address, "anna", "s3cret")).calendars()
    for foreign in ("https://evil.example/cal/", "http://127.0.0.1:1/", "https://169.254.169.254/x", "javascript:x",
                    "//evil.example/", "http://["):
        mine = CalDav(CalendarAccess("https://cloud.example.com/", "anna", "s3cret", foreign))
        for act in (read, lambda one: one.put(OURS), lambda one, at=foreign: one.drop(Written(at))):
            with pytest.raises(Permanent):
                act(mine)
    own = CalDav(CalendarAccess("https://caldav.icloud.com/", "anna", "s3cret"))
    own._check("https://p42-caldav.icloud.com/1/")
    for other in ("https://icloud.com.evil.example/", "https://evil.com/", "http://p42-caldav.icloud.com/"):
        with pytest.raises(Permanent):
            own._check(other)


def test_hrefs_that_lead_away_are_not_followed(server):
    answers(server, "PROPFIND", "/", ("/", "<c:calendar-home-set><d:href>https://evil.example/home/</d:href></c:calendar-home-set>"))
    with pytest.raises(Permanent, match="another server"):
        account(server).calendars()


# ------------------------------------------------------------------------------------------- answers made to do harm
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(8)) + "]><x>&i;</x>"


@pytest.mark.parametrize("body", [
    BOMB, '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>', "", "{}", "<a><b></a>", "\x00", "<x/>" * 3,
    '<?xml version="1.0" encoding="utf-99"?><x/>', '<?xml version="1.0" encoding="utf-16"?><x/>', "<d:x/>",
])  # fmt: skip
def test_xml_that_is_none(server, body):
    server.expect_request("/cal/").respond_with_data(body, status=207)
    with pytest.raises(Passing, match="cannot be read"):
        read(account(server))


@pytest.mark.parametrize("body", [
    "<x/>", "<a>" * 50_000 + "</a>" * 50_000, HEAD + "<d:response/>" * 1000 + "</d:multistatus>",
    HEAD + "<d:response><d:href>http://[</d:href><d:propstat/></d:response></d:multistatus>",
])  # fmt: skip
def test_xml_that_says_nothing(server, body):
    server.expect_request("/cal/").respond_with_data(body, status=207)
    assert read(account(server)).events == []


def test_too_much(server):
    server.expect_request("/cal/").respond_with_data(b"x" * 50_000_000, status=207)
    with pytest.raises(Passing, match="more than"):
        read(account(server))


def test_an_answer_that_never_ends(server, monkeypatch):
    def drip(request):
        def bytes_for_ever():
            for _ in range(100):
                yield b" "
                time.sleep(0.1)  # the server's own slowness

        return Response(bytes_for_ever(), status=207)

    monkeypatch.setattr(caldav, "SECONDS", 0.5)
    server.expect_request("/cal/").respond_with_handler(drip)
    started = time.monotonic()
    with pytest.raises(Passing, match="in time"):
        read(account(server))
    assert time.monotonic() - started < 3


def test_one_broken_event_among_others(server):
    lines = ("BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:{0}", "DTSTART:{1}", "DURATION:PT1H", "END:VEVENT", "END:VCALENDAR")
    data = "&#13;\n".join(lines)
    files = [data.format("a", "20260610T090000Z"), "rubbish", data.format("b", "nonsense"),
             data.format("c", "20260611T090000Z")]  # fmt: skip
    answers(server, "REPORT", "/cal/", ("/cal/gone.ics", "<d:getetag/>"),
            *[(f"/cal/{n}.ics", f"<c:calendar-data>{text}</c:calendar-data>") for n, text in enumerate(files)])
    got = read(account(server))
    assert [event.uid for event in got.events] == ["a", "c"] and got.failed == 2
    assert got.events[0].id == server.url_for("/cal/0.ics")


# ------------------------------------------------------------------------------------------- writing
def test_what_is_written_asks_the_server_to_write_to_nobody(server):
    sent = []

    def take(request):
        sent.append((request.headers, request.get_data(as_text=True).replace("\r\n ", "")))
        return Response("", status=201, headers={"ETag": '"v1"'})

    server.expect_request("/cal/one@lio.example.ics", method="PUT").respond_with_handler(take)
    done = account(server, addresses=("rep@acme.example",)).put(OURS)
    assert done == Written(server.url_for("/cal/one@lio.example.ics"), '"v1"')
    headers, text = sent[0]
    assert headers["If-None-Match"] == "*" and headers["Content-Type"].startswith("text/calendar")
    people = [line for line in text.splitlines() if line.startswith(("ATTENDEE", "ORGANIZER"))]
    assert len(people) == 2 and all("SCHEDULE-AGENT=CLIENT" in line for line in people)
    assert "METHOD" not in text and "UID:one@lio.example" in text


def test_what_was_changed_there_is_overwritten_by_its_new_version(server):
    seen = []

    def take(request):
        seen.append(request.headers.get("If-Match") or request.headers.get("If-None-Match"))
        return Response("", status=204 if seen[-1] == '"v7"' else 412)

    server.expect_request("/cal/x.ics", method="PUT").respond_with_handler(take)
    server.expect_request("/cal/x.ics", method="GET").respond_with_data("", headers={"ETag": '"v7"'})
    done = account(server).put(OURS, Written(server.url_for("/cal/x.ics"), '"v1"'))
    assert seen == ['"v1"', '"v7"'] and done.version == '"v7"'


def test_a_server_that_takes_no_version_is_not_asked_for_ever(server):
    asked = []
    server.expect_request("/cal/x.ics", method="PUT").respond_with_handler(lambda request: asked.append(1) or Response("", 412))
    server.expect_request("/cal/x.ics", method="GET").respond_with_data("", headers={"ETag": '"v7"'})
    with pytest.raises(Passing):
        account(server).put(OURS, Written(server.url_for("/cal/x.ics"), '"v1"'))
    assert len(asked) == 3
