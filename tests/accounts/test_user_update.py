"""POST /api/user/update/{id} (R12, R13)."""

import pytest

from accounts.models import Role, User
from tests.contract import shapes


def test_everybody_may_change_themselves(colleague_api, colleague):
    answer = colleague_api.post(
        f"/api/user/update/{colleague.pk}",
        {
            "first_name": "Robin",
            "last_name": None,
            "phone_no": "5",
            "language": "de-AT",
            "timezone": "Europe/Vienna",
            "email": "Robin@acme.example",
        },
    )
    shown = answer.json()["data"]
    assert (shown["name"], shown["phone_no"], shown["language"], shown["timezone"], shown["email"]) == (
        "Robin",
        "5",
        "de-AT",
        "Europe/Vienna",
        "robin@acme.example",
    )


def test_others_are_for_admins(colleague_api, api, rep, colleague):
    shapes.check_failure(colleague_api.post(f"/api/user/update/{rep.pk}", {"first_name": "Stolen"}), 403)
    assert api.post(f"/api/user/update/{colleague.pk}", {"first_name": "Robin"}).status_code == 200


def test_role_and_state_are_taken_from_admins_only(colleague_api, api, rep, colleague):
    admin = Role.objects.of(rep.organization).get(name="Admin").pk
    shown = colleague_api.post(f"/api/user/update/{colleague.pk}", {"role_id": admin, "state_id": 0}).json()["data"]
    assert (shown["role_name"], shown["state_id"]) == ("Sales Rep", 1)
    assert api.post(f"/api/user/update/{colleague.pk}", {"role_id": admin}).json()["data"]["role_name"] == "Admin"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timezone", "Mars/Olympus"),
        ("timezone", "../etc/passwd"),
        ("timezone", ""),
        ("language", "x"),
        ("language", "english!"),
        ("email", ""),
        ("email", "x"),
        ("email", None),
        ("first_name", "R"),
        ("first_name", None),
        ("phone_no", ""),
        ("state_id", 2),
        ("state_id", "gone"),
        ("role_id", "x"),
    ],
)
def test_a_field_that_breaks_its_rule(api, colleague, name, value):
    assert list(shapes.check_failure(api.post(f"/api/user/update/{colleague.pk}", {name: value}), 422)["fields"]) == [name]


def test_an_address_that_is_taken(api, colleague, outsider):
    for email in (outsider.email, outsider.email.upper()):
        assert (
            shapes.check_failure(api.post(f"/api/user/update/{colleague.pk}", {"email": email, "first_name": "Robin"}), 409)[
                "code"
            ]
            == "duplicate_user"
        )
    assert User.objects.get(pk=colleague.pk).first_name == "Rob"


def test_the_last_admin_stays_one(api, rep, colleague):
    reps = Role.objects.of(rep.organization).get(name="Sales Rep").pk
    for change in ({"role_id": reps}, {"state_id": 0}):
        shapes.check_failure(api.post(f"/api/user/update/{rep.pk}", change), 409)
    api.post(f"/api/user/update/{colleague.pk}", {"role_id": Role.objects.of(rep.organization).get(name="Admin").pk})
    assert api.post(f"/api/user/update/{rep.pk}", {"role_id": reps}).status_code == 200


def test_anothers_member_is_not_there(api, outsider):
    shapes.check_failure(api.post(f"/api/user/update/{outsider.pk}", {"first_name": "Stolen"}), 404)
