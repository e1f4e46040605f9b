"""What a form may ask for: fields of a lead and custom fields, each with its way of asking."""

from dataclasses import dataclass
from typing import Any

from leads.serializers import READ_ONLY
from lio.errors import Invalid
from lookups.custom import Definition, definitions
from lookups.models import CustomField

Kind, State = CustomField.Kind, CustomField.State
MOST, MOST_OPTIONS = 50, 100
# how an input is asked for; "textarea" is text of several lines
TYPES = ("text", "textarea", "email", "phone", "number", "date", "choice", "choices", "checkbox", "link")
ALIASES = {"tel": "phone", "url": "link", "select": "choice", "dropdown": "choice", "radio": "choice", "multiselect": "choices",
           "string": "text", "integer": "number", "boolean": "checkbox", "money": "number"}
OF_KINDS = {Kind.MONEY: "number"}  # all other kinds of custom fields are asked for by their own name
# fields of a lead: how each is labelled, asked for, and filled in by a browser
LEAD = {
    "first_name": ("First name", "text", "given-name"),
    "last_name": ("Last name", "text", "family-name"),
    "email": ("Email", "email", "email"),
    "phone_number": ("Phone", "phone", "tel"),
    "company": ("Company", "text", "organization"),
    "job_title": ("Job title", "text", "organization-title"),
    "linkedin_url": ("LinkedIn profile", "link", ""),
    "website": ("Website", "link", "url"),
    "industry": ("Industry", "text", ""),
    "address": ("Address", "text", "street-address"),
    "city": ("City", "text", "address-level2"),
    "state": ("State", "text", "address-level1"),
    "country": ("Country", "text", "country-name"),
    "pin_code": ("Postal code", "text", "postal-code"),
    "estimated_value": ("Budget", "number", ""),
    "notes": ("Message", "textarea", ""),
}
FREE = {"text", "textarea", "choice"}  # what a text field of a lead may be asked for as
CONTACT = ("email", "phone_number", "linkedin_url", "last_name", "first_name")  # one of them makes a person of an answer
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
TRAP, STAMP, CONSENT, REFERRER = "leave_empty", "stamp", "consent", "referrer"
VISITOR = "lio_visitor"  # the number of a browser on the organisation's own site, from where the form was opened
OURS = {TRAP, STAMP, CONSENT, REFERRER, VISITOR, *UTM}
NOT_ASKED = {*READ_ONLY, "status", "status_id", "priority", "lead_source", "source_id", "assigned_to", "tags", "company_id",
             "custom_fields", "duplicate", "merge"}
DEFAULT = [{"name": name, "required": name in ("first_name", "last_name", "email")}
           for name in ("first_name", "last_name", "email", "phone_number", "company")]


@dataclass(frozen=True)
class Asked:
    """One input of a form as it is now: a custom field's definition decides over what the form once wrote down."""

    name: str
    label: str
    type: str
    required: bool
    options: tuple
    definition: Definition | None = None  # of an active custom field

    @property
    def is_lead_field(self):
        return self.name in LEAD

    @property
    def autocomplete(self):
        return LEAD[self.name][2] or "off" if self.name in LEAD else "off"


def asked(form, organization):
    """The inputs of a form, in its order. Fields that cannot be asked for any more are left out."""
    found = definitions(organization)
    return [one for one in (_asked(field, found) for field in form.fields) if one]


def definition_of(name, found):
    """The definition of a custom field by its key, or by one that it had before; None for a field of a lead."""
    if name in LEAD:
        return None
    return found.get(name) or next((one for one in found.values() if name in one.aliases), None)


def _asked(field, found):
    one = definition_of(field["name"], found)
    if one is None or not one.is_active:
        if one is not None and one.state in (State.ARCHIVED, State.DROPPED):
            return None
        return Asked(field["name"], field["label"], field["type"], field["required"], tuple(field["options"]))
    if one.kind == Kind.PERSON:
        return None
    kind = "textarea" if one.kind == Kind.TEXT and field["type"] == "textarea" else OF_KINDS.get(one.kind, one.kind)
    return Asked(one.key, field["label"], kind, field["required"] or one.required, one.options, one)


def read_fields(organization, sent):
    """The fields of a form in the shape that is kept. Raises Invalid, naming `fields`."""
    if len(sent) > MOST:
        raise _wrong(f"must be at most {MOST}")
    found = definitions(organization)
    fields = [_read_field(one, found) for one in sent]
    names = [field["name"] for field in fields]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise _wrong(f"{twice} is there twice")
    if not set(names) & set(CONTACT):
        raise _wrong(f"must ask for one of {', '.join(CONTACT)}")
    return fields


def _read_field(sent, found) -> dict[str, Any]:
    name = _text(sent, "name", 64).strip()
    if not name:
        raise _wrong("each needs a name")
    if name in NOT_ASKED or name in OURS:
        raise _wrong(f"{name} cannot be asked for")
    one = definition_of(name, found)
    name = one.key if one else name
    if one and one.kind == Kind.PERSON and one.is_active:
        raise _wrong(f"{name} is a member, whom visitors do not know")
    label = _text(sent, "label", 200).strip() or (LEAD[name][0] if name in LEAD else one.label if one else name)
    kind = _type(sent, name, one)
    options = _options(sent.get("options"), name) if kind in ("choice", "choices") else []
    if kind in ("choice", "choices") and not options and not (one and one.is_active and one.options):
        raise _wrong(f"{name} needs options to choose from")
    required = sent.get("required", False)
    if required not in (True, False, None):
        raise _wrong(f"required of {name} must be true or false")
    return {"name": name, "label": label, "type": kind, "required": bool(required), "options": options}


def _type(sent, name, one):
    asked_as = _text(sent, "type", 20).strip().lower()
    asked_as = ALIASES.get(asked_as, asked_as)
    if asked_as and asked_as not in TYPES:
        raise _wrong(f"type of {name} must be one of {', '.join(TYPES)}")
    if name in LEAD:
        own = LEAD[name][1]
        return asked_as if asked_as in FREE and own in FREE else own
    if one and one.is_active:
        own = OF_KINDS.get(one.kind, one.kind)
        return asked_as if own == "text" and asked_as in ("text", "textarea") else own
    return asked_as or "text"


def _options(sent, name):
    if sent is None:
        return []
    if not isinstance(sent, list) or not all(isinstance(one, str | int | float) for one in sent):
        raise _wrong(f"options of {name} must be a list of texts")
    options = list(dict.fromkeys(text for text in (str(one).strip() for one in sent) if text))
    if len(options) > MOST_OPTIONS or any(len(text) > 100 for text in options):
        raise _wrong(f"options of {name} must be at most {MOST_OPTIONS}, of at most 100 characters each")
    return options


def _text(sent, key, longest):
    value = sent.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > longest:
        raise _wrong(f"{key} must be text of at most {longest} characters")
    return value


def _wrong(words):
    return Invalid({"fields": [words]})
