"""notification/list, notification/read, and the rule behind them."""

import pytest
from django.core import mail

from activity import jobs as background
from activity import preferences
from activity.models import Notification
from activity.notify import Notice, notify
from leads import bulk
from leads.models import Lead
from lio import jobs
from lio.models import Job
from lio.tenancy import org_scope
from tests.conftest import client_of
from tests.factories import make_lead, make_member


def told(user, **params):
    return client_of(user).get("/api/notification/list", params).json()


def tell(user, title="Told", **more):
    with org_scope(user.organization):
        return notify("mention", [Notice(user.pk, title, **more)], model_type="lead")


def test_being_assigned_a_lead_by_somebody_else_is_told(api, rep, colleague):
    lead = make_lead(rep.organization, by=rep)
    assert api.post("/api/lead/assign-user", {"ids": [lead.pk], "assigned_to": colleague.pk}).status_code == 200
    body = told(colleague)
    assert body["total"] == 1
    row = body["data"][0]
    assert (row["type_id"], row["model_type"], row["model_id"], row["is_read"]) == (1, "lead", lead.pk, False)
    assert row["title"] == "Ada Admin assigned Jane Doe to you"
    assert told(rep)["total"] == 0


def test_taking_a_lead_oneself_is_no_news(colleague_api, colleague, rep):
    lead = make_lead(rep.organization, by=rep)
    colleague_api.post("/api/lead/assign-user", {"ids": [lead.pk], "assigned_to": colleague.pk})
    colleague_api.post(f"/api/lead/update/{lead.pk}", {"assigned_to": colleague.pk, "city": "Oslo"})
    assert told(colleague)["total"] == 0


@pytest.mark.parametrize("way", ["update", "add", "key"])
def test_every_way_of_assigning_is_told(way, api, key_api, rep, colleague):
    if way == "update":
        api.post(f"/api/lead/update/{make_lead(rep.organization, by=rep).pk}", {"assigned_to": colleague.pk})
    elif way == "add":
        api.post("/api/lead/add", {"first_name": "Jane", "last_name": "Doe", "assigned_to": colleague.pk})
    else:
        key_api.post("/api/v1/lead", {"email": "jane@acme.example", "assigned_to": colleague.pk})
    assert [row["type_id"] for row in told(colleague)["data"]] == [1]


def test_many_leads_of_one_action_are_one_notification(rep, colleague):
    for _ in range(7):
        make_lead(rep.organization, by=rep)
    with org_scope(rep.organization):
        bulk.assign(Lead.objects.of(rep.organization), colleague, by=rep)
    (row,) = told(colleague)["data"]
    assert row["title"] == "Ada Admin assigned 7 leads to you" and row["link"] == "/leads/?assigned_to=true"


def test_the_chunks_of_a_background_action_are_counted_together(rep, colleague, scope):
    for count in (1000, 1000, 3):
        notify(
            "lead_assigned",
            [Notice(colleague.pk, "1,000 leads", count=count)],
            key="assigned:1",
            many="{count} leads are yours",
        )
    row = Notification.objects.get()
    assert (row.title, row.count) == ("2,003 leads are yours", 2003)


def test_a_refused_action_tells_nobody(api, rep, colleague):
    make_lead(rep.organization, by=rep, email="taken@acme.example")
    lead = make_lead(rep.organization, by=rep)
    answer = api.post(f"/api/lead/update/{lead.pk}", {"assigned_to": colleague.pk, "email": "taken@acme.example"})
    assert answer.status_code == 409
    assert told(colleague)["total"] == 0


def test_who_has_left_is_not_told(rep, scope):
    gone = make_member(rep.organization, is_active=False)
    assert notify("mention", [Notice(gone.pk, "Hello")]) == []


def test_one_sees_and_reads_only_ones_own(rep, colleague, outsider):
    (mine,), (theirs,), (foreign,) = tell(rep), tell(colleague), tell(outsider)
    api = client_of(rep)
    assert [row["id"] for row in told(rep)["data"]] == [mine]
    for stranger in (theirs, foreign, 10**15):
        assert api.post("/api/notification/read", {"ids": [stranger]}).status_code == 404
    assert api.post("/api/notification/read", {"ids": [mine, theirs, foreign]}).json()["data"] == {"updated": 1, "ids": [mine]}
    assert (
        told(rep, is_read="true")["total"],
        told(colleague, is_read="false")["total"],
        told(outsider, is_read="false")["total"],
    ) == (1, 1, 1)


@pytest.mark.parametrize(("body", "status"), [({}, 400), ({"ids": []}, 400), ({"ids": None}, 400), ({"ids": ["x"]}, 422)])
def test_reading_needs_ids(body, status, api):
    answer = api.post("/api/notification/read", body)
    assert answer.status_code == status and "ids" in answer.json()["error"]["fields"]


def test_the_list_filters_searches_and_refuses(rep, api):
    tell(rep, "About cheese", message="a wheel of it")
    tell(rep, "About bread")
    assert [row["title"] for row in told(rep, search_value="WHEEL")["data"]] == ["About cheese"]
    assert told(rep, type_id="1,3")["total"] == 0 and told(rep, type_id="6")["total"] == 2
    assert [row["title"] for row in told(rep, order_by="title", order_in="asc")["data"]] == ["About bread", "About cheese"]
    assert api.get("/api/notification/list", {"is_read": "maybe"}).status_code == 400
    assert api.get("/api/notification/list", {"order_by": "user_id"}).status_code == 400


# ----------------------------------------------------------------------------- channels
def test_a_kind_that_is_switched_off_is_told_nowhere(rep, scope):
    preferences.choose(rep, {})
    assert notify("mention", [Notice(rep.pk, "Hello")]) == []
    assert Notification.objects.count() == 0


def test_by_mail_at_once_and_once(rep, scope):
    preferences.choose(rep, {"mention": {"mail"}})
    (pk,) = notify("mention", [Notice(rep.pk, "Ana mentioned you", message="Look here", link="/leads/7/")])
    assert Job.objects.filter(function="activity.jobs.mail_notification", args=[pk]).count() == 1
    jobs.drain()
    background.mail_notification(Job.objects.latest("id"), pk)
    (letter,) = mail.outbox
    assert (letter.subject, letter.to) == ("Ana mentioned you", [rep.email])
    assert "http://127.0.0.1:8000/leads/7/" in letter.body and "Look here" in letter.body
    assert not Notification.objects.shown_to(rep).exists()


def test_the_days_mail_holds_what_is_unread(rep, scope):
    preferences.choose(rep, {"mention": {"in_app", "digest"}})
    first, _, _ = (notify("mention", [Notice(rep.pk, title)])[0] for title in ("One", "Two", "Three"))
    Notification.objects.filter(pk=first).update(is_read=True)
    for _ in range(2):
        jobs.enqueue(background.mail_digest, rep.pk, "2999-01-01T00:00:00+00:00")
    jobs.drain()
    (letter,) = mail.outbox
    assert letter.subject == "2 things for you in LIO"
    assert "* Two" in letter.body and "* Three" in letter.body and "* One" not in letter.body


def test_the_days_mail_comes_at_seven_of_the_member(rep):
    from datetime import UTC, datetime

    rep.timezone = "America/New_York"
    assert background.digest_moment(rep, datetime(2026, 6, 15, 10, 59, tzinfo=UTC)) is None
    assert background.digest_moment(rep, datetime(2026, 6, 15, 11, 1, tzinfo=UTC)).isoformat() == "2026-06-15T07:00:00-04:00"


@pytest.mark.django_db(transaction=True, databases=["default", "system"])
def test_a_digest_is_planned_once_a_day(rep):
    from datetime import UTC, datetime

    import time_machine

    with org_scope(rep.organization):
        preferences.choose(rep, {"mention": {"digest"}})
        notify("mention", [Notice(rep.pk, "Hello")])
        Notification.objects.update(created_at=datetime(2026, 6, 14, 12, tzinfo=UTC))
    with time_machine.travel(datetime(2026, 6, 15, 7, 30, tzinfo=UTC), tick=False):
        background.plan_digests()
        background.plan_digests()
    assert Job.objects.filter(function="activity.jobs.mail_digest").count() == 1


# ----------------------------------------------------------------------------- pages
def test_the_bell_counts_and_leads_to_what_it_tells(browser, rep):
    (pk,) = tell(rep, "Look at Jane", link="/leads/add")
    assert 'aria-label="Notifications, 1 unread"' in browser.get("/leads/").content.decode()
    assert "Look at Jane" in browser.get("/notifications/").content.decode()
    answer = browser.get(f"/notifications/{pk}")
    assert (answer.status_code, answer["Location"]) == (302, "/leads/add")
    assert "1 unread" not in browser.get("/notifications/bell").content.decode()
    assert "Look at Jane" not in browser.get("/notifications/").content.decode()
    assert "Look at Jane" in browser.get("/notifications/?show=all").content.decode()


def test_another_members_notification_is_not_there(browser, colleague, outsider):
    for user in (colleague, outsider):
        (pk,) = tell(user)
        assert browser.get(f"/notifications/{pk}").status_code == 404


def test_all_are_read_at_once(browser, rep, colleague):
    tell(rep), tell(rep), tell(colleague)
    assert browser.post("/notifications/read").status_code == 302
    assert told(rep, is_read="false")["total"] == 0 and told(colleague, is_read="false")["total"] == 1


def test_preferences_are_chosen_on_the_profile_page(browser, rep):
    assert 'name="mention.mail"' in browser.get("/settings/profile").content.decode()
    browser.post("/notifications/preferences", {"mention.mail": "on", "lead_assigned.in_app": "on"})
    with org_scope(rep.organization):
        chosen = {one["kind"].name: (one["in_app"], one["mail"], one["digest"]) for one in preferences.chosen(rep)}
    assert chosen["mention"] == (False, True, False) and chosen["lead_assigned"] == (True, False, False)
    assert chosen["follow_up_due"] == (False, False, False)
