"""feed/list"""

import pytest

from tests.conftest import client_of
from tests.factories import make_lead


def feed(user, **params):
    return client_of(user).get("/api/feed/list", params).json()


def test_one_entry_for_each_create_update_delete_status_change_and_assignment(api, rep, colleague):
    lead = make_lead(rep.organization, by=rep, email="jane@acme.example")
    api.post(f"/api/lead/update/{lead.pk}", {"city": "Oslo"})
    api.post("/api/lead/status-change", {"ids": [lead.pk], "status": 2})
    api.post("/api/lead/assign-user", {"ids": [lead.pk], "assigned_to": colleague.pk})
    api.delete("/api/lead/delete", {"ids": [lead.pk]})
    body = feed(rep, model_type="lead", model_id=lead.pk)
    assert [row["action"] for row in body["data"]] == ["delete", "assignment", "status_change", "update", "create"]
    assert body["total"] == 5
    assert body["data"][3] | {"id": 0, "change_id": 0, "created_at": ""} == {
        "id": 0,
        "model_type": "lead",
        "model_id": lead.pk,
        "action": "update",
        "title": "Lead updated",
        "description": "Jane Doe: city",
        "user_id": rep.pk,
        "change_id": 0,
        "created_at": "",
    }


def test_only_the_own_organisation(rep, outsider):
    lead = make_lead(rep.organization, by=rep)
    assert feed(outsider)["total"] == 0 and feed(outsider, model_type="lead", model_id=lead.pk)["total"] == 0


def test_nothing_of_members_roles_and_keys(api, rep):
    api.post("/api/role/add", {"name": "Chief"})
    make_lead(rep.organization, by=rep, company="Parcelly")
    assert {row["model_type"] for row in feed(rep, limit=100)["data"]} == {"lead", "company"}


def test_searches_titles_and_names(api, rep):
    jane, john = make_lead(rep.organization, by=rep), make_lead(rep.organization, by=rep, first_name="Xaver")
    api.post("/api/lead/status-change", {"ids": [jane.pk], "status": 2})
    assert [row["model_id"] for row in feed(rep, search_value="xaver")["data"]] == [john.pk]
    assert [row["action"] for row in feed(rep, search_value="status ch")["data"]] == ["status_change"]
    assert feed(rep, search_value="nothing like it")["total"] == 0


def test_tells_the_api_key(key_api, rep):
    key_api.post("/api/v1/lead", {"email": "jane@acme.example", "first_name": "Jane"})
    (row,) = feed(rep)["data"]
    assert row["user_id"] is None and row["description"] == "Jane (API key Test key)"


@pytest.mark.parametrize(
    "params",
    [
        {"model_type": "user"},
        {"model_type": "x"},
        {"model_id": "x"},
        {"model_id": "1.5"},
        {"order_by": "verb"},
        {"start_date": "2026-02-31"},
    ],
)
def test_refuses_what_it_does_not_know(params, api):
    assert api.get("/api/feed/list", params).status_code == 400


def test_a_kind_without_records_is_an_empty_list(api):
    assert api.get("/api/feed/list", {"model_type": "deal"}).json()["total"] == 0


def test_costs_the_same_for_many_rows(rep, django_assert_num_queries):
    for _ in range(12):
        make_lead(rep.organization, by=rep)
    client = client_of(rep)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for limit in (1, 12):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get("/api/feed/list", {"limit": limit})
        counts.append(len(queries))
    assert counts[0] == counts[1]
