"""Who started an import is told when it is over, unless it was he who ended it."""

from django.core.files.uploadedfile import SimpleUploadedFile

from lio import jobs
from lio.tenancy import org_scope
from tests.conftest import client_of
from transfers.models import Import

LIST = "Email,First name\njane@x.example,Jane\nx,Nobody\n"


def start(api, content=LIST):
    answer = api.post("/api/lead/lead-imports", {"file": SimpleUploadedFile("leads.csv", content.encode())}, format="multipart")
    return answer.json()["data"]["id"]


def told(user):
    return client_of(user).get("/api/notification/list").json()["data"]


def test_that_it_is_done(api, rep, colleague):
    pk = start(api)
    jobs.drain()
    (row,) = told(rep)
    assert (row["type_id"], row["title"], row["message"]) == (3, "leads.csv is imported", "1 new, 1 refused")
    assert (row["link"], row["model_id"]) == (f"/import/{pk}/", pk) and told(colleague) == []


def test_that_it_failed(api, rep, settings):
    settings.IMPORT_MAX_ROWS = 1
    start(api)
    jobs.drain()
    (row,) = told(rep)
    assert row["title"] == "leads.csv could not be imported" and "more than 1 rows" in row["message"]


def test_that_somebody_else_cancelled_it(api, rep, colleague):
    pk = start(api)
    api.post(f"/api/import-job/{pk}/cancel")
    assert told(rep) == []  # he did it himself
    with org_scope(rep.organization):
        Import.objects.update(by=colleague, state="mapping")
    api.post(f"/api/import-job/{pk}/cancel")
    (row,) = told(colleague)
    assert row["title"] == "leads.csv was cancelled" and row["message"].startswith("Cancelled by Ada Admin")
