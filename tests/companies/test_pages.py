"""The pages of companies: list, record, notes, files, fields, logo, bulk bar, saved views, export."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activity.models import RecordNote
from companies.models import Company
from lio.models import Change
from lio.tenancy import org_scope
from lookups.models import SavedView
from tests.factories import a_file, a_picture, make_company, make_lead


def text(answer):
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


@pytest.fixture
def page(company):
    return f"/companies/{company.pk}/"


def test_the_list_with_tabs_filters_and_columns(browser, rep):
    for n in range(30):
        make_company(rep.organization, by=rep, company_name=f"Row {n:02}", country="Norway" if n % 2 else "Peru", rating=3)
    whole = text(browser.get("/companies/"))
    assert "Row 29" in whole and "Row 04" not in whole and "1–25 of 30" in whole
    assert "Row 04" in text(browser.get("/companies/?page=2"))
    some = text(browser.get("/companies/?country=norway&columns=city,tags", headers={"HX-Request": "true"}))
    assert "<html" not in some and "15 of 15" in some and "Row 01" in some and "Row 02" not in some
    assert "Rating: " in text(browser.get("/companies/?rating_min=x"))


def test_queries_of_list_and_record_do_not_grow(browser, rep, company, page):
    with CaptureQueriesContext(connection) as few:
        text(browser.get("/companies/"))
    for n in range(10):
        make_company(rep.organization, by=rep)
        make_lead(rep.organization, by=rep, company=company.company_name, email=f"{n}@x.example")
        browser.post(f"{page}note", {"note": f"Note {n}"})
    with CaptureQueriesContext(connection) as many:
        text(browser.get("/companies/"))
    assert len(many) <= len(few) <= 16
    with CaptureQueriesContext(connection) as record:
        text(browser.get(page))
    assert len(record) <= 27, "\n".join(query["sql"][:150] for query in record)


def test_a_record_shows_its_leads_and_a_gone_one_is_404(browser, rep, company, page):
    make_lead(rep.organization, by=rep, first_name="Ines", company=company.company_name)
    assert "Ines Doe" in text(browser.get(page)) and "Ines Doe" in text(browser.get(f"{page}?part=leads"))
    assert browser.get(f"{page}?part=nonsense").status_code == 404
    browser.post(f"{page}delete")
    assert browser.get(page).status_code == 404


def test_a_field_is_edited_in_place(browser, rep, company, page):
    assert 'name="value"' in text(browser.get(f"{page}field/city", headers={"HX-Request": "true"}))
    answer = browser.post(f"{page}field/city", {"value": "Ulm"}, headers={"HX-Request": "true"})
    assert "Ulm" in text(answer) and "record-changed" in answer["HX-Trigger"]
    wrong = browser.post(f"{page}field/website", {"value": "javascript:x"}, headers={"HX-Request": "true"})
    assert wrong.status_code == 422 and "Must be an http" in wrong.content.decode()
    assert "changed <b>City</b>" in text(browser.get(page))
    for name in ("domain", "created_by", "nonsense"):
        assert browser.post(f"{page}field/{name}", {"value": "1"}).status_code == 404


def test_notes_are_written_pinned_changed_deleted_and_brought_back(browser, rep, company, page):
    browser.post(f"{page}note", {"note": "They want an offer"})
    with org_scope(rep.organization):
        note = RecordNote.objects.get()
    url = f"{page}notes/{note.pk}"
    browser.post(url, {"is_pinned": "true"})
    assert "Pinned" in text(browser.get(page))
    browser.post(url, {"note": "They want two offers"})
    assert "two offers" in text(browser.get(page))
    browser.post(url, {"delete": "true"})
    assert "two offers" not in text(browser.get(page))
    with org_scope(rep.organization):
        gone = Change.objects.get(verb="note.removed").change_id
    browser.post(f"/undo/{gone}")
    assert "two offers" in text(browser.get(page))
    empty = browser.post(f"{page}note", {"note": " "}, headers={"HX-Request": "true"})
    assert empty.status_code == 422 and "Write something first" in empty.content.decode()


def test_anothers_note_is_not_ours_to_change(client, colleague, rep, company, page):
    from activity import record_notes
    from tests.conftest import sign_in

    with org_scope(rep.organization):
        note = record_notes.add(company, title="Mine", by=rep)
    sign_in(client, colleague).post(f"{page}notes/{note.pk}", {"note": "Yours"})
    with org_scope(rep.organization):
        assert RecordNote.objects.get().title == "Mine"


def test_files_and_logo(browser, rep, company, page):
    browser.post(f"{page}documents", {"file": a_file("offer.txt")})
    assert "offer.txt" in text(browser.get(page))
    browser.post(f"{page}logo", {"image": a_picture()})
    with org_scope(rep.organization):
        assert Company.objects.get(pk=company.pk).logo_id
    assert browser.post(f"{page}logo", {"image": a_file()}).status_code == 422
    browser.post(f"{page}logo", {"remove": "true"})
    with org_scope(rep.organization):
        assert Company.objects.get(pk=company.pk).logo_id is None


def test_a_new_one_by_hand_and_what_is_there_already(browser, rep):
    there = make_company(rep.organization, by=rep, company_name="Globex", website="https://globex.io")
    for typed in ({"company_name": " GLOBEX "}, {"company_name": "Other", "website": "www.globex.io"}):
        assert "may be there already" in text(browser.post("/companies/hint", typed))
    assert "may be" not in browser.post("/companies/hint", {"company_name": "Glob"}).content.decode()
    again = browser.post("/companies/add", {"company_name": "globex"})
    assert again.status_code == 422 and f"/companies/{there.pk}/" in again.content.decode()
    made = browser.post("/companies/add", {"company_name": "Sable", "rating": "4"})
    assert made.status_code == 302 and "Sable is added" in text(browser.get(made["Location"]))


def test_the_bulk_bar(browser, rep, api):
    rows = [make_company(rep.organization, by=rep) for _ in range(3)]
    tag = api.post("/api/custom-lookups/add", {"module_name": "lead", "type": "tags", "name": "Partner"}).json()["data"]["id"]
    ids = [row.pk for row in rows[:2]]
    browser.post("/companies/bulk", {"action": "tag", "ids": ids, "tags": tag})
    assert api.get("/api/company/list", {"tags": tag}).json()["total"] == 2
    assert 'name="value"' in text(browser.post("/companies/bulk", {"action": "edit", "ids": ids}))
    browser.post("/companies/bulk", {"action": "edit", "ids": ids, "field": "city", "value": "Ulm", "confirmed": "yes"})
    assert api.get("/api/company/list", {"city": "ulm"}).json()["total"] == 2
    assert "Delete 2 companies?" in text(browser.post("/companies/bulk", {"action": "delete", "ids": ids}))
    everything = {"action": "delete", "select_all": "true", "expected_count": 2, "confirmed": "yes"}
    browser.post("/companies/bulk?city=ulm", everything)
    assert api.get("/api/company/list").json()["total"] == 1


def test_saved_views_and_export(browser, rep, company):
    browser.post("/companies/views/add?country=norway&columns=city", {"view_name": "Nordics", "visibility": "private"})
    with org_scope(rep.organization):
        view = SavedView.objects.get(module_name="company")
    assert view.filters == {"country": "norway"} and view.columns == ["city"]
    assert "Nordics" in text(browser.get(f"/companies/?view={view.pk}"))
    body = {"export_type": "companies", "format": "csv", "columns": "shown"}
    assert browser.post(f"/exports/add?view={view.pk}", body)["Location"] == "/exports/"
    browser.post(f"/companies/views/{view.pk}", {"delete": "1"})
    assert browser.get(f"/companies/views/{view.pk}").status_code == 404


def test_other_organizations_see_nothing_of_it(client, outsider, company, page):
    from tests.conftest import sign_in

    browser = sign_in(client, outsider)
    for address in (page, f"{page}logo", f"{page}delete", f"{page}field/city"):
        assert browser.get(address).status_code in (302, 404), address
    assert browser.post(f"{page}note", {"note": "x"}).status_code == 404
