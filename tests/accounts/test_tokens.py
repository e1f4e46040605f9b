"""Bearer tokens that are not ours, or not any more (TRUST T18)."""

import base64
import json
import uuid
from datetime import UTC, datetime

import jwt
import pytest
from django.conf import settings
from rest_framework.test import APIClient

from accounts import sessions, tokens
from tests.contract import shapes

NOW = int(datetime.now(UTC).timestamp())


def key():
    """The key that signs."""
    return settings.TOKEN_KEYS.split(",")[0].strip()


@pytest.fixture
def claims(rep):
    session = sessions.start(rep, "token")
    return {
        "sub": str(rep.pk),
        "sid": str(session.pk),
        "jti": uuid.uuid4().hex,
        "iat": NOW,
        "exp": NOW + 3600,
        "aud": "lio",
        "iss": "lio",
    }


def status(token):
    answer = APIClient(headers={"Authorization": f"Bearer {token}"}).get("/api/user/my")
    if answer.status_code != 200:
        shapes.check_failure(answer, 401)
        assert answer["WWW-Authenticate"] == "Bearer"
    return answer.status_code


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_one_of_ours_works(claims, rep):
    assert status(jwt.encode(claims, key(), "HS256")) == 200
    assert status(tokens.issue(sessions.start(rep, "token"))) == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": NOW - 10},
        {"exp": None},
        {"exp": 10**12},
        {"exp": 10**30},
        {"exp": "never"},
        {"exp": -1},
        {"aud": "other"},
        {"aud": None},
        {"iss": "other"},
        {"iss": None},
        {"jti": None},
        {"sid": None},
        {"sid": "x"},
        {"sid": 5},
        {"sid": [1]},
        {"sid": str(uuid.uuid4())},
        {"sid": {"a": 1}},
    ],
)
def test_wrong_claims(claims, changed):
    made = {name: value for name, value in (claims | changed).items() if value is not None}
    token = ".".join([part({"alg": "HS256", "typ": "JWT"}), part(made)])
    signed = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signature = base64.urlsafe_b64encode(signed.sign(token.encode(), key().encode())).rstrip(b"=").decode()
    found = status(f"{token}.{signature}")
    assert found == 401 or changed.get("exp") in (10**12, 10**30)  # beyond the calendar: the session's row says when it ends


def test_wrong_signatures(claims, rep):
    good = jwt.encode(claims, key(), "HS256")
    header, body, signature = good.split(".")
    other = part(json.loads(base64.urlsafe_b64decode(body + "==")) | {"sub": "1"})
    for token in (
        f"{header}.{body}.",
        f"{header}.{body}",
        f"{header}.{other}.{signature}",
        f"{part({'alg': 'none'})}.{body}.",
        f"{part({'alg': 'NoNe'})}.{body}.{signature}",
        f"{part({'alg': 'none'})}.{body}.{signature}",
        f"{part({'alg': 'HS256', 'jku': 'https://evil.example/k'})}.{body}.{signature}",
        f"{part({'alg': 'HS256', 'kid': '../../dev/null'})}.{body}.{signature}",
        jwt.encode(claims, key(), "HS512"),
        jwt.encode(claims, "x" * 64, "HS256"),
        jwt.encode(claims, settings.SECRET_KEY, "HS256"),
        good + "x",
        good[:-2],
        good.swapcase(),
        "..",
        "a.b.c",
        ".",
        f"{header}.{body}.{signature}.x",
        good.replace(".", ". "),
        "eyJ",
        "null",
        "undefined",
        "\u00e4".encode().decode("latin-1"),
    ):
        assert status(token) == 401, token


def test_a_browsers_session_id_is_no_token(rep):
    session = sessions.start(rep, "browser")
    assert status(str(session.pk)) == 401


def test_only_the_word_bearer_introduces_one(claims):
    token = jwt.encode(claims, key(), "HS256")
    for header, expected in (
        (f"bearer {token}", 200),
        (f"BEARER {token}", 200),
        (f"Bearer  {token}", 200),
        (token, 401),
        (f"Token {token}", 401),
        (f"Bearer{token}", 401),
        (f"Bearer {token} {token}", 401),
        (f"Basic {token}", 401),
    ):
        assert APIClient(headers={"Authorization": header}).get("/api/user/my").status_code == expected, header
    assert APIClient().get(f"/api/user/my?access_token={token}").status_code == 401
    client = APIClient()
    client.cookies["access_token"] = client.cookies["lio_session"] = token
    assert client.get("/api/user/my").status_code == 401


def test_a_key_being_replaced_is_still_accepted(claims, settings):
    old = jwt.encode(claims, key(), "HS256")
    settings.TOKEN_KEYS = f"{'n' * 64},{key()}"
    assert status(old) == 200
    assert status(jwt.encode(claims, "n" * 64, "HS256")) == 200
    settings.TOKEN_KEYS = "n" * 64
    assert status(old) == 401


def test_the_token_says_nothing_but_the_session(rep):
    body = tokens.issue(sessions.start(rep, "token")).split(".")[1]
    assert set(json.loads(base64.urlsafe_b64decode(body + "=="))) == {"sub", "sid", "jti", "iat", "exp", "aud", "iss"}


def test_a_browser_cookie_does_not_open_the_api(browser):
    shapes.check_failure(browser.get("/api/user/my"), 401)
