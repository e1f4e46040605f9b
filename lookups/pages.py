"""Settings: custom fields, and what came in without a definition."""

from typing import Any

from django import forms
from django.shortcuts import redirect
from django.urls import reverse

from accounts.pages.base import SettingsPage
from lio.errors import DomainError, Missing
from lio.forms import Choice, InputForm, Text
from lio.pages import REFUSALS, words_of
from lio.registry import subjects, with_own_fields
from lookups import fields
from lookups.models import CustomField
from lookups.serializers import DefineField, RedefineField

State = CustomField.State


class FieldForm(InputForm):
    input_class: Any = DefineField
    label = Text("Name", required=True, maxlength=100, autofocus=True)
    kind = Choice("Kind", choices=CustomField.Kind.choices, required=True)
    options = forms.CharField(label="Choices, one a line", required=False, widget=forms.Textarea(attrs={"rows": 4}),
                              help_text="For the kinds Choice and Several choices.")
    key = Text("Key", maxlength=64, help_text="The name in the API and in files. Made from the name when left empty.")
    required = forms.BooleanField(label="Required", required=False)
    is_unique = forms.BooleanField(label="No two records have the same value", required=False)

    def clean_options(self):
        return [line.strip() for line in self.cleaned_data["options"].splitlines() if line.strip()]


class ChangeForm(FieldForm):
    input_class = RedefineField
    field_order = ("label", "kind", "options", "key", "required", "is_unique")

    def clean(self):
        super().clean()
        self.given.setdefault("options", [])
        return self.cleaned_data


class FieldsPage(SettingsPage):
    section, verb = "fields", "organization.manage"
    of_field = ""  # module of the field that the address names

    def field(self, pk):
        found = CustomField.objects.of(self.organization).filter(pk=pk).first()
        if found is None:
            raise Missing()
        self.of_field = found.module_name
        return found

    def form(self, form, title, verb, status=200):
        text = "Values are checked however they come in: by hand, by file or over the API."
        return self.show("settings/form.html", {"form": form, "title": title, "verb": verb, "text": text,
                                                "back": fields_url(self.module)}, status=status)

    @property
    def module(self):
        """The kind of record whose fields are shown."""
        asked = self.of_field or self.request.GET.get("module", "lead")
        return asked if asked in with_own_fields() else "lead"


class Fields(FieldsPage):
    """The fields in use in their order, the proposals, and those that were put away. Posts up, down, archive, drop or restore
    with the id of a field."""

    def get(self, request):
        rows = CustomField.objects.of(self.organization).filter(module_name=self.module).order_by("position", "key")
        shown: dict[str, list] = {state: [] for state in State.values}
        for row in rows:
            shown[row.state].append({"id": row.pk, "key": row.key, "label": row.label, "kind": row.get_kind_display(),
                                     "options": row.options, "required": row.required, "is_unique": row.is_unique})
        leads_first = sorted(with_own_fields(), key=lambda name: name != "lead")
        used = fields.counts(self.organization, self.module) if shown[State.PROPOSED] else {}
        for row in shown[State.PROPOSED]:
            row["count"] = used.get(row["key"], 0)
        return self.show("settings/fields.html", {"fields": shown[State.ACTIVE], "proposed": shown[State.PROPOSED],
                                                  "away": shown[State.ARCHIVED] + shown[State.DROPPED],
                                                  "module": self.module, "nouns": plural_of(self.module),
                                                  "modules": [(name, plural_of(name)) for name in leads_first]})

    def post(self, request):
        action = next((name for name in ("up", "down", *WORDS) if name in request.POST), "")
        field = self.field(_number(request.POST.get(action)))
        try:
            if action in ("up", "down"):
                fields.move(field, self.organization, down=action == "down", by=request.user)
                if self.undo_url:
                    self.say(f"{field.label} is moved {action}.", undoable=True)
            else:
                state, said = WORDS[action]
                fields.update(field, self.organization, state=state, by=request.user)
                self.say(f"{field.label} is {said}.", undoable=True)
        except REFUSALS as error:
            self.complain(words_of(error))
        return redirect(fields_url(field.module_name))


def plural_of(module):
    """What the records of a module are called: leads, companies."""
    subject = subjects.get(module)
    return (subject and subject.plural) or f"{module}s"


def fields_url(module):
    return f"{reverse('settings:fields')}?module={module}"


WORDS = {"archive": (State.ARCHIVED, "archived; its values stay"),
         "drop": (State.DROPPED, "dropped; its values stay where they are"), "restore": (State.ACTIVE, "in use again")}


class AddField(FieldsPage):
    def get(self, request):
        return self.form(FieldForm(initial={"kind": "text"}), f"New field of {plural_of(self.module)}", "Add field")

    def post(self, request):
        form = FieldForm(request.POST)
        if form.is_valid():
            try:
                field = fields.add(self.organization, by=request.user, **form.given | {"module_name": self.module})
                self.say(f"{field.label} is added.", undoable=True)
                return redirect(fields_url(self.module))
            except DomainError as error:
                form.refuse(error)
        return self.form(form, f"New field of {plural_of(self.module)}", "Add field", status=422)


class EditField(FieldsPage):
    """Change a field; saving a proposal, or one that was put away, accepts it."""

    def words(self, field):
        return (field.label, "Save") if field.state == State.ACTIVE else (f"Accept {field.label}", "Accept field")

    def get(self, request, pk):
        field = self.field(pk)
        initial = {name: getattr(field, name) for name in ("label", "kind", "key", "required", "is_unique")}
        return self.form(ChangeForm(initial=initial | {"options": "\n".join(field.options)}), *self.words(field))

    def post(self, request, pk):
        field, form = self.field(pk), ChangeForm(request.POST)
        if form.is_valid():
            try:
                field = fields.update(field, self.organization, by=request.user, state=State.ACTIVE, **form.given)
                self.say(f"{field.label} is saved.", undoable=True)
                return redirect(fields_url(field.module_name))
            except DomainError as error:
                form.refuse(error)
        title, verb = self.words(field)
        return self.form(form, title, verb, status=422)


def _number(text):
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0
