"""What nobody means to send and somebody does: each of these has cost a mail, a page or a free evening once."""

from datetime import UTC, datetime, timedelta
from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils.timezone import now
from icalendar import Calendar

from booking import confirm, jobs, links, meetings, profiles
from booking.models import BusyTime, CalendarAccount, Meeting
from lio.errors import Conflict
from lio.jobs import drain
from lio.tenancy import org_scope
from tests.booking.conftest import booking, wire

pytestmark = pytest.mark.django_db
HALF = timedelta(minutes=30)


def add(api, start, minutes=30, **more):
    sent = {"title": "Review", "start_time": wire(start), "end_time": wire(start + timedelta(minutes=minutes)),
            "attendees": ["vera@visitor.example"]} | more
    answer = api.post("/api/meeting/add", sent)
    assert answer.status_code == 201, answer.json()
    return answer.json()["data"]


class Refusing(EmailBackend):
    """A mail server that does not take one of the addresses."""

    def send_messages(self, messages):
        for message in messages:
            if "nobody@gone.example" in message.to:
                raise SMTPRecipientsRefused({"nobody@gone.example": (550, b"no such user")})
        return super().send_messages(messages)


@pytest.fixture
def refusing(settings):
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"


# ----------------------------------------------------------------------- mails that must go
@pytest.mark.parametrize("zone", ["", None])
def test_a_meeting_without_a_zone_is_told_of(api, start, zone):
    add(api, start, timezone=zone)
    drain()
    assert [one.to for one in mail.outbox] == [["vera@visitor.example"]] and "(UTC)" in mail.outbox[0].body


def test_a_place_of_several_lines_is_joined_at_its_first_word(api, client, rep, start):
    shown = add(api, start, location="https://zoom.example/j/1\r\nPasscode: 12", meeting_tool="zoom")
    assert shown["meeting_url"] == "https://zoom.example/j/1"
    drain()
    [told] = mail.outbox
    event = Calendar.from_ical(told.attachments[0].get_payload(decode=True)).events[0]
    assert event["URL"] == "https://zoom.example/j/1" and "Passcode: 12" in event["LOCATION"]
    changed = api.post(f"/api/meeting/update/{shown['id']}", {"location": "https://zoom.example/j/2"})
    assert changed.json()["data"]["meeting_url"] == "https://zoom.example/j/2"


def test_days_are_told_in_whole(api, start):
    add(api, start, minutes=25 * 60)
    drain()
    assert "1500 minutes" in mail.outbox[0].body


def test_an_address_that_is_refused_costs_nobody_else_the_mail(api, start, refusing):
    add(api, start, attendees=["nobody@gone.example", "vera@visitor.example"])
    drain()
    assert [one.to for one in mail.outbox] == [["vera@visitor.example"]]


def test_a_host_is_told_although_the_visitor_cannot_be(page, host, start, refusing):
    assert page("/confirm", booking(start, email="nobody@gone.example")).status_code == 201
    drain()
    assert [one.to for one in mail.outbox] == [[host.email]]


@pytest.mark.django_db(transaction=True, databases=["default", "system"])
def test_one_refused_reminder_costs_nobody_his_and_is_not_repeated_to_others(page, host, outsider, start, refusing):
    for n, email in enumerate(["vera@visitor.example", "nobody@gone.example", "wera@visitor.example"]):
        assert page("/confirm", booking(start + HALF * n, email=email)).status_code == 201
    with org_scope(host.organization):
        Meeting.objects.update(remind_at=now() - timedelta(seconds=1))
    drain()
    mail.outbox.clear()
    for _ in range(3):
        jobs.remind()
        drain()
    assert sorted(one.to[0] for one in mail.outbox) == ["vera@visitor.example", "wera@visitor.example"]


@pytest.mark.django_db(transaction=True, databases=["default", "system"])
def test_who_cancels_before_the_reminder_goes_is_not_reminded(page, host, start):
    made = page("/confirm", booking(start)).json()["data"]["meeting_id"]
    drain()
    with org_scope(host.organization):
        Meeting.objects.update(remind_at=now() - timedelta(seconds=1))
    jobs.remind()
    with org_scope(host.organization):
        confirm.cancel(Meeting.objects.get(pk=made))
    mail.outbox.clear()
    drain()
    assert {one.subject.partition(":")[0] for one in mail.outbox} == {"Cancelled"}


# ----------------------------------------------------------------------- what is taken
@pytest.mark.parametrize("edges", [
    (datetime(1, 1, 1, tzinfo=UTC), datetime(2, 1, 1, tzinfo=UTC)),
    (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
])
def test_a_calendar_that_is_busy_until_the_end_of_time_closes_no_page(page, host, start, edges):
    with org_scope(host.organization):
        profiles.update(host, {"buffer_before": 30, "buffer_after": 30}, by=host)
        row = CalendarAccount.objects.create(organization=host.organization, user=host, provider="caldav", state="connected")
        BusyTime.objects.create(organization=host.organization, account=row, host=host, remote_id="x", start_time=edges[0],
                                end_time=edges[1])
    found = page("/availability", date=f"{start:%Y-%m-%d}")
    assert found.status_code == 200 and bool(found.json()["data"]["slots"]) == (edges[1].year < 9999)


# ----------------------------------------------------------------------- a visitor who is late
@pytest.mark.parametrize("change", [{"status": 4}, {"status": 3}, "host", "moved"])
def test_what_the_host_has_changed_meanwhile_is_not_moved_or_cancelled(page, host, colleague, start, change):
    """The visitor's page has read the meeting; before his turn comes the host's change lands."""
    made = page("/confirm", booking(start)).json()["data"]["meeting_id"]
    fields = {"host": {"host_id": colleague.pk}, "moved": {"start_time": start + HALF, "end_time": start + 2 * HALF}}
    with org_scope(host.organization):
        seen = Meeting.objects.select_related("host").get(pk=made)
        meetings.update(made, host.organization, change if isinstance(change, dict) else fields[change], by=host)
        before = Meeting.objects.values().get(pk=made)
        with pytest.raises(Conflict):
            confirm.move(profiles.of(host), seen, start + 6 * HALF)
        with pytest.raises(Conflict):
            confirm.cancel(seen)
        assert Meeting.objects.values().get(pk=made) == before


def test_a_meeting_is_moved_ten_times_an_hour_whoever_asks(client, page, host, start, settings):
    """Each move is a mail to the address that was entered, which need not be that of who entered it."""
    settings.RATES = settings.RATES | {"public": 1000}
    path = "/" + page("/confirm", booking(start)).json()["data"]["manage_url"].split("/", 3)[3]
    moves = [client.post(f"{path}/move", {"start": wire(start + HALF * n)}, REMOTE_ADDR=f"198.51.100.{n}").status_code
             for n in range(1, 13)]
    assert moves == [303] * 10 + [429] * 2
    with org_scope(host.organization):
        assert Meeting.objects.get().start_time == start + 10 * HALF
    assert client.post(f"{path}/cancel").status_code == 303


# ----------------------------------------------------------------------- other methods than those of a page
@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_pages_for_visitors_take_what_pages_take(client, page, host, start, method):
    made = page("/confirm", booking(start)).json()["data"]["meeting_id"]
    with org_scope(host.organization):
        token = links.token(Meeting.objects.get(pk=made))
    for path in (f"/book/{host.booking_slug}", f"/booked/{token}", f"/booked/{token}/move", f"/booked/{token}/meeting.ics"):
        assert getattr(client, method)(path).status_code == 405, path


def methods_of(one):
    return [part.get_param("method") for part in one.attachments]


def test_who_is_taken_off_a_meeting_gets_it_out_of_his_calendar(api, start):
    made = add(api, start, attendees=["vera@visitor.example", "wim@visitor.example"])
    drain()
    mail.outbox.clear()
    changed = api.post(f"/api/meeting/update/{made['id']}", {"attendees": ["Vera@visitor.example"]})
    assert changed.status_code == 200
    drain()
    told = {one.to[0]: one for one in mail.outbox}
    assert methods_of(told["wim@visitor.example"]) == ["CANCEL"] and "no longer part" in told["wim@visitor.example"].body
    event = Calendar.from_ical(told["wim@visitor.example"].attachments[0].get_payload(decode=True)).events[0]
    assert "STATUS" not in event and event["SEQUENCE"] == 1 and event["ATTENDEE"] == "MAILTO:wim@visitor.example"
    assert methods_of(told["Vera@visitor.example"]) == ["REQUEST"] and len(told) == 2


def test_who_is_put_back_before_the_mail_goes_hears_of_no_farewell(api, start):
    made = add(api, start)
    drain()
    mail.outbox.clear()
    for attendees in ([], ["vera@visitor.example"]):
        assert api.post(f"/api/meeting/update/{made['id']}", {"attendees": attendees}).status_code == 200
    drain()
    assert [methods_of(one) for one in mail.outbox] == [["REQUEST"]]


def test_a_booking_that_gets_another_host_is_told_to_all_three(page, api, host, colleague, start):
    made = page("/confirm", booking(start)).json()["data"]["meeting_id"]
    drain()
    mail.outbox.clear()
    assert api.post(f"/api/meeting/update/{made}", {"user_id": colleague.pk}).status_code == 200
    drain()
    told = {one.to[0]: one for one in mail.outbox if one.attachments}
    assert methods_of(told.pop(host.email)) == ["CANCEL"]
    assert methods_of(told.pop(colleague.email)) == ["REQUEST"]
    [visitor] = told.values()
    assert methods_of(visitor) == ["REQUEST"] and colleague.full_name in visitor.body
