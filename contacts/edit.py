"""Contacts made, changed and deleted, with what must follow from it in the same transaction."""

from datetime import date

from django.db import IntegrityError, transaction
from django.utils.timezone import now

from companies.models import Company
from companies.naming import find_or_make
from contacts import addresses, words
from contacts.models import Contact, ContactPoint, ContactTag, Employment
from lio import history, many, search
from lio.errors import Conflict, Missing
from lio.grammar import zone_of
from lio.norms import linkedin_norm
from lookups.changing import put, tag_numbers
from lookups.custom import refuse_taken
from lookups.known import known
from lookups.seeds import NEW

INNER = frozenset({"email", "phone_number", "email_norm", "phone_norm", "linkedin_norm", "email_label", "phone_label"})
FOUND_BY = frozenset({"name", "designation", "company_id"})  # besides the addresses: what the search document holds


# ------------------------------------------------------------------------- made
@transaction.atomic
def add(organization, fields, *, by, tags=()):
    """Make a contact of `fields` ({model attribute: value}; `company` is a name, `emails` and `phone_numbers` are lists).

    `tags` are inner ids. Answers its id. Raises Conflict when its lead has become another contact or a custom value
    that must be unique is another's.
    """
    values = dict(fields)
    if company := values.pop("company", None):
        values["company_id"] = find_or_make(organization, company, by=by)
    (contact,) = add_many(organization, [(values, tags)], by=by)
    refuse_taken(organization, contact.pk, contact.custom_fields, module="contact")
    return contact.pk


def add_many(organization, entries, *, by, verb="contact.created"):
    """The same for many, set-based: `entries` are (fields without company's name, inner ids of tags). Answers the contacts."""
    status = known(organization, "status")[NEW].pk
    made, told = [], []
    for fields, tags in entries:
        values = {name: value for name, value in fields.items() if value not in (None, "", [])}
        found = {kind.many: addresses.arranged(kind, [], values) for kind in addresses.KINDS}
        for kind in addresses.KINDS:
            values |= addresses.main_of(kind, found[kind.many])
        contact = Contact(organization=organization, created_by=by, **{"status_id": status} | values)
        contact.linkedin_norm = linkedin_norm(contact.linkedin_url)
        contact.company_since = values.get("company_since") or (today(by) if contact.company_id else None)
        made.append(contact)
        told.append((found, values, list(tags)))
    _refuse_second(lambda: Contact.objects.bulk_create(made), [contact.lead_id for contact in made if contact.lead_id])
    names = names_of({contact.company_id for contact in made})
    points, tagged, docs, changes = [], [], [], []
    for contact, (found, values, tags) in zip(made, told, strict=True):
        for kind in addresses.KINDS:
            points += addresses.further(kind, found[kind.many], organization=organization, contact=contact)
        tagged += [ContactTag(organization=organization, contact=contact, tag_id=tag) for tag in dict.fromkeys(tags)]
        docs.append((contact.pk, words.body(contact, found, names.get(contact.company_id))))
        shown = wire(organization, {name: value for name, value in values.items() if value is not None}) | told_of(found)
        shown |= {"company": names[contact.company_id]} if contact.company_id else {}
        changes.append((contact.pk, None, shown | ({"tags": tag_numbers(organization, tags)} if tags else {})))
    ContactPoint.objects.bulk_create(points)
    ContactTag.objects.bulk_create(tagged, ignore_conflicts=True)
    search.write_many("contact", docs)
    history.record_each(verb, "contact", changes, by=by)
    return made


# ------------------------------------------------------------------------- changed
@transaction.atomic
def update(contact_id, organization, fields, *, by, tags=None, add_tags=(), verb="contact.updated", keep=False, closes=True,
           told=None):
    """Set `fields` ({model attribute: value}; `company` is a name, `emails` and `phone_numbers` are lists) of a living contact.

    `tags` (inner ids) replaces its tags, `add_tags` adds to them. Only what differs is written and recorded; another company
    closes the present employment. With `keep` a custom value that should be unique and is not is kept; without `closes` the
    employment stays out of it. `told` is (before, after) of what else the entry of the history tells. Raises Missing, Conflict.
    """
    rows = Contact.objects.of(organization).alive().filter(pk=contact_id)
    values = dict(fields)
    if "company" in values:
        name = values.pop("company")
        values["company_id"] = find_or_make(organization, name, by=by) if name else None
    there = list(rows.select_for_update(of=("self",)))
    if not there:
        raise Missing()
    changed = change(organization, there, values, by=by, tags=tags, add_tags=add_tags, verb=verb, closes=closes, told=told)
    if changed and "custom_fields" in values and not keep:
        refuse_taken(organization, contact_id, there[0].custom_fields, module="contact")


def change(organization, contacts, values, *, by, tags=None, add_tags=(), verb="contact.updated", closes=True, told=None):
    """The same for many locked contacts that get the same values, set-based. Answers the ids of those that changed."""
    ids = [contact.pk for contact in contacts]
    points = addresses.points_of(organization, ids)
    tags_there = _tags_there(organization, ids) if tags is not None or add_tags else {}
    names = names_of({contact.company_id for contact in contacts} | {values.get("company_id")})
    before_told, after_told = told or ({}, {})
    writing, columns, left, entries, retagged, docs, moved = [], set(), [], [], [], [], []
    for contact in contacts:
        there = addresses.of_contact(contact, points[contact.pk])
        employer = Employment(
            organization=organization, contact=contact, company_id=contact.company_id, designation=contact.designation or "",
            company_name=names.get(contact.company_id, ""), started_on=contact.company_since, ended_on=today(by))  # fmt: skip
        before, after, found = _set(contact, dict(values), there, by)
        old, new = wire(organization, before), wire(organization, after)
        if "company_id" in new:
            old["company"], new["company"] = names.get(before["company_id"]), names.get(after["company_id"])
            if closes and before["company_id"]:
                left.append((employer, new))
        for kind in addresses.KINDS:
            if found[kind.many] != there[kind.many]:
                moved.append((contact, kind, found[kind.many]))
                _tell_addresses(kind, there[kind.many], found[kind.many], old, new)
        if tags is not None or add_tags:
            own = tags_there.get(contact.pk, set())
            wanted = set(tags) if tags is not None else own | set(add_tags)
            if own != wanted:
                retagged.append((contact.pk, own, wanted))
                old["tags"], new["tags"] = tag_numbers(organization, own), tag_numbers(organization, wanted)
        if not new and not after_told:
            continue
        old.update(before_told)
        new.update(after_told)
        entries.append((contact.pk, old, new))
        if after:
            writing.append(contact)
            columns |= after.keys()
        if after.keys() & FOUND_BY or found != there:
            docs.append((contact.pk, words.body(contact, found, names.get(contact.company_id))))
    _save(organization, writing, columns)
    _save_points(organization, moved)
    _save_tags(organization, retagged)
    Employment.objects.bulk_create([employer for employer, _ in left])
    for employer, new in left:
        new["employment_id"] = employer.pk
    search.write_many("contact", docs)
    history.record_each(verb, "contact", entries, by=by)
    return [pk for pk, _, _ in entries]


def _set(contact, values, there, by):
    """Put `values` on the contact; answers what differs, before and after, in columns, and its addresses now."""
    found = {kind.many: addresses.arranged(kind, there[kind.many], values) for kind in addresses.KINDS}
    for kind in addresses.KINDS:
        values |= addresses.main_of(kind, found[kind.many])
    if "linkedin_url" in values:
        values["linkedin_norm"] = linkedin_norm(values["linkedin_url"])
    if "company_id" in values and values["company_id"] != contact.company_id:
        values.setdefault("company_since", today(by) if values["company_id"] else None)
    return *put(contact, values), found


def _tell_addresses(kind, before, after, old, new):
    """One address against one is told as such, everything else as the whole list."""
    single = len(before) <= 1 >= len(after) and (not before or not after or before[0]["label"] == after[0]["label"])
    if single and not (before or after)[0]["label"]:
        old[kind.main], new[kind.main] = _first(before), _first(after)
    else:
        old[kind.many], new[kind.many] = before, after


def told_of(found):
    """What history tells of a new contact's addresses."""
    shown: dict = {}
    for kind in addresses.KINDS:
        if found[kind.many]:
            _tell_addresses(kind, [], found[kind.many], {}, shown)
    return shown


def _first(found):
    return found[0]["value"] if found else None


def _save(organization, contacts, columns):
    if "status_id" in columns:
        columns = {*columns, "last_activity_at"}
        for contact in contacts:
            contact.last_activity_at = now()
    leads = [contact.lead_id for contact in contacts if "lead_id" in columns and contact.lead_id]
    _refuse_second(lambda: many.save(contacts, columns, organization), leads)


def _refuse_second(write, leads):
    """Do it, but for a lead that has become a contact already."""
    try:
        with transaction.atomic():
            write()
    except IntegrityError as error:
        if getattr(error.__cause__, "sqlstate", "") != "23505":
            raise
        raise converted(Contact.objects.alive().filter(lead_id__in=leads).values_list("pk", flat=True).first()) from error


def converted(contact_id):
    return Conflict("This lead has become a contact already.", code="already_converted", contact_id=contact_id)


def _save_points(organization, moved):
    for contact, kind, found in moved:
        ContactPoint.objects.of(organization).filter(contact=contact, kind=kind.point).delete()
        ContactPoint.objects.bulk_create(addresses.further(kind, found, organization=organization, contact=contact))


def _tags_there(organization, ids):
    found: dict[int, set[int]] = {}
    for pk, tag in ContactTag.objects.of(organization).filter(contact_id__in=ids).values_list("contact_id", "tag_id"):
        found.setdefault(pk, set()).add(tag)
    return found


def _save_tags(organization, retagged):
    gone = {tag for _, own, wanted in retagged for tag in own - wanted}
    for tag in gone:
        ids = [pk for pk, own, wanted in retagged if tag in own - wanted]
        ContactTag.objects.of(organization).filter(tag_id=tag, contact_id__in=ids).delete()
    fresh = [(pk, tag) for pk, own, wanted in retagged for tag in sorted(wanted - own)]
    ContactTag.objects.bulk_create(
        [ContactTag(organization=organization, contact_id=pk, tag_id=tag) for pk, tag in fresh], ignore_conflicts=True)


# ------------------------------------------------------------------------- told
def wire(organization, values):
    """`values` under the names and ids of the API, without inner columns and addresses, which are told as lists."""
    shown = {}
    for name, value in values.items():
        if name == "status_id":
            shown["status"] = next((e.number for e in known(organization, "status").values() if e.pk == value), None)
        elif name not in INNER:
            shown[name] = value.isoformat() if isinstance(value, date) else value
    return shown


def names_of(company_ids):
    """{id: name} of companies, deleted ones included."""
    ids = [pk for pk in company_ids if pk]
    return dict(Company.objects.filter(pk__in=ids).values_list("pk", "company_name")) if ids else {}


def today(by):
    """The day where the member is."""
    return now().astimezone(zone_of(by)).date()


# ------------------------------------------------------------------------- deleted
@transaction.atomic
def delete(rows, *, by):
    """Delete contacts (softly, R27). Answers the ids."""
    ids = history.change_rows(rows.alive(), "contact.deleted", {"deleted_at": now()}, by=by)
    search.forget("contact", ids)
    return ids


@transaction.atomic
def restore(rows, *, by):
    """Bring deleted contacts back; one whose lead has become another contact since comes without it. Answers the ids."""
    gone = list(rows.exclude(deleted_at=None).order_by("pk").select_for_update(of=("self",)))
    if not gone:
        return []
    ids, organization = [contact.pk for contact in gone], gone[0].organization
    leads = [contact.lead_id for contact in gone if contact.lead_id]
    taken = set(Contact.objects.of(organization).alive().filter(lead_id__in=leads).values_list("lead_id", flat=True))
    Contact.objects.filter(pk__in=ids, lead_id__in=taken).update(lead=None)
    Contact.objects.filter(pk__in=ids).unbury()
    points, names = addresses.points_of(organization, ids), names_of({contact.company_id for contact in gone})
    search.write_many("contact", [
        (contact.pk, words.body(contact, addresses.of_contact(contact, points[contact.pk]), names.get(contact.company_id)))
        for contact in gone])
    history.record_each("contact.restored", "contact", [(pk, None, None) for pk in ids], by=by)
    return ids
