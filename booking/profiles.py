"""Booking pages of members: made when they join, changed by themselves, found by their slug."""

import re
from datetime import date
from itertools import pairwise
from unicodedata import normalize
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.crypto import get_random_string

from accounts.models import User
from booking.models import DAYS, BookingProfile, MeetingType
from booking.slots import DAY, Hours, Rules
from lio import history
from lio.errors import Conflict, Invalid

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,58}[a-z0-9])")
FIRST = (30, 60)  # minutes of what can be booked from the start
MOST_TYPES = 10
TOLD = ("title", "intro", "timezone", "working_hours", "overrides", "buffer_before", "buffer_after", "min_notice_minutes",
        "horizon_days", "daily_limit", "slot_step", "change_notice_minutes", "reminder_minutes", "color",
        "allowed_domains", "is_active")  # fmt: skip


def start(member):
    """The page of a new member (lio.registry.on_joining)."""
    taken = BookingProfile.objects.of(member.organization_id).filter(user=member).exists()
    if not taken:
        _with_slug(member, slug_of(member))
        profile = BookingProfile.objects.create(organization_id=member.organization_id, user=member)
        _types(profile, FIRST)


def slug_of(member):
    """A free slug made of a member's name."""
    plain = normalize("NFKD", member.name).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")
    if len(name) > 2 and not User.objects.filter(booking_slug=name).exists():
        return name
    return f"{name or 'me'}-{get_random_string(6, '23456789abcdefghjkmnpqrstuvwxyz')}"


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
    """Change the page of a member: `fields` are {attribute: value}, `slug` and `durations` (minutes) among them.

    Raises Conflict `slug_taken`, Invalid.
    """
    profile = BookingProfile.objects.of(member.organization_id).select_for_update(of=("self",)).get(user=member)
    before, after = {}, {}
    if (slug := fields.get("slug")) and slug != member.booking_slug:
        before["slug"], after["slug"] = member.booking_slug, slug
        _with_slug(member, slug)
    for name in TOLD:
        if name in fields and getattr(profile, name) != fields[name]:
            before[name], after[name] = getattr(profile, name), fields[name]
            setattr(profile, name, fields[name])
    profile.save()
    if fields.get("durations") and (old := durations(profile)) != sorted(fields["durations"]):
        before["durations"], after["durations"] = old, sorted(fields["durations"])
        _set_durations(profile, fields["durations"])
    if after:
        history.record("booking_profile.updated", ("user", member.pk), by=by, before=before, after=after)
    return profile


def durations(profile):
    """The lengths in minutes that can be booked, in ascending order."""
    return sorted(set(types(profile).values_list("minutes", flat=True)))


def types(profile):
    """What can be booked, in the order of the page."""
    return MeetingType.objects.filter(profile=profile, is_active=True).order_by("position", "id")


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
        raise Conflict(f"The address {slug} is taken.", code="slug_taken", fields={"slug": ["is taken"]}) from None
    member.booking_slug = slug


def _types(profile, lengths, position=0):
    MeetingType.objects.bulk_create(
        MeetingType(organization_id=profile.organization_id, profile=profile, name=f"{minutes} minutes", minutes=minutes,
                    position=place) for place, minutes in enumerate(lengths, start=position)
    )


def _set_durations(profile, lengths):
    """Types of other lengths are switched off (meetings keep them), lengths without a type get one."""
    there = MeetingType.objects.filter(profile=profile)
    there.exclude(minutes__in=lengths).update(is_active=False)
    there.filter(minutes__in=lengths).update(is_active=True)
    known = set(there.values_list("minutes", flat=True))
    _types(profile, [minutes for minutes in sorted(set(lengths)) if minutes not in known], position=there.count())
