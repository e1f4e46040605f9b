"""/exports/: asked for from the list of leads or here, as plain pages and forms, and what htmx asks for."""

import pytest

from accounts.models import Role
from lio import jobs
from lio.tenancy import org_scope
from lookups import views
from tests.conftest import sign_in
from tests.factories import make_lead
from tests.transfers.exporting import table
from transfers.models import Export


@pytest.fixture
def leads(rep):
    return [make_lead(rep.organization, by=rep, first_name=f"N{n}", city="Ulm" if n % 2 else "Bonn") for n in range(6)]


def page(browser, url, **headers):
    answer = browser.get(url, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def asked(browser, address="", **posted):
    """Ask on a page; the header and rows of the file that comes of it."""
    answer = browser.post(f"/exports/add{address}", posted)
    assert (answer.status_code, answer.url) == (302, "/exports/"), answer.url
    jobs.drain()
    with org_scope(browser.member.organization):
        pk = Export.objects.latest("pk").pk
    answer = browser.get(f"/exports/{pk}/download")
    assert answer["Content-Disposition"].startswith("attachment; filename")
    return table(b"".join(answer.streaming_content))


@pytest.fixture
def browser(browser, rep):
    browser.member = rep
    return browser


def test_an_empty_list_says_what_belongs_there(browser):
    shown = page(browser, "/exports/")
    assert "Exported files will stand here" in shown and "Choose leads to export" in shown
    for kind in ("Leads", "Companies", "Contacts", "Clients"):
        assert f">{kind}</option>" in shown


def test_from_the_list_with_its_filters_columns_and_selection(browser, rep, leads):
    shown = page(browser, "/leads/?city=Ulm")
    assert 'action="/exports/add?city=Ulm"' in shown and "Export 3 leads" in shown
    header, rows = asked(browser, "?city=Ulm&columns=city,status&order_by=city&page=2", columns="shown")
    assert header == ["id", "first_name", "last_name", "city", "status", "status_text"]
    assert {row[3] for row in rows} == {"Ulm"} and len(rows) == 3
    header, rows = asked(browser, "?city=Ulm&columns=city", columns="all", format="csv")
    assert len(header) > 25 and len(rows) == 3
    header, rows = asked(browser, "?city=Ulm", ids=[leads[1].pk, leads[2].pk])  # Bonn is not on the list
    assert [row[1] for row in rows] == ["N1"]
    header, rows = asked(browser, "?city=Ulm", ids=[leads[1].pk], select_all="true")
    assert len(rows) == 3
    tree = '{"or":[{"field":"first_name","op":"is","value":"N0"},{"field":"first_name","op":"is","value":"N5"}]}'
    assert [row[1] for row in asked(browser, f"?filters={tree}")[1]] == ["N5", "N0"]
    assert [row[1] for row in asked(browser, "?search_value=n3")[1]] == ["N3"]


def test_a_view_as_it_was_changed(browser, rep, leads):
    with org_scope(rep.organization):
        view = views.add(rep.organization, module_name="lead", view_name="Ulm", visibility="private", filters={"city": "Ulm"},
                         columns=["score"], by=rep)  # fmt: skip
    assert '<option value="shown" selected>' in page(browser, f"/leads/?view={view.pk}")
    header, rows = asked(browser, f"?view={view.pk}", columns="shown")
    assert (header, len(rows)) == (["id", "first_name", "last_name", "score"], 3)
    header, rows = asked(browser, f"?view={view.pk}&city=Bonn&columns=city", columns="shown")
    assert (header[-1], {row[3] for row in rows}) == ("city", {"Bonn"})
    assert len(asked(browser, f"?view={view.pk}&changed=1", columns="all")[1]) == 6


def test_progress_download_and_cancel(browser, leads, client):
    browser.post("/exports/add", {"export_type": "leads", "format": "xlsx"})
    shown = page(browser, "/exports/", **{"HX-Request": "true"})
    assert 'hx-trigger="every 2s"' in shown and "<html" not in shown and "Waiting" in shown
    with org_scope(browser.member.organization):
        pk = Export.objects.get().pk
        Export.objects.update(state="running", row_count=2, total=6)
    shown = page(browser, "/exports/")
    assert 'max="6" value="2"' in shown and "2 of 6" in shown
    assert browser.get(f"/exports/{pk}/download").url == "/exports/"  # not yet
    browser.post(f"/exports/{pk}/cancel")
    shown = page(browser, "/exports/")
    assert "Cancelled" in shown and "every 2s" not in shown and f"/exports/{pk}/download" not in shown
    browser.post(f"/exports/{pk}/cancel")
    assert "This export is cancelled." in page(browser, "/exports/")
    asked(browser, export_type="companies")
    shown = page(browser, "/exports/")
    assert "Ready" in shown and "Kept until" in shown and "Companies 20" in shown


def test_what_is_refused_is_told_where_it_was_asked(browser, leads):
    answer = browser.post("/exports/add?city=Ulm", {"columns": "all", "format": "pdf"})
    assert answer.url == "/leads/?city=Ulm"
    assert "format:" in page(browser, answer.url)
    for _ in range(4):
        answer = browser.post("/exports/add", {"export_type": "leads"})
    assert "3 exports are being written" in page(browser, "/exports/")
    assert browser.get("/exports/add").url == "/exports/"


def test_another_organisation_and_a_role_without_the_right(browser, rep, leads, outsider, colleague, client):
    browser.post("/exports/add", {"export_type": "leads"})
    jobs.drain()
    with org_scope(rep.organization):
        pk = Export.objects.get().pk
    from django.test import Client

    other = sign_in(Client(), outsider)
    assert "Leads 20" not in page(other, "/exports/")
    assert other.get(f"/exports/{pk}/download").status_code == other.post(f"/exports/{pk}/cancel").status_code == 404
    role = Role.objects.of(rep.organization).get(pk=colleague.role_id)
    Role.objects.filter(pk=role.pk).update(permissions=[verb for verb in role.permissions if verb != "records.export"])
    other = sign_in(Client(), colleague)
    for url in ("/exports/", f"/exports/{pk}/download"):
        assert other.get(url).status_code == 403
    assert other.post("/exports/add").status_code == 403
    assert "/exports/" not in page(other, "/leads/")
