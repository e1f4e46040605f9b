"""The work of an export: PostgreSQL writes the rows (COPY), newest first, a piece of them in each transaction.

A turn of the job writes to a file of its own, which nobody else sees. When its time is up the file goes to the storage as a
part and the export remembers how far it reaches; the last turn puts the parts together. So an export may be killed at any
moment: what the broken turn wrote is gone with it, and written anew from the last part on.
"""

import csv
import io
from contextlib import ExitStack
from shutil import copyfileobj
from tempfile import TemporaryFile
from time import monotonic

from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection
from django.utils.timezone import now

from lio.jobs import AGAIN, TURN_SECONDS, advance
from lio.rows import with_times
from lio.spreadsheet import BOM, Workbook, cell, safe
from lio.tenancy import org_scope
from lookups.filters import CUSTOM
from transfers import exports
from transfers.models import Export

PIECE = 50_000  # rows of a transaction: the progress moves that often
State = Export.State


class Stopped(Exception):
    """The export was cancelled since this turn began."""


class Work:
    """One turn at an export."""

    def __init__(self, job, export_id):
        self.job, self.export_id = job, export_id
        self.organization_id, self.end = job.organization_id, monotonic() + TURN_SECONDS
        self.name = ""  # in the storage, once it is known

    def go(self):
        """AGAIN when there is more to do, else None."""
        try:
            if not self.begin():
                return None
            with TemporaryFile() as out:
                if not self.row.parts:
                    self.head(out)
                while self.more:
                    self.piece(out)
                    if monotonic() > self.end:
                        self.keep(out)
                        return AGAIN
                self.finish(out)
        except Stopped:
            self.clean()
        return None

    # ------------------------------------------------------------------- what is to be written
    def begin(self):
        """Take up the export where the last part ends. Answers False when there is nothing to do."""
        with org_scope(self.organization_id):
            row = self.locked()
            if not row.is_open:
                self.clean()
                return False
            self.kind = exports.kinds()[row.export_type]
            if row.by is None or not row.by.is_active or not row.by.can("records.export"):
                exports.fail(row, "Who asked for it may not export records any more.")
                return False
            if row.started_at is None:
                row.started_at = now()
                if not self.plan(row):
                    exports.fail(row, f"The filters {exports.too_many(row.format)}.")
                    return False
            row.state, row.row_count = State.RUNNING, row.part_rows
            row.save()
            there = self.kind.columns(row.organization, row.columns)
            self.columns = {name: there[name] for name in row.columns if name in there}
        self.row, self.name, self.done, self.last = row, row.storage_name, row.part_rows, row.part_id
        self.more = self.kind.rows is not None and self.last != 0
        self.book = Workbook(list(self.columns.values()))
        return True

    def plan(self, row):
        """Settle the columns and the number of rows. Answers False when they are too many."""
        found = self.rows(row) if self.kind.rows else None
        if found is not None:
            row.total = found[: settings.EXPORT_MAX_ROWS[row.format] + 1].count()
            if row.total > settings.EXPORT_MAX_ROWS[row.format]:
                return False
        if not row.columns:
            keys = self.kind.keys(found) if found is not None else ()
            optional = set(self.kind.optional) - set(keys)
            row.columns = [name for name in self.kind.columns(row.organization, keys) if name not in optional]
        return True

    def rows(self, row):
        """What the list shows with the export's filters, as who asked for it sees them today."""
        found = self.kind.filter_class.strict(row.filters, row.by).narrow(self.kind.rows(row.organization))
        return found.filter(pk__in=row.ids) if row.ids is not None else found

    # ------------------------------------------------------------------- rows
    def head(self, out):
        """The names of the fields; custom fields by their keys, where no other field is called so."""
        taken = {name.lower() for name in self.columns if not name.startswith(CUSTOM)}
        names = []
        for name in self.columns:
            key = name.removeprefix(CUSTOM)
            names.append(name if key.lower() in taken and name.startswith(CUSTOM) else key)
        names = [cell(name) for name in names]
        if self.row.format == Export.Format.XLSX:
            out.write(self.book.row(1, names, head=True).encode())
            return
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(names)
        out.write(BOM + text.getvalue().encode())

    def piece(self, out):
        """The next rows, and how far that is."""
        with org_scope(self.organization_id), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('TimeZone', %s, true), set_config('max_parallel_workers_per_gather', '0', true)",
                           [self.row.timezone])  # no second processor: others wait for it  # fmt: skip
            rows = self.rows(self.row)
            if self.last:
                rows = rows.filter(pk__lt=self.last)
            rows = rows.order_by("-pk")
            low = rows.values_list("pk", flat=True)[PIECE - 1 : PIECE].first()
            if low:
                rows = rows.filter(pk__gte=low)
            try:
                copied = self.copy_of(rows)
            except EmptyResultSet:  # filters that nothing can meet
                self.more = False
                return
            with cursor.copy(*copied) as lines:
                if self.row.format == Export.Format.XLSX:
                    out.writelines(self.book.rows(lines, self.done + 2))
                else:
                    out.writelines(lines)
            self.done, self.last, self.more = self.done + cursor.rowcount, low or 0, low is not None
            self.tell()

    def copy_of(self, rows):
        """(SQL, parameters) that copies the columns of `rows` as CSV, in their order.

        What a column takes is computed once in the middle (OFFSET 0 keeps it there), before it is made safe.
        """
        query = with_times(self.kind.shown(rows)).query
        sql, params = query.get_compiler(connection=connection).as_sql()
        names = ", ".join('"{}"'.format(name.removesuffix("_")) for name in [*query.values_select, *query.annotation_select])
        columns = list(self.columns.values())
        inner = ", ".join(f"{column.sql} AS c{n}" for n, column in enumerate(columns))
        outer = ", ".join(safe(f"c{n}") if column.is_text else f"c{n}" for n, column in enumerate(columns))
        values = [value for column in columns for value in column.params]
        return (
            f"COPY (SELECT {outer} FROM (SELECT {inner} FROM ({sql}) AS r({names}) OFFSET 0) AS cells) TO STDOUT (FORMAT csv)",
            [*values, *params],
        )

    def tell(self):
        """Move the progress. Raises Stopped when the export was cancelled meanwhile."""
        running = Export.objects.filter(pk=self.export_id, state=State.RUNNING)
        if not running.update(row_count=self.done, updated_at=now()):
            raise Stopped
        advance(self.job, cursor={"rows": self.done})

    # ------------------------------------------------------------------- files
    def keep(self, out):
        """Put what this turn wrote into the storage, and remember how far it reaches."""
        name = exports.part_name(self.row, self.row.parts)
        self.store(name, out)
        with org_scope(self.organization_id):
            row = self.locked()
            if row.state != State.RUNNING:
                raise Stopped
            row.parts, row.part_rows, row.part_id = row.parts + 1, self.done, self.last
            row.save(update_fields=["parts", "part_rows", "part_id", "updated_at"])

    def finish(self, out):
        """Put the parts together: the file is there, and told of, once."""
        with ExitStack() as stack, TemporaryFile() as whole:
            names = [exports.part_name(self.row, n) for n in range(self.row.parts)]
            parts = [*(stack.enter_context(default_storage.open(name, "rb")) for name in names), out]
            out.seek(0)
            if self.row.format == Export.Format.XLSX:
                self.book.pack(whole, self.kind.label, parts)
            elif names:
                for part in parts:
                    copyfileobj(part, whole, 1 << 20)
            file = whole if names or self.row.format == Export.Format.XLSX else out
            size = self.store(self.row.storage_name, file)
        with org_scope(self.organization_id):
            row = self.locked()
            if row.state != State.RUNNING:
                raise Stopped
            row.state, row.size, row.row_count, row.total = State.DONE, size, self.done, self.done
            row.finished_at = now()
            row.expires_at = row.finished_at + exports.KEPT
            row.save()
            exports.tell(row, f"Your export {row.file_name} is ready", f"{self.done:,} row{'s' if self.done != 1 else ''}")
        for name in names:
            default_storage.delete(name)

    def store(self, name, file):
        """Store the file under exactly this name; answers its size."""
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        default_storage.delete(name)  # a turn that was killed may have got so far
        default_storage.save(name, File(file))
        return size

    def clean(self):
        """Take away what an export that came to nothing has left, also what this turn stored after others had swept."""
        with org_scope(self.organization_id):
            row = self.locked()
            row.storage_name = row.storage_name or self.name
            if not row.is_open and not row.is_ready and row.storage_name:
                exports.remove_files(row)

    def locked(self):
        return Export.objects.select_for_update(of=("self",)).select_related("by__role", "organization").get(pk=self.export_id)
