"""The picture of a lead."""

from django.db import transaction

from activity.images import keep_picture
from activity.models import StoredFile
from leads.models import Lead
from lio import history
from lio.errors import Missing


@transaction.atomic
def set_picture(lead_id, organization, upload, *, by):
    """Give a living lead an uploaded picture in place of the one it had. Answers its StoredFile. Raises Missing, Invalid."""
    lead = Lead.objects.of(organization).alive().select_for_update(of=("self",)).filter(pk=lead_id).first()
    if lead is None:
        raise Missing()
    row = keep_picture(upload, organization=organization, by=by)
    _put(lead, row.pk, by=by)
    return row


@transaction.atomic
def remove_picture(lead_id, organization, *, by):
    lead = Lead.objects.of(organization).alive().select_for_update(of=("self",)).filter(pk=lead_id).first()
    if lead is None:
        raise Missing()
    if lead.profile_image_id:
        _put(lead, None, by=by)


def _put(lead, file_id, *, by):
    before = lead.profile_image_id
    StoredFile.objects.filter(pk=before).bury()
    lead.profile_image_id = file_id
    lead.save(update_fields=["profile_image", "updated_at"])
    history.record("lead.picture_changed", lead, by=by, before={"profile_image": before}, after={"profile_image": file_id})


@transaction.atomic
def bring_back(lead, file_id, *, by):
    """Give a lead a picture that it had before, or none. Answers False when the storage no longer has it."""
    if file_id and not StoredFile.objects.of(lead.organization_id).filter(pk=file_id).unbury():
        return False
    _put(lead, file_id, by=by)
    return True
