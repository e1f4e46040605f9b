"""Our meetings in members' calendars elsewhere: put there, moved, taken away.

What a copy is to be follows from the meeting as it is now, never from what happened to it, so a job may run late, twice, or
beside another one: whoever has written looks at the meeting once more, and a meeting that has changed meanwhile is followed
anew.
"""

from django.db.models import Exists, OuterRef, Q
from django.utils.timezone import now

from booking import invites
from booking.calendars import accounts, jobs
from booking.calendars.registry import Reach
from booking.models import CalendarAccount, Meeting, MeetingCopy
from integrations.ports import Invitation, Passing, Permanent, Written
from lio.jobs import enqueue
from lio.secrets import Unreadable
from lio.tenancy import org_scope

AT_ONCE = 200  # missing meetings that one reading brings along
CONNECTED = CalendarAccount.State.CONNECTED


def send(organization, meeting_ids, host_ids):
    """Have the copies of these meetings follow them, where one of the hosts has a calendar elsewhere.

    Called in the transaction that changes the meetings.
    """
    rows = CalendarAccount.objects.of(organization).filter(user__in=host_ids, state=CONNECTED)
    if rows.exists():
        for pk in meeting_ids:
            enqueue(jobs.copy, pk)


def catch_up(organization_id, account_id):
    """Send off what an account lacks: its member's meetings to come that are not there as they are, and those that should not
    stand there any more. What jobs have given up while the server was away is made good here."""
    with org_scope(organization_id):
        row = CalendarAccount.objects.of(organization_id).filter(pk=account_id, state=CONNECTED).first()
        if row is None or not row.calendar_id:
            return
        there = MeetingCopy.objects.filter(meeting=OuterRef("pk"), account=row, reason="", sequence__gte=OuterRef("sequence"))
        coming = Meeting.objects.of(organization_id).blocking().filter(host=row.user_id, end_time__gt=now())
        missing = coming.exclude(Exists(there)).order_by("start_time").values_list("pk", flat=True)
        gone = Q(meeting__status=Meeting.Status.CANCELLED) | ~Q(meeting__deleted_at=None) | ~Q(meeting__host=row.user_id)
        left = MeetingCopy.objects.filter(gone, account=row).order_by("pk").values_list("meeting_id", flat=True)
        for pk in (*missing[:AT_ONCE], *left[:AT_ONCE]):
            enqueue(jobs.copy, pk)


def follow(organization_id, meeting_id):
    """Write a meeting into the calendars of its host, and take it away where it is not to stand. Raises Passing."""
    with org_scope(organization_id):
        errands = _errands(organization_id, meeting_id)
    passing = None
    for errand in errands:
        try:
            errand.run()
        except Passing as error:
            errand.problem, passing = str(error), error
        except Permanent as error:
            errand.refusal = errand.problem = str(error)
        with org_scope(organization_id):
            if errand.note():
                enqueue(jobs.copy, meeting_id)
    if passing:
        raise passing


def invitation(meeting):
    """A meeting as calendars elsewhere get it."""
    text = "\n\n".join(part for part in (meeting.description, meeting.meeting_url) if part)
    return Invitation(
        uid=invites.uid_of(meeting), title=meeting.title, start=meeting.start_time, end=meeting.end_time, description=text,
        location=meeting.location or meeting.meeting_url, timezone=meeting.timezone or "UTC", sequence=meeting.sequence,
        attendees=tuple((one["email"], one.get("name") or "") for one in meeting.attendees),
    )


class _Errand:
    """One calendar in which one meeting is to stand, or to stand no more."""

    def __init__(self, reach, meeting, copy, wanted):
        self.reach, self.meeting, self.copy, self.wanted = reach, meeting, copy, wanted
        self.problem = self.refusal = ""
        self.written = None

    def run(self):
        """Outside of any transaction. Raises Passing, Permanent."""
        known = Written(self.copy.remote_id, self.copy.version) if self.copy and self.copy.remote_id else None
        calendar = self.reach.calendar(self.copy.calendar_id if known else None)
        if self.wanted:
            self.written = calendar.put(self.wanted, known)
        elif known:
            calendar.drop(known)

    def note(self):
        """Store what came of it; in the organisation's scope. Answers whether the meeting has changed meanwhile."""
        self.reach.keep()
        if self.refusal:
            accounts.refused(self.reach, self.refusal)
        alive = CalendarAccount.objects.select_for_update().filter(
            pk=self.reach.account_id, state__in=[CONNECTED, "refused"], connected_at=self.reach.connected_at).exists()
        if not alive:
            return False
        mine = {"organization_id": self.meeting.organization_id, "meeting_id": self.meeting.pk,
                "account_id": self.reach.account_id}
        if not self.wanted:
            if not self.problem:
                MeetingCopy.objects.filter(**mine).delete()
            return False
        values = {"reason": self.problem[:300]}
        if self.written:
            values |= {"remote_id": self.written.id, "version": self.written.version, "sequence": self.wanted.sequence}
            if not (self.copy and self.copy.remote_id):
                values["calendar_id"] = self.reach.calendar_id
        MeetingCopy.objects.update_or_create(**mine, defaults=values)
        if self.problem:
            return False
        fresh = Meeting.objects.get(pk=self.meeting.pk)
        return not _stands(fresh) or fresh.host_id != self.meeting.host_id or invitation(fresh) != self.wanted


def _stands(meeting):
    return meeting.deleted_at is None and meeting.status != Meeting.Status.CANCELLED


def _errands(organization_id, meeting_id):
    meeting = Meeting.objects.of(organization_id).filter(pk=meeting_id).first()
    if meeting is None:
        return []
    stands, is_coming = _stands(meeting), meeting.status in Meeting.BLOCKING and meeting.end_time > now()
    copies = {copy.account_id: copy for copy in MeetingCopy.objects.filter(meeting=meeting)}
    rows = CalendarAccount.objects.of(organization_id).filter(Q(user=meeting.host_id) | Q(pk__in=copies), state=CONNECTED)
    found = []
    for row in rows.order_by("pk"):
        copy, is_hosts = copies.get(row.pk), row.user_id == meeting.host_id
        is_wanted = stands and is_hosts and bool(copy or (is_coming and row.calendar_id))
        if not is_wanted and not copy:
            continue
        try:
            found.append(_Errand(Reach(row), meeting, copy, invitation(meeting) if is_wanted else None))
        except Unreadable:
            continue
    return found
