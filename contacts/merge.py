"""Merging: contacts that are one person become one contact, with all that belongs to them (lio/merging.py)."""

from django.db import transaction

from contacts import addresses, edit
from contacts.models import Contact, ContactPair, ContactPoint, ContactTag, Employment
from contacts.undo import ContactReverter
from lio.merging import Merging

FIELDS = {  # name of the API: model attribute
    **{name: name for name in (
        "name", "email", "phone_number", "designation", "seniority", "department", "decision_maker", "linkedin_url", "city",
        "country", "lead_score")},
    "company": "company_id", "lead_id": "lead_id", "status": "status_id",
}
# tags and further addresses are united, pairs are found anew
KIT = Merging(Contact, FIELDS, (ContactTag, ContactPoint, ContactPair), plural="contacts", buried=True)
revert = ContactReverter()
several, survivor_of, merged_into = KIT.several, KIT.survivor_of, KIT.merged_into


@transaction.atomic
def merge(organization, contact_ids, *, by, survivor_id=None, fields=None):
    """Make one contact of 2 to 10: `survivor_id`, else the oldest. The others are deleted and lead to it.

    `fields`: see `Merging.chosen`. Tags and addresses unite: an e-mail address or phone number that does not win stays as a
    further one, and a company that does not win as a former employer. What belongs to the others moves. Answers the survivor's
    id. Raises Invalid, or Missing when one of them is not a living contact of the organisation.
    """
    ids, fields = several(organization, contact_ids), fields or {}
    KIT.check(ids, survivor_id, fields)
    survivor, losers, moved = KIT.begin(organization, ids, survivor_id or ids[0])
    values = KIT.chosen(survivor, losers, fields)
    values |= _addresses(organization, survivor, losers, values)
    tags = list(ContactTag.objects.of(organization).filter(contact__in=losers).values_list("tag_id", flat=True))
    employer = values.get("company_id", survivor.company_id)
    if "company_id" in values:
        values["company_since"] = next((row.company_since for row in losers if row.company_id == employer), None)
    left = [row for row in (survivor, *losers) if row.company_id not in (None, employer)]
    KIT.close(organization, survivor, losers, moved, by=by)  # before the edit: their leads are free then
    jobs = _former(organization, survivor, left, by)
    edit.update(survivor.pk, organization, values, by=by, add_tags=tags, keep=True, closes=False,
                told=({}, {"employment_ids": jobs}) if jobs else None)
    return survivor.pk


def _addresses(organization, survivor, losers, values):
    """{list's name: addresses} of all of them, the one that won first, each once."""
    points, found = addresses.points_of(organization, [row.pk for row in (survivor, *losers)]), {}
    for kind in addresses.KINDS:
        lists = [addresses.of_contact(row, points[row.pk])[kind.many] for row in (survivor, *losers)]
        main = values.pop(kind.main, getattr(survivor, kind.main))
        both = [one for there in lists for one in there]
        both.sort(key=lambda one: one["value"] != main)  # stable: the others stay in their order
        found[kind.many] = both
    return found


def _former(organization, survivor, left, by):
    """Write down where else they were said to work. Answers the ids."""
    names = edit.names_of({row.company_id for row in left})
    rows = {row.company_id: Employment(
        organization=organization, contact=survivor, company_id=row.company_id, company_name=names.get(row.company_id, ""),
        designation=row.designation or "", started_on=row.company_since, ended_on=edit.today(by)) for row in left}
    return [row.pk for row in Employment.objects.bulk_create(rows.values())]


def undo(organization, changes, by):
    """The undoer of contacts: a merge as a whole, anything else by itself. Answers (ids put back, conflicts)."""
    if not KIT.is_about(organization, changes):
        return revert(organization, changes, by)
    return KIT.undo(organization, changes, by, each=revert, restore=lambda rows: edit.restore(rows, by=by))
