"""Files of records: uploaded ones and those that lie in a cloud storage."""

from django.db import transaction

from activity import storing
from activity.content import category_of
from activity.models import Attachment, StoredFile
from lio import history
from lio.errors import Missing
from lio.registry import subjects


def subject(organization, model_type, model_id):
    """The living record. Raises Missing, also for a kind of record that does not exist."""
    kind = subjects.get(model_type)
    found = kind and kind.rows(organization).filter(pk=model_id).first()
    if found is None:
        raise Missing(fields={"subject_id": ["There is no such record."]})
    return found


@transaction.atomic
def attach_cloud_file(organization, *, model_type, model_id, provider, file, by):
    """Link a file of a cloud storage ({id, name, mime_type, web_url}) to a record. Raises Missing."""
    subject(organization, model_type, model_id)
    mime_type = file.get("mime_type") or ""
    row = Attachment.objects.create(
        organization=organization,
        model_type=model_type,
        model_id=model_id,
        provider=provider,
        name=file["name"],
        mime_type=mime_type,
        cloud_id=file["id"],
        web_url=file["web_url"],
        category=category_of(mime_type),
        created_by=by,
    )
    history.record("file.attached", (model_type, model_id), by=by, after={"attachment_id": row.pk, "name": row.name})
    return row


@transaction.atomic
def add_document(organization, *, model_type, model_id, upload, by, document_type="", description=""):
    """Store an uploaded file and attach it to a record (which the caller has looked up). Raises Invalid."""
    stored = storing.keep(upload, organization=organization, by=by)
    row = Attachment.objects.create(
        organization=organization,
        model_type=model_type,
        model_id=model_id,
        provider=Attachment.Provider.LIO,
        stored_file=stored,
        name=stored.file_name,
        mime_type=stored.mime_type,
        category=category_of(stored.mime_type),
        document_type=document_type,
        description=description,
        created_by=by,
    )
    history.record("document.added", (model_type, model_id), by=by, after={"attachment_id": row.pk, "name": row.name})
    return row


@transaction.atomic
def remove(rows, *, by):
    """Delete attachments, with the files that were uploaded for them and belong to no other record. Answers the ids."""
    going = list(rows.alive().order_by("pk").select_for_update(of=("self",)))
    ids = [row.pk for row in going]
    Attachment.objects.filter(pk__in=ids).bury()
    files = StoredFile.objects.filter(pk__in=[row.stored_file_id for row in going if row.stored_file_id])
    locked = list(files.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))  # of two the last sees it
    shared = Attachment.objects.alive().filter(stored_file_id__in=locked).values_list("stored_file_id", flat=True)
    files.exclude(pk__in=list(shared)).bury()
    for row in going:
        history.record(
            "document.removed", (row.model_type, row.model_id), by=by, before={"attachment_id": row.pk, "name": row.name}
        )
    return ids


@transaction.atomic
def restore(rows, *, by):
    """Bring deleted attachments back, with their files as long as the storage has them. Answers the ids."""
    gone = list(rows.exclude(deleted_at=None).order_by("pk").select_for_update(of=("self",)))
    files = StoredFile.objects.filter(pk__in=[row.stored_file_id for row in gone if row.stored_file_id])
    there = set(files.values_list("pk", flat=True))
    coming = [row for row in gone if not row.stored_file_id or row.stored_file_id in there]
    Attachment.objects.filter(pk__in=[row.pk for row in coming]).unbury()
    files.unbury()
    for row in coming:
        history.record(
            "document.restored", (row.model_type, row.model_id), by=by, after={"attachment_id": row.pk, "name": row.name}
        )
    return [row.pk for row in coming]
