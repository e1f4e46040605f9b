"""What a visitor sent, read by the rules of every other way in."""

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from rest_framework.exceptions import ValidationError

from leads.serializers import LeadFields, attributes
from leads.web_forms.asking import CONSENT, CONTACT, REFERRER, UTM, VISITOR, asked
from lio.errors import Invalid
from lookups import custom

LINE, LINES = 1_000, 10_000  # characters of a text, and of one of several lines, that no lead field bounds
MARK = 300  # characters of a utm parameter or referrer
KINDS = {"textarea": "text"}
BREAK = re.compile(r"[\x01-\x1f\x7f\x85\u2028\u2029]")


@dataclass
class Answers:
    """`values` are model attributes of a lead, `shown` what was answered by name, for the history."""

    values: dict[str, Any]
    shown: dict[str, Any] = field(default_factory=dict)


def read(form, organization, sent):
    """The Answers of `sent` ({name: text, or a list of texts, or a JSON value}). Raises Invalid naming each field."""
    given: dict[str, Any] = {}
    own: dict[str, Any] = {}
    complaints: dict[str, list[str]] = {}
    for one in asked(form, organization):
        try:
            value = _value(one, _raw(one, sent), organization)
            if one.required and (value is None or (one.type == "checkbox" and value is not True)):
                raise ValidationError("is required" if one.type != "checkbox" else "must be ticked")
        except ValidationError as error:
            complaints[one.name] = [str(line) for line in error.detail]
            continue
        if value is not None:
            (given if one.is_lead_field else own)[one.name] = value
    if form.consent_text and not _agreed(sent.get(CONSENT)):
        complaints[CONSENT] = ["must be agreed to"]
    if not complaints and not set(given) & set(CONTACT):
        first = next(one.name for one in asked(form, organization) if one.name in CONTACT)
        complaints[first] = ["is required"]
    if complaints:
        raise Invalid(complaints)
    values = attributes(organization, given | ({"custom_fields": own} if own else {}))
    return Answers(values, given | own)


def _raw(one, sent):
    """What was sent under the field's name, or under one that it had before."""
    names = (one.name, *(one.definition.aliases if one.definition else ()))
    return next((sent[name] for name in names if name in sent), None)


def _value(one, raw, organization):
    """One answer in its canonical form; None where there is none. Raises ValidationError."""
    if isinstance(raw, list) and one.type != "choices":
        raw = raw[-1] if raw else None
    if isinstance(raw, dict):
        raise ValidationError("must be a plain value")
    if isinstance(raw, str):
        raw = raw.strip().replace("\r\n", "\n")
        if len(raw) > (LINES if one.type == "textarea" else LINE):
            raise ValidationError(f"must have at most {LINES if one.type == 'textarea' else LINE} characters")
        if one.type != "textarea" and BREAK.search(raw):
            raise ValidationError("must be one line")
    if raw in (None, "", []):
        return None
    if not one.is_lead_field:
        definition = one.definition or custom.Definition(
            0, one.name, one.label, KINDS.get(one.type, one.type), one.options, (), one.required, False, "active"
        )
        return custom.clean(definition, raw, organization)
    if one.type == "choice" and raw not in one.options:
        raise ValidationError("must be one of those to choose from")
    try:
        return LeadFields.read({one.name: raw}, partial=True)[one.name]
    except ValidationError as error:
        raise ValidationError(error.detail[one.name]) from None


def _agreed(raw):
    return (raw[-1] if isinstance(raw, list) and raw else raw) in (True, 1, "true", "1", "on", "yes")


def marks(form, sent):
    """{utm_source ..., referrer: text} of where the visitor came from, as far as it was sent and the form keeps it."""
    if not form.capture_utm:
        return {}
    found = {}
    for name in (*UTM, REFERRER):
        value = sent.get(name)
        value = value[-1] if isinstance(value, list) and value else value
        if isinstance(value, str) and value.strip():
            found[name] = BREAK.sub(" ", value.strip())[:MARK]
    return found


def visitor(sent):
    """The number of the visitor's browser as text, as far as one came along (lio.registry.on_form)."""
    found = sent.get(VISITOR)
    found = found[-1] if isinstance(found, list) and found else found
    try:
        return str(UUID(found)) if isinstance(found, str) and len(found) == 36 else None
    except ValueError:
        return None


def keep_marks(organization, values, found):
    """Put the marks among the custom fields of `values`; one that a definition refuses stays in the history alone."""
    if not found:
        return
    read_marks = custom.read_custom(organization, found, strict=False)
    custom.propose(organization, read_marks.proposals)
    kept = {key: value for key, value in read_marks.values.items() if key not in read_marks.complaints}
    values["custom_fields"] = {**kept, **values.get("custom_fields", {})}
