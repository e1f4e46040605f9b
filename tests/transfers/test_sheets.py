"""XLSX: what is read, and what is refused before and while it is read."""

import csv
import io
import warnings
import zipfile
from datetime import date, datetime
from time import monotonic

import openpyxl
import pytest

from tests.conftest import shared
from tests.transfers.importing import imported, leads_of, send
from tests.transfers.places import DATA
from transfers import sheets
from transfers.sheets import check_workbook, text_of, to_csv
from transfers.sniffing import TableError

SHEETS = sorted((DATA / "spreadsheets").glob("*.xlsx"))
HOSTILE = ["xmlbomb.xml", "xmlbomb2.xml", "quadratic.xml", "cyclic.xml", "dtd.xml", "external.xml", "external_file.xml"]


def workbook(rows, *, sheets=("Leads",)):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name in sheets:
        sheet = book.create_sheet(name)
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(content, replace=None, add=None, **options):
    """The same workbook with parts replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, (replace or {}).get(name, old.read(name)))
        for name, part in (add or {}).items():
            new.writestr(name, part)
    return out.getvalue()


PLAIN = workbook([["Email", "Name"], ["a@x.example", "Jane Doe"]])


def test_a_workbook_is_imported(api, rep):
    born = date(1984, 3, 7)
    content = workbook(
        [
            ["Lead list of May"],
            [],
            ["First name", "Last name", "E-Mail", "Phone", "Zip", "Born", "Seen", "VIP", "Rate"],
            ["Jane", "Doe", "jane@x.example", 491511234567, 10115, born, datetime(2026, 5, 1, 9, 30), True, 0.1 + 0.2],
        ]
    )
    assert imported(api, content, "leads.xlsx")["created"] == 1
    (lead,) = leads_of(rep.organization)
    assert (lead.first_name, lead.phone_number, lead.pin_code) == ("Jane", "491511234567", "10115")
    assert lead.custom_fields == {"Born": "1984-03-07", "Seen": "2026-05-01 09:30:00", "VIP": "true", "Rate": "0.3"}


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_the_table_is_what_a_second_reader_reads(path, tmp_path):
    """Both date systems among them."""
    source = shared(f"data/spreadsheets/{path.name}")
    to_csv(source, tmp_path / "table.csv", max_rows=1000)
    with open(tmp_path / "table.csv", encoding="utf-8", newline="") as file:
        found = list(csv.reader(file))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(source, data_only=True)
    sheet = next(one for one in book if any(any(cell is not None for cell in row) for row in one.iter_rows(values_only=True)))
    wanted = [["" if cell is None else same(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert trimmed(found) == trimmed(wanted)


def same(cell):
    """openpyxl gives whole numbers as int and days as midnight."""
    return text_of(float(cell) if isinstance(cell, int) and not isinstance(cell, bool) else cell)


def trimmed(rows):
    rows = [row[: max((n + 1 for n, cell in enumerate(row) if cell), default=0)] for row in rows]
    while rows and not rows[-1]:
        rows.pop()
    return rows


def test_the_first_sheet_with_data_is_read(api):
    assert imported(api, workbook([["email"], ["a@x.example"]], sheets=("Empty", "Leads")), "a.xlsx")["created"] == 1
    job = imported(api, workbook([]), "a.xlsx")
    assert (job["status"], "holds no table" in job["errors"][0]["reason"]) == ("failed", True)


# ------------------------------------------------------------------------- what is refused
@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "docProps/core.xml"])
def test_entities_and_document_types_are_refused_at_once(name, part, api):
    bomb = shared(f"data/input-abuse/xml/{name}").read_bytes()
    started = monotonic()
    answer = send(
        api,
        repacked(PLAIN, {part: bomb}, None if part in zipfile.ZipFile(io.BytesIO(PLAIN)).namelist() else {part: bomb}),
        "leads.xlsx",
    )
    assert (answer.status_code, "document type" in answer.json()["error"]["message"]) == (422, True)
    assert monotonic() - started < 5


def test_an_entity_in_utf_16_is_refused_as_well(api):
    bomb = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode("utf-16")
    assert send(api, repacked(PLAIN, {"xl/workbook.xml": bomb}), "leads.xlsx").status_code == 422


@pytest.mark.parametrize(
    ("change", "words"),
    {
        "ratio": (lambda: repacked(PLAIN, add={"xl/media/zeros.bin": bytes(40 << 20)}), "hundred times"),
        "size": (lambda: repacked(PLAIN, add={f"xl/media/{n}": bytes(30 << 20) for n in range(4)}), "100 MB"),
        "parts": (lambda: repacked(PLAIN, add={f"xl/{n}.bin": b"" for n in range(2001)}), "2,000 parts"),
        "no xml": (lambda: repacked(PLAIN, {"xl/workbook.xml": b"no xml"}), "damaged"),
        "cut": (lambda: PLAIN[: len(PLAIN) // 2], "damaged"),
        "another zip": (lambda: repacked(PLAIN).replace(b"xl/workbook.xml", b"xl/workbook.xmx"), "not a workbook"),
    }.values(),
    ids=["ratio", "size", "parts", "no xml", "cut", "another zip"],
)
def test_bombs_and_damage_are_refused_in_words(change, words, api):
    answer = send(api, change(), "leads.xlsx")
    assert (answer.status_code, answer.json()["error"]["message"].count(words)) == (422, 1)


def test_a_size_that_lies_is_found_out():
    """The directory says that a part is small; it is not."""
    content = bytearray(repacked(PLAIN, add={"xl/media/zeros.bin": bytes(1 << 20)}))
    true, lie = (1 << 20).to_bytes(4, "little"), (10).to_bytes(4, "little")
    with pytest.raises(TableError, match="damaged"):
        check_workbook(io.BytesIO(bytes(content).replace(true, lie)))


def test_the_parser_may_take_no_more_than_its_memory_and_time(tmp_path, monkeypatch):
    """A sheet that claims millions of columns costs the parser its process and nobody else anything."""
    cells = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>'
    sheet = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{cells}</sheetData></worksheet>'
    source = tmp_path / "wide.xlsx"
    source.write_bytes(repacked(PLAIN, {"xl/worksheets/sheet1.xml": sheet.encode()}))
    with open(source, "rb") as file:
        check_workbook(file)
    with pytest.raises(TableError):
        to_csv(source, tmp_path / "out.csv", max_rows=100)
    monkeypatch.setattr(sheets, "SECONDS", -4.99)
    with pytest.raises(TableError, match="too long"):
        to_csv(source, tmp_path / "out.csv", max_rows=100)


def test_too_many_rows_are_refused_while_reading(tmp_path):
    source = tmp_path / "long.xlsx"
    source.write_bytes(workbook([["email"], *[[f"a{n}@x.example"] for n in range(100)]]))
    with pytest.raises(TableError, match="more than 50 rows"):
        to_csv(source, tmp_path / "out.csv", max_rows=50)
