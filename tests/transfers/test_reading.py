"""Files by other programs are read as their authors meant them."""

import csv
import io
import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transfers.places import EXPORTS, MESSY, there
from transfers.reading import TableError, open_table

HEADER_BELOW = {"samples/flashesofbrilliance-sample-connections.csv": 4, "tabulator/skip-rows-before-headers.csv": 1}
DELIMITERS = [",", ";", "\t", "|"]


def table(text, **options):
    raw = text if isinstance(text, bytes) else text.encode()
    return open_table(io.BytesIO(raw), **options)


def rows(text, **options):
    with table(text, **options) as opened:
        return [list(row.values.values()) for row in opened.rows()]


def manifest():
    path = MESSY / "manifest.json"
    return json.loads(path.read_text()) if path.is_file() else {"none": None}


@pytest.mark.parametrize(("name", "facts"), manifest().items())
def test_a_file_of_the_collection_is_read_as_its_manifest_says(name, facts):
    with open_table(there(MESSY) / name) as opened:
        found = list(opened.rows())
    assert opened.delimiter == facts["delimiter"]
    assert opened.encoding.startswith("utf-16" if facts["bom"] == "utf-16-le" else ("utf-8", "cp1252"))
    if facts.get("encoding", "").startswith("not utf-8"):
        assert opened.encoding == "cp1252"
    above = HEADER_BELOW.get(name, 0)
    if not above:
        assert opened.header == [cell.strip() for cell in facts["first_record"]]
    blank = 1 if 0 in facts["distinct_field_counts"] and not above else 0
    assert len(found) == facts["records_incl_header"] - 1 - above - blank
    assert not [row for row in found if row.problem]


@pytest.mark.parametrize("path", sorted((MESSY / "csv-spectrum" / "json").glob("*.json")), ids=lambda path: path.stem)
def test_the_torture_set_gives_its_expected_rows(path):
    with open_table(MESSY / "csv-spectrum" / "csvs" / f"{path.stem}.csv") as opened:
        found = [row.values for row in opened.rows()]
    expected = [  # the collection's line ends were normalised to LF
        {name: cell.replace("\r\n", "\n") for name, cell in row.items()} for row in json.loads(path.read_text())
    ]
    assert found == expected


def test_the_header_is_found_below_a_preamble():
    expected = json.loads((there(MESSY) / "expected.json").read_text())
    wanted = expected["samples/flashesofbrilliance-sample-connections.csv"]
    with open_table(MESSY / "samples" / "flashesofbrilliance-sample-connections.csv") as opened:
        found = list(opened.rows())
    assert opened.header[:3] == ["First Name", "Last Name", "URL"]
    assert len(found) == wanted["rows"]
    assert [row.number for row in found] == list(range(2, 9))


@pytest.mark.parametrize(
    ("name", "count", "columns", "encoding"),
    [
        ("hubspot-dummy/hubspot_contacts.csv", 950, 20, "utf-8"),
        ("hubspot-dummy/hubspot_companies.csv", 200, 16, "utf-8"),
        ("hubspot-dummy/hubspot_deals.csv", 500, 12, "utf-8"),
        ("salesforce-dataloader/accountData.csv", 423, 37, "cp1252"),
        ("salesforce-dataloader/opportunityData.csv", 38, 31, "utf-8"),
    ],
)
def test_exports_of_other_crms_are_read_whole(name, count, columns, encoding):
    with open_table(there(EXPORTS) / name) as opened:
        found = list(opened.rows())
    assert (len(found), len(opened.header), opened.encoding) == (count, columns, encoding)
    assert not [row for row in found if row.problem]


@pytest.mark.parametrize("path", sorted((EXPORTS / "hubspot-api-shape").glob("*.csv")), ids=lambda path: path.stem)
def test_every_table_of_the_connector_is_read_as_the_csv_module_reads_it(path):
    with open(path, encoding="utf-8-sig", newline="") as handle:
        header, *expected = [record for record in csv.reader(handle) if record]
    with open_table(path) as opened:
        assert opened.header == header
        assert [list(row.values.values()) for row in opened.rows()] == expected


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)  # fmt: skip
@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_encoding_and_delimiter_are_found(encoding, delimiter):
    text = "\r\n".join(delimiter.join(cells) for cells in [["Name", "Ort"], ["Jürgen", "Köln"], ["Zoë", "Besançon"]])
    with table(text.encode(encoding)) as opened:
        assert opened.delimiter == delimiter
        assert [list(row.values.values()) for row in opened.rows()] == [["Jürgen", "Köln"], ["Zoë", "Besançon"]]


def test_latin_1_is_noticed_behind_a_long_ascii_beginning():
    text = "name,city\n" + "Anna,Bonn\n" * 60_000 + "Jürgen,Köln\n"
    assert rows(text.encode("cp1252"))[-1] == ["Jürgen", "Köln"]


def test_a_broken_byte_does_not_spoil_the_accents_of_the_rest():
    raw = "name,city\nJürgen,Köln\nZoë,Besançon\nFrançois,Orléans\n".encode() + b"Andr\xe9,Sete\n"
    assert [row[0] for row in rows(raw)] == ["Jürgen", "Zoë", "François", "André"]


def test_a_comma_in_semicolon_text_and_decimal_commas_do_not_mislead():
    assert rows("Firma;Umsatz\nA, B & C;1,5\nD, E;2,5\nF, G;3,5\n") == [
        ["A, B & C", "1,5"],
        ["D, E", "2,5"],
        ["F, G", "3,5"],
    ]


def test_the_separator_line_of_excel_is_obeyed():
    with table("sep=;\r\nname;city\r\nAnna;Bonn\r\n") as opened:
        assert [(row.number, row.values) for row in opened.rows()] == [(2, {"name": "Anna", "city": "Bonn"})]


def test_a_single_column_is_a_table_too():
    with table("email\na@example.com\nb@example.com\n") as opened:
        assert opened.header == ["email"]
        assert len(list(opened.rows())) == 2


def test_a_file_without_header_gets_names_by_position_and_counts_from_one():
    with table("Anna,anna@example.com\nBen,ben@example.com\n") as opened:
        assert (opened.has_header, opened.header) == (False, ["column_1", "column_2"])
        assert [row.number for row in opened.rows()] == [1, 2]


def test_column_names_are_unique_and_never_empty():
    with table("email,email,,email\na,b,c,d\n") as opened:
        assert opened.header == ["email", "email (2)", "column_3", "email (3)"]


def test_blank_lines_are_left_out_but_counted():
    with table("name,city\n\nAnna,Bonn\n,\n  \nBen,Köln\n\n") as opened:
        assert [(row.number, row.values["name"]) for row in opened.rows()] == [(3, "Anna"), (6, "Ben")]


def test_nul_bytes_are_dropped():
    assert rows(b"name,city\nAn\x00na,Bonn\n\x00\nBen,K\x00oln\n") == [["Anna", "Bonn"], ["Ben", "Koln"]]


def test_a_short_row_is_filled_up_and_trailing_delimiters_are_nothing():
    assert rows("a,b,c\n1,2\n1,2,3,,\n") == [["1", "2", ""], ["1", "2", "3"]]


def test_a_long_row_keeps_its_cells_and_says_so():
    with table("name,city,mail\nAnna,Bonn,x\nBen,Köln,y\nAcme,Inc,Berlin,z\n") as opened:
        *good, long = opened.rows()
    assert not any(row.problem for row in good)
    assert long.values == {"name": "Acme", "city": "Inc", "mail": "Berlin", "column_4": "z"}
    assert long.problem.startswith("4 cells for 3 columns")


def test_a_comma_that_a_blank_follows_is_put_back():
    text = "name,title,mail\nAnna,CEO,a@x.org\nBen,CTO,b@x.org\nTanya,VP, Sales,t@x.org\n"
    assert rows(text)[-1] == ["Tanya", "VP, Sales", "t@x.org"]


def test_rows_that_are_all_longer_than_the_header_get_a_column():
    assert rows("name,city\nAnna,Bonn,1\nBen,Köln,2\nCid,Ulm,3\n")[0] == ["Anna", "Bonn", "1"]


def test_backslashed_quotes_are_read_and_windows_paths_kept():
    text = 'id,text,path\n1,"say \\"hi\\", now",C:\\new\n2,"plain","D:\\temp"\n'
    assert rows(text) == [["1", 'say "hi", now', "C:\\new"], ["2", "plain", "D:\\temp"]]


def test_a_quote_inside_a_quoted_cell_is_text():
    assert rows('id,size,mail\n1,"5" screen",a\n2,"7" screen, flat",b\n3,x,c\n')[:2] == [
        ["1", '5" screen', "a"],
        ["2", '7" screen, flat', "b"],
    ]


def test_a_quote_that_is_never_closed_costs_its_own_row_only():
    text = "name,company,mail\n" + "Anna,Acme,a@x.org\n" * 20 + 'Ben,"Beta,b@x.org\n' + 'Cid,"Gamma, Inc",c@x.org\n' * 20
    with table(text) as opened:
        found = list(opened.rows())
    assert len(found) == 41
    assert [row.number for row in found if row.problem] == [22]
    assert found[-1].values == {"name": "Cid", "company": "Gamma, Inc", "mail": "c@x.org"}


@pytest.mark.parametrize("raw", [b"", b"\n \n", b"PK\x03\x04rest", b"\xd0\xcf\x11\xe0rest", b"%PDF-1.7", b"\xef\xbb\xbf"])
def test_what_is_no_table_is_refused_in_words(raw):
    with pytest.raises(TableError):
        table(raw)


def test_a_pipe_is_read_too():
    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    with open_table(Pipe(b"name,city\nAnna,Bonn\n")) as opened:
        assert len(list(opened.rows())) == 1


def test_memory_stays_bounded():
    import tracemalloc

    line = b"Anna,Bonn,anna@example.com\n"
    with table(b"name,city,email\n" + line * 200_000) as opened:
        tracemalloc.start()
        count = sum(1 for _ in opened.rows())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert count == 200_000
    assert peak < 1 << 20


cell = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n"), max_size=20)
lines = st.integers(1, 6).flatmap(lambda width: st.lists(st.lists(cell, min_size=width, max_size=width), max_size=8))


@settings(max_examples=200, deadline=None)
@given(
    lines,
    st.sampled_from(DELIMITERS),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_the_csv_module_writes_comes_back(body, delimiter, newline, quoting, encoding):
    width = len(body[0]) if body else 3
    header = ["First name", "Last name", "Email", "Phone", "City", "Country"][:width]
    target = io.StringIO()
    writer = csv.writer(target, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    writer.writerow(header)
    writer.writerows(body)
    with table(target.getvalue().encode(encoding)) as opened:
        found = [list(row.values.values()) for row in opened.rows()]
        numbers = [row.number for row in opened.rows()]
    assert opened.header == header
    assert found == [cells for cells in body if any(cell.strip() for cell in cells)]
    assert all(before < after for before, after in pairwise(numbers))
