"""`manage.py push_leads` against a server on a real socket: every row answered once, none lost, none doubled."""

import csv
import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.transfers.places import EXPORTS, MESSY, there
from tests.transfers.server import KEY, Handler, running
from transfers.management.commands.push_leads import Command


@pytest.fixture
def server():
    with running() as (address, leads):
        yield address, leads


def push(path, server=None, **options):
    """(standard output, standard error) of the command."""
    out, err = io.StringIO(), io.StringIO()
    if server:
        options = {"url": server[0], "api_key": KEY} | options
    call_command(Command(), str(path), stdout=out, stderr=err, no_color=True, **options)
    return out.getvalue(), err.getvalue()


def table(tmp_path, *lines, name="leads.csv"):
    path = tmp_path / name
    path.write_text("\n".join(["First name,Email,Phone,City", *lines]) + "\n", encoding="utf-8")
    return path


def refused(path):
    with open(path, encoding="utf-8-sig", newline="") as handle:
        return list(csv.reader(handle))


def test_a_row_arrives_as_the_contract_asks(tmp_path, server):
    push(table(tmp_path, "Anna,anna@example.com,0151 2345678,Köln"), server)
    path, headers, body = server[1].requests[0]
    assert path == "/api/v1/lead"
    assert headers["x-api-key"] == KEY
    assert headers["Content-Type"] == "application/json"
    assert len(headers["Idempotency-Key"]) == 64
    assert body == {
        "first_name": "Anna", "email": "anna@example.com", "phone_number": "0151 2345678", "city": "Köln", "merge": 1,
    }  # fmt: skip


def test_totals_and_refused_rows_say_what_happened(tmp_path, server):
    path = table(
        tmp_path,
        "Anna,anna@example.com,,Bonn",
        "Anna,anna@example.com,0151 2345678,Bonn",
        ",bad@example.com,,Bonn",
        "=cmd(),,,Ulm",
        "Ben,ben@example.com,,Ulm,too,much",
    )
    out, _ = push(path, server)
    assert out.startswith("5 rows in ")
    assert "1 created, 1 merged, 3 refused (2 of them before sending)" in out
    assert f"{path}.refused.csv" in out
    header, *rows = refused(f"{path}.refused.csv")
    assert header == ["row_number", "reason", "First name", "Email", "Phone", "City"]
    by_number = {row[0]: row for row in rows}
    assert by_number["4"] == ["4", "422 There are errors. | fields: first_name", "", "bad@example.com", "", "Bonn"]
    assert by_number["5"][1:3] == ["needs an e-mail, phone number or LinkedIn address", "'=cmd()"]
    assert by_number["6"][1].startswith("6 cells for 4 columns")
    assert by_number["6"][2:] == ["Ben", "ben@example.com", "", "Ulm", "too", "much"]


def test_a_mended_file_of_refused_rows_can_be_pushed(tmp_path, server):
    path = table(tmp_path, "Anna,,,Bonn")
    push(path, server)
    mended = Path(f"{path}.refused.csv")
    mended.write_text(mended.read_text(encoding="utf-8-sig").replace("Anna,,", "Anna,anna@example.com,"), encoding="utf-8")
    assert "1 created, 0 merged, 0 refused" in push(mended, server)[0]
    assert server[1].leads["anna@example.com"][0]["city"] == "Bonn"
    assert "custom_fields" not in server[1].leads["anna@example.com"][0]


@pytest.mark.parametrize(
    ("on_duplicate", "totals", "count"),
    [("merge", "1 created, 1 merged, 0 refused", 1), ("skip", "1 created, 0 merged, 1 refused", 1),
     ("create", "2 created, 0 merged, 0 refused", 2)],
)  # fmt: skip
def test_what_happens_to_a_lead_that_is_there(tmp_path, server, on_duplicate, totals, count):
    path = table(tmp_path, "Anna,anna@example.com,,Bonn", "Anna,anna@example.com,,Ulm")
    assert totals in push(path, server, on_duplicate=on_duplicate)[0]
    assert len(server[1].leads["anna@example.com"]) == count
    if on_duplicate == "skip":
        assert refused(f"{path}.refused.csv")[1][1] == "409 A lead with this e-mail exists. | lead_id: 1"


def test_passing_trouble_is_waited_out(tmp_path, server):
    rows = [f"P{index},p{index}@example.com,,Bonn" for index in range(40)]
    server[1].faults = {
        "p1@example.com": [(429, {"Retry-After": "1"})],
        "p2@example.com": [(503, {"Retry-After": "0"}), (502, {"Retry-After": "0"})],
        "p3@example.com": ["drop before"],
        "p4@example.com": ["drop after"],
        "p5@example.com": [(409, {"Retry-After": "0"})],
        "p6@example.com": [(500, {"Retry-After": "0"})],
        "p7@example.com": ["drop after", "drop before"],
        "p8@example.com": ["no envelope"] * 5,
    }
    out, err = push(table(tmp_path, *rows), server)
    assert out.startswith("40 rows")
    assert "40 created, 0 merged, 0 refused" in out
    assert "Waiting 1 s: the server answers 429 Come back later." in err
    assert not any(server[1].faults.values())
    assert {email: len(leads) for email, leads in server[1].leads.items()} == {f"p{i}@example.com": 1 for i in range(40)}


def test_a_server_error_of_one_row_does_not_stop_the_rest(tmp_path, server):
    server[1].faults = {"p1@example.com": [(500, {"Retry-After": "0"})] * 3}
    path = table(tmp_path, "P1,p1@example.com,,", "P2,p2@example.com,,")
    assert "1 created, 0 merged, 1 refused" in push(path, server)[0]
    assert refused(f"{path}.refused.csv")[1][:2] == ["2", "500 Come back later."]


def test_a_second_run_after_a_break_doubles_nothing(tmp_path, server):
    path = table(tmp_path, *(f"P{index},p{index}@example.com,,Bonn" for index in range(30)))
    server[1].faults = {"p20@example.com": [(503, {"Retry-After": "60"})]}
    with pytest.raises(CommandError, match=r"Row 22 could not be delivered.*503.*Run the same command again"):
        push(path, server, patience=1, concurrency=1)
    assert len(server[1].leads) == 20
    out, _ = push(path, server)
    assert "30 created, 0 merged, 0 refused" in out
    assert "20 of them were answered in an earlier run" in out
    assert all(len(leads) == 1 for leads in server[1].leads.values())


def test_again_sends_everything_anew(tmp_path, server):
    path = table(tmp_path, "Anna,anna@example.com,,Bonn")
    push(path, server)
    assert "0 created, 1 merged" in push(path, server, again=True)[0]


def test_rows_of_one_person_arrive_in_their_order(tmp_path, server):
    rows = [f"P{index % 7},p{index % 7}@example.com,,City {index}" for index in range(210)]
    out, _ = push(table(tmp_path, *rows), server, concurrency=8)
    assert "7 created, 203 merged" in out
    cities = {email: leads[0]["city"] for email, leads in server[1].leads.items()}
    assert cities == {f"p{index % 7}@example.com": f"City {index}" for index in range(203, 210)}


def test_connections_are_kept(tmp_path, server):
    push(table(tmp_path, *(f"P{index},p{index}@example.com,," for index in range(100))), server, concurrency=3)
    assert len(server[1].connections) == 3
    assert server[1].connections.total() == 100


def test_a_wrong_key_stops_at_once(tmp_path, server):
    path = table(tmp_path, *(f"P{index},p{index}@example.com,," for index in range(100)))
    with pytest.raises(CommandError, match="does not take the API key: 403 This API key is not valid"):
        push(path, server, api_key="wrong")
    assert len(server[1].requests) <= 4
    assert not Path(f"{path}.refused.csv").exists()


def test_nobody_at_the_address_is_said_plainly(tmp_path):
    with running() as (address, _):
        pass
    with pytest.raises(CommandError, match=r"Row 2 could not be delivered: no answer from http://127.*refused"):
        push(table(tmp_path, "Anna,anna@example.com,,"), (address,), patience=0.3)


def test_another_servers_page_is_not_taken_for_an_answer(tmp_path):
    class Page(Handler):
        def do_POST(self):  # noqa: N802 - the name that http.server calls
            self.send(200, {"page": "Welcome"}, {})

    class Moved(Handler):
        def do_POST(self):  # noqa: N802 - the name that http.server calls
            self.send(301, {}, {"Location": "https://crm.example/api/v1/lead"})

    path = table(tmp_path, "Anna,anna@example.com,,")
    with running(Page) as server, pytest.raises(CommandError, match="does not answer like LIO"):
        push(path, server)
    with running(Moved) as server, pytest.raises(CommandError, match=r"use --url with https://crm\.example"):
        push(path, server)


def test_a_dry_run_shows_and_sends_nothing(tmp_path, server):
    path = table(tmp_path, "Anna,anna@example.com,,Bonn", "Ben,,,Ulm")
    out, _ = push(path, server, dry_run=True)
    assert "Email" in out and "-> email" in out
    assert '"email": "anna@example.com"' in out
    assert "2 rows: 1 could be sent, 1 would be refused. Nothing was sent." in out
    assert not server[1].requests
    assert push(path, dry_run=True)[0] == out


def test_columns_can_be_said(tmp_path, server):
    path = table(tmp_path, "Anna,anna@example.com,,Bonn")
    push(path, server, map=["city=notes", "First name=ignore"], default_source=2)
    assert server[1].requests[0][2] == {"email": "anna@example.com", "notes": "Bonn", "lead_source": 2, "merge": 1}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"map": ["Towns=city"]}, "no such column. The file has: First name, Email"),
        ({"map": ["City=town"]}, "write COLUMN=FIELD"),
        ({"url": "ftp://crm.example"}, "not an http or https address"),
        ({"url": None}, "--url and --api-key"),
        ({"api_key": "k\nx"}, "API key holds characters"),
        ({"concurrency": 0}, "--concurrency must be 1 or more"),
        ({"delimiter": "::"}, "--delimiter must be one character"),
        ({"encoding": "no-such"}, "cannot be read"),
    ],
)
def test_a_wrong_option_is_refused_in_words(tmp_path, server, options, message, monkeypatch):
    monkeypatch.delenv("LIO_API_KEY", raising=False)
    with pytest.raises(CommandError, match=message):
        push(table(tmp_path, "Anna,anna@example.com,,"), server, **options)


def test_a_file_that_is_not_there_or_no_table_is_refused_in_words(tmp_path, server):
    with pytest.raises(CommandError, match="cannot be read"):
        push(tmp_path / "none.csv", server)
    (tmp_path / "book.csv").write_bytes(b"PK\x03\x04")
    with pytest.raises(CommandError, match="Excel or zip file"):
        push(tmp_path / "book.csv", server)


def test_the_key_may_stand_in_the_environment(tmp_path, server, monkeypatch):
    monkeypatch.setenv("LIO_API_KEY", KEY)
    assert "1 created" in push(table(tmp_path, "Anna,anna@example.com,,"), server, api_key=None)[0]


def test_the_command_needs_no_database():
    assert Command.needs_database is False
    assert Command.requires_system_checks == []


@pytest.mark.parametrize("folder", [EXPORTS, MESSY], ids=["crm-exports", "lead-csv-messy"])
def test_every_row_of_the_collections_is_answered_or_refused(tmp_path, folder):
    for path in sorted([*there(folder).rglob("*.csv"), *folder.rglob("*.tsv")]):
        with running() as server:
            out, _ = push(path, server, refused=str(tmp_path / "refused.csv"))
            leads = server[1]
        numbers = out.replace(",", "").split()
        total, created, merged, refusals = (int(numbers[at]) for at in (0, 5, 7, 9))
        assert total == created + merged + refusals
        assert (created, merged + created) == (sum(map(len, leads.leads.values())), len(leads.requests))
        assert refusals == (len(refused(tmp_path / "refused.csv")) - 1 if refusals else 0)
        json.dumps(leads.leads)
