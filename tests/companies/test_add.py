"""company/add."""

import pytest

from activity.models import StoredFile
from companies.models import Company
from lio.tenancy import org_scope
from tests.factories import a_file, a_picture, make_company, make_lead

FULL = {
    "company_name": "Acme Robotics", "industry_type": "Robotics", "address": "1 Main St", "city": "Bonn", "state": "NRW",
    "country": "Germany", "pin_code": "53111", "employee_size": "11-50", "rating": 4, "contact_email": "hi@acme.io",
    "phone_number": "+49 228 1234", "website": "https://www.acme.io/about", "linkedin_url": "https://linkedin.com/company/acme",
    "summary": "Makes robots.",
}  # fmt: skip


def add(api, **fields):
    return api.post("/api/company/add", fields, format="json")


def test_a_company_is_made_of_what_was_sent(api, rep):
    answer = add(api, **FULL, custom_fields={"tier": "gold"})
    assert answer.status_code == 201, answer.content
    found = answer.json()["data"]
    assert {name: found[name] for name in FULL} == FULL
    assert found["domain"] == "acme.io" and found["created_by"] == rep.pk and found["company_logo"] is None
    assert found["custom_fields"] == {"tier": "gold"} and found["tags"] == []
    assert answer["X-Change-Id"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("company_name", "A"), ("company_name", "  "), ("company_name", "x" * 201), ("company_name", 5), ("rating", 0),
        ("rating", 6), ("rating", "many"), ("contact_email", "nobody"), ("website", "javascript:alert(1)"),
        ("website", "ftp://acme.io"), ("linkedin_url", "data:text/html,x"), ("tags", [999_999]), ("custom_fields", [1]),
    ],
)  # fmt: skip
def test_a_field_that_breaks_its_rule_is_named(api, rep, field, value):
    answer = add(api, **{"company_name": "Acme", field: value})
    assert answer.status_code == 422 and field in answer.json()["error"]["fields"]
    with org_scope(rep.organization):
        assert not Company.objects.of(rep.organization).exists()


@pytest.mark.parametrize(
    "second",
    [{"company_name": " ACME  robotics "}, {"company_name": "Other", "website": "shop.acme.io"}],
    ids=["same name", "same domain"],
)
def test_a_name_and_a_domain_belong_to_one_company(api, second):
    first = add(api, company_name="Acme Robotics", website="https://acme.io").json()["data"]
    answer = add(api, **second)
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "duplicate_company"
    assert answer.json()["error"]["details"] == {"company_id": first["id"]}


def test_shared_hosts_are_nobodys_domain(api):
    assert add(api, company_name="One", website="https://linkedin.com/company/one").json()["data"]["domain"] is None
    assert add(api, company_name="Two", website="https://linkedin.com/company/two").status_code == 201


def test_another_organization_may_have_the_same_company(api, outsider_api):
    assert add(api, **FULL).status_code == add(outsider_api, **FULL).status_code == 201


def test_a_deleted_companys_name_is_free(api, company):
    api.delete(f"/api/company/delete/{company.pk}")
    assert add(api, company_name=company.company_name).status_code == 201


def test_a_logo_comes_with_a_form(api, rep):
    answer = api.post("/api/company/add", {"company_name": "Acme", "rating": "3", "custom_fields": '{"tier": "gold"}',
                                           "company_logo": a_picture()}, format="multipart")
    assert answer.status_code == 201, answer.content
    found = answer.json()["data"]
    assert found["rating"] == 3 and found["custom_fields"] == {"tier": "gold"}
    logo = api.get(found["company_logo"])
    assert logo.status_code == 200 and logo["Content-Type"] == "image/webp"


@pytest.mark.parametrize("upload", [a_file("a.png", b"<svg onload=alert(1)>"), a_file("x.txt", b"text")], ids=["svg", "text"])
def test_what_is_no_picture_is_refused_and_no_company_made(api, rep, upload):
    answer = api.post("/api/company/add", {"company_name": "Acme", "company_logo": upload}, format="multipart")
    assert answer.status_code == 422 and "company_logo" in answer.json()["error"]["fields"]
    with org_scope(rep.organization):
        assert not Company.objects.of(rep.organization).exists() and not StoredFile.objects.of(rep.organization).exists()


def test_a_repeat_with_the_same_key_makes_one(api, rep):
    for _ in range(2):
        answer = api.post("/api/company/add", {"company_name": "Acme"}, format="json", HTTP_IDEMPOTENCY_KEY="once")
        assert answer.status_code == 201
    assert answer["Idempotent-Replayed"] == "true"


# ------------------------------------------------------------------------- leads and their companies
def test_a_lead_with_a_company_name_makes_it_and_says_who(api, rep):
    lead = make_lead(rep.organization, by=rep, company="New One")
    found = api.get(f"/api/company/view/{lead.company_id}").json()["data"]
    assert found["company_name"] == "New One" and found["created_by"] == rep.pk


@pytest.mark.parametrize(
    ("email", "linked"),
    [("jane@acme.io", True), ("jane@mail.acme.io", True), ("jane@gmail.com", False), ("jane@other.io", False)],
)
def test_a_lead_without_company_is_linked_by_the_domain_of_its_mail(api, rep, email, linked):
    company = make_company(rep.organization, by=rep, company_name="Acme", website="https://acme.io")
    lead = make_lead(rep.organization, by=rep, email=email)
    assert (lead.company_id == company.pk) is linked
    found = api.get("/api/lead/list", {"search_value": "acme", "company": "Acme"}).json()["data"]
    assert [row["id"] for row in found] == ([lead.pk] if linked else [])


def test_a_company_name_wins_over_the_domain(rep):
    make_company(rep.organization, by=rep, company_name="Acme", website="https://acme.io")
    lead = make_lead(rep.organization, by=rep, email="jane@acme.io", company="Globex")
    with org_scope(rep.organization):
        assert lead.company.company_name == "Globex"


def test_many_leads_at_once_are_linked_the_same_way(rep):
    from leads.capture_many import Incoming, capture_many
    from leads.models import Lead

    company = make_company(rep.organization, by=rep, company_name="Acme", website="https://acme.io")
    with org_scope(rep.organization):
        sent = [{"email": "a@acme.io"}, {"email": "b@gmail.com"}, {"email": "c@acme.io", "company": "X"}]
        done = capture_many(rep.organization, [Incoming(fields) for fields in sent], by=rep)
        ids = [one.lead_id for one in done]
        found = dict(Lead.objects.filter(pk__in=ids).values_list("pk", "company__company_name"))
    assert [found[pk] for pk in ids] == [company.company_name, None, "X"]
