"""What a visitor reads: zones in words, the time a move starts from, what is left empty, a way on where nothing is free."""

import re
from datetime import timedelta

import time_machine
from django.utils.timezone import now

from tests.booking.conftest import booking, wire
from tests.booking.test_guards import Form


def test_what_is_left_empty_is_named_in_words(client, host, start):
    form = Form(client, host, start)
    with time_machine.travel(now() + timedelta(seconds=10), tick=True):
        assert form.send(name="", email="").status_code == 422
    assert "may not be blank" not in form.page and form.page.count("Fill this in.") == 4  # above the form and under each
    with time_machine.travel(now() + timedelta(days=2), tick=True):
        form.send()
    assert "This page was open for over a day." in form.page


def test_zones_are_said_in_words(client, host, start):
    path = f"/book/{host.booking_slug}?tz=America/New_York"
    times = client.get(path).content.decode()
    assert '<option value="America/New_York" selected>America/New York</option>' in times
    assert "America/New York time" in client.get(f"{path}&start={wire(start)}").content.decode()


def test_a_move_shows_what_it_starts_from(client, page, host, start):
    url = page("/confirm", booking(start)).json()["data"]["manage_url"]
    shown = client.get(f"/{url.split('/', 3)[3]}/move?tz=UTC&clock=24").content.decode()
    assert f"Now {start:%A} {start.day} {start:%B}" in shown and "10:00 – 10:30" in shown


def test_a_month_without_times_leads_to_the_first(client, host):
    later = now() + timedelta(days=300)
    shown = client.get(f"/book/{host.booking_slug}?tz=UTC&month={later:%Y-%m}").content.decode()
    assert "No free times" in shown
    [back] = re.findall(r'href="([^"]*)">First free times', shown)
    assert "No free times" not in client.get(f"/book/{host.booking_slug}{back.replace('&amp;', '&')}").content.decode()
