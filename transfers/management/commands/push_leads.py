"""`manage.py push_leads leads.csv --url https://crm.example --api-key KEY`: the rows of a file to a running server."""

import hashlib
import json
import os
import time

from django.core.management.base import BaseCommand, CommandError

from transfers.columns import CUSTOM, FIELDS, IGNORE, Mapping
from transfers.delivery import Delivery, DeliveryError, Endpoint, Parcel
from transfers.reading import TableError, open_table
from transfers.refusals import RefusedRows, refused_path
from transfers.synonyms import compact

ON_DUPLICATE = {"merge": {"merge": 1}, "skip": {}, "create": {"duplicate": 1}}
SHOWN = 3  # bodies of a dry run
TARGETS = f"{', '.join(FIELDS)}, {CUSTOM} or {IGNORE}"
AGAIN = "Run the same command again when that is settled: rows that were answered are not created twice."


class Command(BaseCommand):
    help = "Post the rows of a CSV file of leads to a running server (POST /api/v1/lead)."
    needs_database = False
    requires_system_checks = []

    def add_arguments(self, parser):
        add = parser.add_argument
        add("file", help="CSV or TSV file; encoding, delimiter, header and columns are found out")
        add("--url", help="address of the server, e.g. http://127.0.0.1:8000")
        add("--api-key", help="key of the organisation; default: LIO_API_KEY of the environment")
        add(
            "--on-duplicate",
            choices=ON_DUPLICATE,
            default="merge",
            help="a lead that is there already: merge the row into it (default), skip the row, or create a second lead",
        )
        add(
            "--map",
            action="append",
            default=[],
            metavar="COLUMN=FIELD",
            help=f"what a column is: {TARGETS}; repeatable",
        )
        add("--default-source", type=int, metavar="ID", help="lead_source of rows that name none (1-5 or your own)")
        add("--refused", metavar="FILE", help="where refused rows go; default: FILE.refused.csv beside the source")
        add("--concurrency", type=int, default=4, metavar="N", help="rows sent at once (default 4)")
        add("--patience", type=float, default=300, metavar="SECONDS", help="how long one row is tried (default 300)")
        add("--encoding", help="encoding of the file, if it is found out wrongly")
        add("--delimiter", help=r"delimiter of the file, if it is found out wrongly; \t is a tab")
        add("--again", action="store_true", help="send all rows anew, also those an earlier run has delivered")
        add("--dry-run", action="store_true", help="show how the file is read and the first bodies; send nothing")

    def handle(self, *, file, dry_run, default_source, map, **options):
        try:
            table = open_table(file, encoding=options["encoding"], delimiter=_delimiter(options["delimiter"]))
        except (OSError, TableError, LookupError) as error:
            raise CommandError(f"{file} cannot be read: {error}") from error
        with table:
            overrides = _overrides(map, table.header)
            mapping = Mapping.guess(table.header, table.sample(), overrides=overrides, default_source=default_source)
            if dry_run:
                self.show(table, mapping)
            else:
                self.push(table, mapping, file, options)

    def push(self, table, mapping, file, options):
        """Send the table and report; raises CommandError when rows could not be delivered."""
        url, key = options["url"], options["api_key"] or os.environ.get("LIO_API_KEY", "")
        if not url or not key:
            raise CommandError("Say where to send the rows: --url and --api-key (or LIO_API_KEY in the environment).")
        if not (key.isascii() and key.isprintable()):
            raise CommandError("The API key holds characters that no key has; copy it again.")
        if options["concurrency"] < 1:
            raise CommandError("--concurrency must be 1 or more.")
        try:
            Endpoint(url, key)
        except ValueError as error:
            raise CommandError(str(error)) from error
        with RefusedRows(options["refused"] or refused_path(file), table.header) as refused:
            run = Run(refused, Progress(self.stderr, self.stderr.isatty()))
            salt = f"{table.digest}:{time.time_ns() if options['again'] else ''}"
            failure = None
            try:
                run.send(table, mapping, salt, url, key, options)
            except (DeliveryError, KeyboardInterrupt) as error:
                failure = error
            run.progress.end()
            self.stdout.write(run.summary())
        if isinstance(failure, KeyboardInterrupt):
            raise CommandError(f"Interrupted. {AGAIN}", returncode=130)
        if failure:
            raise CommandError(f"{failure} {AGAIN}")

    def show(self, table, mapping):
        """A dry run: how the file is read, what each column is, the first bodies, and how many rows could be sent."""
        write = self.stdout.write
        write(f"Encoding {table.encoding}, delimiter {table.delimiter!r}, {len(table.header)} columns.")
        if not table.has_header:
            write("The file has no header row: columns are named by their position.")
        sample = table.sample()
        for name in table.header:
            example = next((row[name] for row in sample if row[name].strip()), "")
            write(f"  {name[:40]:<40} -> {mapping.field_of(name):<18} {' '.join(example.split())[:50]}")
        rows = ready = 0
        for row in table.rows():
            rows += 1
            draft = mapping.draft(row.values)
            problem = row.problem or draft.problem
            ready += not problem
            if not problem and ready <= SHOWN:
                write(f"Row {row.number}: {json.dumps(draft.body, ensure_ascii=False, indent=2)}")
        write(f"{rows:,} rows: {ready:,} could be sent, {rows - ready:,} would be refused. Nothing was sent.")


class Run:
    """The totals of one push. `take` and `refuse` are called by one thread at a time."""

    def __init__(self, refused, progress):
        self.refused, self.progress = refused, progress
        self.created = self.merged = self.unsent = self.replayed = 0
        self.started = time.monotonic()

    def send(self, table, mapping, salt, url, key, options):
        extra = ON_DUPLICATE[options["on_duplicate"]]
        limits = {"concurrency": options["concurrency"], "patience": options["patience"]}
        with Delivery(url, key, on_answer=self.take, on_wait=self.progress.wait, **limits) as delivery:
            for row in table.rows():
                draft = mapping.draft(row.values)
                if problem := row.problem or draft.problem:
                    with delivery.lock:
                        self.unsent += 1
                        self.refuse(row.number, row.values, problem)
                    continue
                body = json.dumps(draft.body | extra, ensure_ascii=False).encode("utf-8", "replace")
                once = hashlib.sha256(f"{salt}:{row.number}:".encode() + body).hexdigest()
                delivery.put(Parcel(row.number, body, once, _lane(draft.body), row.values))

    def take(self, parcel, answer):
        self.replayed += answer.replayed
        if answer.status == 201:
            self.created += 1
        elif answer.status == 200:
            self.merged += 1
        else:
            return self.refuse(parcel.number, parcel.values, answer.reason())
        self.progress.show(self)

    def refuse(self, number, values, reason):
        self.refused.add(number, values, reason)
        self.progress.show(self)

    @property
    def done(self):
        return self.created + self.merged + self.refused.count

    def line(self):
        rate = self.done / max(time.monotonic() - self.started, 0.001)
        return (
            f"{self.done:,} rows, {rate:,.0f} rows/s: "
            f"{self.created:,} created, {self.merged:,} merged, {self.refused.count:,} refused"
        )

    def summary(self):
        rows = "1 row" if self.done == 1 else f"{self.done:,} rows"
        unsent = f" ({self.unsent:,} of them before sending)" if self.unsent else ""
        lines = [
            f"{rows} in {time.monotonic() - self.started:.1f} s: {self.created:,} created, {self.merged:,} merged, "
            f"{self.refused.count:,} refused{unsent}."
        ]
        if self.replayed:
            lines.append(f"{self.replayed:,} of them were answered in an earlier run (--again sends all rows anew).")
        if self.refused.count:
            lines.append(f"Refused rows and the reasons: {self.refused.path}")
        return "\n".join(lines)


class Progress:
    """One line on standard error: rewritten in place on a terminal, every few seconds elsewhere."""

    def __init__(self, stream, terminal):
        self.stream, self.terminal = stream, terminal
        self.every, self.last, self.open = (0.2 if terminal else 5.0), time.monotonic(), False

    def show(self, run):
        now = time.monotonic()
        if now - self.last >= self.every:
            self.last = now
            self._write(run.line())

    def wait(self, seconds, why):
        if seconds >= 1:
            self._write(f"Waiting {seconds:.0f} s: {why}")

    def end(self):
        if self.open:
            self.stream.write("")
            self.open = False

    def _write(self, text):
        if self.terminal:
            self.stream.write(f"\r\x1b[K{text}", ending="")
            self.open = True
        else:
            self.stream.write(text)
        self.stream.flush()


def _lane(body):
    """Rows about the same person are sent in the file's order: the later one wins when they merge."""
    return str(body.get("email") or body.get("linkedin_url") or body.get("phone_number")).lower()


def _delimiter(text):
    if text is None:
        return None
    text = {"\\t": "\t", "tab": "\t"}.get(text, text)
    if len(text) != 1:
        raise CommandError("--delimiter must be one character.")
    return text


def _overrides(pairs, header):
    """{"Column": "field"} from the --map options."""
    overrides = {}
    for pair in pairs:
        column, equals, chosen = pair.rpartition("=")
        name = next((name for name in header if compact(name) == compact(column)), None)
        if not equals or chosen not in (*FIELDS, CUSTOM, IGNORE):
            raise CommandError(f"--map {pair}: write COLUMN=FIELD, where FIELD is {TARGETS}.")
        if name is None:
            raise CommandError(f"--map {pair}: there is no such column. The file has: {', '.join(header)}.")
        overrides[name] = chosen
    return overrides
