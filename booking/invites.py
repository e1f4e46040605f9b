"""Meetings as calendar files (RFC 5545, RFC 5546): the same UID for life, a SEQUENCE that grows with each change."""

from datetime import UTC
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.timezone import now
from icalendar import Calendar, Event, vCalAddress, vText

REQUEST, CANCEL = "REQUEST", "CANCEL"


def calendar_file(meeting, *, link="", released=""):
    """The bytes of the file that invites to a meeting, moves it or takes it out of a calendar.

    `link` leads whoever booked it to where it can be moved or cancelled. `released` is the address of one who has no part in
    it any more: for him it is cancelled, for the others it goes on, so it has no status (RFC 5546, 3.2.5). Times are UTC, so
    no zone has to be described.
    """
    gone = meeting.deleted_at is not None or meeting.status == meeting.Status.CANCELLED
    event = Event()
    event.add("uid", uid_of(meeting))
    event.add("sequence", meeting.sequence)
    event.add("dtstamp", now().astimezone(UTC))
    event.add("dtstart", meeting.start_time.astimezone(UTC))
    event.add("dtend", meeting.end_time.astimezone(UTC))
    event.add("summary", meeting.title)
    if not released:
        event.add("status", "CANCELLED" if gone else "CONFIRMED")
    text = "\n\n".join(part for part in (meeting.description, meeting.meeting_url, link and f"Move or cancel: {link}") if part)
    if text:
        event.add("description", text)
    if place := meeting.location or meeting.meeting_url:
        event.add("location", place)
    if meeting.meeting_url:
        event.add("url", meeting.meeting_url)
    event.add("organizer", _address(meeting.host.email, meeting.host.full_name))
    for one in [{"email": released}] if released else meeting.attendees:
        event.add("attendee", _address(one["email"], one.get("name") or "", role="REQ-PARTICIPANT"), encode=False)
    calendar = Calendar()
    calendar.add("prodid", "-//LIO//Lead Intelligence//EN")
    calendar.add("version", "2.0")
    calendar.add("method", CANCEL if gone or released else REQUEST)
    calendar.add_component(event)
    return calendar.to_ical()


def uid_of(meeting):
    """What the meeting is called in every calendar, whichever way it came there."""
    return f"{meeting.uid}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}"


def _address(email, name, role=""):
    address = vCalAddress(f"MAILTO:{email}")
    if name:
        address.params["cn"] = vText(name)
    if role:
        address.params["role"] = vText(role)
    return address
