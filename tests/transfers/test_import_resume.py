"""An import may be killed at any moment: no row lost, none twice (T82)."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from leads.models import Lead
from lio import jobs
from lio.models import Change, Job, SearchDoc
from lio.tenancy import org_scope
from tests.factories import make_organization
from tests.transfers.importing import addresses, counts, send
from transfers import imports
from transfers.models import Import, ImportRow
from transfers.staging import Work

ROWS = 60


def lead_list(rows):
    """Every tenth row is a duplicate of the one before, every twelfth is refused."""
    lines = ["first name,last name,email,company"]
    for n in range(rows):
        email = f"p{n - 1}@x.example" if n % 10 == 9 else "broken" if n % 12 == 5 else f"p{n}@x.example"
        lines.append(f"Jane,Doe{n},{email},Acme {n % 7}")
    return "\n".join(lines)


def wanted(rows):
    twice = sum(n % 10 == 9 for n in range(rows))
    broken = sum(n % 12 == 5 and n % 10 != 9 for n in range(rows))
    lost = sum(n % 10 == 9 and (n - 1) % 12 == 5 for n in range(rows))  # the row before a duplicate was refused
    return {"total": rows, "created": rows - twice - broken + lost, "merged": 0, "skipped": twice - lost, "failed": broken}


def check(organization, import_id, rows):
    """Rows in the file = rows in the database, each once, with all that belongs to it."""
    with org_scope(organization):
        leads = list(Lead.objects.alive().order_by("pk").only("pk", "company_id", "email_norm"))
    with org_scope(organization):
        row = Import.objects.get(pk=import_id)
        assert (row.state, counts(vars(row))) == ("completed", wanted(rows)), row.problem
        numbers = list(ImportRow.objects.order_by("number").values_list("number", flat=True))
        assert numbers == list(range(2, rows + 2))
        created = Change.objects.filter(verb="lead.created")
        assert sorted(created.values_list("model_id", flat=True)) == [lead.pk for lead in leads]
        assert set(created.values_list("change_id", flat=True)) == {row.change_id}
        assert SearchDoc.objects.filter(kind="lead").count() == len(leads)
        assert Change.objects.filter(verb="company.created").count() == len({lead.company_id for lead in leads})
    assert len({lead.email_norm for lead in leads}) == len(leads) == wanted(rows)["created"]


class Killed(BaseException):
    """As if the process had gone: nothing catches it."""


@pytest.mark.parametrize(
    "where",
    [
        "transfers.staging.Work.copy",
        "transfers.staging.capture_many",
        "transfers.staging.advance",
        "transfers.staging.Work.count",
        "transfers.staging.Work.chunk",
        "leads.capture_many.enqueue_many",
    ],
)
def test_interrupted_anywhere_it_goes_on_where_it_was(where, api, rep, monkeypatch):
    monkeypatch.setattr("transfers.staging.CAPTURED", 7)
    monkeypatch.setattr("transfers.staging.STAGED", 11)
    job = send(api, lead_list(ROWS)).json()["data"]
    module, name = where.rsplit(".", 1)
    from django.utils.module_loading import import_string

    owner = import_string(module) if "Work" in module else sys.modules[module]
    real, calls = getattr(owner, name), []

    def sometimes(*args, **kwargs):
        """Every other call dies, before or after it has done its work."""
        calls.append(1)
        if len(calls) % 4 == 2:
            raise Killed
        found = real(*args, **kwargs)
        if len(calls) % 4 == 0:
            raise Killed
        return found

    monkeypatch.setattr(owner, name, sometimes)
    for _ in range(200):
        row = Job.objects.get(function="transfers.jobs.work")
        if row.state == Job.State.DONE:
            break
        Job.objects.filter(pk=row.pk).update(state=Job.State.RUNNING)
        try:
            Work(row, job["id"], 0).go()
            Job.objects.filter(pk=row.pk).update(state=Job.State.DONE)
        except Killed:
            continue
    assert len(calls) > 8
    check(rep.organization, job["id"], ROWS)


def test_it_lets_others_work_between_its_turns(api, rep, monkeypatch):
    monkeypatch.setattr("transfers.staging.CAPTURED", 7)
    monkeypatch.setattr("transfers.staging.STAGED", 11)
    monkeypatch.setattr("transfers.staging.TURN_SECONDS", -1)
    job = send(api, lead_list(ROWS)).json()["data"]
    jobs.drain()
    assert Job.objects.get(function="transfers.jobs.work").state == "completed"
    check(rep.organization, job["id"], ROWS)


def test_after_too_many_failures_it_says_so(api, rep, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("no")

    monkeypatch.setattr("transfers.staging.capture_many", broken)
    job = send(api, lead_list(5)).json()["data"]
    row = Job.objects.get(function="transfers.jobs.work")
    for _ in range(row.max_attempts):
        Job.objects.filter(pk=row.pk).update(run_at=row.created_at)
        jobs.run(row.pk)
    job = api.get(f"/api/import-job/view/{job['id']}").json()["data"]
    assert (job["status"], job["errors"][0]["reason"]) == (
        "failed",
        "The import stopped for a reason of our own. Start it again.",
    )


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_three_times_loses_and_doubles_nothing(tmp_path):
    rows = 6_000 if not os.environ.get("LIO_SOAK") else 100_000
    admin = make_organization()
    with override_storage(tmp_path), org_scope(admin.organization):
        row = imports.take(SimpleUploadedFile("leads.csv", lead_list(rows).encode()), by=admin, runs_through=True)
    env = os.environ | addresses() | {"LIO_DATA_DIR": str(tmp_path), "LIO_WORKERS": "1", "SECRET_KEY": "only-for-this-test"}
    kills, places, end = 0, [], time.monotonic() + 300
    while time.monotonic() < end:
        worker = subprocess.Popen(
            [sys.executable, "manage.py", "worker"],
            cwd=settings.BASE_DIR,
            env=env,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            place = wait_for(admin.organization, row.pk, places[-1] if places else -1, end, to_end=kills == 3)
        finally:
            stop(worker)
        if kills == 3:
            break
        places.append(place)
        kills += 1
    assert kills == 3 and len(set(places)) > 1
    check(admin.organization, row.pk, rows)


def wait_for(organization, pk, place, end, *, to_end):
    """Until the import is further than `place`, or over; answers how far it is then."""
    while time.monotonic() < end:
        with org_scope(organization):
            row = Import.objects.get(pk=pk)
        there = row.staged_to + row.done_to
        if row.is_over or (there > place and not to_end):
            return there
        time.sleep(0.02)
    raise AssertionError(f"the import stands at {there}")


def stop(worker):
    """kill -9 for all of them at once: supervisor, cluster and workers, each in a group of its own."""
    import psutil

    children = psutil.Process(worker.pid).children(recursive=True)
    worker.kill()  # first, so that it does not start them anew
    worker.wait()
    for process in children:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)


def override_storage(folder):
    from django.test import override_settings

    files = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": folder / "files"}}
    return override_settings(STORAGES=settings.STORAGES | {"default": files})


def test_the_walls_hold_for_staged_rows(api, rep, outsider):
    send(api, lead_list(5))
    jobs.drain()
    with org_scope(outsider.organization), connection.cursor() as cursor:
        for table in ("transfers_import", "transfers_importrow"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone()[0] == 0
        assert Lead.objects.count() == 0
