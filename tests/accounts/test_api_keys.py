"""API keys: made, shown once, checked on every request (R16)."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts import keys
from accounts.models import ApiKey, AuditEntry
from lio.tenancy import org_scope
from tests.contract import shapes
from tests.contract.spec import BUILT, filled

PATHS = ("/api/v1/lead", "/api/lead")


@pytest.fixture
def make(api):
    """Makes a key by the API; answers (what was shown, a client that sends it)."""

    def made(**fields):
        answer = api.post("/api/api-keys", {"name": "Web shop"} | fields)
        assert answer.status_code == 201, answer.content
        shown = answer.json()["data"]
        return shown, APIClient(headers={"x-api-key": shown["api_key"]})

    return made


def push(client, **headers):
    """Status of a request with these headers (`peer` is the address that it comes from)."""
    where = {"REMOTE_ADDR": headers.pop("peer")} if "peer" in headers else {}
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get("/api/v1/lead/lead-list", headers=names, **where)


# ------------------------------------------------------------------ made, listed, revoked
def test_shown_once_and_kept_as_a_hash(make, api, rep):
    shown, client = make()
    key = shown["api_key"]
    assert re.fullmatch(r"lio_live_[0-9A-Za-z]{49}", key)
    assert push(client).status_code == 200
    listed = api.get("/api/api-keys")
    assert key not in listed.content.decode()
    [row] = listed.json()["data"]
    assert (row["name"], row["state_id"], row["prefix"]) == ("Web shop", 1, key[:15])
    stored = ApiKey.objects.values().get(pk=shown["id"])
    assert key not in str(stored) and keys.digest_of(key) == stored["digest"]
    with org_scope(rep.organization), connection.cursor() as cursor:
        for table in ("accounts_auditentry", "lio_change", "lio_job", "lio_idempotencykey"):
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s", [f"%{key[15:40]}%"])
            assert cursor.fetchone() == (0,), table


def test_a_repeat_with_the_same_idempotency_key_shows_it_again(api):
    """Stored for 48 hours for the retry of a lost answer; the key itself is the secret that the retry knows."""
    first, again = (api.post("/api/api-keys", {"name": "x"}, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert first.json() == again.json()


def test_revoked_from_the_next_request_on(make, api):
    shown, client = make()
    assert api.delete(f"/api/api-keys/{shown['id']}").json()["data"] == {"deleted": 1, "ids": [shown["id"]]}
    shapes.check_failure(push(client), 403)
    assert api.get("/api/api-keys").json()["data"][0]["state_id"] == 0
    assert api.delete(f"/api/api-keys/{shown['id']}").status_code == 200


def test_expired(make, api):
    _, client = make(expires_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    assert push(client).status_code == 200
    ApiKey.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    shapes.check_failure(push(client), 403)
    assert api.get("/api/api-keys").json()["data"][0]["state_id"] == 0
    assert (
        "expires_at"
        in shapes.check_failure(api.post("/api/api-keys", {"name": "x", "expires_at": "2001-01-01"}), 422)["fields"]
    )


def test_last_use_is_noted(make, api):
    _, client = make()
    assert api.get("/api/api-keys").json()["data"][0]["last_used_at"] is None
    push(client)
    assert api.get("/api/api-keys").json()["data"][0]["last_used_at"]


def test_admins_only(colleague_api):
    for answer in (
        colleague_api.get("/api/api-keys"),
        colleague_api.post("/api/api-keys", {"name": "x"}),
        colleague_api.delete("/api/api-keys/1"),
    ):
        shapes.check_failure(answer, 403)


def test_anothers_key_cannot_be_revoked(make, outsider_api):
    shown, client = make()
    shapes.check_failure(outsider_api.delete(f"/api/api-keys/{shown['id']}"), 404)
    assert push(client).status_code == 200


def test_the_log_tells(make, api, rep):
    shown, _ = make()
    api.delete(f"/api/api-keys/{shown['id']}")
    with org_scope(rep.organization):
        assert list(AuditEntry.objects.filter(verb__startswith="key").order_by("id").values_list("verb", "by", "subject")) == [
            ("key.created", rep.pk, "Web shop"),
            ("key.revoked", rep.pk, "Web shop"),
        ]


# ------------------------------------------------------------------ where it is taken
def test_nowhere_else(make):
    """401 on every other route, as if nothing had been sent (T27)."""
    _, client = make()
    for endpoint in BUILT:
        if endpoint["auth"] == "bearer":
            shapes.check_failure(client.generic(endpoint["method"], filled(endpoint["path"])), 401)
    assert client.get("/leads/").status_code == 302
    assert client.get("/admin/").status_code in (302, 403)
    assert client.post("/api/v1/lead", {"email": "a@acme.example"}).status_code == 201
    assert client.post("/api/lead", {"email": "b@acme.example"}).status_code == 201


@pytest.mark.parametrize(
    "key", ["nonsense", "lio_live_", "lio_live_" + "a" * 49, "lio_live_" + "a" * 500, "", " ", "null", "lio_test_" + "a" * 49]
)
def test_unknown_keys(db, key):
    answer = APIClient(headers={"x-api-key": key}).post("/api/v1/lead", {"email": "a@acme.example"})
    shapes.check_failure(answer, 401 if not key else 403)


def test_no_credential_at_all(db):
    shapes.check_failure(APIClient().post("/api/v1/lead", {"email": "a@acme.example"}), 401)


def test_a_bearer_token_beside_it_decides(make, api, outsider_api, outsider):
    shown, _ = make()
    both = outsider_api.post("/api/v1/lead", {"email": "a@acme.example"}, headers={"x-api-key": shown["api_key"]})
    assert both.status_code == 201
    assert outsider_api.get("/api/lead/list").json()["total"] == 1 and api.get("/api/lead/list").json()["total"] == 0
    bad = APIClient(headers={"x-api-key": shown["api_key"], "Authorization": "Bearer nonsense"})
    shapes.check_failure(push(bad), 401)
    unknown = outsider_api.get("/api/v1/lead/lead-list", headers={"x-api-key": "lio_live_nonsense"})
    assert unknown.status_code == 200


# ------------------------------------------------------------------ domains
@pytest.mark.parametrize(
    "origin",
    [
        "https://acme.com",
        "http://acme.com",
        "https://shop.acme.com",
        "https://a.b.acme.com",
        "https://ACME.com",
        "https://acme.com:8443",
        "https://acme.com.",
    ],
)
def test_allowed_domains_and_their_subdomains(make, origin):
    _, client = make(allowed_domains=["acme.com"])
    assert push(client, Origin=origin).status_code == 200
    assert push(client, Referer=f"{origin}/page?x=1").status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil-acme.com",
        "https://acme.com.evil.example",
        "https://evil.example/acme.com",
        "https://evil.example?acme.com",
        "https://evil.example#acme.com",
        "https://acme.com@evil.example",
        "null",
        "acme.com",
        "https://",
        "//",
        "https://acme.co",
        "https://cme.com",
        "https://xn--acme-1.com",
        "https://[::1]",
        "https://[",
        "https://acme.com%00.evil.example",
        "file://",
        "https://acme.com,evil.example",
    ],
)
def test_other_domains(make, origin):
    _, client = make(allowed_domains=["acme.com"])
    assert shapes.check_failure(push(client, Origin=origin), 403)["code"] == "domain_not_allowed"


def test_origin_comes_before_referer_and_neither_is_refused(make):
    _, client = make(allowed_domains=["acme.com", "other.example"])
    assert shapes.check_failure(push(client), 403)["code"] == "domain_not_allowed"
    assert push(client, Origin="https://evil.example", Referer="https://acme.com/").status_code == 403
    assert push(client, Origin="https://other.example", Referer="https://evil.example/").status_code == 200


def test_how_domains_are_kept(make, api):
    shown, _ = make(allowed_domains=["HTTPS://Acme.com:443/path", "*.acme.com", "localhost", "acme.com."])
    assert shown["allowed_domains"] == ["acme.com", "localhost"]
    for bad in ("a b", "-x.com", "x" * 254, "", "ex_ample!.com", "https://"):
        assert (
            "allowed_domains"
            in shapes.check_failure(api.post("/api/api-keys", {"name": "x", "allowed_domains": [bad]}), 422)["fields"]
        )


# ------------------------------------------------------------------ network addresses
@pytest.mark.parametrize(
    ("allowed", "peer", "status"),
    [
        (["203.0.113.5"], "203.0.113.5", 200),
        (["203.0.113.5"], "203.0.113.6", 403),
        (["203.0.113.0/24"], "203.0.113.255", 200),
        (["203.0.113.0/24"], "203.0.114.0", 403),
        (["2001:db8::/32"], "2001:db8:1::5", 200),
        (["2001:db8::/32"], "2001:db9::1", 403),
        (["10.0.0.0/8", "203.0.113.5"], "10.9.9.9", 200),
        (["203.0.113.5"], "2001:db8::1", 403),
        (["203.0.113.5/24"], "203.0.113.9", 200),
        (["203.0.113.5"], "::ffff:203.0.113.5", 200),
        (["0.0.0.0/0"], "198.51.100.1", 200),
        (["203.0.113.5"], "unix:", 403),
    ],
)
def test_allowed_addresses(make, allowed, peer, status):
    _, client = make(allowed_ips=allowed)
    answer = push(client, peer=peer)
    assert answer.status_code == status
    if status == 403:
        assert shapes.check_failure(answer, 403)["code"] == "ip_not_allowed"


@pytest.mark.parametrize(
    "name",
    [
        "X-Forwarded-For",
        "X-Real-IP",
        "Forwarded",
        "Client-IP",
        "X-Client-IP",
        "True-Client-IP",
        "CF-Connecting-IP",
        "X-Originating-IP",
        "X-Remote-IP",
        "X-Remote-Addr",
        "X-Cluster-Client-IP",
        "Via",
        "X-Forwarded",
        "Forwarded-For",
        "X_Forwarded_For",
        "X-Forwarded-Host",
        "X-Host",
        "X-ProxyUser-Ip",
        "Fastly-Client-IP",
        "X-Azure-ClientIP",
    ],
)
def test_no_header_names_the_address(make, name):
    _, client = make(allowed_ips=["203.0.113.5"])
    for value in ("203.0.113.5", "for=203.0.113.5", "203.0.113.5, 203.0.113.5"):
        answer = client.get("/api/v1/lead/lead-list", headers={name: value}, REMOTE_ADDR="198.51.100.9")
        shapes.check_failure(answer, 403)


@pytest.mark.parametrize(
    ("forwarded", "status"),
    [
        ("203.0.113.5", 200),
        ("198.51.100.1, 203.0.113.5", 200),
        ("203.0.113.5, 198.51.100.1", 403),
        ("203.0.113.5, 10.0.0.2", 200),
        ("203.0.113.5, 198.51.100.1, 10.0.0.2", 403),
        ("junk", 403),
        ("", 403),
        ("203.0.113.5, junk", 403),
        (" 203.0.113.5 ", 200),
        ("203.0.113.5:4711", 403),
        ("10.0.0.3, 10.0.0.2", 403),
    ],
)
def test_behind_a_proxy_that_the_operator_named(make, settings, forwarded, status):
    """Read from the right, as far as named proxies go: what stands left of them the caller wrote."""
    _, client = make(allowed_ips=["203.0.113.5"])
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    assert push(client, peer="10.0.0.1", X_Forwarded_For=forwarded).status_code == status
    assert push(client, peer="198.51.100.9", X_Forwarded_For=forwarded).status_code == 403


def test_each_list_must_match(make):
    _, client = make(allowed_ips=["203.0.113.5"], allowed_domains=["acme.com"])
    assert push(client, peer="203.0.113.5", Origin="https://acme.com").status_code == 200
    assert push(client, peer="203.0.113.6", Origin="https://acme.com").status_code == 403
    assert push(client, peer="203.0.113.5", Origin="https://evil.example").status_code == 403
    assert push(client, peer="203.0.113.5").status_code == 403


def test_addresses_that_are_none(api):
    for bad in ("203.0.113", "203.0.113.5/33", "acme.com", "", "203.0.113.5-9", "::g"):
        assert (
            "allowed_ips" in shapes.check_failure(api.post("/api/api-keys", {"name": "x", "allowed_ips": [bad]}), 422)["fields"]
        )
