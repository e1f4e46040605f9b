"""How a contact is put back to what it was before a change: its fields, addresses, tags, employments, notes and files."""

from collections import defaultdict
from datetime import date

from django.db import transaction
from django.db.models import Max

from activity.models import Attachment, RecordNote
from activity.undo import undo_attachment
from contacts import addresses, edit
from contacts.models import Contact, ContactTag, Employment
from lio.errors import DomainError
from lio.models import Change
from lio.undo import with_undo
from lookups.known import known

GONE, CHANGED, THERE = "the contact is gone", "has been changed since", "is there already"
LISTS = frozenset(kind.many for kind in addresses.KINDS)
MAINS = frozenset(kind.main for kind in addresses.KINDS)
BESIDE = frozenset({"employment_id", "employment", "note_ids", "attachment_ids"})  # told beside the fields
WORK = ("note", "document", "file")  # verbs of what belongs to a contact


def may_undo(change, user):
    """Whether an entry of a contact's history, as lio.undo.with_undo reads it, is the kind of thing `user` may take back."""
    if change.verb == "contact.created":
        return user.can("records.delete") or (change.by_id == user.pk and user.can("records.edit"))
    return user.can("records.edit")


def undo_contacts(organization, changes, by):
    """Put the contacts of these Change rows (last first) back. Answers (ids of those that were, conflicts)."""
    done, conflicts = [], []
    created = [change for change in changes if change.verb == "contact.created"]
    for change in changes:
        if change.verb == "contact.created":
            continue
        try:
            with transaction.atomic():
                did, left = _undo_one(organization, change, by)
        except DomainError as error:
            did, left = False, [{"field": None, "reason": str(error)}]
        conflicts += [{"model_id": change.model_id, **conflict} for conflict in left]
        if did:
            done.append(change.model_id)
    made, left = _unmake(organization, created, by) if created else ([], [])
    return list(dict.fromkeys([*done, *made])), conflicts + left


def _unmake(organization, changes, by):
    """Delete what was made: one's own, or with the right to delete; not what somebody has worked on since."""
    later = _later_changes(changes)
    ids, reasons = [], {}
    for change in changes:
        if change.model_id in later:
            reasons[change.model_id] = CHANGED
        elif by is not None and change.by_id != by.pk and not by.can("records.delete"):
            reasons[change.model_id] = "your role does not let you delete contacts"
        else:
            ids.append(change.model_id)
    done = edit.delete(Contact.objects.of(organization).filter(pk__in=ids), by=by)
    reasons |= dict.fromkeys(set(ids) - set(done), GONE)
    return done, [{"model_id": pk, "field": None, "reason": reason} for pk, reason in reasons.items()]


def _later_changes(changes):
    """{contact's id: the newest Change of it that is not among these and still holds}."""
    rows = Change.objects.filter(model_type="contact", model_id__in=[change.model_id for change in changes], undoes=None)
    rows = with_undo(rows.exclude(change_id=changes[0].change_id)).filter(undone=False)
    return dict(rows.values("model_id").annotate(last=Max("pk")).values_list("model_id", "last"))


def _undo_one(organization, change, by):
    """Answers (whether something was put back, what was left alone: [{field, reason}]); no field: the whole."""
    rows = Contact.objects.of(organization).filter(pk=change.model_id)
    if change.verb == "contact.deleted":
        return _all_or(edit.restore(organization, rows, by=by), f"the contact {THERE}")
    if change.verb == "contact.restored":
        return _all_or(edit.delete(rows, by=by), GONE)
    contact = rows.alive().select_for_update(of=("self",)).first()
    if contact is None:
        return _all_or(False, GONE)
    if change.verb.split(".")[0] in ("document", "file"):
        left = undo_attachment(organization, change, by)
        return not left, left
    return _put_back(organization, contact, change, by)


def _all_or(done, reason):
    return (True, []) if done else (False, [{"field": None, "reason": reason}])


def _put_back(organization, contact, change, by):
    """Each field that still has the value the change gave it gets the one it had before; what came along goes with it."""
    before, after = change.before or {}, change.after or {}
    there = present(organization, contact)
    fields: dict = {}
    left: list[dict] = []
    tags = None
    for name, given in after.items():
        if name in BESIDE:
            continue
        if name in edit.MERGED:
            part = {key: (before.get(name) or {}).get(key) for key, value in given.items() if there[name].get(key) == value}
            if part:
                fields[name] = part
            left += [{"field": f"{name}.{key}", "reason": CHANGED} for key in given if key not in part]
        elif name not in there or there[name] != given:
            left.append({"field": name, "reason": CHANGED})
        elif name == "tags":
            wanted = before.get("tags") or []
            tags = [entry.pk for entry in known(organization, "tags").values() if entry.number in wanted]
        elif name != "company":
            fields |= _attribute(organization, name, before.get(name))
    told = _beside(organization, contact, before, after, came_back="company_id" in fields)
    did = bool(fields) or tags is not None or told is not None
    if did:
        verb = {"contact.converted": "contact.unconverted", "contact.unconverted": "contact.converted"}.get(change.verb)
        edit.update(contact.pk, organization, fields, tags=tags, by=by, keep=True, closes=False, told=told,
                    verb=verb or "contact.updated")
    elif not left:
        left.append({"field": None, "reason": "nothing to put back"})
    return did, left


def _beside(organization, contact, before, after, *, came_back):
    """Take back, or bring back, what came with the change: the employment it closed, the notes and files it copied.

    Answers (before, after) of what the history tells of it; None where there was nothing.
    """
    old: dict = {}
    new: dict = {}
    if came_back:
        row = Employment.objects.of(organization).filter(contact=contact, pk=after.get("employment_id") or 0).first()
        if row:
            old["employment"] = {name: getattr(row, name) for name in EMPLOYMENT}
            row.delete()
        elif given := before.get("employment"):
            days = {name: given[name] and date.fromisoformat(given[name]) for name in ("started_on", "ended_on")}
            new["employment_id"] = Employment.objects.create(organization=organization, contact=contact, **given | days).pk
    for name, model in (("note_ids", RecordNote), ("attachment_ids", Attachment)):
        for ids, side, way in ((after.get(name), old, "bury"), (before.get(name), new, "unbury")):
            rows = model.objects.of(organization).filter(model_type="contact", model_id=contact.pk, pk__in=ids or [])
            if ids and getattr(rows, way)():
                side[name] = ids
    return (old, new) if old or new else None


EMPLOYMENT = ("company_id", "company_name", "designation", "started_on", "ended_on")


def present(organization, contact):
    """The contact's values under the names that history uses."""
    columns = [field.attname for field in Contact._meta.concrete_fields]
    lists = addresses.of_contact(contact, addresses.points_of(organization, [contact.pk])[contact.pk])
    tags = ContactTag.objects.of(organization).filter(contact=contact).values_list("tag_id", flat=True)
    return (
        edit.wire(organization, {name: getattr(contact, name) for name in columns})
        | lists
        | {name: getattr(contact, name) for name in MAINS}
        | {"company": edit.names_of({contact.company_id}).get(contact.company_id), "tags": edit.numbers(organization, tags)}
    )


def _attribute(organization, name, value):
    """A value of the history as model attributes."""
    if name == "status":
        entry = known(organization, "status").get(value)
        return {"status_id": entry and entry.pk}
    if name == "company_since":
        return {name: value and date.fromisoformat(value)}
    if name in LISTS:
        return {name: value or []}
    return {name: value}


def notes_of(changes):
    """{contact's id: changes} of notes, for whoever takes notes back (they have a rule of their own)."""
    found = defaultdict(list)
    for change in changes:
        if change.verb.startswith("note."):
            found[change.model_id].append(change)
    return found
