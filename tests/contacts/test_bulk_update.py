"""POST /api/contact/bulk-update."""

import pytest

from lio import bulk, jobs
from lio.models import Change
from lio.tenancy import org_scope
from tests.contract import shapes


@pytest.fixture
def three(add):
    return [add(name=name, city=city)["id"] for name, city in (("Ada", "Bonn"), ("Bob", "Bonn"), ("Cy", "Ulm"))]


def send(api, **body):
    return api.post("/api/contact/bulk-update", body)


def test_by_ids(api, three, view, company):
    tag = api.post("/api/custom-lookups/add", {"module_name": "lead", "type": "tags", "name": "VIP"}).json()["data"]["id"]
    globex = company("Globex")
    answer = send(api, contact_ids=[*three[:2], 987654321], company_id=globex, lead_score=70, tags=[tag])
    assert answer.json()["data"] == {"updated": 2, "ids": three[:2]}
    for pk in three[:2]:
        assert (view(pk)["company"], view(pk)["lead_score"], [t["id"] for t in view(pk)["tags"]]) == ("Globex", 70, [tag])
    assert view(three[2])["lead_score"] is None


def test_by_filters(api, three, view, undo):
    answer = send(api, select_all=True, filters={"city": "bonn"}, fields={"department": "IT", "status": 2})
    assert answer.json()["data"]["updated"] == 2
    assert [view(pk)["department"] for pk in three] == ["IT", "IT", None]
    assert [view(pk)["status"] for pk in three] == [2, 2, 1]
    undo(answer["X-Change-Id"])
    assert [view(pk)["department"] for pk in three] == [None] * 3


def test_refusals(api, three, outsider_api):
    for body, status, field in [
        ({"lead_score": 5}, 400, "contact_ids"),
        ({"contact_ids": [], "lead_score": 5}, 400, "contact_ids"),
        ({"contact_ids": three, "select_all": True, "filters": {}, "lead_score": 5}, 422, "select_all"),
        ({"select_all": True, "lead_score": 5}, 422, "filters"),
        ({"select_all": True, "filters": {"nonsense": 1}, "lead_score": 5}, 422, "filters"),
        ({"contact_ids": three}, 422, "fields"),
        ({"contact_ids": three, "fields": {"email": "a@x.example"}}, 422, "fields"),
        ({"contact_ids": three, "lead_score": 101}, 422, "lead_score"),
        ({"contact_ids": three, "company_id": 987654321}, 404, "company_id"),
        ({"contact_ids": three, "tags": [99]}, 422, "tags"),
    ]:
        assert field in shapes.check_failure(send(api, **body), status)["fields"], body
    shapes.check_failure(send(outsider_api, contact_ids=three, lead_score=5), 404)
    assert shapes.check_failure(send(api, contact_ids=three, lead_score=5, expected_count=2), 409)["code"] == "count_differs"


def test_above_the_limit_in_the_background(api, rep, three, view, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    monkeypatch.setattr(bulk, "CHUNK", 2)
    told = send(api, select_all=True, filters={}, lead_score=9).json()["data"]
    assert (told["updated"], told["ids"]) == (3, []) and told["job_id"]
    jobs.drain()
    assert [view(pk)["lead_score"] for pk in three] == [9] * 3
    with org_scope(rep.organization):
        assert Change.objects.filter(verb="contact.updated").values("change_id").distinct().count() == 1
