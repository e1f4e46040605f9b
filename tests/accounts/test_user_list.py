"""GET /api/user/list and /api/user/my"""

from accounts.models import Role
from tests.factories import make_member


def test_my_profile(colleague_api, colleague):
    assert colleague.booking_slug  # everybody can be booked from the start
    shown = colleague_api.get("/api/user/my").json()["data"]
    assert (shown["id"], shown["email"], shown["role_name"], shown["booking_slug"]) == (
        colleague.pk,
        colleague.email,
        "Sales Rep",
        colleague.booking_slug,
    )


def test_members_by_role_and_name(api, rep):
    roles = dict(Role.objects.of(rep.organization).values_list("name", "pk"))
    manager = make_member(rep.organization, role="Manager", first_name="Mona", phone_no="+49 555")
    make_member(rep.organization)

    def ids(**query):
        return [row["id"] for row in api.get("/api/user/list", query).json()["data"]]

    assert ids(role_id=roles["Manager"]) == [manager.pk]
    assert ids(role_id=f"{roles['Manager']},{roles['Admin']}") == [manager.pk, rep.pk]
    assert ids(search_value="mona") == ids(search_value="+49 5") == [manager.pk]
    assert ids(role_id=99_999_999) == []


def test_no_password_in_any_answer(api):
    for path in ("/api/user/list", "/api/user/my"):
        assert "password" not in api.get(path).content.decode() and "argon2" not in api.get(path).content.decode()
