"""Exports over the API: what is in the file, who may have it, when it goes (R47, TRUST T36, T38, T39)."""

import io
import threading
from datetime import datetime, timedelta

import openpyxl
import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.utils.timezone import now
from python_calamine import CalamineWorkbook

from accounts.models import AuditEntry, Role
from activity.models import Notification
from lio import jobs
from lio.tenancy import org_scope
from lookups import fields, views
from lookups.edit import tags_named
from tests.conftest import client_of
from tests.contract import shapes
from tests.factories import make_lead, make_organization
from tests.transfers.exporting import ask, download, exported, rows_of, table
from transfers import exporting
from transfers.jobs import remove_expired_exports
from transfers.models import Export


@pytest.fixture
def leads(rep):
    return [
        make_lead(rep.organization, by=rep, first_name=f"N{n}", email=f"a{n}@acme.example", city="Ulm" if n % 2 else "Bonn")
        for n in range(8)
    ]


def emails(api, **body):
    return [row["email"] for row in rows_of(api, **body)]


# ------------------------------------------------------------------------- what is in the file
def test_a_csv_file_of_all_leads(api, rep):
    with org_scope(rep.organization):
        fields.add(rep.organization, key="seats", label="Seats", kind="number", by=rep)
        tags = tags_named(rep.organization, ["cold", "hot"], by=rep)
    lead = make_lead(
        rep.organization, by=rep, first_name="Jane", last_name="Doe", email="jane@x.example", company="Acme, Ltd",
        notes='Said "yes"\nand went', estimated_value="1200.50", assigned_to_id=rep.pk,
        tags=tags, custom_fields={"seats": 12, "Shoe": "42", "others": ["a", "b"], "email": "x"},
    )  # fmt: skip
    export, content = exported(api)
    assert content.startswith(b"\xef\xbb\xbf")
    header, rows = table(content)
    assert header[:6] == ["id", "first_name", "last_name", "email", "phone_number", "company"]
    row = dict(zip(header, rows[0], strict=True))
    wanted = {
        "id": str(lead.pk), "first_name": "Jane", "email": "jane@x.example", "company": "Acme, Ltd", "phone_number": "",
        "notes": 'Said "yes"\nand went', "estimated_value": "1200.50", "status": "1", "status_text": "New",
        "assigned_to": str(rep.pk), "assigned_to_name": rep.full_name, "seats": "12", "Shoe": "42", "others": "a; b",
        "cf.email": "x", "tags": "cold; hot",
    }  # fmt: skip
    assert {name: row[name] for name in wanted} == wanted
    assert "custom_fields" not in header and "ai_information" not in header
    assert (export["row_count"], export["total"], export["size"]) == (1, 1, len(content))
    assert export["file_name"].startswith("Leads 20") and export["file_name"].endswith(".csv")


def test_moments_are_in_the_organisations_time_zone_and_say_so(api, rep, leads):
    type(rep.organization).objects.filter(pk=rep.organization_id).update(timezone="Asia/Kolkata")
    export, content = exported(api, columns=["id", "created_at"])
    assert export["timezone"] == "Asia/Kolkata"
    shown = {row["id"]: row["created_at"] for row in api.get("/api/lead/list").json()["data"]}
    for pk, moment in table(content)[1]:
        assert moment.endswith("+05:30") and "." not in moment
        assert abs(datetime.fromisoformat(moment) - datetime.fromisoformat(shown[int(pk)])) < timedelta(seconds=1)


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"city": "ulm"},
        {"search_value": "a3@"},
        {"state_id": [1], "city": "Bonn"},
        {"created_from": "@today"},
        {"or": [{"field": "city", "op": "is", "value": "Ulm"}, {"field": "first_name", "op": "is", "value": "N0"}]},
        {"not": {"field": "email", "op": "contains", "value": "a1"}, "city": "Ulm"},
        {"assigned_to": "true"},
        {"search_value": "nobody has this"},
        {"order_by": "city", "order_in": "asc"},
    ],
)
def test_the_file_has_the_rows_of_the_list(api, leads, filters):
    shown = api.post("/api/lead/status-change", {"select_all": True, "filters": filters, "status": 1}).json()["data"]["ids"]
    found = [int(row["id"]) for row in rows_of(api, filters=filters)]
    assert found == sorted(shown, reverse=True)


def test_a_saved_view_brings_its_filters_and_columns(api, rep, leads):
    with org_scope(rep.organization):
        view = views.add(
            rep.organization, module_name="lead", view_name="From Ulm", visibility="private", filters={"city": "Ulm"},
            columns=["status", "city", "gone"], by=rep,
        )  # fmt: skip
    export, content = exported(api, view_id=view.pk)
    header, rows = table(content)
    assert header == ["id", "first_name", "last_name", "status", "status_text", "city"]
    assert len(rows) == 4 and export["file_name"].startswith("From Ulm ")
    bonn = emails(api, view_id=view.pk, columns=["email"], filters={"city": "Bonn"})
    assert bonn == [f"a{n}@acme.example" for n in (6, 4, 2, 0)]
    assert len(emails(api, filters={"view": view.pk, "city": ""}, columns=["email"])) == 8


def test_a_view_that_the_caller_cannot_see_is_not_there(api, rep, colleague_api, outsider_api):
    with org_scope(rep.organization):
        view = views.add(rep.organization, module_name="lead", view_name="Mine", visibility="private", by=rep)
    for client in (colleague_api, outsider_api):
        shapes.check_failure(ask(client, view_id=view.pk), 404)
    assert ask(api, view_id=view.pk).status_code == 201


def test_only_the_chosen_ones(api, leads, outsider):
    foreign = make_lead(outsider.organization)
    ids = [leads[5].pk, leads[2].pk, foreign.pk]
    assert emails(api, ids=ids) == ["a5@acme.example", "a2@acme.example"]
    assert emails(api, ids=ids, filters={"city": "Bonn"}) == ["a2@acme.example"]


@pytest.mark.parametrize(
    ("kind", "header"),
    [
        ("companies", ["id", "company_name", "industry_type", "website", "domain"]),
        ("contacts", ["id", "name", "email"]),
        ("clients", ["id", "first_name", "last_name", "email"]),
    ],
)
@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_other_kinds(api, rep, kind, header, format):
    make_lead(rep.organization, company="Acme")
    export, content = exported(api, export_type=kind, format=format)
    if format == "csv":
        found, rows = table(content)
    else:
        found, *rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert found[: len(header)] == header
    assert [row[1] for row in rows] == (["Acme"] if kind == "companies" else [])
    assert export["row_count"] == len(rows)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"export_type": "signals"}, "export_type"),
        ({"export_type": None}, "export_type"),
        ({"format": "pdf"}, "format"),
        ({"filters": {"citty": "Ulm"}}, "filters"),
        ({"filters": {"score_min": "x"}}, "filters"),
        ({"filters": {"view": "x"}}, "filters"),
        ({"filters": {"deleted_at": 1}}, "filters"),
        ({"filters": []}, "filters"),
        ({"columns": ["password"]}, "columns"),
        ({"columns": "id"}, "columns"),
        ({"view_id": "x"}, "view_id"),
        ({"ids": "x"}, "ids"),
        ({"export_type": "contacts", "view_id": "x"}, "view_id"),
        ({"export_type": "contacts", "filters": {"score_min": 5}}, "filters"),
    ],
)
def test_what_cannot_be_exported_is_refused(api, rep, body, field):
    assert field in shapes.check_failure(ask(api, **body), 422)["fields"]
    with org_scope(rep.organization):
        assert not Export.objects.exists()


# ------------------------------------------------------------------------- workbooks
NASTY = ['=HYPERLINK("http://x")', "@SUM(1)", "a<b>&\"c'", "\x0bold \ufffe", "_x0041_", "line\r\nbreak", "  blanks ", "42"]
NASTY += ["日本 🎉"]


def test_a_workbook_holds_the_same_as_the_csv(api, rep):
    for n, text in enumerate(NASTY):
        make_lead(rep.organization, first_name=f"N{n}", notes=text, estimated_value=n, custom_fields={f"=cmd{n}": text})
    header, rows = table(exported(api)[1])
    export, content = exported(api, format="xlsx")
    assert export["file_name"].endswith(".xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(content))["Leads"]
    assert [cell.value for cell in sheet[1]] == header and "'=cmd0" in header
    numbers = {"id", "status", "priority", "score", "estimated_value", "company_id", "assigned_to", "lead_source"}
    lost = str.maketrans("", "", "\x0b\ufffe")
    for cells, row in zip(sheet.iter_rows(min_row=2), rows, strict=True):
        for cell, text, name in zip(cells, row, header, strict=True):
            assert cell.data_type == ("n" if name in numbers or not text else "s"), (name, text)  # never "f"
            if name in numbers and text:
                assert float(cell.value) == float(text)
            elif "_x0041_" in text:
                assert cell.value in ("_x0041_", "_x005F_x0041_")  # readers differ in what they undo
            else:
                assert (cell.value or "") == text.translate(lost).replace("\r\n", "\n")
    other = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert other[0] == header and len(other) == len(rows) + 1
    assert other[1][header.index("notes")] == NASTY[-1]


# ------------------------------------------------------------------------- who may
def test_the_download_asks_on_every_get(api, rep, leads, colleague, colleague_api, outsider_api, browser):
    answer = ask(api)
    pk = answer.json()["data"]["id"]
    assert shapes.check_failure(api.get(f"/api/exports/download/{pk}"), 409)["code"] == "export_not_ready"
    jobs.drain()
    answer = api.get(f"/api/exports/download/{pk}")
    assert answer["Content-Type"] == "text/csv" and answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith("attachment; filename")
    assert answer["Cache-Control"] == "private, no-store"
    assert download(colleague_api, pk) == b"".join(answer.streaming_content)  # members may (DECISIONS 18)
    for path in (f"/api/exports/download/{pk}", f"/api/exports/view/{pk}"):
        shapes.check_failure(outsider_api.get(path), 404)
    shapes.check_failure(outsider_api.post(f"/api/exports/{pk}/cancel"), 404)
    assert outsider_api.get("/api/exports/list").json()["total"] == 0
    role = Role.objects.of(rep.organization).get(pk=colleague.role_id)
    Role.objects.filter(pk=role.pk).update(permissions=[verb for verb in role.permissions if verb != "records.export"])
    for call in (
        lambda: colleague_api.get(f"/api/exports/download/{pk}"),
        lambda: colleague_api.get("/api/exports/list"),
        lambda: ask(colleague_api),
    ):
        shapes.check_failure(call(), 403)


def test_who_may_not_export_any_more_gets_no_file(colleague, colleague_api, leads, rep, api):
    pk = ask(colleague_api).json()["data"]["id"]
    type(colleague).objects.filter(pk=colleague.pk).update(is_active=False)
    jobs.drain()
    export = api.get(f"/api/exports/view/{pk}").json()["data"]
    assert (export["status"], export["problem"]) == ("failed", "Who asked for it may not export records any more.")


def test_three_at_once(api, leads, outsider_api, rep):
    ids = [ask(api).json()["data"]["id"] for _ in range(3)]
    shapes.check_failure(ask(api), 429)
    assert ask(outsider_api).status_code == 201
    assert api.post(f"/api/exports/{ids[0]}/cancel").status_code == 200
    assert ask(api).status_code == 201
    jobs.drain()
    assert ask(api).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_of_many_at_the_same_moment_three_begin():
    admin, found = make_organization("Rush"), []
    clients = [client_of(admin) for _ in range(12)]

    def go(client):
        try:
            found.append(ask(client).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [201] * 3 + [429] * 9


def test_the_row_cap(api, rep, leads, settings):
    settings.EXPORT_MAX_ROWS = {"csv": 7, "xlsx": 3}
    assert "filters" in shapes.check_failure(ask(api), 422)["fields"]
    assert len(emails(api, filters={"city": "Ulm"})) == 4
    shapes.check_failure(ask(api, filters={"city": "Ulm"}, format="xlsx"), 422)
    pk = ask(api, filters={"city": "Ulm"}).json()["data"]["id"]
    settings.EXPORT_MAX_ROWS = {"csv": 3, "xlsx": 3}  # rows came in before the work began
    jobs.drain()
    export = api.get(f"/api/exports/view/{pk}").json()["data"]
    assert export["status"] == "failed" and "more than 3 rows" in export["problem"]


def test_it_is_audited_and_told(api, rep, leads):
    export, _ = exported(api, filters={"city": "Ulm"})
    with org_scope(rep.organization):
        entry = AuditEntry.objects.get(verb="export.created")
        assert (entry.by_id, entry.subject, entry.details["filters"]) == (rep.pk, export["file_name"], {"city": "Ulm"})
        told = Notification.objects.get(user=rep, type_id=4)
        assert told.title == f"Your export {export['file_name']} is ready" and told.message == "4 rows"
        assert told.link == "/exports/"


# ------------------------------------------------------------------------- how it ends
def stored():
    try:
        return sorted(default_storage.listdir("exports")[1])
    except FileNotFoundError:
        return []


@pytest.fixture
def storage(settings, tmp_path):
    files = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = settings.STORAGES | {"default": files}


@pytest.mark.django_db(transaction=True, databases=["default", "system"])
def test_after_seven_days_the_file_goes(storage):
    admin = make_organization("Acme")
    api = client_of(admin)
    make_lead(admin.organization)
    export, _ = exported(api)
    with org_scope(admin.organization):
        row = Export.objects.get()
        assert row.expires_at - row.finished_at == timedelta(days=7)
    remove_expired_exports()
    assert len(stored()) == 1
    with org_scope(admin.organization):
        Export.objects.update(expires_at=now() - timedelta(seconds=1))
    shapes.check_failure(api.get(f"/api/exports/download/{export['id']}"), 404)
    for _ in range(2):
        remove_expired_exports()
        assert stored() == []
    assert api.get(f"/api/exports/view/{export['id']}").json()["data"]["state"] == "expired"
    shapes.check_failure(api.get(f"/api/exports/download/{export['id']}"), 404)


def test_cancelled_while_it_waits_or_runs(api, rep, leads, storage, monkeypatch):
    pk = ask(api).json()["data"]["id"]
    assert api.post(f"/api/exports/{pk}/cancel").json()["data"]["state"] == "cancelled"
    jobs.drain()
    shapes.check_failure(api.post(f"/api/exports/{pk}/cancel"), 409)
    shapes.check_failure(api.get(f"/api/exports/download/{pk}"), 409)

    pk = ask(api).json()["data"]["id"]
    monkeypatch.setattr(exporting, "PIECE", 3)
    monkeypatch.setattr(exporting, "TURN_SECONDS", -1)
    real = exporting.Work.keep

    def keep_then_cancel(self, out):
        real(self, out)
        api.post(f"/api/exports/{pk}/cancel")

    monkeypatch.setattr(exporting.Work, "keep", keep_then_cancel)
    jobs.drain()
    export = api.get(f"/api/exports/view/{pk}").json()["data"]
    assert (export["status"], export["state"], export["row_count"]) == ("failed", "cancelled", 3)
    assert stored() == []


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_in_many_turns_it_is_the_same_file(api, rep, leads, storage, monkeypatch, format):
    whole = exported(api, format=format)[1]
    monkeypatch.setattr(exporting, "PIECE", 3)
    monkeypatch.setattr(exporting, "TURN_SECONDS", -1)
    pieces = exported(api, format=format)[1]
    if format == "csv":
        assert pieces == whole
    else:
        first, second = (CalamineWorkbook.from_filelike(io.BytesIO(one)).get_sheet_by_index(0) for one in (whole, pieces))
        assert first.to_python() == second.to_python() and second.height == 9
    assert len(stored()) == 2


def test_a_job_that_keeps_failing_says_so(api, rep, leads, monkeypatch):
    def broken(*args):
        raise OSError("the disk is full")

    monkeypatch.setattr(exporting.Work, "store", broken)
    pk = ask(api).json()["data"]["id"]
    job = jobs.Job.objects.get(function="transfers.jobs.write_export")
    for _ in range(job.max_attempts):
        jobs.Job.objects.filter(pk=job.pk).update(run_at=job.created_at)
        jobs.run(job.pk)
    export = api.get(f"/api/exports/view/{pk}").json()["data"]
    assert (export["status"], export["problem"]) == ("failed", "The export stopped for a reason of our own. Start it again.")
    with org_scope(rep.organization):
        assert Notification.objects.get(type_id=4).title.endswith("has failed")
