"""Many leads at once, as an import brings them: the same rule as `capture`, in a handful of statements.

`capture_many` does to a list of leads what `capture` does to one after the other, duplicates among them included; a test
holds the two against each other. `Plan` decides without the database who is a duplicate of whom, so that an import can also
show beforehand what it will do.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection
from django.utils.timezone import now

from companies.linking import by_mail
from companies.naming import find_or_make_many, normal
from leads import edit, jobs, words
from leads.assignment import tell_owner
from leads.capture import TRIES, new_row, told
from leads.edit_many import follow
from leads.identity import HOLDS, hand_on
from leads.models import Lead, LeadTag
from lio import history, search
from lio.errors import Conflict, Invalid
from lio.jobs import enqueue_many
from lio.many import as_json, recordset, save
from lio.norms import norms
from lookups.custom import active, holders_of
from lookups.known import known

ADDRESSES = tuple(HOLDS)  # what makes a duplicate (R40)
PHONE = "phone_norm"
CREATE, MERGE, DUPLICATE, AMBIGUOUS, BUSY, REFUSED = "created", "merged", "duplicate", "ambiguous", "busy", "refused"


class Outcome(NamedTuple):
    """What became of a lead: its kind and the lead that it is now, or that it is a duplicate of; why it is refused."""

    kind: str
    lead_id: int | None = None
    reason: str = ""


@dataclass(eq=False)
class Incoming:
    """A lead on its way in. `fields` as `capture` takes them ({model attribute: value}; `company` a name), `tags` inner ids."""

    fields: dict
    tags: tuple = ()
    norms: dict = field(default_factory=dict)
    claims: dict = field(default_factory=dict)  # address: whether this lead becomes its holder
    company: str = ""
    unique: dict = field(default_factory=dict)  # {(custom field's id, value as it is compared): label}
    kind: str = ""
    reason: str = ""
    target: Any = None  # whom it is merged into or a duplicate of: a lead's id, or another Incoming
    pk: int | None = None

    @property
    def custom(self):
        return self.fields.get("custom_fields") or {}

    def refuse(self, reason):
        self.kind, self.reason, self.target = REFUSED, reason, None

    def __post_init__(self):
        self.fields = {name: value for name, value in self.fields.items() if value not in (None, "")}
        self.company = self.fields.pop("company", "")
        self.norms = norms(self.fields)


class Plan:
    """Who holds which address, and what that makes of the next lead.

    `match` are the addresses that make a duplicate, `on_duplicate` is "refuse", "merge" or "accept". One plan may go through
    many lists, `look` before each; it remembers what it has placed.
    """

    def __init__(self, organization, *, on_duplicate, match=ADDRESSES):
        self.organization, self.on_duplicate, self.match = organization, on_duplicate, match
        self.held: dict[str, dict[str, Any]] = {column: {} for column in (*ADDRESSES, PHONE)}
        self.addresses: dict[Any, dict[str, str]] = {}  # what each target holds
        self.custom_held: dict[tuple[int, str], Any] = {}  # who holds which value of which unique custom field
        self.required = [one for one in active(organization) if one.required]

    def look(self, leads):
        """Read who holds the addresses of these leads now; what the plan has placed itself stands."""
        wanted = {
            column: [value for lead in leads if (value := lead.norms.get(column)) and value not in self.held[column]]
            for column in self.held
        }
        for way, pk, *values in _holders(self.organization, wanted, phone=PHONE in self.match):
            there = self.addresses.setdefault(pk, {})
            for column, value in zip(self.held, values, strict=True):
                if value and (column != PHONE or way == PHONE):
                    self.held[column].setdefault(value, pk)
                if value:
                    there.setdefault(column, value)
        for lead, one, norm, holder in holders_of(self.organization, [(lead, lead.custom) for lead in leads]):
            lead.unique[one.pk, norm] = one.label
            if holder:
                self.custom_held.setdefault((one.pk, norm), holder)

    def place(self, lead):
        """Decide on one lead (its kind, target and claims). Answers whether the next one must wait until this is done,
        because an address has become free."""
        hits = list(
            dict.fromkeys(
                self.held[column][lead.norms[column]] for column in self.match if lead.norms.get(column) in self.held[column]
            )
        )
        lead.target = hits[0] if hits else None
        if not hits or self.on_duplicate == "accept":
            if missing := [one.label for one in self.required if lead.custom.get(one.key) is None]:
                lead.refuse(f"{missing[0]} is required")
            elif self._owns(lead, lead):
                self._create(lead)
        elif len(hits) > 1:
            lead.kind = AMBIGUOUS
        elif self.on_duplicate == "refuse":
            lead.kind = DUPLICATE
        elif self._owns(lead, hits[0]):
            return self._merge(lead, hits[0])
        return False

    def _owns(self, lead, target):
        """Whether the values of its unique custom fields are free for `target`, which then holds them; else it is refused."""
        for value, label in lead.unique.items():
            if self.custom_held.get(value, target) != target:
                lead.refuse(f"{label}: another record has this value already")
                return False
        self.custom_held |= dict.fromkeys(lead.unique, target)
        return True

    def _create(self, lead):
        lead.kind, lead.target = CREATE, None
        lead.claims = {column: lead.norms.get(column) not in self.held[column] for column in ADDRESSES}
        self.addresses[lead] = {}
        for column, value in lead.norms.items():
            if value and (column == PHONE or lead.claims[column]):
                self.held[column].setdefault(value, lead)
                self.addresses[lead][column] = value

    def _merge(self, lead, target):
        lead.kind, there, freed = MERGE, self.addresses.setdefault(target, {}), False
        for column, value in lead.norms.items():
            if not value or there.get(column) == value:
                continue
            lead.claims[column] = self.held[column].get(value) is None
            if old := there.pop(column, None):
                freed = freed or column != PHONE or PHONE in self.match
                if self.held[column].get(old) is target:
                    del self.held[column][old]
            if lead.claims[column]:
                self.held[column][value] = target
                there[column] = value
        return freed


def _holders(organization, wanted, *, phone):
    """(way, id, its e-mail if it holds it, its LinkedIn address if it holds it, its phone) of living leads."""
    columns = "id, CASE WHEN holds_email THEN email_norm END, CASE WHEN holds_linkedin THEN linkedin_norm END, phone_norm"
    where = "FROM leads_lead WHERE organization_id = %s AND deleted_at IS NULL AND"
    parts, params = [], []
    for column, flag in HOLDS.items():
        if wanted[column]:
            parts.append(f"SELECT '{column}', {columns} {where} {flag} AND {column} = ANY(%s)")
            params += [organization.pk, wanted[column]]
    if phone and wanted[PHONE]:
        parts.append(
            f"(SELECT DISTINCT ON (phone_norm) '{PHONE}', {columns} {where} {PHONE} = ANY(%s) ORDER BY phone_norm, id)"
        )
        params += [organization.pk, wanted[PHONE]]
    if not parts:
        return []
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), params)
        return cursor.fetchall()


def capture_many(organization, incoming, *, by, on_duplicate="refuse", match=ADDRESSES):
    """Capture a list of `Incoming`, in its order, at most some thousands. Answers an `Outcome` for each.

    As with `capture` nothing is looked at before the leap: the insert finds out, and what another intake took meanwhile is
    decided anew, at most TRIES times ("busy" after that). A lead that custom fields forbid, because one is required or a
    value is another's, is "refused" with its reason. Raises Conflict when such a value was taken at this very moment: do
    all of it again.
    """
    outcomes: dict[int, Outcome] = {}
    waiting, tries = list(incoming), 0
    while waiting:
        plan, steps = Plan(organization, on_duplicate=on_duplicate, match=match), []
        plan.look(waiting)
        for lead in waiting:
            steps.append(lead)
            if plan.place(lead):
                break
        undone = _perform(organization, steps, by=by)
        tries = tries + 1 if undone else 0
        if tries == TRIES:
            for lead in undone:
                lead.kind, lead.target = BUSY, None
            undone, tries = [], 0
        gone = {id(lead) for lead in undone}
        for lead in steps:
            if id(lead) not in gone:
                lead_id = lead.pk if lead.kind in (CREATE, MERGE) else _id(lead.target)
                outcomes[id(lead)] = Outcome(lead.kind, lead_id, lead.reason)
        waiting = undone + waiting[len(steps) :]
    return [outcomes[id(lead)] for lead in incoming]


def _id(target):
    return target.pk if isinstance(target, Incoming) else target


def _perform(organization, steps, *, by):
    """Do what was planned. Answers the leads that must be planned anew: they, or those they depend on, lost a race."""
    acting = [lead for lead in steps if lead.kind in (CREATE, MERGE)]
    companies = find_or_make_many(organization, [lead.company for lead in acting if lead.company], by=by)
    for lead in acting:
        if lead.company:
            lead.fields["company_id"] = companies[normal(lead.company)][0] if normal(lead.company) else None
    _insert(organization, [lead for lead in acting if lead.kind == CREATE], by=by)
    lost = {id(lead) for lead in acting if lead.kind == CREATE and lead.pk is None}
    lost |= {id(lead) for lead in steps if isinstance(lead.target, Incoming) and id(lead.target) in lost}
    merging = [lead for lead in acting if lead.kind == MERGE and id(lead) not in lost]
    lost |= _merge(organization, merging, dict(companies.values()), by=by)
    _refuse_taken(organization, [lead for lead in acting if lead.unique and lead.pk])
    return [lead for lead in steps if id(lead) in lost]


def _refuse_taken(organization, leads):
    """The trigger of the leads' table has claimed what was free; what it could not claim somebody else took since we looked."""
    for lead, one, _, holder in holders_of(organization, [(lead, lead.custom) for lead in leads]):
        if holder != lead.pk:
            raise Conflict(f"{one.label}: another record has taken this value at this moment. Try again.")


# ------------------------------------------------------------------------- new leads
def _insert(organization, leads, *, by):
    """Insert them; those whose addresses are free get their `pk`, and all that belongs to a new lead."""
    if not leads:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('leads_lead_id_seq') FROM generate_series(1, %s)", [len(leads)])
        ids = [pk for (pk,) in cursor.fetchall()]
    linked = by_mail(organization, [lead.fields.get("email") for lead in leads if lead.fields.get("company_id") is None])
    rows, made_of = [], []
    for pk, lead in zip(ids, leads, strict=True):
        second = [column for column in ADDRESSES if not lead.claims[column]]
        fields, company = lead.fields, lead.company
        if fields.get("company_id") is None and (found := linked.get(fields.get("email"))):
            fields, company = fields | {"company_id": found[0]}, found[1]
        made_of.append((fields, company))
        rows.append({"id": pk, **new_row(organization, fields | lead.norms, second)})
    names = list(dict.fromkeys(name for row in rows for name in row))
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO leads_lead ({", ".join(names)}) SELECT {", ".join(names)} FROM {recordset(Lead, names)}
                ON CONFLICT DO NOTHING RETURNING id""",
            [as_json(sorted(rows, key=lambda row: row.get("email_norm") or ""))],
        )  # always in one order: fewer deadlocks
        landed = {pk for (pk,) in cursor.fetchall()}
    made, of = [], []
    for pk, lead, what in zip(ids, leads, made_of, strict=True):
        if pk in landed:
            lead.pk = pk
            made.append(lead)
            of.append((pk, *what))
    _tag([(lead.pk, tag) for lead in made for tag in lead.tags], organization)
    search.write_many("lead", [(pk, words.body(fields, company)) for pk, fields, company in of])
    history.record_each(
        "lead.created", "lead", [(pk, None, told(organization, fields, company)) for pk, fields, company in of], by=by
    )
    enqueue_many(jobs.score_leads, [lead.pk for lead in made])
    _tell_owners([(lead.pk, lead.fields.get("assigned_to_id")) for lead in made], by=by)


def _tell_owners(pairs, *, by):
    """Tell the new owners of leads, [(lead's id, member's id or None)]: each of all that are theirs at once."""
    given: dict[int, list[int]] = {}
    for lead_id, member_id in pairs:
        if member_id:
            given.setdefault(member_id, []).append(lead_id)
    for member_id, lead_ids in given.items():
        tell_owner(lead_ids, member_id, by=by)


def _tag(pairs, organization):
    if pairs:
        LeadTag.objects.bulk_create(
            [LeadTag(organization=organization, lead_id=pk, tag_id=tag) for pk, tag in pairs], ignore_conflicts=True
        )


# ------------------------------------------------------------------------- leads that are there
def _merge(organization, leads, company_names, *, by):
    """Put the given fields into their targets, as `edit.update` does. Answers the ids of those whose target has gone."""
    if not leads:
        return set()
    rows = Lead.objects.of(organization).alive().filter(pk__in={_id(lead.target) for lead in leads}).order_by("pk")
    locked = rows.select_for_update(of=("self",)).prefetch_related("company")  # companies are read after the lock
    there = {row.pk: row for row in locked}
    company_names = company_names | {row.company_id: row.company.company_name for row in there.values() if row.company}
    tags = _tags_of(organization, there) if any(lead.tags for lead in leads) else {}
    changes: list = []
    given: list = []
    changed: dict = {}
    columns: set = set()
    lost: set = set()
    freed: tuple[list, list] = ([], [])
    for lead in leads:
        row = there.get(_id(lead.target))
        if row is None:
            lost.add(id(lead))
            continue
        lead.pk = row.pk
        try:
            before, after = _set(row, lead, freed)
        except Invalid as error:
            lead.refuse(str(error))
            continue
        old, new = edit.wire(organization, before), edit.wire(organization, after)
        if "company_id" in new:
            old["company"], new["company"] = company_names.get(before["company_id"]), company_names.get(after["company_id"])
        if added := [tag for tag in dict.fromkeys(lead.tags) if tag not in tags.get(row.pk, ())]:
            old["tags"], new["tags"] = _numbers(organization, tags, row.pk, added)
            _tag([(row.pk, tag) for tag in added], organization)
        if after.get("assigned_to_id"):
            given.append((row.pk, after["assigned_to_id"]))
        if new or after:
            changes.append((row.pk, old, new))
            changed[row.pk] = row
            columns |= after.keys() | ({"last_activity_at"} if "status_id" in after else set())
    save(list(changed.values()), columns, organization)
    hand_on(*freed)
    follow(list(changed.values()), company_names)
    history.record_each("lead.merged", "lead", changes, by=by)
    _tell_owners(given, by=by)
    return lost


def _set(row, lead, freed):
    """Put a lead's fields on the row. Answers what differs, before and after; adds the addresses that it lets go to `freed`."""
    held = {column: getattr(row, column) if getattr(row, flag) else None for column, flag in HOLDS.items()}
    before, after = edit._set(row, dict(lead.fields))
    if "status_id" in after:
        row.last_activity_at = now()
    for (column, flag), released in zip(HOLDS.items(), freed, strict=True):
        if column in after:
            if held[column]:
                released.append(held[column])
            setattr(row, flag, lead.claims.get(column, True))
            after[flag] = getattr(row, flag)
    return before, after


def _tags_of(organization, there):
    found: dict[int, set[int]] = {}
    for pk, tag in LeadTag.objects.of(organization).filter(lead_id__in=there).values_list("lead_id", "tag_id"):
        found.setdefault(pk, set()).add(tag)
    return found


def _numbers(organization, tags, pk, added):
    """The tags' numbers before and after; `tags` learns of the new ones."""
    number = {entry.pk: entry.number for entry in known(organization, "tags").values()}
    there = tags.setdefault(pk, set())
    before = sorted(number.get(tag, tag) for tag in there)
    there.update(added)
    return before, sorted(number.get(tag, tag) for tag in there)
