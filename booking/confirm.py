"""A visitor books a slot: a meeting, a lead, a signal, and word to both, all or nothing (R62, TRUST 3.2)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from booking import finding, meetings, profiles, shared
from booking.meetings import insert, lock_host, remind, tell_host, told, url_of
from booking.models import Meeting
from booking.slots import free
from booking.telling import tell
from intent import signals
from intent.models import RawEvent
from leads.capture import capture
from leads.models import Lead
from lio import history
from lio.errors import Conflict, DomainError, Invalid
from lookups.known import known

WEBSITE = 1  # the seeded source
MOST_OPEN = 3  # bookings to come that one person may have with an organisation


@dataclass
class Visitor:
    name: str
    email: str
    company: str = ""
    phone: str = ""
    notes: str = ""
    timezone: str = ""
    answers: dict = field(default_factory=dict)  # {question: answer}


def taken():
    return Conflict("This time has just been taken. Choose another one.", code="slot_taken", fields={"start": ["is taken"]})


@transaction.atomic
def confirm(profile, start: datetime, end: datetime, visitor: Visitor, *, type_id=None):
    """Book [start, end) with the host of `profile` for a visitor. Answers the Meeting.

    The slot must be one that `finding.slots` offers. The lead is the oldest with the visitor's address, or a new one of the
    host; it logs `demo_requested`. Both get mail with a calendar file. Raises Invalid for a time that is never offered,
    Conflict `slot_taken` for one that is not free any more, Invalid `too_many_open` for who has MOST_OPEN to come.
    """
    kind = type_of(profile, start, end, type_id)
    lock_host(profile.user_id)
    check_free(profile, start, end)
    return _book(profile, kind, start, end, visitor)


@transaction.atomic
def confirm_shared(page, start: datetime, end: datetime, visitor: Visitor, *, type_id=None):
    """The same on a page of several members: with the first who is free of those whose turn it is (shared.in_turn).

    All hosts are locked before, so that turns are counted exactly and only who finds nobody free is refused.
    """
    kind = type_of(page, start, end, type_id)
    there = shared.hosts(page)
    lock_host(*[profile.user_id for profile in there])
    refusals: list[DomainError] = []
    for profile in shared.in_turn(page, there, visitor.email):
        try:
            check_free(profile, start, end)
        except (Conflict, Invalid) as error:
            refusals.append(error)
        else:
            return _book(profile, kind, start, end, visitor, page=page)
    raise next((one for one in refusals if isinstance(one, Conflict)), no_slot())


def _book(profile, kind, start, end, visitor, *, page=None):
    """The meeting with the host of `profile`, whose lock is held and who is free; `page` when it is a shared one."""
    organization, host = profile.user.organization, profile.user
    with history.one_action(actor="booking page"):
        lead_id, _ = capture(organization, lead_of(visitor), by=None, on_duplicate="merge", if_new={
            "assigned_to_id": host.pk, "source_id": known(organization, "source")[WEBSITE].pk})
        check_open(organization, lead_id)
        lead = Lead.objects.select_related("company").get(pk=lead_id)
        meeting = Meeting(
            organization=organization, host=host, lead=lead, company_id=lead.company_id,
            title=f"{kind.name} with {visitor.name}"[:200], description=visitor.notes, start_time=start, end_time=end,
            exclusive=True, type=kind, answers=visitor.answers,
            shared_page=page,
            timezone=visitor.timezone or profiles.zone(profile).key, meeting_tool=kind.tool, location=kind.location,
            attendees=[{"email": visitor.email, "name": visitor.name}], buffer_before=profile.buffer_before,
            buffer_after=profile.buffer_after,
        )
        meeting.meeting_url = url_of(meeting)
        remind(meeting, profile.reminder_minutes)
        if not insert(meeting):
            raise taken()
        history.record("meeting.booked", meeting, by=None, after=told(meeting))
        signals.log(organization, lead_id, "demo_requested", source="booking page", channel=RawEvent.Channel.BOOKING,
                    detail={"meeting_id": meeting.pk, "start": start.isoformat(), "type": kind.name})
        tell_host(meeting, f"{visitor.name} booked {kind.name}", by=None)
    tell(meeting)
    return meeting


@transaction.atomic
def move(profile, meeting, start):
    """The visitor moves what he booked to another free time of its host, who is told. Raises as `confirm` does."""
    end = start + (meeting.end_time - meeting.start_time)
    check_still(meeting)
    check_free(profile, start, end, but=meeting)
    return _change(meeting, {"start_time": start, "end_time": end}, "moved")


@transaction.atomic
def cancel(meeting):
    """The visitor cancels what he booked; its host is told. Raises Conflict when that has changed meanwhile."""
    check_still(meeting)
    return _change(meeting, {"status": Meeting.Status.CANCELLED}, "cancelled")


def check_still(meeting):
    """Lock the host, then raise Conflict unless the meeting is what the visitor saw: cancelled meanwhile it must not come
    back, nor move into the day of a host whom nobody has asked.
    """
    lock_host(meeting.host_id)
    seen = {name: getattr(meeting, name) for name in ("host_id", "status", "start_time", "end_time")}
    if not Meeting.objects.of(meeting.organization_id).alive().filter(pk=meeting.pk, **seen).exists():
        raise Conflict("This meeting has just been changed. Look at it again.", code="changed_meanwhile")


def _change(meeting, fields, verb):
    with history.one_action(actor="booking page"):
        changed = meetings.update(meeting.pk, meeting.organization, fields, by=None)
        who = next((one.get("name") or one["email"] for one in changed.attendees), "The visitor")
        tell_host(changed, f"{who} {verb} {changed.title}", by=None)
    return changed


def type_of(page, start, end, type_id=None):
    """What is booked: of the page's types the one of that id, else the first of that length. Raises Invalid."""
    if end <= start:
        raise Invalid({"end": ["must be after start"]})
    minutes, rest = divmod((end - start) // timedelta(seconds=1), 60)
    there = [one for one in profiles.types(page) if type_id in (None, one.pk)]
    found = next((one for one in there if (one.minutes, 0) == (minutes, rest)), None)
    if found is None:
        lengths = ", ".join(str(one.minutes) for one in there)
        raise Invalid({"end": [f"is {minutes} minutes after start: this page offers {lengths}"]})
    return found


def check_free(profile, start, end, *, but=None):
    """Raises Conflict `slot_taken` for a slot that is not free any more, Invalid for what is no slot at all."""
    length, until = (end - start) // timedelta(minutes=1), start + timedelta(microseconds=1)
    if (start, end) in finding.slots(profile, length, start, until, but=but):
        return
    if profile.is_active and profile.user.is_active:
        at = finding.now()
        if (start, end) in free(profiles.hours(profile), profiles.rules(profile, length), (), start, until, at):
            raise taken()
    raise no_slot()


def no_slot():
    return Invalid({"start": ["is not a time that can be booked: ask for the free times"]})


def check_open(organization, lead_id):
    """Raises Invalid when the person has as many bookings to come as anybody may (TRUST T52)."""
    coming = Meeting.objects.of(organization).blocking().filter(lead_id=lead_id, exclusive=True, start_time__gt=finding.now())
    if coming.count() >= MOST_OPEN:
        complaint = f"has {MOST_OPEN} bookings to come already: move or cancel one of them"
        raise Invalid({"email": [complaint]}, code="too_many_open")


def lead_of(visitor):
    """What a booking says of its lead, as attributes."""
    first, _, last = visitor.name.strip().partition(" ")
    return {"first_name": first[:100], "last_name": last.strip()[:100], "email": visitor.email, "company": visitor.company,
            "phone_number": visitor.phone}  # fmt: skip
