"""Planning a meeting by hand."""

from datetime import timedelta

from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import get_current_timezone_name, localtime, now
from rest_framework.exceptions import ValidationError

from booking import meetings, telling
from booking.pages.fields import attendees_of, find
from booking.pages.forms import spell, text_area
from booking.pages.query import TOOLS, as_input, from_input
from booking.serializers import AddMeeting, attributes
from companies.models import Company
from contacts.models import Contact
from leads.models import Lead
from lio.errors import DomainError, Invalid
from lio.forms import Choice, InputForm, Text
from lio.pages import Page
from lookups.names import whole
from lookups.record_fields import people

LENGTHS = (15, 20, 30, 45, 60, 90, 120, 180, 240, 480)
WITH = {"lead_id": "lead", "contact_id": "contact", "company_id": "company"}


class MeetingForm(InputForm):
    """How long it is goes into `end_time`; lead, contact and company are named by e-mail address, name or number."""

    input_class = AddMeeting
    title = Text("Title", required=True, maxlength=200, autofocus=True)
    starts = Text("Starts", required=True, kind="datetime-local")
    minutes = Choice("Length", choices=[(minutes, spell(minutes)) for minutes in LENGTHS], required=True)
    user_id = Choice("Host", required=True)
    lead = Text("Lead", placeholder="E-mail address", list="leads", help_text="Begin to type a name, then choose.")
    contact = Text("Contact", placeholder="E-mail address")
    company = Text("Company", placeholder="Name")
    attendees = text_area("Attendees, one a line", rows=2,
                          help_text="An e-mail address, then the name if you like. They get a mail.")
    meeting_tool = Choice("Meet with", choices=[*TOOLS.items()], required=True)
    meeting_url = Text("Link to join", kind="url", maxlength=500)
    location = Text("Place", maxlength=500)
    description = text_area("What it is about", rows=3, maxlength=10_000)

    def __init__(self, *args, organization, **kwargs):
        self.organization = organization
        super().__init__(*args, **kwargs)
        self.fields["starts"].help_text = f"In your time zone: {get_current_timezone_name().replace('_', ' ')}."
        self.fields["user_id"].choices = people(organization)
        self.fields["meeting_url"].help_text = telling.link_help()

    def clean_attendees(self):
        return attendees_of(self.cleaned_data["attendees"])

    def clean(self):
        given = self.cleaned_data
        for name, shown in WITH.items():
            try:
                given[name] = find(self.organization, name, given.pop(shown, ""))
            except Invalid as error:
                self.add_error(shown, f"{error.fields[name][0]}.")
        if starts := given.pop("starts", None):
            given["start_time"] = from_input(starts)
            try:
                start = AddMeeting().fields["start_time"].run_validation(given["start_time"])
                given["end_time"] = (start + timedelta(minutes=int(given.pop("minutes", 30)))).isoformat()
            except (ValidationError, OverflowError):
                self.add_error("starts", "Choose a day and a time.")
        return super().clean()

    def blame(self, complaints):
        placed = {"start_time": "starts", "end_time": "starts", **WITH}
        super().blame({placed.get(name, name): lines for name, lines in complaints.items()})


class AddMeetingPage(Page):
    verb = "records.edit"

    def get(self, request):
        return self.page(MeetingForm(organization=self.organization, initial=self.initial()))

    def post(self, request):
        form = MeetingForm(request.POST, organization=self.organization)
        if form.is_valid():
            try:
                values = attributes(form.given) | {"timezone": request.user.timezone or "UTC"}
                meeting = meetings.add(self.organization, values, by=request.user)
                link = " Its link is being made and goes out with the mail." if telling.awaits_link(meeting) else ""
                self.say(f"{meeting.title} is planned.{link}", undoable=True)
                return redirect("meetings:view", pk=meeting.pk)
            except DomainError as error:
                form.refuse(error)
        return self.page(form, status=422)

    def page(self, form, status=200):
        return self.show("meetings/form.html", {"form": form, "back": reverse("meetings:list")}, status=status)

    def initial(self):
        """The next whole hour, with the record from whose page it is planned."""
        asked = self.request.GET
        start = localtime(now()).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        found = {"starts": as_input(start), "minutes": 30, "user_id": self.request.user.pk, "meeting_tool": "none"}
        if (at := asked.get("at", "")) and len(at) < 26 and from_input(at) != at:
            found["starts"] = at[:16]
        who = self.found(Lead, "lead") or self.found(Contact, "contact")
        company = self.found(Company, "company")
        if who is not None:
            kind = "lead" if isinstance(who, Lead) else "contact"
            found |= {kind: f"{who} #{who.pk}", "title": f"Meeting with {who}"[:200],
                      "attendees": f"{who.email} {who}" if who.email and str(who) != who.email else who.email or ""}
            company = who.company if who.company_id else None
        if company is not None:
            found["company"] = f"{company} #{company.pk}"
            found.setdefault("title", f"Meeting with {company}"[:200])
        return found

    def found(self, model, name):
        rows = model.objects.of(self.organization).alive().filter(pk=whole(self.request.GET.get(name, "")))
        return (rows if model is Company else rows.select_related("company")).first()
