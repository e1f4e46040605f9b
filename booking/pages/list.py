"""The list of meetings: tabs, filters, rows, and what its bulk bar does."""

from django.urls import reverse

from booking import bulk
from booking.columns import COLUMNS, DEFAULT
from booking.filters import MeetingFilter
from booking.models import Meeting
from booking.pages.fields import LINKS, MeetingFields
from booking.pages.query import TOOLS, dressed
from companies.models import Company
from contacts.models import Contact
from leads.models import Lead
from lio.errors import Invalid
from lookups.list_page import BulkPage, EditView, ListKind, ListPage, SaveView
from lookups.names import names_of
from lookups.record_fields import people

WHENS = [("coming", "Upcoming"), ("unsettled", "Over, neither held nor missed yet"), ("past", "Over")]
PLACES = {"start_time": "at-title", "status": "at-foot", "user_id": "at-owner"}  # of cells on a phone
ACTS = {"held": (Meeting.Status.HELD, "marked as held"), "no_show": (Meeting.Status.NO_SHOW, "marked as no show"),
        "cancel": (Meeting.Status.CANCELLED, "cancelled")}  # fmt: skip
NAMED = {"lead_id": (Lead, ("first_name", "last_name", "email")), "company_id": (Company, ("company_name",)),
         "contact_id": (Contact, ("name",))}  # fmt: skip


class Meetings(ListKind):
    module, namespace, model, filter_class = "meeting", "meetings", Meeting, MeetingFilter
    noun, title, icon, exported = "meeting", "Meetings", "calendar-days", ""
    hint = "What you plan with leads and contacts, and what visitors book on your booking page."
    name_field, name_label = "title", "Title"
    columns, default = COLUMNS, DEFAULT
    down = ("start_time", "created_at", "updated_at")
    tabs = [("All meetings", {}), ("Upcoming", {"when": "coming"}), ("My upcoming", {"when": "coming", "user_id": "true"}),
            ("To settle", {"when": "unsettled"}), ("Booked by visitors", {"is_booked": "true"})]  # fmt: skip
    inputs = [
        ("one", "user_id", "Host"), ("choices", "status", "Status"), ("one", "when", "Time"),
        ("check", "is_booked", "Only what visitors booked"), ("dates", "start", "Begins"),
    ]  # fmt: skip
    labels = {"lead_id": "Lead", "company_id": "Company", "contact_id": "Contact", "start_date": "From", "end_date": "Until",
              "from": "From", "to": "Until", "change_id": "Changed by action", "when": "Time",
              "is_booked": "Booked by visitors", "start_from": "Begins from", "start_to": "Begins until"}  # fmt: skip
    fields_class = MeetingFields

    def fill(self, rows, columns):
        rows = super().fill(dressed(rows), columns)
        for row in rows:
            for column, cell in zip(columns, row["cells"], strict=True):
                cell["at"] = PLACES.get(column["name"], "at-more")
        return rows

    def cell(self, row, name):
        if name == "start_time":
            return {"kind": "text", "text": row["when"]}
        if name == "status":
            if row["unsettled"]:
                return {"kind": "chip", "text": "To settle", "tone": "bad"}
            return {"kind": "chip", "text": row["state"], "tone": row["tone"]}
        if name == "user_id":
            return {"kind": "who", "text": row["host_name"]}
        if name in LINKS:
            route, label = LINKS[name]
            return {"kind": "link", "url": reverse(route, args=[row[name]]) if row[name] else "", "text": row[label] or "",
                    "outside": False}
        if name == "attendees":
            return {"kind": "text", "text": ", ".join(one.get("name") or one["email"] for one in row["attendees"])}
        if name == "meeting_tool":
            return {"kind": "text", "text": TOOLS[row[name]] if row[name] != "none" else ""}
        if name == "is_booked":
            return {"kind": "text", "text": "Yes" if row[name] else ""}
        return super().cell(row, name)

    # ---------------------------------------------------------------- filters
    def options(self, name):
        if name == "user_id":
            return [("true", "Me"), *self.members()]
        return {"status": Meeting.Status.choices, "when": WHENS}.get(name) or super().options(name)

    def members(self):
        """[(id, name)] of the active members, read once."""
        if not hasattr(self, "_members"):
            self._members = people(self.organization)
        return self._members

    def words(self, name, values):
        if name == "is_booked":
            return "yes" if values[-1] == "true" else "no"
        if name in NAMED:
            return ", ".join(names_of(self.organization, *NAMED[name], values)) or ", ".join(values)
        return super().words(name, values)


class MeetingList(Meetings, ListPage):
    def describe(self, query):
        """With the same as a calendar beside it."""
        return super().describe(query) | {
            "beside": [{"url": reverse("meetings:week"), "icon": "calendar-days", "label": "Week"}]}

    def listing(self, query):
        """By their time, unless another order is asked for: what comes next first, what was last first."""
        found, complaints = super().listing(query)
        if "order_by" not in self.means(query)[1]:
            found.filter.order = ("start_time", found.filter.values.get("when") not in ("coming",))
        return found, complaints

    def bulk(self):
        found = super().bulk()["bulk"]
        return {"bulk": found | {"tags": [], "acts": "meetings/_acts.html"}}


class BulkMeetings(Meetings, BulkPage):
    rules = bulk
    apart = ("status",)
    warning = "They go from list and calendar, with their notes and history. Attendees of what was to come are told by mail."

    def act(self, action):
        if action in ACTS:
            status, done = ACTS[action]
            return self.tell(bulk.set_fields(self.rows(), {"status": status.value}, by=self.request.user), done)
        if action in ("edit", "delete"):
            return super().act(action)
        raise Invalid({"action": ["choose what to do"]})


class SaveMeetingView(Meetings, SaveView):
    pass


class EditMeetingView(Meetings, EditView):
    pass
