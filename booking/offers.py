"""What a visitor finds at an address: the times of one member, or of several who share a page. Page and API ask the same."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from accounts.models import User
from booking import confirm, finding, profiles, shared
from booking.models import BookingProfile, SharedPage


@dataclass(frozen=True)
class Place:
    """Whose address it is, as far as can be known before a scope is open."""

    slug: str
    organization_id: int
    member: User | None  # None: a shared page


class Offer:
    """An open booking page. `page` is the row that has its look, its types and whether it is open."""

    page: Any
    host: User | None = None  # who is booked, where that is known beforehand
    name: str  # whose page it is
    slug: str
    title: str
    organization: Any
    key: str  # within which an Idempotency-Key is good for one booking

    @property
    def types(self):
        return profiles.types(self.page)

    @property
    def durations(self):
        return profiles.durations(self.page)


class OwnOffer(Offer):
    """A member's own page."""

    def __init__(self, profile: BookingProfile):
        self.page, self.host = profile, profile.user
        self.slug = profile.user.booking_slug or ""
        self.name, self.organization = profile.user.full_name, profile.user.organization
        self.title = profile.title or f"Book time with {profile.user.full_name}"
        self.key = f"booking:{profile.user_id}"
        self.host_ids = [profile.user_id]

    @property
    def zone(self):
        return profiles.zone(self.page)

    def slots(self, length, since, until, *, but=None):
        return finding.slots(self.page, length, since, until, but=but)

    def confirm(self, start, end, visitor, *, type_id=None):
        return confirm.confirm(self.page, start, end, visitor, type_id=type_id)


class SharedOffer(Offer):
    """A page of several members: it offers what any of them has free."""

    def __init__(self, page: SharedPage):
        self.page, self.slug, self.title, self.organization = page, page.slug, page.title, page.organization
        self.name = page.organization.name
        self.key = f"booking:shared:{page.pk}"

    @property
    def zone(self):
        """Of the first host: visitors see their own."""
        return profiles.zone(self.hosts[0]) if self.hosts else profiles.UTC

    @cached_property
    def hosts(self):
        return shared.hosts(self.page)

    @property
    def host_ids(self):
        return [profile.user_id for profile in self.hosts]

    def slots(self, length, since, until, *, but=None):
        return shared.slots(self.hosts, length, since, until)

    def confirm(self, start, end, visitor, *, type_id=None):
        return confirm.confirm_shared(self.page, start, end, visitor, type_id=type_id)


def find(slug):
    """The Place of this address; None when nothing is there. Before any scope."""
    member = profiles.find(slug)
    if member is not None:
        return Place(slug, member.organization_id, member)
    organization_id = shared.home(slug)
    return Place(slug, organization_id, None) if organization_id else None


def at(place):
    """The Offer of a place, in the scope of its organisation; None when its page is closed."""
    if place.member is None:
        page = shared.find(place.organization_id, place.slug)
        return page and SharedOffer(page)
    profile = profiles.of(place.member)
    profile.user = place.member
    return OwnOffer(profile) if profile.is_active else None
