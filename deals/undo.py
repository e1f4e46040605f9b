"""How deals and pipelines are put back to what they were before a change."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

from django.db import transaction
from orjson import dumps

from activity.undo import undo_attachment, undo_note
from contacts.models import Contact
from deals import contacts, edit, pipelines
from deals.forecast import goals
from deals.forecast.models import Quota
from deals.forecast.months import month_of
from deals.models import Deal, DealContact, Pipeline
from lio.errors import DomainError
from lio.models import Change
from lio.revert import all_or, whole
from lio.undo import with_undo

GONE, CHANGED, THERE = "the deal is gone", "has been changed since", "is there already"
COLUMN = {name: attr for attr, name in edit.WIRE.items()}
MONEY = ("value", "currency", "amount", "rate")
BESIDE = ("stage",)  # names that history tells for people only


def undo_deals(organization, changes, by):
    """Put the deals of these Change rows (last first) back. Answers (ids of those that were, conflicts).

    Those that go from the same to the same go together, however many they are.
    """
    done, conflicts = [], []
    later = _later(changes)
    for steps in _in_turns(changes):
        kind, rows = steps
        ids, left = UNDO[kind](organization, rows, later, by)
        done += ids
        conflicts += [{"model_id": pk, "field": field, "reason": reason} for pk, field, reason in left]
    return list(dict.fromkeys(done)), conflicts


def _in_turns(changes):
    """[(what to do, its rows)]: rows of one kind that follow each other go together unless they are of one deal."""
    turns: list[tuple[str, list]] = []
    for change in changes:
        kind = next((name for name in (change.verb, change.verb.split(".")[0]) if name in UNDO), "edit")
        if not turns or turns[-1][0] != kind or any(row.model_id == change.model_id for row in turns[-1][1]):
            turns.append((kind, []))
        turns[-1][1].append(change)
    return turns


def _later(changes):
    """Ids of deals that `changes` made and that somebody has worked on since."""
    made = [change.model_id for change in changes if change.verb == "deal.created"]
    if not made:
        return set()
    rows = Change.objects.filter(model_type="deal", model_id__in=made, undoes=None).exclude(change_id=changes[0].change_id)
    return set(with_undo(rows).filter(undone=False).values_list("model_id", flat=True))


def _unmake(organization, changes, later, by):
    ids, left = [], []
    for change in changes:
        if change.model_id in later:
            left.append((change.model_id, None, CHANGED))
        elif by is not None and change.by_id != by.pk and not by.can("records.delete"):
            left.append((change.model_id, None, "your role does not let you delete deals"))
        else:
            ids.append(change.model_id)
    return _told(edit.delete(_rows(organization, ids), by=by), ids, left, GONE)


def _restore(organization, changes, later, by):
    """A deal comes back with its lead: one that this very action deleted, too, is about to come back."""
    ids = [change.model_id for change in changes]
    rows = _rows(organization, ids)
    dead = dict(rows.exclude(lead__deleted_at=None).values_list("pk", "lead_id"))
    coming = set(Change.objects.filter(model_type="lead", verb="lead.deleted", change_id=changes[0].change_id,
                                       model_id__in=dead.values()).values_list("model_id", flat=True))
    lost = [pk for pk, lead_id in dead.items() if lead_id not in coming]
    left = [(pk, None, "its lead is gone") for pk in lost]
    done = edit.restore(rows.exclude(pk__in=lost), by=by)
    still = set(rows.exclude(deleted_at=None).exclude(pk__in=lost).values_list("pk", flat=True))
    left += [(pk, None, "its stage or its pipeline is gone") for pk in ids if pk in still]
    return _told(done, [pk for pk in ids if pk not in lost and pk not in still], left, f"the deal {THERE}")


def _delete_again(organization, changes, later, by):
    ids = [change.model_id for change in changes]
    return _told(edit.delete(_rows(organization, ids), by=by), ids, [], GONE)


def _contact_back(organization, changes, later, by):
    done, left = [], []
    for change in changes:
        deal = _rows(organization, [change.model_id]).alive().first()
        told, old = change.after, change.before["role"]
        row = deal and DealContact.objects.filter(deal=deal, contact_id=told["contact_id"]).first()
        contact = Contact.objects.of(organization).alive().filter(pk=told["contact_id"]).first()
        if deal is None or contact is None or (row.role if row else None) != told["role"]:
            left.append((change.model_id, "contacts", CHANGED))
        elif old is None:
            contacts.remove(deal, contact.pk, by=by)
            done.append(deal.pk)
        else:
            contacts.put(deal, contact, role=old, by=by)
            done.append(deal.pk)
    return done, left


def _put_back(organization, changes, later, by):
    """Each field that still has the value the change gave it gets the one it had before."""
    rows = _rows(organization, [change.model_id for change in changes]).alive()
    edit.make_way(rows, {told["stage_id"] for change in changes if (told := change.before or {}).get("stage_id")})
    deals = {deal.pk: deal for deal in rows.order_by("pk").select_for_update(of=("self",))}
    groups: dict[bytes, tuple[dict, list[int]]] = defaultdict(lambda: ({}, []))
    left: list[tuple] = []
    for change in changes:
        deal = deals.get(change.model_id)
        if deal is None:
            left.append((change.model_id, None, GONE))
            continue
        fields, wrong = _fields(deal, change)
        left += [(deal.pk, name, CHANGED) for name in wrong]
        if fields:
            key = dumps(fields, default=str)
            groups[key] = (fields, [*groups[key][1], deal.pk])
        elif not wrong:
            left.append((deal.pk, None, "nothing to put back"))
    done: list[int] = []
    for fields, ids in groups.values():
        try:
            with transaction.atomic():
                done += edit.set_fields(organization, ids, fields, by=by, undoing=True)
        except DomainError as error:
            left += [(pk, None, str(error)) for pk in ids]
    return done, left


def _fields(deal, change):
    """({model attribute: value to put back}, names of what has changed since)."""
    fields: dict = {}
    wrong: list[str] = []
    before, after = change.before or {}, change.after or {}
    for name, given in after.items():
        attr = COLUMN.get(name, name)
        if name in BESIDE:
            continue
        if name == "custom_fields":
            same = {key: before[name].get(key) for key, value in given.items() if deal.custom_fields.get(key) == value}
            fields |= {name: same} if same else {}
            wrong += [f"cf.{key}" for key in given if key not in same]
        elif edit._plain(getattr(deal, attr)) == given:
            fields[attr] = _read(attr, before.get(name))
        else:
            wrong.append(name)
    if any(name in MONEY for name in wrong):  # these belong together
        wrong += [name for name in MONEY if name in after and name not in wrong]
        fields = {name: value for name, value in fields.items() if name not in MONEY}
    if "category_by_hand" in fields:
        fields.setdefault("category", deal.category)
    if "stage_id" in fields:
        fields.setdefault("pipeline_id", deal.pipeline_id)
    return fields, wrong


def _read(attr, value):
    """A value of the history as the model has it."""
    if value is None:
        return None
    if attr in ("value", "amount"):
        return Decimal(str(value)).quantize(Decimal("0.01"))
    if attr == "rate":
        return Decimal(str(value)).quantize(Decimal("0.00000001"))
    return date.fromisoformat(value) if attr in ("expected_close_date", "next_step_on") else value


def _rows(organization, ids):
    return Deal.objects.of(organization).filter(pk__in=ids)


def _told(done, asked, left, reason):
    return done, left + [(pk, None, reason) for pk in asked if pk not in set(done)]


def _one_by_one(undo_one):
    """For what is noted on a deal or attached to it."""

    def undo(organization, changes, later, by):
        done, left = [], []
        for change in changes:
            try:
                with transaction.atomic():
                    gone = [] if _rows(organization, [change.model_id]).alive().exists() else [{"field": None, "reason": GONE}]
                    found = gone or undo_one(organization, change, by)
            except DomainError as error:
                found = [{"field": None, "reason": str(error)}]
            left += [(change.model_id, one["field"], one["reason"]) for one in found]
            done += [] if found else [change.model_id]
        return done, left

    return undo


UNDO = {"note": _one_by_one(undo_note), "document": _one_by_one(undo_attachment), "file": _one_by_one(undo_attachment),
        "deal.created": _unmake, "deal.deleted": _restore, "deal.restored": _delete_again,
        "deal.contact_changed": _contact_back, "edit": _put_back}


def undo_pipelines(organization, changes, by):
    """The same for pipelines and their stages, through the same rules. For whoever may edit them."""
    if by is not None and not by.can("lookups.manage"):
        reason = "your role does not let you change pipelines"
        return [], [{"model_id": change.model_id, "field": None, "reason": reason} for change in changes]
    done, conflicts = [], []
    for change in changes:
        rows = Pipeline.objects.of(organization).filter(pk=change.model_id)
        try:
            with transaction.atomic():
                did, left = _undo_pipeline(rows, change, by)
        except DomainError as error:
            did, left = False, whole(str(error))
        conflicts += [{"model_id": change.model_id, **conflict} for conflict in left]
        if did:
            done.append(change.model_id)
    return list(dict.fromkeys(done)), conflicts


def _undo_pipeline(rows, change, by):
    """(whether something was put back, what was left alone: [{field, reason}])."""
    if change.verb == "pipeline.deleted":
        return all_or(pipelines.restore(rows, by=by), f"the pipeline {THERE}")
    pipeline = rows.alive().first()
    if pipeline is None:
        return all_or(False, "the pipeline is gone")
    if change.verb in ("pipeline.created", "pipeline.restored"):
        return all_or(pipelines.delete(rows, by=by), "the pipeline is gone")
    before, after = dict(change.before or {}), dict(change.after or {})
    stages = before.pop("stages", None), after.pop("stages", None)
    now_is = pipelines._plain({name: getattr(pipeline, name) for name in after})
    fields = {name: old for name, old in before.items() if now_is[name] == after[name]}
    left = [{"field": name, "reason": CHANGED} for name in before if name not in fields]
    if fields.get("max_deal_limit") is not None:
        fields["max_deal_limit"] = Decimal(str(fields["max_deal_limit"]))
    if fields:
        pipelines.update(pipeline, by=by, **fields)
    did = bool(fields)
    if None not in stages:
        changed, kept = pipelines.put_stages_back(pipeline, *stages, by=by)
        did, left = did or changed, left + kept
    return did, left


def undo_quotas(organization, changes, by):
    """The same for goals: each gets the amount that it had, or is taken away again."""
    if by is not None and not by.can("organization.manage"):
        reason = "your role does not let you set goals"
        return [], [{"model_id": change.model_id, "field": None, "reason": reason} for change in changes]
    done, conflicts = [], []
    for change in changes:
        quota = Quota.objects.of(organization).select_related("owner", "team", "pipeline").get(pk=change.model_id)
        of_whom = {"owner": quota.owner, "team": quota.team, "pipeline": quota.pipeline, "month": month_of(quota.month)}
        if goals.amount_of(organization, **of_whom) != (change.after or {}).get("amount"):
            conflicts.append({"model_id": change.model_id, "field": "amount", "reason": CHANGED})
        else:
            before = (change.before or {}).get("amount")
            goals.set_quota(organization, amount=None if before is None else Decimal(str(before)), by=by, **of_whom)
            done.append(change.model_id)
    return list(dict.fromkeys(done)), conflicts
