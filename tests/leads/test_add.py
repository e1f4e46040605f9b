"""POST /api/lead/add (7.1, R37, R38, R43-R46)."""

import re

import pytest

from companies.models import Company
from lio.tenancy import org_scope
from tests.contract import shapes

JANE = {"first_name": "Jane", "last_name": "Doe", "email": "jane@acme.example"}


def add(api, **fields):
    return api.post("/api/lead/add", {"first_name": "Jane", "last_name": "Doe"} | fields)


def test_answers_in_the_envelope(api):
    answer = api.post("/api/lead/add", JANE)
    assert (answer.status_code, answer.json()["message"]) == (201, "Lead created successfully")
    shown = answer.json()["data"]
    assert (shown["status"], shown["status_text"], shown["priority"], shown["priority_text"]) == (1, "New", 2, "Medium")
    assert (shown["lead_source"], shown["lead_source_text"], shown["score"], shown["assigned_to"]) == (None, None, 0, None)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", shown["created_at"])
    assert api.get(f"/api/lead/view/{shown['id']}").json()["data"] == shown


def test_every_writable_field(api, rep, colleague, tag):
    hot = tag("Hot")
    given = {
        "first_name": "Jane",
        "last_name": "Doe",
        "email": "Jane@Acme.example",
        "phone_number": "+49 (30) 1234-5",
        "company": "Acme",
        "job_title": "CFO",
        "linkedin_url": "https://www.linkedin.com/in/jane?x=1",
        "status": 3,
        "priority": 4,
        "lead_source": 2,
        "estimated_value": 1234.56,
        "assigned_to": colleague.pk,
        "tags": [hot["id"]],
        "industry": "Steel",
        "website": "https://acme.example/about?x=ü",
        "address": "1 Main St",
        "city": "Ulm",
        "state": "BW",
        "country": "Germany",
        "pin_code": "89073",
        "custom_fields": {"size": {"employees": [1, 2]}, "ok": True, "none": None},
        "notes": "Line\nbreak <b>",
    }
    shown = add(api, **given).json()["data"]
    for name, value in given.items():
        assert shown[name] == ([hot] if name == "tags" else value), name
    assert (shown["status_text"], shown["priority_text"], shown["lead_source_text"]) == ("Qualified", "Urgent", "Referral")
    assert isinstance(shown["estimated_value"], float) and isinstance(shown["company_id"], int)


def test_read_only_fields_and_ai_information_are_ignored(api, stored):
    shown = add(
        api,
        ai_information={"score": 99},
        score=99,
        id=1,
        created_at="2001-01-01",
        last_activity_at="2001-01-01",
        status_text="Won",
        deleted_at="2001-01-01",
        organization_id="org_x",
        email_norm="x",
        holds_email=False,
    ).json()["data"]
    assert (shown["score"], shown["ai_information"], shown["last_activity_at"], shown["status_text"]) == (0, {}, None, "New")
    assert shown["created_at"] > "2002" and "email_norm" not in shown
    assert stored(shown["id"]).holds_email is True


def test_company_is_found_by_name_without_regard_to_case_else_made(api, rep):
    first = add(api, company="Acme  Steel ").json()["data"]
    assert first["company"] == "Acme Steel"
    for name in ("acme steel", "ACME STEEL", " Acme Steel"):
        assert add(api, company=name).json()["data"]["company_id"] == first["company_id"]
    assert add(api, company="Other").json()["data"]["company_id"] != first["company_id"]
    for blank in ("", "   ", None):
        assert add(api, company=blank).json()["data"]["company_id"] is None
    with org_scope(rep.organization):
        assert Company.objects.count() == 2


def test_company_by_id(api):
    company = add(api, company="Acme").json()["data"]["company_id"]
    assert add(api, company_id=company).json()["data"]["company"] == "Acme"
    shapes.check_failure(add(api, company_id=company + 999), 404)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", 99),
        ("status", 0),
        ("lead_source", 6),
        ("priority", 0),
        ("priority", 5),
        ("tags", [1]),
        ("tags", [999_999]),
        ("email", "no address"),
        ("email", "a@b"),
        ("email", "a b@acme.example"),
        ("email", "a@acme.example, b@acme.example"),
        ("email", "Jane <jane@acme.example>"),
        ("email", "x" * 250 + "@acme.example"),
        ("phone_number", "1" * 31),
        ("job_title", "x" * 201),
        ("company", "x" * 201),
        ("estimated_value", -1),
        ("estimated_value", 10**12),
        ("estimated_value", "a lot"),
        ("first_name", " J "),
        ("website", "javascript:alert(1)"),
        ("website", "ftp://acme.example"),
        ("linkedin_url", "data:text/html,x"),
        ("website", "http://"),
        ("website", "https://a b.example"),
        ("website", "java\nscript:alert(1)"),
        ("linkedin_url", "https://[::1"),
        ("notes", "x" * 10_001),
        ("custom_fields", []),
        ("custom_fields", {"x" * 65: 1}),
        ("custom_fields", {" ": 1}),
        ("custom_fields", {str(n): 1 for n in range(101)}),
        ("custom_fields", {"a": "x" * 40_000}),
        ("city", "x" * 101),
        ("last_name", "a\x00b"),
        ("custom_fields", {"a": "\x00"}),
    ],
)
def test_a_field_that_breaks_its_rule_is_named(api, name, value):
    error = shapes.check_failure(add(api, **{name: value}), 422)
    assert list(error["fields"]) == [name]


def test_an_inactive_member_gets_no_leads(api, colleague):
    api.post("/api/user/delete", {"user_id": colleague.pk})
    assert "assigned_to" in shapes.check_failure(add(api, assigned_to=colleague.pk), 422)["fields"]


def test_amounts_have_two_decimals(api):
    for given, kept in [
        (1.005, 1.01),
        ("12.345", 12.35),
        (0, 0),
        ("1e3", 1000),
        (999_999_999_999.99, 999_999_999_999.99),
        (None, None),
    ]:
        assert add(api, estimated_value=given).json()["data"]["estimated_value"] == kept


def test_an_address_without_scheme_is_https(api):
    assert add(api, website="acme.example/x").json()["data"]["website"] == "https://acme.example/x"


def test_numbers_and_booleans_as_text(api):
    shown = add(api, status="2", priority="3", lead_source="1").json()["data"]
    assert (shown["status"], shown["priority"], shown["lead_source"]) == (2, 3, 1)


def test_an_own_status_and_source(api):
    for kind, field in (("status", "status"), ("lead_source", "lead_source")):
        made = api.post("/api/custom-lookups/add", {"module_name": "lead", "type": kind, "name": f"Own {kind}"}).json()["data"]
        shown = add(api, **{field: made["id"]}).json()["data"]
        assert (shown[field], shown[f"{field}_text"]) == (made["id"], f"Own {kind}")
