"""The one shape of answers, request ids, faults that tell nothing (R1, R5-R7, R10)."""

import json
import re

import pytest
from django.db import DatabaseError, OperationalError
from rest_framework.test import APIClient

from leads import api as leads_api
from tests.contract import shapes


def test_one_record_is_an_object_and_a_list_an_array(api):
    made = api.post("/api/lead/add", {"first_name": "Jane", "last_name": "Doe"}).json()
    assert set(made) == {"success", "message", "data"} and isinstance(made["data"], dict)
    listed = api.get("/api/lead/list").json()
    assert set(listed) == {"success", "message", "data", "total", "page", "limit"}
    assert (listed["total"], listed["page"], listed["limit"]) == (1, 1, 10)


def test_unset_fields_are_null_arrays_and_objects_empty(api):
    shown = api.post("/api/v1/lead", {"email": "a@acme.example"}).json()["data"]
    assert (shown["tags"], shown["custom_fields"], shown["ai_information"]) == ([], {}, {})
    assert shown["city"] is None and shown["estimated_value"] is None and shown["score"] == 0


def test_every_answer_carries_a_request_id(api):
    for client, path in ((api, "/api/user/my"), (APIClient(), "/api/user/my"), (api, "/api/none"), (api, "/healthz")):
        assert re.fullmatch(r"[0-9a-f]{32}", client.get(path)["X-Request-Id"])
    assert api.get("/api/user/my", headers={"X-Request-Id": "mine-12345678"})["X-Request-Id"] == "mine-12345678"
    for bad in ("short", "a b c d e f g h", "x" * 65, "ä" * 10, "<script>alert</script>"):
        assert api.get("/api/user/my", headers={"X-Request-Id": bad.encode().decode("latin-1")})["X-Request-Id"] != bad


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ZeroDivisionError("the secret is 42"), 500),
        (OperationalError("server closed the connection: secret"), 503),
        (DatabaseError("relation secret does not exist"), 500),
        (RecursionError("secret"), 500),
        (MemoryError("secret"), 500),
        (KeyError("secret"), 500),
        (UnicodeDecodeError("utf-8", b"secret", 0, 1, "secret"), 500),
    ],
)
def test_faults_tell_nothing_internal(api, monkeypatch, error, status):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(leads_api, "capture", fail)
    answer = api.post("/api/lead/add", {"first_name": "Jane", "last_name": "Doe"})
    told = shapes.check_failure(answer, status)
    assert "secret" not in json.dumps(told)


def test_message_names_the_field_that_is_wrong(api):
    error = shapes.check_failure(api.post("/api/lead/add", {"first_name": "J", "last_name": "Doe", "priority": 9}), 422)
    assert set(error["fields"]) == {"first_name", "priority"}
    assert error["message"].startswith("first_name: ")


def test_json_answers_may_not_be_taken_for_pages(api):
    answer = api.get("/api/lead/list")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert "Set-Cookie" not in answer


def test_text_comes_back_as_it_was_sent(api):
    for text in (
        "<script>alert(1)</script>",
        "  spaces  ",
        "{{7*7}}",
        "Zoë 💩 名前",
        "a\nb\tc",
        "' OR 1=1 --",
        "%s",
        "\\u0041",
        "=1+1",
    ):
        shown = api.post("/api/v1/lead", {"phone_number": "1", "last_name": text, "custom_fields": {"t": text}}).json()["data"]
        assert (shown["last_name"], shown["custom_fields"]["t"]) == (text, text)
