"""The logo of a company."""

from django.db import transaction

from activity.images import keep_picture
from activity.models import StoredFile
from companies.models import Company
from lio import history
from lio.errors import Missing
from lio.revert import CHANGED, GONE, whole


@transaction.atomic
def set_logo(company_id, organization, upload, *, by, field="company_logo"):
    """Give a living company an uploaded picture as its logo. Raises Missing, or Invalid naming `field`."""
    company = _lock(company_id, organization)
    row = keep_picture(upload, organization=organization, by=by, field=field)
    _put(company, row.pk, by=by)


@transaction.atomic
def remove_logo(company_id, organization, *, by):
    company = _lock(company_id, organization)
    if company.logo_id:
        _put(company, None, by=by)


def _lock(company_id, organization):
    company = Company.objects.of(organization).alive().select_for_update(of=("self",)).filter(pk=company_id).first()
    if company is None:
        raise Missing()
    return company


def _put(company, file_id, *, by):
    before = company.logo_id
    StoredFile.objects.filter(pk=before).bury()
    company.logo_id = file_id
    company.save(update_fields=["logo", "updated_at"])
    history.record("company.logo_changed", company, by=by, before={"logo": before}, after={"logo": file_id})


@transaction.atomic
def undo(organization, change, by):
    """Put back the logo that was there before. Answers what was left alone: [{field, reason}]."""
    company = Company.objects.of(organization).alive().select_for_update(of=("self",)).filter(pk=change.model_id).first()
    if company is None:
        return whole(f"the company {GONE}")
    if company.logo_id != (change.after or {}).get("logo"):
        return [{"field": "company_logo", "reason": CHANGED}]
    file_id = (change.before or {}).get("logo")
    if file_id and not StoredFile.objects.of(organization).filter(pk=file_id).unbury():
        return whole("the logo is gone")
    _put(company, file_id, by=by)
    return []
