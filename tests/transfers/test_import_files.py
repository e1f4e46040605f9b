"""Other people's files through the API: each row created, merged or refused with a reason (docs/imports.md has the table)."""

import json
import re

import pytest
from django.conf import settings

from lio.tenancy import org_scope
from tests.conftest import shared
from tests.transfers.importing import counts, imported, leads_of, send
from tests.transfers.places import DATA, EXPORTS, MESSY
from transfers import imports
from transfers.models import Import

SHEETS = DATA / "spreadsheets"
ABUSE = DATA / "input-abuse"
TABLES = [*sorted(MESSY.rglob("*.[ct]sv")), *sorted(EXPORTS.rglob("*.csv")), *sorted(SHEETS.glob("*.xlsx"))]
TOLD = re.compile(r"\| `([^`*]+)` \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|")


def name_of(path):
    return str(path.relative_to(DATA))


def table():
    """{file: (rows, created, merged, skipped, refused)} as docs/imports.md tells."""
    lines = TOLD.findall((settings.BASE_DIR / "docs" / "imports.md").read_text())
    return {name: tuple(int(number.replace(",", "")) for number in numbers) for name, *numbers in lines}


def expected():
    path = MESSY / "expected.json"
    return json.loads(path.read_text()) if path.is_file() else {}


@pytest.mark.parametrize("path", TABLES, ids=name_of)
def test_each_row_of_each_file_is_created_or_skipped_or_refused_with_a_reason(path, api, rep):
    job = imported(api, shared(f"data/{name_of(path)}").read_bytes(), path.name)
    assert job["status"] == "completed"
    assert job["total"] == job["processed"] == job["succeeded"] + job["skipped"] + job["failed"]
    assert len(job["errors"]) == min(job["failed"], 100)
    assert all(error["row"] >= 1 and error["reason"] for error in job["errors"])
    assert len(leads_of(rep.organization)) == job["created"]
    assert table()[name_of(path)] == tuple(counts(job).values())
    with org_scope(rep.organization):
        row = Import.objects.get(pk=job["id"])
        assert len(list(imports.rejected_lines(row, imports.rejected(row)))) == job["failed"] + 1


def lead_as_expected(lead):
    custom = lead.custom_fields
    return {
        "first_name": lead.first_name,
        "last_name": lead.last_name,
        "company": lead.company and lead.company.company_name,
        "job_title": lead.job_title,
        "city": lead.city,
        "notes": lead.notes,
        "linkedin_url": lead.linkedin_url,
        "full_name": f"{lead.first_name} {lead.last_name}",
        "prefix": custom.get("Title"),
        "emails": [*filter(None, [lead.email]), *custom.get("other_emails", [])],
        "phones": [*filter(None, [lead.phone_number]), *custom.get("other_phones", [])],
        "created_at": custom.get("created_time"),
    }


@pytest.mark.parametrize("name", [name for name in expected() if name.startswith("shapes/")])
def test_the_shapes_read_as_their_sources_say(name, api, rep):
    imported(api, shared(f"data/lead-csv-messy/{name}").read_bytes(), name)
    leads = leads_of(rep.organization)
    assert len(leads) == len(expected()[name])
    for lead, wanted in zip(leads, expected()[name], strict=True):
        found = lead_as_expected(lead)
        for key, value in wanted.items():
            if key == "tags":
                with org_scope(rep.organization):
                    assert sorted(tag.tag.name for tag in lead.lead_tags.select_related("tag")) == sorted(value)
            elif key in ("emails", "phones"):
                assert sorted(found[key]) == sorted(value)
            else:
                assert found[key] == value, key


def test_the_connections_with_their_preamble(api, rep):
    name = "samples/flashesofbrilliance-sample-connections.csv"
    job = imported(api, shared(f"data/lead-csv-messy/{name}").read_bytes())
    wanted = expected()[name]
    assert job["total"] == wanted["rows"]
    found = lead_as_expected(leads_of(rep.organization)[0])
    assert {key: found[key] for key in wanted["first"]} == wanted["first"]


@pytest.mark.parametrize("path", sorted([*SHEETS.glob("*.xls"), *SHEETS.glob("*.ods")]), ids=lambda path: path.name)
def test_other_spreadsheets_are_refused_in_words(path, api):
    answer = send(api, shared(f"data/{name_of(path)}").read_bytes(), path.name)
    assert answer.status_code == 422
    assert "CSV" in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", sorted(p for p in ABUSE.rglob("*") if p.is_file() and p.name != "README.md"), ids=name_of)
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_hostile_files_end_in_a_message(path, suffix, api, rep):
    """Whatever it is called, it is judged by its content."""
    answer = send(api, shared(f"data/{name_of(path)}").read_bytes(), f"leads.{suffix}")
    if answer.status_code == 201:  # a list of strings with commas reads as a table in which nobody is
        imported(api, path.read_bytes(), f"leads.{suffix}")
        assert not leads_of(rep.organization)
    else:
        assert answer.status_code == 422 and answer.json()["error"]["fields"]["file"]


@pytest.mark.parametrize("name", ["blns/blns.json", "csv-injection/payloads.json"])
def test_naughty_strings_are_kept_as_they_are(name, api, rep):
    strings = [text for text in json.loads(shared(f"data/input-abuse/{name}").read_text()) if text.replace("\0", "").strip()]
    lines = ["email,note"] + [f'n{n}@x.example,"' + text.replace('"', '""') + '"' for n, text in enumerate(strings)]
    job = imported(api, "\n".join(lines).encode("utf-8", "replace"))
    assert counts(job) == {"total": len(strings), "created": len(strings), "merged": 0, "skipped": 0, "failed": 0}
