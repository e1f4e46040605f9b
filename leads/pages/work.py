"""What is worked with on the page of a lead: notes, follow-ups, documents, the picture."""

from datetime import datetime, time, timedelta

from django.shortcuts import redirect
from django.utils.timezone import now

from activity import attachments, record_notes
from activity.models import Attachment
from leads import follow_ups, notes, pictures
from leads.models import FollowUp, Lead, Note
from leads.pages.lead import LeadPage
from leads.pages.parts import COMPOSERS, SNOOZES, composer, documents_of, next_step_of
from leads.serializers import AddFollowUp
from lio.errors import Invalid, Missing
from lio.filters import zone_of
from lio.pages import REFUSALS, sentence

MORNING = time(9)


class WorkPage(LeadPage):
    verb = "records.edit"

    def row(self):
        return Lead.objects.of(self.organization).get(pk=self.pk)


# ------------------------------------------------------------------------------------------------- notes
class EditNote(WorkPage):
    """GET: the note as a form; with `delete`, whether to delete it. POST: its new words, or `is_pinned`, or `delete`."""

    def note(self, note_id):
        found = Note.objects.of(self.organization).alive().filter(lead_id=self.pk, pk=note_id).first()
        if found is None:
            raise Missing()
        return found

    def get(self, request, note_id):
        context = {"lead": self.lead(), "note": self.note(note_id)}
        if request.GET.get("delete"):
            return self.show(
                "confirm.html",
                {
                    "title": "Delete this note?", "text": context["note"].title, "verb": "Delete note", "action": "",
                    "back": self.address, "hidden": [("delete", "true")],
                },
            )
        return self.show("leads/_note_edit.html" if self.is_swap else "leads/note.html", context)

    def post(self, request, note_id):
        lead, note = self.lead(), self.note(note_id)
        try:
            text = self.act(request, note)
        except REFUSALS as error:
            note.note = request.POST.get("note", note.note)
            return self.refused("leads/_note_edit.html", {"lead": lead, "note": note}, error)
        if not self.is_swap:
            self.say(text, undoable=True)
            return redirect(self.address)
        toast = {"text": text, "undo_url": self.undo_url or None}
        return self.show("leads/_gone.html", {}, events={"toast": toast, "lead-changed": None, "record-changed": None})

    def act(self, request, note):
        if request.POST.get("delete"):
            notes.delete(Note.objects.filter(pk=note.pk), by=request.user)
            return "Note deleted."
        if "is_pinned" in request.POST:
            pinned = request.POST["is_pinned"] == "true"
            notes.update(note.pk, self.organization, {"is_pinned": pinned}, by=request.user)
            return "Note pinned." if pinned else "Note unpinned."
        title, text = record_notes.read_text(request.POST.get("note", ""))
        notes.update(note.pk, self.organization, {"title": title, "note": text}, by=request.user)
        return "Note saved."


# -------------------------------------------------------------------------------------------- follow-ups
def snooze_moment(choice, member):
    """When a follow-up that is put off comes back. Raises Invalid for an unknown choice."""
    moment, zone = now(), zone_of(member)
    if choice == "hour":
        return moment + timedelta(hours=1)
    if choice not in SNOOZES:
        raise Invalid({"until": ["choose until when"]})
    day = moment.astimezone(zone).date() + timedelta(days=1 if choice == "tomorrow" else 7)
    return datetime.combine(day, MORNING, zone)


class AddFollowUpToLead(WorkPage):
    def post(self, request):
        lead, posted = self.lead(), request.POST
        try:
            given = AddFollowUp.read(
                {
                    "lead_id": self.pk,
                    "follow_up_date": local_moment(posted.get("follow_up_date"), request.user),
                    "notes": posted.get("notes", "").strip(),
                    "repeats": posted.get("repeats") or "",
                }
            )
            follow_ups.add(
                given["lead"], due_at=given["due_at"], notes=given["notes"], repeats=given["repeats"] or "", by=request.user
            )
        except REFUSALS as error:
            form = {
                "date": posted.get("follow_up_date", ""),
                "notes": posted.get("notes", ""),
                "repeats": posted.get("repeats", ""),
            }
            return self.refused(COMPOSERS["follow-up"], {**composer("follow-up", lead, request.user), "form": form}, error)
        return self.changed(COMPOSERS["follow-up"], composer("follow-up", lead, request.user), "Follow-up planned.")


def local_moment(text, member):
    """A moment as the member typed it into a datetime-local input, with his own offset. Raises Invalid."""
    try:
        return datetime.fromisoformat(text or "").replace(tzinfo=zone_of(member)).isoformat()
    except ValueError:
        raise Invalid({"follow_up_date": ["choose a day and a time"]}) from None


class ChangeFollowUpOfLead(WorkPage):
    """POST `done`, `until` (a snooze), or `cancel`."""

    def post(self, request, follow_up_id):
        lead = self.lead()
        if not FollowUp.objects.of(self.organization).alive().filter(lead_id=self.pk, pk=follow_up_id).exists():
            raise Missing()
        try:
            text = self.act(request, follow_up_id)
        except REFUSALS as error:
            self.complain(sentence(error))
            return redirect(self.address)
        return self.changed("leads/_next_step.html", {"lead": lead, **next_step_of(lead, self.organization)}, text)

    def act(self, request, follow_up_id):
        if request.POST.get("done"):
            _, following = follow_ups.complete(follow_up_id, self.organization, by=request.user)
            return "Done. The next one is planned." if following else "Done."
        if request.POST.get("cancel"):
            follow_ups.update(follow_up_id, self.organization, {"status": FollowUp.Status.CANCELLED}, by=request.user)
            return "Follow-up cancelled."
        follow_ups.snooze(
            follow_up_id, self.organization, snooze_moment(request.POST.get("until"), request.user), by=request.user
        )
        return f"Put off: {SNOOZES[request.POST['until']].lower()}."


# --------------------------------------------------------------------------------------------- documents
class AddDocumentToLead(WorkPage):
    def post(self, request):
        lead, upload = self.lead(), request.FILES.get("file")
        try:
            if upload is None:
                raise Invalid({"file": ["choose a file"]})
            row = attachments.add_document(
                self.organization, model_type="lead", model_id=self.pk, upload=upload, by=request.user
            )
        except REFUSALS as error:
            return self.refused("leads/_documents.html", {"lead": lead, **documents_of(lead, self.organization)}, error)
        return self.changed(
            "leads/_documents.html", {"lead": lead, **documents_of(lead, self.organization)}, f"{row.name} is attached."
        )


class DeleteDocumentOfLead(WorkPage):
    def rows(self, document_id):
        found = Attachment.objects.of(self.organization).alive().of_record("lead", self.pk).filter(pk=document_id)
        if not found.exists():
            raise Missing()
        return found

    def get(self, request, document_id):
        self.lead()
        row = self.rows(document_id).get()
        return self.show(
            "confirm.html",
            {
                "title": f"Delete {row.name}?",
                "verb": "Delete file",
                "action": "",
                "back": self.address,
                "text": "The file goes from the lead.",
                "hidden": [],
            },
        )

    def post(self, request, document_id):
        lead, rows = self.lead(), self.rows(document_id)
        name = rows.get().name
        attachments.remove(rows, by=request.user)
        return self.changed(
            "leads/_documents.html", {"lead": lead, **documents_of(lead, self.organization)}, f"{name} is deleted."
        )


# ----------------------------------------------------------------------------------------------- picture
class PictureOfLead(WorkPage):
    def get(self, request):
        return self.show("leads/picture.html", {"lead": self.lead()})

    def post(self, request):
        self.lead()
        try:
            if request.POST.get("remove"):
                pictures.remove_picture(self.pk, self.organization, by=request.user)
                self.say("The picture is removed.", undoable=True)
                return redirect(self.address)
            upload = request.FILES.get("image")
            if upload is None:
                raise Invalid({"image": ["choose a picture"]})
            pictures.set_picture(self.pk, self.organization, upload, by=request.user)
        except REFUSALS as error:
            if isinstance(error, Missing):
                raise
            return self.show("leads/picture.html", {"lead": self.lead(), "error": sentence(error)}, status=422)
        self.say("The picture is saved.", undoable=True)
        return redirect(self.address)
