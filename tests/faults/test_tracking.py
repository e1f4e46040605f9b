"""The web server is killed while mails are opened: every picture that came has its row."""

import http.client
import threading
import time

import pytest

from tests.faults.house import ROUNDS, SOAK, kill
from tests.ground.conftest import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]
MAILS = 20_000 if SOAK else 4_000


@pytest.fixture
def tokens(scope):
    """Tokens of the pictures of so many mails to one lead."""
    from intent.models import TrackingToken
    from intent.tracking.hits import digest_of
    from tests.factories import make_lead

    made = [f"{n:032d}" for n in range(MAILS)]
    with scope() as admin:
        lead = make_lead(admin.organization, first_name="Opens", last_name="Mail", email="opens@mail.example")
        TrackingToken.objects.bulk_create([
            TrackingToken(organization=admin.organization, digest=digest_of(token), purpose="open", lead=lead)
            for token in made])
    return made


def open_mails(house, tokens, seen, stopping):
    connection = None
    for token in tokens:
        if stopping.is_set():
            return
        connection = connection or http.client.HTTPConnection("127.0.0.1", house.port, timeout=20)
        try:
            connection.request("GET", f"/api/v1/track/open/{token}")
            answer = connection.getresponse()
            if answer.status == 200 and answer.read().startswith(b"GIF89a"):
                seen.append(token)
                continue
        except (OSError, http.client.HTTPException):
            time.sleep(0.02)  # nobody is there for a moment
        connection.close()
        connection = None


def test_no_picture_that_came_is_lost_when_web_is_killed(house, tokens):
    from intent.tracking.hits import digest_of

    seen: list[str] = []
    stopping = threading.Event()
    threads = [threading.Thread(target=open_mails, args=(house, tokens[n::6], seen, stopping), daemon=True) for n in range(6)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(ROUNDS):
            before = len(seen)
            until(lambda before=before: len(seen) > before + 100, 30)
            for pid in house.master_and_workers()[1]:
                kill(pid)
            before = len(seen)
            until(lambda before=before: len(seen) > before + 100, 30)
    finally:
        stopping.set()
        for thread in threads:
            thread.join(30)
    rows = house.rows("SELECT t.digest, e.hits FROM intent_rawevent e JOIN intent_trackingtoken t ON t.id = e.token_id")
    there = dict(rows)
    lost = [token for token in seen if digest_of(token) not in there]
    assert len(seen) > 200 and lost == []
    until(house.ready)
    # and the worker has read what came
    until(lambda: house.value("SELECT count(*) FROM intent_rawevent WHERE NOT is_taken") == 0, 60)
    until(lambda: house.value("SELECT count(*) FROM intent_signal WHERE signal_type = 'email_opened'") > 0, 60)
    print(f"\n{len(seen)} pictures, none lost")
