"""The forms about a booking page: the page itself with its hours and days off, and one meeting type."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.text import capfirst

from accounts.forms import zones
from booking import telling
from booking.models import DAYS, SharedPage
from booking.pages.query import TOOLS
from booking.serializers import ProfileFields, SharedFields, TypeFields
from lio.errors import Invalid
from lio.forms import Choice, InputForm, Text
from lookups.record_fields import people

MOST_TIMES = 10  # of a day, as the API has it
MOST_ROWS = 60  # of dates
LONGEST_OFF = 100  # days that one row of dates may span
BLANK = 2  # empty rows for further dates
ASSIGNING = ("In turn: of those who are free, the one with the fewest bookings here in the last 30 days. The owner first: "
             "whoever owns the visitor's lead, if that is a host who is free; else in turn.")
PARTS = {"working_hours": "Weekly hours", "overrides": "Dates"}
BUFFERS = (0, 5, 10, 15, 20, 30, 45, 60, 90, 120)
STEPS = (0, 5, 10, 15, 20, 30, 45, 60)
NOTICES = (0, 15, 30, 60, 120, 240, 480, 1440, 2880, 4320, 10080)
REMINDERS = (0, 15, 30, 60, 120, 240, 1440, 2880, 10080)


def spell(minutes):
    """120 -> 2 hours."""
    for size, word in ((1440, "day"), (60, "hour")):
        if minutes and minutes % size == 0:
            count = minutes // size
            return f"{count} {word}{'s' if count > 1 else ''}"
    return f"{minutes} minute{'s' if minutes != 1 else ''}"


def choices(presets, current, nothing):
    """[(minutes, words)] with the current value among them."""
    return [(minutes, spell(minutes) if minutes else nothing) for minutes in sorted({*presets, current})]


def lines_of(text):
    return [line.strip() for line in text.splitlines() if line.strip()]


def text_area(label, *, rows=3, help_text="", **attrs):
    widget = forms.Textarea(attrs={"rows": rows, **attrs})
    return forms.CharField(label=label, required=False, help_text=help_text, widget=widget)


class BookingForm(InputForm):
    """The page as a whole. `hours` are {day: [(start, end)]} and `dates` [{first, last, times}], as they were sent."""

    input_class: Any = ProfileFields
    partial = True
    is_active = forms.BooleanField(label="Open: everybody with the link can book", required=False)
    slug = Text("Address", required=True, maxlength=60, help_text="3 to 60 small letters, digits and hyphens.")
    title = Text("Heading", maxlength=150)
    intro = text_area("Introduction", rows=2, maxlength=2000, help_text="What visitors read beside the calendar.")
    color = forms.CharField(label="Colour", widget=forms.TextInput(attrs={"type": "color"}))
    timezone = Choice("Time zone of these hours")
    min_notice_minutes = Choice("Booked at least this long before", required=True)
    horizon_days = Text("Booked at most this many days ahead", kind="number", min=1, max=365, required=True)
    slot_step = Choice("Times are offered every", required=True)
    daily_limit = Text("Most bookings a day", kind="number", min=0, max=100, help_text="Leave it empty for as many as fit.")
    buffer_before = Choice("Kept free before a meeting", required=True)
    buffer_after = Choice("Kept free after a meeting", required=True)
    change_notice_minutes = Choice("Visitors can move or cancel until", required=True)
    reminder_minutes = Choice("Visitors are reminded", required=True)
    allowed_domains = text_area("Allowed domains, one a line", rows=2,
                                help_text="Sites that may show the page in a frame. Subdomains count.")

    def __init__(self, *args, profile, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["title"].widget.attrs["placeholder"] = f"Book time with {profile.user.full_name}"
        own = profile.user.timezone or "UTC"
        self.fields["timezone"].choices = [("", f"That of your profile: {own.replace('_', ' ')}"), *zones()]
        for name, presets, nothing in (
            ("buffer_before", BUFFERS, "Nothing"), ("buffer_after", BUFFERS, "Nothing"),
            ("slot_step", STEPS, "Length of the meeting"), ("min_notice_minutes", NOTICES, "Up to the last minute"),
            ("change_notice_minutes", NOTICES, "The meeting begins"), ("reminder_minutes", REMINDERS, "Never"),
        ):
            after = {"slot_step": "", "reminder_minutes": " before", "change_notice_minutes": " before"}.get(name, "")
            self.fields[name].choices = [
                (key, f"{label}{after}" if key else label) for key, label in choices(presets, getattr(profile, name), nothing)]
        if self.is_bound:
            self.hours = {day: pairs(self.data, day) for day in DAYS}
            self.dates = rows_of_dates(self.data)
        else:
            self.hours = {day: [(one["start"], one["end"]) for one in profile.working_hours.get(day, ())] for day in DAYS}
            self.dates = grouped(profile.overrides)

    def clean_allowed_domains(self):
        return lines_of(self.cleaned_data["allowed_domains"])

    def clean_daily_limit(self):
        return self.cleaned_data["daily_limit"] or "0"

    def clean(self):
        try:
            self.cleaned_data["working_hours"] = {day: times(capfirst(day), self.hours[day]) for day in DAYS if self.hours[day]}
            self.cleaned_data["overrides"] = overrides_of(self.dates)
        except Invalid as error:
            self.refuse(error)
        return super().clean()

    def blame(self, complaints):
        """Hours and dates have no one input: they are told of above the form, by their section."""
        for name in complaints.keys() & PARTS:
            lines = complaints[name]
            text = str(lines[0] if isinstance(lines, list) else lines).replace("working_hours: ", "")
            self.add_error(None, f"{PARTS[name]}: {text}")
        super().blame({name: lines for name, lines in complaints.items() if name not in PARTS})

    def refuse(self, error):
        if error.fields and set(error.fields) & set(PARTS):
            return self.blame(error.fields)
        return super().refuse(error)

    # ---------------------------------------------------------------- what the template shows
    @property
    def shown_days(self):
        """[{name, label, times: [{n, start, end}]}], each with an empty time at its end."""
        return [{"name": day, "label": capfirst(day), "off": not self.hours[day], "times": numbered(self.hours[day])}
                for day in DAYS]

    @property
    def shown_dates(self):
        empty = [{"first": "", "last": "", "times": []}] * BLANK
        return [row | {"n": n, "times": numbered(row["times"])} for n, row in enumerate([*self.dates, *empty])]


def numbered(pairs):
    """The times of a day as inputs: midnight at the end of a day is 00:00 there."""
    filled = [(start, "00:00" if end == "24:00" else end) for start, end in pairs]
    room = [("", "")] if len(filled) < MOST_TIMES else []
    return [{"n": n, "start": start, "end": end} for n, (start, end) in enumerate([*filled, *room])]


def pairs(sent, name):
    """[(start, end)] that were sent of a day, without the empty ones."""
    found = [[sent.get(f"{name}-{n}-{end}", "").strip() for end in ("start", "end")] for n in range(MOST_TIMES + 1)]
    return [(start, end) for start, end in found if start or end]


def rows_of_dates(sent):
    rows = [{"first": sent.get(f"date-{n}-first", "").strip(), "last": sent.get(f"date-{n}-last", "").strip(),
             "times": pairs(sent, f"date-{n}")} for n in range(MOST_ROWS)]
    return [row for row in rows if row["first"] or row["last"] or row["times"]]


def times(label, given):
    """[(start, end)] as the rule takes them. Raises Invalid."""
    if any(not (start and end) for start, end in given):
        raise Invalid({"working_hours": [f"{label} has a time without its beginning or its end"]})
    return [{"start": start[:5], "end": "24:00" if end[:5] == "00:00" else end[:5]} for start, end in given]


def overrides_of(rows):
    """{day: hours} that rows of dates mean: each day of a row has its hours; none is a day off. Raises Invalid."""
    found = {}
    for row in rows:
        try:
            first = date.fromisoformat(row["first"] or row["last"])
            last = date.fromisoformat(row["last"] or row["first"])
        except ValueError:
            raise Invalid({"overrides": ["fill in the date"]}) from None
        if last < first or (last - first).days >= LONGEST_OFF:
            raise Invalid({"overrides": [f"{first} to {last} must be 1 to {LONGEST_OFF} days"]})
        for ahead in range((last - first).days + 1):
            day = (first + timedelta(days=ahead)).isoformat()
            found[day] = times(day, row["times"])
    return found


def grouped(overrides):
    """Rows of dates for {day: hours}: days in a row with the same hours are one."""
    rows: list[dict] = []
    for day in sorted(overrides):
        given = [(one["start"], one["end"]) for one in overrides[day]]
        before = rows[-1] if rows else None
        if before and before["times"] == given and _next(before["last"] or before["first"]) == day:
            before["last"] = day
        elif len(rows) < MOST_ROWS - BLANK or not before:
            rows.append({"first": day, "last": "", "times": given})
    return rows


def _next(day):
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


class NewSharedForm(InputForm):
    """A page that several members will share, with the first of them."""

    input_class: Any = SharedFields
    title = Text("Heading", required=True, maxlength=150, autofocus=True, help_text="What visitors read, like Talk to sales.")
    slug = Text("Address", maxlength=60, help_text="3 to 60 small letters, digits and hyphens. Empty: made of the heading.")
    assigning = Choice("Who is booked", choices=SharedPage.Assigning.choices, required=True, help_text=ASSIGNING)
    host = Choice("First host", required=True, help_text="You add the others on the next page.")

    def __init__(self, *args, organization, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["host"].choices = people(organization)


class SharedForm(InputForm):
    """A shared page as a whole, but for its hosts and types."""

    input_class: Any = SharedFields
    partial = True
    is_active = forms.BooleanField(label="Open: everybody with the link can book", required=False)
    title = Text("Heading", required=True, maxlength=150)
    slug = Text("Address", required=True, maxlength=60, help_text="3 to 60 small letters, digits and hyphens.")
    intro = text_area("Introduction", rows=2, maxlength=2000, help_text="What visitors read beside the calendar.")
    assigning = Choice("Who is booked", choices=SharedPage.Assigning.choices, required=True, help_text=ASSIGNING)
    color = forms.CharField(label="Colour", widget=forms.TextInput(attrs={"type": "color"}))
    allowed_domains = text_area("Allowed domains, one a line", rows=2,
                                help_text="Sites that may show the page in a frame. Subdomains count.")

    def clean_allowed_domains(self):
        return lines_of(self.cleaned_data["allowed_domains"])


class TypeForm(InputForm):
    """One meeting type. Questions are lines; one that ends with * must be answered."""

    input_class: Any = TypeFields
    partial = True
    name = Text("Name", required=True, maxlength=100, autofocus=True, help_text="What visitors choose, like Demo.")
    minutes = Text("Minutes", required=True, kind="number", min=5, max=480)
    tool = Choice("Meet with", choices=[*TOOLS.items()], required=True)
    location = Text("Place or link", maxlength=500,
                    help_text="An address, a phone number, or the link of your own room; visitors find it in the confirmation.")
    questions = text_area("Questions to visitors, one a line", rows=3,
                          help_text="End a question with * where it must be answered. Name and e-mail are always asked.")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        field = self.fields["location"]
        field.help_text = f"{field.help_text} {telling.link_help('your')}".strip()

    def clean_questions(self):
        lines = lines_of(self.cleaned_data["questions"])
        return [{"label": line.rstrip("* "), "required": line.endswith("*")} for line in lines]


def initial_of_type(row):
    lines = [f"{one['label']}{' *' if one.get('required') else ''}" for one in row.questions]
    return {"name": row.name, "minutes": row.minutes, "tool": row.tool, "location": row.location, "questions": "\n".join(lines)}
