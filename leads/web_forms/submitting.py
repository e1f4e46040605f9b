"""From what a visitor sent to a lead, or to what is held back for a member to look at."""

import re
from time import time

from django.core import signing
from django.db import transaction
from django.utils.crypto import get_random_string
from django.utils.timezone import now

from leads import jobs
from leads.capture import capture
from leads.models import Lead
from leads.web_forms import answering
from leads.web_forms.asking import OURS, TRAP
from leads.web_forms.models import HeldSubmission, WebFormCount
from lio import history
from lio.errors import Conflict, TooMany
from lio.jobs import enqueue
from lio.registry import on_form

SALT = "lio.web_form"
QUICK = 2  # seconds below which nobody fills in a form by hand; a browser that fills in for somebody may
QUICK_ONES = 3  # quick submissions that one address may send in a quarter of an hour
STALE = 24 * 3600  # seconds
MOST_HELD = 1_000  # of one form
LINK = re.compile(r"https?://|\[url|<a\s", re.I)
Reason = HeldSubmission.Reason


class Stale(Exception):
    """The page was open for longer than a day, or its stamp is not ours: it is to be sent once more."""


def stamp(form_link):
    """A signed note of when the page of this form was made, different each time."""
    return signing.Signer(salt=SALT).sign_object([form_link, time(), get_random_string(8)])


def age_of(form_link, text):
    """Seconds since the page with this stamp was made; None without one. Raises Stale."""
    if text in (None, ""):
        return None
    try:
        link, made, _ = signing.Signer(salt=SALT).unsign_object(text)
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        raise Stale from None
    age = time() - made
    if link != form_link or age > STALE:
        raise Stale
    return age


def suspicion(form, sent, *, age, quick_ones, flooded):
    """Why a submission is to be held; None when nothing speaks against it.

    `age` in seconds since the page was made, None without a stamp (scripts send none); `quick_ones` are how many this
    address has sent faster than by hand of late. Quick alone is not enough: browsers fill in for people.
    """
    if _first(sent.get(TRAP)):
        return Reason.TRAP
    if age is not None and age < QUICK and (quick_ones > QUICK_ONES or _has_links(form, sent)):
        return Reason.FAST
    return Reason.FLOOD if flooded else None


def _first(raw):
    raw = raw[0] if isinstance(raw, list) and raw else raw
    return raw.strip() if isinstance(raw, str) else raw


def _has_links(form, sent):
    """Whether what is to be written in words holds links."""
    raw = [sent.get(field["name"]) for field in form.fields if field["type"] in ("text", "textarea")]
    return any(LINK.search(text) for text in raw if isinstance(text, str))


def submit(form, organization, sent, *, reason=None):
    """Take what was sent to a form. Answers the lead's id; None when it is held back.

    Raises Invalid naming what is wrong, TooMany when nothing more can be held. What is acknowledged is never lost: it is a
    lead, or it is held. A robot in the trap is told nothing, not even what is wrong.
    """
    about = {"sent_at": _iso(now()), "marks": answering.marks(form, sent)}
    if form.consent_text:
        about["consent"] = form.consent_text
    if visitor := answering.visitor(sent):
        about["visitor"] = visitor
    answers = None if reason == Reason.TRAP else answering.read(form, organization, sent)
    if reason:
        return hold(form, organization, sent, about, reason)
    try:
        with transaction.atomic():
            return take(form, organization, answers, about, by=None)
    except Conflict:  # two leads, or a unique value of another one: nothing a visitor could mend, or should know
        return hold(form, organization, sent, about, Reason.CONFLICT)


def take(form, organization, answers, about, *, by):
    """The lead that the answers make, or are put into. Answers its id. Raises Conflict."""
    answering.keep_marks(organization, answers.values, about["marks"])
    owner = form.assigned_to if form.assigned_to and form.assigned_to.is_active else None
    with history.one_action(actor=f"form {form.name}"):
        lead_id, _ = capture(
            organization,
            answers.values,
            by=by,
            on_duplicate="merge",
            if_new={"source_id": form.source_id, "assigned_to_id": owner and owner.pk},
        )
        told = {"form_id": form.pk, "form": form.name, "answers": answers.shown, **about["marks"], "sent_at": about["sent_at"]}
        if about.get("consent"):
            told |= {"consent": about["consent"], "consented_at": about["sent_at"]}
        history.record("lead.form_submitted", ("lead", lead_id), by=by, after=told)
    WebFormCount.objects.create(organization=organization, form=form, submissions=1)
    Lead.objects.filter(pk=lead_id).update(last_activity_at=now())
    enqueue(jobs.score_leads, lead_id)
    for tell in on_form:
        tell(organization, form, lead_id, about)
    return lead_id


def hold(form, organization, sent, about, reason):
    """Keep a submission for a member to look at. Raises TooMany, but never to a robot in the trap."""
    if HeldSubmission.objects.of(organization).filter(form=form)[:MOST_HELD].count() >= MOST_HELD:
        if reason == Reason.TRAP:
            return
        raise TooMany("This form gets too much at the moment. Try again later.", wait=600)
    names = {field["name"] for field in form.fields} | OURS
    HeldSubmission.objects.create(
        organization=organization,
        form=form,
        reason=reason,
        sent={name: value for name, value in sent.items() if name in names},
        about=about,
    )


def _iso(moment):
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"

