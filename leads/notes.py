"""Notes on leads: written, changed, pinned, deleted; who is mentioned is told."""

from django.db import transaction
from django.utils.timezone import now

from activity import mentions
from activity.record_notes import may_change, text_of
from leads.models import Lead, Note
from lio import history
from lio.errors import Forbidden, Missing


def add(lead, *, title, by, note=""):
    """Write a note on a lead; it counts as sales activity."""
    row = Note.objects.create(organization_id=lead.organization_id, lead=lead, title=title, note=note, created_by=by)
    Lead.objects.filter(pk=lead.pk).update(last_activity_at=now())
    history.record("note.added", lead, by=by, after={"note_id": row.pk, "title": title, "note": note})
    mentions.tell(lead, text_of(title, note), by=by)
    return row


@transaction.atomic
def update(note_id, organization, fields, *, by, tell=True):
    """Set title, note or is_pinned. Who is mentioned anew is told. Raises Missing, or Forbidden for another's words.

    The history keeps the whole words (a note has at most 10,000 characters): undo puts them back.
    """
    row = (
        Note.objects.of(organization)
        .alive()
        .filter(lead__deleted_at=None)
        .select_for_update(of=("self",))
        .select_related("lead")
        .filter(pk=note_id)
        .first()
    )
    if row is None:
        raise Missing()
    before = {name: getattr(row, name) for name in fields if getattr(row, name) != fields[name]}
    if not before:
        return row
    rewritten = bool({"title", "note"} & before.keys())
    if rewritten and not may_change(row, by):
        raise Forbidden("Only who wrote a note, or an admin, can change its words.")
    told = mentions.mentioned(row.organization_id, text_of(row.title, row.note)) if rewritten else set()
    for name in before:
        setattr(row, name, fields[name])
    if rewritten:
        row.edited_at = now()
    row.save()
    history.record(
        "note.changed",
        row.lead,
        by=by,
        before=before,
        after={"note_id": row.pk, **{name: fields[name] for name in before}},
    )
    if rewritten and tell:
        mentions.tell(row.lead, text_of(row.title, row.note), by=by, but=told)
    return row


@transaction.atomic
def delete(rows, *, by):
    """Delete notes. Answers the ids. Raises Forbidden, and deletes none, when one of them is another's."""
    going = list(rows.alive().order_by("pk").select_for_update(of=("self",)).select_related("lead"))
    if not all(may_change(row, by) for row in going):
        raise Forbidden("Only who wrote a note, or an admin, can delete it.")
    ids = [row.pk for row in going]
    Note.objects.filter(pk__in=ids).bury()
    history.record_each(
        "note.removed",
        "lead",
        [(row.lead_id, {"note_id": row.pk, "title": row.title, "note": row.note[:500]}, {"note_id": row.pk}) for row in going],
        by=by,
    )
    return ids


@transaction.atomic
def restore(rows, *, by):
    """Bring deleted notes back. Answers the ids. Raises Forbidden, and brings none, when one of them is another's."""
    gone = list(rows.exclude(deleted_at=None).order_by("pk").select_for_update(of=("self",)))
    if not all(may_change(row, by) for row in gone):
        raise Forbidden("Only who wrote a note, or an admin, can bring it back.")
    ids = [row.pk for row in gone]
    Note.objects.filter(pk__in=ids).unbury()
    history.record_each(
        "note.restored", "lead", [(row.lead_id, None, {"note_id": row.pk, "title": row.title}) for row in gone], by=by
    )
    return ids
