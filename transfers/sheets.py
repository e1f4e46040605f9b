"""XLSX workbooks: whether one is safe to open, and its table as a CSV file for `reading.py`.

A workbook is a zip of XML, so a small file can be a bomb. `check_workbook` looks at sizes and at the first bytes of each part
without unpacking into memory; the parser itself runs in a process of its own, with little memory and little time.
"""

import csv
import os
import resource
import struct
import subprocess
import sys
import zipfile
import zlib
from datetime import date, datetime, time, timedelta
from pathlib import Path

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse

from transfers.sniffing import TableError

MAX_UNPACKED = 100 << 20  # bytes of all parts together
MAX_RATIO = 100  # of that to the file; tables of text reach 20
MAX_PARTS = 2_000
SMALL = 1 << 20  # below this the ratio says nothing: a sheet of equal cells packs well
MEMORY, SECONDS = 1 << 30, 40  # of the parser's process
REFUSED = 3  # its exit code when the message on its standard error is for people
WORKBOOK = "xl/workbook.xml"


def check_workbook(handle):
    """Raise TableError unless the binary file is an XLSX workbook of bounded size whose XML declares nothing of its own."""
    handle.seek(0, os.SEEK_END)
    packed = handle.tell()
    try:
        with zipfile.ZipFile(handle) as archive:
            parts = archive.infolist()
            _check_kind(archive, {part.filename for part in parts})
            if len(parts) > MAX_PARTS:
                raise TableError(f"The workbook has more than {MAX_PARTS:,} parts.")
            if any(part.flag_bits & 1 for part in parts):
                raise TableError("The workbook is protected by a password. Save it without one.")
            _check_size(sum(part.file_size for part in parts), packed)
            unpacked = 0
            for part in parts:
                unpacked += _unpacked(handle, part, MAX_UNPACKED - unpacked)
                _check_size(unpacked, packed)
                if part.filename.endswith((".xml", ".rels", ".vml")):
                    _check_xml(archive, part)
    except (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, EOFError, ValueError) as error:
        if isinstance(error, TableError):
            raise
        raise TableError("The workbook is damaged. Open and save it in a spreadsheet program, or save it as CSV.") from error


def _check_kind(archive, names):
    if WORKBOOK in names and "[Content_Types].xml" in names:
        return
    kind = archive.read("mimetype")[:100] if "mimetype" in names and archive.getinfo("mimetype").file_size < 1000 else b""
    if b"opendocument" in kind:
        raise TableError("This is an OpenDocument file. Save the table as XLSX or CSV.")
    if "xl/workbook.bin" in names:
        raise TableError("This is a binary workbook (XLSB). Save the table as XLSX or CSV.")
    raise TableError("This is a zip file, not a workbook. Save the table as XLSX or CSV.")


def _check_size(unpacked, packed):
    if unpacked > MAX_UNPACKED:
        raise TableError(f"The workbook unpacks to more than {MAX_UNPACKED >> 20} MB. Save the table as CSV.")
    if unpacked > SMALL and unpacked > MAX_RATIO * packed:
        raise TableError("The workbook unpacks to more than a hundred times its size. Save the table as CSV.")


def _unpacked(handle, part, limit):
    """The true size of a part in bytes: what it declares may be a lie. Unpacks into nothing, up to `limit`."""
    handle.seek(part.header_offset)
    head = handle.read(30)
    name, extra = struct.unpack("<HH", head[26:30])
    handle.seek(name + extra, os.SEEK_CUR)
    if part.compress_type == zipfile.ZIP_STORED:
        return part.compress_size
    if part.compress_type != zipfile.ZIP_DEFLATED:
        raise TableError("The workbook is packed in a way that spreadsheets do not use.")
    unpacker, left, size = zlib.decompressobj(-15), part.compress_size, 0
    while left > 0 and not unpacker.eof and size <= limit:
        chunk = handle.read(min(left, 1 << 16))
        if not chunk:
            break
        left -= len(chunk)
        while chunk and size <= limit:
            size += len(unpacker.decompress(chunk, 1 << 20))
            chunk = unpacker.unconsumed_tail
    if size <= limit and size != part.file_size:
        raise TableError("The workbook is damaged: a part is not as long as it says.")
    return size


def _check_xml(archive, part):
    """No document type, so no entities: it could stand only before the root element, so reading stops there."""
    try:
        with archive.open(part) as stream:
            for _ in iterparse(stream, events=("start",), forbid_dtd=True):
                return
    except DefusedXmlException as error:
        raise TableError("The workbook declares a document type or entities, which no spreadsheet program writes.") from error
    except (ParseError, LookupError) as error:
        raise TableError(f"The workbook is damaged: {part.filename[:60]} is not XML.") from error


def to_csv(source, target, *, max_rows):
    """Write the first sheet with data of the workbook at path `source` as UTF-8 CSV to path `target`, in a bounded process.

    Raises TableError when the workbook cannot be read, or has more than `max_rows` rows.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", "transfers.sheets", str(source), str(target), str(max_rows)],
            timeout=SECONDS + 5,
            capture_output=True,
            text=True,
            cwd=Path(__file__).resolve().parent.parent,
        )
    except subprocess.TimeoutExpired:
        raise TableError("The workbook takes too long to read. Save the table as CSV.") from None
    if done.returncode == REFUSED:
        raise TableError(done.stderr.strip()[-300:])
    if done.returncode:
        raise TableError("The workbook cannot be read within the memory and time that an import has. Save the table as CSV.")


# ------------------------------------------------------------------------- in the process of its own
def main(source, target, max_rows):
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        convert(source, target, int(max_rows))
    except TableError as error:
        print(error, file=sys.stderr)
        return REFUSED
    return 0


def convert(source, target, max_rows):
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    try:
        workbook = CalamineWorkbook.from_path(source)
        for sheet in workbook.sheets_metadata:
            if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible:
                table = workbook.get_sheet_by_name(sheet.name)
                if table.width and table.height:
                    return _write(table, target, max_rows)
    except (CalamineError, OSError, ValueError) as error:
        if isinstance(error, TableError):
            raise
        raise TableError("The workbook is damaged. Open and save it in a spreadsheet program, or save it as CSV.") from error
    raise TableError("The workbook holds no table: every sheet is empty or hidden.")


def _write(table, target, max_rows):
    if table.height > 1_000_000 or table.width > 5_000:
        raise TableError("The sheet is too large. Save the table as CSV.")
    found = 0
    with open(target, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for row in table.iter_rows():  # from the very first row on, empty ones too
            cells = [text_of(cell) for cell in row]
            found += any(cells)
            if found > max_rows + 40:  # the header and lines above it
                raise TableError(f"The table has more than {max_rows:,} rows. Split the file.")
            writer.writerow(cells)


def text_of(value):
    """A cell as a person reads it: whole numbers without a point, fifteen digits at most as spreadsheets show, ISO dates."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(value, ".15g")
    if isinstance(value, datetime):
        return value.isoformat(sep=" ") if value.time() != time() else value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return "" if value is None else str(value)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
