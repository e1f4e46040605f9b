"""Tables as other programs write them, read row by row in bounded memory.

    with open_table("leads.csv") as table:
        print(table.encoding, table.delimiter, table.header)
        for row in table.rows():
            print(row.number, row.values, row.problem)

Found without being told: byte order marks, UTF-8, UTF-16 and Windows-1252; comma, semicolon, tab or pipe; lines above
the header, and tables without one; line breaks inside cells, doubled and backslashed quotation marks, blank lines and
NUL bytes.
"""

import codecs
import io
import tempfile
from typing import NamedTuple

from transfers.records import records
from transfers.sniffing import TableError, layout_of, scan

SAMPLE_BYTES = 256 << 10
SAMPLE_ROWS = 200

__all__ = ["Row", "Table", "TableError", "open_table"]


class Row(NamedTuple):
    """One row: `number` counts records as a spreadsheet does, the header being 1; `values` maps header to cell.

    A row with more cells than columns keeps them under `column_7` and so on. `problem` is empty, or says why the cells
    may stand in the wrong columns.
    """

    number: int
    values: dict[str, str]
    problem: str = ""


class Table:
    """A table in a seekable binary file, which it closes. `digest` is the SHA-256 of the file's bytes, in hex.

    `header` holds unique, non-empty column names; `has_header` is False when the file begins with data, whose columns
    are then called column_1, column_2 ... and whose first row has the number 1.
    """

    def __init__(self, handle, *, encoding=None, delimiter=None):
        self._handle = handle
        handle.seek(0)
        found, self.digest = scan(handle)
        self.encoding = encoding or found
        text, complete = self._sample()
        self._layout = layout = layout_of(text, complete=complete, delimiter=delimiter)
        self.delimiter = layout.delimiter
        self.has_header = layout.header is not None
        self.header = unique_names(layout.header or [], layout.width)
        body = [record for record in layout.found[layout.before + 1 :] if len(record.cells) == len(self.header)]
        spaced = sum(any(cell[:1] == " " and cell.strip() for cell in record.cells[1:]) for record in body)
        self._loose_commas = spaced <= 0.1 * len(body)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self._handle.close()

    def sample(self):
        """The first rows (at most 200) as dicts, for judging what the columns hold."""
        layout, rows = self._layout, []
        for record in layout.found[layout.before + self.has_header :][:SAMPLE_ROWS]:
            if record.filled:
                rows.append(self._row(0, record).values)
        return rows

    def rows(self):
        """Yield every row that holds something. Each call starts anew; one at a time."""
        self._handle.seek(0)
        layout = self._layout
        text = io.TextIOWrapper(self._handle, self.encoding, errors="windows_fallback", newline="")
        try:
            number = -layout.before
            for record in records(text, layout.delimiter, escape=layout.escape, spaces=layout.spaces, width=len(self.header)):
                number += 1
                if number > self.has_header and record.filled:
                    yield self._row(number, record)
        finally:
            if not self._handle.closed:  # whoever reads on may have left the table before the generator
                text.detach()

    def _row(self, number, record):
        cells, problem, width = record.cells, record.problem, len(self.header)
        while len(cells) > width and not cells[-1].strip():
            cells = cells[:-1]
        if len(cells) > width and not problem:
            cells, problem = self._narrowed(cells)
        if len(cells) == width:
            return Row(number, dict(zip(self.header, cells, strict=True)), problem)
        names = self.header + [f"column_{index}" for index in range(width + 1, len(cells) + 1)]
        cells = cells + [""] * (width - len(cells))
        return Row(number, dict(zip(names, cells, strict=True)), problem)

    def _narrowed(self, cells):
        """Cells put together again where a comma without quotation marks has cut them, if that is beyond doubt.

        In a file whose cells do not begin with blanks, a blank behind a delimiter shows that it was punctuation
        ("VP, Sales"); the row is mended when that accounts for all its extra cells.
        """
        extra = len(cells) - len(self.header)
        pieces = [index for index, cell in enumerate(cells) if index and cell[:1] == " " and cell.strip()]
        if self._loose_commas and len(pieces) == extra:
            mended: list[str] = []
            for index, cell in enumerate(cells):
                if index in pieces:
                    mended[-1] += self.delimiter + cell
                else:
                    mended.append(cell)
            return mended, ""
        mark = "tab" if self.delimiter == "\t" else f"“{self.delimiter}”"
        widths = f"{len(cells)} cells for {len(self.header)} columns"
        return cells, f"{widths}: put a cell that holds a {mark} in quotation marks"

    def _sample(self):
        self._handle.seek(0)
        raw = self._handle.read(SAMPLE_BYTES)
        complete = not self._handle.read(1)
        decoder = codecs.getincrementaldecoder(self.encoding)("windows_fallback")
        text = decoder.decode(raw, final=complete).replace("\0", "")
        if not text.strip():
            raise TableError("The file is empty.")
        return text, complete


def open_table(source, *, encoding=None, delimiter=None):
    """Open a path or a binary file as a `Table`.

    `encoding` and `delimiter` overrule what the file itself shows. Raises `TableError` with a message for people,
    `LookupError` for an unknown encoding and `OSError` when the file cannot be opened.
    """
    if encoding:
        codecs.lookup(encoding)
    handle = source if hasattr(source, "read") else open(source, "rb")  # noqa: SIM115 - the table closes it
    if not handle.seekable():
        handle = _spooled(handle)
    try:
        return Table(handle, encoding=encoding, delimiter=delimiter)
    except BaseException:
        handle.close()
        raise


def _spooled(stream):
    """A seekable copy of a pipe: detection reads the file once, the rows again."""
    copy = tempfile.SpooledTemporaryFile(max_size=8 << 20)  # noqa: SIM115 - the table closes it
    while chunk := stream.read(1 << 20):
        copy.write(chunk)
    return copy


def unique_names(header, width):
    """`width` column names, each once and none empty."""
    names: list[str] = []
    for index in range(max(width, len(header))):
        base = (header[index].strip() if index < len(header) else "") or f"column_{index + 1}"
        name, count = base, 1
        while name in names:
            count += 1
            name = f"{base} ({count})"
        names.append(name)
    return names
