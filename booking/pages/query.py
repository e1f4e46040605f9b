"""How a meeting looks in a row, on its page and in a section: its time in words, its state, with whom it is."""

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.timezone import get_current_timezone, localtime, now

from booking.models import Meeting

Status = Meeting.Status
LABELS = dict(Status.choices)
TONES = {Status.SCHEDULED: "acc", Status.RESCHEDULED: "warm", Status.HELD: "good", Status.CANCELLED: "", Status.NO_SHOW: "bad"}
TOOLS = dict(Meeting.Tool.choices) | {"none": "In person or by phone"}


def span(start, end):
    """`Mon 15 Jun, 09:00–09:30`, in the viewer's zone; with the year when it is another one."""
    first, last = localtime(start), localtime(end)
    year = "" if first.year == localtime(now()).year else f" {first.year}"
    until = f"{last:%H:%M}" if last.date() == first.date() else f"{last:%a} {last.day} {last:%b, %H:%M}"
    return f"{first:%a} {first.day} {first:%b}{year}, {first:%H:%M}–{until}"


def dressed(rows):
    """`page_rows` of meetings with what a page shows of them: {..., when, state, tone, is_over, is_on, url, who, join}."""
    moment, page = now(), reverse("meetings:view", args=[0])
    for row in rows:
        start, end = (datetime.fromisoformat(row[name]) for name in ("start_time", "end_time"))
        is_on = row["status"] in Meeting.BLOCKING
        lead = row["lead_id"] and (row["lead_name"] or row["lead_email"] or f"Lead {row['lead_id']}")
        row |= {
            "starts": start, "ends": end, "when": span(start, end), "is_over": end < moment, "has_begun": start <= moment,
            "is_on": is_on, "unsettled": is_on and end < moment, "state": LABELS[row["status"]], "tone": TONES[row["status"]],
            "url": page.replace("/0/", f"/{row['id']}/"), "lead_name": lead or "", "custom_fields": {}, "tags": [],
            "who": lead or row["contact_name"] or row["company_name"] or (
                (row["attendees"][0].get("name") or row["attendees"][0]["email"]) if row["attendees"] else ""),
            "join": row["meeting_url"] if is_on and row["meeting_url"].startswith(("http://", "https://")) else "",
            "minutes": int((end - start) / timedelta(minutes=1)),
        }  # fmt: skip
    return rows


def as_input(moment):
    """A moment as an input of date and time takes it, in the viewer's zone."""
    return f"{moment.astimezone(get_current_timezone()):%Y-%m-%dT%H:%M}" if moment else ""


def from_input(text):
    """What such an input sends as a moment with its offset, for the API's Input to read; other texts stay as they are.

    A time that a clock change leaves out is that of the clock before it.
    """
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=get_current_timezone())).isoformat()
    except (ValueError, OverflowError):
        return text
