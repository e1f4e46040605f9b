"""Files out: as attachments only, so that nothing that somebody uploaded can run in our own origin."""

from django.http import FileResponse

FOREVER = "private, max-age=86400, immutable"


def attachment(file, *, name, mime_type, size, may_be_kept=False):
    """An answer that saves `file` (open for reading) under `name` (RFC 6266), whatever its kind.

    `may_be_kept`: what this address stands for never changes, so the browser may keep it for a day.
    """
    answer = FileResponse(file, as_attachment=True, filename=name, content_type=mime_type)
    answer["Content-Length"] = str(size)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    answer["Cache-Control"] = FOREVER if may_be_kept else "private, no-store"
    return answer
