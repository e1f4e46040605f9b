"""Notes on companies, contacts and their like: written, changed, pinned, deleted; who is mentioned is told."""

from django.db import transaction
from django.utils.timezone import now

from activity import mentions
from activity.models import RecordNote
from lio import history
from lio.errors import Forbidden, Invalid, Missing
from lio.registry import subjects

LONGEST = 10_000  # characters of a note


def read_text(text):
    """(title, note) of what a person typed into one box. Raises Invalid."""
    words = text.strip()
    if not words or len(words) > LONGEST or "\x00" in words:
        raise Invalid(
            {
                "note": [
                    "write something first"
                    if not words
                    else f"has at most {LONGEST:,} characters"
                    if len(words) > LONGEST
                    else "must not hold a NUL character"
                ]
            }
        )
    return words.splitlines()[0][:200], words


def text_of(title, note):
    return note if note.startswith(title) else f"{title}\n{note}".strip()


def may_change(note, user):
    """A note's words are its author's; an admin may change them, too. Anybody who edits records may pin it."""
    return note.created_by_id == user.pk or user.is_admin


@transaction.atomic
def add(row, *, title, by, note=""):
    """Write a note on a record, which has happened to it now."""
    model_type = row._meta.model_name
    written = RecordNote.objects.create(
        organization_id=row.organization_id, model_type=model_type, model_id=row.pk, title=title, note=note, created_by=by
    )
    if hasattr(row, "last_activity_at"):
        type(row).objects.filter(pk=row.pk).update(last_activity_at=now())
    history.record("note.added", row, by=by, after={"note_id": written.pk, "title": title, "note": note})
    mentions.tell(row, text_of(title, note), by=by)
    return written


@transaction.atomic
def update(note_id, organization, fields, *, by, tell=True):
    """Set title, note or is_pinned of a note on a living record. Who is mentioned anew is told. Raises Missing, or Forbidden
    for another's words."""
    note = RecordNote.objects.of(organization).alive().select_for_update(of=("self",)).filter(pk=note_id).first()
    row = note and record_of(note)
    if row is None:
        raise Missing()
    before = {name: getattr(note, name) for name in fields if getattr(note, name) != fields[name]}
    if not before:
        return note
    rewritten = bool({"title", "note"} & before.keys())
    if rewritten and not may_change(note, by):
        raise Forbidden("Only who wrote a note, or an admin, can change its words.")
    told = mentions.mentioned(note.organization_id, text_of(note.title, note.note)) if rewritten else set()
    for name in before:
        setattr(note, name, fields[name])
    if rewritten:
        note.edited_at = now()
    note.save()
    after = {"note_id": note.pk, **{name: fields[name] for name in before}}
    history.record("note.changed", row, by=by, before=before, after=after)
    if rewritten and tell:
        mentions.tell(row, text_of(note.title, note.note), by=by, but=told)
    return note


def record_of(note):
    """The living record that a note is on, else None."""
    return subjects[note.model_type].rows(note.organization_id).filter(pk=note.model_id).first()


@transaction.atomic
def delete(rows, *, by):
    """Delete notes. Answers the ids. Raises Forbidden, and deletes none, when one of them is another's."""
    going = list(rows.alive().order_by("pk").select_for_update(of=("self",)))
    if not all(may_change(note, by) for note in going):
        raise Forbidden("Only who wrote a note, or an admin, can delete it.")
    RecordNote.objects.filter(pk__in=[note.pk for note in going]).bury()
    for note in going:
        history.record(
            "note.removed",
            (note.model_type, note.model_id),
            by=by,
            before={"note_id": note.pk, "title": note.title, "note": note.note[:500]},
            after={"note_id": note.pk},
        )
    return [note.pk for note in going]


@transaction.atomic
def restore(rows, *, by):
    """Bring deleted notes back. Answers the ids. Raises Forbidden, and brings none, when one of them is another's."""
    gone = list(rows.exclude(deleted_at=None).order_by("pk").select_for_update(of=("self",)))
    if not all(may_change(note, by) for note in gone):
        raise Forbidden("Only who wrote a note, or an admin, can bring it back.")
    RecordNote.objects.filter(pk__in=[note.pk for note in gone]).unbury()
    for note in gone:
        history.record(
            "note.restored", (note.model_type, note.model_id), by=by, after={"note_id": note.pk, "title": note.title}
        )
    return [note.pk for note in gone]
