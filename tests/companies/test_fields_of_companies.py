"""Custom fields of companies: defined in the settings, shown on their pages, filtered by, unique, exported."""

from tests.factories import make_company


def test_they_are_defined_where_those_of_leads_are(browser, api, rep):
    shown = browser.get("/settings/fields?module=company").content.decode()
    assert "Companies" in shown and "?module=lead" in shown
    answer = browser.post("/settings/fields/add?module=company", {"label": "Tier", "kind": "text"})
    assert answer["Location"] == "/settings/fields?module=company"
    assert "Tier" in browser.get(answer["Location"]).content.decode()
    assert "Tier" not in browser.get("/settings/fields").content.decode()
    company = make_company(rep.organization, by=rep, custom_fields={"tier": "Gold"})
    assert "Tier" in browser.get(f"/companies/{company.pk}/").content.decode()
    assert api.get("/api/company/list", {"cf.tier": "gold"}).json()["total"] == 1
    assert api.get("/api/company/list", {"cf.tier": "none"}).json()["total"] == 0


def test_a_unique_value_belongs_to_one_company(api):
    api.post("/api/custom-fields/add", {"label": "VAT", "module_name": "company", "is_unique": True}, format="json")
    body = {"company_name": "One", "custom_fields": {"vat": "DE1"}}
    assert api.post("/api/company/add", body, format="json").status_code == 201
    answer = api.post("/api/company/add", body | {"company_name": "Two"}, format="json")
    assert answer.status_code == 409 and answer.json()["error"]["code"] == "duplicate_value"
    assert api.get("/api/company/list").json()["total"] == 1


def test_a_required_one_must_be_there(api):
    api.post("/api/custom-fields/add", {"label": "VAT", "module_name": "company", "required": True}, format="json")
    answer = api.post("/api/company/add", {"company_name": "One"}, format="json")
    assert answer.status_code == 422 and "custom_fields.vat" in answer.json()["error"]["fields"]
