"""One meeting: when and with whom, what became of it, notes, files, fields in place."""

from typing import Any

from django.shortcuts import redirect

from accounts.models import User
from activity import record_page as pages
from booking import meetings, recaps, telling
from booking.models import Meeting, MeetingSummary
from booking.pages import transcript
from booking.pages.fields import MeetingFields
from booking.pages.query import LABELS, TOOLS, dressed
from booking.serializers import words_sent
from booking.transcripts import MOST_BYTES
from companies.models import Company
from contacts.models import Contact
from leads.models import Lead
from lio.errors import Invalid, Missing
from lio.pages import REFUSALS
from lookups.names import whole

WARNING = "The meeting goes from list and calendar, with its notes and history. If it was still to come, attendees are told."
Status = Meeting.Status
SAID: dict[int, str] = {
    Status.HELD: "marked it as held", Status.NO_SHOW: "marked it as no show", Status.CANCELLED: "cancelled the meeting",
    Status.SCHEDULED: "put it back into the calendar", Status.RESCHEDULED: "put it back into the calendar",
}  # fmt: skip
TOASTS = {Status.HELD: "Marked as held.", Status.NO_SHOW: "Marked as no show.", Status.CANCELLED: "The meeting is cancelled.",
          Status.SCHEDULED: "The meeting is back in the calendar."}  # fmt: skip
MODELS: dict[str, Any] = {"user_id": User, "lead_id": Lead, "contact_id": Contact, "company_id": Company}
UNSAID = ("deleted_at", "exclusive")


class MeetingPage(pages.RecordPage):
    model, noun, namespace, title = Meeting, "meeting", "meetings", "Meetings"
    name_field, fields_class, rules = "title", MeetingFields, meetings

    def record(self):
        return dressed([super().record()])[0]

    def about(self, record):
        return super().about(record) | {"warning": WARNING, "status_url": self.route("status"), "tools": TOOLS,
                                        "can_hold": record["is_on"] and record["has_begun"],
                                        "link_note": self.link_note(record)}

    def link_note(self, record):
        return telling.link_note(self.request.user, record) if record["is_on"] and not record["is_over"] else ""


class ViewMeeting(MeetingPage, pages.ViewRecord):
    template = "meetings/meeting.html"
    parts = pages.ViewRecord.parts | {"hero": "meetings/_hero.html"}

    def record(self):
        """Read once: all parts of the page tell of the same meeting."""
        if not hasattr(self, "_record"):
            self._record = super().record()
        return self._record

    def hero(self, record):
        return {}

    def further(self):
        return [transcript.section(self, self.record(), detail=self.request.GET.get("summary", "")), *super().further()]

    # ------------------------------------------------------------------------- timeline
    def values_in_words(self, rows):
        sides = [side for row in rows for side in (row.before or {}, row.after or {})]
        found: dict = {}
        for name, model in MODELS.items():
            if ids := {side[name] for side in sides if side.get(name)}:
                there = model.objects.of(self.organization).filter(pk__in=ids)
                found |= {(name, str(one.pk)): str(one) for one in there}
        return found

    def entry(self, row, words, written):
        after = row.after = {name: value for name, value in (row.after or {}).items() if name not in UNSAID}
        if row.verb == "meeting.booked":
            return super().entry(row, words, written) | {"kind": "created", "detail": "", "changes": []}
        if row.verb in transcript.TOLD:
            return super().entry(row, words, written) | {"changes": [], **transcript.told(row)}
        found = super().entry(row, words, written)
        if row.verb == "meeting.rescheduled":
            when = next((one for one in found["changes"] if one["label"] == "Starts"), None)
            was = f"Was {when['before']}" if when and when["before"] else ""
            said = f"moved the meeting to {when['after']}" if when else "changed its length"
            return found | {"kind": "moved", "detail": said, "text": was}
        if row.verb == "meeting.cancelled" or set(after) == {"status"}:
            return found | {"kind": "status_of_meeting", "detail": SAID.get(after.get("status", 0), "changed its status")}
        return found

    def undo_of(self, row):
        """A summary is not taken back: it is made anew."""
        return super().undo_of(row) | ({"undo": ""} if row.verb == "meeting.summarised" else {})


class SetStatus(MeetingPage):
    """Posts `status`: held, no show, cancelled, or planned again."""

    verb = "records.edit"

    def post(self, request):
        context, status = self.about(self.record()), whole(request.POST.get("status", ""))
        try:
            if status not in LABELS:
                raise Invalid({"status": ["choose what became of the meeting"]})
            meetings.update(self.pk, self.organization, {"status": status}, by=request.user)
        except REFUSALS as error:
            return self.refused("meetings/_hero.html", context, error)
        toast = TOASTS.get(Status(status), "Saved.")
        return self.changed("meetings/_hero.html", self.about(self.record()), toast)


class EditField(MeetingPage, pages.EditField):
    def save(self, name, fields, tags):
        """Another beginning takes the end along."""
        if name == "start_time":
            row = self.row()
            fields |= {"end_time": fields["start_time"] + (row.end_time - row.start_time)}
        meetings.update(self.pk, self.organization, fields, by=self.request.user)


class AddNote(MeetingPage, pages.AddNote):
    pass


class EditNote(MeetingPage, pages.EditNote):
    pass


class AddDocument(MeetingPage, pages.AddDocument):
    pass


class DeleteDocument(MeetingPage, pages.DeleteDocument):
    pass


class DeleteMeeting(MeetingPage, pages.DeleteRecord):
    warning = WARNING


class AddTranscript(MeetingPage):
    """Posts `file`, or `text` that was pasted."""

    verb = "records.edit"

    def post(self, request):
        record, text, upload = self.record(), request.POST.get("text", ""), request.FILES.get("file")
        context = self.about(record)
        try:
            if upload is None and not text.strip():
                raise Invalid({"file": ["choose a file, or paste what was said"]})
            data, name = words_sent({"file": upload} if upload else {"text": text})
            row = recaps.put(self.pk, self.organization, data, file_name=name, by=request.user)
        except REFUSALS as error:
            part = transcript.section(self, record) | {"pasted": text[:MOST_BYTES], "is_adding": True}
            return self.refused(transcript.TEMPLATE, context, error, part=part)
        told = f"{row.file_name or 'The transcript'} is added: {row.parts:,} part{'' if row.parts == 1 else 's'}."
        return self.changed(transcript.TEMPLATE, context | {"part": transcript.section(self, record)}, told)


class RemoveTranscript(MeetingPage):
    verb = "records.edit"

    def post(self, request):
        record = self.record()
        recaps.remove(self.pk, self.organization, by=request.user)
        context = self.about(record) | {"part": transcript.section(self, record)}
        return self.changed(transcript.TEMPLATE, context, "The transcript is deleted.")


class Summarise(MeetingPage):
    """Posts `detail`: brief or detailed."""

    verb = "records.edit"

    def post(self, request):
        record = self.record()
        context, detail = self.about(record), request.POST.get("detail", "")
        try:
            if detail not in MeetingSummary.Detail.values:
                raise Invalid({"detail": ["choose how long the summary is to be"]})
            recaps.summarise(self.pk, self.organization, detail, by=request.user)
        except REFUSALS as error:
            return self.refused(transcript.TEMPLATE, context, error, part=transcript.section(self, record))
        ready = "The summary is ready."
        if not self.is_swap:
            self.say(ready)
            return redirect(f"{self.address}?summary={detail}#part-transcript")
        context |= {"part": transcript.section(self, record, detail=detail)}
        return self.show(transcript.TEMPLATE, context, events={"toast": {"text": ready}, "record-changed": None})


class ReadTranscript(MeetingPage):
    """The whole transcript, PAGE parts at a time; `at` names a part that is to be among them."""

    def get(self, request):
        record, row = self.record(), recaps.living(self.organization, self.pk)
        if row is None:
            raise Missing()
        at = min(whole(request.GET.get("at", "")), row.parts - 1) // transcript.PAGE * transcript.PAGE
        context = self.about(record) | {
            "transcript": row, "length": transcript.clock(row.seconds), "turns": transcript.turns(row, at, transcript.PAGE),
            "first": at + 1, "last": min(at + transcript.PAGE, row.parts),
            "before": at - transcript.PAGE if at else None,
            "after": at + transcript.PAGE if at + transcript.PAGE < row.parts else None}
        return self.show("meetings/transcript.html", context)
