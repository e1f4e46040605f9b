"""One meeting: when and with whom, what became of it, notes, files, fields in place."""

from typing import Any

from accounts.models import User
from activity import record_page as pages
from booking import meetings, telling
from booking.models import Meeting
from booking.pages.fields import MeetingFields
from booking.pages.query import LABELS, TOOLS, dressed, whole
from companies.models import Company
from contacts.models import Contact
from leads.models import Lead
from lio.errors import Invalid
from lio.pages import REFUSALS

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
        found = super().entry(row, words, written)
        if row.verb == "meeting.rescheduled":
            when = next((one for one in found["changes"] if one["label"] == "Starts"), None)
            was = f"Was {when['before']}" if when and when["before"] else ""
            said = f"moved the meeting to {when['after']}" if when else "changed its length"
            return found | {"kind": "moved", "detail": said, "text": was}
        if row.verb == "meeting.cancelled" or set(after) == {"status"}:
            return found | {"kind": "status_of_meeting", "detail": SAID.get(after.get("status", 0), "changed its status")}
        return found


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
