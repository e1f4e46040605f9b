"""Meetings: planned, moved, held, missed, cancelled, deleted. Said once for API, pages, bookings and calendars."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils.timezone import now

from accounts.models import User
from activity.notify import Notice, notify
from booking import telling
from booking.calendars import copies
from booking.models import BookingProfile, Meeting
from leads.models import Lead
from lio import history, many, search
from lio.errors import Conflict, Invalid, Missing

Status = Meeting.Status
FIELDS = ("host_id", "title", "description", "location", "start_time", "end_time", "timezone", "attendees", "meeting_url",
          "meeting_tool", "status", "lead_id", "contact_id", "company_id")  # fmt: skip
WIRE = {"host_id": "user_id"}
FOLLOWED = {"title", "location", "start_time", "end_time", "attendees", "meeting_url", "host_id"}  # calendars must be told of
SHARED = {"status", "location", "description", "meeting_tool"}  # what many meetings may get at once
LONGEST = timedelta(days=31)  # what a meeting is shorter than
LOCK_NOT_AVAILABLE = "55P03"
BLOCKS = {"host_id", "start_time", "end_time", "status"}


def lock_host(*host_ids):
    """One transaction at a time decides over a host's day: taken before every change of what blocks (DECISIONS 21).

    Who waits for longer than the connection's lock_timeout waits once more. Raises Conflict `slot_taken` after that.
    """
    ids = sorted(set(host_ids))  # always in this order, so that nobody waits in a circle
    if ids and not (_lock(ids) or _lock(ids)):
        raise Conflict("Many are booking at this moment. Try once more.", code="slot_taken")


def _lock(host_ids):
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(1, host) FROM unnest(%s::int[]) AS host", [host_ids])
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != LOCK_NOT_AVAILABLE:
            raise
        return False
    return True


def insert(meeting):
    """Save a new meeting unless it overlaps what its host has booked; answers whether it did."""
    Meeting.objects.bulk_create([meeting], ignore_conflicts=True)
    meeting.pk = Meeting.objects.filter(uid=meeting.uid).values_list("pk", flat=True).first()
    if meeting.pk:
        search.write("meeting", meeting.pk, words(meeting))
        copies.send(meeting.organization_id, [meeting.pk], [meeting.host_id])
    return meeting.pk is not None


@transaction.atomic
def add(organization, fields, *, by, inviting=True):
    """A meeting planned by hand: `fields` are {attribute: value}. It may overlap others of its host. Answers it.

    The host is `host_id`, else `by`. Attendees get mail unless `inviting` says otherwise. Raises Invalid.
    """
    meeting = Meeting(organization=organization, created_by=by, **({"host_id": by and by.pk} | fields))
    if meeting.host_id is None:
        raise Invalid({"user_id": ["is required: a key is nobody whom one could meet"]})
    check(meeting)
    lock_host(meeting.host_id)
    meeting.meeting_url = url_of(meeting)
    meeting.save()
    search.write("meeting", meeting.pk, words(meeting))
    history.record("meeting.created", meeting, by=by, after=told(meeting))
    touch(meeting)
    copies.send(organization, [meeting.pk], [meeting.host_id])
    if meeting.end_time > now():  # what is over is only written down
        tell_host(meeting, f"{who(by)} planned {meeting.title} with you", by=by)
        if inviting and meeting.attendees:
            telling.tell(meeting)
    return meeting


@transaction.atomic
def update(meeting_id, organization, fields, *, by, undoing=False):
    """Set `fields` of a living meeting. New times without a status make a planned one Rescheduled.

    Raises Missing, Invalid, Conflict `slot_taken` when what was booked would overlap another booking of its host.
    """
    rows = Meeting.objects.of(organization).alive().filter(pk=meeting_id)
    host = rows.values_list("host_id", flat=True).first()
    if host is None:
        raise Missing()
    if BLOCKS & fields.keys():
        lock_host(host, fields.get("host_id", host))
    meeting = rows.select_for_update(of=("self",)).first()
    if meeting is None:
        raise Missing()
    before = {name: getattr(meeting, name) for name in FIELDS}
    for name, value in fields.items():
        setattr(meeting, name, value)
    moved = (meeting.start_time, meeting.end_time) != (before["start_time"], before["end_time"])
    if moved and "status" not in fields and not undoing and meeting.status in (*Meeting.BLOCKING, Status.CANCELLED):
        meeting.status = Status.RESCHEDULED
    check(meeting)
    if {"meeting_tool", "location"} & fields.keys() and "meeting_url" not in fields:
        left = meeting.meeting_tool != before["meeting_tool"]
        made = left and (meeting.pk, meeting.meeting_url) in copies.links([meeting.pk])
        if made or meeting.meeting_url == room(before["location"]):  # it was the place that one met at
            meeting.meeting_url = ""
        meeting.meeting_url = url_of(meeting)
    changed = {name for name in FIELDS if getattr(meeting, name) != before[name]}
    if not changed:
        return meeting
    was_on, is_on = before["status"] in Meeting.BLOCKING, meeting.status in Meeting.BLOCKING
    tell = (is_on and (changed & FOLLOWED or not was_on)) or (was_on and meeting.status == Status.CANCELLED)
    meeting.sequence += bool(tell)
    if meeting.exclusive and changed & BLOCKS:
        remind(meeting, BookingProfile.objects.of(organization).get(user=meeting.host_id).reminder_minutes)
    save(meeting)
    search.write("meeting", meeting.pk, words(meeting))
    verb = "meeting.cancelled" if was_on and meeting.status == Status.CANCELLED else (
        "meeting.rescheduled" if moved else "meeting.updated")
    history.record(verb, meeting, by=by, before=wire({name: before[name] for name in changed}),
                   after=wire({name: getattr(meeting, name) for name in changed}))
    touch(meeting)
    copies.send(organization, [meeting.pk], [meeting.host_id, before["host_id"]])
    if "host_id" in changed and is_on and meeting.end_time > now() and not undoing:
        tell_host(meeting, f"{who(by)} gave you {meeting.title}", by=by)
    if tell and (meeting.attendees or before["attendees"]) and max(meeting.end_time, before["end_time"]) > now():
        telling.tell(meeting)
        telling.release(meeting, left_by(meeting, before))
    return meeting


def left_by(meeting, before):
    """Addresses of those who had a meeting in their calendars by our mails, and have no part in it any more."""
    there = [one["email"] for one in before["attendees"]]
    if meeting.exclusive and meeting.host_id != before["host_id"]:
        there += User.objects.filter(pk=before["host_id"]).values_list("email", flat=True)
    stay = {one["email"].casefold() for one in meeting.attendees}
    return [email for email in there if email.casefold() not in stay] if before["status"] in Meeting.BLOCKING else []


def save(meeting):
    """Save what may be booked. Raises Conflict `slot_taken`."""
    try:
        with transaction.atomic():
            meeting.save()
    except IntegrityError as error:
        if "meeting_no_overlap" not in str(error):
            raise
        raise Conflict("Another booking of this member is at that time.", code="slot_taken",
                       fields={"start_time": ["is taken"]}) from None


@transaction.atomic
def delete(rows, *, by):
    """Delete meetings softly; attendees of what was still to come are told. Answers their ids."""
    lock_host(*rows.alive().values_list("host_id", flat=True).distinct())
    going = list(rows.alive().order_by("pk").select_for_update(of=("self",)))
    ids = [row.pk for row in going]
    if ids:
        history.change_rows(Meeting.objects.filter(pk__in=ids), "meeting.deleted", {"deleted_at": now()}, by=by)
        search.forget("meeting", ids)
        copies.send(going[0].organization_id, ids, {row.host_id for row in going})
        for row in going:
            if row.attendees and row.status in Meeting.BLOCKING and row.end_time > now():
                row.deleted_at, row.sequence = now(), row.sequence + 1
                Meeting.objects.filter(pk=row.pk).update(sequence=row.sequence)
                telling.tell(row)
    return ids


@transaction.atomic
def restore(rows, *, by):
    """Bring deleted meetings back; attendees of what is still to come are invited again. Answers their ids.

    Raises Conflict `slot_taken` when what was booked would overlap another booking of its host by now.
    """
    gone = rows.exclude(deleted_at=None)
    lock_host(*gone.order_by().values_list("host_id", flat=True).distinct())
    coming = list(gone.order_by("pk").select_for_update(of=("self",)))
    for row in coming:
        deleted_at, row.deleted_at = row.deleted_at, None
        tells = row.attendees and row.status in Meeting.BLOCKING and row.end_time > now()
        row.sequence += bool(tells)
        save(row)
        search.write("meeting", row.pk, words(row))
        history.record("meeting.restored", row, by=by, before={"deleted_at": deleted_at}, after={"deleted_at": None})
        if tells:
            telling.tell(row)
    if coming:
        copies.send(coming[0].organization_id, [row.pk for row in coming], {row.host_id for row in coming})
    return [row.pk for row in coming]


@transaction.atomic
def change_many(rows, values, *, by):
    """Set the same `values` of living meetings: a status that frees their time (held, cancelled, no show), a text, the tool.

    Written at once, whatever their number. Answers the ids that changed. Raises Invalid.
    """
    if not values.keys() <= SHARED or values.get("status", Status.HELD) in Meeting.BLOCKING:
        raise Invalid({"fields": ["are not what many meetings can share"]})
    lock_host(*rows.alive().order_by().values_list("host_id", flat=True).distinct())
    found, tells, columns = [], [], {"sequence", "remind_at"}
    changes: dict[str, list] = {"meeting.updated": [], "meeting.cancelled": []}
    made = copies.links(rows.values("pk")) if "meeting_tool" in values else ()
    for row in rows.alive().order_by("pk").select_for_update(of=("self",)):
        before = {name: getattr(row, name) for name in (*values, "meeting_url")}
        for name, value in values.items():
            setattr(row, name, value)
        left = row.meeting_tool != before.get("meeting_tool") and (row.pk, row.meeting_url) in made
        if left or ("location" in before and row.meeting_url == room(before["location"])):
            row.meeting_url = ""
        row.meeting_url = url_of(row)
        differs = [name for name in before if getattr(row, name) != before[name]]
        if not differs:
            continue
        was_on = before.get("status", row.status) in Meeting.BLOCKING
        ends = was_on and row.status == Status.CANCELLED
        followed = ends or (row.status in Meeting.BLOCKING and FOLLOWED & {*differs})
        if followed and row.attendees and row.end_time > now():
            row.sequence += 1
            tells.append(row)
        if row.status not in Meeting.BLOCKING:
            row.remind_at = None
        found.append(row)
        columns |= {*differs}
        changes["meeting.cancelled" if ends else "meeting.updated"].append(
            (row.pk, {name: before[name] for name in differs}, {name: getattr(row, name) for name in differs}))
    if found:
        many.save(found, columns, found[0].organization)
        search.write_many("meeting", [(row.pk, words(row)) for row in found])
        copies.send(found[0].organization_id, [row.pk for row in found], {row.host_id for row in found})
    for verb, entries in changes.items():
        history.record_each(verb, "meeting", entries, by=by)
    for row in tells:
        telling.tell(row)
    return [row.pk for row in found]


def unlink(name):
    """What becomes of meetings when the leads (or contacts, companies) with which they are go: they stay, without them."""

    def unlink_from(organization_id, ids, by):
        rows = Meeting.objects.of(organization_id).alive().filter(**{f"{name}_id__in": ids})
        history.change_rows(rows, "meeting.updated", {f"{name}_id": None}, by=by)

    return unlink_from


def check(meeting):
    """Raises Invalid for what makes no sense together."""
    if meeting.end_time <= meeting.start_time:
        raise Invalid({"end_time": ["must be after start_time"]})
    if meeting.end_time - meeting.start_time >= LONGEST:
        raise Invalid({"end_time": ["is more than 31 days after start_time"]})


def touch(meeting):
    """A lead with which something is planned is at work."""
    if meeting.lead_id:
        Lead.objects.filter(pk=meeting.lead_id).update(last_activity_at=now())


def tell_host(meeting, text, *, by):
    """Notify the host of what somebody else did: `text`, and when the meeting is (R69)."""
    if by is None or by.pk != meeting.host_id:
        title = f"{text}, {when(meeting.start_time, meeting.host.timezone or 'UTC')}"
        notify("booking", [Notice(meeting.host_id, title, model_id=meeting.pk, link=f"/meetings/{meeting.pk}/")],
               model_type="meeting", by=by)


def who(by):
    return by.full_name if by else history.actor_name() or "LIO"


def remind(meeting, minutes):
    """Set when whoever booked is reminded: `minutes` before it starts, if that is still to come."""
    at = meeting.start_time - timedelta(minutes=minutes)
    meeting.remind_at = at if minutes and at > now() and meeting.status in Meeting.BLOCKING else None


def url_of(meeting):
    """Where one meets online: an address that is given holds; else that of one's own room, which stands as the location."""
    if meeting.meeting_url:
        return meeting.meeting_url
    return room(meeting.location) if meeting.meeting_tool != Meeting.Tool.NONE else ""


def room(location):
    """The web address that a place begins with; what follows, like a passcode, is for people. "" for a place on earth."""
    return location.split(maxsplit=1)[0] if location.startswith(("https://", "http://")) else ""


def words(meeting):
    people = (f"{one.get('name') or ''} {one['email']}" for one in meeting.attendees)
    return search.document(meeting.title, meeting.description, meeting.location, *people)


def told(meeting):
    """A new meeting as history tells it."""
    return wire({name: getattr(meeting, name) for name in FIELDS if getattr(meeting, name) not in (None, "", [], {})})


def wire(values):
    return {WIRE.get(name, name): value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def when(moment, zone):
    """`Mon 15 Jun 2026, 14:00 (Europe/Berlin)`."""
    return f"{moment.astimezone(ZoneInfo(zone)):%a %-d %b %Y, %H:%M} ({zone})"
