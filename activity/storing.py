"""Files into our storage and out of it again: under random names, served only as attachments."""

import secrets
from hashlib import sha256

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.timezone import now

from activity import content
from activity.models import StoredFile
from lio.downloads import attachment
from lio.errors import Invalid, Missing

MB = 1024 * 1024
FILE_LIMIT = 25 * MB
IMAGE_LIMIT = 5 * MB


def keep(upload, *, organization, by):
    """Store an uploaded file after judging its content. Answers its StoredFile. Raises Invalid naming `file`."""
    check_size(upload, FILE_LIMIT, "file")
    mime_type = content.judge(upload)
    return _store(upload, upload.name, mime_type, organization=organization, by=by)


def keep_bytes(data, name, mime_type, *, organization, by):
    """Store bytes that we made ourselves."""
    return _store(ContentFile(data), name, mime_type, organization=organization, by=by)


def check_size(upload, limit, field):
    if not upload.size:
        raise Invalid({field: ["is empty"]})
    if upload.size > limit:
        raise Invalid({field: [f"must be at most {limit // MB} MB"]})


def _store(file, name, mime_type, *, organization, by):
    digest, size = sha256(), 0
    for chunk in file.chunks():
        digest.update(chunk)
        size += len(chunk)
    file.seek(0)
    kept = default_storage.save(f"{organization.pk}/{now():%Y-%m}/{secrets.token_hex(20)}", file)
    try:
        return StoredFile.objects.create(
            organization=organization, name=kept, file_name=content.clean_name(name, mime_type), mime_type=mime_type,
            size=size, sha256=digest.hexdigest(), uploaded_by=by)
    except Exception:
        default_storage.delete(kept)
        raise


def serve(row):
    """The file as a download. Raises Missing when the storage lost it."""
    try:
        file = default_storage.open(row.name, "rb")
    except FileNotFoundError:
        raise Missing("The file is no longer in the storage.") from None
    return attachment(file, name=row.file_name, mime_type=row.mime_type, size=row.size,
                      may_be_kept=row.mime_type.startswith("image/"))
