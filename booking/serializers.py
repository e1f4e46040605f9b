"""What may be sent of meetings, bookings and booking pages (sections 6.11 and 10)."""

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, available_timezones

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from accounts.models import User
from activity.content import clean_name
from booking.models import DAYS, LONGEST, Meeting, SharedPage
from booking.profiles import MOST_ROWS, MOST_TYPES, SLUG, spans
from booking.transcripts import MOST_BYTES
from companies.models import Company
from contacts.models import Contact
from leads.models import Lead
from lio.api.envelope import BadParameter, first_message
from lio.api.fields import INT8, Email, Flag, Mapping, Moment, Owned, Text, Upload, WebAddress, Whole
from lio.api.serializers import Input
from lio.errors import DomainError, Invalid

ZONES = frozenset(available_timezones()) - {"localtime", "Factory"}  # which are not the name of any zone
MOST_ATTENDEES = 100
MOST_QUESTIONS = 10
TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00")


class Zone(Text):
    """The name of a time zone, like Europe/Berlin."""

    def __init__(self, **options):
        super().__init__(**{"max_length": 64, **options})

    def to_internal_value(self, data):
        name = super().to_internal_value(data)
        if name and name not in ZONES:
            raise ValidationError("must be the name of a time zone, like Europe/Berlin")
        return name


class WallMoment(Moment):
    """A date-time; without an offset it stays without one, for what goes along says the zone (R9)."""

    def to_internal_value(self, data):
        moment = super().to_internal_value(data)
        return moment if datetime.fromisoformat(data).tzinfo else moment.replace(tzinfo=None)


class Attendees(serializers.Field):
    """Addresses, or objects {email, name}; answered as objects."""

    def to_internal_value(self, data):
        if data in (None, ""):
            return []
        if not isinstance(data, list):
            raise ValidationError("must be a list of addresses")
        if len(data) > MOST_ATTENDEES:
            raise ValidationError(f"must be at most {MOST_ATTENDEES}")
        found = {}
        for entry in data:
            one = {"email": entry} if isinstance(entry, str) else entry
            if not isinstance(one, dict):
                raise ValidationError("must hold addresses, or objects with email and name")
            email, name = Email().run_validation(one.get("email")), one.get("name")
            if not email:
                raise ValidationError("an attendee needs an email")
            found[email.lower()] = {"email": email, "name": Text(max_length=100).run_validation(name or "")}
        return list(found.values())


class MeetingFields(Input):
    description = Text(max_length=10_000, required=False)
    location = Text(max_length=500, required=False)
    timezone = Zone(required=False)
    attendees = Attendees(required=False, allow_null=True)
    meeting_url = WebAddress(required=False)
    meeting_tool = serializers.ChoiceField(choices=Meeting.Tool.choices, required=False)
    lead_id = Owned(Lead, required=False, allow_null=True)
    contact_id = Owned(Contact, required=False, allow_null=True)
    company_id = Owned(Company, required=False, allow_null=True)
    user_id = Owned(User, required=False)


class AddMeeting(MeetingFields):
    title = Text(min_length=1, max_length=200)
    start_time = Moment()
    end_time = Moment()


class UpdateMeeting(AddMeeting):
    status = serializers.ChoiceField(choices=Meeting.Status.choices, required=False)


class AskSummary(Input):
    detail = serializers.ChoiceField(choices=["brief", "detailed"], required=False, default="brief")


class AddTranscript(Input):
    """A file, or its words as text."""

    file = Upload(required=False, allow_null=True)
    text = Text(max_length=MOST_BYTES, required=False)
    file_name = Text(max_length=255, required=False)


def words_sent(given):
    """(bytes, file name) of an AddTranscript. Raises Invalid."""
    upload, text = given.get("file"), given.get("text")
    if (upload is None) == (text is None):
        wrong = "or text must be sent" if upload is None else "and text cannot both be sent"
        raise Invalid({"file": [wrong]})
    name = given.get("file_name") or (upload.name if upload else "")
    return text.encode() if upload is None else upload.read(MOST_BYTES + 1), clean_name(name, "") if name else ""


def attributes(given):
    """`given` as attributes of a meeting."""
    values = {}
    for name, value in given.items():
        if name in ("lead_id", "contact_id", "company_id"):
            values[name] = value and value.pk
        elif name == "user_id":
            values["host_id"] = value.pk
        elif name == "attendees":
            values[name] = value or []
        elif name == "timezone":
            values[name] = value or "UTC"
        elif value is None and name in ("description", "location", "meeting_url"):
            values[name] = ""
        else:
            values[name] = value
    return values


# ------------------------------------------------------------------------- free times
class Asked(Input):
    """What is sent to a question; whatever is wrong with it is a 400 (R63)."""

    @classmethod
    def ask(cls, params):
        try:
            return cls.read({name: params[name] for name in cls().fields if params.get(name) not in (None, "")}, partial=False)
        except ValidationError as error:
            raise BadParameter(error.detail) from None


class DayOrMoment(serializers.Field):
    def to_internal_value(self, data):
        try:
            return date.fromisoformat(data) if len(data) <= 10 else Moment().to_internal_value(data)
        except (TypeError, ValueError):
            raise ValidationError("must be an ISO date or date-time, like 2026-06-15") from None


class Day(serializers.Field):
    def to_internal_value(self, data):
        try:
            return date.fromisoformat(data)
        except (TypeError, ValueError):
            raise ValidationError("must be an ISO date, like 2026-06-15") from None


class AskFree(Asked):
    date = Day(required=False)
    duration = Whole(min_value=5, max_value=LONGEST, required=False, default=30)
    tz = Zone(required=False)

    def get_fields(self):
        edges = {"from": DayOrMoment(required=False), "to": DayOrMoment(required=False)}
        return super().get_fields() | edges  # `from` is a word of Python


class AskOffered(AskFree):
    """The same of a page on which 30 minutes may be none of what is offered."""

    duration = Whole(min_value=5, max_value=LONGEST, required=False)


# ------------------------------------------------------------------------- booking
class Confirm(Input):
    start = WallMoment()
    end = WallMoment()
    name = Text(min_length=1, max_length=100)
    email = Email(min_length=1)
    company = Text(max_length=150, required=False)
    phone = Text(max_length=30, required=False)
    notes = Text(max_length=2000, required=False)
    timezone = Zone(required=False)

    def validate(self, given):
        """A time without an offset is one of `timezone`, else UTC (R9)."""
        zone = ZoneInfo(given.get("timezone") or "UTC")
        return given | {name: given[name].replace(tzinfo=given[name].tzinfo or zone).astimezone(UTC)
                        for name in ("start", "end") if name in given}


class Hours(Mapping):
    """{day: [{start, end}]}; which days there are `days` says."""

    def to_internal_value(self, data):
        found = {}
        for day, entries in super().to_internal_value(data).items():
            self.check(day)
            if not isinstance(entries, list) or len(entries) > 10:
                raise ValidationError(f"{day}: must be a list of at most 10 times")
            for entry in entries:
                times = [entry.get(name) for name in ("start", "end")] if isinstance(entry, dict) else [None]
                if not all(isinstance(text, str) and TIME.fullmatch(text) for text in times):
                    raise ValidationError(f'{day}: must hold times like {{"start": "09:00", "end": "17:00"}}')
            found[day] = [{"start": entry["start"], "end": entry["end"]} for entry in entries]
            try:
                spans(found[day])
            except DomainError as error:
                raise ValidationError(f"{day}: {error}") from None
        return found

    def check(self, day):
        if day not in DAYS:
            raise ValidationError(f"{day} is no day: {', '.join(DAYS)}")


class Overrides(Hours):
    """The same by date: what a date says holds instead of its weekday, an empty list is a day off."""

    max_keys = 400

    def check(self, day):
        try:
            if date.fromisoformat(day).isoformat() != day:
                raise ValueError
        except ValueError:
            raise ValidationError(f"{day} is no ISO date, like 2026-12-24") from None


class Durations(serializers.ListField):
    def __init__(self, **options):
        super().__init__(child=Whole(min_value=5, max_value=LONGEST), min_length=1, max_length=MOST_TYPES, **options)

    def to_internal_value(self, data):
        return sorted(set(super().to_internal_value(data)))


class Slug(Text):
    def to_internal_value(self, data):
        text = super().to_internal_value(data).strip().lower()
        if not SLUG.fullmatch(text) or len(text) < 3:
            raise ValidationError("must be 3 to 60 of a-z, 0-9 and -")
        return text


class Question(Input):
    name = Text(max_length=60, required=False)

    def get_fields(self):
        """`label` and `required` are names that a field itself has."""
        return super().get_fields() | {"label": Text(min_length=1, max_length=200), "required": Flag(required=False)}


class Questions(serializers.Field):
    """What visitors are asked: texts, or objects {label, required}."""

    def to_internal_value(self, data):
        if not isinstance(data, list) or len(data) > MOST_QUESTIONS:
            raise ValidationError(f"must be a list of at most {MOST_QUESTIONS} questions")
        found = []
        for n, entry in enumerate(data):
            one = _one(Question, {"label": entry} if isinstance(entry, str) else entry, n)
            label = " ".join(one["label"].split())
            found.append({"name": one.get("name") or f"question_{n + 1}", "label": label,
                          "required": bool(one.get("required"))})
        return found


class TypeFields(Input):
    id = Whole(min_value=1, max_value=INT8, required=False, allow_null=True)
    name = Text(min_length=1, max_length=100)
    minutes = Whole(min_value=5, max_value=LONGEST)
    tool = serializers.ChoiceField(choices=Meeting.Tool.choices, required=False)
    location = Text(max_length=500, required=False)
    questions = Questions(required=False)
    is_active = Flag(required=False)

    def validate(self, data):
        return data | ({"location": (data["location"] or "").strip()} if "location" in data else {})


class Types(serializers.Field):
    """All meeting types of a page, in their order."""

    def to_internal_value(self, data):
        if not isinstance(data, list) or not 0 < len(data) <= MOST_ROWS:
            raise ValidationError(f"must be a list of 1 to {MOST_ROWS} types")
        return [_one(TypeFields, entry, n, partial=isinstance(entry, dict) and bool(entry.get("id")))
                for n, entry in enumerate(data)]


def _one(kind, entry, n, *, partial=False):
    """One entry of a list; what is wrong with it says which one it is."""
    try:
        return kind.read(entry, partial=partial)
    except ValidationError as error:
        raise ValidationError(f"{n + 1}: {first_message(error.detail)}") from None


class Color(Text):
    def to_internal_value(self, data):
        text = super().to_internal_value(data).lower()
        if not re.fullmatch(r"#[0-9a-f]{6}", text):
            raise ValidationError("must be a colour like #3f51c6")
        return text


class ProfileFields(Input):
    slug = Slug(required=False)
    title = Text(max_length=150, required=False)
    intro = Text(max_length=2000, required=False)
    timezone = Zone(required=False)
    durations = Durations(required=False)
    working_hours = Hours(required=False)
    overrides = Overrides(required=False)
    buffer_minutes = Whole(min_value=0, max_value=240, required=False)
    buffer_before = Whole(min_value=0, max_value=240, required=False)
    buffer_after = Whole(min_value=0, max_value=240, required=False)
    min_notice_minutes = Whole(min_value=0, max_value=60 * 24 * 365, required=False)
    horizon_days = Whole(min_value=1, max_value=365, required=False)
    daily_limit = Whole(min_value=0, max_value=100, required=False)
    slot_step = Whole(min_value=0, max_value=LONGEST, required=False)
    change_notice_minutes = Whole(min_value=0, max_value=60 * 24 * 365, required=False)
    reminder_minutes = Whole(min_value=0, max_value=60 * 24 * 14, required=False)
    color = Color(required=False, allow_null=False)
    allowed_domains = serializers.ListField(child=Text(min_length=1, max_length=253), max_length=50, required=False)
    types = Types(required=False)
    is_active = Flag(required=False)


class SharedFields(Input):
    """What may be sent of a shared page."""

    slug = Slug(required=False)
    title = Text(min_length=1, max_length=150)
    intro = Text(max_length=2000, required=False)
    assigning = serializers.ChoiceField(choices=SharedPage.Assigning.choices, required=False)
    color = Color(required=False, allow_null=False)
    allowed_domains = serializers.ListField(child=Text(min_length=1, max_length=253), max_length=50, required=False)
    is_active = Flag(required=False)


def profile_attributes(given):
    """`given` as attributes of a booking page; `buffer_minutes` is both sides."""
    values = {name: "" if value is None and name in ("title", "intro", "timezone") else value for name, value in given.items()}
    if "buffer_minutes" in values:
        both = values.pop("buffer_minutes")
        values = {"buffer_before": both, "buffer_after": both} | values
    return values


# ------------------------------------------------------------------------- calendars elsewhere
class ConnectCalendar(Input):
    """What a member enters to connect a calendar by password."""

    address = WebAddress(min_length=1)
    username = Text(min_length=1, max_length=254)
    password = Text(max_length=500, required=False)

    def validate(self, data):
        if ":" in data.get("username", ""):
            raise ValidationError({"username": ["must not hold a colon"]})
        return data
