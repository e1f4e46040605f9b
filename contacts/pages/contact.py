"""One contact: who it is and where, what happened to it and to the lead that it was, notes, files, fields."""

from django.db.models import Q
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User
from activity import record_page as pages
from activity.models import RecordNote
from contacts import edit
from contacts.merge import merged_into as merged_contacts
from contacts.merge import survivor_of
from contacts.models import Contact
from contacts.pages.fields import ContactFields
from leads.merge import merged_into
from leads.models import Lead, Note
from lio.errors import Missing
from lio.models import Change

WARNING = "The contact goes from every list, with its notes and history. Its lead stays."
UNTOLD = frozenset({"company_id", "company_since", "employment_id", "employment_ids", "note_ids", "attachment_ids",
                    "contact_id", "contact"})  # fmt: skip
DETAILS = {
    "contact.converted": "brought a lead to this contact",
    "contact.unconverted": "took the lead off this contact again",
    "lead.converted": "made a contact of the lead",
    "lead.assigned": "handed the lead on",
    "lead.status_changed": "set the status of the lead",
}


class ContactPage(pages.RecordPage):
    model, noun, namespace, title = Contact, "contact", "contacts", "Contacts"
    fields_class, rules = ContactFields, edit


class ViewContact(ContactPage, pages.ViewRecord):
    def about(self, record):
        return super().about(record) | {"warning": WARNING}

    def gone(self):
        survivor_id = survivor_of(self.organization, self.pk)
        if survivor_id is None:
            raise Missing()
        return redirect("contacts:view", pk=survivor_id)

    def hero(self, record):
        lines = [{"text": record["designation"]}] if record["designation"] else []
        if record["company_id"]:
            lines.append({"text": record["company"], "url": reverse("companies:view", args=[record["company_id"]])})
        if place := ", ".join(filter(None, [record["city"], record["country"]])):
            lines.append({"text": place})
        links = [
            ("envelope", "Email", record["email"] and f"mailto:{record['email']}"),
            ("phone", "Call", record["phone_number"] and f"tel:{record['phone_number']}"),
            ("link", "LinkedIn", record["linkedin_url"]),
        ]
        return {
            "picture": None,
            "lines": lines,
            "links": [
                {"icon": icon, "label": label, "address": address, "outside": address.startswith("http")}
                for icon, label, address in links
                if address and address.startswith(("http://", "https://", "mailto:", "tel:"))
            ],
        }

    # ------------------------------------------------------------------------- timeline
    def merged(self):
        return merged_contacts(self.organization, self.pk)

    def leads(self):
        """{id: name} of the lead that this contact was, and of those that were merged into it."""
        if not hasattr(self, "_leads"):
            lead = Lead.objects.of(self.organization).filter(contacts__pk=self.pk).first()
            self._leads = {lead.pk: str(lead)} | merged_into(self.organization, lead.pk) if lead else {}
        return self._leads

    def history(self, merged):
        rows = Q(model_type="contact", model_id__in=[self.pk, *merged])
        if leads := self.leads():
            rows |= Q(model_type="lead", model_id__in=list(leads))
        return Change.objects.of(self.organization).filter(rows).exclude(verb="lead.merged_into").order_by("-id")

    def values_in_words(self, rows):
        sides = [side for row in rows for side in (row.before or {}, row.after or {})]
        ids = {side["assigned_to"] for side in sides if side.get("assigned_to")}
        members = User.objects.of(self.organization).filter(pk__in=ids)
        found = {("assigned_to", str(member.pk)): member.full_name for member in members}
        return found | {("lead_id", str(pk)): name for pk, name in self.leads().items()}

    def undo_of(self, row):
        """What happened to the lead is taken back on the lead's own page."""
        found = super().undo_of(row)
        return found | {"undo": "", "asks": False} if row.model_type == "lead" else found

    def entry(self, row, words, written):
        row.after = {name: value for name, value in (row.after or {}).items() if name not in UNTOLD or name == "note_id"}
        if row.model_type == "lead" and row.verb == "note.added":
            written = self.notes_of_lead
        found = super().entry(row, words, written)
        if row.verb == "lead.created":
            return found | {"kind": "other", "detail": "created the lead"}
        return found | {"detail": DETAILS[row.verb]} if row.verb in DETAILS else found

    def notes(self, ids):
        """Also those of the lead: the contact's own copies, found by their moment, else as the lead has them."""
        written = super().notes(ids)
        originals = list(Note.objects.of(self.organization).alive().filter(lead_id__in=list(self.leads()), pk__in=ids))
        copies = RecordNote.objects.of(self.organization).alive().filter(
            model_type="contact", model_id=self.pk, created_at__in=[note.created_at for note in originals])
        mine = {(note.created_at, note.created_by_id): note.pk for note in copies}
        of_copies = super().notes(list(mine.values()))
        self.notes_of_lead = {}
        for note in originals:
            if copy := of_copies.get(mine.get((note.created_at, note.created_by_id), 0)):
                self.notes_of_lead[note.pk] = copy
            else:
                self.notes_of_lead[note.pk] = {
                    "id": note.pk, "url": reverse("leads:view", args=[note.lead_id]), "text": note.note or note.title,
                    "by": "", "at": note.created_at, "edited_at": note.edited_at, "is_pinned": False, "may_change": False}
        return written


class EditField(ContactPage, pages.EditField):
    pass


class AddNote(ContactPage, pages.AddNote):
    pass


class EditNote(ContactPage, pages.EditNote):
    pass


class AddDocument(ContactPage, pages.AddDocument):
    pass


class DeleteDocument(ContactPage, pages.DeleteDocument):
    pass


class DeleteContact(ContactPage, pages.DeleteRecord):
    warning = WARNING
