"""Background doors: reading members' calendars when it is time, and putting our meetings into them."""

from datetime import timedelta

from django.utils.timezone import now

from booking.calendars import copies, reading
from booking.models import CalendarAccount
from lio.jobs import enqueue, every, job
from lio.tenancy import org_scope

LEASE = timedelta(minutes=15)  # after which an account whose reading was lost is read again
AT_ONCE = 200  # accounts of an organisation that one sweep sends off


@every(30)
@job(attempts=1)
def sweep():
    """Send off the readings that are due. In which organisations is asked with the system role."""
    is_due = {"state": "connected", "next_sync_at__lte": now(), "user__is_active": True}
    due = CalendarAccount.objects.using("system").filter(**is_due)
    for organization_id in list(due.values_list("organization_id", flat=True).distinct()):
        with org_scope(organization_id):
            rows = CalendarAccount.objects.of(organization_id).filter(**is_due).order_by("next_sync_at")
            ids = [row.pk for row in rows.select_for_update(of=("self",), skip_locked=True)[:AT_ONCE]]
            CalendarAccount.objects.filter(pk__in=ids).update(next_sync_at=now() + LEASE, is_syncing=True)
            for pk in ids:
                enqueue(sync, pk)


@job(long=True, attempts=3)
def sync(row, account_id):
    """Read one account, and put those of our meetings into it that are missing there."""
    if reading.read(row.organization_id, account_id):
        copies.catch_up(row.organization_id, account_id)


@job(long=True, attempts=6)
def copy(row, meeting_id):
    """Bring the copies of a meeting in line with it; Passing is raised again, so that the queue tries later."""
    copies.follow(row.organization_id, meeting_id)
