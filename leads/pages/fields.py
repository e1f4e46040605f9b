"""The fields of a lead as the page shows and edits them, each in its place."""

from decimal import Decimal

from django.urls import reverse

from accounts.models import User
from leads import edit_many
from leads.models import Lead
from leads.serializers import UpdateLead, attributes, tag_ids
from lio.templatetags.look import PRIORITY_TONES, money
from lookups.custom import Kind, State, active, definitions
from lookups.known import known

GROUPS = [
    (
        "About",
        [
            "first_name",
            "last_name",
            "email",
            "phone_number",
            "linkedin_url",
            "assigned_to",
            "lead_source",
            "estimated_value",
            "priority",
            "tags",
        ],
    ),
    ("Company", ["company", "job_title", "industry", "website"]),
    ("Place", ["address", "city", "state", "country", "pin_code"]),
    ("Remarks", ["notes"]),
]
LABELS = {
    "first_name": "First name",
    "last_name": "Last name",
    "email": "Email",
    "phone_number": "Phone",
    "linkedin_url": "LinkedIn",
    "assigned_to": "Owner",
    "lead_source": "Source",
    "estimated_value": "Value",
    "priority": "Priority",
    "tags": "Tags",
    "company": "Company",
    "job_title": "Title",
    "industry": "Industry",
    "website": "Website",
    "address": "Address",
    "city": "City",
    "state": "State",
    "country": "Country",
    "pin_code": "Postal code",
    "notes": "Remarks",
    "status": "Status",
    "custom_fields": "Custom fields",
}
KINDS = {
    "email": "email",
    "phone_number": "tel",
    "linkedin_url": "url",
    "website": "url",
    "assigned_to": "person",
    "lead_source": "select",
    "estimated_value": "money",
    "priority": "chip",
    "tags": "tags",
    "notes": "textarea",
}
CUSTOM = "custom:"  # prefix of a custom field's name in addresses


def groups_of(lead, organization, *, editing=None):
    """[{label, fields}] of the lead page; `editing` names the field that is shown as an input."""
    groups = [
        {"label": label, "fields": [field_of(lead, organization, name, editing=name == editing) for name in names]}
        for label, names in GROUPS
    ]
    found = definitions(organization)
    hidden = {key for key, one in found.items() if one.state in (State.DROPPED, State.ARCHIVED)}
    own = [one.key for one in active(organization)]
    other = sorted((lead["custom_fields"] or {}).keys() - hidden - set(own))
    for label, keys in (("Own fields" if other else "More", own), ("Not defined yet" if own else "More", other)):
        if keys:
            groups.append(
                {
                    "label": label,
                    "fields": [
                        field_of(lead, organization, f"{CUSTOM}{key}", editing=f"{CUSTOM}{key}" == editing) for key in keys
                    ],
                }
            )
    return groups


def field_of(lead, organization, name, *, editing=False, saved=False):
    """One field as templates/leads/_field.html wants it; None for a name that is none."""
    if name.startswith(CUSTOM):
        return _custom(lead, organization, name, editing=editing, saved=saved)
    elif name in LABELS and name in lead and name not in ("status", "custom_fields"):
        label, kind, value = LABELS[name], KINDS.get(name, "text"), lead[name]
        text = _text(lead, organization, name)
    else:
        return None
    field = {
        "name": name,
        "label": label,
        "kind": kind,
        "value": value,
        "text": text,
        "tone": "",
        "tags": [],
        "choices": [],
        "required": name == "priority",
        "href": _href(kind, value),
        "editing": editing,
        "error": "",
        "saved": saved,
        "url": reverse("leads:field", args=[lead["id"], name]),
    }
    if name == "priority":
        field["tone"] = PRIORITY_TONES.get(lead["priority"], "")
    elif name == "tags":
        field["tags"], field["value"] = lead["tags"], [tag["id"] for tag in lead["tags"]]
    elif kind == "money" and value is not None:
        field["value"] = f"{value:f}".rstrip("0").rstrip(".") if isinstance(value, Decimal) else value
    if editing:
        field["choices"] = _choices(lead, organization, name)
    return field


INPUTS = {Kind.CHOICE: "select", Kind.CHOICES: "multiple", Kind.CHECKBOX: "select", Kind.PHONE: "tel", Kind.LINK: "url"}


def _custom(lead, organization, name, *, editing, saved):
    """The same for a custom field, by the kind that its definition tells."""
    key = name.removeprefix(CUSTOM)
    one, value = definitions(organization).get(key), (lead["custom_fields"] or {}).get(key)
    defined = one if one and one.is_active else None
    kind = INPUTS.get(defined.kind, defined.kind) if defined else "text"
    text = words_of_value(defined, value, organization)
    field = {
        "name": name,
        "label": one.label if one else key,
        "kind": kind,
        "text": text,
        "tone": "",
        "tags": [],
        "choices": [],
        "required": bool(defined and defined.required),
        "editing": editing,
        "error": "",
        "saved": saved,
        "url": reverse("leads:field", args=[lead["id"], name]),
    }
    field["href"] = _href(kind, value)
    field["value"] = value if isinstance(value, int | float) and not isinstance(value, bool) else field["text"]
    if defined and editing:
        field["choices"] = custom_choices(defined, organization, value)
    return field


def words_of_value(one, value, organization):
    """A custom value in words. A person costs a query: tables look them up together."""
    if one and one.kind == Kind.MONEY and isinstance(value, int | float):
        return money(value, organization.currency)
    if one and one.kind == Kind.PERSON and isinstance(value, int):
        found = User.objects.of(organization).filter(pk=value).first()
        return found.full_name if found else str(value)
    return value if isinstance(value, str) else _words(value)


def custom_choices(one, organization, value=None):
    """[{id, name, selected}] of a custom field that is chosen from a list."""
    if one.kind == Kind.PERSON:
        options = [
            (member.pk, member.full_name)
            for member in User.objects.of(organization).active().order_by("first_name", "last_name")
        ]
    elif one.kind == Kind.CHECKBOX:
        options = [("true", "Yes"), ("false", "No")]
    else:
        options = [(option, option) for option in one.options]
    chosen = value if isinstance(value, list) else [str(value).lower() if isinstance(value, bool) else value]
    return [{"id": key, "name": label, "selected": key in chosen} for key, label in options]


def _text(lead, organization, name):
    value = lead[name]
    if name == "assigned_to":
        return lead["assigned_to_name"] or ""
    if name == "lead_source":
        return lead["lead_source_text"] or ""
    if name == "priority":
        return lead["priority_text"]
    if name == "tags":
        return ", ".join(tag["name"] for tag in value)
    if name == "estimated_value":
        return "" if value is None else money(value, organization.currency)
    return value or ""


def _words(value):
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(map(_words, value))
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_words(inner)}" for key, inner in value.items())
    return "" if value is None else str(value)


def _href(kind, value):
    if not value or not isinstance(value, str):
        return ""
    if kind == "url":
        return value if value.startswith(("http://", "https://")) else ""
    return {"email": f"mailto:{value}", "tel": f"tel:{value}"}.get(kind, "")


def _choices(lead, organization, name):
    if name == "assigned_to":
        members = User.objects.of(organization).active().order_by("first_name", "last_name")
        return [{"id": member.pk, "name": member.full_name, "selected": member.pk == lead[name]} for member in members]
    if name == "priority":
        return [{"id": value, "name": label, "selected": value == lead[name]} for value, label in Lead.Priority.choices]
    if name == "lead_source":
        return [
            {"id": found.number, "name": found.name, "selected": found.number == lead[name]}
            for found in known(organization, "source").values()
            if found.is_active or found.number == lead[name]
        ]
    if name == "tags":
        there = {tag["id"] for tag in lead["tags"]}
        return [
            {"id": found.number, "name": found.name, "selected": found.number in there}
            for found in known(organization, "tags").values()
            if found.is_active or found.number in there
        ]
    return []


def read_field(organization, name, posted):
    """(model attributes, inner ids of tags or None) of one posted field, read by the API's own serializer."""
    given = UpdateLead.read(posted_field(organization, name, posted), partial=True)
    if name == "tags":
        return {}, tag_ids(organization, given["tags"] or [])
    return attributes(organization, given), None


def posted_field(organization, name, posted):
    """{name of the API: value} of one posted field."""
    value, several = posted.get("value", ""), [part for part in posted.getlist("value") if part]
    if name.startswith(CUSTOM):
        key = name.removeprefix(CUSTOM)
        one = definitions(organization).get(key)
        chosen = one is not None and one.is_active and one.kind == Kind.CHOICES
        return {"custom_fields": {key: (several if chosen else value) or None}}
    if name == "tags":
        return {"tags": several}
    return {name: value.strip() or ("" if name in ("first_name", "last_name") else None)}


# ---------------------------------------------------------------------------- one field of many leads
def bulk_fields(organization):
    """{name: label} of the fields that many leads can share."""
    names = {name: label for name, label in LABELS.items() if edit_many.shared(organization, name) and name not in APART}
    return names | {f"{CUSTOM}{one.key}": one.label for one in active(organization) if not one.is_unique}


APART = ("status", "assigned_to")  # they have places of their own in the bulk bar


def empty_field(organization, name):
    """The input of a field without a value, as `field_of` describes it."""
    nothing = dict.fromkeys([*LABELS, "id", "assigned_to_name", "lead_source_text", "priority_text"])
    return field_of(nothing | {"id": 0, "tags": []}, organization, name, editing=True)
