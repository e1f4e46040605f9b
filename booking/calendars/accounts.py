"""Connecting a member's calendar elsewhere and disconnecting it; what becomes of one that refuses us.

Secrets go in here and come out in the adapters alone: history, audit log, logs, answers and pages never hold one.
"""

from django.urls import reverse
from django.utils.timezone import now

from accounts.audit import audit
from activity.notify import Notice, notify
from booking.calendars import jobs
from booking.calendars.registry import KINDS
from booking.models import BusyTime, CalendarAccount, MeetingCopy
from lio import history
from lio.errors import Conflict, Invalid, Missing
from lio.jobs import enqueue
from lio.secrets import seal

State = CalendarAccount.State
LONGEST_SECRET = 20_000
MOST = 100  # calendars of an account that can be chosen from


def known(provider):
    """The kind of calendar of that name. Raises Missing for one that there is not, or that cannot be connected here."""
    if provider not in KINDS or not KINDS[provider].configured():
        raise Missing("There is no such calendar.")
    return KINDS[provider]


def of(member):
    """{provider: account} of a member, also of what is not connected any more."""
    return {row.provider: row for row in CalendarAccount.objects.of(member.organization_id).filter(user=member)}


def connected(member, provider):
    """The member's account that works. Raises Conflict `not_connected`."""
    row = CalendarAccount.objects.of(member.organization_id).filter(user=member, provider=provider).first()
    if row is None or row.state != State.CONNECTED:
        raise Conflict(f"Your {label(provider)} calendar is not connected. Connect it in the settings.", code="not_connected")
    return row


def label(provider):
    return KINDS[provider].label if provider in KINDS else provider.capitalize()


def connect(member, provider, *, calendars, address="", username="", secret="", expires_at=None, ip=""):
    """Store what the other side has just accepted: `calendars` are the RemoteCalendar that the account has.

    Without a `secret` the one that is there stays. What of the account is read and written stays as it was chosen; at first
    our meetings go to the first calendar that takes them, and those that take them block. The first reading starts at once.
    Answers the account. Raises Missing for an unknown provider, Invalid.
    """
    kind = known(provider)
    if len(secret) > LONGEST_SECRET:
        raise Invalid({"secret": ["is too long"]})
    if not calendars:
        raise Invalid({"address": ["leads to no calendar that holds events"]})
    row = _locked(member, provider)
    before, is_other = _told(row), (row.address, row.username) != (address, username)
    if not secret and (is_other or not row.secret):  # a secret that is there goes nowhere else
        raise Invalid({"secret": ["is required"]})
    if secret:
        row.secret, row.expires_at = seal(secret), expires_at
    row.address, row.username = address[:500], username[:254]
    row.calendars = _seen([] if is_other else row.calendars, calendars)
    writable = [one["id"] for one in row.calendars if one["may_write"]]
    if row.calendar_id not in writable:
        row.calendar_id = next(iter(writable), "")
    row.state, row.reason, row.connected_at, row.failures, row.problems = State.CONNECTED, "", now(), 0, []
    if is_other:
        _forget(row)
    row.save()
    history.record("calendar.connected", row, by=member, before=before, after=_told(row))
    audit("calendar.connected", by=member, subject=kind.label, ip=ip, account=row.username)
    read_now(row)
    return row


def choose(member, provider, *, calendar_id, blocking):
    """Set where our meetings go (`calendar_id`), and the ids of the calendars whose events block. Raises Invalid, Conflict.

    Meetings that stand in another calendar already stay there and are changed there.
    """
    row = _locked(member, provider)
    if row.state == State.OFF:
        raise Conflict(f"Your {label(provider)} calendar is not connected.", code="not_connected")
    if calendar_id not in [one["id"] for one in row.calendars if one["may_write"]]:
        raise Invalid({"calendar_id": ["is none of the calendars that take events"]})
    before = _told(row)
    row.calendar_id = calendar_id
    row.calendars = [one | {"blocks": one["id"] in blocking, "empty": 0} for one in row.calendars]
    if _told(row) != before:
        row.save()
        silent = [one["id"] for one in row.calendars if not one["blocks"]]
        BusyTime.objects.filter(account=row, calendar_id__in=silent).delete()
        history.record("calendar.changed", row, by=member, before=before, after=_told(row))
        if row.state == State.CONNECTED:
            read_now(row)
    return row


def read_now(row, *, believing=False):
    """Have the account read at once; `believing` what is found, even if it is nothing."""
    row.is_syncing, row.next_sync_at, row.believes_empty = True, now() + jobs.LEASE, row.believes_empty or believing
    row.save(update_fields=["is_syncing", "next_sync_at", "believes_empty"])
    enqueue(jobs.sync, row.pk)


def disconnect(member, provider, *, ip=""):
    """LIO reads and writes the calendar no more; its secret and its busy times are gone at once.

    Our meetings that stand there stay: they are the member's own entries by now.
    """
    if provider not in KINDS:
        raise Missing("There is no such calendar.")
    row = _locked(member, provider)
    if row.state == State.OFF:
        return
    before = _told(row)
    row.state, row.reason, row.secret, row.expires_at = State.OFF, "", "", None
    row.is_syncing, row.next_sync_at, row.problems = False, None, []
    _forget(row)
    row.save()
    history.record("calendar.disconnected", row, by=member, before=before, after=_told(row))
    audit("calendar.disconnected", by=member, subject=label(provider), ip=ip, account=row.username)


def refused(reach, reason):
    """The other side has refused for good: the account is asked no more, and its member is told, once.

    Whoever catches Permanent calls this, in the organisation's scope. What was known as busy stays until the member decides.
    One that was connected anew meanwhile is not blamed for the old secret. Answers whether the account was changed.
    """
    row = CalendarAccount.objects.select_for_update().filter(
        pk=reach.account_id, state=State.CONNECTED, connected_at=reach.connected_at).first()
    if row is None:
        return False
    before, row.reason = _told(row), str(reason)[:300]
    row.state, row.is_syncing, row.next_sync_at = State.REFUSED, False, None
    row.save()
    history.record("calendar.refused", row, by=None, before=before, after=_told(row) | {"reason": row.reason})
    notify("service_refused", [Notice(
        row.user_id, f"Your {label(row.provider)} calendar is disconnected",
        f"{row.reason} It is neither read nor written until you connect it again.", reverse("settings:calendars"))])
    return True


def _forget(row):
    """Drop what was read of an account, and where our meetings stand in it."""
    BusyTime.objects.filter(account=row).delete()
    MeetingCopy.objects.filter(account=row).delete()
    row.read_count = row.kept_count = row.skipped_count = row.failed_count = 0
    row.last_sync_at, row.believes_empty = None, False


def _seen(there, found):
    """The calendars of an account as they are kept; what was chosen of those that are there already stays."""
    chosen = {one["id"]: one for one in there}
    return [
        {"id": one.id, "name": one.name[:200] or one.id[-200:], "may_write": one.may_write,
         "blocks": chosen.get(one.id, {}).get("blocks", one.may_write or len(found) == 1),
         "empty": chosen.get(one.id, {}).get("empty", 0)}
        for one in found[:MOST] if len(one.id) <= 1000
    ]


def _locked(member, provider):
    mine = {"organization_id": member.organization_id, "user": member, "provider": provider}
    CalendarAccount.objects.bulk_create([CalendarAccount(**mine)], ignore_conflicts=True)
    return CalendarAccount.objects.of(member.organization_id).select_for_update().get(user=member, provider=provider)


def _told(row):
    """What history may show of an account."""
    return {"provider": row.provider, "state": row.state, "username": row.username, "calendar_id": row.calendar_id,
            "blocking": [one["id"] for one in row.calendars if one["blocks"]]}
