"""Booking pages of members: made when they join, changed by themselves, found by their slug."""

import re
from datetime import date
from itertools import pairwise
from unicodedata import normalize
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.crypto import get_random_string

from accounts.keys import clean_domains
from accounts.models import User
from booking.models import DAYS, BookingProfile, Meeting, MeetingType, SharedPage
from booking.slots import DAY, Hours, Rules
from lio import history
from lio.errors import Conflict, Invalid
from lio.revert import CHANGED, each, whole

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,58}[a-z0-9])")
FIRST = (30, 60)  # minutes of what can be booked from the start
UTC = ZoneInfo("UTC")
MOST_TYPES = 10  # that can be booked
MOST_ROWS = 30  # with those that are switched off
TYPE = ("name", "minutes", "tool", "location", "questions", "is_active")
TOLD = ("title", "intro", "timezone", "working_hours", "overrides", "buffer_before", "buffer_after", "min_notice_minutes",
        "horizon_days", "daily_limit", "slot_step", "change_notice_minutes", "reminder_minutes", "color",
        "allowed_domains", "is_active")  # fmt: skip


def start(member):
    """The page of a new member (lio.registry.on_joining)."""
    taken = BookingProfile.objects.of(member.organization_id).filter(user=member).exists()
    if not taken:
        for slug in slugs(member.name):
            try:
                _with_slug(member, slug)
                break
            except Conflict:
                continue
        first_types(BookingProfile.objects.create(organization_id=member.organization_id, user=member))


def slugs(text):
    """Addresses to try for somebody or something of this name: the name, then the name with something behind it."""
    plain = normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")
    if len(name) > 2:
        yield name
    for _ in range(3):
        yield f"{name or 'me'}-{get_random_string(6, '23456789abcdefghjkmnpqrstuvwxyz')}"


def of(member):
    """The page of a member, with the member."""
    return BookingProfile.objects.of(member.organization_id).select_related("user").get(user=member)


def find(slug):
    """The member who can be booked at this address, with organisation; None when there is nobody. Before any scope."""
    if not SLUG.fullmatch(slug):
        return None
    return User.objects.active().select_related("organization").filter(booking_slug=slug).first()


@transaction.atomic
def update(member, fields, *, by):
    """Change the page of a member: `fields` are {attribute: value}, `slug`, and `types` or `durations` (minutes) among them.

    `types` are [{id, name, minutes, tool, location, questions, is_active}] in the order of the page: one without an id is new,
    what an entry does not say stays as it is, and a type that is not among them is switched off. Raises Conflict `slug_taken`,
    Invalid.
    """
    profile = BookingProfile.objects.of(member.organization_id).select_for_update(of=("self",)).get(user=member)
    profile.user = member
    before, after = {}, {}
    if (slug := fields.get("slug")) and slug != member.booking_slug:
        before["slug"], after["slug"] = member.booking_slug, slug
        _with_slug(member, slug)
    values = fields | ({"allowed_domains": clean_domains(fields["allowed_domains"])} if "allowed_domains" in fields else {})
    for name in TOLD:
        if name in values and getattr(profile, name) != values[name]:
            before[name], after[name] = getattr(profile, name), values[name]
            setattr(profile, name, values[name])
    if after:
        profile.save()
    if fields.get("types") is not None:
        if fields.get("durations"):
            raise Invalid({"durations": ["are those of the types: send one of the two"]})
        old = told_types(profile)
        put_types(profile, fields["types"])
        if (new := told_types(profile)) != old:
            before["types"], after["types"] = old, new
    elif fields.get("durations") and durations(profile) != sorted(set(fields["durations"])):
        before["types"] = told_types(profile)
        _set_durations(profile, fields["durations"])
        after["types"] = told_types(profile)
    if after:
        history.record("booking_profile.updated", ("bookingprofile", profile.pk), by=by, before=before, after=after)
    return profile


def undo(organization, changes, by):
    """Put booking pages back to what they were before these Change rows (last first): what has changed since stays.

    Answers (ids of the pages, conflicts). One's own page, or any as an administrator.
    """
    return each(changes, lambda change: _undo_one(organization, change, by))


def _undo_one(organization, change, by):
    profile = BookingProfile.objects.of(organization).select_related("user").filter(pk=change.model_id).first()
    if profile is None:
        return whole("the booking page is gone")
    if by is not None and by.pk != profile.user_id and not by.is_admin:
        return whole("this is the booking page of somebody else")
    there = {name: getattr(profile, name) for name in TOLD} | {"slug": profile.user.booking_slug, "types": told_types(profile)}
    before, after = change.before or {}, change.after or {}
    fields = {name: before.get(name) for name in after if there.get(name) == after[name]}
    left = [{"field": name, "reason": CHANGED} for name in after if name not in fields]
    with transaction.atomic():
        if fields:
            update(profile.user, fields, by=by)
    return left


def durations(page):
    """The lengths in minutes that can be booked, in ascending order."""
    return sorted(set(types(page).values_list("minutes", flat=True)))


def types(page):
    """What can be booked, in the order of the page: a member's own, or one that several share."""
    return MeetingType.objects.filter(**_of(page), is_active=True).order_by("position", "id")


def all_types(page):
    """The same with those that are switched off, which come last."""
    return MeetingType.objects.filter(**_of(page)).order_by("-is_active", "position", "id")


def told_types(page):
    """All of them as API and history tell of them."""
    return [{"id": row.pk, **{name: getattr(row, name) for name in TYPE}} for row in all_types(page)]


def first_types(page):
    """What can be booked on a new page."""
    _add_types(page, FIRST)


def _of(page):
    return {"shared_page": page} if isinstance(page, SharedPage) else {"profile": page}


def hours(profile):
    """When the host works, as slots.py walks it."""
    weekly = {day: spans(profile.working_hours.get(name, ())) for day, name in enumerate(DAYS, start=1)}
    overrides = {date.fromisoformat(day): spans(entries) for day, entries in profile.overrides.items()}
    return Hours(zone(profile), weekly, overrides)


def zone(profile):
    return ZoneInfo(profile.timezone or profile.user.timezone or "UTC")


def rules(profile, length):
    return Rules(length, profile.slot_step, profile.buffer_before, profile.buffer_after, profile.min_notice_minutes,
                 profile.horizon_days, profile.daily_limit)  # fmt: skip


def spans(entries):
    """[{"start": "09:00", "end": "17:00"}] as minutes after midnight; 24:00 is the end of the day. Raises Invalid."""
    found = []
    for entry in entries:
        start, end = (_minutes(entry[name]) for name in ("start", "end"))
        if not start < end <= DAY:
            raise Invalid({"working_hours": [f"{entry['start']} to {entry['end']} is not a time of a day"]})
        found.append((start, end))
    found.sort()
    for (_, one), (other, _) in pairwise(found):
        if other < one:
            raise Invalid({"working_hours": ["hours of a day overlap"]})
    return tuple(found)


def _minutes(text):
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def _with_slug(member, slug):
    try:
        with transaction.atomic():
            User.objects.filter(pk=member.pk).update(booking_slug=slug)
    except IntegrityError:
        raise slug_taken(slug) from None
    member.booking_slug = slug


def slug_taken(slug):
    return Conflict(f"The address {slug} is taken.", code="slug_taken", fields={"slug": ["is taken"]})


def _add_types(page, lengths, position=0):
    MeetingType.objects.bulk_create(
        MeetingType(organization_id=page.organization_id, **_of(page), name=f"{minutes} minutes", minutes=minutes,
                    position=place)
        for place, minutes in enumerate(lengths, start=position)
    )


def _set_durations(profile, lengths):
    """Types of other lengths are switched off (meetings keep them), lengths without a type get one."""
    there = MeetingType.objects.filter(profile=profile)
    there.exclude(minutes__in=lengths).update(is_active=False)
    there.filter(minutes__in=lengths).update(is_active=True)
    known = set(there.values_list("minutes", flat=True))
    _add_types(profile, [minutes for minutes in sorted(set(lengths)) if minutes not in known], position=there.count())


def put_types(page, given):
    """Make the types of the page those that are given, in their order: see `update`. Raises Invalid."""
    there = {row.pk: row for row in MeetingType.objects.filter(**_of(page)).order_by("position", "id")}
    rows = []
    for one in given:
        fresh = MeetingType(organization_id=page.organization_id, **_of(page))
        row = there.pop(one["id"], None) if one.get("id") else fresh
        if row is None:
            raise Invalid({"types": [f"{one['id']} is no type of this page, or stands there twice"]})
        for name in TYPE:
            if name in one:
                setattr(row, name, one[name])
        rows.append(row)
    for row in there.values():
        row.is_active = False
    rows += there.values()
    active = [row for row in rows if row.is_active]
    if not active:
        raise Invalid({"types": ["keep one that can be booked; switch the page off instead"]})
    if len(active) > MOST_TYPES or len(rows) > MOST_ROWS:
        raise Invalid({"types": [f"at most {MOST_TYPES} can be booked, and {MOST_ROWS} are kept with those switched off"]})
    for place, row in enumerate(rows):
        row.position = place
        _check_type(row)
        row.save()


def _check_type(row):
    if row.tool == Meeting.Tool.CUSTOM and not row.location.startswith(("https://", "http://")):
        raise Invalid({"location": [f"of {row.name} must be the web address of its meetings"]})
    labels = [one["label"].casefold() for one in row.questions]
    if len(set(labels)) < len(labels):
        raise Invalid({"questions": [f"of {row.name} must differ"]})
