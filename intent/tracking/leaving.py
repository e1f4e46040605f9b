"""Unsubscribing: what a person says by the link in a mail of ours, and how it is taken back by the same link."""

from django.db import transaction

from intent.models import TrackingToken
from intent.tracking.hits import digest_of
from leads import edit
from leads.models import Lead
from lio import history
from lio.models import Change

ACTOR = "Unsubscribe link"


def token_of(organization_id, token):
    """The TrackingToken of a way out, with its lead; None when it has gone."""
    rows = TrackingToken.objects.of(organization_id).select_related("lead", "organization")
    return rows.filter(digest=digest_of(token), purpose=TrackingToken.Purpose.UNSUBSCRIBE).first()


@transaction.atomic
def leave(found):
    """Nobody is to write to this person again: its lead says so, and every living one with the same address.

    `found` is a TrackingToken. The members see it in the history and can undo it; a repeat changes nothing.
    """
    _set(found, _leads(found), True)


@transaction.atomic
def come_back(found):
    """Take back what this link said. What members said themselves, before or since, stays. Answers whether it was."""
    leads = [lead for lead in _leads(found) if lead.do_not_contact and _said_by_link(lead)]
    _set(found, leads, False)
    return bool(leads)


def has_left(found):
    """(whether the person is left alone, whether that can be taken back by its link)."""
    return found.lead.do_not_contact, found.lead.do_not_contact and _said_by_link(found.lead)


def _leads(found):
    own = Lead.objects.of(found.organization_id)
    same = own.alive().filter(email_norm=found.lead.email_norm).exclude(pk=found.lead_id) if found.lead.email_norm else ()
    return sorted([found.lead, *same], key=lambda lead: lead.pk)


def _said_by_link(lead):
    rows = Change.objects.of(lead.organization_id).filter(
        model_type="lead", model_id=lead.pk, after__has_key="do_not_contact").order_by("-id")
    return rows.values_list("actor", flat=True).first() == ACTOR


def _set(found, leads, value):
    with history.one_action(actor=ACTOR):
        for lead in leads:
            gone = not edit.update(lead.pk, found.organization, {"do_not_contact": value}, by=None, gone_ok=True)
            if gone:  # deleted: the address is remembered all the same (intent/consent.py)
                history.change_rows(Lead.objects.of(found.organization_id).filter(pk=lead.pk), "lead.updated",
                                    {"do_not_contact": value}, by=None)
