"""Settings as pages: what is saved, what is refused beside its field with the input kept, what the log shows."""

import pytest

from accounts.models import ApiKey, AuditEntry, Invitation, Role
from lio.tenancy import org_scope
from tests.factories import PASSWORD, make_member


def said(response, client):
    return client.get(response["Location"]).content.decode()


def test_the_organization_is_renamed(browser, rep):
    answer = browser.post("/settings/organization", {"name": "Acme & Sons", "timezone": "Europe/Riga", "currency": "EUR"})
    assert "Saved." in said(answer, browser)
    rep.organization.refresh_from_db()
    assert (rep.organization.name, rep.organization.timezone, rep.organization.currency) == (
        "Acme & Sons",
        "Europe/Riga",
        "EUR",
    )
    wrong = browser.post("/settings/organization", {"name": "", "timezone": "Mars/Olympus", "currency": "EUR"})
    assert wrong.status_code == 422 and wrong.context["form"].errors.keys() == {"name", "timezone"}


def test_a_profile_is_saved_and_its_theme_kept(browser, rep):
    fields = {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": rep.email,
        "phone_no": "",
        "language": "de",
        "timezone": "Europe/Riga",
    }
    answer = browser.post("/settings/profile", {**fields, "theme": "dark"})
    assert answer.status_code == 302 and answer.cookies["theme"].value == "dark"
    assert 'data-theme="dark"' in said(answer, browser)
    rep.refresh_from_db()
    assert (rep.last_name, rep.language, str(rep.timezone)) == ("Lovelace", "de", "Europe/Riga")
    assert browser.post("/settings/profile", {**fields, "last_name": ""}).status_code == 302
    rep.refresh_from_db()
    assert (rep.last_name, rep.phone_no) == ("", "")
    taken = make_member(rep.organization)
    wrong = browser.post("/settings/profile", {**fields, "email": taken.email, "last_name": "Kept"})
    assert wrong.status_code == 422 and "email" in wrong.context["form"].errors and "Kept" in wrong.content.decode()


def test_a_password_is_changed_and_the_other_sessions_end(browser, rep):
    from accounts import sessions

    other = sessions.start(rep, "browser")
    fields = {"current_password": PASSWORD, "new_password": "orchard-gate-9", "confirm_password": "orchard-gate-9"}
    wrong = browser.post("/settings/password", {**fields, "current_password": "not-it"})
    assert wrong.status_code == 422 and "current_password" in wrong.context["password_form"].errors
    differs = browser.post("/settings/password", {**fields, "confirm_password": "orchard-gate-8"})
    assert differs.status_code == 422
    assert browser.post("/settings/password", fields).status_code == 302
    other.refresh_from_db()
    assert other.revoked_at and browser.get("/settings/profile").status_code == 200


def test_a_person_gets_another_role(browser, rep):
    member = make_member(rep.organization)
    manager = Role.objects.get(organization=rep.organization, name="Manager")
    fields = {"action": "save", "first_name": "Robert", "last_name": "Rep", "phone_no": "", "role_id": manager.pk}
    assert "Robert Rep is saved." in said(browser.post(f"/settings/people/{member.pk}", fields), browser)
    member.refresh_from_db()
    assert member.role == manager


def test_the_last_admin_cannot_lock_everybody_out(browser, rep):
    seller = Role.objects.get(organization=rep.organization, name="Sales Rep")
    browser.post(f"/settings/people/{rep.pk}", {"action": "deactivate"})
    browser.post(
        f"/settings/people/{rep.pk}",
        {"action": "save", "first_name": "Ada", "last_name": "", "phone_no": "", "role_id": seller.pk},
    )
    rep.refresh_from_db()
    assert rep.is_active and rep.role.name == "Admin"


def test_an_invitation_is_sent_again_or_withdrawn(browser, rep):
    role = Role.objects.get(organization=rep.organization, name="Sales Rep")
    wrong = browser.post("/settings/people/invite", {"email": "nobody", "role_id": role.pk})
    assert wrong.status_code == 422 and "email" in wrong.context["form"].errors
    there = browser.post("/settings/people/invite", {"email": rep.email, "role_id": role.pk})
    assert there.status_code == 422
    browser.post("/settings/people/invite", {"email": "new@acme.example", "role_id": role.pk})
    first = Invitation.objects.get(email="new@acme.example")
    answer = browser.post("/settings/people", {"invitation": first.pk, "action": "resend"})
    assert "the old one no longer works" in said(answer, browser)
    second = Invitation.objects.get(email="new@acme.example", revoked_at=None)
    browser.post("/settings/people", {"invitation": second.pk, "action": "withdraw"})
    assert not Invitation.objects.filter(email="new@acme.example", revoked_at=None).exists()
    assert "new@acme.example" not in browser.get("/settings/people").context["invitations"]


def test_roles_are_made_and_ticked(browser, rep):
    answer = browser.post("/settings/roles/add", {"name": "Reader", "description": "Looks", "permissions": ["records.view"]})
    assert answer.status_code == 302
    role = Role.objects.get(organization=rep.organization, name="Reader")
    page = browser.get("/settings/roles").content.decode()
    assert f'name="{role.pk}:records.view" value="true" checked' in page and f'name="{role.pk}:records.edit"' in page
    browser.post("/settings/roles", {f"{role.pk}:records.view": "true", f"{role.pk}:audit.view": "true"})
    role.refresh_from_db()
    assert set(role.permissions) == {"records.view", "audit.view"}
    admin = Role.objects.get(organization=rep.organization, name="Admin")
    browser.post("/settings/roles", {f"{role.pk}:records.view": "true", f"{admin.pk}:records.view": "true"})
    assert set(Role.objects.get(pk=admin.pk).permissions) > {"keys.manage"}
    assert browser.post("/settings/roles/add", {"name": "Reader"}).status_code == 422


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("allowed_domains", "not a domain"),
        ("allowed_ips", "999.1.1.1"),
        ("name", ""),
        ("expires_at", "2001-01-01"),
        ("expires_at", "soon"),
    ],
)
def test_a_key_that_cannot_be_is_refused_beside_its_field(browser, name, value):
    fields = {"name": "Website", "allowed_domains": "example.com", "allowed_ips": "203.0.113.0/24", "expires_at": ""}
    answer = browser.post("/settings/keys/add", {**fields, name: value})
    assert answer.status_code == 422 and name in answer.context["form"].errors
    page = answer.content.decode()
    assert "example.com" in page or name == "allowed_domains"
    assert ApiKey.objects.count() == 0


def test_a_key_is_revoked(browser, rep):
    browser.post("/settings/keys/add", {"name": "Website"})
    key = ApiKey.objects.get()
    assert browser.get(f"/settings/keys/{key.pk}/revoke").status_code == 200
    browser.post(f"/settings/keys/{key.pk}/revoke")
    key.refresh_from_db()
    assert key.revoked_at


def test_the_audit_log_tells_and_filters(browser, rep):
    browser.post("/settings/keys/add", {"name": "Website"})
    browser.post("/settings/roles/add", {"name": "Reader"})
    entries = browser.get("/settings/audit").context["entries"]
    assert {"Website", "Reader"} <= {entry["subject"] for entry in entries}
    with org_scope(rep.organization):
        verb = AuditEntry.objects.filter(subject="Website").first().verb
    only = browser.get("/settings/audit", {"action": verb, "by": rep.pk}).context["entries"]
    assert [entry["subject"] for entry in only] == ["Website"]
    for query in (
        {"by": "abc"},
        {"from_date": "nix"},
        {"to_date": "9999-12-31"},
        {"page": "99"},
        {"action": "nothing"},
        {"by": "9" * 30},
    ):
        assert browser.get("/settings/audit", query).status_code == 200


def test_nothing_changes_when_nothing_is_sent(browser, rep):
    for address in (
        "/settings/profile",
        "/settings/password",
        "/settings/people/invite",
        "/settings/roles/add",
        "/settings/keys/add",
        "/settings/organization",
        "/settings/sessions",
        f"/settings/people/{rep.pk}",
    ):
        assert browser.post(address).status_code in (302, 422), address
    assert browser.post("/settings/people").status_code == 404


def test_no_page_says_successfully(browser):
    from django.conf import settings

    for path in (settings.BASE_DIR / "templates").rglob("*.html"):
        words = path.read_text().lower()
        assert "successfully" not in words and "oops" not in words, path
