"""Merging: companies that are one become one company, with all that belongs to them (lio/merging.py)."""

from django.db import transaction

from companies import edit
from companies.models import Company, CompanyPair, CompanyTag
from companies.undo import CompanyReverter
from lio.merging import Merging
from lio.registry import renamed

FIELDS = {  # name of the API: model attribute
    **{name: name for name in (
        "company_name", "industry_type", "address", "city", "state", "country", "pin_code", "employee_size", "rating",
        "contact_email", "phone_number", "website", "linkedin_url", "summary")},
    "company_logo": "logo_id",
}
# tags are united, pairs are found anew; what is deleted moves along: brought back later it must not belong to nothing
KIT = Merging(Company, FIELDS, (CompanyTag, CompanyPair), plural="companies", buried=True)
several, survivor_of, merged_into = KIT.several, KIT.survivor_of, KIT.merged_into
revert = CompanyReverter()


@transaction.atomic
def merge(organization, company_ids, *, by, survivor_id=None, fields=None):
    """Make one company of 2 to 10: `survivor_id`, else the oldest. The others are deleted and lead to it.

    `fields`: see `Merging.chosen`. Tags unite; leads, contacts and everything else of the others move. Answers the survivor's
    id. Raises Invalid, or Missing when one of them is not a living company of the organisation.
    """
    ids, fields = several(organization, company_ids), fields or {}
    KIT.check(ids, survivor_id, fields)
    survivor, losers, moved = KIT.begin(organization, ids, survivor_id or ids[0])
    values = KIT.chosen(survivor, losers, fields)
    tags = list(CompanyTag.objects.of(organization).filter(company__in=losers).values_list("tag_id", flat=True))
    KIT.close(organization, survivor, losers, moved, by=by)  # before the edit: their names and domains are free then
    edit.update(survivor.pk, organization, values, by=by, add_tags=tags, keep=True)
    _follow(organization, [survivor.pk])
    return survivor.pk


def _follow(organization, company_ids):
    """What moved may be found by the company's name."""
    for follow in renamed["company"]:
        follow(organization, company_ids)


def undo(organization, changes, by):
    """The undoer of companies: a merge as a whole, anything else by itself. Answers (ids put back, conflicts)."""
    if not KIT.is_about(organization, changes):
        return revert(organization, changes, by)
    done, conflicts = KIT.undo(organization, changes, by, each=revert, restore=lambda rows: edit.restore(rows, by=by))
    _follow(organization, done)
    return done, conflicts
