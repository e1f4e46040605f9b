"""Rates: exact counts, told on every answer (R28)."""

import pytest
from django.db import connection
from rest_framework.test import APIClient

from lio import ratelimit
from tests.contract import shapes


@pytest.fixture
def rates(settings):
    settings.RATES = {"token": 5, "key": 4, "public": 3}


def headers(answer):
    return [int(answer[f"X-RateLimit-{name}"]) for name in ("Limit", "Remaining", "Reset")]


@pytest.mark.usefixtures("rates")
def test_a_token_has_exactly_its_limit(api, colleague_api):
    for left in (4, 3, 2, 1, 0):
        answer = api.get("/api/user/my")
        limit, remaining, reset = headers(answer)
        assert (answer.status_code, limit, remaining) == (200, 5, left)
        assert 1 <= reset <= 60
    refused = api.get("/api/user/my")
    shapes.check_failure(refused, 429)
    assert headers(refused)[:2] == [5, 0]
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert colleague_api.get("/api/user/my").status_code == 200  # counted by itself


@pytest.mark.usefixtures("rates")
def test_refused_requests_count_too(api):
    for path in ("/api/lead/view/1", "/api/lead/list?page=0", "/api/lead/view/abc", "/api/lead/list?page=0"):
        assert api.get(path).status_code in (400, 404)
    assert api.post("/api/lead/add", {}).status_code == 422
    assert api.get("/api/user/my").status_code == 429


@pytest.mark.usefixtures("rates")
def test_a_key_has_a_limit_of_its_own(key_api, api):
    for n in range(4):
        assert key_api.post("/api/v1/lead", {"email": f"a{n}@acme.example"}).status_code == 201
    assert key_api.post("/api/v1/lead", {"email": "last@acme.example"}).status_code == 429
    assert api.get("/api/user/my").status_code == 200


@pytest.mark.usefixtures("rates")
def test_the_window_ends(api):
    for _ in range(6):
        last = api.get("/api/user/my")
    assert last.status_code == 429
    with connection.cursor() as cursor:
        cursor.execute("UPDATE lio_ratebucket SET started = started - interval '61 seconds'")
    assert headers(api.get("/api/user/my"))[1] == 4


def test_counting_and_taking_back(db):
    assert [ratelimit.count("k", 2).exceeded for _ in range(3)] == [False, False, True]
    ratelimit.take_back("k")
    ratelimit.take_back("k")
    assert not ratelimit.count("k", 2).exceeded
    for _ in range(5):
        ratelimit.take_back("k")
    assert ratelimit.count("k", 2).n == 1


def test_old_windows_are_swept(db):
    ratelimit.count("old", 2)
    ratelimit.count("new", 2)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE lio_ratebucket SET started = now() - interval '2 hours' WHERE key = 'old'")
    ratelimit.sweep()
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM lio_ratebucket")
        assert cursor.fetchall() == [("new",)]


def test_strangers_are_not_told_of_rates(db):
    answer = APIClient().get("/api/user/my")
    assert answer.status_code == 401
    assert "X-RateLimit-Limit" not in answer
