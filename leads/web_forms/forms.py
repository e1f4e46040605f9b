"""What the builder asks for: the form as a whole, and its fields row by row."""

from typing import Any

from django import forms

from accounts.models import User
from leads.pages.tested import lookup_options
from leads.web_forms.asking import FREE, LEAD, OF_KINDS, TYPES, definition_of
from leads.web_forms.serializers import AddWebForm
from lio.forms import Choice, InputForm, Text
from lookups.custom import Kind, active, definitions

TYPE_NAMES = {"text": "One line", "textarea": "Several lines", "email": "E-mail", "phone": "Phone", "number": "Number",
              "date": "Date", "choice": "Choice", "choices": "Several choices", "checkbox": "Check box", "link": "Link"}


def lines(label, *, rows=3, help_text="", **attrs):
    widget = forms.Textarea(attrs={"rows": rows, **attrs})
    return forms.CharField(label=label, required=False, help_text=help_text, widget=widget)


class BuilderForm(InputForm):
    input_class: Any = AddWebForm
    partial = True
    name = Text("Name", required=True, maxlength=100, help_text="What your team calls it.")
    title = Text("Heading", maxlength=150, help_text="What visitors read first. The name, when left empty.")
    intro = lines("Introduction", rows=2, maxlength=2000)
    button = Text("Button", maxlength=40, help_text="Says Send when left empty.")
    consent_text = lines("Consent", rows=2, maxlength=2000,
                         help_text="Visitors must tick it. What they agreed to and when is kept with the lead.")
    success_message = lines("Thank-you text", rows=2, maxlength=2000)
    redirect_url = Text("Or lead them to", kind="url", maxlength=500, help_text="A page on one of the allowed domains.")
    allowed_domains = lines("Allowed domains, one a line", rows=2,
                            help_text="Sites that may show the form in a frame, or that it leads to. Subdomains count.")
    color = forms.CharField(label="Colour", widget=forms.TextInput(attrs={"type": "color"}))
    own_background = forms.BooleanField(label="A background of its own", required=False)
    background = forms.CharField(label="Background", required=False, widget=forms.TextInput(attrs={"type": "color"}))
    lead_source = Choice("Source of new leads")
    assigned_to = Choice("Owner of new leads")
    capture_utm = forms.BooleanField(label="Keep where visitors came from (utm parameters, referrer)", required=False)
    is_active = forms.BooleanField(label="Active: everybody with the link can fill it in", required=False)

    def __init__(self, *args, organization, rows, **kwargs):
        super().__init__(*args, **kwargs)
        self.rows = rows
        self.fields["lead_source"].choices = [("", "None"), *lookup_options(organization, "source")]
        members = User.objects.of(organization).active().order_by("first_name", "last_name")
        self.fields["assigned_to"].choices = [("", "Nobody yet"), *[(member.pk, member.full_name) for member in members]]

    def clean_allowed_domains(self):
        return [line.strip() for line in self.cleaned_data["allowed_domains"].splitlines() if line.strip()]

    def clean(self):
        self.cleaned_data["fields"] = [
            {name: row[name] for name in ("name", "label", "type", "required", "options")} for row in self.rows
        ]
        if not self.cleaned_data.pop("own_background", False):
            self.cleaned_data["background"] = ""
        return super().clean()


def initial_of(form):
    """What the builder shows of a form."""
    names = ("name", "title", "intro", "button", "consent_text", "success_message", "redirect_url", "color", "capture_utm",
             "is_active")
    return {name: getattr(form, name) for name in names} | {
        "allowed_domains": "\n".join(form.allowed_domains),
        "own_background": bool(form.background),
        "background": form.background or "#eef0f6",
        "lead_source": form.source.number if form.source else "",
        "assigned_to": form.assigned_to_id or "",
    }


def rows_of(fields):
    """Rows for the builder of the fields of a form."""
    return [{"key": str(n), **field} for n, field in enumerate(fields)]


def rows_posted(posted):
    """The same of what the builder posted: `row` names the keys in their order."""
    rows = []
    for key in posted.getlist("row")[:100]:
        options = [line.strip() for line in posted.get(f"options-{key}", "").splitlines() if line.strip()]
        rows.append({"key": key, "name": posted.get(f"name-{key}", ""), "label": posted.get(f"label-{key}", ""),
                     "type": posted.get(f"type-{key}", ""), "required": f"required-{key}" in posted, "options": options})
    return rows


def change_rows(rows, deed, added, organization):
    """The rows after "up-3", "down-3", "remove-3" or "add"."""
    deed, _, key = deed.partition("-")
    at = next((n for n, row in enumerate(rows) if row["key"] == key), None)
    if deed == "add" and added in dict(addable(rows, organization)):
        key = str(max([int(row["key"]) for row in rows if row["key"].isdecimal()], default=-1) + 1)
        rows.append({"key": key, "name": added, "label": "", "type": "", "required": False, "options": []})
    elif deed == "remove" and at is not None:
        rows.pop(at)
    elif at is not None and 0 <= (to := at + {"up": -1, "down": 1}.get(deed, 0)) < len(rows):
        rows[at], rows[to] = rows[to], rows[at]
    return rows


def addable(rows, organization):
    """[(name, label)] of the fields that the form does not ask for yet."""
    there = {row["name"] for row in rows}
    own = [(one.key, one.label) for one in active(organization) if one.kind != Kind.PERSON]
    return [pair for pair in [*((name, words[0]) for name, words in LEAD.items()), *own] if pair[0] not in there]


def shown_rows(rows, organization):
    """The rows with how each may be asked for: what a custom field is, its definition says."""
    found = definitions(organization)
    shown = []
    for row in rows:
        one = definition_of(row["name"], found)
        one = one if one and one.is_active else None
        own = LEAD[row["name"]][1] if row["name"] in LEAD else OF_KINDS.get(one.kind, one.kind) if one else ""
        ways = FREE if own == "text" and not one else {"text", "textarea"} if own == "text" else {own} if own else set(TYPES)
        kind = row["type"] if row["type"] in ways else own or "text"
        shown.append({
            **row,
            "label": row["label"] or (LEAD[row["name"]][0] if row["name"] in LEAD else one.label if one else row["name"]),
            "type": kind,
            "kind": TYPE_NAMES.get(kind, kind),
            "ways": [(way, TYPE_NAMES[way], way == kind) for way in TYPES if way in ways] if len(ways) > 1 else [],
            "asks_options": kind in ("choice", "choices") and not one,
            "options": "\n".join(one.options if one else row["options"]),
            "fixed_required": bool(one and one.required),
        })
    return shown
