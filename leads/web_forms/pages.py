"""Settings: hosted forms, their builder with its preview, and what was held back."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.pages.base import SettingsPage
from leads.web_forms import editing, holding
from leads.web_forms.asking import DEFAULT, LEAD, asked
from leads.web_forms.forms import BuilderForm, addable, change_rows, initial_of, rows_of, rows_posted, shown_rows
from leads.web_forms.models import HELD_DAYS, HeldSubmission, WebForm
from leads.web_forms.showing import page
from lio.errors import DomainError, Invalid, Missing
from lio.pages import words_of

MOST = 100  # held submissions on a page


class FormsPage(SettingsPage):
    section = "forms"

    def form_of(self, pk):
        rows = WebForm.objects.of(self.organization).alive().select_related("source", "assigned_to")
        found = rows.filter(pk=pk).first()
        if found is None:
            raise Missing()
        return found

    def need(self, verb):
        if not self.request.user.can(verb):
            raise PermissionDenied


class WebForms(FormsPage):
    """All forms with their figures. Posts on or off with the id of a form."""

    def get(self, request):
        rows = list(WebForm.objects.of(self.organization).alive().counted_up().order_by("-id")[:500])
        for row in rows:
            row.rate = round(100 * row.submissions / row.views) if row.views else None
        held = HeldSubmission.objects.of(self.organization).count()
        context = {"forms": rows, "held": held, "may_edit": request.user.can("records.edit")}
        return self.show("settings/web_forms.html", context)

    def post(self, request):
        self.need("records.edit")
        action = "on" if "on" in request.POST else "off"
        form = self.form_of(_number(request.POST.get(action)))
        editing.update(form.pk, self.organization, {"is_active": action == "on"}, by=request.user)
        self.say(f"{form.name} is {'active again' if action == 'on' else 'closed: its link shows nothing'}.")
        return redirect("settings:forms")


class Builder(FormsPage):
    """A form being built. Besides saving, a post may add, move or remove a field, or show the preview."""

    verb = "records.edit"

    def build(self, builder, *, form=None, status=200):
        rows = shown_rows(builder.rows, self.organization)
        context = {
            "form": builder,
            "web_form": form,
            "rows": rows,
            "addable": addable(rows, self.organization),
            "preview": self.preview(builder, form),
            "action": self.request.path,
        }
        return self.show("settings/_web_form.html" if self.is_swap else "settings/web_form.html", context, status=status)

    def preview(self, builder, form):
        """The form's page as it would be; of what cannot be yet, as far as it can."""
        if not builder.is_bound:
            shown = form or editing.draft(self.organization, {"name": "", "fields": None})
        elif not builder.is_valid():
            return None
        else:
            try:
                shown = editing.draft(self.organization, builder.given, form)
            except DomainError:
                return None
        return page(shown, self.organization)

    def change(self, request, form=None):
        deed, rows = request.POST.get("do", "save"), rows_posted(request.POST)
        if deed == "show":  # the live preview: the same as "preview", and nothing around it
            html = self.preview(BuilderForm(request.POST, organization=self.organization, rows=rows), form)
            return self.show("settings/_web_form_preview.html", {"preview": html}) if html else HttpResponse(status=204)
        if deed not in ("save", "preview"):
            rows = change_rows(rows, deed, request.POST.get("add", ""), self.organization)
        builder = BuilderForm(request.POST, organization=self.organization, rows=rows)
        if deed != "save":
            return self.build(builder, form=form)
        if builder.is_valid():
            try:
                return self.saved(self.save(builder.given, form))
            except DomainError as error:
                builder.refuse(error)
        return self.build(builder, form=form and self.form_of(form.pk), status=422)

    def save(self, given, form):
        if form:
            return editing.update(form.pk, self.organization, given, by=self.request.user)
        return editing.add(self.organization, by=self.request.user, **given)

    def saved(self, form):
        self.say(f"{form.name} is saved.")
        address = reverse("settings:form", args=[form.pk])
        if self.is_swap:
            answer = HttpResponse(status=204)
            answer["HX-Redirect"] = address
            return answer
        return redirect(address)


class AddForm(Builder):
    def get(self, request):
        rows = rows_of([{"label": "", "type": "", "options": [], **field} for field in DEFAULT])
        initial = {"color": WebForm._meta.get_field("color").default, "background": "#eef0f6", "capture_utm": True,
                   "is_active": True, "lead_source": editing.WEBSITE}
        return self.build(BuilderForm(initial=initial, organization=self.organization, rows=rows))

    def post(self, request):
        return self.change(request)


class EditForm(Builder):
    def get(self, request, pk):
        form = self.form_of(pk)
        return self.build(
            BuilderForm(initial=initial_of(form), organization=self.organization, rows=rows_of(form.fields)), form=form
        )

    def post(self, request, pk):
        return self.change(request, self.form_of(pk))


class DeleteForm(FormsPage):
    verb = "records.delete"

    def get(self, request, pk):
        form = self.form_of(pk)
        return self.show("confirm.html", {
            "title": f"Delete {form.name}?", "verb": "Delete form", "action": "", "back": reverse("settings:form", args=[pk]),
            "text": "Its link shows nothing from then on. The leads that came through it stay.", "hidden": []})

    def post(self, request, pk):
        form = self.form_of(pk)
        editing.delete(WebForm.objects.of(self.organization).filter(pk=pk), by=request.user)
        self.say(f"{form.name} is deleted.")
        return redirect("settings:forms")


class Held(FormsPage):
    """What was sent and held. Posts release or discard with an id, or discard_all."""

    def get(self, request):
        rows = HeldSubmission.objects.of(self.organization)
        shown = [self.row(one) for one in rows.select_related("form").order_by("-id")[:MOST]]
        context = {"rows": shown, "total": rows.count(), "days": HELD_DAYS, "may_release": request.user.can("records.edit"),
                   "may_discard": request.user.can("records.delete")}
        return self.show("settings/web_forms_held.html", context)

    def row(self, one):
        labels = {field.name: field.label for field in asked(one.form, self.organization)}
        sent = [(label, _words(one.sent[name])) for name, label in labels.items() if one.sent.get(name) not in (None, "", [])]
        name = next((str(one.sent[key]) for key in ("email", "last_name") if one.sent.get(key)), f"number {one.pk}")
        return {"id": one.pk, "form": one.form.name, "reason": one.get_reason_display(), "sent": sent, "at": one.created_at,
                "who": name[:80]}

    def post(self, request):
        rows = HeldSubmission.objects.of(self.organization)
        if "release" in request.POST:
            self.need("records.edit")
            return self.release(_number(request.POST["release"]))
        self.need("records.delete")
        if "discard_all" in request.POST and "sure" not in request.POST:
            return self.ask(rows.count())
        if "discard_all" not in request.POST:
            rows = rows.filter(pk=_number(request.POST.get("discard")))
            if not rows.exists():
                raise Missing()
        count = holding.discard(rows, by=request.user)
        self.say(f"{count:,} thrown away." if count != 1 else "Thrown away.")
        return redirect("settings:forms_held")

    def ask(self, count):
        context = {
            "title": f"Throw away {count:,} held submission{'' if count == 1 else 's'}?",
            "text": "They are gone then, and nobody can take them any more.",
            "verb": "Throw away",
            "action": "",
            "back": reverse("settings:forms_held"),
            "hidden": [("discard_all", "true"), ("sure", "true")],
        }
        return self.show("confirm.html", context)

    def release(self, pk):
        try:
            lead_id = holding.release(pk, self.organization, by=self.request.user)
        except Missing:
            raise
        except Invalid as error:
            name, complaints = next(iter(error.fields.items()))
            self.complain(f"It cannot be taken as it is: {LEAD.get(name, (name,))[0]} {complaints[0]}.")
        except DomainError as error:
            self.complain(f"It cannot be taken as it is: {words_of(error)}")
        else:
            self.say("Taken: here is the lead.")
            return redirect("leads:view", pk=lead_id)
        return redirect("settings:forms_held")


def _words(value):
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _number(text):
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0
