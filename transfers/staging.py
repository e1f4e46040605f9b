"""The work of an import: rows are staged, it is found out what each will do, and they are captured.

Each step is made of chunks; a chunk and the note how far it came are one transaction, so that an import may be killed at any
moment and goes on where it was: no row lost, none twice.
"""

from itertools import islice
from time import monotonic

from django.conf import settings
from django.db import connection
from django.utils.timezone import now
from orjson import dumps

from accounts.models import Organization
from leads.capture_many import (
    ADDRESSES,
    AMBIGUOUS,
    BUSY,
    CREATE,
    DUPLICATE,
    MERGE,
    PHONE,
    REFUSED,
    Incoming,
    Plan,
    capture_many,
)
from lio import history
from lio.jobs import AGAIN, TURN_SECONDS, advance
from lio.tenancy import org_scope
from lookups.custom import definitions, propose
from lookups.edit import tags_named
from lookups.known import known
from transfers import imports
from transfers.incoming import Reader
from transfers.models import SHOWN_ERRORS, Import, ImportRow
from transfers.sniffing import TableError

STAGED, CAPTURED = 5_000, 1_000  # rows of a chunk
State, Outcome = Import.State, ImportRow.Outcome
ON_DUPLICATE = {"skip": "refuse", "update": "merge", "create": "accept"}
MATCH = {"address": ADDRESSES, "email": ("email_norm",), "linkedin": ("linkedin_norm",), "phone": (PHONE,)}
OUTCOMES = {
    CREATE: Outcome.CREATE,
    MERGE: Outcome.MERGE,
    DUPLICATE: Outcome.SKIP,
    AMBIGUOUS: Outcome.FAIL,
    BUSY: Outcome.FAIL,
    REFUSED: Outcome.FAIL,
}
REASONS = {
    AMBIGUOUS: "the e-mail address belongs to one lead and the LinkedIn address to another",
    BUSY: "another intake was capturing the same lead; import this row again",
}


class Stopped(Exception):
    """The import was cancelled, or checked anew, since this step began."""


class Work:
    """One turn at an import: as many chunks as fit into TURN_SECONDS."""

    def __init__(self, job, import_id, round):
        self.job, self.import_id, self.round = job, import_id, round
        self.organization_id, self.end = job.organization_id, monotonic() + TURN_SECONDS

    def go(self):
        """AGAIN when there is more to do, else None."""
        steps = {State.READING: self.read, State.CHECKING: self.stage, State.RUNNING: self.run}
        try:
            while True:
                with self.locked() as row:
                    step = steps.get(row.state)
                if step is None:
                    return None
                if not step(row):
                    return AGAIN
        except Stopped:
            return None
        except TableError as error:
            with org_scope(self.organization_id):
                row = Import.objects.select_for_update(of=("self",)).get(pk=self.import_id)
                if not row.is_over:
                    imports.fail(row, str(error))
            return None

    def locked(self):
        return _Locked(self)

    @property
    def is_late(self):
        return monotonic() > self.end

    # ------------------------------------------------------------------- a workbook becomes a table
    def read(self, row):
        found = imports.convert(row)
        with self.locked() as row:
            for name, value in found.items():
                setattr(row, name, value)
            row.state = State.CHECKING if row.runs_through else State.MAPPING
            row.save()
        return True

    # ------------------------------------------------------------------- rows land in the staging table
    def stage(self, row):
        with imports.table_of(row) as table:
            with self.locked() as row:
                if row.staged_to == 0:
                    ImportRow.objects.filter(of=row).delete()
                organization = Organization.objects.get(pk=self.organization_id)
                reader = Reader(organization, row.header, table.sample(), row.overrides)
            start = row.staged_to
            rows = (found for found in table.rows() if found.number > start)
            while chunk := list(islice(rows, STAGED)):
                staged = [(found.number, reader.read(found)) for found in chunk]
                with self.locked() as row:
                    row.total += len(chunk)
                    if row.total > settings.IMPORT_MAX_ROWS:
                        raise TableError(
                            f"The table has more than {settings.IMPORT_MAX_ROWS:,} rows. Split the file; nothing was imported."
                        )
                    self.copy(staged)
                    row.staged_to = chunk[-1].number
                    row.save(update_fields=["total", "staged_to", "updated_at"])
                    advance(self.job, cursor={"staged_to": row.staged_to})
                if self.is_late:
                    return False
        if row.runs_through:
            with self.locked() as row:
                row.state = State.RUNNING
                row.save(update_fields=["state", "updated_at"])
            return True
        return self.foresee(row)

    def copy(self, staged):
        """COPY goes into a temporary table: into one behind the wall it is refused."""
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TEMPORARY TABLE IF NOT EXISTS staged_rows (number int, data jsonb, reason text) ON COMMIT DELETE ROWS"
            )
            with cursor.copy("COPY staged_rows FROM STDIN") as lines:
                for number, arrived in staged:
                    data = (
                        None
                        if arrived.reason
                        else dumps({"fields": arrived.fields, "tags": arrived.tags}, default=str).decode()
                    )
                    lines.write_row((number, data, arrived.reason))
            cursor.execute(
                """INSERT INTO transfers_importrow (organization_id, of_id, number, data, reason, outcome)
                   SELECT %s, %s, number, data, reason, CASE WHEN data IS NULL THEN 4 END FROM staged_rows ORDER BY number""",
                [self.organization_id, self.import_id],
            )
            cursor.execute("DELETE FROM staged_rows")

    # ------------------------------------------------------------------- what each row will do
    def foresee(self, row):
        done_to, counts = 0, {"create": 0, "merge": 0, "skip": 0, "fail": 0}
        with self.locked():
            organization = Organization.objects.get(pk=self.organization_id)
            plan = Plan(organization, on_duplicate=ON_DUPLICATE[row.policy], match=MATCH[row.match])
        while True:
            with self.locked() as row:
                chunk = self.chunk(row, done_to, STAGED)
                if not chunk:
                    row.expected, row.state = counts, State.READY
                    row.save(update_fields=["expected", "state", "updated_at"])
                    return True
                leads = [(number, Incoming(data["fields"])) for number, data, _ in chunk if data]
                plan.look([lead for _, lead in leads])
                for _, lead in leads:
                    plan.place(lead)
                self.note(
                    [
                        (number, OUTCOMES[lead.kind], _known(lead.target), REASONS.get(lead.kind, lead.reason))
                        for number, lead in leads
                    ]
                )
                for _, lead in leads:
                    counts[OUTCOMES[lead.kind].name.lower()] += 1
                counts["fail"] += len(chunk) - len(leads)
                done_to = chunk[-1][0]

    # ------------------------------------------------------------------- leads come in
    def run(self, row):
        if row.change_id is None:
            with self.locked() as row:
                row.change_id, row.started_at = history.start_change(), now()
                row.save(update_fields=["change_id", "started_at"])
        while self.capture():
            if self.is_late:
                return False
        return True

    def capture(self):
        """Capture the next chunk; answers whether there was one."""
        with self.locked() as row, history.one_action(change_id=row.change_id):
            chunk = self.chunk(row, row.done_to, CAPTURED)
            if not chunk:
                row.state, row.finished_at = State.DONE, now()
                row.save(update_fields=["state", "finished_at", "updated_at"])
                imports.tell_over(row)
                return False
            organization = Organization.objects.get(pk=self.organization_id)
            tags = self.tags(organization, chunk, by=row.by)
            good = [
                (number, Incoming(data["fields"], tuple(tags[name.strip().lower()] for name in data["tags"])))
                for number, data, _ in chunk
                if data
            ]
            outcomes = capture_many(
                organization,
                [lead for _, lead in good],
                by=row.by,
                on_duplicate=ON_DUPLICATE[row.policy],
                match=MATCH[row.match],
            )
            propose(organization, {key for _, lead in good for key in lead.custom} - definitions(organization).keys())
            self.count(
                row,
                chunk,
                [
                    (number, kind, lead_id, REASONS.get(kind, reason))
                    for (number, _), (kind, lead_id, reason) in zip(good, outcomes, strict=True)
                ],
            )
            row.done_to = chunk[-1][0]
            row.save()
            advance(self.job, cursor={"done_to": row.done_to})
        return True

    @staticmethod
    def tags(organization, chunk, *, by):
        """{name in lower case: inner id} of the chunk's tags; new ones are made."""
        names = list(dict.fromkeys(name for _, data, _ in chunk if data for name in data["tags"]))
        if not names:
            return {}
        tags_named(organization, names, by=by)
        return {entry.name.lower(): entry.pk for entry in known(organization, "tags").values()}

    def count(self, row, chunk, outcomes):
        kinds = [kind for _, kind, _, _ in outcomes]
        row.created += kinds.count(CREATE)
        row.merged += kinds.count(MERGE)
        row.skipped += kinds.count(DUPLICATE)
        row.succeeded = row.created + row.merged
        row.processed += len(chunk)
        row.failed = row.processed - row.succeeded - row.skipped
        self.note([(number, OUTCOMES[kind], lead_id, reason) for number, kind, lead_id, reason in outcomes])
        refused = {number: reason for number, _, reason in chunk if reason}
        refused |= {number: reason for number, _, _, reason in outcomes if reason}
        row.errors += [{"row": number, "reason": reason} for number, reason in sorted(refused.items())][
            : SHOWN_ERRORS - len(row.errors)
        ]

    # ------------------------------------------------------------------- staged rows
    def chunk(self, row, after, size):
        rows = ImportRow.objects.filter(organization_id=self.organization_id, of=row, number__gt=after).order_by("number")
        return list(rows.values_list("number", "data", "reason")[:size])

    def note(self, entries):
        """Write down outcomes: (number, outcome, lead's id, reason)."""
        if entries:
            numbers, kinds, leads, reasons = zip(*entries, strict=True)
            with connection.cursor() as cursor:
                cursor.execute(
                    """UPDATE transfers_importrow r SET outcome = n.outcome, lead_id = n.lead_id, reason = n.reason
                       FROM unnest(%s::int[], %s::int[], %s::bigint[], %s::text[]) AS n(number, outcome, lead_id, reason)
                       WHERE r.organization_id = %s AND r.of_id = %s AND r.number = n.number""",
                    [
                        list(numbers),
                        [int(kind) for kind in kinds],
                        list(leads),
                        list(reasons),
                        self.organization_id,
                        self.import_id,
                    ],
                )


class _Locked:
    """The organisation's scope with the import's row, locked; Stopped when it is no longer this job's to work on."""

    def __init__(self, work):
        self.work, self.scope = work, org_scope(work.organization_id)

    def __enter__(self):
        self.scope.__enter__()
        try:
            row = Import.objects.select_for_update(of=("self",)).select_related("by").get(pk=self.work.import_id)
            if row.is_over or row.round != self.work.round:
                raise Stopped
        except BaseException as error:
            self.scope.__exit__(type(error), error, error.__traceback__)
            raise
        return row

    def __exit__(self, *exc):
        return self.scope.__exit__(*exc)


def _known(target):
    """The id of a lead that is there already; None for one that an earlier row will make."""
    return target if isinstance(target, int) else None
