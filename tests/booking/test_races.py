"""Many at once on the same hours of a host: real threads, real connections, real commits (TRUST T70, T71)."""

import itertools
import os
from collections import Counter
from datetime import UTC, timedelta
from random import Random

import pytest
from django.conf import settings
from django.test.utils import override_settings
from django.utils.timezone import now
from rest_framework.test import APIClient

from booking import meetings, recaps, shared
from booking.models import Meeting, MeetingSummary, Transcript
from lio import history
from lio.tenancy import org_scope
from tests.booking.conftest import always_open, booking, wire
from tests.factories import make_member, make_organization
from tests.kit.test_races import together

pytestmark = pytest.mark.django_db(transaction=True)
SOAK = bool(os.environ.get("LIO_SOAK"))
ROUNDS, AT_ONCE = (20, 48) if SOAK else (2, 12)


@pytest.fixture
def host():
    admin = make_organization("Acme")
    always_open(admin)
    with override_settings(RATES=settings.RATES | {"booking": 100_000, "booked": 100_000, "public": 100_000}):
        yield admin


@pytest.fixture
def start():
    return (now().astimezone(UTC) + timedelta(days=3)).replace(hour=10, minute=0, second=0, microsecond=0)


def confirms(host, bodies):
    def one(body):
        client = APIClient()
        return lambda: client.post(f"/api/v1/booking/{host.booking_slug}/confirm", body, format="json").status_code

    return Counter(together([one(body) for body in bodies]))


def overlaps(host):
    with org_scope(host.organization):
        rows = sorted(Meeting.objects.blocking().filter(host=host, exclusive=True).values_list("start_time", "end_time"))
    return [(one, other) for one, other in itertools.pairwise(rows) if other[0] < one[1]]


@pytest.mark.parametrize("round", range(ROUNDS))
def test_of_many_overlapping_bookings_one_wins(host, start, round):
    lengths = [(start + timedelta(minutes=30 * (n % 2)), 30 + 30 * (n % 2 == 0)) for n in range(AT_ONCE)]
    bodies = [booking(start, 60, email=f"v{n}@x.example") for n in range(AT_ONCE)]
    assert confirms(host, bodies) == {201: 1, 409: AT_ONCE - 1}
    found = confirms(host, [booking(at + timedelta(hours=4), minutes, email=f"w{n}@x.example")
                            for n, (at, minutes) in enumerate(lengths)])
    assert set(found) <= {201, 409, 422} and not overlaps(host)


@pytest.mark.parametrize("round", range(ROUNDS))
def test_a_page_of_two_takes_two_at_the_same_time(host, start, round):
    other = make_member(host.organization, email="other@acme.example")
    always_open(other)
    with org_scope(host.organization), history.one_action():
        shared.create(host.organization, {"title": "Team", "slug": "the-team", "hosts": [other.pk, host.pk]}, by=host)

    def one(n):
        slug, client = ("the-team" if n % 5 else host.booking_slug), APIClient()
        body = booking(start, email=f"v{n}@x.example")
        return lambda: client.post(f"/api/v1/booking/{slug}/confirm", body, format="json").status_code

    found = Counter(together([one(n) for n in range(1, 5)] + [one(n) for n in range(6, 10)] * 4))
    assert found == {201: 2, 409: 18}
    with org_scope(host.organization):
        assert sorted(Meeting.objects.values_list("host_id", flat=True)) == sorted([host.pk, other.pk])
    mixed = Counter(together([one(n) for n in range(40)]))  # the members' own pages beside it
    assert set(mixed) == {409} and not overlaps(host) and not overlaps(other)


@pytest.mark.parametrize("round", range(ROUNDS))
def test_neighbours_are_all_booked(host, start, round):
    bodies = [booking(start + timedelta(minutes=30 * n), email=f"v{n}@x.example") for n in range(8)]
    assert confirms(host, bodies) == {201: 8}


@pytest.mark.parametrize("round", range(ROUNDS))
def test_bookings_moves_and_cancellations_end_without_overlap_or_deadlock(host, start, round):
    from accounts import sessions, tokens

    token = tokens.issue(sessions.start(host, "token"))
    made = []
    for n in range(6):
        answer = APIClient().post(f"/api/v1/booking/{host.booking_slug}/confirm",
                                  booking(start + timedelta(hours=n), email=f"v{n}@x.example"), format="json")
        made.append(answer.json()["data"]["meeting_id"])

    def move(pk, to):
        client = APIClient(headers={"Authorization": f"Bearer {token}"})
        body = {"start_time": wire(to), "end_time": wire(to + timedelta(minutes=30))}
        return lambda: client.post(f"/api/meeting/update/{pk}", body, format="json").status_code

    dice, goal = Random(round), start + timedelta(hours=10)
    found = Counter(together([move(pk, goal + timedelta(minutes=30 * dice.randrange(2))) for pk in made * 2]))
    assert set(found) <= {200, 409} and found[200] >= 2 and not overlaps(host)


def test_of_many_transcripts_at_once_one_is_left(host, start):
    """Uploads and summaries of one meeting wait for each other; none ends in a fault."""
    with org_scope(host.organization), history.one_action():
        when = {"title": "Review", "start_time": start, "end_time": start + timedelta(hours=1)}
        meeting = meetings.add(host.organization, when, by=host)

    def one(n):
        def act():
            with org_scope(host.organization), history.one_action():
                if n % 3:
                    recaps.put(meeting.pk, host.organization, f"Ana: We agreed on price number {n}.".encode(), by=host)
                else:
                    recaps.summarise(meeting.pk, host.organization, "brief", by=host)
            return "done"

        return act

    with org_scope(host.organization), history.one_action():
        recaps.put(meeting.pk, host.organization, b"Ana: We agreed on the first price.", by=host)
    assert Counter(together([one(n) for n in range(AT_ONCE)])) == {"done": AT_ONCE}
    with org_scope(host.organization):
        assert Transcript.objects.alive().filter(meeting=meeting).count() == 1
        assert Transcript.objects.filter(meeting=meeting).count() == 1 + sum(1 for n in range(AT_ONCE) if n % 3)
        assert MeetingSummary.objects.filter(meeting=meeting).count() == 1
