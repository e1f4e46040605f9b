"""How what was attached to a record is taken off again, or comes back."""

from activity import attachments
from activity.models import Attachment

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
