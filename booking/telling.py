"""Telling those who meet: when the mail of a meeting goes, and that it goes once for each of its changes.

A mail waits for the link that a calendar of the host's is to make (booking/calendars/copies.py), but never for ever: it goes as
soon as the link is there or a try has failed, and at the latest after LINK_SECONDS. A link that comes later is a change of
the meeting that is told like any other.
"""

from django.utils.timezone import now

from booking import jobs
from booking.calendars.registry import KINDS, MAKERS
from booking.models import CalendarAccount, Meeting, MeetingCopy
from lio.jobs import enqueue, hurry

LINK_SECONDS = 120


def tell(meeting):
    """Have host and attendees told of a meeting as it is at its `sequence` (jobs.invite), in the caller's transaction."""
    delay = LINK_SECONDS if awaits_link(meeting) else 0
    enqueue(jobs.invite, meeting.pk, meeting.sequence, key=_key(meeting), delay=delay)


def release(meeting, addresses):
    """Have those told who have no part in a meeting any more (jobs.send), so that it leaves their calendars."""
    for address in addresses:
        enqueue(jobs.send, meeting.pk, meeting.sequence, "released", address)


def awaits_link(meeting):
    """Whether a calendar of the host's is about to make the link of a meeting."""
    if meeting.meeting_url or meeting.deleted_at or meeting.status not in Meeting.BLOCKING or meeting.end_time <= now():
        return False
    return makes_link(meeting.organization_id, meeting.host_id, meeting.meeting_tool)


def makes_link(organization, host_id, tool):
    """Whether the member has a calendar connected that makes links of this tool."""
    return make_links(organization, [host_id], tool)


def make_links(organization, host_ids, tool):
    """Whether all these members have one."""
    if tool not in MAKERS or not host_ids:
        return False
    rows = CalendarAccount.objects.of(organization).filter(user__in=host_ids, provider=MAKERS[tool])
    rows = rows.filter(state=CalendarAccount.State.CONNECTED).exclude(calendar_id="")
    return rows.values("user").distinct().count() == len(set(host_ids))


def link_note(viewer, row):
    """What a page tells `viewer` of the link that a meeting (a row of `page_rows`) is still without; "" where it needs none."""
    name = MAKERS.get(row["meeting_tool"])
    if name is None or row["meeting_url"]:
        return ""
    label, tool = KINDS[name].label, Meeting.Tool(row["meeting_tool"]).label
    organization, is_host = viewer.organization_id, row["user_id"] == viewer.pk
    if not makes_link(organization, row["user_id"], row["meeting_tool"]):
        who = "" if is_host else "have the host "
        other = f", or {who}connect {label} in Settings, Calendars" if KINDS[name].configured() else ""
        return f"There is no link to join yet. Enter one{other}."
    hosts = {"account__provider": name, "account__user": row["user_id"]}
    copy = MeetingCopy.objects.of(organization).filter(meeting=row["id"], **hosts).first()
    if copy is None:
        return f"{label} is asked for the link."
    if copy.reason:
        return f"{label} was asked for the link, and will be again: {copy.reason}"
    return f"{label} made no link: the account may be one without {tool}. Enter one."


def link_help(whose="the host's"):
    """How an empty link fills itself, for forms; "" where this installation can connect no such calendar."""
    tools = " or ".join(Meeting.Tool(tool).label for tool, name in MAKERS.items() if KINDS[name].configured())
    return f"Leave it empty for {tools}: {whose} calendar there makes a link, once it is connected." if tools else ""


def go_on(meeting):
    """The try to make a link is over: the mail that waits for it goes. Answers whether one did."""
    return hurry(_key(meeting))


def _key(meeting):
    return f"invite:{meeting.pk}:{meeting.sequence}"
