"""company/delete: by path, by ids, by filters; what stays behind; and how it comes back."""

from companies.models import Company
from leads.models import Lead
from lio.tenancy import org_scope
from tests.factories import make_company, make_lead


def delete(api, pk, **body):
    return api.delete(f"/api/company/delete/{pk}", body or None, format="json")


def undo(api, answer):
    return api.post("/api/undo", {"change_id": int(answer["X-Change-Id"])}, format="json").json()["data"]


def test_by_path(api, company):
    assert delete(api, company.pk).json()["data"] == {"deleted": 1, "ids": [company.pk]}
    assert api.get(f"/api/company/view/{company.pk}").status_code == delete(api, company.pk).status_code == 404


def test_ids_of_the_body_replace_the_path(api, rep):
    one, two = (make_company(rep.organization, by=rep) for _ in range(2))
    assert delete(api, one.pk, ids=[two.pk]).json()["data"]["ids"] == [two.pk]
    assert api.get(f"/api/company/view/{one.pk}").status_code == 200
    assert api.delete(f"/api/company/delete/0?ids={one.pk}").json()["data"]["ids"] == [one.pk]
    assert delete(api, 0).status_code == 404


def test_all_that_filters_match(api, rep):
    one, two = (make_company(rep.organization, by=rep, country=country) for country in ("Norway", "Peru"))
    assert delete(api, 0, select_all=True).status_code == 422
    assert delete(api, 0, select_all=True, filters={"country": "peru"}).json()["data"]["ids"] == [two.pk]
    assert api.get(f"/api/company/view/{one.pk}").status_code == 200


def test_a_rep_without_the_right_cannot(colleague_api, outsider_api, company):
    assert outsider_api.delete(f"/api/company/delete/{company.pk}").status_code == 404
    assert colleague_api.delete(f"/api/company/delete/{company.pk}").status_code in (200, 403)


def test_leads_stay_without_a_company_and_get_it_back(api, rep):
    leads = [make_lead(rep.organization, by=rep, company="Acme", email=f"{n}@x.example") for n in range(3)]
    company_id = leads[0].company_id
    answer = delete(api, company_id)
    found = api.get(f"/api/lead/view/{leads[0].pk}").json()["data"]
    assert (found["company_id"], found["company"]) == (None, None)
    assert api.get("/api/lead/list", {"search_value": "acme"}).json()["total"] == 0
    told = undo(api, answer)
    assert told["reverted"] == 4 and told["conflicts"] == []
    with org_scope(rep.organization):
        assert list(Company.objects.alive().values_list("pk", flat=True)) == [company_id]
        assert set(Lead.objects.values_list("company_id", flat=True)) == {company_id}
    assert api.get("/api/lead/list", {"search_value": "acme"}).json()["total"] == 3


def test_its_name_may_be_taken_when_it_is_to_come_back(api, rep, company):
    answer = delete(api, company.pk)
    make_company(rep.organization, by=rep, company_name=company.company_name)
    told = undo(api, answer)
    assert told["reverted"] == 0 and "name exists already" in told["conflicts"][0]["reason"]


def test_a_new_company_goes_unless_somebody_works_there(api, rep):
    made = [api.post("/api/company/add", {"company_name": name}, format="json") for name in ("Lonely", "Busy")]
    make_lead(rep.organization, by=rep, company="Busy")
    assert undo(api, made[0])["reverted"] == 1
    told = undo(api, made[1])
    assert told["reverted"] == 0 and told["conflicts"][0]["reason"] == "has leads or contacts by now"
