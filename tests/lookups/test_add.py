"""POST /api/custom-lookups/add (R35)."""

import pytest

from tests.contract import shapes

HOT = {"module_name": "lead", "type": "tags", "name": "Hot"}


def test_ids_from_1001_on_unique_over_all_types(api, outsider_api):
    ids = [
        client.post("/api/custom-lookups/add", HOT | {"type": kind, "name": name}).json()["data"]["id"]
        for client in (api, outsider_api)
        for kind in ("tags", "status", "own")
        for name in ("A", "B")
    ]
    assert min(ids) >= 1001 and len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", ["Hot", "HOT", "hot", "  Hot "])
def test_the_same_name_twice(api, outsider_api, name):
    api.post("/api/custom-lookups/add", HOT)
    assert shapes.check_failure(api.post("/api/custom-lookups/add", HOT | {"name": name}), 409)["code"] == "duplicate_lookup"
    assert (
        shapes.check_failure(api.post("/api/custom-lookups/add", HOT | {"name": name, "type": "tag"}), 409)["code"]
        == "duplicate_lookup"
    )
    assert api.post("/api/custom-lookups/add", HOT | {"type": "own"}).status_code == 201
    assert api.post("/api/custom-lookups/add", HOT | {"module_name": "contact"}).status_code == 201
    assert outsider_api.post("/api/custom-lookups/add", HOT).status_code == 201


def test_a_seeded_name_twice(api):
    shapes.check_failure(api.post("/api/custom-lookups/add", {"module_name": "lead", "type": "status", "name": "new"}), 409)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("color_code", "red"),
        ("color_code", "#12345"),
        ("color_code", "#GGGGGG"),
        ("name", ""),
        ("name", " "),
        ("module_name", ""),
        ("type", "x" * 51),
        ("value", "x" * 256),
    ],
)
def test_a_field_that_breaks_its_rule(api, name, value):
    assert list(shapes.check_failure(api.post("/api/custom-lookups/add", HOT | {name: value}), 422)["fields"]) == [name]


def test_a_parent_that_is_not_there(api, outsider_api):
    theirs = outsider_api.post("/api/custom-lookups/add", HOT).json()["data"]["id"]
    for number in (theirs, 99_999_999, 0, -1):
        shapes.check_failure(api.post("/api/custom-lookups/add", HOT | {"name": "x", "parent_id": number}), 404)


def test_usable_at_once(api):
    tag = api.post("/api/custom-lookups/add", HOT | {"color_code": "#A1b2C3"}).json()["data"]
    lead = api.post("/api/lead/add", {"first_name": "Jane", "last_name": "Doe", "tags": [tag["id"]]}).json()["data"]
    assert lead["tags"] == [{"id": tag["id"], "name": "Hot", "color_code": "#A1b2C3"}]
