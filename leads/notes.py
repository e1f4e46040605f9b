"""Notes on leads."""

from django.utils.timezone import now

from leads.models import Lead, Note
from lio import history


def add(lead, *, title, by, note=""):
    """Write a note on a lead; it counts as sales activity."""
    row = Note.objects.create(organization_id=lead.organization_id, lead=lead, title=title, note=note, created_by=by)
    Lead.objects.filter(pk=lead.pk).update(last_activity_at=now())
    history.record("note.added", lead, by=by, after={"note_id": row.pk, "title": title, "note": note[:500]})
    return row
