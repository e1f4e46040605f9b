"""A lead becomes a contact and a company: set-based, with all that it carries, in one transaction and under one change id.

Which company: the one that is named, else the lead's own, else the one of its mail domain, made if there is none yet. Which
contact: the one that is named, else one with the lead's e-mail or LinkedIn address of no other lead, else a new one. The
lead stays, and its contact has copies of its own of notes and files, so that what happens to the lead later takes nothing from
it. What higher floors make of a lead at the same time they register in `lio.registry.on_conversion`.
"""

from dataclasses import dataclass, field

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q
from django.utils.timezone import now

from companies import words as company_words
from companies.domains import company_domain
from companies.models import Company
from companies.naming import normal
from contacts import edit
from contacts.addresses import KINDS, of_contact, points_of
from contacts.models import Contact, ContactPoint
from leads import edit_many as leads_at_once
from leads.models import Lead, LeadTag
from lio import bulk, history, many
from lio.errors import Conflict, Missing
from lio.registry import on_conversion
from lio.selection import AT_ONCE
from lookups.custom import propose, read_custom
from lookups.known import known
from lookups.seeds import NEW

CONTACTED, QUALIFIED = 2, 3
TAKEN = {  # attribute of the contact: of the lead
    "designation": "job_title", "linkedin_url": "linkedin_url", "city": "city", "country": "country", "lead_score": "score",
}  # fmt: skip
OF_COMPANY = {"industry_type": "industry", "website": "website", "address": "address", "city": "city", "state": "state",
              "country": "country", "pin_code": "pin_code"}  # what a company that is made of a lead knows from it
UNASKED = object()

NOTES = """
INSERT INTO activity_recordnote (organization_id, model_type, model_id, title, note, is_pinned, edited_at, created_by_id,
                                 created_at, updated_at)
SELECT n.organization_id, 'contact', p.contact_id, n.title, n.note, n.is_pinned, n.edited_at, n.created_by_id,
       n.created_at, now()
FROM unnest(%(leads)s::bigint[], %(contacts)s::bigint[]) AS p(lead_id, contact_id)
JOIN leads_note n ON n.organization_id = %(org)s AND n.lead_id = p.lead_id AND n.deleted_at IS NULL
ORDER BY n.created_at, n.id RETURNING model_id, id
"""
OWN_NOTES = """
INSERT INTO activity_recordnote (organization_id, model_type, model_id, title, note, is_pinned, created_by_id, created_at,
                                 updated_at)
SELECT l.organization_id, 'contact', p.contact_id, 'Notes of the lead', l.notes, true, NULL, l.created_at, now()
FROM unnest(%(leads)s::bigint[], %(contacts)s::bigint[]) AS p(lead_id, contact_id)
JOIN leads_lead l ON l.organization_id = %(org)s AND l.id = p.lead_id AND l.notes <> ''
ORDER BY l.id RETURNING model_id, id
"""
FILES = """
INSERT INTO activity_attachment (organization_id, model_type, model_id, provider, category, name, mime_type, cloud_id, web_url,
                                 stored_file_id, document_type, description, created_by_id, created_at, updated_at)
SELECT a.organization_id, 'contact', p.contact_id, a.provider, a.category, a.name, a.mime_type, a.cloud_id, a.web_url,
       a.stored_file_id, a.document_type, a.description, a.created_by_id, a.created_at, now()
FROM unnest(%(leads)s::bigint[], %(contacts)s::bigint[]) AS p(lead_id, contact_id)
JOIN activity_attachment a ON a.organization_id = %(org)s AND a.model_type = 'lead' AND a.model_id = p.lead_id
     AND a.deleted_at IS NULL
ORDER BY a.id RETURNING model_id, id
"""


@dataclass
class Conversion:
    """What a lead has become. `made_company` says that it was made for it, `made_contact` that it is a new one, `further` what
    higher floors made of it, {name: id}.
    """

    lead_id: int
    contact_id: int
    company_id: int | None
    made_contact: bool
    made_company: bool
    further: dict = field(default_factory=dict)


@dataclass
class Outcome:
    """What became of many leads, `ids` of those converted now; with a `job_id` it is still to come."""

    total: int
    made: int = 0
    joined: int = 0
    already_converted: int = 0
    ids: list[int] = field(default_factory=list)
    job_id: int | None = None

    @property
    def words(self):
        if self.job_id:
            return f"{self.total:,} leads are being converted in the background."
        parts = [(self.made, "converted"), (self.joined, "joined with contacts"), (self.already_converted, "contacts already")]
        told = ", ".join(f"{count:,} {what}" for count, what in parts if count) or "none converted"
        return f"{self.total:,} lead{'s' if self.total != 1 else ''}: {told}."


@dataclass
class Plan:
    """What a lead would become: the company, or the name of the one to be made, and the contacts that it may be."""

    company: dict | None = None
    company_name: str = ""
    contacts: list = field(default_factory=list)


# ------------------------------------------------------------------------- one, and many
@transaction.atomic
def convert(lead_id, organization, *, by, company_id=UNASKED, company="", contact_id=None, new_contact=False, further=None):
    """Convert a lead; answers its Conversion.

    `company_id` names the company (None: without one), `company` one by its name, made if there is none. `contact_id` is an
    existing contact that the lead is, `new_contact` makes one although there is one with the same address. `further` is handed
    to `on_conversion`. Raises Missing, Conflict `already_converted` (with `contact_id`) and `contact_has_lead`.
    """
    leads = _lock(organization, [lead_id])
    if not leads:
        raise Missing()
    if there := of_leads(organization, [lead_id]):
        raise edit.converted(there[lead_id])
    if company_id not in (UNASKED, None):
        _there(Company, organization, company_id, "company_id")
    joins = {} if new_contact else {lead_id: _free(organization, contact_id)} if contact_id else matches(organization, leads)
    named = {} if company_id is UNASKED else {lead_id: company_id}
    names = {lead_id: company} if company.strip() else {}
    (done,) = _convert(organization, leads, joins, by=by, named=named, names=names, further=further)
    return done


def convert_all(rows, *, by):
    """Convert all of these leads, each to what is found out about it. Answers an Outcome."""
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    if len(ids) > AT_ONCE:
        return Outcome(len(ids), job_id=bulk.act(_convert_some, rows, by=by).job_id)
    done = [one for at in range(0, len(ids), bulk.CHUNK) for one in _convert_ids(ids[at : at + bulk.CHUNK], by=by)]
    made = sum(one.made_contact for one in done)
    return Outcome(len(ids), made, len(done) - made, len(ids) - len(done), [one.lead_id for one in done])


@bulk.action
def _convert_some(ids, *, by):
    return [one.lead_id for one in _convert_ids(ids, by=by)]


@transaction.atomic
def _convert_ids(ids, *, by):
    organization = by.organization
    leads = _lock(organization, ids)
    there = of_leads(organization, [lead.pk for lead in leads])
    leads = [lead for lead in leads if lead.pk not in there]
    return _convert(organization, leads, matches(organization, leads), by=by) if leads else []


def _lock(organization, ids):
    rows = Lead.objects.of(organization).alive().filter(pk__in=ids).order_by("pk")
    return list(rows.select_for_update(of=("self",)))


def of_leads(organization, lead_ids):
    """{lead's id: id of the living contact that it has become, also by way of one that was merged into another}."""
    merged = Q(merged_into__isnull=False, merged_into__deleted_at=None)
    rows = Contact.objects.of(organization).filter(Q(deleted_at=None) | merged, lead_id__in=lead_ids)
    found = rows.order_by(F("deleted_at").asc(nulls_last=True))  # the living one counts, so it comes last
    return {lead_id: into or pk for lead_id, pk, into in found.values_list("lead_id", "pk", "merged_into_id")}


def _there(model, organization, pk, name):
    found = model.objects.of(organization).alive().filter(pk=pk).select_for_update(of=("self",)).first()
    if found is None:
        raise Missing(fields={name: ["There is no such record."]})
    return found


def _free(organization, contact_id):
    """The contact, if no other living lead is this person already. Raises Missing, Conflict."""
    contact = _there(Contact, organization, contact_id, "contact_id")
    if contact.lead_id and Lead.objects.of(organization).alive().filter(pk=contact.lead_id).exists():
        raise Conflict("This contact has come from another lead. Merge the two leads first.", code="contact_has_lead",
                       lead_id=contact.lead_id)
    return contact


def _convert(organization, leads, joins, *, by, named=None, names=None, further=None):
    """Convert locked leads. `joins` are {lead's id: the Contact that it is}, all others become new ones; `named` are companies
    by lead, `names` those of companies to be found or made; `further` is handed to `on_conversion`. Answers the Conversions.
    """
    named, names = named or {}, names or {}
    wanted = {}  # leads whose company is to be found out, or made
    for lead in leads:
        joined = joins.get(lead.pk)
        if lead.pk in names or (lead.pk not in named and not (joined and joined.company_id)):
            wanted[lead] = names.get(lead.pk, "")
        elif lead.pk not in named:
            named[lead.pk] = joined.company_id
    found, made = _companies(organization, wanted, by=by)
    company_of = named | found
    tags: dict[int, list[int]] = {}
    for pk, tag in LeadTag.objects.of(organization).filter(lead__in=leads).values_list("lead_id", "tag_id"):
        tags.setdefault(pk, []).append(tag)
    own = {lead.pk: read_custom(organization, lead.custom_fields, strict=False, module="contact") for lead in leads}
    propose(organization, {key for read in own.values() for key in read.proposals}, module="contact")
    own_of = {pk: {key: value for key, value in read.values.items() if value is not None} for pk, read in own.items()}
    statuses = known(organization, "status")
    early = {statuses[number].pk for number in (NEW, CONTACTED) if number in statuses}
    new_status = {lead.pk: statuses[QUALIFIED].pk if lead.status_id in early else lead.status_id for lead in leads}
    fresh = [lead for lead in leads if lead.pk not in joins]
    entries = []
    for lead in fresh:
        fields = _fields(lead, own_of[lead.pk]) | {"company_id": company_of[lead.pk], "status_id": new_status[lead.pk]}
        entries.append((fields, tags.get(lead.pk, ())))
    contacts = edit.add_many(organization, entries, by=by)
    contact_of = {lead.pk: contact for lead, contact in zip(fresh, contacts, strict=True)} | joins
    copied = _copy(organization, {lead.pk: contact_of[lead.pk].pk for lead in leads})
    for lead in leads:
        if contact := joins.get(lead.pk):
            company = {"company_id": company_of[lead.pk]} if company_of[lead.pk] else {}
            edit.update(contact.pk, organization, _missing(contact, lead, own_of[lead.pk]) | company, by=by, keep=True,
                        add_tags=tags.get(lead.pk, ()), verb="contact.converted", told=({}, copied.get(contact.pk, {})))
    _qualify(organization, leads, new_status, company_of, contact_of, by=by)
    done = [
        Conversion(lead.pk, contact_of[lead.pk].pk, company_of[lead.pk], lead.pk not in joins, company_of[lead.pk] in made)
        for lead in leads
    ]
    for make in on_conversion:
        make(organization, leads, done, further, by=by)
    return done


def _fields(lead, own):
    """What a new contact gets of its lead."""
    return {name: getattr(lead, of_lead) or None for name, of_lead in TAKEN.items()} | {  # a score of 0 is none yet
        "name": str(lead), "email": lead.email, "phone_number": lead.phone_number, "custom_fields": own,
        "lead_id": lead.pk}


def _missing(contact, lead, own):
    """What a contact that was there gets of its lead: only what it has not."""
    there = of_contact(contact, points_of(contact.organization_id, [contact.pk])[contact.pk])
    fields = {name: value for name, value in _fields(lead, own).items() if name in TAKEN}
    fields = {name: value for name, value in fields.items() if getattr(contact, name) in (None, "")}
    for kind in KINDS:
        if value := getattr(lead, kind.main):
            fields[kind.many] = [*there[kind.many], {"value": value, "label": ""}]
    own = {key: value for key, value in own.items() if key not in contact.custom_fields}
    return fields | ({"custom_fields": own} if own else {}) | {"lead_id": lead.pk}


def _copy(organization, contact_of):
    """Copies of the leads' notes and attached files, with their authors and moments; the bytes of files are shared.

    Answers {contact's id: {"note_ids", "attachment_ids"}}.
    """
    given = {"org": organization.pk, "leads": list(contact_of), "contacts": list(contact_of.values())}
    found: dict[int, dict[str, list[int]]] = {}
    with connection.cursor() as cursor:
        for name, statement in (("note_ids", OWN_NOTES), ("note_ids", NOTES), ("attachment_ids", FILES)):
            cursor.execute(statement, given)
            for contact_id, pk in cursor.fetchall():
                found.setdefault(contact_id, {}).setdefault(name, []).append(pk)
    return found


def _qualify(organization, leads, new_status, company_of, contact_of, *, by):
    """What happens to the leads themselves: status, company, and that they are contacts now."""
    number = {entry.pk: entry.number for entry in known(organization, "status").values()}
    names, changes, moment = edit.names_of(company_of.values()), [], now()
    for lead in leads:
        before, after = {}, {"contact_id": contact_of[lead.pk].pk, "contact": contact_of[lead.pk].name}
        if new_status[lead.pk] != lead.status_id:
            before["status"], after["status"] = number.get(lead.status_id), number.get(new_status[lead.pk])
        if lead.company_id is None and company_of[lead.pk]:
            before |= {"company_id": None, "company": None}
            after |= {"company_id": company_of[lead.pk], "company": names.get(company_of[lead.pk])}
            lead.company_id = company_of[lead.pk]
        lead.status_id, lead.last_activity_at = new_status[lead.pk], moment
        changes.append((lead.pk, before, after))
    many.save(leads, {"status_id", "company_id", "last_activity_at"}, organization)
    leads_at_once.follow(leads, names | edit.names_of({lead.company_id for lead in leads}))
    history.record_each("lead.converted", "lead", changes, by=by)


# ------------------------------------------------------------------------- which contact
def matches(organization, leads, *, lock=True):
    """{lead's id: Contact} of those that have a lead's e-mail or LinkedIn address and came from no living lead.

    Of several the oldest counts, and each is the contact of one lead only.
    """
    emails = {lead.email_norm for lead in leads if lead.email_norm}
    linkedins = {lead.linkedin_norm for lead in leads if lead.linkedin_norm}
    if not emails and not linkedins:
        return {}
    living = Contact.objects.of(organization).alive().filter(Q(lead=None) | Q(lead__deleted_at__isnull=False))
    points = ContactPoint.objects.of(organization).filter(kind=ContactPoint.Kind.EMAIL, norm__in=emails)
    by_point = list(points.values_list("contact_id", "norm"))
    found = set(living.filter(email_norm__in=emails).values_list("pk", flat=True))
    found |= set(living.filter(linkedin_norm__in=linkedins).values_list("pk", flat=True))
    found |= set(living.filter(pk__in=[pk for pk, _ in by_point]).values_list("pk", flat=True))
    contacts = living.filter(pk__in=found).order_by("pk")
    contacts = contacts.select_for_update(of=("self",)) if lock else contacts
    at: dict[tuple, list] = {}
    for contact in contacts:
        norms = {norm for pk, norm in by_point if pk == contact.pk} | {contact.email_norm}
        for key in [*(("email", norm) for norm in norms), ("linkedin", contact.linkedin_norm)]:
            at.setdefault(key, []).append(contact)
    joins, taken = {}, set()
    for lead in leads:
        for key in (("email", lead.email_norm), ("linkedin", lead.linkedin_norm)):
            free = next((one for one in at.get(key, ()) if one.pk not in taken), None) if key[1] else None
            if free and lead.pk not in joins:
                joins[lead.pk] = free
                taken.add(free.pk)
    return joins


# ------------------------------------------------------------------------- which company
def _companies(organization, wanted, *, by):
    """({lead's id: company's id or None}, ids of those that were made now) for `wanted`: {lead: name, or "" to find it out}."""
    for _ in range(3):  # a name or domain may be taken between two looks
        found, missing = _resolve(organization, wanted)
        try:
            with transaction.atomic():
                made = _make(organization, missing, by=by)
        except IntegrityError as error:
            if getattr(error.__cause__, "sqlstate", "") != "23505":
                raise
            continue
        return found | {lead.pk: made[norm].pk for norm, (_, _, leads) in missing.items() for lead in leads}, {
            company.pk for company in made.values()}
    raise Conflict("The company is being made at this moment. Try again.")


def _resolve(organization, wanted):
    """({lead's id: company's id or None}, {normal name: (name, domain, leads)} of those that are to be made)."""
    living = Company.objects.of(organization).alive()
    own = [lead.company_id for lead, name in wanted.items() if lead.company_id and not name]
    there = set(living.filter(pk__in=own).values_list("pk", flat=True))
    domain_of = {lead: domain_of_lead(lead) for lead in wanted}
    domains = {domain for domain in domain_of.values() if domain}
    norms = {normal(name) for name in wanted.values() if name} | {normal(name_of(domain)) for domain in domains} | domains
    by_domain = dict(living.filter(domain__in=domains).values_list("domain", "pk"))
    by_name = {norm: (pk, domain) for norm, pk, domain in living.filter(name_norm__in=norms).values_list(
        "name_norm", "pk", "domain")}
    found: dict[int, int | None] = {}
    missing: dict[str, tuple] = {}
    for lead, name in wanted.items():
        domain = domain_of[lead]
        if not name and lead.company_id in there:
            found[lead.pk] = lead.company_id
        elif not name and domain in by_domain:
            found[lead.pk] = by_domain[domain]
        elif not name and not domain:
            found[lead.pk] = None
        else:
            shown = " ".join(name.split())[:200] or name_of(domain)
            held = by_name.get(normal(shown))
            if held and not name and held[1] not in (None, domain):  # another one's name: the domain itself tells them apart
                shown, held = domain, by_name.get(domain)
            if held:
                found[lead.pk] = held[0]
            else:
                used = by_domain.keys() | {other[1] for norm, other in missing.items() if norm != normal(shown)}
                missing.setdefault(normal(shown), (shown, None if domain in used else domain, []))[2].append(lead)
    return found, missing


def _make(organization, missing, *, by):
    """{normal name: the new Company}, each with what its first lead knows of it."""
    made = {}
    for norm, (name, domain, leads) in missing.items():
        known_of_it = {attr: getattr(leads[0], of_lead) for attr, of_lead in OF_COMPANY.items() if getattr(leads[0], of_lead)}
        website = known_of_it.pop("website", None)
        website = website if website and company_domain(website) == domain else f"https://{domain}" if domain else None
        made[norm] = Company(organization=organization, created_by=by, company_name=name, name_norm=norm, domain=domain,
                             website=website, **known_of_it)
    rows = [made[norm] for norm in sorted(made)]  # always in the same order, so that two cannot wait for each other
    Company.objects.bulk_create(rows)
    company_words.write(rows)
    history.record_each("company.created", "company", [
        (row.pk, None, {"company_name": row.company_name} | ({"website": row.website} if row.website else {})) for row in rows],
        by=by)
    return made


def domain_of_lead(lead):
    """The domain of the company that the lead's addresses speak of; None for free mail and for none."""
    return company_domain(lead.email) or company_domain(lead.website)


def name_of(domain):
    """What a company is called of which nothing but the domain is known: acme-tools.co.uk -> Acme Tools."""
    return " ".join(word[:1].upper() + word[1:] for word in domain.split(".")[0].split("-") if word) or domain


def plan(organization, lead):
    """What the lead would become, as a Plan; nothing is changed or locked."""
    found, missing = _resolve(organization, {lead: ""})
    told = Plan(company_name=next((name for name, _, _ in missing.values()), ""))
    if pk := found.get(lead.pk):
        told.company = {"id": pk, "name": edit.names_of({pk}).get(pk, "")}
    told.contacts = [
        {"id": contact.pk, "name": contact.name, "email": contact.email, "company_id": contact.company_id}
        for contact in matches(organization, [lead], lock=False).values()
    ]
    return told
