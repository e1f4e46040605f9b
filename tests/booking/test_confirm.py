"""Booking over the API: what is offered can be booked, once; and what a booking makes."""

from datetime import timedelta

import pytest
from django.core import mail
from icalendar import Calendar

from activity.models import Notification
from booking.models import Meeting
from intent.models import Signal
from leads.models import Lead
from lio.jobs import drain
from lio.tenancy import org_scope
from tests.booking.conftest import always_open, booking, read, wire

pytestmark = pytest.mark.django_db


def test_what_a_visitor_may_know(page, host):
    shown = page().json()["data"]
    assert shown["slug"] == host.booking_slug and shown["name"] == host.full_name and shown["durations"] == [30, 60]
    text = page().content.decode()
    assert host.email not in text and "user_id" not in text and "organization_id" not in text


def test_a_slot_is_booked_and_all_follows(page, host, start):
    answer = page("/confirm", booking(start, company="Visitor Ltd", phone="+49 30 1234", notes="About prices"))
    assert answer.status_code == 201
    shown = answer.json()["data"]
    assert (read(shown["start"]), read(shown["end"])) == (start, start + timedelta(minutes=30))
    with org_scope(host.organization):
        meeting = Meeting.objects.get(pk=shown["meeting_id"])
        lead = Lead.objects.select_related("company").get(pk=meeting.lead_id)
        assert (lead.first_name, lead.last_name, lead.email, lead.assigned_to_id) == (
            "Vera", "Visitor", "vera@visitor.example", host.pk)
        assert lead.company.company_name == "Visitor Ltd" and meeting.host_id == host.pk and meeting.status == 1
        assert Signal.objects.get(lead=lead).signal_type == "demo_requested"
        assert Notification.objects.get(type_id=5).user_id == host.pk
    drain()
    to_visitor, to_host = mail.outbox
    assert to_visitor.to == ["vera@visitor.example"] and to_host.to == [host.email] and "/booked/" in to_visitor.body
    part = next(one for one in to_visitor.attachments)
    event = Calendar.from_ical(part.get_payload(decode=True)).events[0]
    assert part.get_param("method") == "REQUEST" and event["SEQUENCE"] == 0 and event.start == start
    assert "/booked/" not in to_host.body  # the link belongs to the visitor


def test_a_lead_that_is_there_is_the_same_lead(page, host, start):
    first = page("/confirm", booking(start)).json()["data"]["meeting_id"]
    second = page("/confirm", booking(start + timedelta(hours=1))).json()["data"]["meeting_id"]
    with org_scope(host.organization):
        assert len(set(Meeting.objects.filter(pk__in=[first, second]).values_list("lead_id", flat=True))) == 1
        assert Lead.objects.count() == 1


def test_each_offered_slot_can_be_booked_and_is_gone(page, start):
    def offered(**more):
        return page("/availability", date=f"{start:%Y-%m-%d}", tz="UTC", **more).json()["data"]["slots"]

    slots = offered()
    assert len(slots) == 48 and {"start", "end"} == set(slots[0])
    for n, slot in enumerate(slots[::7]):
        assert page("/confirm", booking(start, email=f"v{n}@visitor.example") | slot).status_code == 201
    left = offered()
    assert [slot for slot in slots if slot not in left] == slots[::7]
    taken = page("/confirm", booking(start) | slots[0])
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "slot_taken")
    assert len(offered(duration=60)) < 24


def test_a_repeat_with_the_same_key_is_the_same_booking(page, start):
    answers = [page("/confirm", booking(start), headers={"Idempotency-Key": "k1"}) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 201] and answers[0].json() == answers[1].json()
    assert page("/confirm", booking(start)).status_code == 409


@pytest.mark.parametrize("wrong", [
    {"start": "2020-01-01T10:00:00Z", "end": "2020-01-01T10:30:00Z"},
    {"start": "2099-01-01T10:00:00Z", "end": "2099-01-01T10:30:00Z"},
    {"minutes": 25}, {"minutes": 0}, {"minutes": -30}, {"minutes": 45}, {"minutes": 60 * 24 * 3650}, {"shift": 7}, {"name": ""},
    {"name": "  "}, {"name": "x" * 101}, {"email": "nobody"}, {"email": ""}, {"email": None}, {"notes": "x" * 2001},
    {"start": None},
    {"start": "soon"}, {"start": "2027-06-15T10:00:00"}, {"start": ["2027-06-15"]}, {"start": 5}, {"timezone": "Mars/Base"},
    {"name": "Vera\x00"}, {"start": "9999-12-31T23:30:00Z", "end": "9999-12-31T23:59:59Z"},
    {"start": "0001-01-01T00:00:00Z", "end": "0001-01-01T00:30:00Z"},
])  # fmt: skip
def test_bad_input_is_refused_and_changes_nothing(page, host, start, wrong):
    wrong = dict(wrong)
    begins = start + timedelta(minutes=wrong.pop("shift", 0))
    answer = page("/confirm", booking(begins, wrong.pop("minutes", 30)) | wrong)
    assert answer.status_code in (400, 422), answer.content
    with org_scope(host.organization):
        assert not Meeting.objects.exists() and not Lead.objects.exists() and not Signal.objects.exists()


@pytest.mark.parametrize("asked", [
    {"tz": "Mars/Base"}, {"date": "2026-02-30"}, {"date": "soon"}, {"duration": "0"}, {"duration": "x"}, {"duration": "45"},
    {"from": "2027-01-02", "to": "2027-01-01"}, {"from": "2027-01-01", "to": "2027-05-01"}, {"date": "0001-01-01"},
    {"date": "9999-12-31"}, {"from": "x"}, {"tz": "../etc/passwd"}, {"duration": "99999"},
])  # fmt: skip
def test_a_bad_question_is_a_400(page, asked):
    assert page("/availability", **asked).status_code == 400


def test_who_is_not_there(client, page, host, start):
    always_open(host, is_active=False)
    assert page().status_code == page("/availability").status_code == page("/confirm", booking(start)).status_code == 404
    for slug in ("nobody-here", "a", "%00", "x" * 80):
        assert client.get(f"/api/v1/booking/{slug}").status_code == 404


def test_days_of_the_past_are_empty(page):
    assert page("/availability", date="2020-01-01").json()["data"]["slots"] == []


@pytest.mark.parametrize("status", [1, 2, 3, 4, 5])
def test_what_blocks_is_what_the_constraint_looks_at(api, page, host, start, status):
    meeting = page("/confirm", booking(start)).json()["data"]["meeting_id"]
    assert api.post(f"/api/meeting/update/{meeting}", {"status": status}).status_code == 200
    again = page("/confirm", booking(start))
    assert again.status_code == (409 if status in (1, 2) else 201)


def test_a_meeting_planned_by_hand_may_overlap_and_is_kept_free(api, page, host, start):
    plan = {"title": "Review", "start_time": wire(start), "end_time": wire(start + timedelta(hours=1))}
    assert [api.post("/api/meeting/add", plan).status_code for _ in range(2)] == [201, 201]
    assert page("/confirm", booking(start)).status_code == 409
    assert page("/confirm", booking(start + timedelta(hours=1))).status_code == 201


def test_moving_a_booking_into_another_is_refused(api, page, host, start):
    first, second = (page("/confirm", booking(start + timedelta(hours=hours))).json()["data"]["meeting_id"] for hours in (0, 1))
    moved = {"start_time": wire(start + timedelta(minutes=75)), "end_time": wire(start + timedelta(minutes=105))}
    refused = api.post(f"/api/meeting/update/{first}", moved)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "slot_taken")
    moved = {"start_time": wire(start + timedelta(minutes=90)), "end_time": wire(start + timedelta(minutes=120))}
    answer = api.post(f"/api/meeting/update/{first}", moved)
    assert answer.status_code == 200 and answer.json()["data"]["status"] == 2
    assert api.post(f"/api/meeting/update/{second}", {"status": 4}).status_code == 200
    assert page("/confirm", booking(start + timedelta(hours=1))).status_code == 201


def test_a_daily_limit_and_buffers_hold_for_bookings(page, host, start):
    always_open(host, daily_limit=2, buffer_after=30)
    assert page("/confirm", booking(start)).status_code == 201
    assert page("/confirm", booking(start + timedelta(minutes=30))).status_code == 409
    assert page("/confirm", booking(start + timedelta(minutes=60))).status_code == 201
    assert page("/confirm", booking(start + timedelta(hours=5))).status_code == 409
    assert page("/confirm", booking(start + timedelta(days=1))).status_code == 201
