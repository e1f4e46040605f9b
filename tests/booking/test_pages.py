"""The pages of members: settings of the booking page, meetings in list and week, one meeting, planning one."""

import re
from datetime import timedelta

import pytest
from django.utils.timezone import localtime, now

from accounts import roles
from activity.models import Notification
from booking import meetings, profiles
from booking.models import Meeting, MeetingType
from lio import history
from lio.models import Change, Job
from lio.tenancy import org_scope
from tests.booking.conftest import always_open, booking
from tests.conftest import sign_in
from tests.factories import make_company, make_lead, make_member

SWAP = {"HX-Request": "true"}


def text(answer):
    return answer.content.decode()


@pytest.fixture
def browser(client, rep):
    return sign_in(client, rep)


@pytest.fixture
def plan(rep):
    """Plans a meeting of `rep`, in three days unless `start` says otherwise."""

    def one(title="Review", *, start=None, minutes=30, **fields):
        start = start or now().replace(minute=0, second=0, microsecond=0) + timedelta(days=3)
        with org_scope(rep.organization), history.one_action():
            values = {"title": title, "start_time": start, "end_time": start + timedelta(minutes=minutes)} | fields
            return meetings.add(rep.organization, values, by=rep)

    return one


@pytest.fixture
def stored(rep):
    def get(pk):
        with org_scope(rep.organization):
            return Meeting.objects.get(pk=pk)

    return get


def wrong_in(answer):
    """What a form complains of."""
    return re.findall(r'class="errorlist[^>]*>.*?</ul>|role="alert">.*?</div>', text(answer), re.S)


def profile_of(member):
    with org_scope(member.organization):
        profile = profiles.of(member)
        return profile, profiles.told_types(profile)


# ----------------------------------------------------------------------- the booking page's settings
def form_of(browser):
    """What the form of the page would send unchanged."""
    page = text(browser.get("/settings/booking")).split('class="form part booking"')[1]
    sent = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and not (('type="checkbox"' in tag) and "checked" not in tag):
            sent[name[1]] = value[1] if value else "on" if "checkbox" in tag else ""
    for name, inner in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', inner)
        sent[name] = chosen[1] if chosen else ""
    for name, inner in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', page, re.S):
        sent[name] = inner.strip()
    return sent


def test_the_form_sends_back_what_there_is(browser, rep):
    before = profile_of(rep)
    answer = browser.post("/settings/booking", form_of(browser))
    assert answer.status_code == 302, wrong_in(answer)
    after = profile_of(rep)
    assert before[0].working_hours == after[0].working_hours and before[1] == after[1]
    for name in profiles.TOLD:
        assert getattr(before[0], name) == getattr(after[0], name), name


def test_hours_dates_and_limits(browser, rep):
    sent = form_of(browser) | {
        "monday-0-start": "08:00", "monday-0-end": "12:00", "monday-1-start": "13:00", "monday-1-end": "00:00",
        "friday-0-start": "", "friday-0-end": "",
        "date-0-first": "2030-12-24", "date-0-last": "2030-12-26",
        "date-1-first": "2030-12-31", "date-1-0-start": "10:00", "date-1-0-end": "12:00",
        "title": "Talk to Ada", "slug": "Ada-Books", "daily_limit": "4", "buffer_after": "15", "horizon_days": "30",
        "allowed_domains": "https://www.acme.example/contact", "timezone": "Europe/Lisbon", "color": "#ff8800",
    }  # fmt: skip
    answer = browser.post("/settings/booking", sent)
    assert answer.status_code == 302, wrong_in(answer)
    profile, _ = profile_of(rep)
    assert profile.working_hours["monday"] == [{"start": "08:00", "end": "12:00"}, {"start": "13:00", "end": "24:00"}]
    assert "friday" not in profile.working_hours and len(profile.working_hours) == 4
    assert profile.overrides == {"2030-12-24": [], "2030-12-25": [], "2030-12-26": [],
                                 "2030-12-31": [{"start": "10:00", "end": "12:00"}]}
    assert (profile.title, profile.daily_limit, profile.buffer_after, profile.horizon_days) == ("Talk to Ada", 4, 15, 30)
    assert (profile.user.booking_slug, profile.timezone, profile.color) == ("ada-books", "Europe/Lisbon", "#ff8800")
    assert profile.allowed_domains == ["www.acme.example"]
    page = text(browser.get("/settings/booking"))
    assert 'name="date-0-last" value="2030-12-26"' in page and 'name="monday-2-start" value=""' in page
    assert "/book/ada-books" in page and "iframe" in page
    assert browser.get("/book/ada-books").status_code == 200


@pytest.mark.parametrize(("sent", "complaint"), [
    ({"monday-1-start": "16:00", "monday-1-end": "18:00"}, "overlap"),
    ({"monday-0-end": ""}, "Monday has a time without"),
    ({"monday-0-end": "08:00"}, "Weekly hours"),
    ({"date-0-last": "2030-13-01"}, "fill in the date"),
    ({"date-0-first": "2030-01-01", "date-0-last": "2031-01-01"}, "must be 1 to 100 days"),
    ({"slug": "no"}, "Must be 3 to 60"),
    ({"horizon_days": "0"}, "horizon"),
    ({"allowed_domains": "not a domain"}, "is not a domain"),
    ({"color": "red"}, "Must be a colour"),
    ({"timezone": "Mars/Base"}, "valid choice"),
])  # fmt: skip
def test_what_is_wrong_is_said_and_kept(browser, rep, sent, complaint):
    before = profile_of(rep)[0].working_hours
    answer = browser.post("/settings/booking", form_of(browser) | {"title": "Kept as typed"} | sent)
    assert answer.status_code == 422 and complaint in text(answer) and "Kept as typed" in text(answer)
    assert profile_of(rep)[0].working_hours == before


def test_a_taken_address(browser, rep, colleague):
    answer = browser.post("/settings/booking", form_of(browser) | {"slug": colleague.booking_slug})
    assert answer.status_code == 422 and "is taken" in text(answer).lower()


def test_meeting_types(browser, rep):
    answer = browser.post("/settings/booking/types/add", {
        "name": "Demo", "minutes": "45", "tool": "custom", "location": "https://meet.acme.example/ada",
        "questions": "Which tools do you use?*\n\nHow many people?"})  # fmt: skip
    assert answer.status_code == 302
    types = profile_of(rep)[1]
    demo = types[-1]
    assert (demo["name"], demo["minutes"], demo["tool"], demo["is_active"]) == ("Demo", 45, "custom", True)
    assert [(one["label"], one["required"]) for one in demo["questions"]] == [
        ("Which tools do you use?", True), ("How many people?", False)]
    browser.post("/settings/booking", {"up": demo["id"]})
    browser.post("/settings/booking", {"off": types[0]["id"]})
    assert [(one["name"], one["is_active"]) for one in profile_of(rep)[1]] == [
        ("Demo", True), ("60 minutes", True), ("30 minutes", False)]
    assert "Which tools do you use? *" in text(browser.get(f"/settings/booking/types/{demo['id']}"))
    answer = browser.post(f"/settings/booking/types/{demo['id']}", {"name": "Call", "minutes": "20", "tool": "none"})
    assert answer.status_code == 302
    changed = profile_of(rep)[1][0]
    assert (changed["name"], changed["minutes"], changed["questions"], changed["location"]) == ("Call", 20, [], "")
    page = text(browser.get(f"/book/{rep.booking_slug}"))
    assert "Call" in page and "30 minutes" not in page


def test_the_last_type_stays(browser, rep):
    first, second = profile_of(rep)[1]
    browser.post("/settings/booking", {"off": first["id"]})
    answer = browser.post("/settings/booking", {"off": second["id"]}, follow=True)
    assert "keep one that can be booked" in text(answer)
    assert [one["is_active"] for one in profile_of(rep)[1]] == [True, False]


@pytest.mark.parametrize(("sent", "complaint"), [
    ({"minutes": "4"}, "greater than or equal to 5"), ({"name": ""}, "required"),
    ({"tool": "custom", "location": "room 5"}, "must be the web address"), ({"questions": "A?\na?"}, "must differ"),
    ({"questions": "\n".join(f"Q{n}" for n in range(11))}, "at most 10"),
])  # fmt: skip
def test_types_that_make_no_sense(browser, rep, sent, complaint):
    answer = browser.post("/settings/booking/types/add", {"name": "Demo", "minutes": "30", "tool": "none"} | sent)
    assert answer.status_code == 422 and complaint in text(answer)
    assert len(profile_of(rep)[1]) == 2


def test_types_of_others_are_missing(browser, colleague, outsider):
    for member in (colleague, outsider):
        pk = profile_of(member)[1][0]["id"]
        assert browser.get(f"/settings/booking/types/{pk}").status_code == 404
        stolen = {"name": "Mine", "minutes": "30", "tool": "none"}
        assert browser.post(f"/settings/booking/types/{pk}", stolen).status_code == 404
        assert browser.post("/settings/booking", {"off": pk}).status_code == 404
        assert profile_of(member)[1][0]["name"] == "30 minutes"


def test_settings_are_undone(browser, rep, colleague, api):
    sent = form_of(browser) | {"title": "Other", "monday-0-start": "07:00", "slug": "other-address"}
    browser.post("/settings/booking", sent)
    change = newest(rep)
    assert browser.post(f"/undo/{change}").status_code == 302
    profile, _ = profile_of(rep)
    assert profile.title == "" and profile.working_hours["monday"][0]["start"] == "09:00"
    assert profile.user.booking_slug != "other-address"
    browser.post("/settings/booking/types/add", {"name": "Demo", "minutes": "45", "tool": "none"})
    change = newest(rep)
    always_open(rep, title="Since")
    browser.post(f"/undo/{change}")
    profile, types = profile_of(rep)
    assert [(one["name"], one["is_active"]) for one in types][-1] == ("Demo", False) and profile.title == "Since"


def newest(member):
    with org_scope(member.organization):
        return Change.objects.latest("id").change_id


def test_the_page_of_somebody_else_is_not_undone_by_a_colleague(client, rep, colleague):
    always_open(rep, title="Mine")
    change = newest(rep)
    answer = sign_in(client, colleague).post(f"/undo/{change}", follow=True)
    assert "somebody else" in text(answer) and profile_of(rep)[0].title == "Mine"


def test_types_over_the_api(api, rep):
    there = api.get("/api/booking-profile").json()["data"]
    assert [one["name"] for one in there["types"]] == ["30 minutes", "60 minutes"] and there["color"] == "#3f51c6"
    given = [{"id": there["types"][1]["id"], "name": "Long"}, {"name": "Short", "minutes": 10, "questions": ["Why?"]}]
    answer = api.put("/api/booking-profile", {"types": given, "overrides": {"2030-01-01": []}, "color": "#00AA11"})
    shown = answer.json()["data"]
    assert [(one["name"], one["minutes"], one["is_active"]) for one in shown["types"]] == [
        ("Long", 60, True), ("Short", 10, True), ("30 minutes", 30, False)]
    assert shown["durations"] == [10, 60] and shown["overrides"] == {"2030-01-01": []} and shown["color"] == "#00aa11"
    for wrong in ({"types": []}, {"types": [{"id": 1}]}, {"types": [{"name": "x"}]}, {"types": ["x"]}, {"types": "x"},
                  {"types": [{"name": "x", "minutes": 30, "tool": "fax"}]}, {"overrides": {"20300101": []}},
                  {"types": given, "durations": [30]}, {"color": "red"}, {"allowed_domains": ["a b"]},
                  {"types": [{"name": "x", "minutes": 30, "questions": [{"label": ""}]}]}):  # fmt: skip
        assert api.put("/api/booking-profile", wrong).status_code == 422, wrong
    with org_scope(rep.organization):
        assert MeetingType.objects.count() == 3


# ----------------------------------------------------------------------- list and week
def test_the_list(browser, plan, rep, colleague):
    assert "Meetings will stand here" in text(browser.get("/meetings/"))
    lead = make_lead(rep.organization, first_name="Vera", last_name="Visitor", company="Visitor Ltd")
    plan("Coming one", lead_id=lead.pk, company_id=lead.company_id)
    plan("Of a colleague", host_id=colleague.pk)
    plan("Left open", start=now() - timedelta(days=1))
    page = text(browser.get("/meetings/"))
    for words in ("Coming one", "Of a colleague", "Left open", "To settle", "Vera Visitor", "Visitor Ltd", "Scheduled"):
        assert words in page, words
    mine = text(browser.get("/meetings/?when=coming&user_id=true"))
    assert "Coming one" in mine and "Of a colleague" not in mine and "Left open" not in mine
    assert "Coming one" not in text(browser.get("/meetings/?when=unsettled"))
    assert "No meeting matches" in text(browser.get("/meetings/?status=4"))
    assert "Coming one" in text(browser.get("/meetings/?search_value=coming"))
    assert "Vera Visitor" in text(browser.get(f"/meetings/?lead_id={lead.pk}&start_from=2020-01-01&order_by=title"))


def test_a_view_of_the_list(browser, plan):
    plan("Seen")
    answer = browser.post("/meetings/views/add?when=coming", {"view_name": "Next", "visibility": "private"})
    view = answer.headers["Location"]
    page = text(browser.get(view))
    assert "Seen" in page and "Next" in page
    assert "Over, neither" not in text(browser.get(view, headers=SWAP)).split("<table")[1]


def test_bulk(browser, plan, rep, stored):
    past = now() - timedelta(days=2)
    ids = [plan(f"M{n}", start=past, attendees=[{"email": f"v{n}@visitor.example", "name": ""}]).pk for n in range(3)]
    answer = browser.post("/meetings/bulk", {"action": "held", "ids": ids[:2]}, follow=True)
    assert "2 meetings marked as held" in text(answer)
    assert [stored(pk).status for pk in ids] == [3, 3, 1]
    browser.post(f"/undo/{newest(rep)}")
    assert [stored(pk).status for pk in ids] == [1, 1, 1]
    browser.post("/meetings/bulk?when=unsettled", {"action": "cancel", "select_all": "true", "expected_count": 3})
    assert [(stored(pk).status, stored(pk).remind_at) for pk in ids] == [(4, None)] * 3
    browser.post("/meetings/bulk", {"action": "edit", "field": "location", "value": "Room 5", "confirmed": "yes", "ids": ids})
    assert {stored(pk).location for pk in ids} == {"Room 5"}
    assert "Delete 3 meetings?" in text(browser.post("/meetings/bulk", {"action": "delete", "ids": ids}))
    browser.post("/meetings/bulk", {"action": "delete", "confirmed": "yes", "ids": ids})
    assert all(stored(pk).deleted_at for pk in ids)
    browser.post(f"/undo/{newest(rep)}")
    assert not any(stored(pk).deleted_at for pk in ids)
    assert "choose what to do" in text(browser.post("/meetings/bulk", {"action": "burn", "ids": ids}, follow=True)).lower()


def test_the_week(browser, plan, rep, colleague):
    start = localtime(now()).replace(hour=10, minute=0, second=0, microsecond=0)
    monday = start - timedelta(days=start.weekday())
    plan("Standup", start=monday, minutes=45)
    plan("Beside it", start=monday + timedelta(minutes=15))
    plan("Over midnight", start=monday + timedelta(hours=13), minutes=180)
    plan("Theirs", start=monday, host_id=colleague.pk)
    plan("Next week", start=monday + timedelta(days=7))
    page = text(browser.get("/meetings/week"))
    for words in ("Standup", "Beside it", "Nothing planned", "10:00–10:45", "lanes-2"):
        assert words in page, words
    assert page.count("</time> <b>Over midnight") == 2 and "Theirs" not in page and "Next week" not in page
    both = text(browser.get(f"/meetings/week?user_id={rep.pk}&user_id={colleague.pk}"))
    assert "Theirs" in both and "2 calendars" in both
    later = text(browser.get(f"/meetings/week?day={(monday + timedelta(days=9)).date()}"))
    assert "Next week" in later and "Standup" not in later
    for wrong in ("day=x", "day=0001-01-01", "user_id=x", "user_id=999999999"):
        assert browser.get(f"/meetings/week?{wrong}").status_code == 200


# ----------------------------------------------------------------------- one meeting
def test_planning_one(browser, rep, stored):
    lead = make_lead(rep.organization, first_name="Vera", last_name="Visitor", email="vera@visitor.example",
                     company="Visitor Ltd")
    page = text(browser.get(f"/meetings/add?lead={lead.pk}"))
    assert f"Vera Visitor #{lead.pk}" in page and "Visitor Ltd #" in page and "vera@visitor.example Vera Visitor" in page
    sent = {"title": "Kick-off", "starts": "2031-06-02T09:30", "minutes": "45", "user_id": rep.pk, "lead": f"Vera #{lead.pk}",
            "company": "visitor ltd", "contact": "", "attendees": "vera@visitor.example Vera Visitor\nbob@visitor.example",
            "meeting_tool": "zoom", "meeting_url": "https://zoom.example/1", "location": "", "description": "About it"}
    answer = browser.post("/meetings/add", sent)
    assert answer.status_code == 302, text(answer)
    meeting = stored(int(answer.headers["Location"].rstrip("/").rpartition("/")[2]))
    assert (meeting.lead_id, meeting.company_id, meeting.host_id) == (lead.pk, lead.company_id, rep.pk)
    assert meeting.end_time - meeting.start_time == timedelta(minutes=45) and meeting.timezone == (rep.timezone or "UTC")
    assert meeting.attendees == [{"email": "vera@visitor.example", "name": "Vera Visitor"},
                                 {"email": "bob@visitor.example", "name": ""}]
    for wrong, complaint in (({"lead": "nobody@x.example"}, "none of yours"), ({"starts": "soon"}, "Choose a day and a time"),
                             ({"title": ""}, "required"), ({"attendees": "nobody"}, "e-mail"),
                             ({"meeting_url": "javascript:alert(1)"}, "http"), ({"minutes": "7"}, "valid choice")):  # fmt: skip
        answer = browser.post("/meetings/add", sent | wrong)
        assert answer.status_code == 422 and complaint in text(answer), wrong


def test_what_became_of_it(browser, plan, rep, stored):
    meeting = plan("Review", start=now() - timedelta(hours=2), meeting_url="https://zoom.example/1")
    path = f"/meetings/{meeting.pk}/"
    page = text(browser.get(path))
    assert "Held" in page and "No-show" in page
    answer = browser.post(f"{path}status", {"status": 3}, headers=SWAP)
    assert answer.status_code == 200 and "undo_url" in answer.headers["HX-Trigger"] and "Held" in text(answer)
    assert stored(meeting.pk).status == 3
    browser.post(f"/undo/{newest(rep)}")
    assert stored(meeting.pk).status == 1
    assert browser.post(f"{path}status", {"status": 5}).headers["Location"] == path  # without script
    page = text(browser.get(path))
    assert "marked it as no show" in page and "Back to planned" in page and stored(meeting.pk).status == 5
    browser.post(f"{path}status", {"status": 1})
    assert stored(meeting.pk).status == 1
    assert browser.post(f"{path}status", {"status": 9}, headers=SWAP).status_code == 422


def test_a_coming_one_offers_no_verdict(browser, plan):
    meeting = plan("Later", meeting_url="https://zoom.example/1")
    page = text(browser.get(f"/meetings/{meeting.pk}/"))
    assert 'value="3"' not in page and "Cancel meeting" in page and "https://zoom.example/1" in page


def test_fields_in_place(browser, plan, rep, stored, colleague):
    company = make_company(rep.organization, company_name="Visitor Ltd")
    meeting = plan()
    path, length = f"/meetings/{meeting.pk}/field/", meeting.end_time - meeting.start_time

    def put(name, value, status=200):
        answer = browser.post(f"{path}{name}", {"value": value}, headers=SWAP)
        assert answer.status_code == status, text(answer)
        return text(answer)

    put("title", "Other words")
    put("start_time", "2031-06-02T09:30")
    moved = stored(meeting.pk)
    assert moved.end_time - moved.start_time == length and f"{localtime(moved.start_time):%Y-%m-%d %H:%M}" == "2031-06-02 09:30"
    assert moved.status == 2 and moved.title == "Other words"
    put("end_time", "2031-06-02T11:00")
    put("company_id", "visitor LTD")
    put("user_id", colleague.pk)
    put("attendees", "vera@visitor.example Vera Visitor")
    put("location", "Room 5")
    put("meeting_tool", "teams")
    now_is = stored(meeting.pk)
    assert (now_is.company_id, now_is.host_id, now_is.meeting_tool) == (company.pk, colleague.pk, "teams")
    page = text(browser.get(f"/meetings/{meeting.pk}/"))
    for words in ("Visitor Ltd", "Vera Visitor", "Room 5", "Microsoft Teams", "moved the meeting to Mon 2 Jun"):
        assert words in page, words
    put("company_id", "")
    assert stored(meeting.pk).company_id is None
    assert "none of yours" in put("lead_id", "#999999999", 422)
    assert "Must be after" in put("end_time", "2031-06-01T11:00", 422)
    assert "date-time" in put("start_time", "soon", 422)
    assert "Not a field" not in text(browser.get(f"/meetings/{meeting.pk}/?edit=start_time"))
    assert browser.get(f"{path}exclusive", headers=SWAP).status_code == 404
    for _ in range(2):  # moving is undone as any other change
        browser.post(f"{path}start_time", {"value": "2031-06-03T09:30"})
    browser.post(f"/undo/{newest(rep)}")
    assert f"{localtime(stored(meeting.pk).start_time):%d}" == "02"


def test_notes_files_and_deletion(browser, plan, rep, stored):
    meeting = plan()
    path = f"/meetings/{meeting.pk}/"
    browser.post(f"{path}note", {"note": "They want a pilot."})
    assert "They want a pilot." in text(browser.get(path))
    assert "Delete Review?" in text(browser.get(f"{path}delete"))
    assert browser.post(f"{path}delete").headers["Location"] == "/meetings/"
    assert browser.get(path).status_code == 404
    browser.post(f"/undo/{newest(rep)}")
    assert browser.get(path).status_code == 200 and stored(meeting.pk).deleted_at is None


def test_undoing_a_new_one_deletes_it(browser, plan, rep, stored):
    meeting = plan()
    browser.post(f"/undo/{newest(rep)}")
    assert stored(meeting.pk).deleted_at


# ----------------------------------------------------------------------- on other pages
def test_sections_and_what_goes(browser, plan, rep, stored):
    lead = make_lead(rep.organization, first_name="Vera", last_name="Visitor", company="Visitor Ltd")
    meeting = plan("Kick-off", lead_id=lead.pk, company_id=lead.company_id)
    for path in (f"/leads/{lead.pk}/", f"/companies/{lead.company_id}/"):
        page = text(browser.get(path))
        assert "Kick-off" in page and "Plan a meeting" in page
    browser.post(f"/leads/{lead.pk}/delete")
    assert stored(meeting.pk).lead_id is None and stored(meeting.pk).deleted_at is None
    browser.post(f"/undo/{newest(rep)}")
    assert stored(meeting.pk).lead_id == lead.pk
    browser.post(f"/companies/{lead.company_id}/delete")
    assert stored(meeting.pk).company_id is None


def test_merging_moves_them_and_undo_moves_them_back(api, browser, plan, rep, stored):
    one, other = (make_lead(rep.organization, first_name="Vera", email=f"vera{n}@visitor.example") for n in range(2))
    meeting = plan("Kick-off", lead_id=other.pk)
    answer = api.post("/api/lead/merge", {"ids": [one.pk, other.pk], "survivor_id": one.pk})
    assert answer.status_code == 200, answer.content
    assert stored(meeting.pk).lead_id == one.pk and "Kick-off" in text(browser.get(f"/leads/{one.pk}/"))
    browser.post(f"/undo/{answer['X-Change-Id']}")
    assert stored(meeting.pk).lead_id == other.pk


def test_a_booking_and_what_the_member_is_told(client, browser, rep, host, start, stored):
    answer = client.post(f"/api/v1/booking/{host.booking_slug}/confirm", booking(start), content_type="application/json")
    pk = answer.json()["data"]["meeting_id"]
    with org_scope(rep.organization):
        assert Notification.objects.get(type_id=5).link == f"/meetings/{pk}/"
    page = text(browser.get(f"/meetings/{pk}/"))
    assert "Booked by visitor" in page and "Created through the" in page and "Vera Visitor" in page
    browser.post(f"/meetings/{pk}/status", {"status": 4})
    assert client.post(f"/api/v1/booking/{host.booking_slug}/confirm", booking(start, email="other@visitor.example"),
                       content_type="application/json").status_code == 201
    refused = browser.post(f"/undo/{newest_of(rep, 'meeting.cancelled')}", follow=True)
    assert "Another booking of this member is at that time" in text(refused) and stored(pk).status == 4
    browser.post(f"/meetings/{pk}/status", {"status": 3})
    browser.post(f"/undo/{newest_of(rep, 'meeting.booked')}")  # of the other one
    browser.post(f"/meetings/{pk}/status", {"status": 1})
    assert stored(pk).status == 1


def newest_of(member, verb):
    with org_scope(member.organization):
        return Change.objects.filter(verb=verb).latest("id").change_id


def test_a_cancellation_is_undone_and_told(browser, plan, rep, stored):
    meeting = plan(attendees=[{"email": "vera@visitor.example", "name": "Vera"}])
    browser.post(f"/meetings/{meeting.pk}/status", {"status": 4})
    assert (stored(meeting.pk).status, stored(meeting.pk).sequence) == (4, 1)
    browser.post(f"/undo/{newest(rep)}")
    assert (stored(meeting.pk).status, stored(meeting.pk).sequence) == (1, 2)
    past = plan("Over", start=now() - timedelta(days=2), attendees=[{"email": "vera@visitor.example", "name": "Vera"}])
    with org_scope(rep.organization):
        told = list(Job.objects.filter(function="booking.jobs.invite").values_list("args", flat=True))
    assert [pk for pk, _ in told] == [meeting.pk] * 3 and past.pk  # of what is over nobody is told


# ----------------------------------------------------------------------- who may, and how much it costs
def test_other_organisations_see_nothing(client, plan, outsider, stored):
    meeting = plan("Secret talk")
    browser = sign_in(client, outsider)
    for path in ("", "status", "note", "delete", "field/title", "documents"):
        for call in (browser.get, browser.post):
            assert call(f"/meetings/{meeting.pk}/{path}", headers=SWAP).status_code in (404, 405), path
    for path in ("/meetings/", f"/meetings/week?user_id={meeting.host_id}", f"/meetings/?user_id={meeting.host_id}"):
        assert "Secret talk" not in text(browser.get(path))
    browser.post("/meetings/bulk", {"action": "cancel", "ids": [meeting.pk]})
    assert stored(meeting.pk).status == 1


def test_who_may_only_look(client, plan, rep, stored):
    meeting = plan("Review", start=now() - timedelta(hours=2))
    with org_scope(rep.organization):
        roles.add(rep.organization, name="Viewer", permissions=["records.view"], by=rep)
    browser = sign_in(client, make_member(rep.organization, role="Viewer"))
    page = text(browser.get(f"/meetings/{meeting.pk}/"))
    assert "Review" in page and "No-show" not in page
    assert browser.get("/meetings/week").status_code == browser.get("/meetings/").status_code == 200
    for path in ("add", "bulk", f"{meeting.pk}/status", f"{meeting.pk}/delete", f"{meeting.pk}/field/title"):
        assert browser.post(f"/meetings/{path}", {"status": 3}).status_code == 403, path
    assert stored(meeting.pk).status == 1


@pytest.mark.parametrize(("path", "most"), [
    ("/meetings/", 14), ("/meetings/week", 10), ("/settings/booking", 10), ("/meetings/{pk}/", 17), ("/meetings/add", 12),
])  # fmt: skip
def test_pages_cost_so_many_queries(browser, plan, rep, path, most, django_assert_num_queries):
    lead = make_lead(rep.organization, company="Visitor Ltd")
    start = localtime(now()).replace(hour=10, minute=0) - timedelta(days=localtime(now()).weekday())
    for n in range(8):
        meeting = plan(f"M{n}", start=start + timedelta(hours=n), lead_id=lead.pk, company_id=lead.company_id)
    browser.get(path.format(pk=meeting.pk))
    with django_assert_num_queries(most):
        assert browser.get(path.format(pk=meeting.pk)).status_code == 200
