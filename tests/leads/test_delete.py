"""DELETE /api/lead/delete: soft in the database, complete through the API (R4, R17, R27)."""

import pytest

from leads.models import Lead, Note
from lio.tenancy import org_scope
from tests.contract import shapes
from tests.factories import make_lead


@pytest.fixture
def leads(rep):
    return [make_lead(rep.organization, by=rep, email=f"a{n}@acme.example", last_name=f"Gone{n}") for n in range(3)]


def test_ids_in_the_body_or_in_the_query(api, leads):
    for url, body in (
        ("/api/lead/delete", {"ids": [leads[0].pk]}),
        (f"/api/lead/delete?ids={leads[1].pk}", None),
        (f"/api/lead/delete?ids[]={leads[2].pk}", None),
    ):
        answer = api.delete(url, body)
        assert (answer.status_code, answer.json()["data"]["deleted"]) == (200, 1)
    assert api.get("/api/lead/list").json()["total"] == 0


@pytest.mark.parametrize(
    "query", ["ids={0},{1},{2}", "ids={0}&ids={1}&ids={2}", "ids[]={0}&ids[]={1},{2}", "ids={0}, {1} ,{2}"]
)
def test_several_ids_in_the_query(api, leads, query):
    ids = [lead.pk for lead in leads]
    assert sorted(api.delete("/api/lead/delete?" + query.format(*ids)).json()["data"]["ids"]) == ids


def test_ids_that_are_not_there_are_skipped(api, leads, outsider):
    theirs = make_lead(outsider.organization)
    answer = api.delete("/api/lead/delete", {"ids": [leads[0].pk, leads[0].pk, theirs.pk, 99_999_999, 0]}).json()["data"]
    assert answer == {"deleted": 1, "ids": [leads[0].pk]}
    shapes.check_failure(api.delete("/api/lead/delete", {"ids": [leads[0].pk, theirs.pk]}), 404)
    with org_scope(outsider.organization):
        assert Lead.objects.get(pk=theirs.pk).deleted_at is None


def test_without_ids_nothing_is_deleted(api, leads):
    for body in ({}, {"ids": []}, {"ids": None}, None):
        shapes.check_failure(api.delete("/api/lead/delete", body), 400)
    assert api.get("/api/lead/list").json()["total"] == 3


def test_gone_from_everywhere_but_the_table(api, rep, leads):
    note = api.post("/api/lead/note/add", {"lead_id": leads[0].pk, "title": "Call back"}).json()["data"]
    api.delete(f"/api/lead/delete?ids={leads[0].pk}")
    assert api.get("/api/lead/list").json()["total"] == 2
    assert api.get("/api/lead/list", {"search_value": "gone0"}).json()["total"] == 0
    assert api.get("/api/lead/list", {"state_id": 1}).json()["total"] == 2
    assert api.get("/api/lead/note/list").json()["total"] == 0
    for answer in (
        api.get("/api/lead/note/list", {"lead_id": leads[0].pk}),
        api.get(f"/api/lead/view/{leads[0].pk}"),
        api.post("/api/lead/note/add", {"lead_id": leads[0].pk, "title": "x"}),
        api.post("/api/lead/status-change", {"ids": [leads[0].pk], "status": 2}),
    ):
        shapes.check_failure(answer, 404)
    assert api.post("/api/lead/add", {"first_name": "Jo", "last_name": "Do", "email": "a0@acme.example"}).status_code == 201
    with org_scope(rep.organization):
        assert Lead.objects.get(pk=leads[0].pk).deleted_at and Note.objects.filter(pk=note["id"]).exists()


def test_select_all_is_not_offered(api, leads):
    shapes.check_failure(api.delete("/api/lead/delete", {"select_all": True}), 422)
    assert api.get("/api/lead/list").json()["total"] == 3
