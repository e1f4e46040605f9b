"""POST /api/custom-lookups/update/{id} (R35)."""

import pytest

from tests.contract import shapes


@pytest.fixture
def tag(api):
    return api.post(
        "/api/custom-lookups/add", {"module_name": "lead", "type": "tags", "name": "Hot", "color_code": "#112233"}
    ).json()["data"]


def update(api, number, **fields):
    return api.post(f"/api/custom-lookups/update/{number}", fields)


def test_renamed_recoloured_switched_off(api, tag):
    shown = update(api, tag["id"], name="Warm", color_code="#445566", value="w", is_active=False).json()["data"]
    assert shown == tag | {"name": "Warm", "color_code": "#445566", "value": "w", "is_active": 0}


def test_leads_show_the_new_name(api, tag):
    lead = api.post("/api/lead/add", {"first_name": "Jane", "last_name": "Doe", "tags": [tag["id"]]}).json()["data"]
    update(api, tag["id"], name="Warm")
    assert api.get(f"/api/lead/view/{lead['id']}").json()["data"]["tags"][0]["name"] == "Warm"


@pytest.mark.parametrize("number", [1, 2, 6])
def test_seeded_values_are_protected(api, number):
    assert shapes.check_failure(update(api, number, name="Mine"), 403)["code"] == "lookup_protected"


@pytest.mark.parametrize("number", [7, 999, 1000, 99_999_999])
def test_numbers_that_are_not_there(api, number):
    shapes.check_failure(update(api, number, name="x"), 404)


def test_a_name_that_is_there(api, tag):
    api.post("/api/custom-lookups/add", {"module_name": "lead", "type": "tags", "name": "Cold"})
    assert shapes.check_failure(update(api, tag["id"], name="COLD"), 409)["code"] == "duplicate_lookup"
    assert update(api, tag["id"], name="HOT").status_code == 200  # one's own, in another case


def test_anothers_value_is_not_there(outsider_api, tag):
    shapes.check_failure(update(outsider_api, tag["id"], name="Stolen"), 404)


def test_required_fields_cannot_be_cleared(api, tag):
    for name in ("name", "is_active", "color_code", "value"):
        assert name in shapes.check_failure(update(api, tag["id"], **{name: None}), 422)["fields"]
