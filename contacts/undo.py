"""How a contact is put back to what it was before a change: its fields, addresses, tags, employments, notes and files."""

from datetime import date

from activity.models import Attachment, RecordNote
from activity.undo import undo_attachment, undo_note
from contacts import addresses, edit
from contacts.models import Contact, ContactTag, Employment
from lio.revert import CHANGED, Reverter, whole
from lookups.changing import tag_ids, tag_numbers
from lookups.known import known

LISTS = frozenset(kind.many for kind in addresses.KINDS)
BESIDE = frozenset({"employment_id", "employment_ids", "note_ids", "attachment_ids"})  # told beside the fields
BACK = {"contact.converted": "contact.unconverted", "contact.unconverted": "contact.converted"}
EMPLOYMENT = ("company_id", "company_name", "designation", "started_on", "ended_on")


class ContactReverter(Reverter):
    model, noun = Contact, "contact"
    verbs = {"note": undo_note, "document": undo_attachment, "file": undo_attachment}

    def delete(self, rows, *, by):
        return edit.delete(rows, by=by)

    def restore(self, rows, *, by):
        return edit.restore(rows, by=by)

    def put_back(self, organization, row, change, by):
        """Each field that still has the value the change gave it gets the one it had before; what came along goes with it."""
        before, after = change.before or {}, change.after or {}
        there = self.present(organization, row)
        fields: dict = {}
        left: list[dict] = []
        tags = None
        for name, given in after.items():
            if name in BESIDE:
                continue
            if name in self.merged:
                part = {key: (before.get(name) or {}).get(key) for key in given if there[name].get(key) == given[key]}
                fields |= {name: part} if part else {}
                left += [{"field": f"{name}.{key}", "reason": CHANGED} for key in given if key not in part]
            elif name not in there or there[name] != given:
                left.append({"field": name, "reason": CHANGED})
            elif name == "tags":
                tags = tag_ids(organization, before.get("tags") or [])
            elif name != "company":  # the name of `company_id`
                fields |= _attribute(organization, name, before.get(name))
        told = _beside(organization, row, before, after, came_back="company_id" in fields)
        did = bool(fields) or tags is not None or told is not None
        if did:
            edit.update(row.pk, organization, fields, tags=tags, by=by, keep=True, closes=False, told=told,
                        verb=BACK.get(change.verb, "contact.updated"))
        return did, left or ([] if did else whole("nothing to put back"))

    def present(self, organization, row):
        columns = [column.attname for column in Contact._meta.concrete_fields]
        lists = addresses.of_contact(row, addresses.points_of(organization, [row.pk])[row.pk])
        tags = ContactTag.objects.of(organization).filter(contact=row).values_list("tag_id", flat=True)
        return (
            edit.wire(organization, {name: getattr(row, name) for name in columns})
            | lists
            | {kind.main: getattr(row, kind.main) for kind in addresses.KINDS}
            | {"company": edit.names_of({row.company_id}).get(row.company_id), "tags": tag_numbers(organization, tags)}
        )


def _beside(organization, contact, before, after, *, came_back):
    """Take back, or bring back, what came with the change: the employment it closed or those it wrote down, the notes and files
    it copied.

    Answers (before, after) of what the history tells of it; None where there was nothing.
    """
    old: dict = {}
    new: dict = {}
    if came_back:
        if gone := _take(organization, contact, [after.get("employment_id") or 0]):
            old["employment"] = gone[0]
        elif given := before.get("employment"):
            new["employment_id"] = _give(organization, contact, given)
    if gone := _take(organization, contact, after.get("employment_ids") or []):
        old["employments"] = gone
    elif given := before.get("employments"):
        new["employment_ids"] = [_give(organization, contact, one) for one in given]
    for name, model in (("note_ids", RecordNote), ("attachment_ids", Attachment)):
        for ids, side, way in ((after.get(name), old, "bury"), (before.get(name), new, "unbury")):
            rows = model.objects.of(organization).filter(model_type="contact", model_id=contact.pk, pk__in=ids or [])
            if ids and getattr(rows, way)():
                side[name] = ids
    return (old, new) if old or new else None


def _take(organization, contact, ids):
    """Delete these employments of the contact; answers what they said."""
    rows = list(Employment.objects.of(organization).filter(contact=contact, pk__in=ids).order_by("pk")) if ids else []
    for row in rows:
        row.delete()
    return [{name: getattr(row, name) for name in EMPLOYMENT} for row in rows]


def _give(organization, contact, told):
    """Write down an employment as it was; answers its id."""
    days = {name: told[name] and date.fromisoformat(told[name]) for name in ("started_on", "ended_on")}
    return Employment.objects.create(organization=organization, contact=contact, **told | days).pk


def _attribute(organization, name, value):
    """A value of the history as model attributes."""
    if name == "status":
        entry = known(organization, "status").get(value)
        return {"status_id": entry and entry.pk}
    if name == "company_since":
        return {name: value and date.fromisoformat(value)}
    return {name: (value or []) if name in LISTS else value}
