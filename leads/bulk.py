"""Bulk actions on leads. Each takes plain ids and reads afresh, so that it can also run in the background."""

from accounts.models import User
from leads import edit, jobs
from leads.assignment import tell_owner
from leads.models import Lead, LeadTag
from leads.serializers import check_active
from lio import bulk, history
from lio.jobs import enqueue_many
from lio.tenancy import current_organization_id
from lookups.known import known


def set_status(rows, status, *, by):
    return bulk.act(_set_status, rows, status.number, by=by)


@bulk.action
def _set_status(ids, number, *, by):
    leads = Lead.objects.filter(pk__in=ids).alive()
    status = known(_organization(leads), "status")[number] if leads.exists() else None
    changed = leads.set_status(status, by=by) if status else []
    enqueue_many(jobs.score_leads, changed)
    return changed


def assign(rows, member, *, by):
    """Give leads to an active member, or with None take the assignment away."""
    return bulk.act(_assign, rows, member and check_active(member).pk, by=by)


@bulk.action
def _assign(ids, member_id, *, by):
    leads = Lead.objects.filter(pk__in=ids).alive()
    changed = leads.assign_to(User.objects.get(pk=member_id) if member_id else None, by=by)
    tell_owner(changed, member_id, by=by)
    return changed


def add_tag(rows, tag, *, by):
    """Add a tag (a lookups.known.Entry) to leads that do not have it yet."""
    return bulk.act(_add_tag, rows, tag.pk, tag.number, by=by)


@bulk.action
def _add_tag(ids, tag_id, number, *, by):
    organization_id = current_organization_id()
    alive = list(Lead.objects.filter(pk__in=ids).alive().order_by("pk").values_list("pk", flat=True))
    there = set(LeadTag.objects.filter(lead_id__in=alive, tag_id=tag_id).values_list("lead_id", flat=True))
    changed = [pk for pk in alive if pk not in there]
    LeadTag.objects.bulk_create([LeadTag(organization_id=organization_id, lead_id=pk, tag_id=tag_id) for pk in changed],
                                ignore_conflicts=True)
    history.record_many("lead.tagged", "lead", changed, by=by, after={"tags": [number]})
    return changed


def delete(rows, *, by):
    return bulk.act(_delete, rows, by=by)


@bulk.action
def _delete(ids, *, by):
    return edit.delete(Lead.objects.filter(pk__in=ids), by=by)


def _organization(leads):
    return leads.select_related("organization").only("organization").first().organization
