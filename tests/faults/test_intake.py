"""Whatever is killed while leads come in: what was acknowledged is there once, and clients see nothing worse than 503."""

import os
import signal
import time

import psycopg
import pytest
import requests

from tests.faults.house import ROUNDS, SOAK, Clients, kill
from tests.ground.conftest import until
from tests.ground.test_embedded import lives

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]


def kill_web_worker(house):
    kill(house.master_and_workers()[1][0])


def kill_web_master(house):
    master, workers = house.master_and_workers()
    kill(master)
    until(lambda: house.web.is_alive() and house.web.process.pid != master)
    until(lambda: not any(lives(pid) for pid in workers))  # else they would go on answering, beside the new ones


def terminate_all_connections(house):
    with house.ground.connect() as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                           "WHERE usename = current_user AND pid <> pg_backend_pid()")


def kill_backend(house):
    with house.ground.connect() as connection:
        kill(connection.info.backend_pid)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def kill_postmaster(house):
    house.ground.kill("server")


FAULTS = {  # how long writing may stand still, in seconds, on a machine that does much else
    kill_web_worker: 5,
    terminate_all_connections: 5,
    kill_backend: 10,
    kill_postmaster: 15,
    kill_web_master: 15,
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_nothing_acknowledged_is_lost_or_doubled(house, fault):
    with Clients(house) as clients:
        for _ in range(ROUNDS):
            fault(house)
            clients.more()
    clients.check()
    until(house.ready)
    print(f"\n{fault.__name__}: longest pause {clients.outage():.2f} s, answers {dict(clients.seen)}")
    assert clients.outage() < FAULTS[fault] * (3 if SOAK else 1)  # who dies often is started again after longer pauses


def test_while_the_database_is_away_every_door_says_so_and_then_opens_again(house):
    site = f"http://127.0.0.1:{house.port}"
    credentials = {"email": house.admin_email, "password": house.admin_password}
    token = requests.post(f"{site}/api/auth/login", json=credentials, timeout=20).json()["access_token"]
    browser = requests.Session()
    browser.get(f"{site}/sign-in", timeout=20)
    browser.post(f"{site}/sign-in", {**credentials, "csrfmiddlewaretoken": browser.cookies["lio_csrf"]}, timeout=20)
    doors = {
        "/readyz": lambda url: requests.get(url, timeout=20),
        "/api/v1/lead": lambda url: requests.post(url, json={"email": "a@b.example", "merge": 1}, timeout=20,
                                                  headers={"x-api-key": house.api_key}),
        "/api/v1/track/open/" + "0" * 32: lambda url: requests.get(url, timeout=20),
        "/api/lead/list": lambda url: requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=20),
        "/api/auth/login": lambda url: requests.post(url, json=credentials, timeout=20),
        **dict.fromkeys(["/leads/", "/settings/people", "/sign-in", "/admin/"], lambda url: browser.get(url, timeout=20)),
    }
    for path, ask in doors.items():
        assert ask(site + path).status_code < 300, path
    supervisor = house.ground.status()["supervisor"]
    os.kill(supervisor, signal.SIGSTOP)  # so that the database stays away while we look
    try:
        house.ground.kill("server")
        until(lambda: house.status("/readyz") == 503)
        assert house.status("/healthz") == 200
        for path, ask in doors.items():
            for _ in range(3):  # by processes and threads that had a connection, and those that had none
                answer = ask(site + path)
                assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "1"), (path, answer.text)
    finally:
        os.kill(supervisor, signal.SIGCONT)
    begun = time.monotonic()
    until(house.ready)
    print(f"\nready {time.monotonic() - begun:.2f} s after the supervisor went on")
    for path, ask in doors.items():
        assert ask(site + path).status_code < 300, path
