"""Who may open what, and that no page is a door for somebody else."""

import re
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client

from accounts.models import ApiKey, AuthSession, Invitation, Role, User
from tests.conftest import sign_in
from tests.factories import PASSWORD, make_lead, make_member

MEMBERS = [
    "/leads/",
    "/leads/add",
    "/settings/",
    "/settings/organization",
    "/settings/profile",
    "/settings/people",
    "/settings/roles",
    "/settings/sessions",
]
ADMINS = ["/settings/people/invite", "/settings/roles/add", "/settings/keys", "/settings/keys/add", "/settings/audit"]


@pytest.fixture
def seller(client, colleague):
    return sign_in(client, colleague)


@pytest.mark.parametrize("address", [*MEMBERS, *ADMINS])
def test_a_stranger_is_sent_to_sign_in_and_back(client, db, address):
    answer = client.get(address)
    assert answer.status_code == 302 and answer["Location"] == f"/sign-in?next={address}"
    swap = client.get(address, headers={"HX-Request": "true"})
    assert swap.status_code == 204 and swap["HX-Redirect"].startswith("/sign-in")


def test_a_sales_rep_sees_no_management(seller, rep):
    for address in MEMBERS:
        assert seller.get(address).status_code == 200, address
    for address in [*ADMINS, f"/settings/people/{rep.pk}"]:
        assert seller.get(address).status_code == 403, address
    settings = seller.get("/settings/people").content.decode()
    assert "/settings/keys" not in settings and "/settings/audit" not in settings and "Invite" not in settings


def test_a_sales_reps_forged_forms_are_refused(seller, rep, colleague):
    role = Role.objects.get(organization=rep.organization, name="Admin")
    before = (Role.objects.count(), User.objects.count(), Invitation.objects.count(), ApiKey.objects.count())
    for address, data in [
        ("/settings/people/invite", {"email": "x@y.example", "role_id": role.pk}),
        ("/settings/people", {"invitation": "1"}),
        (f"/settings/people/{rep.pk}", {"action": "deactivate"}),
        (f"/settings/people/{colleague.pk}", {"action": "save", "role_id": role.pk}),
        ("/settings/roles", {}),
        ("/settings/roles/add", {"name": "Mine"}),
        ("/settings/keys/add", {"name": "Mine"}),
        ("/settings/keys/1/revoke", {}),
        ("/settings/organization", {"name": "Mine", "timezone": "UTC", "currency": "USD"}),
    ]:
        assert seller.post(address, data).status_code == 403, address
    colleague.refresh_from_db()
    rep.organization.refresh_from_db()
    assert (colleague.role.name, rep.organization.name) == ("Sales Rep", "Acme")
    assert (Role.objects.count(), User.objects.count(), Invitation.objects.count(), ApiKey.objects.count()) == before


def test_a_profile_cannot_give_itself_a_role(seller, rep, colleague):
    role = Role.objects.get(organization=rep.organization, name="Admin")
    seller.post(
        "/settings/profile",
        {
            "first_name": "Rob",
            "last_name": "Rep",
            "email": colleague.email,
            "language": "en",
            "timezone": "UTC",
            "phone_no": "",
            "role_id": role.pk,
            "is_platform_staff": "true",
            "organization_id": "1",
        },
    )
    colleague.refresh_from_db()
    assert colleague.first_name == "Rob" and colleague.role.name == "Sales Rep" and not colleague.is_platform_staff


def test_settings_of_another_organization_are_not_there(browser, outsider):
    theirs = make_member(outsider.organization)
    assert browser.get(f"/settings/people/{theirs.pk}").status_code == 404
    assert browser.post(f"/settings/people/{theirs.pk}", {"action": "deactivate"}).status_code == 404
    theirs.refresh_from_db()
    assert theirs.is_active


def test_somebody_elses_session_cannot_be_ended_as_ones_own(seller, rep):
    from accounts import sessions

    theirs = sessions.start(rep, "browser")
    seller.post("/settings/sessions", {"session": str(theirs.pk)})
    assert AuthSession.objects.get(pk=theirs.pk).revoked_at is None


@pytest.mark.parametrize(
    ("address", "data"),
    [
        ("/leads/add", {"first_name": "Jo", "last_name": "Do"}),
        ("/leads/bulk", {"action": "delete"}),
        ("/leads/1/note", {"note": "x"}),
        ("/leads/1/status", {"status": 2}),
        ("/leads/1/delete", {}),
        ("/leads/1/field/city", {"value": "x"}),
        ("/settings/profile", {}),
        ("/settings/password", {}),
        ("/settings/keys/add", {"name": "x"}),
        ("/settings/people/invite", {}),
        ("/settings/roles", {}),
        ("/settings/sessions", {"all": "true"}),
        ("/sign-out", {}),
        ("/sign-in", {"email": "a@b.example", "password": "x"}),
        ("/forgot-password", {"email": "a@b.example"}),
    ],
)
def test_no_form_works_without_its_token(rep, address, data):
    strict = sign_in(Client(enforce_csrf_checks=True), rep)
    answer = strict.post(address, data)
    assert answer.status_code == 403 and b"open for too long" in answer.content


AWAY = [
    "//evil.example",
    "https://evil.example",
    "http://evil.example/leads/",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "HTTPS://EVIL.EXAMPLE",
    "//evil.example/%2f..",
    "/\t/evil.example",
    "\t//evil.example",
    " //evil.example",
    "\n//evil.example",
    "/\n/evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "//testserver@evil.example",
    "https://testserver@evil.example",
    "https://testserver.evil.example",
    "//evil.example\\@testserver",
    "//[::1]",
    "ftp://testserver/",
    "http:\\\\evil.example",
    "\x00//evil.example",
    "//evil.example?testserver",
    "%2f%2fevil.example",
    "//evil%E3%80%82example",
    "http://[evil",
    "\u2044\u2044evil.example",
]


@pytest.mark.parametrize("wanted", AWAY)
def test_signing_in_never_leads_away(client, rep, wanted):
    answer = client.post("/sign-in", {"email": rep.email, "password": PASSWORD, "next": wanted})
    assert answer.status_code == 302
    as_browsers_read_it = re.sub(r"[\t\n\r]", "", answer["Location"]).strip().replace("\\", "/")
    there = urlsplit(urljoin("http://testserver/sign-in", as_browsers_read_it))
    assert (there.scheme, there.netloc) == ("http", "testserver"), answer["Location"]


def test_signing_in_leads_where_one_wanted_to_go(client, rep):
    answer = client.post("/sign-in", {"email": rep.email, "password": PASSWORD, "next": "/leads/?page=2"})
    assert answer["Location"] == "/leads/?page=2"


def test_a_wrong_password_and_an_unknown_address_look_the_same(client, rep):
    wrong = client.post("/sign-in", {"email": rep.email, "password": "wrong-password"})
    unknown = client.post("/sign-in", {"email": "nobody@acme.example", "password": "wrong-password"})
    assert wrong.status_code == unknown.status_code == 422
    assert "The email address or the password is wrong." in wrong.content.decode()
    assert "The email address or the password is wrong." in unknown.content.decode()


def test_pages_name_their_policy_and_are_not_framed(browser, rep):
    make_lead(rep.organization, email="a@b.example")
    page = browser.get("/leads/")
    policy = page["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "'unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert page["X-Frame-Options"] == "DENY" and page["Referrer-Policy"] == "same-origin"
    assert b" style=" not in page.content and b" onclick" not in page.content


def test_the_key_is_shown_once(browser):
    page = browser.post("/settings/keys/add", {"name": "Website"})
    key = page.context["new_key"]["secret"]
    assert key in page.content.decode()
    assert page["Cache-Control"] and "no-store" in page["Cache-Control"]
    assert key not in browser.get("/settings/keys").content.decode()
