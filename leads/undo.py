"""How a lead is put back to what it was before a change."""

from django.db import transaction
from django.db.models import Max

from leads import edit, jobs, words
from leads.identity import HOLDS
from leads.models import Lead, LeadTag
from lio import history
from lio.errors import DomainError
from lio.jobs import enqueue
from lio.models import Change
from lookups.known import known

GONE, CHANGED = "the lead is gone", "has been changed since"


def undo_leads(organization, changes, by):
    """Put the leads of these Change rows (last first) back. Answers (their ids, conflicts)."""
    done, conflicts = [], []
    changes = [change for change in changes if change.verb != "lead.form_submitted"]  # that it was sent stays true
    later = _later_changes(changes)
    for change in changes:
        try:
            with transaction.atomic():
                left = _undo_one(organization, change, later, by)
        except DomainError as error:
            left = [{"field": None, "reason": str(error)}]
        conflicts += [{"model_id": change.model_id, **conflict} for conflict in left]
        if not left or any(conflict["field"] for conflict in left):
            done.append(change.model_id)
    return list(dict.fromkeys(done)), conflicts


def _later_changes(changes):
    """{lead id: the newest Change of it that is not among these}, for leads that `changes` made."""
    made = [change.model_id for change in changes if change.verb == "lead.created"]
    if not made:
        return {}
    rows = Change.objects.filter(model_type="lead", model_id__in=made).exclude(change_id=changes[0].change_id)
    return dict(rows.values("model_id").annotate(last=Max("pk")).values_list("model_id", "last"))


def _undo_one(organization, change, later, by):
    """Answers what was left alone: [{field, reason}]; a field of None stands for the whole lead."""
    leads = Lead.objects.of(organization).filter(pk=change.model_id)
    if change.verb == "lead.created":
        if change.model_id in later:
            return [{"field": None, "reason": CHANGED}]
        return [] if edit.delete(leads, by=by) else [{"field": None, "reason": GONE}]
    if change.verb == "lead.deleted":
        return [] if restore(leads, by=by) else [{"field": None, "reason": "the lead is there already"}]
    lead = leads.alive().select_for_update(of=("self",)).select_related("company").first()
    if lead is None:
        return [{"field": None, "reason": GONE}]
    if change.verb == "lead.tagged":
        return _untag(organization, lead, change, by)
    return _put_back(organization, lead, change, by)


def restore(leads, *, by):
    """Bring deleted leads back. An address that another living lead holds by now stays with that one. Answers the ids."""
    gone = list(leads.filter(deleted_at__isnull=False).order_by("pk").select_for_update(of=("self",)))
    for lead in gone:
        for column, flag in HOLDS.items():
            address = getattr(lead, column)
            taken = (
                address
                and Lead.objects.filter(
                    organization_id=lead.organization_id, deleted_at=None, **{column: address, flag: True}
                ).exists()
            )
            setattr(lead, flag, not taken)
        lead.deleted_at = None
        lead.save(update_fields=["deleted_at", "updated_at", *HOLDS.values()])
        company = lead.company.company_name if lead.company else None
        words.write(lead.pk, {name: getattr(lead, name) for name in words.COLUMNS}, company)
        history.record("lead.restored", lead, by=by)
        enqueue(jobs.score_leads, lead.pk)
    return [lead.pk for lead in gone]


def _untag(organization, lead, change, by):
    numbers = (change.after or {}).get("tags", [])
    pks = [entry.pk for entry in known(organization, "tags").values() if entry.number in numbers]
    there = list(LeadTag.objects.of(organization).filter(lead=lead).values_list("tag_id", flat=True))
    if not set(pks) & set(there):
        return [{"field": "tags", "reason": CHANGED}]
    edit.update(lead.pk, organization, {}, tags=[pk for pk in there if pk not in pks], by=by)
    return []


def _put_back(organization, lead, change, by):
    """Each field that still has the value the change gave it gets the one it had before."""
    before, after = change.before or {}, change.after or {}
    now_there = _present(organization, lead)
    fields: dict = {}
    left: list[dict] = []
    tags = None
    for name, given in after.items():
        if name in edit.MERGED:
            part, wrong = _keys_back(now_there[name], before.get(name) or {}, given or {})
            if part:
                fields[name] = part
            left += [{"field": f"{name}.{key}", "reason": CHANGED} for key in wrong]
        elif name in now_there and now_there[name] == given:
            if name == "tags":
                tags = [
                    entry.pk for entry in known(organization, "tags").values() if entry.number in (before.get("tags") or [])
                ]
            elif name != "company_id" or "company" not in after:
                fields |= _attribute(organization, name, before.get(name))
        else:
            left.append({"field": name, "reason": CHANGED})
    if fields or tags is not None:
        edit.update(lead.pk, organization, fields, tags=tags, by=by)
    elif not left:
        left.append({"field": None, "reason": "nothing to put back"})
    return left


def _keys_back(there, before, after):
    """(keys to set, with None for keys to remove; keys that have changed since)."""
    part = {key: before.get(key) for key, value in after.items() if there.get(key) == value}
    return part, [key for key in after if key not in part]


def _present(organization, lead):
    """The lead's values under the names that history uses."""
    columns = [field.attname for field in Lead._meta.concrete_fields]
    shown = edit.wire(organization, {name: getattr(lead, name) for name in columns})
    tags = {entry.pk: entry.number for entry in known(organization, "tags").values()}
    there = LeadTag.objects.of(organization).filter(lead=lead).values_list("tag_id", flat=True)
    return shown | {
        "company": lead.company.company_name if lead.company else None,
        "tags": sorted(tags.get(pk, pk) for pk in there),
    }


def _attribute(organization, name, value):
    """A value of the history as model attributes."""
    for column, (shown, kind) in edit.WIRE.items():
        if name == shown:
            entry = known(organization, kind).get(value)
            return {column: entry and entry.pk}
    if name == "assigned_to":
        return {"assigned_to_id": value}
    return {name: value if value is not None or name not in ("first_name", "last_name") else ""}
