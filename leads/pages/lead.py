"""One lead: who, status path, notes, timeline, score with reasons, fields."""

from datetime import datetime

from django.http import QueryDict
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User
from activity import record_notes
from companies.places import local_time
from leads import edit, merge, notes
from leads.models import FollowUp, Lead
from leads.pages.fields import CUSTOM, LABELS, LeadFields
from leads.pages.list import SIZE, listing_of, number
from leads.pages.parts import COMPOSERS, composer, documents_of, duplicates_of, next_step_of, notes_of
from leads.serializers import entry
from leads.undo import may_undo
from lio import history
from lio.api.envelope import BadParameter
from lio.errors import Invalid, Missing
from lio.pages import REFUSALS, AskingPage, words_of
from lio.registry import record_acts, record_parts
from lio.rows import plain_rows
from lio.undo import with_undo
from lookups.known import known
from lookups.seeds import LOST

PARTS = {
    "hero": "leads/_hero.html",
    "path": "leads/_path.html",
    "timeline": "leads/_timeline.html",
    "score": "leads/_score.html",
    "fields": "leads/_fields.html",
    "next": "leads/_next_step.html",
    "documents": "leads/_documents.html",
    "compose": "leads/_notes_form.html",
    "duplicates": "leads/_duplicates.html",
}
PLACES = ("side", "main")  # where higher floors may add sections (lio.registry.record_parts)
OLD = 30  # timeline entries a page
UNQUALIFIED = 4
KINDS = {
    "lead.created": "created",
    "lead.status_changed": "status",
    "lead.assigned": "assigned",
    "note.added": "note",
    "lead.tagged": "tagged",
    "lead.merged": "changed",
    "lead.updated": "changed",
    "lead.enriched": "changed",
    "lead.deleted": "deleted",
    "lead.restored": "restored",
    "follow_up.added": "follow_up",
    "follow_up.changed": "follow_up",
    "follow_up.completed": "follow_up",
    "follow_up.missed": "follow_up",
    "follow_up.removed": "follow_up",
    "follow_up.restored": "follow_up",
    "document.added": "document",
    "document.removed": "document",
    "document.restored": "document",
    "file.attached": "document",
    "lead.picture_changed": "picture",
    "lead.absorbed": "merged",
    "lead.form_submitted": "form",
}
WORK = {
    "follow_up.added": "planned a follow-up",
    "follow_up.changed": "changed a follow-up",
    "follow_up.completed": "did a follow-up",
    "follow_up.missed": "noticed a missed follow-up",
    "follow_up.removed": "took a follow-up away",
    "follow_up.restored": "brought a follow-up back",
    "document.added": "attached {name}",
    "document.restored": "brought {name} back",
    "document.removed": "deleted {name}",
    "file.attached": "linked {name}",
    "lead.picture_changed": "changed the picture",
    "note.changed": "changed a note",
    "note.removed": "deleted a note",
    "note.restored": "brought a note back",
    "lead.alert_acknowledged": "answered {name}",
    "lead.alert_reopened": "took back the answer to {name}",
    "lead.signal_logged": "logged the signal {name}",
    "lead.signal_withdrawn": "took back the signal {name}",
    "lead.converted": "converted the lead to a contact",
    "lead.deleted": "deleted the lead",
    "lead.restored": "brought the lead back",
}


class LeadPage(AskingPage):
    """What the pages of one lead share."""

    def dispatch(self, request, *args, pk, **kwargs):
        self.pk, self.kwargs_left = pk, kwargs
        return super().dispatch(request, *args, **kwargs)

    def lead(self):
        rows = plain_rows(Lead.objects.of(self.organization).alive().filter(pk=self.pk).page_rows())
        if not rows:
            raise Missing()
        return rows[0]

    @property
    def address(self):
        return reverse("leads:view", args=[self.pk])

    def path(self, lead):
        every = known(self.organization, "status").values()
        statuses = [found for found in every if found.is_active or found.number == lead["status"]]
        on_path = [found for found in statuses if found.number not in (UNQUALIFIED, LOST)]
        place = next((n for n, found in enumerate(on_path) if found.number == lead["status"]), -1)

        def step(found, n):
            state = "now" if found.number == lead["status"] else "done" if n < place else "next"
            return {"id": found.number, "name": found.name, "state": state}

        return {
            "steps": [step(found, n) for n, found in enumerate(on_path)],
            "others": [step(found, 99) for found in statuses if found.number in (UNQUALIFIED, LOST)],
        }

    def changed(self, template, context, text):
        """The answer to a change: the fragment and a toast for htmx, else back to the page with a message."""
        if not self.is_swap:
            self.say(text, undoable=True)
            return redirect(self.address)
        toast = {"text": text, "undo_url": self.undo_url or None}
        return self.show(template, context, events={"toast": toast, "lead-changed": None, "record-changed": None})


class ViewLead(LeadPage):
    def get(self, request):
        try:
            lead, part = self.lead(), request.GET.get("part")
        except Missing:
            survivor_id = merge.survivor_of(self.organization, self.pk)
            if survivor_id is None:
                raise
            return redirect("leads:view", pk=survivor_id)
        if part and part not in PARTS and (extra := next((one for one in self.further() if one["name"] == part), None)):
            return self.show(extra["template"], {"lead": lead, "address": self.address, "part": extra})
        if part in PARTS:
            template = COMPOSERS[self.compose] if part == "compose" else PARTS[part]
            return self.show(template, {"lead": lead, **self.part(part, lead)})
        context = {
            "lead": lead,
            "address": self.address,
            "currency": self.organization.currency,
            "pager": self.pager(),
            "composer": COMPOSERS[self.compose],
            "may_delete": request.user.can("records.delete"),
        }
        for name in PARTS:
            context |= self.part(name, lead)
        context |= {f"{place}_parts": [one for one in self.further() if one.get("place", "side") == place] for place in PLACES}
        return self.show("leads/lead.html", context)

    def further(self):
        """The sections that higher floors add: {name, template, place, ...}."""
        if not hasattr(self, "_further"):
            found = (part(self.request.user, self.pk, self.request) for part in record_parts["lead"])
            self._further = [one for one in found if one is not None]
        return self._further

    def part(self, name, lead):
        if name == "hero":
            return {
                "place": ", ".join(filter(None, [lead["city"], lead["country"]])),
                "local_time": local_time(lead["country"]),
                "acts": [found for act in record_acts["lead"] if (found := act(self.request.user, self.pk))],
            }
        if name == "path":
            return {"path": self.path(lead)}
        if name == "score":
            return {"score": score_of(lead)}
        if name == "fields":
            return {
                "groups": LeadFields(self.organization).of(lead, editing=self.request.GET.get("edit")),
                "currency": self.organization.currency,
            }
        if name == "next":
            return next_step_of(lead, self.organization)
        if name == "documents":
            return documents_of(lead, self.organization)
        if name == "duplicates":
            return duplicates_of(lead, self.organization) | {"may_delete": self.request.user.can("records.delete")}
        if name == "compose":
            return composer(self.compose, lead, self.request.user)
        return timeline_of(lead, self.organization, self.request.user, before=number(self.request.GET.get("before")))

    @property
    def compose(self):
        """Which composer is open."""
        asked = self.request.GET.get("compose")
        return asked if asked in COMPOSERS else "note"

    def pager(self):
        """Where this lead stands in the list that the visitor came from."""
        query_text, page = self.request.session.get("leads_place") or ["", 1]
        try:
            listing, _ = listing_of(QueryDict(query_text, mutable=True), self.request.user)
        except (BadParameter, Missing):  # the view that the visitor came from has gone
            return None
        at = number(self.request.GET.get("at"))
        start = max(0, at - 2) if at else (page - 1) * SIZE
        ids, total, _ = listing.page(max(0, start - (0 if at else 1)), SIZE + 2)
        if not query_text:
            self.request.user._lead_count = total  # the rail asks no second time (leads.pages.list.lead_count)
        start = max(0, start - (0 if at else 1))
        back = f"{reverse('leads:list')}?{query_text}" + (f"&page={page}" if page > 1 else "")
        if self.pk not in ids:
            return None
        place = ids.index(self.pk)

        def link(n):
            return f"{reverse('leads:view', args=[ids[n]])}?at={start + n + 1}" if 0 <= n < len(ids) else ""

        return {
            "position": start + place + 1,
            "total": total,
            "previous": link(place - 1),
            "next": link(place + 1),
            "back": back,
        }


def score_of(lead):
    notes_of_score = lead["ai_information"] or {}
    reasons = [
        {"text": reason["reason"], "points": reason["points"]}
        for reason in notes_of_score.get("score_reasons", [])
        if reason.get("points")
    ]
    reachable = lead["email"] or lead["phone_number"] or lead["linkedin_url"]
    return {
        "value": lead["score"],
        "pending": bool(reachable) and "score" not in notes_of_score,
        "reasons": reasons,
        "updated_at": notes_of_score.get("scored_at"),
        "summary": summary_of(notes_of_score),
        "start": notes_of_score.get("score_start"),
    }


def summary_of(note):
    """What the score is made of, in a line."""
    if note.get("score_probability") is None:
        return "Fit and engagement, out of 100."
    by_fit = f"Fit alone says {note['score_probability']:.0%} to be won"
    return f"{by_fit}, and {note['score_engagement']} of 100 for engagement." if note["score_engagement"] else f"{by_fit}."


def timeline_of(lead, organization, user, *, before=0):
    """The newest OLD entries, or those older than the change `before`."""
    merged = merge.merged_into(organization, lead["id"])
    rows = with_undo(history.timeline(organization, "lead", lead["id"], *merged)).select_related("by")
    rows = rows.exclude(verb="lead.merged_into") if merged else rows
    if before:
        rows = rows.filter(pk__lt=before)
    rows = list(rows[: OLD + 1])
    told = rows[:OLD]
    note_ids = [row.after["note_id"] for row in told if row.verb == "note.added" and row.after]
    written = notes_of(lead, organization, note_ids, user)
    names = {member.pk: member.full_name for member in User.objects.of(organization).filter(pk__in=_people(told))}
    return {
        "timeline": [
            _entry(row, organization, names, written) | _undo(row, user) | {"of": merged.get(row.model_id, "")} for row in told
        ],
        "pinned": [note for note in written.values() if note["is_pinned"]],
        "older": f"?part=timeline&before={told[-1].pk}" if len(rows) > OLD else "",
    }


def _undo(row, user):
    """Whether the entry was taken back, or may be: at once, or after asking when its action changed other leads, too."""
    offered = may_undo(row, user)
    return {"undone": row.undone, "undo": reverse("undo", args=[row.change_id]) if offered else "", "asks": row.others}


def _people(rows):
    return {side["assigned_to"] for row in rows for side in (row.before or {}, row.after or {}) if side.get("assigned_to")}


def _entry(row, organization, names, written):
    kind = KINDS.get(row.verb, "other")
    after, before = row.after or {}, row.before or {}
    found = {
        "kind": kind,
        "at": row.created_at,
        "by": str(row.by) if row.by else row.actor,
        "is_member": row.by is not None,
        "changes": [],
        "note": "",
        "detail": "",
    }
    if kind == "note":
        found["note"] = written.get(after.get("note_id"))
    elif kind == "form":
        found |= {"by": found["by"] if row.by else "Somebody", "detail": f"sent the form {after.get('form', '')}"}
        found["text"] = f"Agreed to: {after['consent']}" if after.get("consent") else ""
    elif row.verb in WORK:
        found["detail"] = WORK[row.verb].format(name=after.get("name") or before.get("name") or "")
        found["text"] = after.get("notes", "")[:500] if kind == "follow_up" else ""
        found["due"] = datetime.fromisoformat(after["follow_up_date"]) if after.get("follow_up_date") else None
        if row.verb in ("lead.alert_acknowledged", "lead.signal_logged"):
            found["text"] = ": ".join(filter(None, [(after.get("outcome") or "").replace("_", " "), after.get("note")]))[:500]
        if row.verb == "note.changed" and "is_pinned" in after:
            found["detail"] = "pinned a note" if after["is_pinned"] else "unpinned a note"
        if row.verb == "follow_up.changed" and "status" in after and after["status"] == FollowUp.Status.CANCELLED:
            found["detail"] = "cancelled a follow-up"
    elif kind == "created":
        source = words("lead_source", after.get("lead_source"), organization, names)
        found["detail"] = f"Source: {source}" if source else ""
    else:
        found["changes"] = [
            {
                "label": LABELS.get(name, name.replace("_", " ")),
                "before": words(name, before.get(name), organization, names),
                "after": words(name, after.get(name), organization, names),
            }
            for name in after
            if name != "deleted_at" and not (row.verb == "lead.enriched" and name in ("ai_information", "company_id"))
        ]
        if row.verb == "lead.enriched" and not found["changes"]:
            found |= {"kind": "other", "detail": "kept what its sources say"}
        if row.verb == "lead.merged":
            found["detail"] = "The same person was captured again."
        elif row.verb == "lead.absorbed":
            found["changes"] = []
            found["detail"] = f"merged {', '.join(one['name'] for one in after['leads'])} into this lead"
        elif kind == "tagged":
            found["detail"] = f"added the tag {found['changes'][0]['after']}" if found["changes"] else "added a tag"
        elif kind == "other":
            found["detail"] = row.verb.replace(".", " ").replace("_", " ")
    return found


def words(name, value, organization, names):
    """A value of the history as a person reads it."""
    if value in (None, "", [], {}):
        return ""
    if name in ("status", "lead_source"):
        found = known(organization, "status" if name == "status" else "source").get(value)
        return found.name if found else str(value)
    if name == "priority":
        return dict(Lead.Priority.choices).get(value, str(value))
    if name == "assigned_to":
        return names.get(value, "somebody who has left")
    if name == "tags":
        tags = known(organization, "tags")
        return ", ".join(tags[number].name if number in tags else str(number) for number in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {inner}" for key, inner in value.items())[:300]
    return str(value)[:300]


class SetStatus(LeadPage):
    verb = "records.edit"

    def post(self, request):
        try:
            status = entry(self.organization, "status", number(request.POST.get("status")), "status")
            edit.update(self.pk, self.organization, {"status_id": status.pk}, by=request.user)
        except REFUSALS as error:
            if isinstance(error, Missing):
                raise
            self.complain(words_of(error))
            return redirect(self.address)
        lead = self.lead()
        return self.changed(PARTS["path"], {"lead": lead, "path": self.path(lead)}, f"Status is {status.name}.")


class AddNote(LeadPage):
    verb = "records.edit"

    def post(self, request):
        lead, text = self.lead(), request.POST.get("note", "")
        context = composer("note", lead, request.user)
        try:
            title, words_of_note = record_notes.read_text(text)
        except Invalid as error:
            complaint = error.fields["note"][0]
            context["note"] = {"text": text, "error": f"{complaint[:1].upper()}{complaint[1:]}."}
            if self.is_swap:
                return self.show("leads/_notes_form.html", context, status=422)
            self.complain(context["note"]["error"])
            return redirect(self.address)
        notes.add(Lead.objects.of(self.organization).get(pk=self.pk), title=title, note=words_of_note, by=request.user)
        return self.changed("leads/_notes_form.html", context, "Note added.")


class DeleteLead(LeadPage):
    verb = "records.delete"

    def get(self, request):
        lead = self.lead()
        name = " ".join(filter(None, [lead["first_name"], lead["last_name"]])) or lead["email"] or "this lead"
        return self.show(
            "confirm.html",
            {
                "title": f"Delete {name}?",
                "verb": "Delete lead",
                "action": "",
                "back": self.address,
                "text": "The lead goes from every list, with its notes and history.",
                "hidden": [],
            },
        )

    def post(self, request):
        lead = self.lead()
        edit.delete(Lead.objects.of(self.organization).filter(pk=self.pk), by=request.user)
        name = " ".join(filter(None, [lead["first_name"], lead["last_name"]])) or lead["email"] or "The lead"
        self.say(f"{name} is deleted.", undoable=True)
        return redirect("leads:list")


class EditField(LeadPage):
    """GET: the field being edited (`?view=1`: shown). POST: saved, or being edited again with what is wrong."""

    verb = "records.edit"

    def field(self, **how):
        lead = self.lead()
        found = LeadFields(self.organization).field(lead, self.kwargs_left["name"], **how)
        if found is None:
            raise Missing()
        return {"lead": lead, "field": found, "currency": self.organization.currency}

    def get(self, request, name):
        if not self.is_swap:
            return redirect(f"{self.address}?edit={name}#field-{name}")
        return self.show("records/_field.html", self.field(editing=not request.GET.get("view")))

    def post(self, request, name):
        context = self.field(editing=True)
        try:
            fields, tags = LeadFields(self.organization).read(name, request.POST)
            edit.update(self.pk, self.organization, fields, tags=tags, by=request.user)
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
