"""An export may be killed at any moment: one whole file in the end, told of once; and it takes the same memory for any size."""

import csv
import io
import os
import subprocess
import sys
import time
import zipfile
from random import Random

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from python_calamine import CalamineWorkbook

from activity.models import Notification
from leads.models import Lead
from lio import jobs
from lio.models import Job
from lio.tenancy import org_scope
from lookups.known import known
from tests.factories import make_organization
from tests.transfers.exporting import ask, download, table
from tests.transfers.importing import addresses
from tests.transfers.test_exports import leads, storage, stored  # noqa: F401 - fixtures
from tests.transfers.test_import_resume import override_storage, stop
from transfers import exporting, exports
from transfers.models import Export


class Killed(BaseException):
    """As if the process had gone: nothing catches it."""


def many(organization, count):
    """`count` leads, quickly."""
    with org_scope(organization):
        status = known(organization, "status")[1].pk
        for start in range(0, count, 2000):
            Lead.objects.bulk_create(
                Lead(organization=organization, first_name="Jane", last_name=f"Doe {n}", email=f"p{n}@x.example",
                     email_norm=f"p{n}@x.example", status_id=status, notes="She asked for the yearly plan.\n" * 5)
                for n in range(start, min(count, start + 2000))
            )  # fmt: skip


def numbers(content, format):
    """The last names of the file without their first word."""
    if format == "csv":
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    else:
        rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    at = rows[0].index("last_name")
    return [int(row[at].removeprefix("Doe ")) for row in rows[1:]]


@pytest.mark.parametrize("format", ["csv", "xlsx"])
@pytest.mark.parametrize("where", ["begin", "piece", "tell", "keep", "store", "finish", "locked"])
def test_interrupted_anywhere_it_goes_on_where_it_was(where, format, api, rep, storage, monkeypatch):  # noqa: F811
    many(rep.organization, 23)
    monkeypatch.setattr(exporting, "PIECE", 4)
    monkeypatch.setattr(exporting, "TURN_SECONDS", -1)
    pk = ask(api, format=format).json()["data"]["id"]
    real, deaths, dice = getattr(exporting.Work, where), [], Random(7)

    def sometimes(self, *args):
        """Every other call dies, before or after it has done its work; the first one after it."""
        if deaths and dice.random() < 0.25:
            deaths.append("before")
            raise Killed
        found = real(self, *args)
        if not deaths or dice.random() < 0.25:
            deaths.append("after")
            raise Killed
        return found

    row = Job.objects.get(function="transfers.jobs.write_export")
    with monkeypatch.context() as patch:
        patch.setattr(exporting.Work, where, sometimes)
        for _ in range(300):
            try:
                if exporting.Work(row, pk).go() is None:
                    break
            except Killed:
                continue
    assert deaths
    assert exporting.Work(row, pk).go() is None  # once more changes nothing
    content = download(api, pk)
    assert numbers(content, format) == list(range(22, -1, -1))
    export = api.get(f"/api/exports/view/{pk}").json()["data"]
    assert (export["row_count"], export["total"], export["size"]) == (23, 23, len(content))
    with org_scope(rep.organization):
        assert Notification.objects.filter(type_id=4).count() == 1
        exports.remove_files(Export.objects.get(pk=pk))
    assert stored() == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_three_times_writes_one_whole_file(tmp_path):
    count = 4_000
    admin = make_organization()
    many(admin.organization, count)
    with override_storage(tmp_path), org_scope(admin.organization):
        row = exports.create(admin.organization, export_type="leads", by=admin)
    env = os.environ | addresses() | {"LIO_DATA_DIR": str(tmp_path), "LIO_WORKERS": "1", "SECRET_KEY": "only-for-this-test"}
    (tmp_path / "short").mkdir()
    (tmp_path / "short" / "sitecustomize.py").write_text(SHORT)  # small pieces and turns, so that there is time to be killed
    env["PYTHONPATH"] = f"{tmp_path / 'short'}{os.pathsep}{env.get('PYTHONPATH', '')}"
    places, end = [-1], time.monotonic() + 240
    while True:
        worker = subprocess.Popen(
            [sys.executable, "manage.py", "worker"], cwd=settings.BASE_DIR, env=env, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            place = further(admin.organization, row.pk, places[-1], end, to_end=len(places) == 4)
        finally:
            stop(worker)
        if len(places) == 4:
            break
        assert place < count, "it was done before it could be killed"
        places.append(place)
    with override_storage(tmp_path), org_scope(admin.organization):
        row.refresh_from_db()
        with default_storage.open(row.storage_name) as file:
            assert numbers(file.read(), "csv") == list(range(count - 1, -1, -1))
        assert (row.row_count, Notification.objects.filter(type_id=4).count()) == (count, 1)
        assert default_storage.listdir("exports")[1] == [row.storage_name.removeprefix("exports/")]


SHORT = """
import sys
if "qcluster" in sys.argv or "worker" in sys.argv:
    import importlib.abc, importlib.util

    class Shortener(importlib.abc.MetaPathFinder):
        def find_spec(self, name, path, target=None):
            if name != "transfers.exporting":
                return None
            sys.meta_path.remove(self)
            spec = importlib.util.find_spec(name)
            load = spec.loader.exec_module
            def shorter(module):
                load(module)
                module.PIECE, module.TURN_SECONDS = 50, 0.4
            spec.loader.exec_module = shorter
            return spec

    sys.meta_path.insert(0, Shortener())
"""


def further(organization, pk, place, end, *, to_end):
    """Until the export is further than `place`, or over; answers how far it is then."""
    while time.monotonic() < end:
        with org_scope(organization):
            row = Export.objects.get(pk=pk)
        if not row.is_open or (row.row_count > place + 100 and not to_end):
            return row.row_count
        time.sleep(0.02)
    raise AssertionError(f"the export stands at {row.row_count} ({row.state})")


MEASURE = """
import sys
import django
django.setup()
from lio.models import Job
from transfers.exporting import Work
def peak():  # MB; what getrusage tells begins with the parent's
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM:")) // 1024
job = Job.objects.get(pk=int(sys.argv[1]))
before = peak()
assert Work(job, job.args[0]).go() is None
print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_the_memory_does_not_grow_with_the_rows(tmp_path, format):
    """40,000 rows are 10 MB as CSV and 60 MB as XML of a sheet."""
    admin = make_organization()
    many(admin.organization, 40_000)
    with override_storage(tmp_path), org_scope(admin.organization):
        row = exports.create(admin.organization, export_type="leads", by=admin, format=format)
    job = jobs.Job.objects.get(function="transfers.jobs.write_export")
    env = os.environ | addresses() | {"LIO_DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "lio.settings"}
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(job.pk)], cwd=settings.BASE_DIR, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout.split()[-1]) < 25, f"{done.stdout} MB more"
    with override_storage(tmp_path), org_scope(admin.organization):
        row.refresh_from_db()
        assert (row.state, row.row_count) == ("completed", 40_000)
        with default_storage.open(row.storage_name) as file:
            if format == "csv":
                assert len(table(file.read())[1]) == 40_000
            else:
                assert zipfile.ZipFile(file).testzip() is None
