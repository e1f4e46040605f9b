"""The meetings of the demo: some that were held or missed, some to come, and one that a visitor has booked."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.timezone import now

from booking import confirm, finding, meetings, profiles, recaps
from booking.models import Meeting
from leads.models import Lead
from lio import history
from transfers.demo_talk import talk

Status = Meeting.Status
PAST: list[tuple] = [  # days ago, hour, minutes, title, what became of it
    (12, 9, 30, "First call", Status.HELD), (9, 14, 45, "Demo", Status.HELD), (8, 11, 30, "Price talk", Status.NO_SHOW),
    (5, 10, 60, "Workshop with the depot team", Status.HELD), (2, 15, 30, "Price talk", Status.SCHEDULED),
]  # fmt: skip
COMING: list[tuple] = [  # days ahead, hour, minutes, title
    (0, 16, 30, "Follow-up call"), (1, 9, 45, "Demo"), (1, 9, 30, "Pilot review"), (2, 13, 60, "Workshop on routes"),
    (3, 11, 30, "Contract questions"), (6, 10, 45, "Demo"), (8, 15, 30, "Onboarding kick-off"),
]  # fmt: skip
RECORDED = "Workshop with the depot team"  # of which there is a transcript
HOURS = {day: [{"start": "09:00", "end": "12:00"}, {"start": "13:00", "end": "17:00"}] for day in profiles.DAYS[:5]}
DEMO = {"name": "Product demo", "minutes": 45, "tool": "zoom", "location": "https://zoom.example/j/ana",
        "questions": [{"name": "question_1", "label": "What do you use today?", "required": True}]}


def make_meetings(organization, by, team):
    """Meetings of `by` and `team` with leads that have a company, and the booking page of `by`."""
    intro = "Half an hour about your depots, or a demo with your own data."
    profiles.update(by, {"working_hours": HOURS, "buffer_after": 10, "title": "Talk to Ana", "intro": intro}, by=by)
    profiles.update(by, {"types": [*profiles.told_types(profiles.of(by))[:1], DEMO]}, by=by)
    leads = list(Lead.objects.of(organization).alive().filter(company__isnull=False).order_by("pk")[:40:3])
    hosts, zone = [by, *team], ZoneInfo(by.timezone or "UTC")
    today = now().astimezone(zone).date()
    for n, (days, hour, minutes, title, *became) in enumerate([*((-one[0], *one[1:]) for one in PAST), *COMING]):
        lead, host = leads[n % len(leads)], hosts[n % len(hosts)]
        day = today + timedelta(days=days)
        day += timedelta(days=max(0, day.weekday() - 4) * (-1 if days < 0 else 2))  # never at a weekend
        start = datetime.combine(day, time(hour), zone).astimezone(UTC)
        with history.one_action():
            meeting = meetings.add(organization, {
                "title": f"{title} with {lead}"[:200], "start_time": start, "end_time": start + timedelta(minutes=minutes),
                "host_id": host.pk, "lead_id": lead.pk, "company_id": lead.company_id, "timezone": zone.key,
                "meeting_tool": "meet" if n % 2 else "none", "location": "" if n % 2 else "By phone",
                "meeting_url": f"https://meet.example/lio-{n}" if n % 2 else ""}, by=host)
        if became and became[0] != Status.SCHEDULED:
            meetings.update(meeting.pk, organization, {"status": became[0]}, by=host)
        if title == RECORDED:
            with history.one_action():
                said = talk(str(host), str(lead))
                recaps.put(meeting.pk, organization, said, file_name="workshop.vtt", by=host)
            with history.one_action():
                recaps.summarise(meeting.pk, organization, "detailed", by=host)
    book(by, leads[-1])


def book(host, lead):
    """A visitor, who is a lead already, books a demo with `host` on the first free time from tomorrow on."""
    profile = profiles.of(host)
    kind = profiles.types(profile).get(name=DEMO["name"])
    since = now() + timedelta(days=1)
    for start, end in finding.slots(profile, kind.minutes, since, since + timedelta(days=7))[:1]:
        visitor = confirm.Visitor(str(lead), lead.email, timezone=profiles.zone(profile).key,
                                  answers={"What do you use today?": "Paper lists and a spreadsheet."})
        confirm.confirm(profile, start, end, visitor, type_id=kind.pk)
