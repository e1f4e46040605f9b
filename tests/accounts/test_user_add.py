"""POST /api/user/add (R12, R13)."""

import pytest

from accounts.models import Role, User
from tests.contract import shapes

NEW = {"first_name": "Nora", "email": "Nora@acme.example", "phone_no": "+49 30 1", "password": "orchard-gate-9"}


def test_makes_a_member_who_can_sign_in(api, rep, sign_in):
    answer = api.post("/api/user/add", NEW | {"last_name": "New"})
    assert answer.status_code == 201
    shown = answer.json()["data"]
    assert (shown["email"], shown["name"], shown["role_name"], shown["state_id"]) == (
        "nora@acme.example",
        "Nora New",
        "Sales Rep",
        1,
    )
    assert (shown["organization_id"], shown["language"], shown["timezone"]) == (rep.organization.public_id, "en", "UTC")
    assert "password" not in answer.content.decode()
    assert sign_in("nora@acme.example", NEW["password"]).json()["user"]["id"] == shown["id"]


def test_an_address_is_taken_over_all_organisations_and_for_ever(api, outsider_api, outsider, colleague):
    for taken in (outsider.email, outsider.email.upper(), colleague.email):
        error = shapes.check_failure(api.post("/api/user/add", NEW | {"email": taken}), 409)
        assert error["code"] == "duplicate_user" and outsider.organization.name not in str(error)
    api.post("/api/user/delete", {"user_id": colleague.pk})
    assert outsider_api.post("/api/user/add", NEW | {"email": colleague.email}).status_code == 409


@pytest.mark.parametrize(
    "password", ["short-7", "password", "12345678", "nora@acme.example", "NoraNora1" * 15, "qwertyuiop", "        "]
)
def test_weak_passwords(api, password):
    assert list(shapes.check_failure(api.post("/api/user/add", NEW | {"password": password}), 422)["fields"]) == ["password"]
    assert not User.objects.filter(email="nora@acme.example").exists()


def test_roles_of_ones_own_organisation_only(api, rep, outsider):
    manager = Role.objects.of(rep.organization).get(name="Manager")
    assert api.post("/api/user/add", NEW | {"role_id": manager.pk}).json()["data"]["role_name"] == "Manager"
    theirs = Role.objects.of(outsider.organization).get(name="Manager")
    shapes.check_failure(api.post("/api/user/add", NEW | {"email": "b@acme.example", "role_id": theirs.pk}), 404)


def test_admins_only(colleague_api):
    shapes.check_failure(colleague_api.post("/api/user/add", NEW), 403)
    assert not User.objects.filter(email="nora@acme.example").exists()
