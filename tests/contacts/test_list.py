"""GET /api/contact/list."""

import json

import pytest

from accounts.models import User
from lio.tenancy import org_scope
from tests.contract import shapes


@pytest.fixture
def found(api):
    def names(**query):
        answer = api.get("/api/contact/list", {"limit": 100, "order_by": "name", "order_in": "asc"} | query)
        assert answer.status_code == 200, answer.content
        return [row["name"] for row in answer.json()["data"]]

    return names


@pytest.fixture
def three(add, company, api):
    tag = api.post("/api/custom-lookups/add", {"module_name": "lead", "type": "tags", "name": "VIP"}).json()["data"]["id"]
    api.post("/api/custom-fields/add", {"module_name": "contact", "label": "Seats", "key": "seats", "kind": "number"})
    add(
        name="Ada",
        company_id=company("Acme"),
        city="Bonn",
        lead_score=90,
        designation="CTO",
        seniority="C-level",
        tags=[tag],
        custom_fields={"seats": 5},
    )
    add(name="Bob", company_id=company("Acme"), city="Ulm", lead_score=40, department="Sales", status=2, email="bob@x.example")
    add(name="Cy", company_id=company("Globex"), country="France", decision_maker="no", custom_fields={"seats": 50})
    return tag


def test_search(found, three):
    assert found(search_value="BO") == ["Bob"]
    assert found(search_value="cto") == ["Ada"]
    assert found(search_value="bob@x") == ["Bob"]
    assert found(search_value="acme") == ["Ada", "Bob"]


def test_filters(found, three, company):
    assert found(company_id=company("Globex")) == ["Cy"]
    assert found(company_id=f"{company('Globex')},{company('Acme')}") == ["Ada", "Bob", "Cy"]
    assert found(company_id=987654321) == []
    assert found(city="bonn") == ["Ada"] and found(country="FRANCE") == ["Cy"]
    assert (
        found(seniority="c-level") == ["Ada"] and found(department="sales") == ["Bob"] and found(decision_maker="no") == ["Cy"]
    )
    assert found(tags=three) == ["Ada"] and found(status="2") == ["Bob"]
    assert found(lead_score_min=41) == ["Ada"] and found(lead_score_max=41) == ["Bob"]
    assert found(**{"cf.seats": 5}) == ["Ada"] and found(**{"cf.seats_min": 6}) == ["Cy"]
    either = [{"field": "city", "op": "is", "value": "Ulm"}, {"field": "company", "op": "contains", "value": "glob"}]
    assert found(filters=json.dumps({"or": either})) == ["Bob", "Cy"]
    assert found(filters='{"field": "tags", "op": "empty"}') == ["Bob", "Cy"]


def test_mine_are_those_that_i_made(api, rep, colleague_api, found, three, company):
    made = colleague_api.post("/api/contact/add", {"name": "Dee", "company_id": company()})
    assert made.status_code == 201
    assert [row["name"] for row in colleague_api.get("/api/contact/list", {"my": "true"}).json()["data"]] == ["Dee"]
    assert found(my="true") == ["Ada", "Bob", "Cy"]
    assert len(found(my="false")) == 4
    with org_scope(rep.organization):
        assert User.objects.count() == 2


def test_sorting_puts_empty_ones_last(found, three):
    assert found(order_by="lead_score") == ["Bob", "Ada", "Cy"]
    assert found(order_by="lead_score", order_in="desc") == ["Ada", "Bob", "Cy"]
    assert found(order_by="company") == ["Ada", "Bob", "Cy"]
    assert found(order_by="cf.seats") == ["Ada", "Cy", "Bob"]


def test_others_see_none(outsider_api, three):
    assert outsider_api.get("/api/contact/list").json()["total"] == 0


def test_views_are_checked(api, three, found):
    wrong = api.post(
        "/api/custom-view/add",
        {"module_name": "contact", "view_name": "x", "visibility": "private", "filters": {"nonsense": 1}},
    )
    shapes.check_failure(wrong, 422)
    view = api.post(
        "/api/custom-view/add",
        {"module_name": "contact", "view_name": "x", "visibility": "private", "filters": {"city": "Ulm"}},
    )
    assert found(view=view.json()["data"]["id"]) == ["Bob"]
