"""Imports of lead lists: a file is taken, mapped, checked and run; what each step may do and refuses.

The work itself is in `staging.py`, step by step in the background (`jobs.py`).
"""

import secrets
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils.timezone import now

from activity.notify import Notice, notify
from lio.errors import Conflict, Invalid
from lio.jobs import enqueue
from lio.spreadsheet import cell as safe_cell
from lio.tenancy import current_organization_id
from transfers.columns import CUSTOM, FIELDS, IGNORE
from transfers.models import SHOWN_ERRORS, Import, ImportRow
from transfers.reading import TableError, open_table
from transfers.sheets import check_workbook, to_csv
from transfers.sniffing import DATA_LIKE
from transfers.synonyms import is_known

State, Policy, Match = Import.State, Import.Policy, Import.Match
SAMPLE = 5  # rows that the person who maps sees
ZIP = b"PK"
TARGETS = (*FIELDS, CUSTOM, IGNORE)


def too_large(size):
    return Invalid({"file": [f"must be at most {settings.IMPORT_MAX_BYTES >> 20} MB, not {size / (1 << 20):.1f} MB"]})


def take(file, *, by, policy=Policy.SKIP, match=Match.ADDRESS, runs_through=False):
    """A new import of an uploaded file (a Django File). Raises Invalid unless it is a CSV or XLSX table by its content (R45).

    `runs_through`: no person maps or looks; it goes on by itself to the end.
    """
    if file.size > settings.IMPORT_MAX_BYTES:
        raise too_large(file.size)
    file.seek(0)
    is_workbook = file.read(2) == ZIP
    file.seek(0)
    found: dict = {"header": [], "sample": []}
    try:
        if is_workbook:
            check_workbook(file)
        else:
            found = look_at(file)
    except TableError as error:
        raise Invalid({"file": [str(error)]}, str(error)) from error
    file.seek(0)
    name = default_storage.save(f"imports/{secrets.token_hex(16)}{'.xlsx' if is_workbook else '.csv'}", file)
    try:
        row = Import.objects.create(
            organization_id=current_organization_id(),
            by=by,
            file_name=shown_name(file.name),
            storage_name=name,
            size=file.size,
            table_name="" if is_workbook else name,
            policy=policy,
            match=match,
            runs_through=runs_through,
            **found,
            state=State.READING if is_workbook else State.CHECKING if runs_through else State.MAPPING,
        )
        if row.is_working:
            _go(row)
    except BaseException:
        default_storage.delete(name)
        raise
    return row


def shown_name(name):
    """The file's own name, for people only."""
    last = "".join(sign for sign in (name or "").replace("\\", "/").rsplit("/", 1)[-1] if sign.isprintable())
    return last[-255:] or "leads"


def look_at(file):
    """{header, sample} of a text file. Raises TableError when it is no table."""
    with open_table(_Kept(file)) as table:
        sample = table.sample()
        cells = [*table.header, *(cell for row in sample for cell in row.values())]
        if (
            len(table.header) == 1
            and not is_known(table.header[0])
            and not any(DATA_LIKE.fullmatch(cell.strip()[:300]) for cell in cells)
        ):
            raise TableError("This text has no columns. A lead list is a CSV file or a workbook with a header row.")
        return {"header": table.header, "sample": [{name: cell[:200] for name, cell in row.items()} for row in sample[:SAMPLE]]}


class _Kept:
    """An uploaded file that `open_table` does not close."""

    def __init__(self, file):
        self._file = file

    def __getattr__(self, name):
        return getattr(self._file, name)

    def seekable(self):
        return True

    def close(self):
        pass


# ------------------------------------------------------------------------- steps
def check(row, *, policy, match, overrides):
    """Stage the rows, find out what each will do. `overrides`: {column: field, custom or ignore}. Raises Invalid, Conflict."""
    row = _locked(row, State.MAPPING, State.READY)
    wrong = {column: chosen for column, chosen in overrides.items() if column not in row.header or chosen not in TARGETS}
    if wrong:
        raise Invalid({"mapping": [f"“{next(iter(wrong))}” cannot be {next(iter(wrong.values()))}"]})
    if policy not in Policy.values or match not in Match.values:
        raise Invalid({"policy" if policy not in Policy.values else "match": ["is not one of the choices"]})
    row.policy, row.match, row.overrides = policy, match, overrides
    row.state, row.round = State.CHECKING, row.round + 1
    row.staged_to, row.total, row.expected, row.problem = 0, 0, {}, ""
    row.save()
    _go(row)


def change_mapping(row):
    """Back from what was checked to the columns."""
    row = _locked(row, State.READY)
    row.state = State.MAPPING
    row.save(update_fields=["state", "updated_at"])


def start(row):
    """Import what was checked."""
    row = _locked(row, State.READY)
    row.state = State.RUNNING
    row.save(update_fields=["state", "updated_at"])
    _go(row)


def cancel(row, *, by):
    """Stop. What is imported by then stays, and can be undone. Raises Conflict when there is nothing left to stop."""
    row = _locked(row, *set(State) - set(Import.OVER))
    row.state, row.finished_at, row.problem = State.CANCELLED, now(), f"Cancelled by {by}."
    row.errors = ([{"row": None, "reason": row.problem}, *row.errors])[:SHOWN_ERRORS]
    row.save()
    tell_over(row, by=by)
    return row


def is_going_on(organization, change_id):
    """Whether an import with this change id is still bringing leads in."""
    return Import.objects.of(organization).filter(change_id=change_id, state=State.RUNNING).exists()


def tell_over(row, by=None):
    """Tell who started an import that it is over, unless it was he who ended it."""
    if row.by_id is None:
        return
    came = {"new": row.created, "updated": row.merged, "skipped": row.skipped, "refused": row.failed}
    words = {State.DONE: "is imported", State.FAILED: "could not be imported", State.CANCELLED: "was cancelled"}[row.state]
    counts = ", ".join(f"{count:,} {name}" for name, count in came.items() if count)
    message = ". ".join(part.rstrip(".") for part in (row.problem, counts) if part)
    link = reverse("imports:view", args=[row.pk])
    notice = Notice(row.by_id, f"{row.file_name} {words}", message=message, link=link, model_id=row.pk)
    notify("import_finished", [notice], model_type="import", by=by)


def fail(row, words):
    """End an import as a whole, for a reason that is told to people; within the scope."""
    row.state, row.finished_at, row.problem = State.FAILED, now(), words[:500]
    row.errors = ([{"row": None, "reason": row.problem}, *row.errors])[:SHOWN_ERRORS]
    row.save()
    tell_over(row)


def _locked(row, *states):
    row = Import.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if row.state not in states:
        raise Conflict(f"This import is {row.get_state_display().lower()}.", code="import_state")
    return row


def _go(row):
    from transfers import jobs

    enqueue(jobs.work, row.pk, row.round, by=row.by)


# ------------------------------------------------------------------------- its file
@contextmanager
def table_of(row):
    """The import's table, opened (a `reading.Table`)."""
    with open_table(default_storage.open(row.table_name)) as table:
        yield table


def convert(row):
    """Make the workbook's first sheet a CSV file in the storage; answers {table_name, header, sample}. Raises TableError."""
    with NamedTemporaryFile(suffix=".xlsx") as workbook, NamedTemporaryFile(suffix=".csv") as table:
        with default_storage.open(row.storage_name) as stored:
            check_workbook(stored)
            stored.seek(0)
            for chunk in stored.chunks():
                workbook.write(chunk)
        workbook.flush()
        to_csv(workbook.name, table.name, max_rows=settings.IMPORT_MAX_ROWS)
        with open(table.name, "rb") as file:
            with open_table(_Kept(file)) as opened:
                sample = [{name: cell[:200] for name, cell in cells.items()} for cells in opened.sample()[:SAMPLE]]
                found = {"header": opened.header, "sample": sample}
            file.seek(0)
            return {"table_name": default_storage.save(f"{Path(row.storage_name).with_suffix('')}.csv", File(file)), **found}


def rejected(row):
    """{row number: reason} of the refused rows."""
    rows = ImportRow.objects.of(row.organization_id).filter(of=row, outcome=ImportRow.Outcome.FAIL).order_by("number")
    return dict(rows.values_list("number", "reason"))


def rejected_lines(row, reasons) -> Iterable[list[str]]:
    """Lines of the file of refused rows: the original columns with row_number and reason before them."""
    with table_of(row) as table:
        yield ["row_number", "reason", *map(safe_cell, table.header)]
        for found in table.rows():
            if found.number in reasons:
                yield [str(found.number), safe_cell(reasons[found.number]), *map(safe_cell, found.values.values())]
