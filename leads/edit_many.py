"""Changing many leads at once, set-based: what `edit.update` does to one, for those that get the same values."""

from django.utils.timezone import now

from companies.models import Company
from companies.naming import find_or_make
from leads import edit, jobs, words
from leads.assignment import tell_owner
from leads.models import Lead
from lio import history, search
from lio.jobs import enqueue_many
from lio.many import save
from lookups.custom import active


def set_fields(organization, ids, values, *, by):
    """Set `values` ({model attribute: value}; `company` is a name, an empty value clears) of the living leads among `ids`.

    No addresses, and no values that must be unique: many leads cannot share them. Answers the ids that changed. Raises
    Invalid when the custom fields of one would become too many or too large.
    """
    values = dict(values)
    if "company" in values:
        name = values.pop("company")
        values["company_id"] = find_or_make(organization, name, by=by) if name else None
    rows = Lead.objects.of(organization).alive().filter(pk__in=ids).order_by("pk")
    there = list(rows.select_for_update(of=("self",)).prefetch_related("company"))  # read after the lock
    names = {row.company_id: row.company.company_name for row in there if row.company}
    if values.get("company_id") and values["company_id"] not in names:
        names |= dict(Company.objects.filter(pk=values["company_id"]).values_list("pk", "company_name"))
    changes, changed, given, columns = [], [], [], set()
    for row in there:
        before, after = edit._set(row, dict(values))
        if not after:
            continue
        if "status_id" in after:
            row.last_activity_at = now()
            columns.add("last_activity_at")
        old, new = edit.wire(organization, before), edit.wire(organization, after)
        if "company_id" in new:
            old["company"], new["company"] = names.get(before["company_id"]), names.get(after["company_id"])
        if "assigned_to_id" in after:
            given.append(row.pk)
        changes.append((row.pk, old, new))
        changed.append(row)
        columns |= after.keys()
    save(changed, columns, organization)
    follow(changed, names)
    history.record_each("lead.updated", "lead", changes, by=by)
    tell_owner(given, values.get("assigned_to_id"), by=by)
    return [row.pk for row in changed]


def shared(organization, name):
    """Whether many leads may get the same value of a field, by its name in the API (`cf.<key>` for a custom one)."""
    if name.startswith("cf."):
        one = next((one for one in active(organization) if f"cf.{one.key}" == name), None)
        return one is not None and not one.is_unique
    return name in SHARED


SHARED = frozenset({
    "company", "job_title", "status", "priority", "lead_source", "estimated_value", "industry", "website", "address", "city",
    "state", "country", "pin_code", "notes", "assigned_to", "company_id", "do_not_contact", "tracking_off",
})


def follow(rows, company_names):
    """What follows from changed leads: their search words, and their scores to come."""
    search.write_many(
        "lead",
        [
            (row.pk, words.body({name: getattr(row, name) for name in words.COLUMNS}, company_names.get(row.company_id)))
            for row in rows
        ],
    )
    enqueue_many(jobs.score_leads, [row.pk for row in rows])
