"""Short ways to send a lead list and see what came of it."""

from urllib.parse import urlsplit

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from leads.models import Lead
from lio import jobs
from lio.tenancy import org_scope


def addresses():
    """The environment of a process that is to work on the tests' database, as each role."""
    from lio.settings import DATABASE_URLS

    name = connection.settings_dict["NAME"]
    keys = {"DATABASE_URL": "app", "DATABASE_OWNER_URL": "owner", "DATABASE_SYSTEM_URL": "system"}
    return {key: urlsplit(DATABASE_URLS[role])._replace(path=f"/{name}").geturl() for key, role in keys.items()}


def send(api, content, name="leads.csv", **options):
    """POST a file; answers the response."""
    content = content if isinstance(content, bytes) else content.encode()
    return api.post("/api/lead/lead-imports", {"file": SimpleUploadedFile(name, content), **options}, format="multipart")


def imported(api, content, name="leads.csv", **options):
    """Send a file, do the work, answer the job as the API shows it then."""
    answer = send(api, content, name, **options)
    assert answer.status_code == 201, answer.content
    jobs.drain()
    return api.get(f"/api/import-job/view/{answer.json()['data']['id']}").json()["data"]


def counts(job):
    return {name: job[name] for name in ("total", "created", "merged", "skipped", "failed")}


def leads_of(organization):
    with org_scope(organization):
        return list(Lead.objects.alive().select_related("company", "status", "source").order_by("pk"))
