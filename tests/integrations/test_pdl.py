"""People Data Labs: what we ask fits their own description; what they answer becomes findings, problems or failures."""

import pytest

from integrations.ports import COMPANY, PERSON, Passing, Permanent, Query
from integrations.vendors.pdl import PeopleDataLabs
from tests.conftest import shared
from tests.integrations.vendor import Vendor

PERSON_DATA = {
    "status": 200,
    "likelihood": 8,
    "data": {
        "first_name": "Jane",
        "last_name": "Doe",
        "work_email": "Jane@Acme.com",
        "job_title": "Head Of Sales",
        "job_title_levels": ["director", "senior"],
        "job_title_role": "sales",
        "linkedin_url": "linkedin.com/in/jane-doe",
        "mobile_phone": True,
        "phone_numbers": ["+493090182000"],
        "location_locality": "Berlin",
        "location_country": "Germany",
        "location_region": True,
        "job_company_name": "Acme Robotics",
        "job_company_website": "acme.com",
        "job_company_size": "51-200",
        "job_company_industry": "Industrial Automation",
        "industry": None,
        "job_company_linkedin_url": "linkedin.com/company/acme",
    },
}
COMPANY_DATA = {
    "status": 200,
    "likelihood": 10,
    "name": "Acme Robotics",
    "website": "acme.com",
    "industry": "Industrial Automation",
    "size": "51-200",
    "founded": 2009,
    "linkedin_url": "linkedin.com/company/acme",
    "twitter_url": "twitter.com/acme",
    "summary": "Robots.",
    "tags": ["robots", 7, "\u0000"],
    "location": {"street_address": "Hauptstr. 1", "locality": "Berlin", "country": "Germany", "postal_code": None, "name": "x"},
}


@pytest.fixture
def vendor(httpserver, settings):
    """People Data Labs on this machine, with their description as its judge."""
    there = Vendor(shared("contracts/pdl.json"), "api.peopledatalabs.com")
    settings.PDL_URL = there.serve(httpserver)
    settings.ALLOW_PRIVATE_HOSTS = [f"{httpserver.host}:{httpserver.port}"]
    yield there
    assert there.errors == []


def ask(**known):
    found = PeopleDataLabs("pdl-key", cost=2).find(Query(**known), [])
    return found, {(finding.of, finding.field): finding.value for finding in found.findings}


EVERYTHING = {
    "name": "Jane Doe",
    "first_name": "Jane",
    "last_name": "Doe",
    "email": "jane@acme.com",
    "phone_number": "+49 30 90182000",
    "job_title": "Head of Sales",
    "linkedin_url": "https://www.linkedin.com/in/jane-doe",
    "company": "Acme",
    "domain": "acme.com",
    "website": "https://acme.com",
    "country": "Germany",
    "city": "Berlin",
}


def test_a_person_is_found_with_the_employer(vendor):
    vendor.says(200, PERSON_DATA)
    found, values = ask(**EVERYTHING)
    assert values == {
        (PERSON, "first_name"): "Jane",
        (PERSON, "last_name"): "Doe",
        (PERSON, "email"): "jane@acme.com",
        (PERSON, "job_title"): "Head Of Sales",
        (PERSON, "seniority"): "Director",
        (PERSON, "department"): "Sales",
        (PERSON, "linkedin_url"): "https://linkedin.com/in/jane-doe",
        (PERSON, "phone_number"): "+493090182000",
        (PERSON, "city"): "Berlin",
        (PERSON, "country"): "Germany",
        (COMPANY, "company_name"): "Acme Robotics",
        (COMPANY, "website"): "https://acme.com",
        (COMPANY, "employee_size"): "51-200",
        (COMPANY, "industry_type"): "Industrial Automation",
        (COMPANY, "linkedin_url"): "https://linkedin.com/company/acme",
    }
    assert found.hit and not found.problem
    assert {(finding.confidence, finding.verified, finding.source) for finding in found.findings} == {(0.8, False, "pdl")}
    [request] = vendor.asked
    assert request.headers["X-Api-Key"] == "pdl-key" and "pdl-key" not in request.url
    assert dict(request.args) == {
        "email": "jane@acme.com",
        "profile": "https://www.linkedin.com/in/jane-doe",
        "phone": "+49 30 90182000",
        "first_name": "Jane",
        "last_name": "Doe",
        "company": "Acme",
        "locality": "Berlin",
        "country": "Germany",
        "min_likelihood": "6",
        "titlecase": "true",
    }


def test_a_company_is_found(vendor):
    vendor.says(200, COMPANY_DATA)
    found, values = ask(kind=COMPANY, **EVERYTHING)
    assert values == {
        (COMPANY, "company_name"): "Acme Robotics",
        (COMPANY, "website"): "https://acme.com",
        (COMPANY, "industry_type"): "Industrial Automation",
        (COMPANY, "employee_size"): "51-200",
        (COMPANY, "founded"): "2009",
        (COMPANY, "linkedin_url"): "https://linkedin.com/company/acme",
        (COMPANY, "x_url"): "https://twitter.com/acme",
        (COMPANY, "summary"): "Robots.",
        (COMPANY, "address"): "Hauptstr. 1",
        (COMPANY, "city"): "Berlin",
        (COMPANY, "country"): "Germany",
        (COMPANY, "tags"): ["robots"],
    }
    assert found.hit and found.findings[0].confidence == 0.95  # gathered data is never quite sure
    assert vendor.asked[0].path == "/v5/company/enrich"
    assert dict(vendor.asked[0].args) == {
        "name": "Acme",
        "website": "https://acme.com",
        "profile": EVERYTHING["linkedin_url"],
        "min_likelihood": "6",
        "titlecase": "true",
    }


@pytest.mark.parametrize(
    "known",
    [
        {"email": "jane@acme.com"},
        {"linkedin_url": "https://linkedin.com/in/jane"},
        {"phone_number": "+4930"},
        {"name": "Jane Doe", "domain": "acme.com"},
        {"first_name": "J", "last_name": "D", "company": "Acme"},
        {"kind": COMPANY, "domain": "acme.com"},
        {"kind": COMPANY, "company": "Acme", "city": "Berlin", "country": "Germany"},
    ],
)
def test_little_is_enough(vendor, known):
    vendor.says(404, {"status": 404, "error": {"type": "not_found", "message": "No records were found matching your request"}})
    found, _ = ask(**known)
    assert "knows no such" in found.problem and not found.hit and not found.findings
    assert len(vendor.asked) == 1


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"name": "Jane Doe"},
        {"first_name": "Jane", "company": "Acme"},
        {"kind": COMPANY},
        {"kind": COMPANY, "name": "Jane", "city": "Berlin"},
    ],
)
def test_too_little_is_not_asked_about(vendor, known):
    vendor.says(200, PERSON_DATA)
    found, _ = ask(**known)
    assert found.problem and not found.hit and vendor.asked == []


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_refusal_is_for_good(vendor, status):
    vendor.says(status, {"error": {"message": "pdl-key is bad"}})
    with pytest.raises(Permanent) as told:
        ask(email="jane@acme.com")
    assert "People Data Labs" in str(told.value) and "pdl-key" not in str(told.value)


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {"Retry_After": "17"}, 17),
        (429, {}, None),
        (503, {"Retry_After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        (500, {}, None),
        (429, {"Retry_After": "9" * 50}, None),
        (302, {"Location": "http://127.0.0.1/"}, None),
        (204, {}, None),
    ],
)
def test_a_passing_failure_says_when_to_come_back(vendor, status, headers, wait):
    vendor.says(status, "", **headers)
    with pytest.raises(Passing) as told:
        ask(email="jane@acme.com")
    assert told.value.wait == wait and len(vendor.asked) == 1


@pytest.mark.parametrize("body", ["", "null", "[]", "<html>", '"x"', "[" * 100_000])
def test_an_unreadable_answer_is_passing(vendor, body):
    vendor.says(200, body)
    with pytest.raises(Passing):
        ask(email="jane@acme.com")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"data": None},
        {"data": []},
        {"data": {"first_name": True, "phone_numbers": True, "job_title_levels": True}},
        {"likelihood": "x"},
        {"likelihood": 99, "data": {"phone_numbers": [None, {}], "job_title_levels": [None, 5], "job_title_role": 7}},
        {"data": {"linkedin_url": ["x"], "location_country": {"a": 1}, "first_name": "\ud800\u0000"}},
    ],
)
@pytest.mark.parametrize("kind", [PERSON, COMPANY])
def test_odd_answers_are_survived(vendor, body, kind):
    vendor.says(200, body)
    found, values = ask(kind=kind, email="jane@acme.com", domain="acme.com")
    assert found.hit and all(isinstance(value, str | list) and value for value in values.values())
    assert all(0 < finding.confidence <= 0.95 for finding in found.findings)


def test_what_is_no_address_to_them_is_nobody(vendor):
    vendor.says(400, {"error": {"message": "invalid"}})
    found, _ = ask(email="x")
    assert found.problem and not found.hit


def test_a_check_of_the_key_asks_for_nobody(vendor):
    vendor.says(404, {}).says(401, {})
    PeopleDataLabs("pdl-key").check()
    with pytest.raises(Permanent):
        PeopleDataLabs("pdl-key").check()
    assert vendor.asked[0].args["website"].endswith(".invalid")


def test_the_judge_judges(vendor):
    """Were the requests wrong, this test would know."""
    from lio.outbound import fetch

    vendor.says(200, {})
    for url in ("/v5/person/enrich?min_likelihood=ten", "/v5/person/enrich?e_mail=x", "/v5/company/enrich?name=x"):
        fetch(f"{vendor_url(vendor)}{url}", headers={"X-Api-Key": "k"} if "company" not in url else {})
    assert len(vendor.errors) == 3, vendor.errors
    vendor.errors.clear()


def vendor_url(vendor):
    from django.conf import settings

    return settings.PDL_URL


def test_a_host_that_is_away_is_passing(settings):
    settings.PDL_URL = "http://127.0.0.1:9"
    settings.ALLOW_PRIVATE_HOSTS = ["127.0.0.1:9"]
    with pytest.raises(Passing):
        ask(email="jane@acme.com")
