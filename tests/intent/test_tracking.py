"""A tracked mail from its making to what comes of it: links, picture, way out, signals."""

import re
from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import override_settings
from django.utils.timezone import now

from activity.models import Notification
from intent import heat, rules, signals
from intent.consent import may_contact
from intent.models import RawEvent, Signal, TrackingToken
from intent.tracking import jobs as tracking
from intent.tracking import leaving
from intent.tracking.links import delivered, target_of, wrap
from leads.models import Lead
from lio import jobs
from lio.models import Change
from lio.tenancy import org_scope
from tests.factories import make_lead

PAGE = {"HTTP_ACCEPT": "text/html"}
BROWSER = {"HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
HTML = '<html><body><p>Hello</p><a class=x href="https://acme.example/prices?a=1&amp;b=2">Prices</a></BODY></html>'


@pytest.fixture
def lead(rep):
    return make_lead(rep.organization, email="jane@x.example", assigned_to_id=rep.pk)


def sent(rep, lead, html=HTML, **more):
    with org_scope(rep.organization):
        return wrap(rep.organization, Lead.objects.get(pk=lead.pk), html, **more)


def paths(mail):
    """{open, click, unsubscribe: [path]} of what a mail carries."""
    found = {"open": [], "click": [], "unsubscribe": []}
    for path, what in re.findall(r"(/api/v1/track/(\w+)/[\w-]+)", mail.html + mail.unsubscribe_url):
        found[what].append(path)
    return found


def settle(rep):
    """What the worker does: take what has come in and read it."""
    with org_scope(rep.organization):
        tracking.take(rep.organization_id)
    jobs.drain()
    return kinds(rep)


def read_again(rep, whole):
    with org_scope(rep.organization):
        jobs.enqueue(tracking.read_again, whole)
    jobs.drain()


def kinds(rep):
    with org_scope(rep.organization):
        return sorted(Signal.objects.alive().filter(channel="mail").values_list("signal_type", flat=True))


def raw(rep, **which):
    with org_scope(rep.organization):
        return list(RawEvent.objects.filter(channel="mail", **which).order_by("pk"))


# --------------------------------------------------------------------- the mail
def test_links_lead_over_us_and_all_else_stays_as_it_was(rep, lead):
    html = ('<!-- <a href="https://no.example"> --><style>a{}</style><a title=">" HREF=\'http://b.example/ü\' id=b>x</a>\n'
            '<a href="mailto:a@b.example">m</a><a href="#top">t</a><a href="javascript:alert(1)">j</a><a>n</a>'
            '<a href="https://b.example/1">1</a><a href="https://b.example/1">again</a>')
    mail = sent(rep, lead, html)
    clicks = re.findall(r'href="(http[^"]*/track/click/[\w-]{32})"', mail.html)
    assert len(clicks) == 3 and clicks[1] == clicks[2]
    plain = mail.html.replace(clicks[0], "?1").replace(clicks[1], "?2")
    assert plain.startswith(
        '<!-- <a href="https://no.example"> --><style>a{}</style><a title=">" href="?1" id=b>x</a>\n'
        '<a href="mailto:a@b.example">m</a><a href="#top">t</a><a href="javascript:alert(1)">j</a><a>n</a>'
        '<a href="?2">1</a><a href="?2">again</a><img src="http')
    with org_scope(rep.organization):
        assert sorted(TrackingToken.objects.exclude(target="").values_list("target", flat=True)) == [
            "http://b.example/ü", "https://b.example/1"]


def test_the_picture_stands_at_the_end_of_the_body_and_tokens_are_kept_as_hashes(rep, lead):
    mail = sent(rep, lead, "İ" + HTML)
    assert re.search(r'<img src="[^"]+" width="1" height="1" alt="" style="border:0"></BODY></html>$', mail.html)
    tokens = re.findall(r"/track/\w+/([\w-]{32})", mail.html + mail.unsubscribe_url)
    assert len(tokens) == len(set(tokens)) == 3
    with org_scope(rep.organization):
        kept = str(list(TrackingToken.objects.values()))
    assert not any(token in kept for token in tokens)


def test_the_headers_are_those_of_one_click(rep, lead):
    mail = sent(rep, lead)
    message = EmailMessage()
    for name, value in mail.headers.items():
        message[name] = value
    assert message["List-Unsubscribe"] == f"<{mail.unsubscribe_url}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_links_may_lead_to_a_host_of_their_own(rep, lead):
    with override_settings(TRACKING_URL="https://links.example.net"):
        mail = sent(rep, lead)
    assert set(re.findall(r"(https?://[^/\"]+)/api/v1/track", mail.html + mail.unsubscribe_url)) == {"https://links.example.net"}


@pytest.mark.parametrize("who", ["organization", "tracking_off", "do_not_contact"])
def test_nothing_is_watched_where_somebody_says_so(rep, lead, who):
    before = paths(sent(rep, lead))
    with org_scope(rep.organization):
        if who == "organization":
            rules.change(rep.organization, {"mail_tracking": False}, by=rep)
        else:
            Lead.objects.filter(pk=lead.pk).update(**{who: True})
    mail = sent(rep, lead)
    assert (mail.html, mail.tracked) == (HTML, False) and mail.headers["List-Unsubscribe"]
    client = Client(**BROWSER)
    assert client.get(before["open"][0]).status_code == 200  # what went out before is not watched either
    assert client.get(before["click"][0])["Location"] == "https://acme.example/prices?a=1&b=2"
    assert raw(rep) == []


@pytest.mark.parametrize("text", [
    "", "//evil.example", "ftp://a.example", "javascript:alert(1)", "data:text/html,x", "https://", "http:///a", "/path",
    "https://a.example:port/", "https://[::1/", "https://a.example\\@evil.example", "https://a.example/" + "x" * 2000,
    "java\nscript:alert(1)", "https://a\x00.example/"])
def test_other_addresses_are_left_alone(text):
    assert target_of(text) == ""


def test_an_address_is_read_as_browsers_read_it():
    assert target_of(" \thttps://a.example/\nb ") == "https://a.example/b"


# --------------------------------------------------------------------- hits
def test_an_open_is_one_row_and_becomes_a_signal(rep, lead, django_assert_num_queries):
    client, at = Client(**BROWSER), paths(sent(rep, lead, message_id=7))
    with django_assert_num_queries(1):
        answer = client.get(at["open"][0])
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/gif") and answer.content.startswith(b"GIF89a")
    assert "no-store" in answer["Cache-Control"] and not answer.cookies
    [row] = raw(rep)
    assert (row.kind, row.lead_id, row.message_id, row.classification, row.is_taken) == ("open", lead.pk, 7, "human", False)
    assert settle(rep) == ["email_opened"]
    with org_scope(rep.organization):
        signal = Signal.objects.get()
        assert (signal.event_id, signal.message_id, signal.source) == (row.pk, 7, "email")
        assert signal.signal_detail == {"message_id": 7}
        assert Notification.objects.get(user=rep, type_id=13).title == "Jane Doe opened an e-mail"
    assert settle(rep) == ["email_opened"]  # nothing new, nothing done


def test_a_click_leads_to_what_was_stored_and_nowhere_else(rep, lead, django_assert_num_queries):
    client, at = Client(**BROWSER), paths(sent(rep, lead))
    with django_assert_num_queries(1):
        answer = client.get(at["click"][0])
    assert (answer.status_code, answer["Location"]) == (302, "https://acme.example/prices?a=1&b=2")
    assert answer["Referrer-Policy"] == "no-referrer" and "no-store" in answer["Cache-Control"]
    for trick in ("?url=https://evil.example", "?u=//evil.example&target=x", "?next=https://evil.example"):
        assert client.get(at["click"][0] + trick)["Location"] == "https://acme.example/prices?a=1&b=2"
    assert settle(rep) == ["link_clicked"]
    with org_scope(rep.organization):
        assert Signal.objects.get().signal_detail == {"url": "https://acme.example/prices?a=1&b=2"}


def test_the_third_open_counts_once_more(rep, lead):
    client, at = Client(**BROWSER), paths(sent(rep, lead, message_id=7))
    for _ in range(2):
        client.get(at["open"][0])
    assert settle(rep) == ["email_opened"]
    client.get(at["open"][0])
    assert settle(rep) == ["email_opened", "email_opened_3x"]
    for _ in range(5):
        client.get(at["open"][0])
    assert settle(rep) == ["email_opened", "email_opened_3x"]


def test_a_flood_is_one_row_a_minute_and_ten_hits(rep, lead):
    client, at = Client(**BROWSER), paths(sent(rep, lead))
    for _ in range(30):
        client.get(at["open"][0])
    rows = raw(rep)
    assert len(rows) <= 2 and all(row.hits <= 10 for row in rows)


def test_a_token_counts_a_hundred_minutes_a_day(rep, lead):
    at = paths(sent(rep, lead))
    with org_scope(rep.organization):
        token = TrackingToken.objects.get(purpose="open")
        minute = int(now().timestamp() // 60)
        RawEvent.objects.bulk_create([
            RawEvent(organization=rep.organization, kind="open", channel="mail", lead=lead, token=token, minute=minute - n)
            for n in range(1, 101)])
    assert Client(**BROWSER).get(at["open"][0]).status_code == 200
    assert len(raw(rep)) == 100


def test_unknown_tokens_get_the_same_picture_and_no_redirect(rep, lead):
    at, client = paths(sent(rep, lead)), Client(**BROWSER)
    good = at["open"][0].rsplit("/", 1)[1]
    tampered = [good[:-1] + ("A" if good[-1] != "A" else "B"), good.swapcase(), good + "A", good[:-1], "x", "%00",
                "%F0%9F%92%A9", "A" * 5000, "https:evil.example"]
    for token in tampered:
        answer = client.get(f"/api/v1/track/open/{token}")
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/gif"), token
        for how in (PAGE, {}):
            answer = client.get(f"/api/v1/track/click/{token}?url=https://evil.example", **how)
            assert answer.status_code == 404 and "Location" not in answer, token
        assert client.post(f"/api/v1/track/unsubscribe/{token}", {"List-Unsubscribe": "One-Click"}).status_code == 404
    for wrong in (at["open"][0].replace("open", "click"), at["click"][0].replace("click", "unsubscribe"),
                  at["unsubscribe"][0].replace("unsubscribe", "click")):  # a token is good for one purpose
        assert client.get(wrong, **PAGE).status_code == 404
    assert raw(rep) == []
    page = client.get(f"/api/v1/track/click/{'A' * 32}", **PAGE).content.decode()
    assert "This link leads nowhere" in page


def test_a_token_speaks_of_its_own_organization_only(rep, lead, outsider):
    theirs = make_lead(outsider.organization, email="jane@x.example")
    at = paths(sent(outsider, theirs))
    Client(**BROWSER).get(at["open"][0])
    Client().post(at["unsubscribe"][0], {"List-Unsubscribe": "One-Click"})
    assert raw(rep) == [] and len(raw(outsider)) == 2
    with org_scope(rep.organization):
        assert not Lead.objects.get(pk=lead.pk).do_not_contact


def test_huge_and_odd_headers_do_no_harm(rep, lead):
    at, client = paths(sent(rep, lead)), Client()
    for agent in ("x" * 100_000, "\x00\x01", "Ünïcode \udcff", "'; DROP TABLE leads_lead; --"):
        assert client.get(at["open"][0], HTTP_USER_AGENT=agent, HTTP_SEC_PURPOSE="y" * 9000,
                          HTTP_X_FORWARDED_FOR="1" * 9000).status_code == 200
    assert all(len(row.agent) <= 300 for row in raw(rep))


def test_only_reading_methods_are_served(rep, lead):
    at, client = paths(sent(rep, lead)), Client()
    for path in (at["open"][0], at["click"][0]):
        assert client.post(path).status_code == 405
    assert client.put(at["unsubscribe"][0]).status_code == 405
    assert raw(rep) == []


def test_the_row_is_written_before_the_answer_and_without_waiting_for_the_disk(rep, lead):
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'intent_hit'")
        assert "set_config('synchronous_commit', 'off', true)" in cursor.fetchone()[0]


# --------------------------------------------------------------------- who it was
def test_heads_and_scanners_make_no_signal(rep, lead):
    at, client = paths(sent(rep, lead)), Client()
    client.head(at["click"][0], **BROWSER)
    client.get(at["click"][0], HTTP_USER_AGENT="Barracuda Sentinel (EE)")
    client.get(at["open"][0], HTTP_USER_AGENT="Mozilla/5.0")
    client.get(at["open"][0], HTTP_SEC_PURPOSE="prefetch;prerender", **BROWSER)
    assert {row.classification for row in raw(rep)} == {"scanner", "prefetch"}
    assert settle(rep) == []


def test_what_a_newer_version_calls_a_bot_is_withdrawn_everywhere(rep, lead, monkeypatch):
    """Score, alerts and hot leads lose it; what came of the alert stays, and comes back with it."""
    from intent.tracking import classifying, hits, reading, settling

    at = paths(sent(rep, lead, message_id=7))
    agent = {"HTTP_USER_AGENT": "NewThing/1.0"}
    for _ in range(3):
        Client().get(at["open"][0], **agent)
    Client().get(at["click"][0], **agent)
    with org_scope(rep.organization):
        signals.log(rep.organization, lead.pk, "case_study_download")
    assert settle(rep) == ["email_opened", "email_opened_3x", "link_clicked"]
    with org_scope(rep.organization):
        assert [one["points"] for one in heat.hot_leads(rep.organization.pk)] == [60]
        engaged = Lead.objects.get(pk=lead.pk).score

    def newer(kind, agent, network, hints):
        return "scanner" if "NewThing" in agent else "human"

    with monkeypatch.context() as patch:
        patch.setattr(classifying, "look", newer)
        for module in (classifying, settling, tracking, hits):
            patch.setattr(module, "VERSION", 2)
        read_again(rep, False)
        assert settle(rep) == []
        assert {(row.classification, row.classifier_version) for row in raw(rep)} == {("scanner", 2)}
        with org_scope(rep.organization):
            assert heat.hot_leads(rep.organization.pk) == []
            assert Lead.objects.get(pk=lead.pk).score < engaged
        read_again(rep, False)
        assert not raw(rep, is_taken=False)  # a second time there is nothing to do
    read_again(rep, True)
    assert settle(rep) == ["email_opened", "email_opened_3x", "link_clicked"]
    with org_scope(rep.organization):
        assert Signal.objects.filter(channel="mail").count() == 3  # the same ones, not new ones
    assert reading.WINDOW == 1800


def test_what_is_fetched_as_soon_as_it_is_delivered_is_no_person(rep, lead):
    at = paths(sent(rep, lead, message_id=7))
    with org_scope(rep.organization):
        delivered(rep.organization, 7, now())
    Client(**BROWSER).get(at["click"][0])
    assert settle(rep) == []


def test_agents_are_forgotten_and_what_they_were_taken_for_stays(rep, lead):
    at = paths(sent(rep, lead))
    Client().get(at["open"][0], HTTP_USER_AGENT="Barracuda")
    with org_scope(rep.organization):
        RawEvent.objects.update(at=now() - timedelta(days=91))
        tracking.forget(rep.organization_id)
    read_again(rep, True)
    assert settle(rep) == []
    [row] = raw(rep)
    assert (row.agent, row.classification) == ("", "scanner")


def test_of_one_kind_and_day_there_are_only_so_many(rep, lead):
    for n in range(5):
        Client(**BROWSER).get(paths(sent(rep, lead, message_id=n))["open"][0])
    assert settle(rep) == ["email_opened"] * 3


def test_a_lead_that_has_gone_has_no_signals(rep, lead):
    at = paths(sent(rep, lead))
    Client(**BROWSER).get(at["open"][0])
    with org_scope(rep.organization):
        Lead.objects.filter(pk=lead.pk).update(deleted_at=now())
    assert settle(rep) == []
    assert Client(**BROWSER).get(at["click"][0]).status_code == 302  # the link goes on leading where it led
    assert len(raw(rep)) == 1


def test_mails_go_along_when_leads_are_merged(rep, lead, api):
    at = paths(sent(rep, lead, message_id=7))
    Client(**BROWSER).get(at["open"][0])
    assert settle(rep) == ["email_opened"]
    other = make_lead(rep.organization, email="other@x.example")
    answer = api.post("/api/lead/merge", {"ids": [lead.pk, other.pk], "survivor_id": other.pk})
    assert answer.status_code == 200, answer.content
    Client(**BROWSER).get(at["click"][0])
    assert settle(rep) == ["email_opened", "link_clicked"]
    Client().post(at["unsubscribe"][0], {"List-Unsubscribe": "One-Click"})
    with org_scope(rep.organization):
        assert set(Signal.objects.values_list("lead_id", flat=True)) == {other.pk}
        assert Lead.objects.get(pk=other.pk).do_not_contact


# --------------------------------------------------------------------- the way out
def test_one_click_is_enough_and_asking_changes_nothing(rep, lead):
    at, client = paths(sent(rep, lead)), Client(enforce_csrf_checks=True)
    page = client.get(at["unsubscribe"][0], **PAGE)
    assert page.status_code == 200 and "Get no more mail?" in page.content.decode() and not page.cookies
    with org_scope(rep.organization):
        assert may_contact(rep.organization, ["jane@x.example"]) == {"jane@x.example": True}
    assert raw(rep) == []
    answer = client.post(at["unsubscribe"][0], "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    with org_scope(rep.organization):
        assert may_contact(rep.organization, ["jane@x.example"]) == {"jane@x.example": False}
        told = Change.objects.get(model_type="lead", after__has_key="do_not_contact")
        assert (told.actor, told.before, told.after) == (
            leaving.ACTOR, {"do_not_contact": False}, {"do_not_contact": True})
    [row] = raw(rep)
    assert (row.kind, row.is_taken) == ("unsubscribe", True)
    assert "You will get no more mail" in client.get(at["unsubscribe"][0], **PAGE).content.decode()
    client.post(at["unsubscribe"][0], {"List-Unsubscribe": "One-Click"})  # multipart, and once more
    with org_scope(rep.organization):
        assert Change.objects.filter(model_type="lead", after__has_key="do_not_contact").count() == 1


def test_it_can_be_taken_back_by_the_link_and_by_members(rep, lead, api):
    at, client = paths(sent(rep, lead)), Client()
    client.post(at["unsubscribe"][0], {"List-Unsubscribe": "One-Click"})
    page = client.post(at["unsubscribe"][0], {"undo": "1"}, **PAGE).content.decode()
    assert "You will get mail again" in page
    client.post(at["unsubscribe"][0], {"List-Unsubscribe": "One-Click"})
    with org_scope(rep.organization):
        change = Change.objects.filter(model_type="lead", model_id=lead.pk, after={"do_not_contact": True}).latest("pk")
    assert api.post("/api/undo", {"change_id": change.change_id}).status_code == 200
    with org_scope(rep.organization):
        assert not Lead.objects.get(pk=lead.pk).do_not_contact


def test_what_members_said_is_not_taken_back_by_a_link(rep, lead, api):
    at, client = paths(sent(rep, lead)), Client()
    assert api.post(f"/api/lead/update/{lead.pk}", {"do_not_contact": True}).status_code == 200
    page = client.get(at["unsubscribe"][0], **PAGE).content.decode()
    assert "You will get no more mail" in page and "mistake" not in page
    client.post(at["unsubscribe"][0], {"undo": "1"})
    with org_scope(rep.organization):
        assert Lead.objects.get(pk=lead.pk).do_not_contact


def test_all_leads_with_the_address_are_left_alone_and_deleted_ones_remembered(rep, lead):
    at = paths(sent(rep, lead))
    twin = make_lead(rep.organization, email="Jane@x.example")
    with org_scope(rep.organization):
        Lead.objects.filter(pk=lead.pk).update(deleted_at=now())
    Client().post(at["unsubscribe"][0], {"List-Unsubscribe": "One-Click"})
    with org_scope(rep.organization):
        assert set(Lead.objects.filter(pk__in=[lead.pk, twin.pk]).values_list("do_not_contact", flat=True)) == {True}


@pytest.mark.parametrize(("body", "kind", "status"), [
    ("", "application/x-www-form-urlencoded", 422),
    ("List-Unsubscribe=Two", "application/x-www-form-urlencoded", 422),
    ("x" * 5000, "application/x-www-form-urlencoded", 400),
    ("<xml/>", "application/xml", 400),
    ("{", "application/json", 400),
])
def test_other_bodies_change_nothing(rep, lead, body, kind, status):
    at = paths(sent(rep, lead))
    assert Client().post(at["unsubscribe"][0], body, content_type=kind).status_code == status
    assert Client().post(at["unsubscribe"][0], body, content_type=kind, **PAGE).status_code == status
    with org_scope(rep.organization):
        assert not Lead.objects.get(pk=lead.pk).do_not_contact
    assert raw(rep) == []


def test_the_way_out_is_counted_by_its_token(rep, lead):
    at = paths(sent(rep, lead))
    statuses = [Client().post(at["unsubscribe"][0], {"undo": "1"}).status_code for _ in range(31)]
    assert statuses == [200] * 30 + [429]


def test_tokens_are_in_no_log(rep, lead, capsys):
    at = paths(sent(rep, lead))
    for path in (at["open"][0], at["click"][0], at["unsubscribe"][0]):
        Client().get(path)
    assert "/track/open/..." in (said := capsys.readouterr().err)
    assert not any(path.rsplit("/", 1)[1] in said for paths_ in at.values() for path in paths_)
