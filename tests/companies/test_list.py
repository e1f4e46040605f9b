"""company/list, stats and view."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from companies.models import Company
from lio.tenancy import org_scope
from tests.factories import make_company


@pytest.fixture
def three(rep, colleague):
    kinds = [("Acme Robotics", "Robotics", "Germany", "11-50", 4), ("Parcelly", "robotics ", "Norway", "11-50", 2),
             ("Sable", None, "Germany", None, None)]  # fmt: skip
    names = ("company_name", "industry_type", "country", "employee_size", "rating")
    by = [rep, colleague, rep]
    return [
        make_company(rep.organization, by=who, **dict(zip(names, values, strict=True)))
        for who, values in zip(by, kinds, strict=True)
    ]


def names(api, **params):
    return [row["company_name"] for row in api.get("/api/company/list", params).json()["data"]]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, ["Sable", "Parcelly", "Acme Robotics"]),
        ({"my": "true"}, ["Sable", "Acme Robotics"]),
        ({"my": "false"}, ["Sable", "Parcelly", "Acme Robotics"]),
        ({"industry": "ROBOTICS"}, ["Acme Robotics"]),
        ({"industry_type": "robotics"}, ["Acme Robotics"]),
        ({"country": "germany", "order_by": "company_name", "order_in": "ASC"}, ["Acme Robotics", "Sable"]),
        ({"rating_min": 3}, ["Acme Robotics"]),
        ({"search_value": "norw"}, ["Parcelly"]),
        ({"filters": '{"field": "rating", "op": "empty"}'}, ["Sable"]),
        ({"start_date": "2001-01-01", "end_date": "2001-01-02"}, []),
    ],
)
def test_filters(api, three, params, found):
    assert names(api, **params) == found


def test_several_ids(api, three):
    assert names(api, company_id=f"{three[0].pk},{three[2].pk}") == ["Sable", "Acme Robotics"]


def test_tags_filter_and_stand_in_the_row(api, rep, three):
    tag = api.post("/api/custom-lookups/add", {"module_name": "lead", "type": "tags", "name": "Partner"}).json()["data"]
    api.post(f"/api/company/update/{three[1].pk}", {"tags": [tag["id"]]}, format="json")
    (row,) = api.get("/api/company/list", {"tags": tag["id"]}).json()["data"]
    assert row["id"] == three[1].pk and row["tags"] == [{"id": tag["id"], "name": "Partner", "color_code": tag["color_code"]}]


def test_others_see_none_of_it(outsider_api, three):
    assert names(outsider_api) == []
    assert outsider_api.get("/api/company/stats").json()["data"]["total"] == 0


def test_queries_do_not_grow_with_the_rows(api, rep, three):
    with CaptureQueriesContext(connection) as few:
        names(api)
    for n in range(20):
        make_company(rep.organization, by=rep, company_name=f"More {n}")
    with CaptureQueriesContext(connection) as many:
        assert len(names(api, limit=100)) == 23
    assert len(many) <= len(few) <= 9


# ------------------------------------------------------------------------------------------------ stats
def test_stats_count_what_the_list_shows(api, three):
    found = api.get("/api/company/stats").json()["data"]
    assert found == {
        "total": 3,
        "by_industry": [{"name": "Robotics", "count": 2}, {"name": None, "count": 1}],
        "by_country": [{"name": "Germany", "count": 2}, {"name": "Norway", "count": 1}],
        "by_employee_size": [{"name": "11-50", "count": 2}, {"name": None, "count": 1}],
        "average_rating": 3,
    }
    for params in ({"my": "true"}, {"company_id": three[0].pk}, {"search_value": "acme"}, {"search_value": "nothing at all"}):
        found = api.get("/api/company/stats", params).json()["data"]
        total = api.get("/api/company/list", params).json()["total"]
        assert found["total"] == total == sum(group["count"] for group in found["by_country"])


def test_stats_refuse_what_the_list_refuses(api):
    assert api.get("/api/company/stats", {"company_id": "x"}).status_code == 400


# ------------------------------------------------------------------------------------------------ view
def test_view_and_the_way_from_a_merged_one(api, rep, three):
    assert api.get(f"/api/company/view/{three[0].pk}").json()["data"]["company_name"] == "Acme Robotics"
    with org_scope(rep.organization):
        Company.objects.filter(pk=three[1].pk).update(merged_into=three[0], deleted_at="2026-01-01T00:00Z")
    assert api.get(f"/api/company/view/{three[1].pk}").json()["data"]["id"] == three[0].pk
    assert api.get("/api/company/view/987654").status_code == 404
