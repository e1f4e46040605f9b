"""Inputs for custom fields in the form of a new record."""

from typing import Any

from django import forms

from lio.forms import Choice, Text
from lookups.custom import Kind, active
from lookups.record_fields import custom_choices

OWN = "own."  # before the key of a custom field among the inputs


class OwnInputs:
    """Mixed into an InputForm, before it: inputs for the custom fields of `module`, once `ask_for_own` was called."""

    module = "lead"
    fields: Any
    partial: bool
    cleaned_data: Any

    def ask_for_own(self, organization):
        self.own = active(organization, self.module)
        for one in self.own:
            self.fields[f"{OWN}{one.key}"] = input_of(one, organization)

    def clean(self):
        """Custom fields go to the API's Input under their keys; of a new record those that were filled in."""
        own = {one.key: self.cleaned_data.pop(f"{OWN}{one.key}", None) for one in self.own}
        if not self.partial:
            own = {key: value for key, value in own.items() if value not in (None, "", [])}
        if own:
            self.cleaned_data["custom_fields"] = own
        return super().clean()  # type: ignore[misc]

    def blame(self, complaints):
        """Complaints of `custom_fields.<key>` go to the input of that field."""
        placed = {}
        for name, lines in complaints.items():
            own = name and name.replace("custom_fields.", OWN, 1)
            placed[own if own in self.fields else name] = lines
        super().blame(placed)  # type: ignore[misc]

    def refuse(self, error):
        if error.fields and any(name.startswith("custom_fields.") for name in error.fields):
            return self.blame(error.fields)
        return super().refuse(error)  # type: ignore[misc]

    @property
    def custom(self):
        return [self[f"{OWN}{one.key}"] for one in self.own]  # type: ignore[index]


def input_of(one, organization):
    """The input of a custom field."""
    if one.kind in (Kind.CHOICE, Kind.PERSON, Kind.CHECKBOX):
        options = [(choice["id"], choice["name"]) for choice in custom_choices(one, organization)]
        return Choice(one.label, choices=[("", "Not set"), *options], required=one.required)
    if one.kind == Kind.CHOICES:
        return forms.MultipleChoiceField(label=one.label, required=one.required, choices=[(name, name) for name in one.options])
    kind = {Kind.DATE: "date", Kind.EMAIL: "email", Kind.PHONE: "tel", Kind.LINK: "url"}.get(one.kind, "text")
    more = {"inputmode": "decimal"} if one.kind in (Kind.NUMBER, Kind.MONEY) else {}
    return Text(one.label, kind=kind, required=one.required, **more)
