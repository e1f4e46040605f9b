"""lead/follow-up/list, add and update; what repeats, what is told, what is missed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils.timezone import now

from activity.models import Notification
from leads import follow_ups, jobs
from leads.models import FollowUp
from lio import history
from lio.tenancy import org_scope
from tests.conftest import client_of
from tests.factories import make_lead, make_member

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def lead(rep):
    return make_lead(rep.organization, by=rep)


def add(api, lead, **more):
    return api.post(
        "/api/lead/follow-up/add", {"lead_id": lead.pk, "follow_up_date": "2999-06-15T09:00:00Z", "notes": "Call"} | more
    )


def change(api, pk, **body):
    return api.post(f"/api/lead/follow-up/update/{pk}", body)


def in_scope(user):
    return org_scope(user.organization)


def plan(rep, lead, due_at, **more):
    with in_scope(rep):
        return follow_ups.add(lead, due_at=due_at, by=more.pop("by", rep), **more)


def test_starts_as_pending_for_who_plans_it(api, lead, rep):
    answer = add(api, lead)
    shown = answer.json()["data"]
    assert answer.status_code == 201
    assert (
        shown["lead_id"],
        shown["follow_up_date"],
        shown["notes"],
        shown["status"],
        shown["created_by"],
        shown["assigned_to"],
    ) == (lead.pk, "2999-06-15T09:00:00.000Z", "Call", 1, rep.pk, rep.pk)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"lead_id": 10**12}, 404),
        ({"lead_id": None}, 422),
        ({"follow_up_date": "soon"}, 422),
        ({"follow_up_date": None}, 422),
        ({"notes": "x" * 10_001}, 422),
        ({"notes": None}, 201),
        ({"notes": "a\x00b"}, 422),
        ({"repeats": "hourly"}, 422),
        ({"repeats": "weekly"}, 201),
        ({"repeats": None}, 201),
        ({"assigned_to": 10**12}, 404),
        ({"follow_up_date": "2026-06-15"}, 201),
        ({"follow_up_date": "9999-12-31T23:59:59Z"}, 422),
        ({"follow_up_date": "0001-01-01T00:00:00Z"}, 422),
        ({"follow_up_date": "9999-12-01T00:00:00Z", "repeats": "monthly"}, 201),
    ],
)
def test_what_may_be_planned(body, status, api, lead):
    answer = add(api, lead, **body)
    assert answer.status_code == status, answer.content


def test_a_member_who_left_gets_none(api, lead, rep):
    assert add(api, lead, assigned_to=make_member(rep.organization, is_active=False).pk).status_code == 422


def test_lists_of_one_lead_or_all_by_status(api, lead, rep):
    other = make_lead(rep.organization, by=rep)
    first, second = add(api, lead).json()["data"]["id"], add(api, other, notes="Write").json()["data"]["id"]
    change(api, second, status=2)

    def ids(**params):
        return [row["id"] for row in api.get("/api/lead/follow-up/list", params).json()["data"]]

    assert ids() == [second, first] and ids(lead_id=lead.pk) == [first] and ids(status=2) == [second]
    assert ids(search_value="wri") == [second] and ids(order_by="follow_up_date", order_in="asc") == [first, second]
    assert api.get("/api/lead/follow-up/list", {"status": 7}).status_code == 400
    assert api.get("/api/lead/follow-up/list", {"lead_id": 10**12}).status_code == 404


def test_a_deleted_lead_takes_its_follow_ups_along(api, lead):
    pk = add(api, lead).json()["data"]["id"]
    api.delete("/api/lead/delete", {"ids": [lead.pk]})
    assert api.get("/api/lead/follow-up/list").json()["total"] == 0
    assert change(api, pk, status=3).status_code == 404


def test_another_organisations_are_not_there(api, outsider, outsider_api):
    foreign = make_lead(outsider.organization, by=outsider)
    pk = add(outsider_api, foreign).json()["data"]["id"]
    assert add(api, foreign).status_code == 404
    assert change(api, pk, status=3).status_code == 404
    assert api.get("/api/lead/follow-up/list").json()["total"] == 0


# ------------------------------------------------------------------------------------------------- changing
def test_an_update_is_partial(api, lead):
    pk = add(api, lead).json()["data"]["id"]
    shown = change(api, pk, notes="Write").json()["data"]
    assert (shown["notes"], shown["status"], shown["follow_up_date"]) == ("Write", 1, "2999-06-15T09:00:00.000Z")
    assert change(api, pk).status_code == 200


@pytest.mark.parametrize(
    "body", [{"status": 0}, {"status": 7}, {"status": "x"}, {"status": None}, {"follow_up_date": None}, {"follow_up_date": "x"}]
)
def test_refuses_what_is_no_value(body, api, lead):
    answer = change(api, add(api, lead).json()["data"]["id"], **body)
    assert answer.status_code == 422 and set(answer.json()["error"]["fields"]) == set(body)


@pytest.mark.parametrize(("before", "after"), [(1, 4), (4, 4), (6, 4), (2, 2), (3, 3), (5, 5)])
def test_another_date_makes_a_waiting_one_rescheduled(before, after, api, lead):
    pk = add(api, lead).json()["data"]["id"]
    change(api, pk, status=before)
    assert change(api, pk, follow_up_date="2999-07-01T09:00:00Z").json()["data"]["status"] == after


def test_a_status_that_is_sent_with_the_date_is_kept(api, lead):
    pk = add(api, lead).json()["data"]["id"]
    assert change(api, pk, follow_up_date="2999-07-01T09:00:00Z", status=2).json()["data"]["status"] == 2


def test_doing_one_is_activity_and_history(api, lead, rep):
    pk = add(api, lead).json()["data"]["id"]
    assert change(api, pk, status=3).json()["data"]["completed_at"]
    with in_scope(rep):
        lead.refresh_from_db()
        assert lead.last_activity_at
        assert list(history.timeline(rep.organization, "lead", lead.pk).values_list("verb", flat=True)) == [
            "follow_up.completed",
            "follow_up.added",
            "lead.created",
        ]


def test_doing_one_that_repeats_plans_the_next_once(api, lead):
    pk = add(api, lead, repeats="weekly").json()["data"]["id"]
    for _ in range(2):
        change(api, pk, status=3)
    rows = api.get("/api/lead/follow-up/list").json()["data"]
    assert [(row["status"], row["follow_up_date"], row["repeats"]) for row in rows] == [
        (1, "2999-06-22T09:00:00.000Z", "weekly"),
        (3, "2999-06-15T09:00:00.000Z", "weekly"),
    ]


def test_cancelling_one_that_repeats_ends_it(api, lead):
    change(api, add(api, lead, repeats="daily").json()["data"]["id"], status=5)
    assert api.get("/api/lead/follow-up/list").json()["total"] == 1


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("due", "repeats", "day", "after", "expected"),
    [
        ("2026-03-28T09:00", "daily", None, "2026-03-28T10:00", "2026-03-29T09:00"),  # the clock changes in between
        ("2026-03-28T09:00", "daily", None, "2026-04-02T10:00", "2026-04-03T09:00"),  # days late: the next one lies ahead
        ("2026-03-28T09:00", "daily", None, "2026-03-27T10:00", "2026-03-29T09:00"),  # done early
        ("2026-03-27T09:00", "weekly", None, "2026-03-27T09:00", "2026-04-03T09:00"),
        ("2026-01-31T09:00", "monthly", 31, "2026-01-31T10:00", "2026-02-28T09:00"),
        ("2026-02-28T09:00", "monthly", 31, "2026-02-28T10:00", "2026-03-31T09:00"),
        ("2026-12-15T09:00", "monthly", 15, "2027-03-15T09:30", "2027-04-15T09:00"),
        ("2026-12-15T09:00", "", None, "2027-03-15T09:30", None),
    ],
)
def test_the_next_one_is_at_the_same_time_of_the_day(due, repeats, day, after, expected):
    assert follow_ups.next_due(at(due), repeats, day, BERLIN, at(after)) == (expected and at(expected))


def test_no_next_one_beyond_the_calendar():
    assert follow_ups.next_due(datetime(9999, 12, 20, tzinfo=UTC), "monthly", 20, ZoneInfo("UTC"), now()) is None


# ------------------------------------------------------------------------------------------------- the sweep
def test_what_is_due_is_told_once(rep, lead, colleague):
    plan(rep, lead, now() - timedelta(minutes=1), notes="Send the offer", assigned_to=colleague)
    plan(rep, lead, now() + timedelta(hours=1))
    with in_scope(rep):
        assert (follow_ups.tell_due(), follow_ups.tell_due()) == (1, 0)
    (row,) = client_of(colleague).get("/api/notification/list").json()["data"]
    assert (row["type_id"], row["title"], row["message"], row["model_id"]) == (
        7,
        "Follow up with Jane Doe",
        "Send the offer",
        lead.pk,
    )


def test_another_date_is_told_again(api, rep, lead):
    row = plan(rep, lead, now() - timedelta(minutes=1))
    with in_scope(rep):
        follow_ups.tell_due()
    change(api, row.pk, follow_up_date=(now() - timedelta(seconds=5)).isoformat())
    with in_scope(rep):
        assert follow_ups.tell_due() == 1
        assert Notification.objects.count() == 2


def test_the_leads_owner_is_told_when_the_member_has_left(rep, colleague):
    gone = make_member(rep.organization)
    lead = make_lead(rep.organization, by=colleague, assigned_to_id=colleague.pk)
    plan(rep, lead, now() - timedelta(minutes=1), assigned_to=gone)
    with in_scope(rep):
        type(gone).objects.filter(pk=gone.pk).update(is_active=False)
        follow_ups.tell_due()
        assert list(Notification.objects.values_list("user_id", "type_id")) == [(colleague.pk, 7)]


@pytest.mark.parametrize("status", [3, 5, 6])
def test_nobody_is_told_of_what_is_over(status, rep, lead):
    row = plan(rep, lead, now() - timedelta(minutes=1))
    with in_scope(rep):
        FollowUp.objects.filter(pk=row.pk).update(status=status)
        assert follow_ups.tell_due() == 0


def test_nobody_is_told_of_a_deleted_leads(rep, lead, api):
    plan(rep, lead, now() - timedelta(minutes=1))
    api.delete("/api/lead/delete", {"ids": [lead.pk]})
    with in_scope(rep):
        assert follow_ups.tell_due() == 0 and follow_ups.miss_past() == 0


@pytest.mark.parametrize(("status", "hours", "after"), [(1, 25, 6), (4, 25, 6), (1, 23, 1), (2, 25, 2), (3, 25, 3), (5, 25, 5)])
def test_past_and_still_waiting_is_missed_after_a_day(status, hours, after, rep, lead):
    row = plan(rep, lead, now() - timedelta(hours=hours))
    with in_scope(rep):
        FollowUp.objects.filter(pk=row.pk).update(status=status)
        follow_ups.miss_past()
        assert FollowUp.objects.get().status == after
        missed = history.timeline(rep.organization, "lead", lead.pk).filter(verb="follow_up.missed")
        assert [entry.before for entry in missed] == ([{"status": status}] if after == 6 and status != 6 else [])


@pytest.mark.django_db(transaction=True, databases=["default", "system"])
def test_the_sweep_visits_every_organisation(rep, outsider):
    for user in (rep, outsider):
        lead = make_lead(user.organization, by=user)
        plan(user, lead, now() - timedelta(minutes=1))
        plan(user, lead, now() - timedelta(days=2))
    jobs.tend_follow_ups()
    for user in (rep, outsider):
        with in_scope(user):
            assert sorted(FollowUp.objects.values_list("status", flat=True)) == [1, 6]
            assert list(Notification.objects.values_list("user_id", flat=True)) == [user.pk]


def test_a_thousand_cost_the_same_statements(rep, lead, django_assert_max_num_queries):
    with in_scope(rep):
        FollowUp.objects.bulk_create(
            [
                FollowUp(organization=rep.organization, lead=lead, due_at=now() - timedelta(days=3), assigned_to=rep)
                for _ in range(900)
            ]
        )
        with django_assert_max_num_queries(16):
            assert follow_ups.tell_due() == 900 and follow_ups.miss_past() == 900


# ------------------------------------------------------------------------------------------------- the page
def test_planned_done_and_put_off_on_the_page(browser, rep, lead):
    page = f"/leads/{lead.pk}/"
    assert "Plan it" in browser.get(f"{page}?compose=follow-up").content.decode()
    rep.timezone = "America/New_York"
    rep.save()
    answer = browser.post(
        f"{page}follow-ups", {"follow_up_date": "2999-06-15T09:00", "notes": "Call Jane", "repeats": "weekly"}
    )
    assert answer.status_code == 302
    with in_scope(rep):
        row = FollowUp.objects.get()
    assert row.due_at == datetime(2999, 6, 15, 13, tzinfo=UTC) and row.repeats == "weekly"
    assert "Call Jane" in browser.get(f"{page}?part=next").content.decode()
    swapped = browser.post(f"{page}follow-ups/{row.pk}", {"until": "week"}, headers={"HX-Request": "true"})
    assert swapped.status_code == 200 and "lead-changed" in swapped["HX-Trigger"]
    with in_scope(rep):
        row.refresh_from_db()
    assert row.status == 4 and row.due_at.astimezone(ZoneInfo("America/New_York")).hour == 9
    browser.post(f"{page}follow-ups/{row.pk}", {"done": "true"})
    with in_scope(rep):
        assert sorted(FollowUp.objects.values_list("status", flat=True)) == [1, 3]


@pytest.mark.parametrize(
    "posted",
    [
        {},
        {"follow_up_date": "x"},
        {"follow_up_date": "2999-06-15T09:00", "notes": "x" * 10_001},
        {"follow_up_date": "2999-06-15T09:00", "repeats": "x"},
    ],
)
def test_the_page_says_what_is_wrong(posted, browser, lead):
    answer = browser.post(f"/leads/{lead.pk}/follow-ups", posted, headers={"HX-Request": "true"})
    assert answer.status_code == 422 and 'role="alert"' in answer.content.decode()


def test_the_pages_of_others_are_closed(browser, outsider):
    foreign = make_lead(outsider.organization, by=outsider)
    row = plan(outsider, foreign, now())
    assert browser.post(f"/leads/{foreign.pk}/follow-ups", {"follow_up_date": "2999-06-15T09:00"}).status_code == 404
    assert browser.post(f"/leads/{foreign.pk}/follow-ups/{row.pk}", {"done": "true"}).status_code == 404


@pytest.mark.parametrize(
    ("minutes", "style", "text"),
    [
        (-90, "", "1 h late"),
        (-10 * 1440, "", "due 5 Jun"),
        (-90, "plain", "today, 12:30"),
        (30, "", "today, 14:30"),
        (1440, "", "tomorrow, 14:00"),
        (3 * 1440, "", "18 Jun, 14:00"),
        (400 * 1440, "", "20 Jul 2027, 14:00"),
    ],
)
def test_due_is_told_in_words(minutes, style, text):
    import time_machine

    from lio.templatetags.look import due

    with time_machine.travel(datetime(2026, 6, 15, 14, 0, tzinfo=UTC), tick=False):
        assert f">{text}</time>" in due(now() + timedelta(minutes=minutes), style)
