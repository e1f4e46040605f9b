"""company/update and bulk-update, and how both are taken back."""

import pytest

from companies.models import Company
from lio import jobs
from lio.tenancy import org_scope
from tests.factories import a_picture, make_company, make_lead


def update(api, company, **fields):
    return api.post(f"/api/company/update/{company.pk}", fields, format="json")


def undo(api, answer):
    return api.post("/api/undo", {"change_id": int(answer["X-Change-Id"])}, format="json").json()["data"]


def view(api, company):
    return api.get(f"/api/company/view/{company.pk}").json()["data"]


def test_the_sent_fields_change_and_go_back(api, company):
    api.post("/api/custom-fields/add", {"label": "Tier", "module_name": "company"}, format="json")
    before = view(api, company)
    answer = update(api, company, company_name="Globex", website="globex.io", rating=5, custom_fields={"tier": "Gold", "x": 1})
    after = answer.json()["data"]
    assert (after["company_name"], after["website"], after["domain"]) == ("Globex", "https://globex.io", "globex.io")
    assert after["rating"] == 5 and after["custom_fields"] == {"tier": "Gold", "x": 1}
    assert update(api, company, custom_fields={"x": None}).json()["data"]["custom_fields"] == {"tier": "Gold"}
    assert undo(api, answer)["conflicts"][0]["field"] == "custom_fields.x"
    again = view(api, company)
    assert {name: again[name] for name in before if name != "updated_at"} == {
        name: before[name] for name in before if name != "updated_at"
    }


WRONG = [("rating", 9), ("company_name", "A"), ("website", "javascript:x"), ("tags", [9_999])]


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_a_wrong_value_changes_nothing(api, company, field, value):
    assert update(api, company, city="Ulm", **{field: value}).status_code == 422
    assert view(api, company)["city"] is None


def test_anothers_name_is_refused(api, rep, company):
    other = make_company(rep.organization, by=rep, company_name="Globex")
    answer = update(api, company, company_name="GLOBEX")
    assert answer.status_code == 409 and answer.json()["error"]["details"] == {"company_id": other.pk}


def test_nothing_new_is_not_told(api, company):
    assert "X-Change-Id" not in update(api, company, company_name=company.company_name)


def test_another_organizations_company_is_missing(outsider_api, company):
    assert update(outsider_api, company, city="Ulm").status_code == 404


def test_leads_are_found_by_the_new_name(api, rep):
    lead = make_lead(rep.organization, by=rep, company="Old name")
    api.post(f"/api/company/update/{lead.company_id}", {"company_name": "Brand new"}, format="json")
    jobs.drain()
    for words, total in (("brand new", 1), ("old name", 0)):
        assert api.get("/api/lead/list", {"search_value": words}).json()["total"] == total


def test_a_logo_by_form_and_its_undo(api, company):
    answer = api.post(f"/api/company/update/{company.pk}", {"company_logo": a_picture()}, format="multipart")
    assert answer.json()["data"]["company_logo"]
    assert undo(api, answer)["reverted"] == 1
    assert view(api, company)["company_logo"] is None


def test_many_get_the_same_values(api, rep):
    api.post("/api/custom-fields/add", {"label": "a", "module_name": "company"}, format="json")
    rows = [make_company(rep.organization, by=rep) for _ in range(3)]
    body = {"ids": [row.pk for row in rows[:2]], "fields": {"country": "Norway", "rating": 3, "custom_fields": {"a": 1}}}
    answer = api.post("/api/company/bulk-update", body, format="json")
    assert answer.json()["data"] == {"updated": 2, "ids": [row.pk for row in rows[:2]]}
    assert [view(api, row)["country"] for row in rows] == ["Norway", "Norway", None]
    assert api.get("/api/company/list", {"search_value": "norway"}).json()["total"] == 2
    assert undo(api, answer)["reverted"] == 2
    assert [view(api, row)["custom_fields"] for row in rows] == [{}, {}, {}]


NOT_SHARED = [{}, {"company_name": "Same"}, {"website": "a.io"}, {"rating": 7}, {"nonsense": 1}, {"tags": []}]


@pytest.mark.parametrize("fields", NOT_SHARED)
def test_what_many_cannot_share_is_refused(api, company, fields):
    answer = api.post("/api/company/bulk-update", {"ids": [company.pk], "fields": fields}, format="json")
    assert answer.status_code == 422


def test_a_misspelt_filter_never_means_all(api, rep, company):
    body = {"select_all": True, "filters": {"contry": "Norway"}, "fields": {"city": "Ulm"}}
    assert api.post("/api/company/bulk-update", body, format="json").status_code == 422
    with org_scope(rep.organization):
        assert Company.objects.get(pk=company.pk).city is None
