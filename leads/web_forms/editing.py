"""Making, changing and deleting forms; the form that every organisation starts with."""

import re
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.crypto import get_random_string
from django.utils.timezone import now

from accounts.keys import clean_domains
from leads.serializers import check_active, entry
from leads.web_forms.asking import DEFAULT, read_fields
from leads.web_forms.colors import HEX
from leads.web_forms.models import WebForm
from lio import history
from lio.errors import Invalid
from lookups.known import known

WEBSITE = 1  # the source of what comes through a form, unless its owner says otherwise (R43)
TEXTS = ("title", "intro", "button", "success_message", "redirect_url", "consent_text", "background")  # empty, never null
SHOWN = ("name", "fields", "is_active", *TEXTS, "color", "allowed_domains", "capture_utm")
LETTERS = "abcdefghijkmnopqrstuvwxyz23456789"


def seed(organization):
    """The form of a new organisation, ready to be shared."""
    add(organization, name="Contact us", by=None)


@transaction.atomic
def add(organization, *, by, **given):
    """A new form with a link of its own. Raises Invalid for a field, colour, domain, source or member that is none."""
    given.setdefault("fields", None)
    given.setdefault("lead_source", WEBSITE)
    form = WebForm(organization=organization, form_link=get_random_string(20, LETTERS))
    _put(form, organization, given)
    form.save()
    history.record("web_form.created", form, by=by, after=_told(form, organization, [*SHOWN, "lead_source", "assigned_to"]))
    return form


@transaction.atomic
def update(pk, organization, given, *, by):
    """Set the `given` fields of a form. Answers the form. Raises Invalid as `add` does."""
    form = WebForm.objects.of(organization).alive().select_for_update(of=("self",)).get(pk=pk)
    names = [*SHOWN, "lead_source", "assigned_to"]
    before = _told(form, organization, names)
    _put(form, organization, given)
    after = _told(form, organization, names)
    differs = [name for name in names if before[name] != after[name]]
    if differs:
        form.save()
        history.record(
            "web_form.updated",
            form,
            by=by,
            before={name: before[name] for name in differs},
            after={name: after[name] for name in differs},
        )
    return form


@transaction.atomic
def delete(rows, *, by):
    """Delete forms, softly; their links answer 404 from then on, their leads stay. Answers the ids."""
    return history.change_rows(rows.alive(), "web_form.deleted", {"deleted_at": now()}, by=by)


def draft(organization, given, form=None):
    """The form as it would be with `given`, not saved: for the preview. Raises Invalid."""
    form = form or WebForm(organization=organization, form_link="preview")
    _put(form, organization, given)
    return form


def _put(form, organization, given):
    """Set what was given, checked. `fields` of None are those that a form starts with."""
    values = dict(given)
    if "fields" in values:
        sent = values.pop("fields")
        values["fields"] = read_fields(organization, DEFAULT if sent is None else sent)
    if "lead_source" in values:
        number = values.pop("lead_source")
        values["source_id"] = None if number is None else entry(organization, "source", number, "lead_source").pk
    if "assigned_to" in values:
        member = values["assigned_to"]
        values["assigned_to"] = member and check_active(member)
    for name in TEXTS:
        if name in values and values[name] is None:
            values[name] = ""
    for name in ("color", "background"):
        if values.get(name):
            values[name] = values[name].strip().lower()
            if not HEX.fullmatch(values[name]):
                raise Invalid({name: ["must be a colour, like #3f51c6"]})
    if "color" in values and not values["color"]:
        values.pop("color")
    if "allowed_domains" in values:
        values["allowed_domains"] = clean_domains(values["allowed_domains"])
    for name, value in values.items():
        setattr(form, name, value)
    _check_target(form)


def _check_target(form):
    """Visitors are led to hosts only that the form's owner allowed."""
    if not form.redirect_url:
        return
    try:
        parts = urlsplit(form.redirect_url)
        host, _ = (parts.hostname or "").rstrip(".").lower(), parts.port
    except ValueError:
        raise Invalid({"redirect_url": ["must be an http or https address"]}) from None
    allowed = any(host == domain or host.endswith(f".{domain}") for domain in form.allowed_domains)
    if not allowed or not re.fullmatch(r"[a-z0-9.-]+", host):
        raise Invalid({"redirect_url": [f"leads to {host}, which is not one of the allowed domains"]})


def _told(form, organization, names):
    numbers = {found.pk: found.number for found in known(organization, "source").values()}
    extra = {"lead_source": numbers.get(form.source_id), "assigned_to": form.assigned_to_id}
    return {name: extra[name] if name in extra else getattr(form, name) for name in names}
