"""Tracking with real threads, real commits and the web server's own entry: nothing is lost, doubled or waited for."""

import io
import re
from contextlib import suppress

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import override_settings

from intent.models import RawEvent, Signal, TrackingToken
from intent.tracking import jobs as tracking
from intent.tracking.door import Door
from intent.tracking.links import wrap
from leads.models import Lead
from lio import jobs
from lio.tenancy import org_scope
from tests.factories import make_lead, make_organization
from tests.kit.test_races import together

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def admin():
    return make_organization("Acme")


def mails(admin, many=1, **more):
    """[{open, click, unsubscribe: path}] of mails to one lead."""
    lead = make_lead(admin.organization, email="jane@x.example")
    found = []
    with org_scope(admin.organization):
        for n in range(many):
            mail = wrap(admin.organization, lead, '<a href="https://acme.example/x">x</a>', message_id=n)
            found.append({what: path for path, what in
                          re.findall(r"(/api/v1/track/(\w+)/[\w-]+)", mail.html + mail.unsubscribe_url)})
    return found


def refused(environ, start_response):
    start_response("404 Not Found", [])
    return [b"on"]


def at_the_door(path, method="GET", **meta):
    """(status, headers, body) as the web server gets them."""
    said = {}
    environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "QUERY_STRING": "", "REMOTE_ADDR": "203.0.113.5",
               "HTTP_USER_AGENT": AGENT, "wsgi.input": io.BytesIO(), **meta}
    body = b"".join(Door(refused)(environ, lambda status, headers: said.update(status=int(status[:3]), headers=dict(headers))))
    return said["status"], said["headers"], body


def rows(admin):
    with org_scope(admin.organization):
        return list(RawEvent.objects.order_by("pk"))


def settle(admin):
    tracking.take_hits(None)
    jobs.drain()
    with org_scope(admin.organization):
        return sorted(Signal.objects.alive().values_list("signal_type", flat=True))


def test_the_door_answers_what_the_views_answer(admin, capsys):
    [mail] = mails(admin)
    for path in (mail["open"], mail["click"]):
        status, headers, body = at_the_door(path)
        view = Client(HTTP_USER_AGENT=AGENT).get(path)
        assert (status, body) == (view.status_code, view.content)
        shared = {"Cache-Control", "Referrer-Policy", "X-Content-Type-Options", "Location", "Content-Type"} & headers.keys()
        assert {name: headers[name] for name in shared} == {name: view[name] for name in shared}
        assert re.fullmatch(r"[0-9a-f]{32}", headers["X-Request-Id"])
    assert at_the_door(mail["open"], "HEAD")[2] == b""
    assert sum(row.hits for row in rows(admin)) == 5
    said = capsys.readouterr().err
    assert said.count("/track/open/...") == 3 and mail["open"].rsplit("/", 1)[1] not in said


def test_the_door_lets_pass_what_it_does_not_know(admin):
    [mail] = mails(admin)
    for path, method in ((mail["open"], "POST"), (mail["unsubscribe"], "GET"), (mail["click"][:-1], "GET"), ("/track/", "GET"),
                         (f"{mail['click']}/more", "GET"), ("/api/v1/track/click/", "GET")):
        assert at_the_door(path, method)[::2] == (404, b"on"), path
    assert at_the_door(mail["open"][:-1])[0] == 200  # the picture comes all the same
    assert rows(admin) == []


def test_a_connection_that_died_is_replaced(admin):
    [mail] = mails(admin)
    at_the_door(mail["open"])
    with suppress(Exception), connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert at_the_door(mail["click"])[0] == 302
    assert len(rows(admin)) == 2


def test_a_proxy_is_believed_only_where_it_is_named(admin):
    [mail] = mails(admin)
    at_the_door(mail["open"], HTTP_X_FORWARDED_FOR="148.163.129.1")
    with override_settings(TRUSTED_PROXIES=["203.0.113.5"]):
        at_the_door(mail["click"], HTTP_X_FORWARDED_FOR="148.163.129.1")
    assert [(row.network, row.classification) for row in rows(admin)] == [("", "human"), ("proofpoint", "scanner")]


def test_many_at_once_are_one_row_each_and_none_is_lost(admin):
    found = mails(admin, 30)
    answers = together([lambda path=mail["open"]: at_the_door(path)[0] for mail in found for _ in range(4)])
    assert answers == [200] * 120
    by_token = {}
    for row in rows(admin):
        by_token[row.token_id] = by_token.get(row.token_id, 0) + row.hits
    assert len(by_token) == 30 and set(by_token.values()) == {4}


def test_while_hits_are_read_others_come_and_all_count_once(admin):
    """Taking, reading and hitting at the same time ends where doing it one after the other ends."""
    [mail] = mails(admin)

    def work():
        with suppress(Exception):  # two workers may wait for each other's jobs; nothing is lost by that
            tracking.take_hits(None)
            jobs.drain()
        return None

    together([*([lambda: at_the_door(mail["open"])[0]] * 10), *[work] * 4, *([lambda: at_the_door(mail["click"])[0]] * 10)])
    kinds = settle(admin)
    assert kinds == ["email_opened", "email_opened_3x", "link_clicked"] or kinds == sorted(
        ["email_opened", "email_opened", "email_opened_3x", "link_clicked", "link_clicked"])  # around a half hour
    assert all(row.is_taken for row in rows(admin))


def test_one_leaves_many_times_at_once_and_is_told_once(admin):
    [mail] = mails(admin)

    def leave():
        return Client().post(mail["unsubscribe"], {"List-Unsubscribe": "One-Click"}).status_code

    assert together([leave] * 12) == [200] * 12
    with org_scope(admin.organization):
        assert Lead.objects.get().do_not_contact
        assert TrackingToken.objects.filter(purpose="unsubscribe").count() == 1


def test_the_jobs_find_their_organizations(admin):
    other = make_organization("Globex")
    for one in (admin, other):
        at_the_door(mails(one)[0]["open"])
    assert settle(admin) == ["email_opened"]
    with org_scope(other.organization):
        assert Signal.objects.alive().count() == 1
    tracking.reclassify(True)
    tracking.forget_agents()
    jobs.drain()
    assert all(not row.is_taken for row in rows(admin))
    assert settle(admin) == ["email_opened"]
