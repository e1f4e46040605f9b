from datetime import UTC, datetime, timedelta

import pytest
from django.utils.timezone import now

from booking import profiles
from lio.tenancy import org_scope
from tests.integrations.calendars import google, graph  # noqa: F401 - fixtures


@pytest.fixture
def host(rep):
    """A member who can be booked round the clock, at once, for 30 or 60 minutes."""
    always_open(rep)
    return rep


@pytest.fixture
def page(client, host):
    """Asks the host's page, as nobody."""

    def ask(path="", body=None, **more):
        address = f"/api/v1/booking/{host.booking_slug}{path}"
        if body is None:
            return client.get(address, more)
        return client.post(address, body, content_type="application/json", headers=more.pop("headers", {}))

    return ask


def always_open(member, **more):
    hours = {day: [{"start": "00:00", "end": "24:00"}] for day in profiles.DAYS}
    with org_scope(member.organization_id):
        profiles.update(member, {"working_hours": hours, "min_notice_minutes": 0} | more, by=member)


@pytest.fixture
def start():
    """A whole hour in three days."""
    return (now().astimezone(UTC) + timedelta(days=3)).replace(hour=10, minute=0, second=0, microsecond=0)


def wire(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def booking(start, minutes=30, **more):
    return {"start": wire(start), "end": wire(start + timedelta(minutes=minutes)), "name": "Vera Visitor",
            "email": "vera@visitor.example"} | more


def read(text):
    return datetime.fromisoformat(text)
