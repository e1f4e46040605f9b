"""Reading a member's calendar: what it says of busy times replaces what was known, all at once and outside of any request."""

from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils.timezone import now

from booking.calendars import accounts
from booking.calendars.registry import Reach
from booking.models import BookingProfile, BusyTime, CalendarAccount, Meeting, MeetingCopy
from integrations.ports import Passing, Permanent, Reading
from lio.secrets import Unreadable
from lio.tenancy import org_scope

BACK = timedelta(days=1)  # before now: what is read
SHORTEST = 62  # days ahead; further where the member can be booked further ahead
MOST = 5_000  # busy times that are kept of one calendar, the nearest
MOST_PROBLEMS = 5
EMPTY_TIMES = 3  # readings in a row after which an emptied calendar is believed
LONGEST_WAIT = timedelta(hours=6)
Busy = tuple[str, datetime, datetime]  # id of the event, start, end


def read(organization_id, account_id):
    """Read all calendars of an account that block. Answers whether it can still be written to."""
    with org_scope(organization_id):
        row = CalendarAccount.objects.of(organization_id).filter(pk=account_id, state="connected").first()
        if row is None:
            return False
        try:
            reach = Reach(row)
        except Unreadable:
            return _fail(row, "The password can no longer be read here. Connect the calendar again.")
        chosen = [one["id"] for one in row.calendars if one["blocks"]]
        horizon = BookingProfile.objects.filter(user=row.user_id).values_list("horizon_days", flat=True).first() or 0
    since, until = now() - BACK, now() + timedelta(days=max(SHORTEST, horizon) + 2)
    found: dict[str, Reading] = {}
    error = None
    try:
        for calendar_id in chosen:
            found[calendar_id] = reach.calendar(calendar_id).read(since, until)
    except (Passing, Permanent) as problem:
        error = problem
    with org_scope(organization_id):
        if isinstance(error, Permanent):
            accounts.refused(reach, error)
            return False
        row = CalendarAccount.objects.of(organization_id).select_for_update().filter(
            pk=account_id, state="connected", connected_at=reach.connected_at).first()
        if row is None:  # disconnected, or connected anew, while it was read
            return False
        if error:
            return _fail(row, str(error), wait=error.wait)
        _take_in(row, found)
    return True


def _take_in(row, found):
    """Make what was found the account's busy times, with the counts of it; a calendar that is suddenly empty keeps its own."""
    ours, notes, entries = _ours(row, found), [], []
    row.read_count = row.kept_count = row.skipped_count = row.failed_count = 0
    for one in row.calendars:
        reading, empty = found.get(one["id"]), one["empty"]
        if reading is not None:
            busy = _busy(reading, ours)
            there = _there(row, one["id"])
            is_emptied = not reading.events and any(end > now() for _, _, end in there)
            empty = empty + 1 if is_emptied and not row.believes_empty and empty + 1 < EMPTY_TIMES else 0
            row.read_count += len(reading.events) + reading.skipped + reading.failed
            row.kept_count += len(there) if empty else len(busy)
            row.skipped_count += len(reading.events) - len(busy) + reading.skipped
            row.failed_count += reading.failed
            notes += reading.problems
            if empty:
                notes.append(f"{one['name']} is suddenly empty. Nothing was removed; it is believed after {EMPTY_TIMES} "
                             f"readings in a row ({empty} so far), or at once if you say so.")
            else:
                _replace(row, one["id"], there, busy)
        entries.append(one | {"empty": empty})
    row.calendars, row.problems = entries, [str(note)[:300] for note in notes[:MOST_PROBLEMS]]
    row.failures, row.is_syncing, row.believes_empty, row.last_sync_at = 0, False, False, now()
    row.next_sync_at = now() + timedelta(minutes=settings.CALENDAR_MINUTES)
    row.save()


def _busy(reading: Reading, ours) -> set[Busy]:
    """What of a reading blocks its member; our own meetings among it block by themselves."""
    spans = ((event.id[:1000], event.start, event.end) for event in sorted(reading.events, key=lambda event: event.start)
             if event.is_busy and event.start < event.end and _number(event.uid) not in ours)
    return set(islice(spans, MOST))


def _there(row, calendar_id) -> dict[Busy, int]:
    """What is known of a calendar, {busy time: its id}."""
    rows = BusyTime.objects.filter(account=row, calendar_id=calendar_id)
    return {(remote_id, start, end): pk for pk, remote_id, start, end in rows.values_list(
        "pk", "remote_id", "start_time", "end_time")}


def _replace(row, calendar_id, there: dict[Busy, int], busy: set[Busy]):
    """Write what differs, in two statements."""
    BusyTime.objects.filter(pk__in=[pk for key, pk in there.items() if key not in busy]).delete()
    mine = {"organization_id": row.organization_id, "account": row, "host_id": row.user_id, "calendar_id": calendar_id}
    BusyTime.objects.bulk_create([
        BusyTime(**mine, remote_id=remote_id, start_time=start, end_time=end)
        for remote_id, start, end in sorted(busy - there.keys())], batch_size=1000)


def _ours(row, found):
    """The uids of the member's own meetings among what was found: they block by themselves, once. So are copies that are yet
    to be taken away; the invitation to a colleague's meeting is none and blocks.
    """
    numbers = {_number(event.uid) for reading in found.values() for event in reading.events} - {None}
    copies = MeetingCopy.objects.filter(account=row).values("meeting")
    rows = Meeting.objects.of(row.organization_id).filter(Q(host=row.user_id) | Q(pk__in=copies), uid__in=numbers)
    return set(rows.values_list("uid", flat=True)) if numbers else set()


def _number(uid):
    """The uid of a meeting of ours in that of an event (booking/invites.py); None when it can be none."""
    try:
        return UUID(uid.partition("@")[0])
    except ValueError:
        return None


def _fail(row, problem, *, wait=None):
    """A reading came to nothing: what was known stays, and it is tried again, twice as late each time."""
    row.failures = min(row.failures + 1, 30)
    later = timedelta(seconds=wait) if wait else timedelta(minutes=2 ** min(row.failures, 12))
    row.next_sync_at, row.is_syncing = now() + min(later, LONGEST_WAIT), False
    row.problems = [f"It could not be read: {problem}"[:300]]
    row.save(update_fields=["failures", "next_sync_at", "is_syncing", "problems"])
    return False
