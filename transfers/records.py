"""Lines of a CSV text to records, also where its quotation marks are wrong.

The `csv` module does the work in strict mode. Where it refuses a record, the lines of that record are read again by a
slower hand that takes a quotation mark for an end only where a delimiter or a line end follows; so one stray mark costs
one row and not the rest of the file.
"""

import csv
import re
from collections import deque
from typing import NamedTuple

LINE_LIMIT = 4 << 20  # characters: no line of a table is longer, and memory stays bounded
MEND_LINES = 50
UNCLOSED = "a quotation mark is opened and never closed"

csv.field_size_limit(max(csv.field_size_limit(), 1 << 20))  # notes with HTML pass the default of 128 KB
ESCAPED_QUOTE = re.compile(r'(?<!\\)((?:\\\\)*)\\"')


class Record(NamedTuple):
    """Cells of one record; `problem` says why they may not be what their author meant."""

    cells: list[str]
    problem: str = ""

    @property
    def filled(self):
        return sum(1 for cell in self.cells if cell and not cell.isspace())


class _Lines:
    """Physical lines for the csv module, which remembers those of the current record so that they can be read again."""

    def __init__(self, stream, escape):
        self.stream, self.escape = stream, escape
        self.taken: list[str] = []
        self.returned: deque[str] = deque()

    def __iter__(self):
        return self

    def __next__(self):
        line = self.returned.popleft() if self.returned else self._read()
        if not line:
            raise StopIteration
        self.taken.append(line)
        return line

    def _read(self):
        line = self.stream.readline(LINE_LIMIT)
        if "\0" in line:
            line = line.replace("\0", "") or "\n"
        if self.escape and '\\"' in line:
            line = ESCAPED_QUOTE.sub(r'\1""', line)
        return line


def records(stream, delimiter, *, escape=False, spaces=False, width=None):
    """Yield a `Record` for each record of a text stream, blank lines included (as records without cells).

    `escape`: a backslash before a quotation mark escapes it. `spaces`: blanks after a delimiter mean nothing.
    `width`: expected number of cells, which helps to judge a broken row.
    """
    lines = _Lines(stream, escape)
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=spaces, strict=True)
    while True:
        lines.taken.clear()
        try:
            yield Record(next(reader))
        except StopIteration:
            return
        except csv.Error:
            cells, used, problem = _mend(lines.taken, delimiter, width)
            lines.returned.extendleft(reversed(lines.taken[used:]))
            yield Record(cells, problem)


def _mend(lines, delimiter, width):
    """(cells, lines used, problem) of a record that breaks the rules of quoting."""
    alone, closed = split_loosely(lines[0].rstrip("\r\n"), delimiter)
    if closed:
        return alone, 1, ""
    if len(alone) != width:  # else the line is a whole row with a stray mark, not the start of a longer cell
        for count in range(2, min(len(lines), MEND_LINES) + 1):
            cells, closed = split_loosely("".join(lines[:count]).rstrip("\r\n"), delimiter)
            if closed:
                return cells, count, ""
    return alone, 1, UNCLOSED


def split_loosely(text, delimiter):
    """(cells, whether all quotation marks were closed) of one record."""
    cells, at, closed = [], 0, True
    while True:
        end = _closing(text, at + 1, delimiter) if text[at : at + 1] == '"' else None
        if end is not None:
            cells.append(text[at + 1 : end].replace('""', '"'))
            at = end + 1
        else:
            closed = closed and text[at : at + 1] != '"'
            stop = text.find(delimiter, at)
            stop = len(text) if stop < 0 else stop
            cells.append(text[at:stop])
            at = stop
        if at >= len(text):
            return cells, closed
        at += len(delimiter)


def _closing(text, at, delimiter):
    """Index of the mark that ends a quoted cell whose content begins at `at`, or None."""
    while (at := text.find('"', at)) >= 0:
        after = text[at + 1 : at + 2]
        if after == '"' and text[at + 2 : at + 3] not in ("", delimiter):
            at += 2
        elif after in ("", delimiter):
            return at
        else:
            at += 1
    return None
