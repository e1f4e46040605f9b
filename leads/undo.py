"""How a lead is put back to what it was before a change: its fields, its notes, follow-ups, files and picture."""

from collections import defaultdict
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from accounts.models import User
from activity.undo import undo_attachment
from leads import edit, follow_ups, jobs, merge, notes, pictures, words
from leads.assignment import tell_owner
from leads.identity import HOLDS, settle
from leads.models import FollowUp, Lead, LeadTag, Note
from lio import history, revert
from lio.errors import DomainError
from lio.jobs import enqueue, enqueue_many
from lio.models import Change
from lio.registry import undo_on_lead
from lio.undo import with_undo
from lookups.known import known

GONE, CHANGED, THERE = "the lead is gone", "has been changed since", "is there already"
NEVER = frozenset({"follow_up.missed"})  # what time did, not a person
ALIKE = {"lead.status_changed": "status", "lead.assigned": "assigned_to"}  # verbs of one field that many leads share


def may_undo(change, user):
    """Whether an entry of a lead's history, as lio.undo.with_undo reads it, is offered to `user` to be taken back."""
    return change.verb not in NEVER and revert.may_undo(change, user)


def undo_leads(organization, changes, by):
    """Put the leads of these Change rows (last first) back. Answers (ids of those that were, conflicts).

    What bulk actions and imports do to thousands goes set-based; the rest lead by lead. New leads go last, as they came first.
    """
    if any(change.verb == "lead.absorbed" for change in changes):
        return _undo_merge(organization, changes, by)
    if merge.KIT.parted(organization, changes):
        return _merge_again(organization, changes, by)
    return _undo_each(organization, changes, by)


def _undo_merge(organization, changes, by):
    """First what moved goes back, then the leads: in the order in which a merge locks them."""
    left = {change.pk: merge.move_back(organization, change) for change in changes if change.verb == "lead.merged_into"}
    addresses = merge.lock_for_undo(organization, changes)
    done, conflicts = _undo_each(organization, changes, by, shares=True)
    for change in changes:
        conflicts += [{"model_id": change.model_id, **conflict} for conflict in left.get(change.pk, ())]
        if change.verb == "lead.merged_into" and change.model_id in done:
            merge.open_again(organization, change)
    before = merge.lock_for_undo(organization, changes)  # the survivor may have another address again
    settle([*addresses[0], *before[0]], [*addresses[1], *before[1]])
    return done, conflicts


def _merge_again(organization, changes, by):
    """The taking back of a merge is itself taken back."""
    emails: list = []
    linkedins: list = []

    def lock():
        for found, more in zip((emails, linkedins), merge.lock_for_undo(organization, changes), strict=True):
            found.extend(more)

    def each(organization, rest, by):
        lock()
        return _undo_each(organization, rest, by, shares=True)

    done, conflicts = merge.KIT.undo(organization, changes, by, each=each, restore=None)
    lock()  # the survivor has other addresses now
    settle(emails, linkedins)
    return done, conflicts


def _undo_each(organization, changes, by, *, shares=False):
    done, conflicts = [], []
    changes = [change for change in changes if change.verb != "lead.form_submitted"]  # that it was sent stays true
    later = _later_changes(changes)
    created = [change for change in changes if change.verb == "lead.created"]
    alike, single = _alike([change for change in changes if change.verb not in ("lead.created", *NEVER)])
    for change in single:
        try:
            with transaction.atomic():
                did, left = _undo_one(organization, change, by, shares)
        except DomainError as error:
            did, left = False, [{"field": None, "reason": str(error)}]
        conflicts += [{"model_id": change.model_id, **conflict} for conflict in left]
        if did:
            done.append(change.model_id)
    for undo, rows in ((_undo_alike, alike), (_unmake, created)):
        ids, left = undo(organization, rows, later, by) if rows else ([], [])
        done += ids
        conflicts += left
    return list(dict.fromkeys(done)), conflicts


def _later_changes(changes):
    """{lead id: the newest Change of it that is not among these and still holds}, for leads that `changes` made.

    What was done and undone again does not count.
    """
    made = [change.model_id for change in changes if change.verb == "lead.created"]
    if not made:
        return {}
    undone = changes[0].change_id
    rows = Change.objects.filter(model_type="lead", model_id__in=made, undoes=None).exclude(change_id=undone)
    rows = with_undo(rows).filter(undone=False)
    return dict(rows.values("model_id").annotate(last=Max("pk")).values_list("model_id", "last"))


def _alike(changes):
    """(rows that set one and the same field of leads which no other of these rows touches, all others)."""
    times: dict[int, int] = defaultdict(int)
    for change in changes:
        times[change.model_id] += 1
    alike = [
        change
        for change in changes
        if times[change.model_id] == 1 and set(change.after or {}) == {ALIKE.get(change.verb)} and change.before
    ]
    taken = {change.pk for change in alike}
    return alike, [change for change in changes if change.pk not in taken]


def _undo_alike(organization, changes, later, by):
    """Status and owner, one statement for all that go from the same to the same."""
    groups = defaultdict(list)
    for change in changes:
        name = ALIKE[change.verb]
        groups[name, change.before.get(name), change.after[name]].append(change.model_id)
    done: list[int] = []
    for (name, before, after), ids in groups.items():
        leads = Lead.objects.of(organization).alive().filter(pk__in=ids)
        if name == "status":
            entry = known(organization, "status").get(before)
            moved = leads.filter(status__number=after).set_status(entry, by=by) if entry else []
            enqueue_many(jobs.score_leads, moved)
        else:
            member = User.objects.of(organization).filter(pk=before).first()
            moved = leads.filter(assigned_to=after).assign_to(member, by=by) if member or before is None else []
            tell_owner(moved, before, by=by)
        done += moved
    left = {change.model_id: ALIKE[change.verb] for change in changes if change.model_id not in set(done)}
    living = set(Lead.objects.of(organization).alive().filter(pk__in=left).values_list("pk", flat=True))
    return done, [
        {"model_id": pk, **({"field": name, "reason": CHANGED} if pk in living else {"field": None, "reason": GONE})}
        for pk, name in left.items()
    ]


def _unmake(organization, changes, later, by):
    """Delete what was made: one's own, or with the right to delete; not what somebody has worked on since."""
    ids, reasons = [], {}
    for change in changes:
        if change.model_id in later:
            reasons[change.model_id] = CHANGED
        elif by is not None and change.by_id != by.pk and not by.can("records.delete"):
            reasons[change.model_id] = "your role does not let you delete leads"
        else:
            ids.append(change.model_id)
    done = edit.delete(Lead.objects.of(organization).filter(pk__in=ids), by=by)
    reasons |= dict.fromkeys(set(ids) - set(done), GONE)
    return done, [{"model_id": pk, "field": None, "reason": reason} for pk, reason in reasons.items()]


def _undo_one(organization, change, by, shares):
    """Answers (whether something was put back, what was left alone: [{field, reason}]); no field: the whole."""
    leads = Lead.objects.of(organization).filter(pk=change.model_id)
    if change.verb in ("lead.deleted", "lead.merged_into"):
        return _all_or(restore(leads, by=by), f"the lead {THERE}")
    if change.verb == "lead.restored":
        return _all_or(edit.delete(leads, by=by), GONE)
    lead = leads.alive().select_for_update(of=("self",)).first()
    if lead is None:
        return _all_or(False, GONE)
    noun = change.verb.split(".")[0]
    if noun == "note":
        return _undo_note(organization, lead, change, by)
    if noun == "follow_up":
        return _undo_follow_up(organization, lead, change, by)
    if noun in ("document", "file"):
        left = undo_attachment(organization, change, by)
        return not left, left
    if change.verb == "lead.tagged":
        return _untag(organization, lead, change, by)
    if change.verb == "lead.picture_changed":
        return _picture_back(lead, change, by)
    if change.verb in undo_on_lead:
        left = undo_on_lead[change.verb](organization, change, by)
        return not left, left
    if change.verb == "lead.absorbed":
        return True, merge.back_in_time(organization, change)
    return _put_back(organization, lead, change, by, shares)


def _all_or(done, reason):
    return (True, []) if done else (False, [{"field": None, "reason": reason}])


# ---------------------------------------------------------------------------- notes, follow-ups, picture
def _undo_note(organization, lead, change, by):
    told = {**(change.before or {}), **(change.after or {})}
    rows = Note.objects.of(organization).filter(lead=lead, pk=told.get("note_id"))
    if change.verb == "note.removed":
        return _all_or(notes.restore(rows, by=by), f"the note {THERE}")
    row = rows.alive().first()
    if row is None:
        return _all_or(False, "the note is gone")
    if change.verb == "note.changed":
        fields, left = _still_so(row, change.before, change.after)
        if fields:
            notes.update(row.pk, organization, fields, by=by, tell=False)
        return bool(fields), left
    if row.is_pinned or any(name in told and getattr(row, name) != told[name] for name in ("title", "note")):
        return _all_or(False, f"the note {CHANGED}")
    return _all_or(notes.delete(rows, by=by), "the note is gone")


def _undo_follow_up(organization, lead, change, by):
    told = {**(change.before or {}), **(change.after or {})}
    rows = FollowUp.objects.of(organization).filter(lead=lead, pk=told.get("follow_up_id"))
    if change.verb == "follow_up.removed":
        return _all_or(follow_ups.restore(rows, by=by), f"the follow-up {THERE}")
    row = rows.alive().first()
    if row is None:
        return _all_or(False, "the follow-up is gone")
    if change.verb in ("follow_up.added", "follow_up.restored"):
        same = all(_follow_up_value(row, name) == _read(name, value) for name, value in told.items() if name != "follow_up_id")
        if not same or (change.verb == "follow_up.added" and row.status != FollowUp.Status.PENDING):
            return _all_or(False, f"the follow-up {CHANGED}")
        return _all_or(follow_ups.delete(rows, by=by), "the follow-up is gone")
    fields, left = {}, []
    for name, old in (change.before or {}).items():
        if _follow_up_value(row, name) == _read(name, (change.after or {}).get(name)):
            fields[COLUMN.get(name, name)] = _read(name, old)
        else:
            left.append({"field": name, "reason": CHANGED})
    if "due_at" in fields:
        fields.setdefault("status", row.status)  # another date alone would make it a rescheduled one
    if fields:
        follow_ups.update(row.pk, organization, fields, by=by, plan_next=False)
    return bool(fields), left


COLUMN = {name: column for column, name in follow_ups.WIRE.items()}


def _follow_up_value(row, name):
    return getattr(row, COLUMN.get(name, name))


def _read(name, value):
    """A value of the history as the row has it."""
    return datetime.fromisoformat(value) if name == "follow_up_date" and value else value


def _still_so(row, before, after):
    """({field: value to put back} of what is as the change left it, what is not)."""
    fields, left = {}, []
    for name, old in (before or {}).items():
        if getattr(row, name) == (after or {}).get(name):
            fields[name] = old
        else:
            left.append({"field": name, "reason": CHANGED})
    return fields, left


def _picture_back(lead, change, by):
    if lead.profile_image_id != (change.after or {}).get("profile_image"):
        return False, [{"field": "profile_image", "reason": CHANGED}]
    return _all_or(pictures.bring_back(lead, (change.before or {}).get("profile_image"), by=by), "the picture is gone")


# ---------------------------------------------------------------------------- the lead itself
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
        return False, [{"field": "tags", "reason": CHANGED}]
    edit.update(lead.pk, organization, {}, tags=[pk for pk in there if pk not in pks], by=by)
    return True, []


def _put_back(organization, lead, change, by, shares):
    """Each field that still has the value the change gave it gets the one it had before."""
    before, after = change.before or {}, change.after or {}
    now_there = _present(organization, lead)
    fields: dict = {}
    left: list[dict] = []
    tags = None
    for name, given in after.items():
        if change.verb == "lead.converted" and name in ("contact_id", "contact"):
            continue  # the contact's own entry tells what becomes of it
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
    did = bool(fields) or tags is not None
    if did:
        edit.update(lead.pk, organization, fields, tags=tags, by=by, keep=shares, shares=shares)
    elif not left and change.verb != "lead.converted":
        left.append({"field": None, "reason": "nothing to put back"})
    return did, left


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
