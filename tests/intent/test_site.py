"""The organisation's own site: what is taken from whom, what becomes a signal, what is refused, and what is forgotten."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils.timezone import now

from intent import rules
from intent.models import RawEvent, Signal, Visitor
from intent.site import taking, visits
from intent.site.jobs import take_views
from intent.site.matching import matches
from intent.site.views import SCRIPT
from lio import jobs
from lio.tenancy import org_scope
from tests.conftest import sign_in
from tests.factories import make_lead, make_member

URL = "/api/v1/track/site"
RULES = [{"pattern": "/pricing*", "signal_type": "pricing_page_visit"},
         {"pattern": "/*/case-*.pdf", "signal_type": "case_study_download"}]


@pytest.fixture
def site(rep):
    """The key of an organisation that watches shop.example."""
    return watched(rep)


def watched(rep):
    with org_scope(rep.organization):
        rules.change(rep.organization, {"site_tracking": True, "site_hosts": ["shop.example"], "site_rules": RULES}, by=rep)
        return rules.settings_of(rep.organization).site_key


@pytest.fixture
def tell(client, site):
    """tell(visitor, page or email, ...) -> the status of the answer, as the script sends it."""

    def send(visitor, *, key=site, origin="https://www.shop.example", headers=None, **what):
        body = json.dumps({"key": key, "visitor": str(visitor), **what})
        return client.post(URL, body, content_type="text/plain;charset=UTF-8",
                           headers={"Origin": origin, "User-Agent": "Mozilla/5.0 Firefox/140"} | (headers or {})).status_code

    return send


def taken(rep):
    with org_scope(rep.organization):
        taking.take(rep.organization)
        return list(Signal.objects.filter(channel="site").order_by("pk").values_list("lead_id", "signal_type"))


def views(rep):
    with org_scope(rep.organization):
        return list(RawEvent.objects.filter(channel="site", kind="view").order_by("pk").values_list("page", "lead_id"))


class TestMatching:
    @pytest.mark.parametrize(("pattern", "page", "fits"), [
        ("/pricing", "/pricing", True), ("/pricing", "/Pricing/", True), ("/pricing", "/pricing/teams", False),
        ("/pricing*", "/pricing/teams", True), ("/*/pricing", "/de/pricing", True), ("/*/pricing", "/pricing", False),
        ("*/case-*.pdf", "/files/case-acme.pdf", True), ("*/case-*.pdf", "/files/case-acme.pdf.html", False),
        ("/a*a", "/a", False), ("/a*a", "/aa", True), ("*", "/", True), ("/", "/", True), ("/", "/x", False),
        ("/a.c", "/abc", False), ("/[ab]", "/a", False)])
    def test_a_star_stands_for_anything(self, pattern, page, fits):
        assert matches(pattern, page) is fits

    def test_no_pattern_takes_long(self):
        assert not matches("/*" + "a*" * 95 + "b", "/" + "a" * 500)


class TestSignals:
    def test_a_known_visitor_makes_a_signal(self, rep, tell):
        lead, visitor = make_lead(rep.organization, email="jane@acme.example"), uuid4()
        assert tell(visitor, email="Jane@Acme.example") == 202
        assert tell(visitor, page="/pricing/teams?coupon=secret#top") == 202
        assert tell(visitor, page="/about") == 202
        assert views(rep) == [("/pricing/teams", lead.pk), ("/about", lead.pk)]
        assert taken(rep) == [(lead.pk, "pricing_page_visit")]
        with org_scope(rep.organization):
            row = Signal.objects.get(channel="site")
            assert row.signal_detail == {"page": "/pricing/teams"} and row.source == "site" and row.event_id

    def test_what_was_seen_before_is_attached_when_the_visitor_is_known(self, rep, tell):
        visitor = uuid4()
        tell(visitor, page="/pricing")
        assert views(rep) == [("/pricing", None)] and taken(rep) == []
        lead = make_lead(rep.organization, email="jane@acme.example")
        tell(visitor, email="jane@acme.example")
        assert taken(rep) == [(lead.pk, "pricing_page_visit")]
        other = make_lead(rep.organization, email="john@acme.example")
        tell(visitor, email="john@acme.example")  # a browser that two people use
        assert views(rep) == [("/pricing", lead.pk)] and len(taken(rep)) == 1
        tell(visitor, page="/files/case-1.pdf")
        assert taken(rep)[-1] == (other.pk, "case_study_download")

    def test_window_and_cap(self, rep, tell):
        lead, visitor = make_lead(rep.organization, email="jane@acme.example"), uuid4()
        tell(visitor, email="jane@acme.example")
        for page in ("/pricing", "/pricing/a", "/pricing/b", "/pricing"):
            tell(visitor, page=page)
        assert taken(rep) == [(lead.pk, "pricing_page_visit")]
        with org_scope(rep.organization):  # the same day, hours apart: case studies count twice a day, prices once
            start = now().replace(hour=8, minute=0)
            RawEvent.objects.filter(channel="site").delete()
            known = Visitor.objects.get()
            for hours in range(4):
                for page in ("/pricing", "/files/case-1.pdf"):
                    RawEvent.objects.create(
                        organization=rep.organization, kind="view", channel="site", visitor=known, lead=lead, page=page,
                        at=start + timedelta(hours=hours) - timedelta(days=1), minute=hours, is_taken=False)
        kinds = [kind for _, kind in taken(rep)]
        assert kinds.count("case_study_download") == 2 and kinds.count("pricing_page_visit") == 2

    def test_a_robot_makes_none(self, rep, tell):
        make_lead(rep.organization, email="jane@acme.example")
        visitor = uuid4()
        tell(visitor, email="jane@acme.example")
        tell(visitor, page="/pricing", headers={"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"})
        tell(visitor, page="/pricing/x", headers={"Sec-Purpose": "prefetch;prerender"})
        assert len(views(rep)) == 2 and taken(rep) == []

    def test_a_lead_that_is_not_to_be_tracked(self, rep, tell):
        lead, visitor = make_lead(rep.organization, email="jane@acme.example"), uuid4()
        tell(visitor, email="jane@acme.example")
        tell(visitor, page="/pricing")
        with org_scope(rep.organization):
            type(lead).objects.filter(pk=lead.pk).update(tracking_off=True)
        tell(visitor, page="/pricing/again")
        assert views(rep) == [("/pricing", lead.pk)] and taken(rep) == []
        assert tell(uuid4(), email="jane@acme.example") == 202
        with org_scope(rep.organization):
            assert Visitor.objects.filter(lead=lead).count() == 1

    def test_a_hosted_form_says_who_it_is(self, rep, api, client, tell):
        visitor = uuid4()
        tell(visitor, page="/pricing")
        form = api.post("/api/web-forms", {"name": "Contact"}, format="json").json()["data"]
        page = client.get(f"/api/v1/web-form/{form['form_link']}?lio_visitor={visitor}")
        assert f'name="lio_visitor" value="{visitor}"' in page.content.decode()
        sent = {"first_name": "Jane", "last_name": "Doe", "email": "jane@acme.example", "lio_visitor": str(visitor)}
        answer = client.post(f"/api/v1/web-form/{form['form_link']}", sent, headers={"Accept": "application/json"})
        assert answer.status_code == 201, answer.content
        ((lead_id, kind),) = taken(rep)
        assert kind == "pricing_page_visit" and views(rep) == [("/pricing", lead_id)]

    @pytest.mark.django_db(transaction=True, databases=["default", "system"])
    def test_the_worker_takes_them(self, rep, tell):
        lead, visitor = make_lead(rep.organization, email="jane@acme.example"), uuid4()
        tell(visitor, email="jane@acme.example")
        tell(visitor, page="/pricing")
        take_views()
        jobs.drain()
        with org_scope(rep.organization):
            assert Signal.objects.get(channel="site").lead_id == lead.pk
            lead.refresh_from_db()
            assert lead.ai_information["score_engagement"] > 0


class TestRefusals:
    @pytest.mark.parametrize("origin", ["https://evil.example", "https://shop.example.evil.example", "null", "",
                                        "https://notshop.example", "http://["])
    def test_another_site(self, rep, tell, origin):
        assert tell(uuid4(), page="/pricing", origin=origin) == 403
        assert views(rep) == []

    def test_another_key_is_another_house(self, rep, outsider, tell, client):
        theirs = watched(outsider)
        lead, visitor = make_lead(rep.organization, email="jane@acme.example"), uuid4()
        assert tell(visitor, key=theirs, email="jane@acme.example") == 202
        assert tell(visitor, key=theirs, page="/pricing") == 202
        assert views(rep) == [] and taken(rep) == []
        with org_scope(outsider.organization):
            assert Visitor.objects.get().lead_id is None
        assert tell(visitor, key="site_unknown", page="/pricing") == 404
        assert lead.pk

    def test_a_key_that_was_rotated_or_switched_off(self, rep, tell, site):
        with org_scope(rep.organization):
            new = rules.rotate_key(rep.organization, by=rep).site_key
        assert new != site and tell(uuid4(), page="/x") == 404 and tell(uuid4(), key=new, page="/x") == 202
        with org_scope(rep.organization):
            rules.change(rep.organization, {"site_tracking": False}, by=rep)
        assert tell(uuid4(), key=new, page="/x") == 404

    @pytest.mark.parametrize(("body", "status"), [
        (b"", 400), (b"{", 400), (b"[]", 400), (b"\xff\xfe", 400), (b"x" * 5000, 400), (b'{"a":' * 500, 400),
        (b"{}", 422), (b'{"key": 5, "visitor": "x"}', 422), (b'{"key": "k", "visitor": "%s", "page": {}}', 422)])
    def test_junk(self, rep, client, site, body, status):
        if b"%s" in body:
            body = body % str(uuid4()).encode()
        answer = client.post(URL, body, content_type="text/plain", headers={"Origin": "https://shop.example"})
        assert answer.status_code == status and not answer.json()["success"]

    def test_odd_pages(self, rep, tell):
        assert tell(uuid4(), page="javascript:alert(1)") == 422
        assert tell(uuid4(), page="/a\x00b") == 422
        assert tell(uuid4(), page="/" + "x" * 1500) == 202
        assert tell(uuid4(), page="/<script>") == 202
        assert [len(page) for page, _ in views(rep)] == [500, 9]

    @pytest.mark.parametrize("headers", [{"DNT": "1"}, {"Sec-GPC": "1"}])
    def test_who_asks_not_to_be_tracked_is_not(self, rep, tell, headers):
        make_lead(rep.organization, email="jane@acme.example")
        assert tell(uuid4(), page="/pricing", email="jane@acme.example", headers=headers) == 202
        with org_scope(rep.organization):
            assert views(rep) == [] and not Visitor.objects.exists()

    def test_too_much_of_one_address_and_of_one_site(self, rep, tell, settings):
        settings.RATES = settings.RATES | {"site": 2}
        assert [tell(uuid4(), page="/x") for _ in range(3)] == [202, 202, 429]
        settings.RATES = settings.RATES | {"site": 100, "site_total": 3}
        assert tell(uuid4(), page="/x") == 202 and tell(uuid4(), page="/x") == 429

    def test_nothing_else_than_post(self, client, site):
        assert client.get(URL).status_code == 405

    def test_a_browser_may_ask_first(self, client, site):
        asked = client.options(URL, headers={"Origin": "https://www.shop.example", "Access-Control-Request-Method": "POST",
                                             "Access-Control-Request-Headers": "content-type"})
        assert asked.status_code == 200 and asked["Access-Control-Allow-Origin"] == "*"


class TestBounds:
    def test_of_a_stranger_a_few_views_are_kept(self, rep, tell):
        visitor = uuid4()
        for n in range(visits.MOST + 5):
            tell(visitor, page=f"/page/{n}")
        assert len(views(rep)) == visits.MOST

    def test_the_same_page_again_is_one_row(self, rep, tell):
        visitor = uuid4()
        for _ in range(15):
            tell(visitor, page="/x")
        with org_scope(rep.organization):
            assert sum(RawEvent.objects.filter(kind="view").values_list("hits", flat=True)) in range(10, 21)
            assert RawEvent.objects.filter(kind="view").count() <= 2  # a minute may have ended meanwhile

    def test_old_views_are_forgotten(self, rep, tell):
        make_lead(rep.organization, email="jane@acme.example")
        known, stranger, back = uuid4(), uuid4(), uuid4()
        tell(known, email="jane@acme.example")
        for visitor in (known, stranger, back):
            tell(visitor, page="/x")
        with org_scope(rep.organization):
            RawEvent.objects.update(at=now() - timedelta(days=31))
            Visitor.objects.update(created_at=now() - timedelta(days=31))
        tell(back, page="/y")
        with org_scope(rep.organization):
            visits.forget(rep.organization.pk)
            assert set(Visitor.objects.values_list("number", flat=True)) == {known, back}
        assert [page for page, _ in views(rep)] == ["/x", "/y"]
        with org_scope(rep.organization):
            RawEvent.objects.update(at=now() - timedelta(days=181))
            visits.forget(rep.organization.pk)
        assert views(rep) == []


class TestScript:
    def test_it_is_small_and_any_site_may_load_it(self, client):
        answer = client.get("/site/lio.js")
        assert answer.status_code == 200 and answer["Content-Type"].startswith("text/javascript")
        assert answer["Access-Control-Allow-Origin"] == "*" and answer["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer.content == SCRIPT.read_bytes() and len(answer.content) < 3000
        assert b"cookie" not in answer.content.replace(b"sets no cookies", b"") and not answer.cookies


class TestPage:
    def test_it_is_switched_on_with_rules(self, rep, browser):
        assert "Snippet" not in browser.get("/settings/site").content.decode()  # nobody has a key yet
        sent = {"on": "on", "hosts": "www.shop.example\nhttps://blog.example/", "pattern": ["/pricing*", "", "/demo"],
                "signal_type": ["pricing_page_visit", "manual", "demo_requested"]}
        assert browser.post("/settings/site", sent).status_code == 302
        with org_scope(rep.organization):
            row = rules.settings_of(rep.organization)
        assert row.site_tracking and row.site_hosts == ["www.shop.example", "blog.example"]
        assert row.site_rules == [{"pattern": "/pricing*", "signal_type": "pricing_page_visit"},
                                  {"pattern": "/demo", "signal_type": "demo_requested"}]
        page = browser.get("/settings/site?try=/pricing/teams").content.decode()
        assert row.site_key in page and "<b>Pricing page visit</b>" in page
        assert browser.post("/settings/site", {"rotate": "1"}).status_code == 302
        assert row.site_key not in browser.get("/settings/site").content.decode()

    def test_what_is_wrong_comes_back_with_what_was_typed(self, browser):
        answer = browser.post("/settings/site", {"on": "on", "hosts": "no host!", "pattern": ["pricing"],
                                                 "signal_type": ["manual"]})
        page = answer.content.decode()
        assert (answer.status_code == 422 and "is not the name of a host" in page) or "must begin with /" in page
        assert 'value="pricing"' in page

    def test_only_who_manages_may_change(self, rep, client, browser):
        sign_in(client, make_member(rep.organization, role="Sales Rep"))
        assert client.get("/settings/site").status_code == 200
        assert client.post("/settings/site", {"on": "on"}).status_code == 403
