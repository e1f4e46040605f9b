"""How what was attached to a record, or noted on it, is taken off again, or comes back."""

from activity import attachments, record_notes
from activity.models import Attachment, RecordNote

GONE, THERE = "the file is gone", "the file is there already"


def undo_attachment(organization, change, by):
    """Take back a `document.*` or `file.attached` of the history. Answers what was left alone: [{field, reason}]."""
    pk = (change.after or {}).get("attachment_id") or (change.before or {}).get("attachment_id")
    rows = Attachment.objects.of(organization).of_record(change.model_type, change.model_id).filter(pk=pk)
    if change.verb != "document.removed":
        return [] if attachments.remove(rows, by=by) else [{"field": None, "reason": GONE}]
    if attachments.restore(rows, by=by):
        return []
    return [{"field": None, "reason": THERE if rows.alive().exists() else GONE}]


def undo_note(organization, change, by):
    """Take back a `note.*` of the history of a company, a contact or their like. Answers what was left alone."""
    told = {**(change.before or {}), **(change.after or {})}
    rows = RecordNote.objects.of(organization).filter(
        model_type=change.model_type, model_id=change.model_id, pk=told.get("note_id")
    )
    if change.verb == "note.removed":
        return [] if record_notes.restore(rows, by=by) else _whole("the note is there already")
    note = rows.alive().first()
    if note is None:
        return _whole("the note is gone")
    if change.verb == "note.changed":
        before, after = change.before or {}, change.after or {}
        fields = {name: old for name, old in before.items() if getattr(note, name) == after.get(name)}
        if fields:
            record_notes.update(note.pk, organization, fields, by=by, tell=False)
        return [{"field": name, "reason": CHANGED} for name in before if name not in fields]
    if note.is_pinned or any(name in told and getattr(note, name) != told[name] for name in ("title", "note")):
        return _whole(f"the note {CHANGED}")
    return [] if record_notes.delete(rows, by=by) else _whole("the note is gone")


CHANGED = "has been changed since"


def _whole(reason):
    return [{"field": None, "reason": reason}]
