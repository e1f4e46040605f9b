"""What every list understands, read from the contract (R5, R17, R30, R31, R33, R34)."""

import pytest

from tests.contract import shapes
from tests.contract.spec import BUILT, fields_of, ids, params_of

LISTS = [endpoint for endpoint in BUILT if endpoint.get("list") is True]
WRONG = {
    "integer": ["abc", "1.5"],
    "number": ["abc", "NaN", "1e400"],
    "csv<integer>": ["abc", "1,abc", "1.5", "-1"],
    "boolean": ["maybe", "2"],
    "date": ["yesterday", "2026-13-01", "300000-01-01"],
    "string": ["x" * 100_001],
}


@pytest.fixture(params=LISTS, ids=ids(LISTS))
def listed(request, world):
    """(endpoint, a function that gets its list with these parameters)."""
    required = {param["name"] for param in params_of(request.param, "query") if param["required"]}
    path, query, _ = world.request(request.param)
    always = {name: value for name, value in query.items() if name in required}
    return request.param, lambda query: world.api.get(path, always | query)


def test_page_and_limit(listed):
    _, get = listed
    first = get({"limit": 1}).json()
    assert (first["page"], first["limit"], len(first["data"])) == (1, 1, 1)
    assert get({}).json()["limit"] == 10
    for given, used in [(100, 100), (101, 100), (10**9, 100)]:
        assert get({"limit": given}).json()["limit"] == used
    far = get({"page": 10**6}).json()
    assert (far["data"], far["total"], far["page"]) == ([], first["total"], 10**6)
    for name in ("page", "limit"):
        for value in ("0", "-1", "abc", "1.5", "", "1e3", "10" * 40, "NaN", "1_0", "+1", " 1"):
            error = shapes.check_failure(get({name: value}), 400)
            assert name in error["fields"], value


def test_every_scalar_field_sorts_both_ways(listed):
    endpoint, get = listed
    fields = {name for name, kind in fields_of(endpoint).items() if kind in ("number", "string", "date", "boolean")}
    for name in sorted(fields):
        down, up = get({"order_by": name, "limit": 100}), get({"order_by": name, "order_in": "asc", "limit": 100})
        assert down.status_code == 200, f"order_by={name}: {down.content}"
        down, up = down.json()["data"], up.json()["data"]
        assert sorted(row["id"] for row in down) == sorted(row["id"] for row in up)
        values = [row[name] for row in up if row[name] is not None]
        if all(isinstance(value, int | float) for value in values):
            assert values == sorted(values), name
    for name in (
        "nonsense",
        "assigned_to__password",
        "password",
        "organization_id__name",
        "id;drop",
        "-id",
        "1",
        "tags",
        "?",
        "id,id",
    ):
        if name not in fields:
            assert "order_by" in shapes.check_failure(get({"order_by": name}), 400)["fields"]
    assert get({"order_in": "asc"}).status_code == get({"order_in": "DeSc"}).status_code == 200
    for way in ("sideways", "DESC; --", "ASC NULLS"):
        assert "order_in" in shapes.check_failure(get({"order_in": way}), 400)["fields"]


def test_newest_first_by_default(listed):
    _, get = listed
    rows = [row["id"] for row in get({"limit": 100}).json()["data"]]
    assert rows == sorted(rows, reverse=True)


def test_pages_together_are_the_list(listed):
    endpoint, get = listed
    total = get({}).json()["total"]
    for order in ({}, {"order_by": next(n for n, k in fields_of(endpoint).items() if k == "string"), "order_in": "asc"}):
        whole = [row["id"] for row in get({"limit": 100, **order}).json()["data"]]
        assert len(whole) == total
        pieces = [row["id"] for page in range(1, total + 1) for row in get({"limit": 1, "page": page, **order}).json()["data"]]
        assert pieces == whole


def test_search(listed, world):
    endpoint, get = listed
    everything = get({}).json()["total"]
    found = get({"search_value": world.mark.upper()})
    assert found.status_code == 200
    assert 1 <= found.json()["total"] <= everything
    for text in ("%", "_", "\\", "%%%", "'", "';--", "x" * 200, "\u200b", "💩", "Quillon%"):
        if text == "_" and "signal_type" in endpoint.get("search", ()):
            continue  # types are spelled with it
        assert get({"search_value": text}).json()["total"] == 0, text
    assert get({"search_value": ""}).json()["total"] == get({"search_value": "  "}).json()["total"] == everything
    for text in ("x" * 201, "a\x00b"):
        assert "search_value" in shapes.check_failure(get({"search_value": text}), 400)["fields"]


def test_dates(listed):
    endpoint, get = listed
    everything = get({}).json()["total"]
    if endpoint.get("date_field") == "none":
        assert get({"start_date": "2001-01-01", "end_date": "2001-01-02"}).json()["total"] == everything
        return
    assert get({"start_date": "2001-01-01"}).json()["total"] == everything
    assert get({"end_date": "2001-01-01"}).json()["total"] == 0
    assert get({"start_date": "2101-01-01"}).json()["total"] == 0
    for value in ("yesterday", "2026-02-30", "300000-01-01", "2026-06-15T25:00:00", "0", "[]", "2026-06-15T00:00:00+99:99"):
        for name in ("start_date", "end_date"):
            assert name in shapes.check_failure(get({name: value}), 400)["fields"], value
    shapes.check_failure(get({"start_date": "2026-06-16", "end_date": "2026-06-15"}), 400)
    for edge in ("0001-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        assert get({"start_date": edge}).status_code in (200, 400)
        assert get({"end_date": edge}).status_code in (200, 400)


def test_filters_refuse_what_they_cannot_read(listed):
    endpoint, get = listed
    for param in params_of(endpoint, "query"):
        for value in WRONG.get(param["type"], []):
            error = shapes.check_failure(get({param["name"]: value}), 400)
            assert param["name"] in error["fields"], (param["name"], value)
        assert get({param["name"]: ""}).status_code == (400 if param["required"] else 200)  # an empty one is none


def test_arrays_in_three_spellings(listed):
    endpoint, get = listed
    for param in params_of(endpoint, "query"):
        if param["type"] != "csv<integer>":
            continue
        name, two = param["name"], [str(one) for one in param.get("enum", [0, 1])[:2]]
        totals = {
            get({name: ",".join(two)}).json()["total"],
            get({name: two}).json()["total"],
            get({f"{name}[]": two}).json()["total"],
        }
        assert len(totals) == 1, name


def test_unknown_parameters_are_ignored(listed):
    _, get = listed
    assert (
        get({"nonsense": "1", "organization_id": "2", "deleted_at__isnull": "false"}).json()["total"] == get({}).json()["total"]
    )
