"""Our meetings in members' calendars elsewhere: put there, moved, taken away.

What a copy is to be follows from the meeting as it is now, never from what happened to it, so a job may run late, twice, or
beside another one: whoever has written looks at the meeting once more, and a meeting that has changed meanwhile is followed
anew.

A meeting by Google Meet or Microsoft Teams without a link gets one from the calendar that makes such links. It belongs to the
event there: it goes when the event goes, and the host after that gets another.
"""

from dataclasses import replace

from django.db.models import Exists, OuterRef, Q
from django.utils.timezone import now

from booking import invites, telling
from booking.calendars import accounts, jobs
from booking.calendars.registry import Reach
from booking.models import CalendarAccount, Meeting, MeetingCopy
from integrations.ports import Invitation, Passing, Permanent, Written
from lio import history
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


def links(meeting_ids):
    """{(meeting id, link)} that calendars elsewhere have made for these meetings."""
    rows = MeetingCopy.objects.filter(meeting__in=meeting_ids).exclude(link="")
    return set(rows.values_list("meeting_id", "link"))


def invitation(meeting, kind=None, link=""):
    """A meeting as calendars elsewhere get it.

    A calendar of a `kind` that makes links of the meeting's tool is to make one, unless somebody has given another; `link` is
    the one that it has made.
    """
    makes = kind is not None and bool(kind.tool) and meeting.meeting_tool == kind.tool and meeting.meeting_url in ("", link)
    url = "" if makes else meeting.meeting_url
    return Invitation(
        uid=invites.uid_of(meeting), title=meeting.title, start=meeting.start_time, end=meeting.end_time,
        description="\n\n".join(part for part in (meeting.description, url) if part),
        location=meeting.location or url, timezone=meeting.timezone or "UTC", sequence=meeting.sequence,
        attendees=tuple((one["email"], one.get("name") or "") for one in meeting.attendees),
        with_link=str(kind.tool) if makes and kind else "",
    )


class _Errand:
    """One calendar in which one meeting is to stand, or to stand no more."""

    def __init__(self, reach, meeting, copy, wanted):
        self.reach, self.meeting, self.copy, self.wanted = reach, meeting, copy, wanted
        self.problem = self.refusal = ""
        self.written: Written | None = None
        self.link = copy.link if copy else ""

    def run(self):
        """Outside of any transaction. Raises Passing, Permanent."""
        known = Written(self.copy.remote_id, self.copy.version, self.link) if self.copy and self.copy.remote_id else None
        calendar = self.reach.calendar(self.copy.calendar_id if known else None)
        if self.wanted:
            self.written = calendar.put(self.wanted, known)
        elif known:
            calendar.drop(known)

    def note(self):
        """Store what came of it; in the organisation's scope. Answers whether the meeting has changed meanwhile."""
        if self.refusal:
            accounts.refused(self.reach, self.refusal)
        alive = CalendarAccount.objects.select_for_update().filter(
            pk=self.reach.account_id, state__in=[CONNECTED, "refused"], connected_at=self.reach.connected_at).exists()
        if not alive:
            return False
        mine = {"organization_id": self.meeting.organization_id, "meeting_id": self.meeting.pk,
                "account_id": self.reach.account_id}
        if not self.wanted:
            if self.problem:
                return False
            MeetingCopy.objects.filter(**mine).delete()
            return bool(self.link) and self._unlink()
        fresh = Meeting.objects.select_for_update().get(pk=self.meeting.pk)
        if self.wanted.with_link:
            self._link(fresh)
        values = {"reason": self.problem[:300]}
        if self.written:
            values |= {"remote_id": self.written.id, "version": self.written.version, "sequence": self.wanted.sequence}
            if self.wanted.with_link:
                values["link"] = self.link
            if not (self.copy and self.copy.remote_id):
                values["calendar_id"] = self.reach.calendar_id
        MeetingCopy.objects.update_or_create(**mine, defaults=values)
        if self.problem:
            return False
        return not _stands(fresh) or fresh.host_id != self.meeting.host_id or (
            invitation(fresh, self.reach.kind, self.link) != self.wanted)

    def _link(self, meeting):
        """The try to make a link is over: a link that was made becomes the meeting's, and the mail that waits for it goes."""
        self.link = (self.written.url if self.written else "")[:500] or self.link
        if not (self.link and self.link != meeting.meeting_url and _stands(meeting) and (
                invitation(meeting, self.reach.kind).with_link and meeting.host_id == self.meeting.host_id)):
            telling.go_on(meeting)
            return
        meeting.meeting_url = self.link
        meeting.save(update_fields=["meeting_url", "updated_at"])
        history.record("meeting.updated", meeting, by=None, before={"meeting_url": ""}, after={"meeting_url": self.link})
        if not telling.go_on(meeting) and meeting.attendees and meeting.end_time > now():  # they have been told without it
            self.wanted = replace(self.wanted, sequence=meeting.sequence + 1) if (
                self.wanted and self.wanted.sequence == meeting.sequence) else self.wanted
            _tell_again(meeting)

    def _unlink(self):
        """The event is gone, and with it where its link led. Answers whether the meeting is to be followed anew."""
        meeting = Meeting.objects.select_for_update().get(pk=self.meeting.pk)
        if meeting.meeting_url != self.link:
            return False
        meeting.meeting_url = ""
        meeting.save(update_fields=["meeting_url", "updated_at"])
        history.record("meeting.updated", meeting, by=None, before={"meeting_url": self.link}, after={"meeting_url": ""})
        if _stands(meeting) and meeting.status in Meeting.BLOCKING and meeting.attendees and meeting.end_time > now():
            _tell_again(meeting)
        return _stands(meeting)


def _tell_again(meeting):
    meeting.sequence += 1
    meeting.save(update_fields=["sequence", "updated_at"])
    telling.tell(meeting)


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
            reach = Reach(row)
        except Unreadable:
            continue
        wanted = invitation(meeting, reach.kind, copy.link if copy else "") if is_wanted else None
        found.append(_Errand(reach, meeting, copy, wanted))
    found.sort(key=lambda errand: not (errand.wanted and errand.wanted.with_link))  # the others write the link that it makes
    return found
