"""Bulk actions on leads. Each takes plain ids and reads afresh, so that it can also run in the background."""

from accounts.models import User
from leads import edit, edit_many, jobs
from leads.assignment import tell_owner
from leads.models import Lead, LeadTag
from leads.serializers import UpdateLead, attributes, check_active
from lio import bulk, history
from lio.errors import Invalid
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


def add_tags(rows, numbers, *, by):
    """Add tags, by their numbers, to leads, which keep those that they have."""
    return bulk.act(_add_tags, rows, list(numbers), by=by)


@bulk.action
def _add_tags(ids, numbers, *, by):
    return _tag(ids, numbers, by=by, keep=True)


def set_tags(rows, numbers, *, by):
    """Give leads these tags and no others."""
    return bulk.act(_set_tags, rows, list(numbers), by=by)


@bulk.action
def _set_tags(ids, numbers, *, by):
    return _tag(ids, numbers, by=by, keep=False)


def _tag(ids, numbers, *, by, keep):
    """Answers the ids of the leads whose tags have changed. A tag that has gone since is left out."""
    leads = Lead.objects.filter(pk__in=ids).alive()
    alive = list(leads.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
    if not alive:
        return []
    tags = {number: entry.pk for number, entry in known(_organization(leads), "tags").items()}
    number_of = {pk: number for number, pk in tags.items()}
    wanted = {tags[number] for number in numbers if number in tags}
    there: dict[int, set[int]] = {pk: set() for pk in alive}
    for lead_id, tag_id in LeadTag.objects.filter(lead_id__in=alive).values_list("lead_id", "tag_id"):
        there[lead_id].add(tag_id)
    after = {pk: there[pk] | wanted if keep else wanted for pk in alive}
    changed = [pk for pk in alive if after[pk] != there[pk]]
    if not keep:
        LeadTag.objects.filter(lead_id__in=changed).exclude(tag_id__in=wanted).delete()
    missing = [(pk, tag) for pk in changed for tag in sorted(after[pk] - there[pk])]
    organization_id = current_organization_id()
    LeadTag.objects.bulk_create(
        [LeadTag(organization_id=organization_id, lead_id=pk, tag_id=tag) for pk, tag in missing], ignore_conflicts=True)

    def shown(pks):
        return {"tags": sorted(number_of.get(pk, pk) for pk in pks)}

    if keep:
        history.record_each("lead.tagged", "lead", [(pk, None, shown(after[pk] - there[pk])) for pk in changed], by=by)
    else:
        history.record_each("lead.updated", "lead", [(pk, shown(there[pk]), shown(after[pk])) for pk in changed], by=by)
    return changed


def set_fields(rows, given, *, by):
    """Set fields, named and valued as in the API (custom fields as `custom_fields`), of leads: {name: value}.

    Raises Invalid for what is no field of many leads, and for values that break a rule; then nothing has changed.
    """
    organization = by.organization
    names = [name for name in given if name != "custom_fields"]
    names += [f"cf.{key}" for key in given.get("custom_fields") or {}]
    if not names:
        raise Invalid({"fields": ["name at least one field"]})
    if wrong := [name for name in names if not edit_many.shared(organization, name)]:
        raise Invalid({"fields": [f"{wrong[0]} is not a field that many leads can share"]})
    attributes(organization, UpdateLead.read(given, partial=True))
    return bulk.act(_set_fields, rows, given, by=by)


@bulk.action
def _set_fields(ids, given, *, by):
    values = attributes(by.organization, UpdateLead.read(given, partial=True))
    return edit_many.set_fields(by.organization, ids, values, by=by)


def delete(rows, *, by):
    return bulk.act(_delete, rows, by=by)


@bulk.action
def _delete(ids, *, by):
    return edit.delete(Lead.objects.filter(pk__in=ids), by=by)


def _organization(leads):
    return leads.select_related("organization").only("organization").first().organization
