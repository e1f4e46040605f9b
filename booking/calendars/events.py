"""Events of one member's calendars over the API: our own meetings, or what stands in a connected calendar right now."""

from uuid import UUID, uuid4, uuid5

from django.conf import settings

from booking import meetings
from booking.calendars import accounts, copies
from booking.calendars.registry import LOCAL, PROVIDERS, Reach
from booking.models import BusyTime, CalendarAccount, Meeting
from integrations.ports import Event, Invitation, Passing, Permanent
from lio import history
from lio.errors import Conflict, Missing
from lio.outside import Errand
from lio.secrets import Unreadable

SANDBOX = "sandbox"
OURS = UUID("6e5b1f6a-6f0c-4d0e-9a57-6a1d0c3f2b11")  # of uids made of an Idempotency-Key
MOST = 5_000  # events of one answer


class Refusal(Conflict):
    """The other side takes us no more."""

    def __init__(self, provider, reason):
        super().__init__(f"Your {accounts.label(provider)} calendar refuses: {reason}", code="not_connected")
        self.reason = str(reason)


def check(provider):
    """Raises Missing for what is no calendar of the API."""
    if provider not in PROVIDERS:
        raise Missing()


def listed(member, provider, since, until, answer):
    """What stands in the member's calendar in [since, until), as `answer(events)`: the response, or the Errand that brings it.

    An event is {id, title, start_time, end_time, attendees, provider}. Raises Conflict `not_connected`.
    """
    if name := _own(member, provider):
        return answer([of_meeting(row, name) for row in _meetings(member, since, until)])

    def ask(calendar):
        return calendar.read(since, until).events[:MOST]

    return _errand(member, provider, ask, lambda account, found: answer([of_event(event, provider) for event in found]))


def added(member, provider, given, answer, *, key=""):
    """Make an event in the member's calendar: `given` has title, start_time, end_time, attendees, description, location.

    Made again with the same `key` it is one event, even if nobody came to note the first. Answers like `listed`, with the one
    event that was made. Raises Invalid, Conflict `not_connected`.
    """
    if name := _own(member, provider):
        row = meetings.add(member.organization, given, by=member, inviting=name == LOCAL)
        return answer(of_meeting(row, name))
    uid = uuid5(OURS, f"{member.pk} {provider} {key}") if key else uuid4()
    row = Meeting(organization=member.organization, host=member, uid=uid, **given)
    meetings.check(row)
    wanted = copies.invitation(row)

    def settle(account, written):
        BusyTime.objects.create(
            organization_id=member.organization_id, account=account, host=member, calendar_id=account.calendar_id,
            remote_id=written.id[:1000], start_time=wanted.start, end_time=wanted.end)
        history.record("calendar.event_created", account, by=member, after={"provider": provider, "start_time": wanted.start})
        return answer(of_event(_made(wanted, written), provider))

    return _errand(member, provider, lambda calendar: calendar.put(wanted), settle)


def of_meeting(row, name):
    return {"id": row.pk, "title": row.title, "start_time": row.start_time, "end_time": row.end_time,
            "attendees": row.attendees, "provider": name}


def of_event(event: Event, provider):
    return {"id": event.id, "title": event.title, "start_time": event.start, "end_time": event.end,
            "attendees": [{"email": address, "name": ""} for address in event.attendees], "provider": provider}


def _made(wanted: Invitation, written):
    return Event(written.id, wanted.uid, wanted.title, wanted.start, wanted.end,
                 attendees=tuple(address for address, _ in wanted.attendees))


def _own(member, provider):
    """The name under which our own meetings answer for `provider`; "" when a connected calendar does.

    Outside of production they stand in for a calendar that is not connected, so that a program can be tried out.
    """
    if provider == LOCAL:
        return LOCAL
    rows = CalendarAccount.objects.of(member.organization_id).filter(user=member, provider=provider)
    return "" if settings.PRODUCTION or rows.exclude(state="off").exists() else SANDBOX


def _meetings(member, since, until):
    rows = Meeting.objects.of(member.organization_id).alive().exclude(status=Meeting.Status.CANCELLED)
    near = {"start_time__lt": until, "start_time__gt": since - meetings.LONGEST, "end_time__gt": since}
    return rows.filter(host=member, **near).order_by("start_time", "pk")[:MOST]


def _errand(member, provider, ask, settle):
    account = accounts.connected(member, provider)
    try:
        reach = Reach(account)
    except Unreadable:
        raise Conflict("The password of this calendar can no longer be read. Connect it again.", code="not_connected") from None

    def asked():
        try:
            return ask(reach.calendar())
        except Passing as error:
            raise Conflict(f"Your {reach.kind.label} calendar cannot be reached now: {error}", code="calendar_away") from error
        except Permanent as error:
            raise Refusal(provider, error) from error

    def give_up(error):
        if isinstance(error, Refusal):
            accounts.refused(reach, error.reason)

    return Errand(ask=asked, settle=lambda found: settle(account, found), give_up=give_up)
