"""Booking pages of several members: addresses, whose turn it is, what visitors find, who may change them."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils.timezone import now
from icalendar import Calendar

from accounts.models import User
from activity.models import Notification
from booking import profiles, shared
from booking.models import BookingAddress, Meeting, MeetingType, SharedPage
from leads.models import Lead
from lio import history
from lio.errors import Conflict, Invalid
from lio.jobs import drain
from lio.models import Change
from lio.tenancy import org_scope
from tests.booking.conftest import always_open, booking, wire
from tests.conftest import sign_in
from tests.factories import make_lead, make_member

pytestmark = pytest.mark.django_db
HALF = timedelta(minutes=30)


@pytest.fixture
def hosts(rep, colleague, settings):
    """Three members who can be booked round the clock, by as many visitors of one address as there are."""
    settings.RATES = settings.RATES | {"booking": 10_000, "booked": 10_000}
    third = make_member(rep.organization, email="third@acme.example")
    for member in (rep, colleague, third):
        always_open(member)
    return [rep, colleague, third]


@pytest.fixture
def team(rep, hosts):
    """The page that they share; changes it when it is called."""
    with org_scope(rep.organization), history.one_action():
        page = shared.create(rep.organization, {"title": "Talk to sales", "slug": "talk-to-sales",
                                                "hosts": [one.pk for one in hosts]}, by=rep)

    def change(**fields):
        with org_scope(rep.organization), history.one_action():
            return shared.update(page.pk, rep.organization, fields, by=rep)

    change.page = page
    return change


@pytest.fixture
def ask(client, team):
    def asked(path="", body=None, **more):
        address = f"/api/v1/booking/talk-to-sales{path}"
        return client.get(address, more) if body is None else client.post(address, body, content_type="application/json")

    return asked


def booked(answer, organization):
    assert answer.status_code == 201, answer.content
    with org_scope(organization):
        return Meeting.objects.get(pk=answer.json()["data"]["meeting_id"])


# ----------------------------------------------------------------------- addresses
def test_one_address_is_one_page_whoever_asks(rep, team, outsider):
    for member in (rep, outsider):
        with org_scope(member.organization):
            with pytest.raises(Conflict) as told, transaction.atomic():
                profiles.update(member, {"slug": "talk-to-sales"}, by=member)
            assert told.value.code == "slug_taken"
            with pytest.raises(Conflict), transaction.atomic():
                shared.create(member.organization, {"title": "x", "slug": rep.booking_slug, "hosts": [member.pk]}, by=member)
    with org_scope(outsider.organization), pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=outsider.pk).update(booking_slug="talk-to-sales")  # the table itself refuses it
    team(slug="other-words")
    with org_scope(outsider.organization):
        profiles.update(outsider, {"slug": "talk-to-sales"}, by=outsider)
    with pytest.raises(Conflict):
        team(slug="talk-to-sales")


def test_addresses_are_kept_in_step(rep, team, hosts):
    with org_scope(rep.organization):
        there = set(BookingAddress.objects.values_list("slug", flat=True))
        members = set(User.objects.of(rep.organization).exclude(booking_slug=None).values_list("booking_slug", flat=True))
        assert there == members | {"talk-to-sales"} and len(members) >= 3


def test_a_new_page_or_member_finds_a_free_address(rep, hosts):
    with org_scope(rep.organization), history.one_action():
        made = [shared.create(rep.organization, {"title": "Grace Hopper", "hosts": [rep.pk]}, by=rep).slug for _ in range(2)]
    member = make_member(rep.organization, first_name="Grace", last_name="Hopper", email="grace@acme.example")
    assert made[0] == "grace-hopper" and made[1].startswith("grace-hopper-")
    assert User.objects.get(pk=member.pk).booking_slug.startswith("grace-hopper-")


# ----------------------------------------------------------------------- what is offered
def test_the_same_answers_by_page_and_api(client, ask, rep, start):
    shown = ask().json()["data"]
    assert (shown["slug"], shown["title"], shown["name"]) == ("talk-to-sales", "Talk to sales", rep.organization.name)
    assert shown["durations"] == [30, 60]
    text = client.get("/book/talk-to-sales?tz=UTC").content.decode()
    assert "Talk to sales" in text and rep.organization.name in text
    day = f"{start:%Y-%m-%d}"
    slots = ask("/availability", date=day, tz="UTC").json()["data"]["slots"]
    page = client.get(f"/book/talk-to-sales?tz=UTC&clock=24&day={day}&month={day[:7]}").content.decode()
    assert len(slots) == 48 and all(f"start={one['start'][:16].replace(':', '%3A')}" in page for one in slots)


def test_slots_are_what_any_host_has(ask, hosts, start):
    day = start.replace(hour=0)
    for member, hours in zip(hosts, (("09:00", "10:00"), ("09:30", "11:00"), ("15:00", "15:45")), strict=True):
        times = {name: [{"start": hours[0], "end": hours[1]}] for name in profiles.DAYS}
        always_open(member, working_hours=times, timezone="UTC")
    slots = ask("/availability", date=f"{day:%Y-%m-%d}", tz="UTC").json()["data"]["slots"]
    assert [one["start"][11:16] for one in slots] == ["09:00", "09:30", "10:00", "10:30", "15:00"]
    for one in slots:
        assert ask("/confirm", booking(start, email=f"v{one['start']}@x.example".replace(":", "")) | one).status_code == 201
    left = ask("/availability", date=f"{day:%Y-%m-%d}", tz="UTC").json()["data"]["slots"]
    assert [one["start"][11:16] for one in left] == ["09:30"]  # whom two hosts had
    assert ask("/confirm", booking(start.replace(hour=12))).status_code == 422


def test_a_host_whose_own_page_is_closed_is_still_one_here(ask, hosts, team, start, client):
    for member in hosts:
        always_open(member, is_active=False)
    assert client.get(f"/book/{hosts[0].booking_slug}").status_code == 404
    answer = ask("/confirm", booking(start))
    assert answer.status_code == 201
    path = "/" + answer.json()["data"]["manage_url"].split("/", 3)[3]
    assert 'name="start"' in client.get(f"{path}/move").content.decode()
    assert client.post(f"{path}/move", {"start": wire(start + HALF)}).status_code == 303


def test_a_member_who_has_left_is_no_host(ask, hosts, team, start):
    User.objects.filter(pk__in=[hosts[0].pk, hosts[1].pk]).update(is_active=False)
    found = {booked(ask("/confirm", booking(start + HALF * n, email=f"v{n}@x.example")), hosts[0].organization).host_id
             for n in range(2)}
    assert found == {hosts[2].pk}
    User.objects.filter(pk=hosts[2].pk).update(is_active=False)
    assert ask("/availability").json()["data"]["slots"] == [] and ask("/confirm", booking(start)).status_code == 422


def test_closed_is_missing(ask, team, client):
    team(is_active=False)
    assert ask().status_code == ask("/availability").status_code == client.get("/book/talk-to-sales").status_code == 404


# ----------------------------------------------------------------------- whose turn it is
def test_turns_are_taken_in_order_and_evenly(ask, hosts, team, start):
    found = [booked(ask("/confirm", booking(start + HALF * n, email=f"v{n}@x.example")), hosts[0].organization).host_id
             for n in range(9)]
    assert found == [one.pk for one in hosts] * 3
    team(hosts=[hosts[2].pk, hosts[0].pk, hosts[1].pk])
    found = [booked(ask("/confirm", booking(start + HALF * (20 + n), email=f"w{n}@x.example")), hosts[0].organization).host_id
             for n in range(3)]
    assert found == [hosts[2].pk, hosts[0].pk, hosts[1].pk]


def test_who_is_free_gets_it_and_is_not_asked_next_time(ask, hosts, team, start):
    organization = hosts[0].organization
    first = [booked(ask("/confirm", booking(start, email=f"v{n}@x.example")), organization).host_id for n in range(3)]
    assert first == [one.pk for one in hosts]
    assert ask("/confirm", booking(start, email="v4@x.example")).json()["error"]["code"] == "slot_taken"
    with org_scope(organization):  # a cancelled booking and an old one are nobody's turn
        Meeting.objects.filter(host=hosts[1]).update(status=4)
        Meeting.objects.filter(host=hosts[2]).update(created_at=now() - timedelta(days=31))
    found = [booked(ask("/confirm", booking(start + HALF * (2 + n), email=f"w{n}@x.example")), organization).host_id
             for n in range(3)]
    assert found == [hosts[1].pk, hosts[2].pk, hosts[0].pk]


def test_the_owner_of_the_lead_comes_first_where_the_page_says_so(ask, hosts, team, start):
    organization = hosts[0].organization
    make_lead(organization, email="known@visitor.example", assigned_to_id=hosts[2].pk)
    body = booking(start, email="Known@Visitor.example")
    assert booked(ask("/confirm", body), organization).host_id == hosts[0].pk
    team(assigning="owner_first")
    answer = ask("/confirm", booking(start + HALF, email="KNOWN@visitor.example"))
    assert booked(answer, organization).host_id == hosts[2].pk
    with org_scope(organization):
        Meeting.objects.all().update(status=3)  # so that the person may book again
    taken = booked(ask("/confirm", booking(start + HALF * 4, email="known@visitor.example")), organization)
    assert taken.host_id == hosts[2].pk
    again = booked(ask("/confirm", booking(start + HALF * 4, email="known@visitor.example")), organization)
    assert again.host_id == hosts[1].pk  # the owner is taken: whose turn it is
    team(hosts=[hosts[0].pk, hosts[1].pk])
    with org_scope(organization):
        Meeting.objects.all().update(status=3)
    answer = ask("/confirm", booking(start + HALF * 8, email="known@visitor.example"))
    assert booked(answer, organization).host_id != hosts[2].pk


def test_a_booking_belongs_to_its_host(client, ask, hosts, team, start, mailoutbox):
    answer = ask("/confirm", booking(start))
    meeting = booked(answer, hosts[0].organization)
    with org_scope(hosts[0].organization):
        lead = Lead.objects.get(pk=meeting.lead_id)
        assert lead.assigned_to_id == meeting.host_id == hosts[0].pk and meeting.shared_page_id == team.page.pk
        assert Notification.objects.get(type_id=5).user_id == hosts[0].pk
    drain()
    event = Calendar.from_ical(mailoutbox[0].attachments[0].get_payload(decode=True)).events[0]
    assert hosts[0].email in str(event["ORGANIZER"])
    path = "/" + answer.json()["data"]["manage_url"].split("/", 3)[3]
    page = client.get(path).content.decode()
    assert hosts[0].full_name in page
    always_open(hosts[0], buffer_after=0)
    with org_scope(hosts[0].organization):  # others may be free; the host is not
        Meeting.objects.create(organization=hosts[0].organization, host=hosts[0], title="Own", exclusive=False,
                               start_time=start + HALF * 4, end_time=start + HALF * 6)
    assert client.post(f"{path}/move", {"start": wire(start + HALF * 4)}).status_code == 409
    assert client.post(f"{path}/move", {"start": wire(start + HALF * 6)}).status_code == 303
    with org_scope(hosts[0].organization):
        assert Meeting.objects.get(pk=meeting.pk).host_id == hosts[0].pk
    assert client.post(f"{path}/cancel").status_code == 303
    assert 'href="/book/talk-to-sales"' in client.get(path).content.decode()


def test_a_page_of_many_asks_few_questions(ask, hosts, team, django_assert_max_num_queries):
    with django_assert_max_num_queries(13):  # however many the hosts are
        assert ask("/availability").status_code == 200


# ----------------------------------------------------------------------- rules
def test_settings_ask_few_questions(client, rep, team, hosts, django_assert_max_num_queries):
    browser = sign_in(client, rep)
    with org_scope(rep.organization), history.one_action():
        for n in range(5):
            shared.create(rep.organization, {"title": f"Page {n}", "hosts": [one.pk for one in hosts]}, by=rep)
    for path in ("/settings/booking/shared", f"/settings/booking/shared/{team.page.pk}"):
        browser.get(path)
        with django_assert_max_num_queries(14):
            assert browser.get(path).status_code == 200


def test_what_makes_no_sense_is_refused(team, hosts, outsider, rep):
    for fields, name in (
        ({"hosts": []}, "hosts"), ({"hosts": [outsider.pk]}, "hosts"), ({"hosts": [10**9]}, "hosts"), ({"title": ""}, "title"),
        ({"types": []}, "types"), ({"types": [{"id": 1, "name": "x"}]}, "types"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as told:
            team(**fields)
        assert name in told.value.fields
    with org_scope(rep.organization):
        own = MeetingType.objects.filter(profile__user=rep).first()
        with pytest.raises(Invalid):
            shared.update(team.page.pk, rep.organization, {"types": [{"id": own.pk, "name": "Stolen"}]}, by=rep)
        with pytest.raises(IntegrityError), transaction.atomic():
            MeetingType.objects.create(organization=rep.organization, name="Nobody's", minutes=30)


def test_other_organisations_neither_see_nor_change_it(team, outsider, client):
    with org_scope(outsider.organization):
        assert not SharedPage.objects.exists() and not BookingAddress.objects.filter(slug="talk-to-sales").exists()
    browser = sign_in(client, outsider)
    path = f"/settings/booking/shared/{team.page.pk}"
    assert browser.get(path).status_code == browser.post(path, {"title": "Mine"}).status_code == 404
    assert "Talk to sales" not in browser.get("/settings/booking/shared").content.decode()


# ----------------------------------------------------------------------- settings
@pytest.fixture
def browser(client, rep):
    return sign_in(client, rep)


def test_an_admin_makes_and_changes_one(browser, rep, hosts, start):
    assert browser.get("/settings/booking/shared").status_code == 200
    answer = browser.post("/settings/booking/shared/add", {"title": "Demo team", "slug": "", "assigning": "owner_first",
                                                           "host": rep.pk})
    assert answer.status_code == 302, answer.content.decode()
    path = answer.headers["Location"]
    page = browser.get(path).content.decode()
    assert "/book/demo-team" in page and hosts[2].full_name in page and "No shared pages" not in page
    assert browser.get("/book/demo-team").status_code == 200
    browser.post(path, {"host_add": hosts[1].pk})
    browser.post(path, {"host_up": hosts[1].pk})
    browser.post(path, {"host_add": hosts[2].pk})
    browser.post(path, {"host_remove": rep.pk})
    with org_scope(rep.organization):
        row = SharedPage.objects.get()
        assert shared.host_ids(row) == [hosts[1].pk, hosts[2].pk] and row.assigning == "owner_first"
    browser.post(f"{path}/types/add", {"name": "Tour", "minutes": "45", "tool": "none"})
    answer = browser.post(path, {"title": "Tours", "slug": "tours", "assigning": "in_turn", "color": "#00aa11",
                                 "intro": "Hello", "allowed_domains": "acme.example", "is_active": "on"})
    assert answer.status_code == 302, answer.content.decode()
    text = browser.get("/book/tours").content.decode()
    assert "Tours" in text and "Tour<" in text and "Hello" in text
    assert "acme.example" in browser.get("/book/tours").headers["Content-Security-Policy"]
    assert browser.get("/book/demo-team").status_code == 404
    listed = browser.get("/settings/booking/shared").content.decode()
    assert "Tours" in listed and "/book/tours" in listed
    browser.post("/settings/booking/shared", {"off": row.pk})
    assert browser.get("/book/tours").status_code == 404
    browser.post("/settings/booking/shared", {"on": row.pk})
    assert browser.get("/book/tours").status_code == 200


@pytest.mark.parametrize(("sent", "complaint"), [
    ({"title": ""}, "required"), ({"slug": "no"}, "Must be 3 to 60"), ({"slug": "ada admin"}, "Must be 3 to 60"),
    ({"color": "red"}, "Must be a colour"), ({"allowed_domains": "a b"}, "is not a domain"),
    ({"assigning": "dice"}, "valid choice"),
])  # fmt: skip
def test_what_is_wrong_is_said_and_kept(browser, team, sent, complaint):
    path = f"/settings/booking/shared/{team.page.pk}"
    good = {"title": "Talk to sales", "slug": "talk-to-sales", "assigning": "in_turn", "color": "#00aa11", "is_active": "on",
            "intro": "Kept as typed"}
    answer = browser.post(path, good | sent)
    assert answer.status_code == 422 and complaint in answer.content.decode() and "Kept as typed" in answer.content.decode()


def test_the_address_of_a_member_is_refused_on_the_page(browser, team, rep):
    path = f"/settings/booking/shared/{team.page.pk}"
    good = {"title": "Talk to sales", "slug": rep.booking_slug, "assigning": "in_turn", "color": "#00aa11"}
    answer = browser.post(path, good)
    assert answer.status_code == 422 and "is taken" in answer.content.decode().lower()


def test_the_last_host_and_the_last_type_stay(browser, team, hosts, rep):
    path = f"/settings/booking/shared/{team.page.pk}"
    for one in hosts:
        answer = browser.post(path, {"host_remove": one.pk}, follow=True)
    assert "keep one" in answer.content.decode()
    with org_scope(rep.organization):
        assert shared.host_ids(team.page) == [hosts[2].pk]
        types = profiles.told_types(team.page)
    for one in types:
        answer = browser.post(path, {"off": one["id"]}, follow=True)
    assert "keep one that can be booked" in answer.content.decode()


def test_only_admins_may(client, team, colleague):
    browser = sign_in(client, colleague)
    for path in ("/settings/booking/shared", "/settings/booking/shared/add", f"/settings/booking/shared/{team.page.pk}",
                 f"/settings/booking/shared/{team.page.pk}/types/add"):
        assert browser.get(path).status_code == browser.post(path, {"title": "x"}).status_code == 403, path
    assert "shared" not in browser.get("/settings/booking").content.decode()


def test_changes_are_undone(browser, team, rep, hosts, client, colleague):
    def undo():
        with org_scope(rep.organization):
            change = Change.objects.filter(model_type="sharedpage").latest("id").change_id
        assert browser.post(f"/undo/{change}").status_code == 302

    path = f"/settings/booking/shared/{team.page.pk}"
    browser.post(path, {"host_remove": hosts[0].pk})
    undo()
    with org_scope(rep.organization):
        assert shared.host_ids(team.page) == [one.pk for one in hosts]
    team(title="Other words", slug="other-words")
    undo()
    with org_scope(rep.organization):
        row = SharedPage.objects.get()
        assert (row.title, row.slug) == ("Talk to sales", "talk-to-sales")
    browser.post("/settings/booking/shared/add", {"title": "New one", "assigning": "in_turn", "host": rep.pk})
    undo()
    with org_scope(rep.organization):
        assert SharedPage.objects.get(title="New one").is_active is False
        change = Change.objects.filter(model_type="sharedpage").latest("id").change_id
    answer = sign_in(client, colleague).post(f"/undo/{change}", follow=True)
    assert answer.status_code in (200, 403)
    with org_scope(rep.organization):
        assert SharedPage.objects.get(title="New one").is_active is False
