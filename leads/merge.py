"""Merging: leads that are one person become one lead, with all that belongs to them; and how that is taken back.

What moves is not listed here: every key that points to a lead, and every table that names its records by `model_type` and
`model_id`, so that what later apps add moves as well. History stays with the lead that it tells of; the timeline of the lead
that remains shows it, too (`merged_into`).
"""

from datetime import datetime
from functools import cache

from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models.fields.reverse_related import ManyToOneRel
from django.utils.timezone import now

from leads import edit, jobs, scoring
from leads.identity import settle
from leads.models import DuplicatePair, Lead, LeadTag
from lio import history, search
from lio.errors import Invalid, Missing
from lio.jobs import enqueue
from lio.models import Change

FEWEST, MOST = 2, 10  # leads of one merge
CHANGED = "has been changed since"
OWN = "custom_fields."  # before the key of a custom field among the names of fields
FIELDS = {  # name of the API: model attribute
    **{name: name for name in (
        "first_name", "last_name", "email", "phone_number", "linkedin_url", "job_title", "industry", "website", "address",
        "city", "state", "country", "pin_code", "priority", "estimated_value", "notes")},
    "company": "company_id", "status": "status_id", "lead_source": "source_id", "assigned_to": "assigned_to_id",
    "profile_image": "profile_image_id",
}
STAYS = (LeadTag, DuplicatePair)  # tags are united by the edit of the lead, pairs are found anew
EMPTY: tuple = (None, "", [], {})


# ------------------------------------------------------------------------- what wins
def chosen(survivor, others, fields):
    """{model attribute: value} of what the merged lead gets that the survivor does not have.

    `fields` names the lead whose value wins, also an empty one: {name of the API, or "custom_fields.<key>": id}. Where it is
    silent the survivor's own value stays, and where that is empty the oldest other's comes in.
    """
    leads = {lead.pk: lead for lead in (survivor, *others)}
    values = {}
    for name, attr in FIELDS.items():
        value = _wins(leads, fields.get(name), lambda lead, attr=attr: getattr(lead, attr))
        if value != getattr(survivor, attr):
            values[attr] = value
    keys = dict.fromkeys(key for lead in leads.values() for key in lead.custom_fields)
    own = {key: _wins(leads, fields.get(f"{OWN}{key}"), lambda lead, key=key: lead.custom_fields.get(key)) for key in keys}
    own = {key: value for key, value in own.items() if value != survivor.custom_fields.get(key)}
    told = {key: value for lead in reversed(others) for key, value in lead.ai_information.items()
            if key not in scoring.OWN_KEYS and key not in survivor.ai_information}
    return values | ({"custom_fields": own} if own else {}) | ({"ai_information": told} if told else {})


def _wins(leads, chosen_id, read):
    """The survivor comes first among `leads`."""
    if chosen_id is not None:
        return read(leads[chosen_id])
    found = [read(lead) for lead in leads.values()]
    return next((value for value in found if value not in EMPTY), found[0])


def several(organization, lead_ids):
    """The ids of 2 to 10 different living leads, in order. Raises Invalid, and Missing when one is not there."""
    ids = sorted(set(lead_ids))
    if len(ids) <= MOST and Lead.objects.of(organization).alive().filter(pk__in=ids).count() != len(ids):
        raise Missing()
    if len(ids) != len(lead_ids):
        raise Invalid({"ids": ["names a lead twice"]})
    if not FEWEST <= len(ids) <= MOST:
        raise Invalid({"ids": [f"must name {FEWEST} to {MOST} leads"]})
    return ids


def _check(ids, survivor_id, fields):
    """Raises Invalid for a choice that is none."""
    if survivor_id is not None and survivor_id not in ids:
        raise Invalid({"survivor_id": ["is not among ids"]})
    for name, lead_id in fields.items():
        if name not in FIELDS and not name.startswith(OWN):
            raise Invalid({"fields": [f"{name[:100]} is not a field that can be chosen"]})
        if isinstance(lead_id, bool) or lead_id not in ids:
            raise Invalid({"fields": [f"{name[:100]}: must be the id of one of the leads"]})


# ------------------------------------------------------------------------- the merge
@transaction.atomic
def merge(organization, lead_ids, *, by, survivor_id=None, fields=None):
    """Make one lead of 2 to 10: `survivor_id`, else the oldest. The others are deleted and lead to it.

    `fields`: see `chosen`. Tags unite; everything that belongs to the others moves. Answers the survivor's id. Raises
    Invalid, or Missing when one of them is not a living lead of the organisation.
    """
    ids, fields = several(organization, lead_ids), fields or {}
    _check(ids, survivor_id, fields)
    survivor_id = survivor_id or ids[0]
    others = [pk for pk in ids if pk != survivor_id]
    moved = _move(organization, others, survivor_id)  # before the leads: whoever works on a follow-up locks it before its lead
    leads = _lock(organization, ids)
    if len(leads) != len(ids):
        raise Missing()
    survivor, losers = leads[survivor_id], [leads[pk] for pk in others]
    addresses = _addresses(leads.values())
    values = chosen(survivor, losers, fields)
    tags = list(LeadTag.objects.of(organization).filter(lead_id__in=others).values_list("tag_id", flat=True))
    _close(organization, losers, survivor, moved, by=by)
    edit.update(survivor_id, organization, values, by=by, add_tags=tags, keep=True, shares=True)
    settle(*addresses)
    enqueue(jobs.score_leads, survivor_id)
    return survivor_id


def _close(organization, losers, survivor, moved, *, by):
    """Delete what is merged, and write down where it went."""
    ids = [lead.pk for lead in losers]
    history.record_each("lead.merged_into", "lead", [
        (pk, {"deleted_at": None, "moved": moved.get(pk, {})}, {"merged_into": survivor.pk}) for pk in ids], by=by)
    Lead.objects.of(organization).filter(pk__in=ids).update(deleted_at=now(), updated_at=now(), merged_into=survivor)
    search.forget("lead", ids)
    last = [lead.last_activity_at for lead in (survivor, *losers) if lead.last_activity_at]
    before, after = {}, {"leads": [{"id": lead.pk, "name": str(lead)} for lead in losers]}
    if last and max(last) != survivor.last_activity_at:
        before["last_activity_at"], after["last_activity_at"] = survivor.last_activity_at, max(last)
        Lead.objects.filter(pk=survivor.pk).update(last_activity_at=max(last))
    history.record("lead.absorbed", survivor, by=by, before=before or None, after=after)


def _addresses(leads):
    return [lead.email_norm for lead in leads], [lead.linkedin_norm for lead in leads]


def _lock(organization, ids, *, living=True):
    """{id: lead}, locked in the order of their ids, and with them all that share an address: these may get to hold it."""
    rows = Lead.objects.of(organization).filter(pk__in=ids)
    emails, linkedins = _addresses(rows.only("email_norm", "linkedin_norm"))
    sharing = Lead.objects.of(organization).alive().order_by()
    found = set(ids)
    for column, flag, values in (("email_norm", "holds_email", emails), ("linkedin_norm", "holds_linkedin", linkedins)):
        values = [value for value in values if value]
        for holds in (True, False):  # each has an index of its own
            same = sharing.filter(**{f"{column}__in": values, flag: holds})
            found.update(same.values_list("pk", flat=True) if values else [])
    locked = Lead.objects.of(organization).filter(pk__in=found).order_by("pk").select_for_update(of=("self",), no_key=True)
    return {lead.pk: lead for lead in locked if lead.pk in set(ids) and not (living and lead.deleted_at)}


# ------------------------------------------------------------------------- what moves
@cache
def targets():
    """{"table.column": (condition that a row is about a lead, whether only living rows move)} of all that can move."""
    found = {}
    for relation in Lead._meta.get_fields(include_hidden=True):
        if isinstance(relation, ManyToOneRel):  # one-to-one among them
            model, key = relation.related_model, relation.field
            if model not in STAYS and model._meta.managed and not model._meta.proxy:
                found[f"{model._meta.db_table}.{key.column}"] = ("", model is not Lead and _is_buried(model))
    for model in apps.get_models():
        names = {field.name for field in model._meta.concrete_fields}
        if {"organization", "model_type", "model_id"} <= names and model is not Change and not model._meta.proxy:
            found[f"{model._meta.db_table}.model_id"] = ("AND model_type = 'lead'", _is_buried(model))
    return dict(sorted(found.items()))


def _is_buried(model):
    return any(field.name == "deleted_at" for field in model._meta.concrete_fields)


def _move(organization, losers, survivor_id):
    """Let what belongs to `losers` belong to the survivor. Answers {loser: {"table.column": ids of rows}}."""
    moved: dict[int, dict[str, list[int]]] = {}
    for target, (about, only_living) in targets().items():
        table, column = target.split(".")
        where = f"{about} {'AND deleted_at IS NULL' if only_living else ''}"
        with connection.cursor() as cursor:
            cursor.execute(
                f"""SELECT id, {column} FROM {table} WHERE organization_id = %s AND {column} = ANY(%s) {where}
                    ORDER BY id FOR NO KEY UPDATE""", [organization.pk, losers])
            rows = cursor.fetchall()
        gone = set(_point(table, column, survivor_id, [pk for pk, _ in rows]))
        for pk, loser in rows:
            if pk in gone:
                moved.setdefault(loser, {}).setdefault(target, []).append(pk)
    return moved


def _point(table, column, lead_id, ids):
    """Point these rows to a lead. Answers those that do: where a rule lets a lead have only one, the others stay."""
    if not ids:
        return []
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = ANY(%s)", [lead_id, ids])
        return ids
    except IntegrityError as error:
        if getattr(error.__cause__, "sqlstate", "") not in ("23505", "23P01"):
            raise
        return [] if len(ids) == 1 else [pk for one in ids for pk in _point(table, column, lead_id, [one])]


# ------------------------------------------------------------------------- taking it back
def move_back(organization, change):
    """Give a merged lead back what was moved (its Change of `lead.merged_into`). Answers [{field, reason}] of what stays."""
    left = []
    for target, ids in ((change.before or {}).get("moved") or {}).items():
        if target not in targets():  # a table that is no more
            continue
        table, column = target.split(".")
        with connection.cursor() as cursor:
            cursor.execute(
                f"""SELECT id FROM {table} WHERE organization_id = %s AND id = ANY(%s) AND {column} = %s
                    ORDER BY id FOR NO KEY UPDATE""", [organization.pk, ids, change.after["merged_into"]])
            there = [pk for (pk,) in cursor.fetchall()]
        back = _point(table, column, change.model_id, there)
        if len(back) < len(ids):
            left.append({"field": table.split("_", 1)[1], "reason": CHANGED})
    return left


def lock_for_undo(organization, changes):
    """Lock the leads of these changes in the order of their ids. Answers their addresses."""
    return _addresses(_lock(organization, [change.model_id for change in changes], living=False).values())


def open_again(organization, change):
    """A merged lead that has been restored leads nowhere any more."""
    Lead.objects.of(organization).filter(pk=change.model_id).update(merged_into=None)


def back_in_time(organization, change):
    """Put back the survivor's last activity, unless there was one since (its Change of `lead.absorbed`). Answers []."""
    given, before = (change.after or {}).get("last_activity_at"), (change.before or {}).get("last_activity_at")
    if given:
        Lead.objects.of(organization).filter(pk=change.model_id, last_activity_at=datetime.fromisoformat(given)).update(
            last_activity_at=before and datetime.fromisoformat(before))
    return []


# ------------------------------------------------------------------------- old ids
def survivor_of(organization, lead_id):
    """Id of the living lead that this one was merged into; None for any other."""
    row = Lead.objects.of(organization).filter(pk=lead_id, deleted_at__isnull=False, merged_into__deleted_at=None)
    return row.values_list("merged_into_id", flat=True).first()


def merged_into(organization, lead_id):
    """{id: name} of the leads that were merged into this one, whose history it shows."""
    rows = Lead.objects.of(organization).filter(merged_into=lead_id)
    return {lead.pk: str(lead) for lead in rows.only("first_name", "last_name", "email", "phone_number")}
