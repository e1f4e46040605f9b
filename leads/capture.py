"""How a lead comes in, whichever way: rep, API key, form or import. The one place where leads are made and merged."""

from django.db import connection
from django.utils.timezone import now
from orjson import dumps

from companies.linking import by_mail
from companies.naming import find_or_make
from leads import edit, jobs, words
from leads.assignment import tell_owner
from leads.identity import HOLDS, ambiguous, duplicate, holders
from leads.models import Lead, LeadTag
from lio import history, search
from lio import jobs as queue
from lio.errors import Conflict
from lio.norms import norms
from lookups.custom import refuse_taken
from lookups.known import known
from lookups.seeds import NEW

COLUMNS = [str(field.column) for field in Lead._meta.concrete_fields
           if field.name not in ("id", "deleted_at", "last_activity_at")]
EMPTY = dict.fromkeys(COLUMNS)
# Every column, sent or not: one statement for all leads, so that it is planned once.
MAKE = f"""
WITH new AS (
    INSERT INTO leads_lead ({", ".join(COLUMNS)}) VALUES ({", ".join(f"%({column})s" for column in COLUMNS)})
    ON CONFLICT DO NOTHING RETURNING id),
document AS ({search.OF_NEW}), job AS ({queue.OF_NEW}), change AS ({history.OF_NEW})
SELECT new.id, change.change_id FROM new, change
"""
TRIES = 3  # an address may be taken or released between two looks


def capture(organization, fields, *, by, tags=(), on_duplicate="refuse", keep=False, if_new=None):
    """Make a lead of `fields` ({model attribute: value}; `company` is a name), or find the one that it is.

    A living lead with the same e-mail or LinkedIn address makes it a duplicate (R40). `on_duplicate`: "refuse" raises
    Conflict, "merge" puts the given non-empty fields into the oldest match, "accept" makes a second lead all the same.
    `tags` are inner ids. With `keep` a custom value that should be unique and is not is kept all the same. Answers (lead
    id, whether it is new). Raises Conflict `ambiguous_match` when the two addresses belong to two leads. `if_new` are further
    attributes, which only a new lead gets. Without a company a new one is linked to the company whose domain its e-mail has.

    No look before the leap: the insert itself finds out, so that of any number of parallel captures exactly one wins.
    """
    values = {name: value for name, value in fields.items() if value not in (None, "")}
    if company := values.pop("company", None):
        values["company_id"] = find_or_make(organization, company, by=by)
    linked = None if "company_id" in values else by_mail(organization, [values.get("email")]).get(values.get("email"))
    addresses = norms(values)
    second: frozenset[str] = frozenset()
    for _ in range(TRIES):
        made = (if_new or {}) | ({"company_id": linked[0]} if linked else {}) | values
        lead_id = _make(organization, made | addresses, second, linked[1] if linked else company, by=by)
        if lead_id:
            if not keep and values.get("custom_fields"):
                refuse_taken(organization, lead_id, values["custom_fields"])
            add_tags(organization, lead_id, tags)
            tell_owner([lead_id], made.get("assigned_to_id"), by=by)
            return lead_id, True
        held = holders(organization, addresses)
        if on_duplicate == "accept":
            second = frozenset(held)
            continue
        ids = list(dict.fromkeys(held.values()))
        if len(ids) > 1:
            raise ambiguous(ids)
        if ids and on_duplicate == "refuse":
            raise duplicate(ids[0])
        if ids and edit.update(ids[0], organization, values | ({"company": company} if company else {}), by=by,
                               add_tags=tags, verb="lead.merged", gone_ok=True, keep=keep):
            return ids[0], False
    raise Conflict("The same lead is being captured at this moment. Try again.")


def _make(organization, values, second, company, *, by):
    """Id of the new lead, made with all that belongs to it; None when one of its addresses is held.

    Addresses in `second` are not claimed. One statement: the lead, its search words, the note that it came, its score to come.
    """
    row = EMPTY | new_row(organization, values, second)
    for name in ("custom_fields", "ai_information"):
        row[name] = dumps(row[name]).decode()
    with connection.cursor() as cursor:
        cursor.execute(MAKE, row | search.of_new("lead", words.body(values, company)) | queue.of_new(jobs.score_leads)
                       | history.of_new("lead.created", "lead", by=by, after=told(organization, values, company)))
        found = cursor.fetchone()
    if found is None:
        return None
    history.took(found[1])
    return found[0]


def new_row(organization, values, second=()):
    """{column: value} of a new lead. Addresses in `second` are not claimed."""
    moment = now()
    return {
        "first_name": "", "last_name": "", "priority": Lead.Priority.MEDIUM, "custom_fields": {}, "score": 0,
        "do_not_contact": False, "tracking_off": False,
        "status_id": known(organization, "status")[NEW].pk, **values, "ai_information": {},
        **{flag: column not in second for column, flag in HOLDS.items()},
        "organization_id": organization.pk, "created_at": moment, "updated_at": moment,
    }


def told(organization, values, company):
    """What history tells of a new lead."""
    shown = edit.wire(organization, values) | ({"company": company} if company else {})
    shown.pop("company_id", None)
    return shown


def add_tags(organization, lead_id, tags):
    if tags:
        LeadTag.objects.bulk_create(
            [LeadTag(organization=organization, lead_id=lead_id, tag_id=tag) for tag in tags], ignore_conflicts=True)
