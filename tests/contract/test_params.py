"""What each endpoint asks of its body, read from the contract: required, types, lengths, ranges, enums (R5, R19, R23)."""

import pytest

from tests.contract import shapes
from tests.contract.spec import BUILT, WRITES, ids, params_of
from tests.world import TAKES_TEXT

BODIES = [endpoint for endpoint in BUILT if params_of(endpoint, "body")]
PARTIAL = {"user-update"}  # an update is partial: nothing in it is required (R23)
UNREADABLE = {"auth-login"}  # login answers 400 where others answer 422 (R5)
TAKES_FORMS = {"web-form-submit", "track-unsubscribe-do"}  # what a page posts is readable, too
WRONG = {
    "integer": ["abc", 1.5, True, {}, [], "1 or 1=1"],
    "number": ["abc", {}, [], True, "NaN", "1e400"],
    "boolean": ["maybe", 2, {}, []],
    "string": [{}, [], 5, 1.5, True],
    "array<integer>": ["abc", {}, [{}], [True], ["abc"], 1.5],
    "array<string>": ["abc", {}, [{}], [[]]],
    "object": ["abc", [], 5],
    "datetime": ["yesterday", 5, {}, "2026-13-01T00:00:00Z", "300000-01-01T00:00:00Z", "2026-01-01T00:00:00+99:99"],
    "date": ["yesterday", 5, {}],
}
NOWHERE = NEVER = 987_654_321  # no sequence of a test comes here


def refused(world, endpoint, name, value, status):
    answer = world.call(endpoint, **{name: value})
    error = shapes.check_failure(answer, status)
    assert name in error.get("fields", {}), (value, error)


@pytest.mark.parametrize("endpoint", BODIES, ids=ids(BODIES))
def test_required_fields(endpoint, world):
    path, query, body = world.request(endpoint)
    for param in params_of(endpoint, "body"):
        name = param["name"]
        if not param["required"] or endpoint["id"] in PARTIAL:
            continue
        status = 400 if name == "ids" or endpoint["id"] in UNREADABLE else 422
        lacking = {key: value for key, value in body.items() if key != name}
        error = shapes.check_failure(world.call(endpoint, path=path, query=query, body=lacking), status)
        assert name in error["fields"]
        if not param.get("nullable") and name != "ids":
            error = shapes.check_failure(world.call(endpoint, path=path, query=query, body=body | {name: None}), status)
            assert name in error["fields"]


@pytest.mark.parametrize("endpoint", BODIES, ids=ids(BODIES))
def test_wrong_types(endpoint, world):
    for param in params_of(endpoint, "body"):
        status = 400 if endpoint["id"] in UNREADABLE else 422
        for value in WRONG.get(param["type"], []):
            if (param["name"] == "ids" and value == []) or (endpoint["id"] == "lead-delete" and not value):
                continue
            refused(world, endpoint, param["name"], value, status)


@pytest.mark.parametrize("endpoint", BODIES, ids=ids(BODIES))
def test_bounds(endpoint, world):
    for param in params_of(endpoint, "body"):
        name = param["name"]
        if "min" in param and param["type"] == "string":
            refused(world, endpoint, name, "x" * (param["min"] - 1), 422)
        if "max" in param and param["type"] == "string":
            refused(world, endpoint, name, "x" * (param["max"] + 1), 422)
        if "min" in param and param["type"] in ("integer", "number"):
            refused(world, endpoint, name, param["min"] - 1, 422)
        if "enum" in param:
            refused(world, endpoint, name, 99, 422)
        if param["type"] == "integer":
            for value in (2**31, 2**62):
                refused(world, endpoint, name, value, 404 if param.get("record") else 422)


@pytest.mark.parametrize("endpoint", BODIES, ids=ids(BODIES))
def test_unknown_records_are_not_found(endpoint, world):
    for param in params_of(endpoint, "body"):
        if param.get("record"):
            value = [NOWHERE] if param["type"].startswith("array") else NOWHERE
            shapes.check_failure(world.call(endpoint, **{param["name"]: value}), 404)


@pytest.mark.parametrize("endpoint", [e for e in BUILT if e["method"] in WRITES and e["auth"] != "none"], ids=lambda e: e["id"])
def test_unknown_and_read_only_fields_are_ignored(endpoint, world):
    """R20, R22: another organisation cannot be named, and an id cannot be chosen."""
    if endpoint["id"] in ("v1-lead",):
        return  # keeps what it does not know: tests/leads/test_push.py
    extra = {
        "organization_id": "org_other",
        "organization": 999,
        "id": NEVER,
        "score": 99,
        "created_at": "2001-01-01T00:00:00Z",
        "nonsense": {"deep": [1]},
        "is_system": True,
        "deleted_at": "2001-01-01",
        "email_norm": "x",
        "number": 5,
    }
    if params_of(endpoint, "multipart"):
        del extra["nonsense"]  # a form has no objects
    path, query, body = world.request(endpoint)
    answer = world.call(endpoint, path=path, query=query, body=extra | body)
    assert answer.status_code == endpoint["response"]["status"], answer.content
    shown = answer.json().get("data") or {}
    assert shown.get("id") != NEVER and "nonsense" not in shown and shown.get("score", 0) != 99


@pytest.mark.parametrize("endpoint", [e for e in BUILT if e["method"] in WRITES], ids=lambda e: e["id"])
def test_bodies_that_cannot_be_read(endpoint, world):
    path, _, body = world.request(endpoint)
    if not body and not params_of(endpoint, "body"):
        return  # takes no body: what is sent is not looked at
    for text, kind in [
        ("", "application/json"),
        ("{", "application/json"),
        ("[]", "application/json"),
        ("null", "application/json"),
        ('"text"', "application/json"),
        ("5", "application/json"),
        ("{}", "text/plain"),
        ("{}", "application/xml"),
        ("a=b", "application/x-www-form-urlencoded"),
        ("--x--\r\n", "multipart/form-data; boundary=x"),
    ]:
        if params_of(endpoint, "multipart") and kind.startswith("multipart/"):
            continue  # readable, but empty
        answer = getattr(world.api, endpoint["method"].lower())(path, text, content_type=kind)
        if endpoint["id"] in TAKES_FORMS and kind.startswith(("application/x-www", "multipart/")):
            shapes.check_failure(answer, 422)
            continue
        if endpoint["id"] in TAKES_TEXT and text == "{}":
            shapes.check_failure(answer, 422)
            continue
        if params_of(endpoint, "multipart") and not kind.startswith(("application/json", "text", "application/xml")):
            shapes.check_failure(answer, answer.status_code)  # a form that can be read, without what is needed
            assert answer.status_code in (400, 422)
        elif text:
            shapes.check_failure(answer, 400)
        else:  # no body is an empty one: an update that changes nothing, else fields are missing
            assert answer.status_code in (200, 400, 422)
