"""A form as HTML: the page that visitors see, and the preview of one that is being built."""

from django.template.loader import render_to_string
from django.urls import reverse

from leads.web_forms import submitting
from leads.web_forms.asking import CONSENT, REFERRER, STAMP, TRAP, UTM, VISITOR, asked

THANKS = "Thank you. We have got your message."
SEND = "Send"
INPUTS = {"email": "email", "phone": "tel", "date": "date", "link": "text", "text": "text", "number": "text"}
LIMITS = {"first_name": 50, "last_name": 50, "email": 254, "phone_number": 30, "company": 200, "job_title": 200,
          "industry": 100, "address": 300, "city": 100, "state": 100, "country": 100, "pin_code": 20, "notes": 10_000}


def page(form, organization, *, template="web_forms/form.html", sent=None, errors=None, stamp=None):
    """The whole page. `sent` keeps what was typed, `errors` are {name: complaints}."""
    sent, errors = sent or {}, errors or {}
    inputs = [_shown(n, one, sent.get(one.name), errors.get(one.name)) for n, one in enumerate(asked(form, organization))]
    names = {one["name"] for one in inputs}
    if form.consent_text:
        inputs.append(_consent(len(inputs), form, sent.get(CONSENT), errors.get(CONSENT)))
    names.add(CONSENT)
    wrong = [one for one in inputs if one["error"]]
    for one in wrong[:1]:
        one["autofocus"] = True
    marks = [(name, sent[name]) for name in (*UTM, REFERRER) if form.capture_utm and isinstance(sent.get(name), str)]
    if isinstance(sent.get(VISITOR), str):
        marks.append((VISITOR, sent[VISITOR]))
    context = {
        "form": form,
        "organization": organization,
        "inputs": inputs,
        "wrong": wrong,
        "complaints": [_sentence(name, lines) for name, lines in errors.items() if name not in names],
        "hidden": [(STAMP, stamp or submitting.stamp(form.form_link)), *marks],
        "trap": TRAP,
        "button": form.button or SEND,
        "thanks": form.success_message or THANKS,
        "colors": reverse("forms:colors", args=["-".join(part[1:] for part in (form.color, form.background) if part)]),
    }
    return render_to_string(template, context)


def _shown(n, one, sent, lines):
    values = [str(value) for value in sent if isinstance(value, str | int | float)] if isinstance(sent, list) else None
    value = sent if isinstance(sent, str | int | float) and not isinstance(sent, bool) else ""
    return {
        "id": f"f{n}",
        "name": one.name,
        "label": one.label,
        "kind": one.type,
        "input": INPUTS.get(one.type, "text"),
        "required": one.required,
        "autocomplete": one.autocomplete,
        "longest": LIMITS.get(one.name, 1_000 if one.type != "textarea" else 10_000),
        "value": value,
        "checked": sent in (True, "true", "on", "1", "yes"),
        "options": [{"id": f"f{n}-{m}", "text": text, "chosen": text == str(value) or text in (values or [])}
                    for m, text in enumerate(one.options)],
        "error": _words(lines),
    }


def _consent(n, form, sent, lines):
    return {"id": f"f{n}", "name": CONSENT, "label": "Consent", "kind": "consent", "text": form.consent_text, "required": True,
            "checked": sent in (True, "true", "on", "1", "yes"), "error": _words(lines)}


def _words(lines):
    if not lines:
        return ""
    text = str(lines[0] if isinstance(lines, list) else lines)
    return f"{text[:1].upper()}{text[1:]}"


def _sentence(name, lines):
    return f"This page {lines[0]}." if name == STAMP else _words(lines)
