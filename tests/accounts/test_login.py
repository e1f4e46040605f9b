"""POST /api/auth/login (R2, R14)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from accounts.models import AuditEntry, AuthSession
from lio.tenancy import org_scope
from tests.contract import shapes
from tests.contract.spec import BY_ID
from tests.factories import PASSWORD


def test_answers_as_the_document_shows(sign_in, rep):
    answer = sign_in(rep.email)
    assert answer.status_code == 200
    shapes.check_record(answer.json(), BY_ID["auth-login"]["shape"])
    body = answer.json()
    assert set(body) == {"success", "access_token", "token_type", "expires_in", "expires_at", "user"}
    assert (body["success"], body["token_type"], body["expires_in"]) == (True, "Bearer", 2592000)
    assert body["user"] == {
        "id": rep.pk,
        "email": rep.email,
        "name": "Ada Admin",
        "role_name": "Admin",
        "organization_id": rep.organization.public_id,
    }
    ends = datetime.fromisoformat(body["expires_at"])
    assert abs(ends - datetime.now(UTC) - timedelta(days=30)) < timedelta(minutes=1)
    assert body["access_token"].startswith("eyJ")


def test_the_token_works_until_it_ends(signed_in, rep):
    client = signed_in(rep)
    assert client.get("/api/user/my").json()["data"]["email"] == rep.email
    AuthSession.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    shapes.check_failure(client.get("/api/user/my"), 401)


@pytest.mark.parametrize("spelling", [str.upper, str.title, lambda text: f"  {text} "])
def test_the_address_without_regard_to_case_and_blanks(sign_in, rep, spelling):
    assert sign_in(spelling(rep.email)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "a@acme.example"},
        {"password": "x"},
        {"email": "", "password": "x"},
        {"email": None, "password": None},
        {"email": 5, "password": []},
        {"email": {}, "password": "x"},
    ],
)
def test_without_both_fields(stranger, db, body):
    error = shapes.check_failure(stranger.post("/api/auth/login", body), 400)
    assert set(error["fields"]) <= {"email", "password"}


def test_unknown_address_wrong_password_inactive_member(sign_in, api, rep, colleague):
    assert shapes.check_failure(sign_in("nobody@acme.example"), 404)["code"] == "unknown_account"
    assert shapes.check_failure(sign_in(rep.email, "wrong"), 401)["code"] == "invalid_credentials"
    api.post("/api/user/delete", {"user_id": colleague.pk})
    assert shapes.check_failure(sign_in(colleague.email), 403)["code"] == "inactive_account"
    shapes.check_failure(sign_in(colleague.email, "wrong"), 401)  # says nothing of the state to whoever lacks the password


def test_odd_passwords(sign_in, rep):
    for password in (PASSWORD + " ", PASSWORD.upper(), "x" * 5000, PASSWORD + "x" * 200, " ", "💩"):
        shapes.check_failure(sign_in(rep.email, password), 401)


def test_ten_failures_then_wait(sign_in, rep, colleague):
    assert {sign_in(rep.email, "wrong").status_code for _ in range(10)} == {401}
    for password in ("wrong", PASSWORD):
        refused = sign_in(rep.email.upper(), password)
        shapes.check_failure(refused, 429)
        assert 1 <= int(refused["Retry-After"]) <= 900
    assert sign_in(colleague.email).status_code == 200  # others may
    with connection.cursor() as cursor:
        cursor.execute("UPDATE lio_ratebucket SET started = started - interval '16 minutes'")
    assert sign_in(rep.email).status_code == 200


def test_ten_failures_of_an_unknown_address_too(sign_in, db):
    assert {sign_in("nobody@acme.example").status_code for _ in range(10)} == {404}
    shapes.check_failure(sign_in("nobody@acme.example"), 429)


def test_successes_do_not_count(sign_in, rep):
    for _ in range(9):
        assert sign_in(rep.email, "wrong").status_code == 401
    for _ in range(30):
        assert sign_in(rep.email).status_code == 200
    assert sign_in(rep.email, "wrong").status_code == 401
    assert sign_in(rep.email).status_code == 429


def test_failures_from_one_network_address(sign_in, db, settings):
    settings.SIGN_IN_FAILURES = {"email": 10, "address": 12}
    statuses = [sign_in(f"n{n}@acme.example", REMOTE_ADDR="203.0.113.5").status_code for n in range(14)]
    assert statuses == [404] * 12 + [429] * 2
    assert sign_in("m@acme.example", REMOTE_ADDR="203.0.113.6").status_code == 404
    assert sign_in("m@acme.example", REMOTE_ADDR="203.0.113.5", headers={"X-Forwarded-For": "198.51.100.1"}).status_code == 429


def test_the_limits_are_the_documented_ones(settings):
    assert settings.SIGN_IN_FAILURES == {"email": 10, "address": 300}
    assert settings.RATES == {"token": 1200, "key": 600, "public": 300, "form": 30, "form_total": 300, "site": 300,
                              "site_total": 6000, "booking": 20, "booked": 10}


def test_the_log_tells(sign_in, rep):
    sign_in(rep.email, "wrong", REMOTE_ADDR="203.0.113.5")
    sign_in(rep.email, REMOTE_ADDR="203.0.113.5")
    with org_scope(rep.organization):
        entries = AuditEntry.objects.order_by("id").values_list("verb", "by", "ip")[:9]
        assert [entry for entry in entries if entry[0].startswith("session")] == [
            ("session.refused", rep.pk, "203.0.113.5"),
            ("session.started", rep.pk, "203.0.113.5"),
        ]


def test_the_password_is_kept_as_a_slow_hash():
    from lio import settings as product

    assert product.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]
