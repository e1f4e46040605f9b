"""Forms show inputs; what they mean is read by the API's own `Input`, so that no rule is written twice."""

from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from rest_framework.exceptions import APIException, ValidationError

from lio.errors import DomainError


class InputForm(forms.Form):
    """A form whose values are read by `input_class`; afterwards `given` holds what the rule takes.

    `may_be_empty` names texts that a page lets one empty although `input_class` asks for something.
    """

    input_class: Any = None
    fields: Any
    cleaned_data: Any
    partial = False
    may_be_empty: tuple[str, ...] = ()
    required_css_class = "required"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.given = {}

    def clean(self):
        if self.errors:
            return self.cleaned_data
        data = {name: value for name, value in self.cleaned_data.items() if value not in ("", None, [])}
        if self.partial:  # an emptied field is a value, too
            data |= {name: (None if value == "" else value) for name, value in self.cleaned_data.items()
                     if name not in data and name in self.input_class().fields}
        emptied = {name: data.pop(name) or "" for name in self.may_be_empty if name in data and not data[name]}
        try:
            self.given = self.input_class.read(data, partial=self.partial) | emptied
        except ValidationError as error:
            self.blame(error.detail)
        except APIException as error:
            self.blame(getattr(error, "fields", None) or {None: [str(error.detail)]})
        except DomainError as error:
            self.refuse(error)
        return self.cleaned_data

    def add_error(self, field, error):
        """As ever; and the page opens with the first wrong field ready to be mended."""
        super().add_error(field, error)
        wrong = next((name for name in self.fields if name in self.errors), None)
        if wrong:
            for name, one in self.fields.items():
                one.widget.attrs.pop("autofocus", None)
                if name == wrong:
                    one.widget.attrs["autofocus"] = True

    def refuse(self, error):
        """Show a rule's refusal where it belongs."""
        if error.fields and set(error.fields) & set(self.fields):
            self.blame(error.fields)
        else:
            self.add_error(None, str(error))

    def blame(self, fields):
        for name, complaints in fields.items():
            for complaint in complaints if isinstance(complaints, list) else [complaints]:
                text = str(complaint)
                self.add_error(name if name in self.fields else None, f"{text[:1].upper()}{text[1:]}"
                               if name in self.fields else f"{name}: {text}" if name else text)


class Text(forms.CharField):
    """One line of text; trimmed at the ends, as a person types it."""

    def __init__(self, label, *, required=False, kind="text", autocomplete="off", help_text="", **attrs):
        super().__init__(label=label, required=required, help_text=help_text, widget=forms.TextInput(
            attrs={"type": kind, "autocomplete": autocomplete, **attrs}))


class Password(forms.CharField):
    def __init__(self, label, *, new=False, help_text=""):
        super().__init__(label=label, strip=False, help_text=help_text, widget=forms.PasswordInput(
            attrs={"autocomplete": "new-password" if new else "current-password"}))


class Select(forms.Select):
    """A flat list of options, written without a template for each: the time zones alone would take 60 ms."""

    def render(self, name, value, attrs=None, renderer=None):
        chosen = set(self.format_value(value))
        options = ((flatatt({"value": key, "selected": str(key) in chosen}), label) for key, label in self.choices)
        return format_html("<select{}>{}</select>", flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name})),
                           format_html_join("", '<option{}>{}</option>', options))


class Choice(forms.ChoiceField):
    """One of a list; the list is given when the form is made (`form.fields[name].choices = ...`)."""

    def __init__(self, label, *, choices=(), required=False, help_text=""):
        super().__init__(label=label, choices=choices, required=required, help_text=help_text, widget=Select)
