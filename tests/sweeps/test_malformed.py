"""What no body may do: end in a 500, or change anything (TRUST 3.8, T17)."""

import json
import os

import pytest

from tests.contract import shapes
from tests.contract.spec import BUILT, WRITES, params_of
from tests.world import HEADERS, TAKES_TEXT, snapshot

SHARE = 1 if os.environ.get("LIO_SOAK") else 3  # of the pairs of field and odd value, one in so many
BODIES = [endpoint for endpoint in BUILT if endpoint["method"] in WRITES and params_of(endpoint, "body")]
DIGITS = "9" * 5000
REFUSED = {  # values, as JSON text, that are refused wherever they stand
    "NUL in a string": r'"a\u0000b"',
    "NUL in a list": r'["a\u0000"]',
    "NUL in an object": r'{"a": "\u0000"}',
    "NUL in a key": r'{"\u0000": 1}',
    "half a surrogate": r'"\ud800"',
    "half a surrogate in an object": r'{"a": ["\udfff"]}',
    "half a surrogate in a key": r'{"\ud800": 1}',
    "NaN": "NaN",
    "Infinity": "Infinity",
    "-Infinity": "-Infinity",
    "10^30": str(10**30),
    "-10^30": str(-(10**30)),
    "5,000 digits": DIGITS,
    "5,000 digits after the point": f"0.{DIGITS}",
    "1e400": "1e400",
    "1e131073": "1e131073",
    "4,000 digits in an object": f'{{"a": {DIGITS[:4000]}}}',
    "nesting 900": "[" * 900 + "]" * 900,
    "nesting 100,000": "[" * 100_000 + "]" * 100_000,
    "objects 100,000 deep": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "nesting 30": "[" * 30 + "]" * 30,
    "50,000 values": json.dumps([1] * 50_000),
    "2 MB": json.dumps("x" * 2_000_000),
}
ODD = {  # values that some field may take, and no field may fall over
    "2^31": str(2**31),
    "2^63-1": str(2**63 - 1),
    "-2^63": str(-(2**63)),
    "NaN as text": '"NaN"',
    "1e999999 as text": '"1e999999"',
    "year 300000": '"300000-01-01"',
    "offset +99:99": '"2026-01-01T00:00:00+99:99"',
    "before the first day": '"0001-01-01T00:00+14:00"',
    "after the last day": '"9999-12-31T23:59-14:00"',
    "an empty list": "[]",
    "an empty object": "{}",
    "a list of lists": "[[[]]]",
    "false": "false",
    "a long text": json.dumps("x" * 20_000),
    "blank": '"   "',
    "emoji": '"\\ud83d\\ude00"',
    "right to left": '"\\u202e"',
    "0": "0",
    "-1": "-1",
    "a tiny number": "1e-300",
    "many digits": "0.1234567890123456789",
    "percent": '"%s %(a)s {0} %"',
}
WHOLE = {
    "a list": (b"[]", None),
    "null": (b"null", None),
    "text": (b'"a"', None),
    "a number": (b"1", None),
    "cut off": (b"{", None),
    "FF FE": (b"\xff\xfe", None),
    "UTF-16": ("{}".encode("utf-16"), None),
    "BOM": (b"\xef\xbb\xbf{}", None),
    "two values": (b"{}{}", None),
    "single quotes": (b"{'a': 1}", None),
    "a comment": (b"{} // x", None),
    "trailing comma": (b'{"a": 1,}', None),
    "latin-1": (b'{"first_name": "M\xfcller"}', None),
    "overlong UTF-8": (b'{"a": "\xc0\x80"}', None),
    "raw NUL": (b'{"a": "\x00"}', None),
    "form": (b"a=b", "application/x-www-form-urlencoded"),
    "plain text": (b"{}", "text/plain"),
    "XML": (b"<a/>", "application/xml"),
    "no content type": (b"{}", ""),
    "nonsense type": (b"{}", "nonsense"),
    "UTF-7": (b"{}", "application/json; charset=utf-7"),
}


def send(world, endpoint, path, raw, kind="application/json"):
    headers = HEADERS.get(endpoint["id"], {})
    return getattr(world.api, endpoint["method"].lower())(path, raw, content_type=kind, headers=headers)


@pytest.mark.parametrize("endpoint", BODIES, ids=lambda e: e["id"])
def test_refused_bodies(endpoint, world):
    path, _, body = world.request(endpoint)
    before = snapshot(world.organization)
    for name, value in REFUSED.items():
        for field in ("x", params_of(endpoint, "body")[0]["name"]):
            raw = json.dumps({key: own for key, own in body.items() if key != field})[:-1] + f', "{field}": {value}}}'
            answer = send(world, endpoint, path, raw.replace("{, ", "{", 1))
            assert answer.status_code in (400, 422), (name, field, answer.status_code, answer.content[:300])
            shapes.check_failure(answer, answer.status_code)
    for name, (raw, kind) in WHOLE.items():
        answer = send(world, endpoint, path, raw, "application/json" if kind is None else kind)
        # the content type fits; JSON is UTF-8 whatever it says
        if name == "UTF-7" or (endpoint["id"] in TAKES_TEXT and raw == b"{}"):
            assert answer.status_code < 500
            continue
        assert answer.status_code == 400, (name, answer.status_code, answer.content[:300])
        shapes.check_failure(answer, 400)
    assert snapshot(world.organization) == before


@pytest.mark.parametrize("endpoint", BODIES, ids=lambda e: e["id"])
def test_odd_values_in_every_field(endpoint, world):
    fields = [param["name"] for param in params_of(endpoint, "body")]
    if endpoint["id"] in ("v1-lead", "lead-update"):
        fields += [
            "city",
            "notes",
            "estimated_value",
            "website",
            "company_id",
            "assigned_to",
            "custom_fields",
            "pin_code",
            "score",
        ]
    path, _, body = world.request(endpoint)
    for n, field in enumerate(fields):
        for m, (name, value) in enumerate(ODD.items()):
            if (n + m) % SHARE:
                continue
            raw = json.dumps({key: own for key, own in body.items() if key != field})[:-1] + f', "{field}": {value}}}'
            answer = send(world, endpoint, path, raw.replace("{, ", "{", 1))
            assert answer.status_code < 500 and answer.status_code != 403, (name, field, answer.content[:300])
            if answer.status_code >= 400:
                shapes.check_failure(answer, answer.status_code)


@pytest.mark.parametrize("endpoint", [e for e in BUILT if e["method"] == "GET"], ids=lambda e: e["id"])
def test_odd_queries(endpoint, world):
    path, _, _ = world.request(endpoint)
    names = [param["name"] for param in params_of(endpoint, "query")]
    if endpoint.get("list"):
        names += ["page", "limit", "search_value", "order_by", "order_in", "start_date", "end_date"]
    for name in names:
        for value in (
            "%00",
            "%ED%A0%80",
            "%FF",
            "a" * 3000,
            "1e9",
            str(2**31),
            str(2**63),
            str(10**30),
            "-1",
            "null",
            "[]",
            "{}",
            "%F0%9F%98%80",
            "0001-01-01",
            "9999-12-31",
            "9999-12-31T23:59:59-14:00",
            "%25%5F%5C",
            "1,2,3,",
            ",",
            "'%3B--",
        ):
            answer = world.api.get(f"{path}?{name}={value}&{name}[]={value}")
            assert answer.status_code in (200, 400, 404), (name, value, answer.content[:300])
            if answer.status_code != 200:
                shapes.check_failure(answer, answer.status_code)


def test_deletes_with_odd_bodies_and_queries(world):
    before = snapshot(world.organization)
    for raw, kind in WHOLE.values():
        answer = world.api.generic("DELETE", "/api/lead/delete", raw, content_type=kind or "application/json")
        assert answer.status_code in (400, 422), (raw, answer.content)
    for value in REFUSED.values():
        answer = world.api.generic("DELETE", "/api/lead/delete", f'{{"ids": {value}}}', content_type="application/json")
        assert answer.status_code in (400, 422), (value[:50], answer.content)
    for query in ("ids=", "ids=abc", "ids=1,abc", "ids=-1", "ids=%00", "ids=1e3", f"ids={10**30}", "ids[]=x", "id=1", ""):
        answer = world.api.delete(f"/api/lead/delete?{query}")
        assert answer.status_code in (400, 404, 422), (query, answer.content)
    assert snapshot(world.organization) == before


def test_odd_headers(world):
    for headers in (
        {"Accept": "text/html"},
        {"Accept": "application/xml"},
        {"Accept": "garbage"},
        {"Accept-Language": "x" * 5000},
        {"X-Request-Id": "a b\tc"},
        {"X-Request-Id": "x" * 5000},
        {"Cookie": "lio_session=junk; sessionid=1"},
        {"X-Forwarded-For": "junk, 1.2.3.4"},
        {"Content-Encoding": "gzip"},
        {"X-HTTP-Method-Override": "DELETE"},
        {"Origin": "null"},
        {"Range": "bytes=0-1"},
        {"If-None-Match": "*"},
    ):
        answer = world.api.get("/api/lead/list", headers=headers)
        assert answer.status_code == 200, headers
        assert answer.json()["success"] is True
        assert " " not in answer["X-Request-Id"] and len(answer["X-Request-Id"]) <= 64
