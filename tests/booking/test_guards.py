"""What a booking page must withstand: robots, odd ranges, lost answers, clocks of all zones (TRUST T25, T52, T72 to T76)."""

import os
import re
from collections import Counter
from datetime import datetime, timedelta
from functools import cache
from threading import Thread
from time import monotonic, sleep
from zoneinfo import ZoneInfo

import psycopg
import pytest
import time_machine
from django.db import IntegrityError, connection, connections, transaction
from django.utils.timezone import now
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from activity.models import Notification
from booking import confirm, finding, meetings, profiles
from booking.models import DAYS, Meeting
from booking.slots import moment
from leads.models import Lead
from lio.errors import Conflict, Invalid
from lio.tenancy import org_scope
from tests.booking.conftest import always_open, booking, wire
from tests.booking.test_slots import ZONES, nights_of_change
from tests.conftest import client_of
from tests.contacts.test_deadlock import WAITING
from tests.factories import make_lead, make_organization

pytestmark = pytest.mark.django_db
SOAK = bool(os.environ.get("LIO_SOAK"))
HALF = timedelta(minutes=30)


# ----------------------------------------------------------------------- T52: robots
def test_an_address_books_ten_an_hour_whatever_it_says(page, host, start, settings):
    settings.RATES = settings.RATES | {"booking": 1000, "public": 1000}
    robots = 500 if SOAK else 25
    found = [page("/confirm", booking(start + HALF * n, email=f"v{n}@x.example")) for n in range(robots)]
    assert Counter(one.status_code for one in found) == {201: 10, 429: robots - 10}
    assert all(one.status_code == 201 for one in found[:10]) and 0 < int(found[-1].headers["Retry-After"]) <= 3600
    with org_scope(host.organization):
        assert Meeting.objects.count() == Lead.objects.count() == 10


def test_what_is_not_booked_does_not_count_and_others_may_book(client, page, host, start, settings):
    settings.RATES = settings.RATES | {"booked": 2}
    address = f"/api/v1/booking/{host.booking_slug}/confirm"
    assert page("/confirm", booking(start), headers={"Idempotency-Key": "k"}).status_code == 201
    for _ in range(3):
        assert page("/confirm", booking(start)).status_code == 409
        assert page("/confirm", booking(start, email="none")).status_code == 422
        assert page("/confirm", booking(start), headers={"Idempotency-Key": "k"}).status_code == 201  # the same booking
    assert page("/confirm", booking(start + HALF)).status_code == 201
    assert page("/confirm", booking(start + 2 * HALF), headers={"Idempotency-Key": "l"}).status_code == 429
    assert client.post(address, booking(start + 2 * HALF), content_type="application/json",
                       REMOTE_ADDR="198.51.100.7").status_code == 201
    settings.RATES = settings.RATES | {"booked": 9}
    later = page("/confirm", booking(start + 3 * HALF, email="w@x.example"), headers={"Idempotency-Key": "l"})
    assert later.status_code == 201  # the key is not spent by the refusal


def test_a_minute_has_twenty_tries(page, start):
    found = Counter(page("/confirm", booking(start, email="none")).status_code for _ in range(22))
    assert found == {422: 20, 429: 2}


def test_a_person_has_three_bookings_to_come(api, page, host, colleague, client, start):
    made = [page("/confirm", booking(start + HALF * n, email=email)).json()["data"]["meeting_id"]
            for n, email in enumerate(["vera@visitor.example", "VERA@visitor.example", "vera@visitor.example"])]
    refused = page("/confirm", booking(start + HALF * 4))
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "too_many_open")
    assert list(refused.json()["error"]["fields"]) == ["email"]
    always_open(colleague)
    address = f"/api/v1/booking/{colleague.booking_slug}/confirm"
    elsewhere = client.post(address, booking(start), content_type="application/json")
    assert elsewhere.status_code == 422
    assert page("/confirm", booking(start + HALF * 4, email="wera@visitor.example")).status_code == 201
    assert api.post(f"/api/meeting/update/{made[0]}", {"status": 4}).status_code == 200
    assert page("/confirm", booking(start + HALF * 4 + HALF)).status_code == 201


class Form:
    """A visitor's page with its form, sent as a browser sends it."""

    def __init__(self, client, host, start):
        self.client, self.address = client, f"/book/{host.booking_slug}?start={wire(start)}"
        self.page = client.get(self.address).content.decode()

    def send(self, **more):
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', self.page))
        sent = hidden | {"name": "Vera Visitor", "email": "vera@visitor.example"} | more
        answer = self.client.post(self.address, {name: text for name, text in sent.items() if text is not None})
        self.page = answer.content.decode()
        return answer


def test_the_page_refuses_robots_and_lets_people_mend(client, host, start):
    began = now()
    form = Form(client, host, start)
    assert form.send().status_code == 429 and "very quick" in form.page and 'value="vera@visitor.example"' in form.page
    with time_machine.travel(began + timedelta(seconds=10), tick=True):
        assert form.send(website_2="https://spam.example").status_code == 422
        assert form.send(stamp="made-up").status_code == 422
        assert form.send(stamp=None).status_code == 422
        form = Form(client, host, start)
    with time_machine.travel(began + timedelta(seconds=20), tick=True):
        assert form.send(email="nobody").status_code == 422
        assert form.send().status_code == 303  # what was mended is another request, however soon
    with org_scope(host.organization):
        assert Meeting.objects.get().attendees[0]["email"] == "vera@visitor.example"


def test_the_same_page_sent_twice_is_one_booking(client, host, start):
    form = Form(client, host, start)
    page = form.page
    with time_machine.travel(now() + timedelta(seconds=10), tick=True):
        first = form.send()
        form.page = page
        again = form.send()
    assert first.status_code == again.status_code == 303 and first.headers["Location"] == again.headers["Location"]
    with org_scope(host.organization):
        assert Meeting.objects.count() == 1


# ----------------------------------------------------------------------- T25: who is known here
def test_a_booking_tells_nobody_who_is_known(page, host, start):
    make_lead(host.organization, first_name="Known", last_name="Lead", email="known@visitor.example", company="Secret Ltd")
    told = [page("/confirm", booking(start + HALF * n, email=f"{name}@visitor.example")).json()
            for n, name in enumerate(("known", "other"))]
    for answer in told:
        for name in ("meeting_id", "start", "end", "manage_url"):
            assert answer["data"].pop(name)
    assert told[0] == told[1] and "Secret" not in str(told)


# ----------------------------------------------------------------------- T72: what blocks
@pytest.mark.parametrize("status", Meeting.Status)
@pytest.mark.parametrize("deleted", [False, True])
def test_what_is_offered_is_what_the_table_would_take(page, host, start, status, deleted):
    page("/confirm", booking(start))
    with org_scope(host.organization):
        Meeting.objects.update(status=status, deleted_at=now() if deleted else None)
        row = Meeting.objects.get()
        profile = profiles.of(host)
        is_offered = (start, start + HALF) in finding.slots(profile, 30, start, start + HALF)
        try:
            with transaction.atomic():
                Meeting.objects.create(organization=host.organization, host=host, title="Direct", exclusive=True,
                                       start_time=row.start_time + HALF / 2, end_time=row.end_time)
            is_taken = True
        except IntegrityError as error:
            assert "meeting_no_overlap" in str(error)
            is_taken = False
    assert is_offered == is_taken == (deleted or status not in (1, 2))


# ----------------------------------------------------------------------- T73: ranges
RANGES = {
    "ten years": (0, 60 * 24 * 3650), "a year": (0, 60 * 24 * 365), "a day": (0, 1440), "nine hours": (0, 540),
    "nothing": (0, 0), "a minute": (0, 1), "29 minutes": (0, 29), "31 minutes": (0, 31), "45 minutes": (0, 45),
    "two hours": (0, 120), "backwards": (0, -30), "a year backwards": (0, -60 * 24 * 365), "a minute late": (1, 30),
    "a minute early": (-1, 30), "a quarter late": (15, 30), "29 late": (29, 30), "a week ago": (-60 * 24 * 10, 30),
    "a year ago": (-60 * 24 * 365, 30), "past the horizon": (60 * 24 * 61, 30), "in ten years": (60 * 24 * 3650, 30),
    "at the edge of half an hour ago": (-60 * 24 * 3 - 30 * 21, 60),
}  # fmt: skip


@pytest.mark.parametrize("name", RANGES)
def test_a_range_that_is_no_slot_is_refused(page, host, start, name):
    late, minutes = RANGES[name]
    answer = page("/confirm", booking(start + timedelta(minutes=late), minutes))
    assert answer.status_code == 422 and answer.json()["error"]["fields"], answer.content
    with org_scope(host.organization):
        assert not Meeting.objects.exists() and not Lead.objects.exists()


@pytest.mark.parametrize("shift", [timedelta(seconds=1), timedelta(microseconds=1), -timedelta(seconds=1)])
def test_a_second_beside_the_grid_is_refused(page, start, shift):
    body = booking(start) | {"start": (start + shift).isoformat(), "end": (start + shift + HALF).isoformat()}
    assert page("/confirm", body).status_code == 422


# ----------------------------------------------------------------------- T74: see tests/faults/test_booking.py, too
def test_without_a_key_the_owner_of_the_slot_gets_409(page, host, start):
    assert [page("/confirm", booking(start)).status_code for _ in range(2)] == [201, 409]
    with org_scope(host.organization):
        assert Meeting.objects.count() == 1


def test_a_key_is_good_for_one_booking(page, start):
    assert page("/confirm", booking(start), headers={"Idempotency-Key": "k"}).status_code == 201
    other = page("/confirm", booking(start + HALF), headers={"Idempotency-Key": "k"})
    assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_mismatch")


# ----------------------------------------------------------------------- T75: clocks
@cache
def nights():
    """(zone, a day of the coming year on which its clocks change), and one day of each zone where they do not."""
    today, found = now().date(), []
    for name in ZONES:
        zone = ZoneInfo(name)
        days = {day for year in (today.year, today.year + 1, today.year + 2) for day in nights_of_change(zone, year)}
        coming = sorted(day for day in days if today + timedelta(days=3) < day < today + timedelta(days=360))
        found += [(name, day) for day in coming or [today + timedelta(days=100)]]
    return found


def is_free(profile, start, end):
    try:
        confirm.check_free(profile, start, end)
    except (Conflict, Invalid):
        return False
    return True


def test_every_offered_slot_can_be_booked_and_every_bookable_one_is_offered(host, start):
    assert len(nights()) > 400
    with org_scope(host.organization):
        profile = profiles.of(host)
        seen = Counter()

        @hypothesis(deadline=None, derandomize=True, database=None, max_examples=1000 if SOAK else 15,
                    suppress_health_check=[HealthCheck.function_scoped_fixture])
        @given(st.sampled_from(nights()), st.integers(0, 1410), st.sampled_from([30, 120, 240, 1440]),
               st.sampled_from([30, 60]), st.sampled_from([0, 15, 30, 45]), st.integers(-4, 30), st.booleans())
        def check(night, opens, lasts, length, step, busy, booked):
            zone, day = night
            hours = [{"start": f"{opens // 60:02}:{opens % 60:02}", "end": clock(min(opens + lasts, 1440))}]
            profile.timezone, profile.slot_step, profile.horizon_days = zone, step, 366
            profile.working_hours = dict.fromkeys(DAYS, hours)
            midnight = moment(day, 0, ZoneInfo(zone))
            since, until = midnight - timedelta(hours=2), midnight + timedelta(hours=27)
            with transaction.atomic():
                begins = midnight + timedelta(hours=busy)
                Meeting.objects.create(organization=host.organization, host=host, title="Busy", exclusive=booked,
                                       start_time=begins, end_time=begins + timedelta(minutes=50))
                offered = finding.slots(profile, length, since, until)
                grid = {since + timedelta(minutes=n) for n in range(opens % 30, 29 * 60, 30)}
                for begin in sorted(grid | {one for one, _ in offered}):
                    end = begin + timedelta(minutes=length)
                    assert is_free(profile, begin, end) == ((begin, end) in offered), (night, begin)
                if offered:
                    seen["booked"] += 1
                    chosen = offered[busy % len(offered)]
                    meeting = confirm.confirm(profile, *chosen, confirm.Visitor("Vera Visitor", "vera@visitor.example"))
                    assert (meeting.start_time, meeting.end_time) == chosen
                    assert chosen not in finding.slots(profile, length, since, until)
                transaction.set_rollback(True)
            seen["looked"] += 1

        check()
    assert seen["booked"] > seen["looked"] / 2


def clock(minutes):
    return f"{minutes // 60:02}:{minutes % 60:02}"


# ----------------------------------------------------------------------- T76: odd times
ODD = [
    "", " ", "soon", "now", "tomorrow", "2027-06-15", "10:00", "2027-02-30T10:00:00Z", "2027-13-01T10:00:00Z", "T", "Z", "0",
    "-1", "1e9", "1781517600", "2027-06-15T25:00:00Z", "2027-06-15T10:61:00Z", "2027-06-15T10:00:00+99:99",
    "2027-06-15T10:00:00+24:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2027-W24-2T10:00:00Z",
    "20270615T100000Z", "2027-06-15T10:00:00Zulu", "２０２７-06-15T10:00:00Z", "2027-06-15T10:00:00\x00Z", "2027-06-15 10:00",
    "15.06.2027", "null", "{}", "x" * 10_000, None, 5, -5, 1e300, True, [], {}, ["2027-06-15T10:00:00Z"],
    {"date": "2027-06-15"},
]  # fmt: skip
NO_ZONES = ["Mars/Base", "../etc/passwd", "/etc/localtime", "Europe/Berlin\x00", "europe/berlin", "UTC+2", "GMT+99", "x" * 5000,
            "\u202e", "Europe//Berlin", "posixrules", "localtime", "Factory", "'; --"]  # fmt: skip


def test_odd_times_and_zones_are_refused_and_break_nothing(page, host, start):
    assert len(ODD) == 40
    for odd in ODD:
        for name in ("start", "end"):
            answer = anew(page, booking(start) | {name: odd})
            assert answer.status_code in (400, 422), (odd, answer.content)
    for zone in NO_ZONES:
        assert page("/availability", tz=zone).status_code == 400, zone
        assert anew(page, booking(start, timezone=zone)).status_code in (400, 422), zone
    with org_scope(host.organization):
        assert not Meeting.objects.exists()


def anew(page, body):
    """Asks as if nobody had asked before, so that it is not the limit of tries that refuses."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM lio_ratebucket")
    return page("/confirm", body)


def test_a_time_without_offset_is_utc_or_of_the_zone_that_goes_along(page, start):
    naive = start.replace(tzinfo=None).isoformat()
    body = booking(start) | {"start": naive, "end": (start + HALF).replace(tzinfo=None).isoformat()}
    assert page("/confirm", body).json()["data"]["start"] == start.isoformat().replace("+00:00", ".000Z")
    answer = page("/confirm", body | {"timezone": "Asia/Kolkata"}).json()["data"]
    assert datetime.fromisoformat(answer["start"]) == start - timedelta(hours=5, minutes=30)


# ----------------------------------------------------------------------- locks
def test_who_cannot_get_the_host_in_time_is_told_that_the_slot_is_taken(page, host, start):
    options = connection.settings_dict
    other = psycopg.connect(host=options["HOST"], port=options["PORT"], dbname=options["NAME"], user=options["USER"],
                            password=options["PASSWORD"], autocommit=True)
    with other, connection.cursor() as cursor:
        other.execute("SELECT pg_advisory_lock(1, %s)", [host.pk])
        cursor.execute("SET LOCAL lock_timeout = '50ms'")
        refused = page("/confirm", booking(start))
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "slot_taken")
    assert page("/confirm", booking(start)).status_code == 201


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("deed", ["book", "move", "cancel"])
def test_a_visitor_whom_a_deadlock_ended_gets_it_all_the_same(client, start, deed):
    host = make_organization("Acme")
    always_open(host)
    lead, answers, page = make_lead(host.organization, email="vera@visitor.example"), [], f"/api/v1/booking/{host.booking_slug}"
    deeds = {"book": (f"{page}/confirm", booking(start), 201)}
    if deed != "book":
        made = client.post(f"{page}/confirm", booking(start), content_type="application/json").json()["data"]
        path = "/" + made["manage_url"].split("/", 3)[3]
        deeds |= {"move": (f"{path}/move", {"start": wire(start + HALF)}, 303), "cancel": (f"{path}/cancel", {}, 303)}
    address, body, status = deeds[deed]

    def ask():
        try:
            kind = {"content_type": "application/json"} if deed == "book" else {}
            answers.append(client.post(address, body, **kind))
        finally:
            connections.close_all()

    asked = Thread(target=ask)
    with org_scope(host.organization), transaction.atomic():
        Lead.objects.select_for_update(of=("self",)).get(pk=lead.pk)
        asked.start()  # it holds the host, and waits for the lead
        end = monotonic() + 20
        with connection.cursor() as cursor:
            while cursor.execute(WAITING) is None or cursor.fetchone() == (0,):
                assert monotonic() < end
                sleep(0.01)
        meetings.lock_host(host.pk)  # who waits for longer is ended
    asked.join()
    assert answers[0].status_code == status, answers[0].content


# ----------------------------------------------------------------------- R69: whom a meeting concerns
def notices(member):
    with org_scope(member.organization):
        return list(Notification.objects.filter(user=member, type_id=5).order_by("id").values_list("title", flat=True))


def test_a_host_is_told_what_others_plan_with_him(api, rep, colleague, start):
    plan = {"title": "Review", "start_time": wire(start), "end_time": wire(start + HALF)}
    api.post("/api/meeting/add", plan)
    assert notices(rep) == []
    made = api.post("/api/meeting/add", plan | {"user_id": colleague.pk}).json()["data"]["id"]
    assert notices(colleague) == [f"{rep.full_name} planned Review with you, {meetings.when(start, 'UTC')}"]
    api.post("/api/meeting/add", plan | {"user_id": colleague.pk, "start_time": "2020-01-01T10:00:00Z",
                                         "end_time": "2020-01-01T11:00:00Z"})
    api.post(f"/api/meeting/update/{made}", {"title": "Other words"})
    assert len(notices(colleague)) == 1
    api.post(f"/api/meeting/update/{made}", {"user_id": rep.pk})
    assert notices(rep) == []
    client_of(colleague).post(f"/api/meeting/update/{made}", {"user_id": rep.pk, "title": "Mine"})
    api.post(f"/api/meeting/update/{made}", {"user_id": colleague.pk})
    assert notices(colleague)[1:] == [f"{rep.full_name} gave you Mine, {meetings.when(start, 'UTC')}"]


def test_a_host_is_told_what_the_visitor_does(client, page, host, start):
    url = page("/confirm", booking(start)).json()["data"]["manage_url"]
    path = "/" + url.split("/", 3)[3]
    assert client.post(f"{path}/move", {"start": wire(start + HALF)}).status_code == 303
    assert client.post(f"{path}/move", {"start": wire(start + HALF + HALF / 3)}).status_code == 422
    assert client.post(f"{path}/cancel").status_code == 303
    title, at = "30 minutes with Vera Visitor", [meetings.when(start + HALF * n, "UTC") for n in range(2)]
    assert notices(host) == [f"Vera Visitor booked 30 minutes, {at[0]}", f"Vera Visitor moved {title}, {at[1]}",
                             f"Vera Visitor cancelled {title}, {at[1]}"]


@pytest.mark.parametrize(("path", "status", "words"), [
    ("/book/nobody-here", 404, "Nothing can be booked here"), ("/booked/made-up", 404, "Nothing can be booked here"),
    ("/book/{slug}?start=2027-01-01T10:00:00Z&type=%00", 422, "Not booked"),
])  # fmt: skip
def test_a_refusal_is_a_page(client, host, path, status, words):
    answer = client.get(path.format(slug=host.booking_slug))
    assert answer.status_code in (status, 400) and words in answer.content.decode()
    assert "text/html" in answer.headers["Content-Type"]


def test_too_many_tries_are_told_on_a_page(client, host, settings):
    settings.RATES = settings.RATES | {"booking": 1}
    answers = [client.post(f"/book/{host.booking_slug}", {"name": "x"}) for _ in range(2)]
    assert answers[1].status_code == 429 and answers[1].headers["Retry-After"] and "Too many" in answers[1].content.decode()
