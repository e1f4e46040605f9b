"""Bulk actions on leads. Each takes plain ids and reads afresh, so that it can also run in the background."""

from accounts.models import User
from leads import jobs
from leads.models import Lead
from leads.serializers import check_active
from lio import bulk
from lio.jobs import enqueue_many
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
    return leads.assign_to(User.objects.get(pk=member_id) if member_id else None, by=by)


def _organization(leads):
    return leads.select_related("organization").only("organization").first().organization
