"""Hot leads, alerts and the section of a lead in the browser: what they show, answering, taking back, and who may."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from intent import alerts, heat, signals
from intent.models import Mute, Signal
from leads.models import Lead
from lio.tenancy import org_scope
from tests.factories import make_lead, make_member

QUERIES = {"hot": 14, "alerts": 15}
SWAP = {"HX-Request": "true"}


def log(rep, lead, *kinds, **more):
    with org_scope(rep.organization):
        return [signals.log(rep.organization, lead.pk, kind, **more) for kind in kinds]


def signal(rep, pk):
    with org_scope(rep.organization):
        return Signal.objects.get(pk=pk)


@pytest.fixture
def hot(rep, colleague):
    """A hot lead of one's own and a hotter one of a colleague."""
    mine = make_lead(rep.organization, first_name="Mina", assigned_to_id=rep.pk)
    theirs = make_lead(rep.organization, first_name="Theo", assigned_to_id=colleague.pk)
    log(rep, mine, "demo_requested")
    log(rep, theirs, "demo_requested", "reply_received")
    return mine, theirs


# ------------------------------------------------------------------------------------------------ hot leads
def test_the_hottest_is_first_with_what_makes_it_hot(browser, hot):
    page = browser.get("/hot/").content.decode()
    assert page.index("Theo") < page.index("Mina")
    assert "Reply received" in page and "+40" in page and "Asked for a demo" in page
    assert 'href="/hot/" aria-current="page"' in page  # in the rail, and counted there


@pytest.mark.parametrize(("query", "shown", "left"), [
    ("?owner=me", "Mina", "Theo"), ("?type=reply_received", "Theo", "Mina"), ("?show=open", "Mina", "Nobody is hot"),
    ("?owner=999999999", "No hot lead matches", "Mina"), ("?type=nothing&owner=x&page=99", "Mina", "No hot lead"),
])
def test_filters_narrow_and_nonsense_is_left_out(browser, hot, query, shown, left):
    page = browser.get(f"/hot/{query}").content.decode()
    rows = page[page.index('class="list"'):]
    table = rows[rows.index("<tbody") if "<tbody" in rows else 0:]
    assert shown in table and left not in table


def test_without_any_the_page_says_what_belongs_there(browser):
    page = browser.get("/hot/").content.decode()
    assert "Nobody is hot" in page and "50 points" in page and "<table" not in page


def test_answering_without_script_closes_all_alerts_and_is_taken_back(browser, rep, hot):
    lead, _ = hot
    log(rep, lead, "email_opened")
    told = browser.post(f"/hot/{lead.pk}/answer", {"outcome": "called", "note": "Wants an offer."}, follow=True,
                        headers={"Referer": "http://testserver/hot/?owner=me"})
    page = told.content.decode()
    assert told.redirect_chain[0][0].endswith("/hot/?owner=me") and "called." in page and "Answered" in page
    with org_scope(rep.organization):
        rows = list(Signal.objects.filter(lead=lead))
        found = {(row.outcome, row.outcome_note, row.acknowledged_by_id) for row in rows}
    assert found == {("called", "Wants an offer.", rep.pk)}
    undo = page.split('<form method="post" action="/undo/')[1].split('"')[0]
    browser.post(f"/undo/{undo}")
    with org_scope(rep.organization):
        rows = list(Signal.objects.filter(lead=lead))
        assert {(row.outcome, row.acknowledged_at, row.responded_at, row.response_minutes) for row in rows} == {(None,) * 4}
    timeline = browser.get(f"/leads/{lead.pk}/").content.decode()
    assert "answered Demo requested, E-mail opened" in timeline and "took back the answer" in timeline
    browser.post(f"/undo/{undo}")  # twice: refused, nothing changes
    assert signal(rep, rows[0].pk).acknowledged_at is None


def test_htmx_gets_the_row_alone_with_a_toast(browser, hot):
    lead, _ = hot
    answer = browser.post(f"/hot/{lead.pk}/answer", {"outcome": "later"}, headers=SWAP)
    assert answer.status_code == 200 and answer.content.decode().count("<tr") == 1 and b"<html" not in answer.content
    assert "undo_url" in answer["HX-Trigger"] and "Answered" in answer.content.decode()


def test_htmx_is_sent_back_to_the_page_when_the_row_is_gone(browser, rep):
    lead = make_lead(rep.organization)
    log(rep, lead, "email_opened")  # 5 points: not hot
    answer = browser.post(f"/hot/{lead.pk}/answer", {"outcome": "later"},
                          headers=SWAP | {"HX-Current-URL": "http://testserver/hot/?owner=me"})
    assert (answer.status_code, answer["HX-Redirect"]) == (204, "http://testserver/hot/?owner=me")
    assert b"put off" in browser.get("/hot/").content


def test_an_outcome_that_is_none_is_told_and_changes_nothing(browser, rep, hot):
    lead, _ = hot
    answer = browser.post(f"/hot/{lead.pk}/answer", {"outcome": "sold"}, follow=True)
    assert b"is not a valid choice" in answer.content
    with org_scope(rep.organization):
        assert not Signal.objects.filter(lead=lead, acknowledged_at__isnull=False).exists()


# ------------------------------------------------------------------------------------------------ alerts
def test_alerts_are_ones_own_until_answered_or_muted(browser, rep, hot):
    mine, _ = hot
    page = browser.get("/alerts/").content.decode()
    assert "Mina" in page and "Theo" not in page and "Waits" in page
    assert "Theo" in browser.get("/alerts/?whose=all").content.decode()
    browser.post(f"/alerts/lead/{mine.pk}/mute", {"on": "1"})
    assert "Mina" not in table_of(browser.get("/alerts/")) and "Mina" in table_of(browser.get("/alerts/?show=muted"))
    browser.post(f"/alerts/lead/{mine.pk}/mute?on=0")  # what the toast posts
    with org_scope(rep.organization):
        assert not Mute.objects.exists()
        pk = Signal.objects.get(lead=mine).pk
    answer = browser.post(f"/alerts/{pk}/answer", {"outcome": "meeting", "note": "Tuesday"}, headers=SWAP).content.decode()
    assert "Set up a meeting" in answer and "Tuesday" in answer
    assert "Mina" not in table_of(browser.get("/alerts/")) and "Mina" in table_of(browser.get("/alerts/?show=answered"))


def table_of(answer):
    page = answer.content.decode()
    return page[page.index("<tbody>"):page.index("</tbody>")] if "<tbody>" in page else ""


def test_alerts_of_one_lead_are_there_whoever_owns_it(browser, hot):
    _, theirs = hot
    page = table_of(browser.get(f"/alerts/?lead={theirs.pk}"))
    assert "Replied" in page and "Asked for a demo" in page and "Mina" not in page
    assert browser.get("/alerts/?lead=999999999").status_code == 404


def test_the_clock_stops_when_somebody_reached_out(browser, rep, hot):
    lead, _ = hot
    with org_scope(rep.organization):
        Signal.objects.filter(lead=lead).update(created_at=now() - timedelta(days=14))
        alerts.reached_out(rep.organization, [lead.pk])
    assert "Reached out after 80 h" in browser.get("/alerts/").content.decode()


# ------------------------------------------------------------------------------------------------ the section of a lead
def test_the_section_tells_the_log_and_what_it_adds_up_to(browser, rep):
    lead = make_lead(rep.organization)
    first, robot = log(rep, lead, "form_submitted", "email_opened", detail={"form": "Contact us"}, source="web form")
    with org_scope(rep.organization):
        row = Signal.objects.select_related("event").get(pk=robot)
        row.event.classification = "mail_proxy"
        row.event.save()
        Signal.objects.filter(pk=robot).update(withdrawn_at=now())
        alerts.acknowledge(rep.organization, first, by=rep, outcome="mailed")
    page = browser.get(f"/leads/{lead.pk}/?part=signals", headers=SWAP).content.decode()
    assert 'id="part-signals"' in page and "<html" not in page
    assert "Contact us" in page and "+30" in page and "web form" in page and "wrote an e-mail" in page
    assert "<del>E-mail opened</del>" in page and "a mail program&#x27;s proxy, not a person" in page
    assert '<b class="num">30</b> of 100 engagement' in page and "1 open or click by programs" in page


def test_more_than_eight_signals_are_asked_for(browser, rep):
    lead = make_lead(rep.organization)
    log(rep, lead, *["email_opened"] * 10)
    assert browser.get(f"/leads/{lead.pk}/?part=signals").content.decode().count("<li>") == 8
    assert browser.get(f"/leads/{lead.pk}/?part=signals&signals=all").content.decode().count("<li>") == 10


def test_a_signal_that_is_logged_by_hand_counts_and_is_taken_back(browser, rep):
    lead = make_lead(rep.organization, assigned_to_id=rep.pk)
    page = browser.post(f"/alerts/lead/{lead.pk}/log", {"signal_type": "demo_requested", "note": "At the fair"}, follow=True,
                        headers={"Referer": f"http://testserver/leads/{lead.pk}/"}).content.decode()
    assert "Demo requested is logged." in page and "logged the signal Demo requested" in page and "At the fair" in page
    with org_scope(rep.organization):
        assert [one["lead_id"] for one in heat.hot_leads(rep.organization.pk)] == [lead.pk]
        assert Signal.objects.get().channel == "manual"
    undo = page.split('<form method="post" action="/undo/')[1].split('"')[0]
    page = browser.post(f"/undo/{undo}", follow=True).content.decode()
    with org_scope(rep.organization):
        assert heat.hot_leads(rep.organization.pk) == [] and Signal.objects.get().withdrawn_at is not None
    again = page.split('<form method="post" action="/undo/')[1].split('"')[0]
    browser.post(f"/undo/{again}")
    with org_scope(rep.organization):
        assert [one["lead_id"] for one in heat.hot_leads(rep.organization.pk)] == [lead.pk]


@pytest.mark.parametrize("given", [
    {"signal_type": "nothing"}, {"signal_type": "manual", "on": "2999-01-01"}, {"signal_type": "manual", "on": "yesterday"}])
def test_what_cannot_be_is_not_logged(browser, rep, given):
    lead = make_lead(rep.organization)
    browser.post(f"/alerts/lead/{lead.pk}/log", given)
    with org_scope(rep.organization):
        assert not Signal.objects.exists()


def test_flags_are_seen_turned_and_taken_back(browser, rep):
    lead = make_lead(rep.organization)
    page = browser.get(f"/leads/{lead.pk}/").content.decode()
    assert "Do not track" in page and "Asked not to be contacted" not in page
    page = browser.post(f"/leads/{lead.pk}/field/do_not_contact", {"value": "True"}, follow=True).content.decode()
    assert "Asked not to be contacted" in page and "May be contacted again" in page
    undo = page.split('<form method="post" action="/undo/')[1].split('"')[0]
    browser.post(f"/undo/{undo}")
    with org_scope(rep.organization):
        assert not Lead.objects.get(pk=lead.pk).do_not_contact


# ------------------------------------------------------------------------------------------------ who may, and what it costs
@pytest.mark.parametrize("address", ["/hot/{lead}/answer", "/alerts/{alert}/answer", "/alerts/lead/{lead}/mute",
                                     "/alerts/lead/{lead}/log"])
def test_what_belongs_to_others_is_not_there(browser, outsider, address):
    lead = make_lead(outsider.organization, first_name="Olga")
    pk = log(outsider, lead, "demo_requested")[0]
    answer = browser.post(address.format(lead=lead.pk, alert=pk), {"outcome": "called", "signal_type": "manual", "on": "1"})
    assert answer.status_code == 404 and signal(outsider, pk).acknowledged_at is None
    with org_scope(outsider.organization):
        assert not Mute.objects.exists() and Signal.objects.count() == 1
    assert "Olga" not in browser.get("/hot/").content.decode() + browser.get("/alerts/?whose=all").content.decode()


def test_who_may_only_look_sees_no_buttons_and_is_refused(browser, rep, hot):
    from accounts.models import Role

    lead, _ = hot
    with org_scope(rep.organization):
        Role.objects.filter(pk=rep.role_id).update(permissions=["records.view"])
    page = browser.get("/hot/").content.decode()
    assert "Mina" in page and "/answer" not in page
    assert "Log a signal" not in browser.get(f"/leads/{lead.pk}/").content.decode()
    assert browser.post(f"/hot/{lead.pk}/answer", {"outcome": "called"}).status_code == 403
    assert browser.post(f"/alerts/lead/{lead.pk}/log", {"signal_type": "manual"}).status_code == 403


@pytest.mark.parametrize(("name", "address"), [("hot", "/hot/"), ("alerts", "/alerts/?whose=all")])
def test_queries_do_not_grow_with_the_rows(browser, rep, name, address, django_assert_max_num_queries):
    people = [make_member(rep.organization) for _ in range(3)]

    def some(count):
        for n in range(count):
            lead = make_lead(rep.organization, assigned_to_id=people[n % 3].pk, company=f"Company {n}")
            log(rep, lead, "demo_requested", "email_opened")

    some(1)
    browser.get(address)
    with django_assert_max_num_queries(40) as few:
        browser.get(address)
    some(6)
    with django_assert_max_num_queries(len(few)) as many:
        browser.get(address)
    assert len(many) <= QUERIES[name], "\n".join(query["sql"][:200] for query in many)
