"""Merging: leads that are one person become one lead, with all that belongs to them (lio/merging.py)."""

from django.db import transaction

from leads import edit, jobs, scoring
from leads.identity import settle
from leads.models import DuplicatePair, Lead, LeadTag
from lio.errors import Missing
from lio.jobs import enqueue
from lio.merging import Merging

FIELDS = {  # name of the API: model attribute
    **{name: name for name in (
        "first_name", "last_name", "email", "phone_number", "linkedin_url", "job_title", "industry", "website", "address",
        "city", "state", "country", "pin_code", "priority", "estimated_value", "notes")},
    "company": "company_id", "status": "status_id", "lead_source": "source_id", "assigned_to": "assigned_to_id",
    "profile_image": "profile_image_id",
}
# tags are united by the edit of the lead, pairs are found anew
KIT = Merging(Lead, FIELDS, (LeadTag, DuplicatePair), plural="leads", derived=frozenset(scoring.OWN_KEYS))
several, targets, move_back, open_again = KIT.several, KIT.targets, KIT.move_back, KIT.open_again
survivor_of, merged_into, back_in_time = KIT.survivor_of, KIT.merged_into, KIT.back_in_time


# ------------------------------------------------------------------------- the merge
@transaction.atomic
def merge(organization, lead_ids, *, by, survivor_id=None, fields=None):
    """Make one lead of 2 to 10: `survivor_id`, else the oldest. The others are deleted and lead to it.

    `fields`: see `Merging.chosen`. Tags unite; everything that belongs to the others moves. Answers the survivor's id. Raises
    Invalid, or Missing when one of them is not a living lead of the organisation.
    """
    ids, fields = several(organization, lead_ids), fields or {}
    KIT.check(ids, survivor_id, fields)
    survivor_id = survivor_id or ids[0]
    others = [pk for pk in ids if pk != survivor_id]
    # before the leads: whoever works on a follow-up locks it before its lead
    moved = KIT.move(organization, others, survivor_id)
    leads = _lock(organization, ids)
    if len(leads) != len(ids):
        raise Missing()
    survivor, losers = leads[survivor_id], [leads[pk] for pk in others]
    addresses = _addresses(leads.values())
    values = KIT.chosen(survivor, losers, fields)
    # who asked to be left alone is left alone, whichever of the leads said so
    values |= {name: True for name in ("do_not_contact", "tracking_off") if any(getattr(lead, name) for lead in losers)}
    tags = list(LeadTag.objects.of(organization).filter(lead_id__in=others).values_list("tag_id", flat=True))
    KIT.close(organization, survivor, losers, moved, by=by)
    edit.update(survivor_id, organization, values, by=by, add_tags=tags, keep=True, shares=True)
    settle(*addresses)
    enqueue(jobs.score_leads, survivor_id)
    return survivor_id


def _addresses(leads):
    return [lead.email_norm for lead in leads], [lead.linkedin_norm for lead in leads]


def _lock(organization, ids, *, living=True):
    """{id: lead}, locked in the order of their ids, and with them all that share an address: these may get to hold it."""
    rows = Lead.objects.of(organization).filter(pk__in=ids)
    emails, linkedins = _addresses(rows.only("email_norm", "linkedin_norm"))
    sharing = Lead.objects.of(organization).alive().order_by()
    found = set(ids)
    for column, flag, values in (("email_norm", "holds_email", emails), ("linkedin_norm", "holds_linkedin", linkedins)):
        values = [value for value in values if value]
        for holds in (True, False):  # each has an index of its own
            same = sharing.filter(**{f"{column}__in": values, flag: holds})
            found.update(same.values_list("pk", flat=True) if values else [])
    locked = Lead.objects.of(organization).filter(pk__in=found).order_by("pk").select_for_update(of=("self",), no_key=True)
    return {lead.pk: lead for lead in locked if lead.pk in set(ids) and not (living and lead.deleted_at)}


# ------------------------------------------------------------------------- taking it back
def lock_for_undo(organization, changes):
    """Lock the leads of these changes in the order of their ids. Answers their addresses."""
    return _addresses(_lock(organization, [change.model_id for change in changes], living=False).values())
