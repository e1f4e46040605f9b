"""GET /api/role/list, POST /api/role/add"""

import pytest

from accounts.models import Role
from tests.contract import shapes


def test_the_seeded_ones(api):
    rows = api.get("/api/role/list", {"order_in": "asc"}).json()["data"]
    assert [(row["name"], row["state_id"]) for row in rows] == [("Admin", 1), ("Manager", 1), ("Sales Rep", 1)]


def test_a_new_one(api, rep):
    answer = api.post("/api/role/add", {"name": "Closer", "description": "Closes"})
    assert (answer.status_code, answer.json()["data"]["description"]) == (201, "Closes")
    assert set(Role.objects.of(rep.organization).get(name="Closer").permissions) == set(
        Role.objects.of(rep.organization).get(name="Sales Rep").permissions
    )


@pytest.mark.parametrize("name", ["admin", "ADMIN", " Admin ", "Admin"])
def test_a_name_twice(api, outsider_api, name):
    assert shapes.check_failure(api.post("/api/role/add", {"name": name}), 409)["fields"] == {"name": ["exists already"]}
    assert (
        outsider_api.post("/api/role/add", {"name": "Closer"}).status_code
        == api.post("/api/role/add", {"name": "Closer"}).status_code
        == 201
    )


def test_unknown_rights(api):
    assert (
        "permissions" in shapes.check_failure(api.post("/api/role/add", {"name": "Odd", "permissions": ["fly"]}), 422)["fields"]
    )
