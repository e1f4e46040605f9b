"""Changing one lead: the sent fields, with what must follow from them in the same transaction."""

from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.timezone import now
from orjson import dumps

from companies.naming import find_or_make
from leads import jobs, scoring, words
from leads.assignment import tell_owner
from leads.identity import HOLDS, ambiguous, duplicate, hand_on, holders
from leads.models import Lead, LeadTag
from lio import history, search
from lio.errors import Invalid, Missing
from lio.jobs import enqueue
from lio.norms import norms
from lio.registry import unlinks
from lookups.custom import refuse_taken
from lookups.known import known

MAX_KEYS, MAX_BYTES = 100, 32_000  # of an object that is merged, as JSON
MERGED = ("custom_fields", "ai_information")  # objects whose keys are set one by one; null removes a key
WIRE = {"status_id": ("status", "status"), "source_id": ("lead_source", "source")}


@transaction.atomic
def update(lead_id, organization, fields, *, by, tags=None, add_tags=(), verb="lead.updated", gone_ok=False,
           keep=False, shares=False):
    """Set `fields` ({model attribute: value}; `company` is a name) of a living lead of the organisation.

    `tags` (inner ids) replaces its tags, `add_tags` adds to them. Only what differs is written and recorded. Answers True,
    or False when the lead has gone and `gone_ok`. With `keep` a custom value that should be unique and is not is kept. With
    `shares` a new address is not claimed, whoever has it: the caller says who holds it (identity.settle).
    Raises Missing, or Conflict when an address or a unique value belongs to another lead.
    """
    # the company is read after the lock: joined to the lead, it would be the one that the lead had before the wait
    lead = Lead.objects.of(organization).alive().select_for_update(of=("self",)).filter(pk=lead_id).first()
    if lead is None:
        if gone_ok:
            return False
        raise Missing()
    values = dict(fields)
    company_before = lead.company and lead.company.company_name if {"company", "company_id"} & values.keys() else None
    if "company" in values:
        name = values.pop("company")
        values["company_id"] = find_or_make(organization, name, by=by) if name else None
    before, after = _set(lead, values, shares)
    tags_before, tags_after = _set_tags(organization, lead, tags, add_tags)
    if not after and tags_before == tags_after:
        return True
    released = {column: getattr(lead, f"_old_{column}", None) for column in HOLDS}
    if after:
        _save(lead, after, organization)
        if "custom_fields" in after and not keep:
            refuse_taken(organization, lead.pk, after["custom_fields"])
        hand_on([released["email_norm"]], [released["linkedin_norm"]])
    _record(lead, organization, before, after, (tags_before, tags_after), company_before, by=by, verb=verb)
    if after.get("assigned_to_id"):
        tell_owner([lead.pk], after["assigned_to_id"], by=by)
    if {"first_name", "last_name", "email", "phone_number", "job_title", "company_id"} & after.keys():
        words.write(lead.pk, {name: getattr(lead, name) for name in words.COLUMNS}, lead.company and lead.company.company_name)
    enqueue(jobs.score_leads, lead.pk)
    return True


def _set(lead, values, shares=False):
    """Put `values` on the lead; answers what differs, before and after, normal forms included."""
    before, after = {}, {}
    if "ai_information" in values:
        values["ai_information"] = {k: v for k, v in values["ai_information"].items() if k not in scoring.OWN_KEYS}
    for name in MERGED:
        if name in values:
            old = getattr(lead, name)
            new = {key: value for key, value in {**old, **(values.pop(name) or {})}.items() if value is not None}
            _check_size(name, new)
            keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
            if keys:  # only the keys that differ are told
                before[name], after[name] = {key: old.get(key) for key in keys}, {key: new.get(key) for key in keys}
                setattr(lead, name, new)
    for column, new in norms(values).items():
        old = getattr(lead, column)
        values[column] = new
        if new != old and column in HOLDS:
            if old and getattr(lead, HOLDS[column]):
                setattr(lead, f"_old_{column}", old)
            values[HOLDS[column]] = not (shares and new)  # claims the new address; the database says if it is free
    for name, value in values.items():
        old = getattr(lead, name)
        if old != value and not (old in (None, "") and value in (None, "")):
            before[name], after[name] = old, value
            setattr(lead, name, value)
    return before, after


def _check_size(name, merged):
    """What is merged in small pieces must not grow without bounds either."""
    if len(merged) > MAX_KEYS:
        raise Invalid({name: [f"would have more than {MAX_KEYS} entries"]})
    if len(dumps(merged)) > MAX_BYTES:
        raise Invalid({name: [f"would be more than {MAX_BYTES} bytes"]})


def _save(lead, changed, organization):
    if "status_id" in changed:
        lead.last_activity_at = now()
    try:
        with transaction.atomic():
            lead.save(update_fields=[*changed, "last_activity_at", "updated_at"])
    except IntegrityError as error:
        if getattr(error.__cause__, "sqlstate", "") != "23505":
            raise
        held = holders(organization, {column: changed.get(column) for column in HOLDS})
        others = [pk for pk in dict.fromkeys(held.values()) if pk != lead.pk]
        raise (ambiguous(others) if len(others) > 1 else duplicate(others[0] if others else None)) from error


def _set_tags(organization, lead, tags, add_tags):
    """Answers the tags' numbers before and after."""
    if tags is None and not add_tags:
        return None, None
    rows = LeadTag.objects.of(organization).filter(lead=lead)
    there = set(rows.values_list("tag_id", flat=True))
    wanted = set(tags) if tags is not None else there | set(add_tags)
    if there != wanted:
        rows.filter(tag_id__in=there - wanted).delete()
        LeadTag.objects.bulk_create([LeadTag(organization=organization, lead=lead, tag_id=pk) for pk in sorted(wanted - there)],
                                    ignore_conflicts=True)
    number = {entry.pk: entry.number for entry in known(organization, "tags").values()}
    return sorted(number.get(pk, pk) for pk in there), sorted(number.get(pk, pk) for pk in wanted)


def _record(lead, organization, before, after, tags, company_before, *, by, verb):
    old, new = wire(organization, before), wire(organization, after)
    if "company_id" in new:
        old["company"], new["company"] = company_before, lead.company.company_name if lead.company else None
    if tags[0] != tags[1]:
        old["tags"], new["tags"] = tags
    if verb == "lead.updated" and set(new) == {"status"}:
        verb = "lead.status_changed"
    elif verb == "lead.updated" and set(new) == {"assigned_to"}:
        verb = "lead.assigned"
    history.record(verb, lead, by=by, before=old, after=new)


def wire(organization, values):
    """`values` under the names and ids of the API, without inner columns."""
    shown = {}
    for name, value in values.items():
        if name in WIRE:
            shown_name, kind = WIRE[name]
            shown[shown_name] = next((e.number for e in known(organization, kind).values() if e.pk == value), None)
        elif name == "assigned_to_id":
            shown["assigned_to"] = value
        elif not name.endswith("_norm") and not name.startswith("holds_"):
            shown[name] = float(value) if isinstance(value, Decimal) else value
    return shown


@transaction.atomic
def delete(rows, *, by):
    """Delete leads (softly, R27). Their addresses are free again, or go to the oldest living duplicate. Answers the ids."""
    going = list(rows.alive().order_by("pk").select_for_update(of=("self",)).values_list(
        "pk", "email_norm", "holds_email", "linkedin_norm", "holds_linkedin", "organization_id"))
    ids = [row[0] for row in going]
    if not ids:
        return []
    for unlink in unlinks["lead"]:
        unlink(going[0][5], ids, by)
    history.change_rows(Lead.objects.filter(pk__in=ids), "lead.deleted", {"deleted_at": now()}, by=by)
    hand_on([row[1] for row in going if row[2]], [row[3] for row in going if row[4]])
    search.forget("lead", ids)
    return ids
