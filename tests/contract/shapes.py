"""What an answer must look like: the envelope, the error, and the documented fields with their types."""

import re

ERROR_TYPES = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    422: "validation_error",
    429: "rate_limited",
    500: "server_error",
    503: "server_error",
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
TYPES = {
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "date": lambda value: isinstance(value, str) and bool(MOMENT.fullmatch(value) or re.fullmatch(r"\d{4}-\d\d-\d\d", value)),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}
NEVER_NULL = {"array", "object"}  # R10


def check_failure(answer, status):
    """The answer refuses with that status, in the one shape of refusals, and tells nothing internal."""
    assert answer.status_code == status, (answer.status_code, answer.content[:500])
    assert answer["Content-Type"].startswith("application/json")
    body = answer.json()
    assert set(body) == {"success", "error"} and body["success"] is False
    error = body["error"]
    assert {"message", "type", "code"} <= set(error) <= {"message", "type", "code", "fields", "details"}
    assert error["type"] == ERROR_TYPES[status]
    assert isinstance(error["message"], str) and error["message"]
    assert error["code"] is None or isinstance(error["code"], str)
    for name, lines in error.get("fields", {}).items():
        assert isinstance(name, str)
        assert isinstance(lines, list | dict), error
    if status == 422:
        assert error.get("fields"), error
    if status in (429, 503):
        assert int(answer["Retry-After"]) >= 1
    assert answer["X-Request-Id"]
    text = answer.content.decode()
    for leak in ("Traceback", "psycopg", "SELECT ", "/lio/", ".py", "django"):
        assert leak not in text, text
    return error


def check_success(answer, endpoint):
    assert answer["X-Request-Id"]
    kind = endpoint["response"]["kind"]
    if kind == "file":
        assert (
            answer["Content-Disposition"].startswith("attachment; filename") and answer["X-Content-Type-Options"] == "nosniff"
        )
        assert b"".join(answer)
        return
    if kind == "raw image":
        assert answer["Content-Type"] == endpoint["response"]["content_type"] and answer.content.startswith(b"GIF89a")
        return
    if kind == "redirect":
        assert answer["Location"].startswith("https://")
        return
    if kind == "html":
        assert answer["Content-Type"].startswith("text/html") and answer.content.startswith(b"<!doctype html>")
        return
    body = answer.json()
    assert body["success"] is True
    if kind == "token":
        assert "data" not in body
        check_record(body, endpoint["shape"])
        return
    assert isinstance(body["message"], str)
    if kind == "list":
        assert {"data", "total", "page", "limit"} <= set(body)
        assert isinstance(body["data"], list) and len(body["data"]) <= body["total"]
        assert body["data"], "the world has a record of every kind"
        for row in body["data"]:
            check_record(row, endpoint.get("data_fields") or endpoint.get("shape") or {})
    elif endpoint.get("data_fields") or endpoint.get("shape"):
        check_record(body["data"], endpoint.get("data_fields") or endpoint["shape"])
    else:
        assert body["data"] is None or isinstance(body["data"], dict)
    if kind == "envelope":
        assert set(body) == {"success", "message", "data"}


def check_record(row, fields):
    """Every documented field is there, with its type or null; nothing else is (nested objects aside)."""
    assert isinstance(row, dict), row
    assert fields.keys() <= row.keys(), f"missing: {sorted(fields.keys() - row.keys())}"
    for name, kind in fields.items():
        value = row[name]
        if isinstance(kind, dict):
            check_record(value, kind)
        elif kind in TYPES:
            assert TYPES[kind](value) or (value is None and kind not in NEVER_NULL), f"{name} is {value!r}, not a {kind}"
        else:
            assert kind == "any" or value is not None


def sample(route):
    """A path that a route's regular expression takes."""
    return re.sub(r"\(\?P<\w+>[^)]*\)|<[^>]+>", "1", route)
