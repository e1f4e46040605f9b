"""What ends a session ends it at the next request (R11, T19-T21)."""

from accounts.models import Role, User
from lio.tenancy import org_scope
from tests.conftest import sign_in as sign_in_browser
from tests.factories import PASSWORD


def status(client):
    return client.get("/api/user/my").status_code


def test_logout_ends_this_one_only(signed_in, rep):
    one, two = signed_in(rep), signed_in(rep)
    assert one.post("/api/auth/logout").json() == {"success": True, "message": "Signed out", "data": None}
    assert (status(one), status(two)) == (401, 200)
    assert one.post("/api/auth/logout").status_code == 401


def test_changing_the_password_ends_all_others(signed_in, sign_in, rep, client):
    one, two = signed_in(rep), signed_in(rep)
    browser = sign_in_browser(client, rep)
    assert browser.get("/leads/").status_code == 200
    new = "orchard-gate-9"
    changed = one.post(
        "/api/user/change-password", {"current_password": PASSWORD, "new_password": new, "confirm_password": new}
    )
    assert changed.status_code == 200
    assert (status(one), status(two), browser.get("/leads/").status_code) == (200, 401, 302)
    assert (sign_in(rep.email).status_code, sign_in(rep.email, new).status_code) == (401, 200)


def test_a_refused_change_ends_nothing(signed_in, rep):
    one, two = signed_in(rep), signed_in(rep)
    one.post(
        "/api/user/change-password",
        {"current_password": "wrong", "new_password": "orchard-gate-9", "confirm_password": "orchard-gate-9"},
    )
    assert (status(one), status(two)) == (200, 200)


def test_removal_ends_all_and_coming_back_starts_anew(signed_in, sign_in, api, colleague, client):
    theirs = signed_in(colleague)
    browser = sign_in_browser(client, colleague)
    assert api.post("/api/user/delete", {"user_id": colleague.pk}).status_code == 200
    assert (status(theirs), browser.get("/leads/").status_code, sign_in(colleague.email).status_code) == (401, 302, 403)
    assert api.post(f"/api/user/update/{colleague.pk}", {"state_id": 1}).status_code == 200
    assert (status(theirs), sign_in(colleague.email).status_code) == (401, 200)


def test_a_change_of_role_counts_at_once(signed_in, api, rep, colleague):
    theirs = signed_in(colleague)
    assert theirs.get("/api/api-keys").status_code == 403
    with org_scope(rep.organization):
        ids = dict(Role.objects.of(rep.organization).values_list("name", "pk"))
    api.post(f"/api/user/update/{colleague.pk}", {"role_id": ids["Admin"]})
    assert theirs.get("/api/api-keys").status_code == 200
    api.post(f"/api/user/update/{colleague.pk}", {"role_id": ids["Sales Rep"]})
    assert theirs.get("/api/api-keys").status_code == 403


def test_a_role_that_loses_a_right_loses_it_at_once(signed_in, rep):
    from accounts import roles
    from tests.factories import make_member

    with org_scope(rep.organization):
        role = roles.add(rep.organization, name="Keys", permissions=["keys.manage"], by=rep)
    theirs = signed_in(make_member(rep.organization, role="Keys"))
    assert theirs.get("/api/api-keys").status_code == 200
    with org_scope(rep.organization):
        roles.update(role, by=rep, permissions=[])
    assert theirs.get("/api/api-keys").status_code == 403


def test_a_member_switched_off_by_whatever_way_is_out_at_once(signed_in, colleague, client):
    theirs, browser = signed_in(colleague), sign_in_browser(client, colleague)
    User.objects.filter(pk=colleague.pk).update(is_active=False)
    assert (status(theirs), browser.get("/leads/").status_code) == (401, 302)
