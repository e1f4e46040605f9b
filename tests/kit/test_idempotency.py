"""Idempotency-Key: once done, a repeat gets the first answer (TRUST 3.6)."""

import pytest
from django.db import connection

from leads import api as leads_api
from leads.models import Lead
from lio.api import idempotency
from lio.tenancy import org_scope
from tests.contract import shapes

JANE = {"email": "jane@acme.example", "first_name": "Jane"}


def push(client, key, body=JANE, path="/api/v1/lead"):
    return client.post(path, body, headers={"Idempotency-Key": key})


def leads(organization):
    with org_scope(organization):
        return Lead.objects.count()


def test_a_repeat_gets_the_first_answer_and_does_nothing(api, rep):
    first, again = push(api, "k1"), push(api, "k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert again["Idempotent-Replayed"] == "true" and "Idempotent-Replayed" not in first
    assert again["X-Change-Id"] == first["X-Change-Id"]
    assert again["Content-Type"] == first["Content-Type"]
    assert "X-RateLimit-Limit" in again
    assert leads(rep.organization) == 1


def test_the_same_key_for_another_request_is_refused(api, rep):
    push(api, "k1")
    for answer in (
        push(api, "k1", {"email": "other@acme.example"}),
        push(api, "k1", JANE | {"merge": 1}),
        push(api, "k1", path="/api/lead"),
        push(api, "k1", path="/api/v1/lead?x=1"),
        push(api, "k1", {"first_name": "Jane", "last_name": "Doe"}, "/api/lead/add"),
    ):
        assert shapes.check_failure(answer, 422)["code"] == "idempotency_mismatch"
    assert leads(rep.organization) == 1


def test_refusals_are_kept_although_nothing_else_is(api, rep):
    push(api, "k0")
    refused = push(api, "k1")
    assert refused.status_code == 409
    lead_id = refused.json()["error"]["details"]["lead_id"]
    assert api.delete(f"/api/lead/delete?ids={lead_id}").status_code == 200
    again = push(api, "k1")  # would be 201 now
    assert (again.status_code, again["Idempotent-Replayed"]) == (409, "true")
    for body, status in ((b"{", 400), ({"email": "no address"}, 422)):
        kind = {"content_type": "application/json"} if isinstance(body, bytes) else {}
        answers = [api.post("/api/v1/lead", body, headers={"Idempotency-Key": f"k{status}"}, **kind) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [status, status]
        assert answers[1]["Idempotent-Replayed"] == "true"


def test_faults_are_not_kept(api, rep, monkeypatch):
    def fail(*args, **kwargs):
        raise ZeroDivisionError("secret detail")

    with monkeypatch.context() as patch:
        patch.setattr(leads_api, "capture", fail)
        answer = push(api, "k1")
        assert (answer.status_code, "secret" in answer.content.decode()) == (500, False)
    assert push(api, "k1").status_code == 201
    assert leads(rep.organization) == 1


def test_what_the_caller_may_not_do_is_not_kept(colleague_api):
    answers = [colleague_api.post("/api/role/add", {"name": "Chief"}, headers={"Idempotency-Key": "k1"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert "Idempotent-Replayed" not in answers[1]


def test_organisations_have_keys_of_their_own(api, outsider_api, rep, outsider):
    mine, theirs = push(api, "k1"), push(outsider_api, "k1")
    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert mine.json()["data"]["id"] != theirs.json()["data"]["id"]
    assert leads(rep.organization) == leads(outsider.organization) == 1


def test_reading_takes_no_key(api):
    api.get("/api/lead/list", headers={"Idempotency-Key": "k1"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM lio_idempotencykey")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(("key", "status"), [("x" * 255, 201), ("x" * 256, 422), ("ключ", 201), (" ", 201)])
def test_which_keys_will_do(api, key, status):
    assert push(api, key.encode().decode("latin-1")).status_code == status


def test_old_keys_are_forgotten(api):
    push(api, "k1")
    idempotency.sweep()
    assert push(api, "k1")["Idempotent-Replayed"] == "true"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE lio_idempotencykey SET created_at = now() - interval '49 hours'")
    idempotency.sweep()
    assert push(api, "k1").status_code == 409
