"""The page of a record: who it is, what happened, notes, files, fields in place, and what higher floors add to it.

An app subclasses `RecordPage` for its kind of record and mixes it into the pages below, which are the same for all kinds; the
templates stand in templates/records/. Routes of an app, under its namespace: view, field, note, edit_note, document_add,
document, delete, and picture where it has one.
"""

from typing import Any

from django.db.models import Q
from django.shortcuts import redirect
from django.urls import reverse

from activity import attachments, record_notes
from activity.models import Attachment, RecordNote
from lio import history
from lio.errors import Invalid, Missing
from lio.pages import REFUSALS, AskingPage, sentence, words_of
from lio.registry import record_parts
from lio.revert import may_undo
from lio.rows import plain_rows
from lio.undo import with_undo

OLD = 30  # timeline entries a page
MOST = 50  # files that the page shows
CUSTOM = "custom:"  # before the key of a custom field in addresses (lookups/record_fields.py)
KINDS = {  # what an entry of the timeline is, by the last word of its verb where it is not listed whole
    "note.added": "note",
    "document.added": "document",
    "document.removed": "document",
    "document.restored": "document",
    "file.attached": "document",
    "created": "created",
    "updated": "changed",
    "enriched": "changed",
    "tagged": "tagged",
    "deleted": "deleted",
    "restored": "restored",
    "logo_changed": "picture",
    "picture_changed": "picture",
    "absorbed": "merged",
}
WORK = {  # what was done, by verb or by its last word
    "document.added": "attached {name}",
    "document.restored": "brought {name} back",
    "document.removed": "deleted {name}",
    "file.attached": "linked {name}",
    "note.changed": "changed a note",
    "note.removed": "deleted a note",
    "note.restored": "brought a note back",
    "logo_changed": "changed the logo",
    "picture_changed": "changed the picture",
    "deleted": "deleted the {noun}",
    "restored": "brought the {noun} back",
}


class RecordPage(AskingPage):
    """What the pages of one record share. A subclass names its kind.

    `model` has `page_rows()`, what a page shows of a row; `fields_class` describes its fields (lookups/record_fields.py).
    """

    model: Any
    noun = ""  # "company"
    namespace = ""
    title = ""  # of the list: "Companies"
    name_field = "name"
    fields_class: Any
    rules: Any  # module with update(id, organization, fields, *, tags, by) and delete(rows, *, by)

    def dispatch(self, request, *args, pk, **kwargs):
        self.pk, self.kwargs_left = pk, kwargs
        return super().dispatch(request, *args, **kwargs)

    @property
    def model_type(self):
        return self.model._meta.model_name

    def rows(self):
        return self.model.objects.of(self.organization).filter(pk=self.pk)

    def row(self):
        """The living record as a model. Raises Missing."""
        found = self.rows().alive().first()
        if found is None:
            raise Missing()
        return found

    def record(self):
        """The same as its list shows it, with its `name`."""
        rows = plain_rows(self.rows().alive().page_rows())
        if not rows:
            raise Missing()
        return rows[0] | {"name": rows[0][self.name_field]}

    def route(self, name, *args):
        return reverse(f"{self.namespace}:{name}", args=[self.pk, *args])

    @property
    def address(self):
        return self.route("view")

    def about(self, record):
        """What every template of the page gets."""
        return {
            "record": record,
            "noun": self.noun,
            "nouns": self.title.lower(),
            "address": self.address,
            "routes": {name: self.route(name) for name in ("note", "document_add", "delete")},
            "list_url": reverse(f"{self.namespace}:list"),
            "list_title": self.title,
            "may_delete": self.request.user.can("records.delete"),
            "may_edit": self.request.user.can("records.edit"),
        }

    def changed(self, template, context, text):
        """The answer to a change: the fragment and a toast for htmx, else back to the page with a message."""
        if not self.is_swap:
            self.say(text, undoable=True)
            return redirect(self.address)
        toast = {"text": text, "undo_url": self.undo_url or None}
        return self.show(template, context, events={"toast": toast, "record-changed": None})


# ------------------------------------------------------------------------------------------------ the page
class ViewRecord(RecordPage):
    """GET: the page; with `part`, that fragment alone."""

    template = "records/record.html"
    parts = {
        "hero": "records/_hero.html",
        "compose": "records/_notes_form.html",
        "timeline": "records/_timeline.html",
        "fields": "records/_fields.html",
        "documents": "records/_documents.html",
    }

    def get(self, request):
        try:
            record = self.record()
        except Missing:
            return self.gone()
        part, context = request.GET.get("part"), self.about(record)
        if part in self.parts:
            return self.show(self.parts[part], context | self.part(part, record))
        extra = self.further()
        if part:
            found = next((one for one in extra if one["name"] == part), None)
            if found is None:
                raise Missing()
            return self.show(found["template"], context | {"part": found})
        for name in self.parts:
            context |= self.part(name, record)
        context |= {
            "side_parts": [one for one in extra if one.get("place", "side") == "side"],
            "below_parts": [one for one in extra if one.get("place") == "below"],
            "main_parts": [one for one in extra if one.get("place") == "main"],
            "parts": self.parts,
        }
        return self.show(self.template, context)

    def gone(self):
        """Where the page of a record leads that is not there: to what it was merged into, if it was."""
        raise Missing()

    def further(self):
        """The sections that higher floors add: {name, template, place, ...}."""
        found = (part(self.request.user, self.pk, self.request) for part in record_parts[self.model_type])
        return [one for one in found if one is not None]

    def part(self, name, record):
        """What the fragment shows beside `about`."""
        if name == "hero":
            return self.hero(record)
        if name == "fields":
            return {"groups": self.fields_class(self.organization).of(record, editing=self.request.GET.get("edit"))}
        if name == "documents":
            return {"documents": documents_of(self, self.model_type, self.pk)}
        if name == "compose":
            return {"note": {}}
        if name == "timeline":
            text = self.request.GET.get("before", "")
            before = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
            return self.timeline(before)
        return {}

    def hero(self, record):
        """{mark: a picture's id or None, lines: what stands below the name, links: [(icon, label, address)]}"""
        return {"picture": None, "lines": [], "links": []}

    # -------------------------------------------------------------------------------------------- timeline
    def merged(self):
        """{id: name} of the records that were merged into this one: their history is told, too."""
        return {}

    def timeline(self, before=0):
        """The newest OLD entries, or those older than the change `before`."""
        merged = self.merged()
        rows = with_undo(self.history(merged)).select_related("by")
        rows = rows.exclude(verb=f"{self.noun}.merged_into") if merged else rows
        rows = rows.filter(pk__lt=before) if before else rows
        rows = list(rows[: OLD + 1])
        told = rows[:OLD]
        note_ids = [row.after["note_id"] for row in told if row.verb == "note.added" and row.after]
        written = self.notes(note_ids)
        words = Words(self.fields_class(self.organization), self.values_in_words(told))
        return {
            "timeline": [
                self.entry(row, words, written)
                | self.undo_of(row)
                | {"of": merged.get(row.model_id, "") if row.model_type == self.model_type else ""}
                for row in told
            ],
            "pinned": [note for note in written.values() if note["is_pinned"]],
            "older": f"?part=timeline&before={told[-1].pk}" if len(rows) > OLD else "",
        }

    def history(self, merged):
        """The changes that the timeline tells, newest first."""
        return history.timeline(self.organization, self.model_type, self.pk, *merged)

    def values_in_words(self, rows):
        """{(name, value): words} of what the fields cannot say by themselves, like the names of companies."""
        return {}

    def undo_of(self, row):
        """Whether the entry was taken back, or may be: at once, or after asking when its action changed others, too."""
        offered = may_undo(row, self.request.user)
        return {"undone": row.undone, "undo": reverse("undo", args=[row.change_id]) if offered else "", "asks": row.others}

    def entry(self, row, words, written):
        """One change as templates/records/_entry.html wants it."""
        last = row.verb.rpartition(".")[2]
        kind = KINDS.get(row.verb) or KINDS.get(last, "other")
        after, before = row.after or {}, row.before or {}
        found: dict = {
            "kind": kind,
            "at": row.created_at,
            "by": str(row.by) if row.by else row.actor,
            "is_member": row.by is not None,
            "changes": [],
            "note": "",
            "detail": "",
        }
        work = WORK.get(row.verb) or WORK.get(last)
        if kind == "note":
            found["note"] = written.get(after.get("note_id"))
        elif row.verb == "note.changed" and "is_pinned" in after:
            found["detail"] = "pinned a note" if after["is_pinned"] else "unpinned a note"
        elif work:
            found["detail"] = work.format(name=after.get("name") or before.get("name") or "", noun=self.noun)
        elif kind == "merged":
            names = ", ".join(one["name"] for key in after for one in after[key] if isinstance(after[key], list))
            found["detail"] = f"merged {names} into this {self.noun}"
        elif kind != "created":
            found["changes"] = [
                {"label": words.label(name), "before": words(name, before.get(name)), "after": words(name, after.get(name))}
                for name in after
                if name != "ai_information"
            ]
            if kind == "tagged":
                found["detail"] = f"added the tag {found['changes'][0]['after']}" if found["changes"] else "added a tag"
            elif kind == "other":
                found["detail"] = row.verb.replace(".", " ").replace("_", " ")
        return found

    def notes(self, ids):
        """{id: note} of the living notes with these ids, and of all that are pinned; the newest first."""
        rows = RecordNote.objects.of(self.organization).alive().filter(model_type=self.model_type)
        rows = rows.filter(Q(pk__in=ids) | Q(is_pinned=True, model_id=self.pk))
        return {
            row.pk: {
                "id": row.pk,
                "url": self.route("edit_note", row.pk),
                "text": row.note or row.title,
                "by": str(row.created_by) if row.created_by else "",
                "at": row.created_at,
                "edited_at": row.edited_at,
                "is_pinned": row.is_pinned,
                "may_change": record_notes.may_change(row, self.request.user),
            }
            for row in rows.select_related("created_by").order_by("-pk")
        }


class Words:
    """The values of a history as a person reads them: `words(name, value)`."""

    def __init__(self, fields, known):
        self.fields, self.known = fields, known

    def label(self, name):
        return self.fields.labels.get(name, name.replace("_", " ").capitalize())

    def __call__(self, name, value):
        if value in (None, "", [], {}):
            return ""
        if (name, str(value)) in self.known:
            return self.known[name, str(value)]
        return self.fields.told(name, value)[:300]


def documents_of(page, model_type, model_id):
    """[{file, url: of its page}] of the newest MOST files of a record, and whether there are more."""
    rows = Attachment.objects.of(page.organization).alive().of_record(model_type, model_id)
    rows = list(rows.select_related("stored_file", "created_by").order_by("-pk")[: MOST + 1])
    return {"files": [{"file": row, "url": page.route("document", row.pk)} for row in rows[:MOST]], "more": len(rows) > MOST}


# ------------------------------------------------------------------------------------------------ fields
class EditField(RecordPage):
    """GET: the field being edited (`?view=1`: shown). POST: saved, or being edited again with what is wrong."""

    verb = "records.edit"

    def field(self, **how):
        record = self.record()
        found = self.fields_class(self.organization).field(record, self.kwargs_left["name"], **how)
        if found is None:
            raise Missing()
        return {"record": record, "field": found}

    def save(self, name, fields, tags):
        """Set `fields` ({model attribute: value}), and `tags` (inner ids) unless they are None."""
        self.rules.update(self.pk, self.organization, fields, tags=tags, by=self.request.user)

    def get(self, request, name):
        if not self.is_swap:
            return redirect(f"{self.address}?edit={name}#field-{name}")
        return self.show("records/_field.html", self.field(editing=not request.GET.get("view")))

    def post(self, request, name):
        context = self.field(editing=True)
        try:
            fields, tags = self.fields_class(self.organization).read(name, request.POST)
            self.save(name, fields, tags)
        except REFUSALS as error:
            if isinstance(error, Missing):
                raise
            text = words_of(error).removeprefix(f"{name.replace(CUSTOM, 'custom_fields.')}: ")
            context["field"] |= {"error": f"{text[:1].upper()}{text[1:]}", "value": request.POST.get("value", "")}
            if self.is_swap:
                return self.show("records/_field.html", context, status=422)
            self.complain(f"{context['field']['label']}: {text}")
            return redirect(f"{self.address}?edit={name}#field-{name}")
        return self.changed("records/_field.html", self.field(saved=True), f"{context['field']['label']} saved.")


# ------------------------------------------------------------------------------------------------ notes
class AddNote(RecordPage):
    verb = "records.edit"
    template = "records/_notes_form.html"

    def post(self, request):
        context, text = self.about(self.record()), request.POST.get("note", "")
        try:
            title, words = record_notes.read_text(text)
        except Invalid as error:
            return self.refused(self.template, context, error, note={"text": text, "error": sentence(error)})
        record_notes.add(self.row(), title=title, note=words, by=request.user)
        return self.changed(self.template, context | {"note": {}}, "Note added.")


class EditNote(RecordPage):
    """GET: the note as a form; with `delete`, whether to delete it. POST: its new words, or `is_pinned`, or `delete`."""

    verb = "records.edit"

    def note(self, note_id):
        rows = RecordNote.objects.of(self.organization).alive().filter(model_type=self.model_type, model_id=self.pk)
        found = rows.filter(pk=note_id).first()
        if found is None:
            raise Missing()
        return found

    def context(self, note):
        return self.about(self.record()) | {"note": note, "url": self.route("edit_note", note.pk)}

    def get(self, request, note_id):
        context = self.context(self.note(note_id))
        if request.GET.get("delete"):
            return self.show("confirm.html", {
                "title": "Delete this note?", "text": context["note"].title, "verb": "Delete note", "action": "",
                "back": self.address, "hidden": [("delete", "true")]})  # fmt: skip
        return self.show("records/_note_edit.html" if self.is_swap else "records/note.html", context)

    def post(self, request, note_id):
        note = self.note(note_id)
        context = self.context(note)
        try:
            text = self.act(request, note)
        except REFUSALS as error:
            note.note = request.POST.get("note", note.note)
            return self.refused("records/_note_edit.html", context, error)
        return self.changed("leads/_gone.html", {}, text)

    def act(self, request, note):
        if request.POST.get("delete"):
            record_notes.delete(RecordNote.objects.filter(pk=note.pk), by=request.user)
            return "Note deleted."
        if "is_pinned" in request.POST:
            pinned = request.POST["is_pinned"] == "true"
            record_notes.update(note.pk, self.organization, {"is_pinned": pinned}, by=request.user)
            return "Note pinned." if pinned else "Note unpinned."
        title, text = record_notes.read_text(request.POST.get("note", ""))
        record_notes.update(note.pk, self.organization, {"title": title, "note": text}, by=request.user)
        return "Note saved."


# ------------------------------------------------------------------------------------------------ files
class AddDocument(RecordPage):
    verb = "records.edit"

    def post(self, request):
        context, upload = self.about(self.record()), request.FILES.get("file")
        try:
            if upload is None:
                raise Invalid({"file": ["choose a file"]})
            row = attachments.add_document(
                self.organization, model_type=self.model_type, model_id=self.pk, upload=upload, by=request.user
            )
        except REFUSALS as error:
            context["documents"] = documents_of(self, self.model_type, self.pk)
            return self.refused("records/_documents.html", context, error)
        context["documents"] = documents_of(self, self.model_type, self.pk)
        return self.changed("records/_documents.html", context, f"{row.name} is attached.")


class DeleteDocument(RecordPage):
    verb = "records.edit"

    def documents(self, document_id):
        rows = Attachment.objects.of(self.organization).alive().of_record(self.model_type, self.pk).filter(pk=document_id)
        if not rows.exists():
            raise Missing()
        return rows

    def get(self, request, document_id):
        self.record()
        row = self.documents(document_id).get()
        return self.show("confirm.html", {
            "title": f"Delete {row.name}?", "verb": "Delete file", "action": "", "back": self.address,
            "text": f"The file goes from the {self.noun}.", "hidden": []})  # fmt: skip

    def post(self, request, document_id):
        context, rows = self.about(self.record()), self.documents(document_id)
        name = rows.get().name
        attachments.remove(rows, by=request.user)
        context["documents"] = documents_of(self, self.model_type, self.pk)
        return self.changed("records/_documents.html", context, f"{name} is deleted.")


# ------------------------------------------------------------------------------------------------ the record
class DeleteRecord(RecordPage):
    verb = "records.delete"
    warning = ""  # what goes and what stays

    def get(self, request):
        record = self.record()
        return self.show("confirm.html", {
            "title": f"Delete {record['name']}?", "verb": f"Delete {self.noun}", "action": "", "back": self.address,
            "text": self.warning, "hidden": []})  # fmt: skip

    def post(self, request):
        record = self.record()
        self.rules.delete(self.rows(), by=request.user)
        self.say(f"{record['name']} is deleted.", undoable=True)
        return redirect(f"{self.namespace}:list")


class SetPicture(RecordPage):
    """GET: asks for a picture. POST: `image`, or `remove`."""

    verb = "records.edit"
    what = "picture"

    def put(self, upload):
        raise NotImplementedError

    def remove(self):
        raise NotImplementedError

    def get(self, request):
        return self.page()

    def post(self, request):
        self.record()
        try:
            if request.POST.get("remove"):
                self.remove()
                self.say(f"The {self.what} is removed.", undoable=True)
                return redirect(self.address)
            upload = request.FILES.get("image")
            if upload is None:
                raise Invalid({"image": ["choose a picture"]})
            self.put(upload)
        except REFUSALS as error:
            if isinstance(error, Missing):
                raise
            return self.page(error=sentence(error), status=422)
        self.say(f"The {self.what} is saved.", undoable=True)
        return redirect(self.address)

    def page(self, *, error="", status=200):
        context = self.about(self.record()) | {"error": error, "what": self.what}
        return self.show("records/picture.html", context, status=status)
