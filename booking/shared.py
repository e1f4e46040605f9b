"""Booking pages of several members: made and changed by administrators; who is next when a visitor books."""

from datetime import timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import Count
from django.utils.timezone import now

from accounts.keys import clean_domains
from accounts.models import User
from booking import finding, profiles
from booking.models import BookingProfile, Meeting, SharedPage, SharedPageHost
from leads.identity import holders
from leads.models import Lead
from lio import history
from lio.errors import Conflict, Invalid, Missing
from lio.norms import email_norm
from lio.revert import CHANGED, each, whole

MOST_HOSTS = 20  # of a page
MOST_PAGES = 100  # of an organisation
TURNS = timedelta(days=30)  # whose bookings say whose turn it is
TOLD = ("slug", "title", "intro", "assigning", "color", "allowed_domains", "is_active")
Assigning = SharedPage.Assigning


def home(slug):
    """The organisation whose open shared page has this address; None when there is none. Before any scope."""
    if not profiles.SLUG.fullmatch(slug):
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT booking_shared_home(%s)", [slug])
        return cursor.fetchone()[0]


def find(organization, slug):
    """The open page at this address, with its organisation; None when there is none."""
    rows = SharedPage.objects.of(organization).filter(slug=slug, is_active=True)
    return rows.select_related("organization").first()


def hosts(page):
    """Booking pages of those who can be booked here, in order.

    Whether their own page is open does not matter here: administrators say who is a host.
    """
    order = dict(SharedPageHost.objects.filter(page=page).values_list("user_id", "position"))
    rows = BookingProfile.objects.of(page.organization_id).filter(user__in=order, user__is_active=True).select_related("user")
    found = sorted(rows, key=lambda profile: (order[profile.user_id], profile.user_id))
    for profile in found:
        profile.is_active = True
    return found


def host_ids(page):
    """Ids of the members, in order, with those who have left."""
    return list(SharedPageHost.objects.filter(page=page).order_by("position", "id").values_list("user_id", flat=True))


def slots(there, length, since, until):
    """The times at which any of the hosts `there` is free: [(start, end)] in UTC."""
    return sorted({span for found in finding.slots_of(there, length, since, until).values() for span in found})


def in_turn(page, there, email):
    """`there`, booking pages of the hosts, in the order in which they are asked: see SharedPage.Assigning."""
    counts = turns(page)
    order = sorted(there, key=lambda profile: counts.get(profile.user_id, 0))  # ties stay in the order of the page
    if page.assigning == Assigning.OWNER_FIRST and (owner := owner_of(page.organization_id, email)):
        order.sort(key=lambda profile: profile.user_id != owner)
    return order


def turns(page):
    """{id of a member: bookings that he got here of late}."""
    made = of_late(page.organization_id).filter(shared_page=page)
    return dict(made.values_list("host_id").annotate(Count("id")))


def of_late(organization):
    """Bookings on shared pages in the last TURNS that still stand."""
    made = Meeting.objects.of(organization).alive().exclude(shared_page=None).filter(created_at__gt=now() - TURNS)
    return made.exclude(status=Meeting.Status.CANCELLED).order_by()


def owner_of(organization_id, email):
    """Whose lead the visitor with this address is; None for who is nobody's."""
    lead = holders(organization_id, {"email_norm": email_norm(email)}).get("email_norm")
    return lead and Lead.objects.filter(pk=lead).values_list("assigned_to_id", flat=True).first()


# ------------------------------------------------------------------------- changing
@transaction.atomic
def create(organization, fields, *, by):
    """A new page: `fields` as `update` takes them, `hosts` among them. It can be booked at once, for 30 minutes or an hour.

    Raises Conflict `slug_taken`, Invalid.
    """
    if SharedPage.objects.of(organization).count() >= MOST_PAGES:
        raise Invalid({"title": [f"at most {MOST_PAGES} shared pages can be kept"]})
    page = SharedPage(organization=organization, **{name: fields[name] for name in TOLD if name in fields})
    page.allowed_domains = clean_domains(page.allowed_domains)
    if page.slug:
        _save(page)
    else:
        _save_somewhere(page)
    _put_hosts(page, fields.get("hosts") or [])
    profiles.first_types(page)
    history.record("shared_page.created", ("sharedpage", page.pk), by=by, after=told(page))
    return page


@transaction.atomic
def update(page_id, organization, fields, *, by):
    """Change a page: `fields` are {attribute: value}, `hosts` (ids of members in order) and `types` (as of one's own page).

    Raises Missing, Conflict `slug_taken`, Invalid.
    """
    page = SharedPage.objects.of(organization).select_for_update(of=("self",)).filter(pk=page_id).first()
    if page is None:
        raise Missing()
    before = told(page)
    values = fields | ({"allowed_domains": clean_domains(fields["allowed_domains"])} if "allowed_domains" in fields else {})
    for name in TOLD:
        if name in values:
            setattr(page, name, values[name])
    _save(page)
    if values.get("hosts") is not None and values["hosts"] != before["hosts"]:
        _put_hosts(page, values["hosts"])
    if values.get("types") is not None:
        profiles.put_types(page, values["types"])
    after = told(page)
    changed = [name for name in after if after[name] != before[name]]
    if changed:
        history.record("shared_page.updated", ("sharedpage", page.pk), by=by,
                       before={name: before[name] for name in changed}, after={name: after[name] for name in changed})
    return page


def undo(organization, changes, by):
    """Put shared pages back to what they were before these Change rows (last first): what has changed since stays.

    A page that was made is switched off, for its bookings stay. Answers (ids of the pages, conflicts).
    """
    return each(changes, lambda change: _undo_one(organization, change, by))


def _undo_one(organization, change, by):
    page = SharedPage.objects.of(organization).filter(pk=change.model_id).first()
    if page is None:
        return whole("the booking page is gone")
    if by is not None and not by.can("organization.manage"):
        return whole("shared pages are changed by administrators")
    there, before, after = told(page), change.before or {}, change.after or {}
    if change.verb == "shared_page.created":
        before, after = {"is_active": False}, {"is_active": True}
    fields = {name: before.get(name) for name in after if there.get(name) == after[name]}
    left = [{"field": name, "reason": CHANGED} for name in after if name not in fields]
    with transaction.atomic():
        if fields:
            update(page.pk, organization, fields, by=by)
    return left


def told(page):
    """A page as history tells of it."""
    return {name: getattr(page, name) for name in TOLD} | {"hosts": host_ids(page), "types": profiles.told_types(page)}


def _save(page):
    if not page.title:
        raise Invalid({"title": ["is required"]})
    try:
        with transaction.atomic():
            page.save()
    except IntegrityError as error:
        if "slug" not in str(error):
            raise
        raise profiles.slug_taken(page.slug) from None


def _save_somewhere(page):
    """Under an address made of its title that nobody has."""
    for slug in profiles.slugs(page.title):
        page.slug = slug
        try:
            return _save(page)
        except Conflict:
            continue
    raise profiles.slug_taken(page.slug)


def _put_hosts(page, ids):
    """Make these members the hosts, in their order. Raises Invalid."""
    ids = list(dict.fromkeys(ids))
    if not ids:
        raise Invalid({"hosts": ["keep one; switch the page off instead"]})
    if len(ids) > MOST_HOSTS:
        raise Invalid({"hosts": [f"must be at most {MOST_HOSTS}"]})
    there = {row.user_id: row for row in SharedPageHost.objects.filter(page=page)}
    fresh = [pk for pk in ids if pk not in there]
    if User.objects.of(page.organization_id).active().filter(pk__in=fresh).count() < len(fresh):
        raise Invalid({"hosts": ["must be active members"]})
    SharedPageHost.objects.filter(page=page).exclude(user__in=ids).delete()
    for place, pk in enumerate(ids):
        row = there.get(pk) or SharedPageHost(organization_id=page.organization_id, page=page, user_id=pk)
        row.position = place
        row.save()
