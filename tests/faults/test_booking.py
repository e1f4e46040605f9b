"""Two hundred visitors want the same hours, over HTTP, of two server processes (TRUST T70, T71)."""

import http.client
import json
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta
from threading import Barrier
from time import monotonic
from urllib.parse import urlencode, urlsplit

import pytest
import requests
from django.utils.timezone import now

from booking import profiles
from tests.faults.house import SOAK
from tests.ground.conftest import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]
ROUNDS = 20 if SOAK else 2
VISITORS, MOVERS = 200, 60
LENGTH, STEP = 60, 15  # minutes: all meetings that begin within 45 minutes overlap


@pytest.fixture
def host(scope):
    """A member of the house who can be booked at every quarter of an hour, round the clock."""
    hours = {day: [{"start": "00:00", "end": "24:00"}] for day in profiles.DAYS}
    values = {"working_hours": hours, "min_notice_minutes": 0, "horizon_days": 365, "slot_step": STEP}
    with scope() as admin:
        profiles.update(admin, values, by=admin)
    return admin


@pytest.fixture
def first(house, host):
    """The first hour, some days ahead, with nothing booked after it."""
    last = house.value("SELECT max(end_time) FROM booking_meeting")
    return (max(last or now(), now()).astimezone(UTC) + timedelta(days=2)).replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def no_deadlock(house):
    """What PostgreSQL says in its log while a test runs: no transaction waited for another in a circle."""
    log = house.ground.place.log
    before = log.stat().st_size
    yield
    with log.open("rb") as file:
        file.seek(before)
        assert b"deadlock" not in file.read()


def at_once(deeds):
    """Do all deeds at the same moment, each in a thread of its own: what each answered, and the seconds that all took."""
    start = Barrier(len(deeds))

    def work(deed):
        start.wait(60)
        return deed()

    with ThreadPoolExecutor(len(deeds)) as pool:
        begun = monotonic()
        found = list(pool.map(work, deeds))
    return found, monotonic() - begun


def send(house, path, body, **headers):
    """Answers (status, body) of a POST on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=60)
    is_form = "Content-Type" in headers
    try:
        connection.request("POST", path, urlencode(body) if is_form else json.dumps(body),
                           {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def wire(moment):
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def confirm(house, host, start, minutes, email):
    body = {"start": wire(start), "end": wire(start + timedelta(minutes=minutes)), "name": "Vera Visitor", "email": email}
    return lambda: send(house, f"/api/v1/booking/{host.booking_slug}/confirm", body)


def overlapping(house):
    return house.value("""SELECT count(*) FROM booking_meeting a JOIN booking_meeting b ON a.host_id = b.host_id AND a.id < b.id
                          AND a.start_time < b.end_time AND b.start_time < a.end_time
                          WHERE a.exclusive AND b.exclusive AND a.status IN (1, 2) AND b.status IN (1, 2)""")


@pytest.mark.usefixtures("no_deadlock")
def test_of_two_hundred_who_want_the_same_hour_one_gets_it(house, host, first):
    assert len(house.master_and_workers()[1]) == 2
    took = []
    for number in range(ROUNDS):
        begins, mark = first + timedelta(hours=3 * number), f"{first:%d%H}r{number}"
        deeds = [confirm(house, host, begins + timedelta(minutes=STEP * (n % 4)), LENGTH, f"{mark}v{n}@visitor.example")
                 for n in range(VISITORS)]
        found, seconds = at_once(deeds)
        took.append(seconds)
        statuses = Counter(status for status, _ in found)
        assert statuses == {201: 1, 409: VISITORS - 1}, (number, statuses)
        assert {json.loads(body)["error"]["code"] for status, body in found if status == 409} == {"slot_taken"}
        assert house.value("SELECT count(*) FROM leads_lead WHERE email LIKE %s", f"{mark}v%") == 1  # who lost left nothing
    assert not overlapping(house)
    print(f"\n{ROUNDS} rounds of {VISITORS}: 1 x 201 and {VISITORS - 1} x 409 each, {sum(took) / ROUNDS:.2f} s a round, "
          f"at most {max(took):.2f} s")


@pytest.mark.usefixtures("no_deadlock")
def test_of_sixty_who_move_into_the_same_hour_one_does(house, host, first):
    """Half of them by the link of the visitor, half by the host's own API."""
    token = requests.post(f"http://127.0.0.1:{house.port}/api/auth/login", timeout=20, json={
        "email": house.admin_email, "password": house.admin_password}).json()["access_token"]
    made, _ = at_once([confirm(house, host, first + timedelta(minutes=30 * n), 30, f"{first:%d%H}m{n}@visitor.example")
                       for n in range(MOVERS)])
    assert Counter(status for status, _ in made) == {201: MOVERS}  # neighbours do not hinder each other
    told = [json.loads(body)["data"] for _, body in made]

    def by_visitor(one, to):
        path = urlsplit(one["manage_url"]).path
        return lambda: send(house, f"{path}/move", {"start": wire(to)}, **{"Content-Type": "application/x-www-form-urlencoded"})

    def by_host(one, to):
        body = {"start_time": wire(to), "end_time": wire(to + timedelta(minutes=30))}
        return lambda: send(house, f"/api/meeting/update/{one['meeting_id']}", body, Authorization=f"Bearer {token}")

    after = first + timedelta(minutes=30 * MOVERS)
    for number in range(ROUNDS):
        goal = after + timedelta(hours=2 + number)
        found, seconds = at_once([(by_visitor if n % 2 else by_host)(one, goal) for n, one in enumerate(told)])
        statuses = Counter(status for status, _ in found)
        assert statuses[200] + statuses[303] == 1 and statuses[409] == MOVERS - 1, (number, statuses)
        there = house.value("SELECT count(*) FROM booking_meeting WHERE start_time = %s AND status = 2", goal)
        assert there == 1 and not overlapping(house)
    print(f"\n{ROUNDS} rounds of {MOVERS} moves: one wins each, the last in {seconds:.2f} s")



def test_who_lost_the_answer_asks_again_and_gets_it(house, host, first):
    """The visitor's connection breaks while the booking is under way (TRUST T74, DECISIONS 21)."""
    ids = []
    for number in range(ROUNDS):
        start, email = first + timedelta(hours=number), f"{first:%d%H}lost{number}@visitor.example"
        body = {"start": wire(start), "end": wire(start + timedelta(hours=1)), "name": "Vera Visitor", "email": email}
        path, key = f"/api/v1/booking/{host.booking_slug}/confirm", f"lost-{first:%d%H}-{number}"
        connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=20)
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json", "Idempotency-Key": key})
        connection.sock.shutdown(socket.SHUT_RD)
        connection.close()
        until(lambda at=start: house.value("SELECT count(*) FROM booking_meeting WHERE start_time = %s", at))
        status, answer = send(house, path, body, **{"Idempotency-Key": key})
        assert status == 201
        ids.append((json.loads(answer)["data"]["meeting_id"], start))
        assert send(house, path, body)[0] == 409  # who sends no key cannot be told from another
    for meeting, start in ids:
        assert house.rows("SELECT id FROM booking_meeting WHERE start_time = %s", start) == [(meeting,)]
