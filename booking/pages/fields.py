"""The fields of a meeting as its page shows and edits them, each in its place."""

import re
from datetime import datetime

from django.urls import reverse

from booking import bulk
from booking.models import Meeting
from booking.pages.query import LABELS as STATES
from booking.pages.query import TONES, TOOLS, as_input, from_input, span
from booking.serializers import UpdateMeeting, attributes
from companies.models import Company
from companies.naming import normal
from contacts.models import Contact
from leads.models import Lead
from lio.errors import Invalid
from lio.norms import norms
from lookups.record_fields import RecordFields, people

LABELS = {
    "title": "Title", "start_time": "Starts", "end_time": "Ends", "user_id": "Host", "status": "Status",
    "meeting_tool": "Meet with", "meeting_url": "Link to join", "location": "Place", "attendees": "Attendees",
    "lead_id": "Lead", "contact_id": "Contact", "company_id": "Company", "description": "Description", "timezone": "Time zone",
}  # fmt: skip
TIMES = ("start_time", "end_time")
LINKS = {"lead_id": ("leads:view", "lead_name"), "contact_id": ("contacts:view", "contact_name"),
         "company_id": ("companies:view", "company_name")}  # fmt: skip


class MeetingFields(RecordFields):
    module, namespace = "meeting", "meetings"
    labels, required, input_class = LABELS, ("title", "start_time", "end_time", "user_id", "meeting_tool"), UpdateMeeting
    groups = [
        ("When and where", ["title", "start_time", "end_time", "user_id", "meeting_tool", "meeting_url", "location"]),
        ("With whom", ["attendees", "lead_id", "contact_id", "company_id"]),
        ("More", ["description"]),
    ]
    kinds = {"start_time": "datetime-local", "end_time": "datetime-local", "user_id": "person", "status": "chip",
             "meeting_tool": "select", "meeting_url": "url", "attendees": "textarea", "description": "textarea"}  # fmt: skip
    blank = ("description", "location", "meeting_url")

    def field(self, record, name, *, editing=False, saved=False):
        found = super().field(record, name, editing=editing, saved=saved)
        if found is None:
            return None
        if name in TIMES:
            found["value"] = as_input(record["starts" if name == "start_time" else "ends"]) if record["id"] else ""
            found["help"] = "The end moves along." if name == "start_time" else ""
        elif name == "attendees":
            found["value"] = "\n".join(line_of(one) for one in record["attendees"] or ())
            found["help"] = "One a line: an e-mail address, then the name if you like. They get a mail."
        elif name in LINKS and record["id"]:
            route, label = LINKS[name]
            found["href"] = reverse(route, args=[record[name]]) if record[name] else ""
            found["value"] = f"{record[label]} #{record[name]}" if record[name] else ""
            known_by = "name" if name == "company_id" else "e-mail address"
            found["help"] = f"By {known_by}, or by number, like #{record[name] or 12}."
        return found

    def attributes(self, given):
        return attributes(given)

    def shared(self, name):
        return bulk.shared(name)

    def text(self, record, name):
        if name in TIMES:
            moment = record["starts" if name == "start_time" else "ends"]
            return span(moment, moment).rpartition("–")[0] if moment else ""
        if name == "user_id":
            return record["host_name"] or ""
        if name in LINKS:
            return record[LINKS[name][1]] or ""
        if name == "attendees":
            return ", ".join(one.get("name") or one["email"] for one in record["attendees"] or ())
        if name in ("meeting_tool", "status"):
            return self.told(name, record[name]) if record[name] else ""
        return super().text(record, name)

    def told(self, name, value):
        if name in TIMES:
            moment = datetime.fromisoformat(value)
            return span(moment, moment).rpartition("–")[0]
        if name == "status":
            return STATES.get(value, str(value))
        if name == "meeting_tool":
            return TOOLS.get(value, str(value))
        if name == "attendees":
            return ", ".join(line_of(one) for one in value)
        return super().told(name, value)

    def choices(self, record, name):
        options: list[tuple] = {"user_id": lambda: people(self.organization), "meeting_tool": lambda: [*TOOLS.items()],
                                "status": lambda: [one for one in Meeting.Status.choices if one[0] not in Meeting.BLOCKING],
                                }.get(name, list)()  # fmt: skip
        return [{"id": key, "name": label, "selected": key == record[name]} for key, label in options]

    def tone(self, record, name):
        return TONES.get(record["status"], "") if name == "status" else ""

    def posted(self, name, posted):
        text = posted.get("value", "").strip()
        if name in TIMES:
            return {name: from_input(text)}
        if name == "attendees":
            return {name: attendees_of(text)}
        if name in LINKS:
            return {name: find(self.organization, name, text)}
        return super().posted(name, posted)


def find(organization, name, text):
    """Id of the lead, contact or company that somebody means; None for an empty text. Raises Invalid."""
    if not text:
        return None
    model = {"lead_id": Lead, "contact_id": Contact, "company_id": Company}[name]
    rows = model.objects.of(organization).alive()
    if number := re.search(r"#(\d{1,18})\s*$", text):
        found = rows.filter(pk=int(number[1])).values_list("pk", flat=True).first()
    elif name == "company_id":
        found = rows.filter(name_norm=normal(text)).values_list("pk", flat=True).first()
    else:
        email = norms({"email": text}).get("email_norm")
        kept = rows.filter(email_norm=email, **({"holds_email": True} if model is Lead else {}))
        found = kept.order_by("pk").values_list("pk", flat=True).first() if email else None
    if found is None:
        raise Invalid({name: [f"{text[:80]} is none of yours"]})
    return found


def line_of(attendee):
    return f"{attendee['email']} {attendee.get('name') or ''}".strip()


def attendees_of(text):
    """[{email, name}] of lines like `vera@visitor.example Vera Visitor`; commas between are as good as blanks."""
    lines = (line.replace(",", " ").split() for line in text.splitlines())
    return [{"email": words[0].strip("<>"), "name": " ".join(words[1:])} for words in lines if words]
