"""GET /api/v1/lead/lead-list: search, order and pages, no filters (8.2)."""

import pytest
from rest_framework.test import APIClient

from tests.contract import shapes
from tests.contract.spec import BY_ID
from tests.factories import make_lead


@pytest.fixture
def leads(rep):
    return [
        make_lead(rep.organization, email=f"a{n}@acme.example", company=f"Firm {n}", job_title=f"Title {n}") for n in range(3)
    ]


def test_the_leads_of_the_keys_organisation(key_api, leads, outsider):
    make_lead(outsider.organization)
    answer = key_api.get("/api/v1/lead/lead-list")
    shapes.check_success(answer, BY_ID["v1-lead-list"])
    assert [row["id"] for row in answer.json()["data"]] == [lead.pk for lead in reversed(leads)]


def test_searches_every_documented_field(key_api, leads):
    for text in ("firm 1", "title 1", "A1@acme", "jane doe"):
        assert leads[1].pk in [
            row["id"] for row in key_api.get("/api/v1/lead/lead-list", {"search_value": text}).json()["data"]
        ]


def test_filters_and_dates_are_not_looked_at(key_api, leads):
    for query in (
        {"state_id": 99},
        {"start_date": "2101-01-01"},
        {"start_date": "junk"},
        {"score_min": "junk"},
        {"assigned_to": "junk"},
    ):
        assert key_api.get("/api/v1/lead/lead-list", query).json()["total"] == 3


def test_the_same_under_the_other_prefix_and_with_a_token(key_api, api, leads):
    first = key_api.get("/api/v1/lead/lead-list").json()
    assert key_api.get("/api/lead/lead-list").json() == api.get("/api/v1/lead/lead-list").json() == first


def test_without_a_credential(db):
    shapes.check_failure(APIClient().get("/api/v1/lead/lead-list"), 401)
