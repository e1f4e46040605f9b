"""Work in bulk beside what PostgreSQL or a bare loop takes for it: import, exports, a status for all leads.

Each piece of work runs in a process of its own (`python -m bench.work`), under the worker's settings, so that its peak memory
is its own. The floors are single statements as a role that no wall binds, in the same run, one after the other. Ratios are
of CPU time, of the processes and of PostgreSQL's backends: several minutes of work are never alone on a machine.
"""

import csv
import io
import json
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile

import psycopg

from bench.cases import BIG
from bench.report import goal
from bench.servers import cpu_seconds
from lio.embedded.place import CHECKOUT

MOST_IMPORTED = 100_000
ROUNDS = 3
MEMORY = 512  # MB that a job may have
MEANT = 0.3  # seconds of a floor below which what a job costs once is most of it
LEAD = ("first_name", "last_name", "email", "phone_number", "company", "job_title", "city", "country")
COPIED = """COPY leads_lead (organization_id, first_name, last_name, email, email_norm, holds_email, phone_number, phone_norm,
    company_id, job_title, city, country, status_id, priority, score, holds_linkedin, custom_fields, ai_information, created_at,
    updated_at) FROM STDIN"""
AROUND = """
INSERT INTO lio_searchdoc (organization_id, kind, object_id, body)
SELECT organization_id, 'lead', id, lower(concat_ws(E'\\n', first_name || ' ' || last_name, email, phone_number, job_title))
FROM leads_lead WHERE organization_id = %(org)s AND email_norm LIKE 'floor-import%%';
INSERT INTO lio_change (organization_id, change_id, verb, model_type, model_id, after, actor)
SELECT organization_id, 0, 'lead.created', 'lead', id,
       jsonb_build_object('email', email, 'first_name', first_name, 'last_name', last_name, 'job_title', job_title), 'floor'
FROM leads_lead WHERE organization_id = %(org)s AND email_norm LIKE 'floor-import%%';
INSERT INTO lio_job (organization_id, function, args, is_batch, state, attempts, max_attempts, total, processed, succeeded,
                     failed, skipped, error)
SELECT organization_id, 'leads.jobs.score_leads', jsonb_build_array(id), true, 'done', 0, 5, 0, 0, 0, 0, 0, ''
FROM leads_lead WHERE organization_id = %(org)s AND email_norm LIKE 'floor-import%%'
"""
STATUS = """WITH told AS (
    INSERT INTO lio_change (organization_id, change_id, verb, model_type, model_id, before, after, actor)
    SELECT l.organization_id, 0, 'lead.status_changed', 'lead', l.id, jsonb_build_object('status', s.number),
           '{"status": 6}', 'floor'
    FROM leads_lead l JOIN lookups_lookup s ON s.id = l.status_id
    WHERE l.organization_id = %(org)s AND l.deleted_at IS NULL AND l.status_id <> %(status)s)
UPDATE leads_lead SET status_id = %(status)s, last_activity_at = now(), updated_at = now()
WHERE organization_id = %(org)s AND deleted_at IS NULL AND status_id <> %(status)s"""


def measure(urls, rows, folder, say):
    """Checks: one a piece of work. Every lead of the large organisation has another status afterwards."""
    with psycopg.connect(urls["system"], autocommit=True) as floor, psycopg.connect(urls["owner"], autocommit=True) as owner:
        org = floor.execute("SELECT id FROM accounts_organization ORDER BY id OFFSET %s LIMIT 1", [BIG - 1]).fetchone()[0]
        try:
            return [
                *imports(floor, owner, org, min(rows, MOST_IMPORTED), folder, say),
                *exports(floor, org, say),
                *status(floor, owner, org, urls, say),
            ]
        finally:
            owner.execute("TRUNCATE transfers_import, transfers_importrow, transfers_export CASCADE")
            owner.execute("DELETE FROM lio_job")


# ------------------------------------------------------------------------- import
def imports(floor, owner, org, count, folder, say):
    """An import beside a bare COPY of the leads, and beside one with all that belongs to them written in three statements."""
    ours, bare, whole, memory = [], [], [], 0
    owner.execute("DELETE FROM lio_job")
    for number in range(ROUNDS):
        say(f"work: import of {count:,} rows, round {number + 1} of {ROUNDS}")
        listed = [lead(number, n) for n in range(count)]
        path = folder / "leads.csv"
        with open(path, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(LEAD)
            writer.writerows(listed)
        done = child("import", org=org, path=str(path))
        assert done["rows"] == count, done
        ours.append(done)
        memory = max(memory, done["memory"])
        owner.execute("DELETE FROM leads_lead WHERE email_norm LIKE '%@new.example'")
        copied, all_of_it = copy_in(floor, org, listed)
        bare.append(copied)
        whole.append(all_of_it)
        owner.execute("VACUUM leads_lead")
    for table, kind, key in (("lio_searchdoc", "kind", "object_id"), ("lio_change", "model_type", "model_id")):
        owner.execute(f"DELETE FROM {table} t WHERE {kind} = 'lead' AND NOT EXISTS (SELECT FROM leads_lead WHERE id = t.{key})")
    seconds, rate = middle(ours), middle(bare) / middle(ours)
    text = (f"{count:,} rows in {seconds:.1f} s ({count / seconds:,.0f} a second), bare COPY {middle(bare):.1f} s "
            f"({rate:.2f} of its rate, CPU {ratio(ours, bare):.1f} of it), with all rows around {middle(whole):.1f} s")
    goals = [goal("CPU / same writes", ratio(ours, whole), 4), goal("MB", memory, MEMORY)]
    return [{"case": "import", "text": text, "goals": goals}]


def middle(runs):
    return median(run["seconds"] for run in runs)


def ratio(ours, theirs):
    """Median of the rounds' ratios of CPU time."""
    return median(a["cpu"] / b["cpu"] for a, b in zip(ours, theirs, strict=True))


@contextmanager
def clocked(connection):
    """A dict that has `seconds` and `cpu` (of this process and the connection's backend) of the block after it."""
    spent = {}
    began, cpu, backend = time.perf_counter(), time.process_time(), cpu_seconds(connection.info.backend_pid)
    yield spent
    spent["seconds"] = time.perf_counter() - began
    spent["cpu"] = time.process_time() - cpu + cpu_seconds(connection.info.backend_pid) - backend


def lead(number, n):
    return ("Ada", f"Lovelace {n}", f"import{number}.{n}@new.example", f"+49 30 {1000000 + n}", "Northern Software 20", "Buyer",
            "Berlin", "Germany")  # fmt: skip


def copy_in(floor, org, listed):
    """(a bare COPY of the same rows into the same table with its indexes, keys and triggers; the same with the search
    documents, changes and jobs that belong to them), as `clocked` tells; rolled back."""
    status, company = floor.execute(
        """SELECT (SELECT id FROM lookups_lookup WHERE organization_id = %(org)s AND type = 'status' AND number = 1),
                  (SELECT id FROM companies_company WHERE organization_id = %(org)s LIMIT 1)""", {"org": org}).fetchone()
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with floor.transaction(force_rollback=True), floor.cursor() as cursor, clocked(floor) as whole:
        with clocked(floor) as bare:
            with cursor.copy(COPIED) as copy:
                for first, last, email, phone, _, title, city, country in listed:
                    email = f"floor-{email}"
                    copy.write_row((org, first, last, email, email, True, phone, phone.replace(" ", ""), company, title, city,
                                    country, status, 2, 0, True, "{}", "{}", moment, moment))  # fmt: skip
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for statement in AROUND.split(";\n"):
            cursor.execute(statement, {"org": org})
    return bare, whole


# ------------------------------------------------------------------------- exports
def exports(floor, org, say):
    """CSV of all leads beside a bare COPY of the table; XLSX of one status beside a bare loop of xlsxwriter over its rows."""
    ours, theirs = {"csv": [], "xlsx": []}, {"csv": [], "xlsx": []}
    for number in range(ROUNDS):
        say(f"work: exports, round {number + 1} of {ROUNDS}")
        for format, filters in (("csv", {}), ("xlsx", {"state_id": 3})):
            ours[format].append(child("export", org=org, format=format, filters=filters))
        theirs["csv"].append(copy_out(floor, org))
        theirs["xlsx"].append(child("xlsxwriter", org=org, count=ours["xlsx"][-1]["rows"]))
    checks = []
    for format, bare, limit in (("csv", "bare COPY", 2.22), ("xlsx", "bare xlsxwriter", 1.2)):
        count, seconds = ours[format][-1]["rows"], middle(ours[format])
        text = f"{count:,} rows in {seconds:.1f} s ({count / seconds:,.0f} a second), {bare} {middle(theirs[format]):.1f} s"
        goals = [goal("MB", max(run["memory"] for run in ours[format]), MEMORY)]
        if middle(theirs[format]) > MEANT:
            goals.insert(0, goal(f"CPU / {bare}", ratio(ours[format], theirs[format]), limit))
        checks.append({"case": f"export {format.upper()}", "text": text, "goals": goals})
    return checks


def copy_out(floor, org):
    sql = "COPY (SELECT * FROM leads_lead WHERE organization_id = %s AND deleted_at IS NULL) TO STDOUT (FORMAT csv)"
    with clocked(floor) as spent, floor.cursor() as cursor, cursor.copy(sql, [org]) as lines:
        for _ in lines:
            pass
    return spent


# ------------------------------------------------------------------------- a status for all leads
def status(floor, owner, org, urls, say):
    """One bare statement, rolled back; then the product's job, while somebody else changes single leads."""
    say("work: a status for all leads")
    number = floor.execute(
        "SELECT id FROM lookups_lookup WHERE organization_id = %s AND type = 'status' AND number = 6", [org]).fetchone()[0]
    with floor.transaction(force_rollback=True), clocked(floor) as bare:
        count = floor.execute(STATUS, {"org": org, "status": number}).rowcount
        floor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    owner.execute("VACUUM leads_lead, lio_change")
    with Probe(urls["system"], org) as probe:
        done = child("status", org=org)
    assert done["rows"] == count, (done, count)
    ours, waits = done["seconds"], sorted(probe.waits)
    text = (f"{count:,} rows in {ours:.1f} s ({count / ours:,.0f} a second), one bare statement {bare['seconds']:.1f} s; "
            f"another writer waited {waits[len(waits) // 2]:.0f} ms, at most {waits[-1]:.0f} ms")
    return [{"case": "status of all", "text": text,
             "goals": [goal("CPU / one statement", done["cpu"] / bare["cpu"], 2), goal("MB", done["memory"], MEMORY)]}]


class Probe:
    """Somebody who changes one lead after the other meanwhile; `waits` are the milliseconds that each took."""

    def __init__(self, url, org):
        self.url, self.org, self.waits, self.over = url, org, [], threading.Event()
        self.thread = threading.Thread(target=self.write)

    def write(self):
        with psycopg.connect(self.url, autocommit=True) as connection:
            ids = [row[0] for row in connection.execute(
                "SELECT id FROM leads_lead WHERE organization_id = %s ORDER BY random() LIMIT 1000", [self.org])]
            while not self.over.is_set():
                began = time.perf_counter()
                connection.execute("UPDATE leads_lead SET notes = 'probe' WHERE id = %s", [ids[len(self.waits) % len(ids)]])
                self.waits.append((time.perf_counter() - began) * 1000)
                self.over.wait(0.02)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


# ------------------------------------------------------------------------- in a process of its own
def child(kind, **options):
    """{rows, seconds, cpu, memory: peak MB} of one piece of work."""
    environment = os.environ | {"LIO_ROLE": "worker"}
    done = subprocess.run([sys.executable, "-m", "bench.work", json.dumps({"kind": kind} | options)], cwd=CHECKOUT,
                          env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{kind} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def main(options):
    import django

    django.setup()
    from django.db import connection

    from accounts.models import User
    from lio.tenancy import org_scope

    org = options.pop("org")
    kind = options.pop("kind")
    admin = User.objects.select_related("organization", "role").get(organization_id=org, email__startswith="bench")
    connection.ensure_connection()
    with clocked(connection.connection) as spent:
        if kind == "xlsxwriter":
            rows = bare_workbook(org, options["count"])
        else:
            with org_scope(admin.organization):
                job_id = START[kind](admin, **options)
            rows = carry_out(job_id)
    print(json.dumps(spent | {"rows": rows, "memory": peak_memory()}))


def peak_memory():
    """MB that this process has had at most. What getrusage tells begins with the parent's."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0


def carry_out(job_id):
    """Run the job, turn by turn, as a worker does. Answers how many rows it made, changed or wrote."""
    from lio import jobs
    from lio.models import Job
    from lio.tenancy import org_scope
    from transfers.models import Export, Import

    while (row := Job.objects.get(pk=job_id)).state == Job.State.QUEUED:
        jobs.run(job_id)
    if row.state != Job.State.DONE:
        raise SystemExit(row.error)
    if row.function == "lio.bulk.run":
        return row.succeeded
    with org_scope(row.organization_id):
        if row.function == "transfers.jobs.work":
            return Import.objects.get(pk=row.args[0]).created
        export = Export.objects.get(pk=row.args[0])
        assert export.is_ready, export.problem
        return export.row_count


def start_import(admin, path):
    from django.core.files import File

    from transfers import imports

    with open(path, "rb") as file:
        row = imports.take(File(file, Path(path).name), by=admin, runs_through=True)
    return newest("transfers.jobs.work", row.pk)


def start_export(admin, format, filters):
    from transfers import exports

    row = exports.create(admin.organization, export_type="leads", format=format, filters=filters, by=admin)
    return newest("transfers.jobs.write_export", row.pk)


def start_status(admin):
    from leads import bulk
    from leads.models import Lead
    from lookups.known import known

    outcome = bulk.set_status(Lead.objects.whole(admin.organization), known(admin.organization, "status")[6], by=admin)
    return outcome.job_id


def newest(function, *args):
    from lio.models import Job

    return Job.objects.filter(function=function, args__0=args[0]).latest("pk").pk


def bare_workbook(org, count):
    """The rows of the newest CSV export, written by xlsxwriter alone."""
    import xlsxwriter
    from django.core.files.storage import default_storage

    from lio.tenancy import org_scope
    from transfers.models import Export

    with org_scope(org):
        name = Export.objects.filter(format="csv", state="completed").latest("pk").storage_name
    with default_storage.open(name) as file, TemporaryFile() as out:
        book = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_urls": False, "strings_to_formulas": False})
        sheet = book.add_worksheet("Leads")
        numbers = {0, 7, 9, 11, 12, 13, 15}
        for at, cells in enumerate(csv.reader(io.TextIOWrapper(file, "utf-8-sig", newline=""))):
            for column, text in enumerate(cells):
                if not text:
                    continue
                if at and column in numbers:
                    sheet.write_number(at, column, float(text))
                else:
                    sheet.write_string(at, column, text)
            if at == count:
                break
        book.close()
    return count


START = {"import": start_import, "export": start_export, "status": start_status}

if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
