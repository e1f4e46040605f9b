"""How a meeting is put back to what it was before a change: its fields, notes and files."""

from datetime import datetime

from activity.undo import undo_attachment, undo_note
from booking import meetings, recaps
from booking.models import Meeting
from lio.revert import Reverter, whole

ATTRIBUTES = {name: attribute for attribute, name in meetings.WIRE.items()}
TIMES = ("start_time", "end_time")


def unbook(organization, change, by):
    """A booking is taken back by deleting its meeting, of which the visitor is told."""
    rows = Meeting.objects.of(organization).filter(pk=change.model_id)
    return [] if meetings.delete(rows, by=by) else whole("the meeting is gone")


class MeetingReverter(Reverter):
    model, noun, merged = Meeting, "meeting", ()
    verbs = {"note": undo_note, "document": undo_attachment, "file": undo_attachment, "meeting.booked": unbook,
             "meeting.transcript_added": recaps.undo, "meeting.transcript_removed": recaps.undo,
             "meeting.summarised": recaps.keep_summary}

    def update(self, organization, pk, fields, *, tags, by):
        values = {ATTRIBUTES.get(name, name): datetime.fromisoformat(value) if name in TIMES else value
                  for name, value in fields.items()}
        meetings.update(pk, organization, values, by=by, undoing=True)

    def delete(self, rows, *, by):
        return meetings.delete(rows, by=by)

    def restore(self, rows, *, by):
        return meetings.restore(rows, by=by)

    def present(self, organization, row):
        return meetings.wire({name: getattr(row, name) for name in meetings.FIELDS}) | {"tags": []}
