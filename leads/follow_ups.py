"""Follow-ups: what is to be done about a lead and when; done, put off, repeated, told when due, missed after a day."""

from calendar import monthrange
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.urls import reverse
from django.utils.timezone import now

from activity.notify import Notice, notify
from leads.models import FollowUp, Lead
from lio import history
from lio.errors import Missing
from lio.filters import zone_of
from lio.tenancy import current_organization_id

MISSED_AFTER = timedelta(days=1)
CHUNK = 1000  # follow-ups that one statement of the sweep takes
WIRE = {"due_at": "follow_up_date", "assigned_to_id": "assigned_to"}

TELL = """
WITH due AS (
    SELECT f.id FROM leads_followup f JOIN leads_lead l ON l.organization_id = f.organization_id AND l.id = f.lead_id
    WHERE f.organization_id = %(org)s AND f.deleted_at IS NULL AND f.status IN (1, 2, 4) AND f.reminded_at IS NULL
      AND f.due_at <= now() AND l.deleted_at IS NULL
    ORDER BY f.due_at LIMIT %(chunk)s FOR UPDATE OF f SKIP LOCKED)
UPDATE leads_followup f SET reminded_at = now() FROM due, leads_lead l
WHERE f.id = due.id AND l.organization_id = f.organization_id AND l.id = f.lead_id
RETURNING f.lead_id, f.notes, coalesce((SELECT u.id FROM accounts_user u WHERE u.id = f.assigned_to_id AND u.is_active),
                                       l.assigned_to_id),
          coalesce(nullif(trim(concat_ws(' ', l.first_name, l.last_name)), ''), l.email, l.phone_number, 'a lead')
"""
MISS = """
WITH past AS (
    SELECT f.id, f.status FROM leads_followup f JOIN leads_lead l ON l.organization_id = f.organization_id AND l.id = f.lead_id
    WHERE f.organization_id = %(org)s AND f.deleted_at IS NULL AND f.status IN (1, 4)
      AND f.due_at < now() - %(after)s
      AND l.deleted_at IS NULL
    ORDER BY f.due_at LIMIT %(chunk)s FOR UPDATE OF f SKIP LOCKED)
UPDATE leads_followup f SET status = 6, updated_at = now() FROM past WHERE f.id = past.id
RETURNING f.id, f.lead_id, past.status
"""


def add(lead, *, due_at, by, notes="", repeats="", assigned_to=None):
    """Plan a follow-up; it starts as Pending and belongs to `assigned_to`, else to who plans it, else to the lead's owner."""
    owner = assigned_to or by
    row = FollowUp.objects.create(
        organization_id=lead.organization_id,
        lead=lead,
        due_at=due_at,
        notes=notes,
        repeats=repeats,
        created_by=by,
        repeat_day=_day(due_at, repeats, _zone(owner, lead)),
        assigned_to_id=owner.pk if owner else lead.assigned_to_id,
        reminded_at=now() if due_at < now() - MISSED_AFTER else None,
    )  # nobody is reminded of what was over when it was written
    history.record("follow_up.added", lead, by=by, after=_told(row))
    return row


@transaction.atomic
def update(follow_up_id, organization, fields, *, by, plan_next=True):
    """Set `fields` (due_at, notes, status, repeats, assigned_to_id) of a follow-up of a living lead.

    Another date alone makes a waiting or missed one Rescheduled. Completing one that repeats plans the next. Only what
    differs is written. Answers (the row, the next one or None). Raises Missing. The history keeps the whole notes: undo puts
    them back.
    """
    row = (
        FollowUp.objects.of(organization)
        .alive()
        .filter(lead__deleted_at=None)
        .select_for_update(of=("self",))
        .select_related("lead", "assigned_to")
        .filter(pk=follow_up_id)
        .first()
    )
    if row is None:
        raise Missing()
    values = dict(fields)
    moved = "due_at" in values and values["due_at"] != row.due_at
    if moved and "status" not in values and row.status in (*FollowUp.WAITING, FollowUp.Status.MISSED):
        values["status"] = FollowUp.Status.RESCHEDULED
    before = {name: getattr(row, name) for name in values if getattr(row, name) != values[name]}
    if not before:
        return row, None
    completes = "status" in before and values["status"] == FollowUp.Status.COMPLETED
    for name in before:
        setattr(row, name, values[name])
    if moved:
        row.reminded_at = now() if row.due_at < now() - MISSED_AFTER else None
    if moved or "repeats" in before:
        row.repeat_day = _day(row.due_at, row.repeats, _zone(row.assigned_to, row.lead))
    if "status" in before:
        row.completed_at = now() if completes else None
    row.save()
    history.record(
        "follow_up.completed" if completes else "follow_up.changed",
        row.lead,
        by=by,
        before=_wire(before),
        after={"follow_up_id": row.pk, "notes": row.notes, **_wire({name: values[name] for name in before})},
    )
    if not completes:
        return row, None
    Lead.objects.filter(pk=row.lead_id).update(last_activity_at=now())
    return row, _plan_next(row, by=by) if plan_next else None


def complete(follow_up_id, organization, *, by):
    return update(follow_up_id, organization, {"status": FollowUp.Status.COMPLETED}, by=by)


def snooze(follow_up_id, organization, until, *, by):
    return update(follow_up_id, organization, {"due_at": until, "status": FollowUp.Status.RESCHEDULED}, by=by)


@transaction.atomic
def delete(rows, *, by):
    """Take follow-ups away, as undo does with what was planned by mistake. Answers the ids."""
    going = list(rows.alive().order_by("pk").select_for_update(of=("self",)))
    FollowUp.objects.filter(pk__in=[row.pk for row in going]).bury()
    told = [(row.lead_id, _told(row), {"follow_up_id": row.pk}) for row in going]
    history.record_each("follow_up.removed", "lead", told, by=by)
    return [row.pk for row in going]


@transaction.atomic
def restore(rows, *, by):
    """Bring deleted follow-ups back. Answers the ids."""
    gone = list(rows.exclude(deleted_at=None).order_by("pk").select_for_update(of=("self",)))
    FollowUp.objects.filter(pk__in=[row.pk for row in gone]).unbury()
    history.record_each("follow_up.restored", "lead", [(row.lead_id, None, _told(row)) for row in gone], by=by)
    return [row.pk for row in gone]


def _told(row):
    """What the history keeps of a follow-up that comes or goes."""
    return {
        "follow_up_id": row.pk, "follow_up_date": row.due_at, "notes": row.notes, "repeats": row.repeats,
        "assigned_to": row.assigned_to_id,
    }


def _wire(values):
    return {WIRE.get(name, name): value for name, value in values.items()}


def _zone(member, lead):
    return zone_of(member or lead.organization)


def _day(due_at, repeats, zone):
    return due_at.astimezone(zone).day if repeats == FollowUp.Repeats.MONTHLY else None


def _plan_next(row, *, by):
    """The next follow-up of one that repeats; None for others."""
    due_at = next_due(row.due_at, row.repeats, row.repeat_day, _zone(row.assigned_to, row.lead), now())
    if due_at is None:
        return None
    following = FollowUp.objects.create(
        organization_id=row.organization_id,
        lead_id=row.lead_id,
        due_at=due_at,
        notes=row.notes,
        repeats=row.repeats,
        repeat_day=row.repeat_day,
        assigned_to_id=row.assigned_to_id,
        created_by_id=row.created_by_id,
    )
    history.record("follow_up.added", row.lead, by=by, after=_told(following))
    return following


def next_due(due_at, repeats, day, zone, after):
    """The first occurrence past `due_at` and `after`, at the same time of the day in `zone`; None when it does not repeat.

    `day` is the day of the month that a monthly one is meant for: the 31st falls on the last day of shorter months.
    """
    if not repeats:
        return None
    local = due_at.astimezone(zone).replace(tzinfo=None)
    late = max(0, (after - due_at).days)
    try:
        if repeats == FollowUp.Repeats.MONTHLY:
            months = late // 31  # never past the first occurrence that is left
            while True:
                months += 1
                year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
                number = min(day or local.day, monthrange(year, month + 1)[1])
                found = local.replace(year=year, month=month + 1, day=number, tzinfo=zone)
                if found > after and found > due_at:
                    return found
        step = timedelta(days=7 if repeats == FollowUp.Repeats.WEEKLY else 1)
        found = local + step * max(1, late // step.days)
        while True:
            moment: datetime = found.replace(tzinfo=zone)
            if moment > after and moment > due_at:
                return moment
            found += step
    except (OverflowError, ValueError):  # beyond the calendar
        return None


# ---------------------------------------------------------------------------- the sweep (leads/jobs.py)
def tell_due():
    """Remind members of the open organisation of what is due; each follow-up once for each date. Answers how many."""
    count = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(TELL, {"org": current_organization_id(), "chunk": CHUNK})
            due = cursor.fetchall()
            notify(
                "follow_up_due",
                [
                    Notice(
                        user_id,
                        f"Follow up with {name}",
                        message=notes[:500],
                        link=reverse("leads:view", args=[lead_id]),
                        model_id=lead_id,
                    )
                    for lead_id, notes, user_id, name in due
                    if user_id
                ],
                model_type="lead",
            )
        count += len(due)
        if len(due) < CHUNK:
            return count


def miss_past():
    """What is past for a day and still waiting has been missed (R71). Answers how many."""
    count = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            values: dict = {"org": current_organization_id(), "chunk": CHUNK, "after": MISSED_AFTER}
            cursor.execute(MISS, values)
            missed = cursor.fetchall()
            history.record_each(
                "follow_up.missed",
                "lead",
                [
                    (lead_id, {"status": status}, {"follow_up_id": pk, "status": FollowUp.Status.MISSED.value})
                    for pk, lead_id, status in missed
                ],
                by=None,
            )
        count += len(missed)
        if len(missed) < CHUNK:
            return count
