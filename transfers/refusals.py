"""The file of refused rows: what was in the source, with row_number and reason before it.

It can be mended and pushed again: `columns.Mapping` ignores the two columns of ours.
"""

import csv
from pathlib import Path

from lio.spreadsheet import cell as safe_cell


def refused_path(source):
    """Where refused rows of `source` go: beside it, or in the current folder when that one cannot be written."""
    beside = Path(f"{source}.refused.csv")
    try:
        with open(beside, "a"):
            return beside
    except OSError:
        return Path.cwd() / beside.name


class RefusedRows:
    """Writes refused rows as they come. The file appears with the first of them; an older one is replaced."""

    def __init__(self, path, header):
        self.path, self.header = Path(path), header
        self.count, self._file = 0, None
        self.path.unlink(missing_ok=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self._file:
            self._file.close()

    def add(self, number, values, reason):
        """`values` maps header to cell; cells beyond the header follow at the end of the line."""
        if self._file is None:
            self._file = open(self.path, "w", encoding="utf-8-sig", newline="")  # noqa: SIM115 - closed in __exit__
            csv.writer(self._file).writerow(["row_number", "reason", *map(safe_cell, self.header)])
        csv.writer(self._file).writerow([number, safe_cell(reason), *(safe_cell(cell) for cell in values.values())])
        self._file.flush()
        self.count += 1
