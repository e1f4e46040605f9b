"""Tables out: cells that no spreadsheet program takes for a formula (R47), and a workbook written row by row.

A workbook is made by hand and not by a library: its rows are XML that can be written in pieces, by several turns of a job, at
about a third of the CPU (docs/decisions/0011-exports.md).
"""

import re
from csv import reader
from dataclasses import dataclass
from itertools import count
from shutil import copyfileobj
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

from lio.api.shapes import row_shape

BOM = b"\xef\xbb\xbf"
ACTIVE = "=+-@\t\r\n\0＝＋－＠"  # what a formula, or a cell that breaks out of its line, begins with
SPARED = re.compile(  # numbers and phone numbers
    r"[+-]?[0-9][0-9.,]*([eE][+-]?[0-9]+)?%?|[+]?[(]?[0-9][0-9 ().,/-]*[0-9](,? ?(x|ext[.]?) ?[0-9]+)?"
)
NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})([.][0-9]{1,14})?")  # what a workbook can hold as a number
LONGEST = 32_767  # characters of a workbook's cell
NOT_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # a spreadsheet program would read a character into it


def cell(text):
    """The cell with an apostrophe before it when a spreadsheet program would run it as a formula."""
    return f"'{text}" if text.startswith(tuple(ACTIVE)) and not SPARED.fullmatch(text) else text


def safe(sql):
    """The same as an SQL expression over a text; `sql` is written into it three times."""
    codes = ", ".join(str(ord(sign)) for sign in ACTIVE if sign != "\0")
    spared = SPARED.pattern.replace("%", "%%")
    return f"CASE WHEN ascii({sql}) IN ({codes}) AND {sql} !~ '^({spared})$' THEN '''' || {sql} ELSE {sql} END"


@dataclass(frozen=True)
class Column:
    """A column of a table that is exported: `sql` over r, a row as the list's own `rows()` shows it, moments as timestamps."""

    sql: str
    params: tuple = ()
    is_number: bool = False
    is_text: bool = True  # what people wrote: made safe before it goes out


def columns_of(rows):
    """{name: Column} of what a `.rows()` queryset shows, but for arrays and objects.

    Moments are written in the time zone of the database session, with its offset.
    """
    found = {}
    for name, schema in row_shape(rows)["properties"].items():
        kind = schema["type"][0] if isinstance(schema["type"], list) else schema["type"]
        if schema.get("format") == "date-time":
            found[name] = Column(f'r."{name}"::timestamptz(0)', is_text=False)
        elif kind in ("integer", "number"):
            found[name] = Column(f'r."{name}"', is_number=True, is_text=False)
        elif kind in ("string", "boolean"):
            found[name] = Column(f'r."{name}"', is_text=kind == "string")
    return found


class Workbook:
    """Writes one sheet. `rows` turns the lines of a CSV table into its XML; `pack` makes a file of that XML."""

    def __init__(self, columns):
        self.letters = [letters(n) for n in range(len(columns))]
        self.numbers = [column.is_number for column in columns]

    def rows(self, lines, first):
        """XML of the rows of CSV `lines` (bytes, a row each), numbered from `first`."""
        for number, cells in zip(count(first), reader(str(line, "utf-8") for line in lines)):
            yield self.row(number, cells).encode()

    def row(self, number, cells, *, head=False):
        parts = [f'<row r="{number}">']
        for text, letter, is_number in zip(cells, self.letters, self.numbers, strict=True):
            if not text:
                continue
            if is_number and not head and NUMBER.fullmatch(text):
                parts.append(f'<c r="{letter}{number}"><v>{text}</v></c>')
            else:
                parts.append(f'<c r="{letter}{number}" t="inlineStr"><is><t xml:space="preserve">{xml(text)}</t></is></c>')
        parts.append("</row>")
        return "".join(parts)

    @staticmethod
    def pack(out, title, parts):
        """Write the workbook whose rows are the XML of `parts`, open files, to `out`."""
        with ZipFile(out, "w", ZIP_DEFLATED, compresslevel=3) as archive:
            for name, text in PARTS.items():
                archive.writestr(name, text.replace("TITLE", escape(title, {'"': "&quot;"})))
            with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
                sheet.write(SHEET)
                for part in parts:
                    copyfileobj(part, sheet, 1 << 20)
                sheet.write(b"</sheetData></worksheet>")


def xml(text):
    """Text as it stands in a cell of a workbook; characters that XML cannot hold are left out."""
    if not text.isprintable():
        text = NOT_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if "_x" in text:
        text = LOOKS_ESCAPED.sub("_x005F_", text)
    return escape(text[:LONGEST])


def letters(n):
    """0 -> A, 25 -> Z, 26 -> AA."""
    return (letters(n // 26 - 1) if n >= 26 else "") + chr(65 + n % 26)


XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
OFFICE = "http://schemas.openxmlformats.org"
MAIN, RELATIONS = f"{OFFICE}/spreadsheetml/2006/main", f"{OFFICE}/officeDocument/2006/relationships"
KINDS = "application/vnd.openxmlformats-officedocument.spreadsheetml"
PARTS = {
    "[Content_Types].xml": f'{XML}<Types xmlns="{OFFICE}/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{KINDS}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{KINDS}.worksheet+xml"/></Types>',
    "_rels/.rels": f'{XML}<Relationships xmlns="{OFFICE}/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
    '<sheet name="TITLE" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'{XML}<Relationships xmlns="{OFFICE}/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
SHEET = (
    f'{XML}<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
).encode()
