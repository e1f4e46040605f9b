"""Booking pages of members, and meetings: planned by hand, or booked by a visitor on such a page."""

from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Case, F, Func, Q, Value, When

from accounts.models import full_name
from lio.rows import Moment
from lio.tenancy import OwnedModel, TenantModel, TenantQuerySet

LONGEST = 8 * 60  # minutes of a meeting that is booked
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def office_hours():
    return {day: [{"start": "09:00", "end": "17:00"}] for day in DAYS[:5]}


class BookingProfile(OwnedModel):
    """How a member can be booked; its slug is the member's `booking_slug`. Everybody has one from the start."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    title = models.CharField(max_length=150, blank=True, default="")  # what visitors read; empty: "Book time with <name>"
    intro = models.TextField(blank=True, default="")
    timezone = models.CharField(max_length=64, blank=True, default="")  # of the hours; empty: the member's own
    working_hours = models.JSONField(default=office_hours)  # {day: [{"start": "09:00", "end": "17:00"}]}
    overrides = models.JSONField(default=dict)  # {"2026-12-24": [] or hours}: what a date says holds instead of its weekday
    buffer_before = models.PositiveSmallIntegerField(default=0)  # minutes
    buffer_after = models.PositiveSmallIntegerField(default=0)
    min_notice_minutes = models.PositiveIntegerField(default=60)
    horizon_days = models.PositiveSmallIntegerField(default=60)
    daily_limit = models.PositiveSmallIntegerField(default=0)  # 0: as many as fit
    slot_step = models.PositiveSmallIntegerField(default=0)  # minutes; 0: the length of the meeting
    change_notice_minutes = models.PositiveIntegerField(default=60)  # how long before visitors may still move or cancel
    reminder_minutes = models.PositiveIntegerField(default=24 * 60)  # before a booking its visitor is reminded; 0: never
    color = models.CharField(max_length=7, default="#3f51c6")
    allowed_domains = ArrayField(models.CharField(max_length=253), default=list, blank=True)  # may frame the page
    is_active = models.BooleanField(default=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "user"], name="one_booking_profile")]

    def __str__(self):
        return self.title or "Booking page"


class SharedPage(OwnedModel):
    """A booking page of several members. When they are free, and what is kept free around, each host's own page says."""

    class Assigning(models.TextChoices):
        IN_TURN = "in_turn", "In turn"
        OWNER_FIRST = "owner_first", "The lead's owner first"

    slug = models.CharField(max_length=60, unique=True)
    title = models.CharField(max_length=150)
    intro = models.TextField(blank=True, default="")
    assigning = models.CharField(max_length=11, choices=Assigning, default=Assigning.IN_TURN)
    color = models.CharField(max_length=7, default="#3f51c6")
    allowed_domains = ArrayField(models.CharField(max_length=253), default=list, blank=True)  # may frame the page
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [models.Index(fields=["organization", "title", "id"], name="shared_pages_of_org")]

    def __str__(self):
        return self.title


class SharedPageHost(OwnedModel):
    """A member who can be booked on a shared page; the order settles ties."""

    page = models.ForeignKey(SharedPage, models.CASCADE, related_name="hosts", db_constraint=False, db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "page", "user"], name="host_once_on_a_page")]


class BookingAddress(OwnedModel):
    """The addresses of booking pages, of members and shared ones, so that none is given twice. Written by triggers alone."""

    slug = models.CharField(max_length=60, unique=True)

    def __str__(self):
        return self.slug


class MeetingType(OwnedModel):
    """What can be booked on a page, a member's own or a shared one: how long, where, and what the visitor is asked."""

    profile = models.ForeignKey(BookingProfile, models.CASCADE, null=True, related_name="types", db_constraint=False,
                                db_index=False)
    shared_page = models.ForeignKey(SharedPage, models.CASCADE, null=True, related_name="types", db_constraint=False,
                                    db_index=False)
    name = models.CharField(max_length=100)
    minutes = models.PositiveSmallIntegerField()
    tool = models.CharField(max_length=6, default="none")
    location = models.CharField(max_length=500, blank=True, default="")  # of `custom` its address
    questions = models.JSONField(default=list)  # [{"name", "label", "required"}], answered in words
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(minutes__gte=5, minutes__lte=LONGEST), name="meeting_type_minutes"),
            models.CheckConstraint(condition=Q(profile=None) ^ Q(shared_page=None), name="meeting_type_of_one_page"),
        ]
        indexes = [
            models.Index(fields=["organization", "profile", "position"], name="types_of_booking_profile"),
            models.Index(fields=["organization", "shared_page", "position"], condition=~Q(shared_page=None),
                         name="types_of_shared_page"),
        ]

    def __str__(self):
        return self.name

    @property
    def length(self):
        return f"{self.minutes} minutes"

    def get_tool_display(self):
        return Meeting.Tool(self.tool).label


class MeetingQuerySet(TenantQuerySet):
    def blocking(self):
        """Those whose host is not free while they last: the same that the constraint of the table looks at."""
        return self.alive().filter(status__in=Meeting.BLOCKING)

    def rows(self):
        return self.values(
            "id",
            "lead_id",
            "contact_id",
            "company_id",
            "title",
            "description",
            "location",
            "timezone",
            "attendees",
            "meeting_url",
            "meeting_tool",
            "status",
            user_id=F("host_id"),
            start_time_=Moment("start_time"),
            end_time_=Moment("end_time"),
            is_booked=F("exclusive"),
            created_at_=Moment("created_at"),
            updated_at_=Moment("updated_at"),
        )

    def page_rows(self):
        """The same for pages, with the names that a person reads."""
        return self.rows().annotate(
            answers_=F("answers"),
            host_name=full_name("host__"),
            lead_name=Case(When(lead=None, then=None), default=full_name("lead__")),
            lead_email=F("lead__email"),
            contact_name=F("contact__name"),
            company_name=F("company__company_name"),
        )


class Meeting(TenantModel):
    """A time at which a member meets somebody.

    What visitors book is `exclusive`: of those that block no two of a host overlap, and the table itself refuses the second.
    A member may plan meetings by hand that overlap; booking keeps away from these, too (slots.py, confirm.py).
    """

    class Status(models.IntegerChoices):
        SCHEDULED = 1, "Scheduled"
        RESCHEDULED = 2, "Rescheduled"
        HELD = 3, "Held"
        CANCELLED = 4, "Cancelled"
        NO_SHOW = 5, "No show"

    class Tool(models.TextChoices):
        MEET = "meet", "Google Meet"
        TEAMS = "teams", "Microsoft Teams"
        ZOOM = "zoom", "Zoom"
        CUSTOM = "custom", "A link of your own"
        NONE = "none", "None"

    BLOCKING = (Status.SCHEDULED, Status.RESCHEDULED)

    host = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    lead = models.ForeignKey("leads.Lead", models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False)
    contact = models.ForeignKey("contacts.Contact", models.SET_NULL, null=True, related_name="+", db_constraint=False,
                                db_index=False)
    company = models.ForeignKey("companies.Company", models.SET_NULL, null=True, related_name="+", db_constraint=False,
                                db_index=False)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True, default="")
    location = models.CharField(max_length=500, blank=True, default="")
    start_time = models.DateTimeField()
    end_time = models.DateTimeField()
    timezone = models.CharField(max_length=64, default="UTC")  # of whoever planned or booked it
    attendees = models.JSONField(default=list)  # [{"email", "name"}]
    meeting_tool = models.CharField(max_length=6, choices=Tool, default=Tool.NONE)
    meeting_url = models.CharField(max_length=500, blank=True, default="")
    status = models.PositiveSmallIntegerField(choices=Status, default=Status.SCHEDULED)
    exclusive = models.BooleanField(default=False)
    type = models.ForeignKey(MeetingType, models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False)
    shared_page = models.ForeignKey(SharedPage, models.SET_NULL, null=True, related_name="+", db_constraint=False,
                                    db_index=False)  # on which it was booked
    buffer_before = models.PositiveSmallIntegerField(default=0)
    buffer_after = models.PositiveSmallIntegerField(default=0)
    answers = models.JSONField(default=dict)  # of a booking: {question: answer}
    uid = models.UUIDField(default=uuid4, editable=False)  # of its calendar file
    sequence = models.PositiveIntegerField(default=0)  # grows with each change that calendars must follow
    remind_at = models.DateTimeField(null=True)  # when visitors are to be reminded; empty: not, or it is done
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_constraint=False,
                                   db_index=False)

    objects = MeetingQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(end_time__gt=F("start_time")), name="meeting_ends_after_it_starts"),
            models.UniqueConstraint(fields=["organization", "uid"], name="one_meeting_per_uid"),
            ExclusionConstraint(
                name="meeting_no_overlap",
                expressions=[
                    ("host", RangeOperators.EQUAL),
                    (Func("start_time", "end_time", Value("[)"), function="tstzrange", output_field=DateTimeRangeField()),
                     RangeOperators.OVERLAPS),
                ],
                condition=Q(exclusive=True, status__in=[1, 2], deleted_at=None),
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "start_time", "id"], condition=Q(deleted_at=None), name="meetings_by_time"),
            models.Index(fields=["organization", "host", "start_time"], condition=Q(deleted_at=None), name="meetings_of_host"),
            models.Index(fields=["organization", "id"], condition=Q(deleted_at=None), name="meetings_by_id"),
            models.Index(fields=["remind_at"], condition=Q(remind_at__isnull=False), name="meetings_to_remind_of"),
            models.Index(fields=["organization", "shared_page", "created_at"],
                         condition=Q(deleted_at=None) & ~Q(shared_page=None), name="bookings_of_shared_page"),
            *[models.Index(fields=["organization", name, "start_time"], condition=Q(deleted_at=None) & ~Q(**{name: None}),
                           name=f"meetings_of_{name}") for name in ("lead", "contact", "company")],
        ]

    def __str__(self):
        return self.title


class TranscriptQuerySet(TenantQuerySet):
    def bare(self):
        """Without what was said, which may be megabytes."""
        return self.defer("segments")


class Transcript(TenantModel):
    """What was said in a meeting, part by part. A meeting has one at most; those before it are kept deleted, for undo."""

    class Format(models.TextChoices):
        VTT = "vtt", "WebVTT"
        SRT = "srt", "SRT"
        TEXT = "text", "Text"

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    segments = models.JSONField()  # [{"start", "end": seconds or None, "speaker", "text"}]
    format = models.CharField(max_length=4, choices=Format)
    file_name = models.CharField(max_length=255, blank=True, default="")  # empty: it was pasted, or sent as text
    parts = models.PositiveIntegerField()  # how many segments there are
    seconds = models.PositiveIntegerField(null=True)  # when the last one ends; empty without times
    speakers = ArrayField(models.CharField(max_length=100), default=list)  # in the order in which they begin
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+",
                                    db_constraint=False, db_index=False)

    objects = TranscriptQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "meeting"], condition=Q(deleted_at=None),
                                    name="one_transcript_of_meeting"),
        ]
        indexes = [models.Index(fields=["organization", "meeting"], name="transcripts_of_meeting")]

    def __str__(self):
        return self.file_name or "Transcript"


class MeetingSummary(OwnedModel):
    """The last summary of a meeting, brief and detailed. It is stale when what it was made of is no longer the same."""

    class Detail(models.TextChoices):
        BRIEF = "brief", "Brief"
        DETAILED = "detailed", "Detailed"

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    transcript = models.ForeignKey(Transcript, models.CASCADE, null=True, related_name="+", db_constraint=False, db_index=False)
    made_of = models.CharField(max_length=64, blank=True, default="")  # without a transcript: the hash of the words
    detail = models.CharField(max_length=8, choices=Detail)
    text = models.TextField()
    points = models.JSONField()  # as booking.summary.summarize answers them
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_constraint=False,
                                db_index=False)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "meeting", "detail"], name="one_summary_of_meeting")]
        indexes = [models.Index(fields=["organization", "transcript"], name="summaries_of_transcript")]

    def __str__(self):
        return f"{self.get_detail_display()} summary"


class CalendarAccount(OwnedModel):
    """A member's calendar elsewhere: how it is reached, what of it is read and written, and how the last reading went.

    The row stays when it is disconnected; its secret and its busy times do not.
    """

    class State(models.TextChoices):
        CONNECTED = "connected", "Connected"
        REFUSED = "refused", "Refused"  # by the other side: `reason` has its words
        OFF = "off", "Not connected"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    provider = models.CharField(max_length=10)  # booking/calendars/registry.py
    state = models.CharField(max_length=10, choices=State, default=State.OFF)
    reason = models.CharField(max_length=300, blank=True, default="")
    address = models.CharField(max_length=500, blank=True, default="")  # root of the service; of CalDAV what was typed
    username = models.CharField(max_length=254, blank=True, default="")
    secret = models.TextField(blank=True, default="", editable=False)  # under seal (lio/secrets.py)
    expires_at = models.DateTimeField(null=True)  # of an access token in the secret
    calendar_id = models.CharField(max_length=1000, blank=True, default="")  # where our meetings go; "" the first one
    # [{"id", "name", "may_write", "blocks", "empty"}]: `blocks` says that its events are busy times, `empty` how many readings
    # in a row found nothing where there had been something
    calendars = models.JSONField(default=list)
    connected_at = models.DateTimeField(null=True)
    is_syncing = models.BooleanField(default=False)
    believes_empty = models.BooleanField(default=False)  # the member said that the next reading holds, even if it is empty
    failures = models.PositiveSmallIntegerField(default=0)  # readings in a row that came to nothing
    last_sync_at = models.DateTimeField(null=True)
    next_sync_at = models.DateTimeField(null=True)
    read_count = models.PositiveIntegerField(default=0)  # of the last reading: all events,
    kept_count = models.PositiveIntegerField(default=0)  # ... those that block,
    skipped_count = models.PositiveIntegerField(default=0)  # ... those that block nobody,
    failed_count = models.PositiveIntegerField(default=0)  # ... and those that could not be read
    problems = models.JSONField(default=list)  # in words
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "user", "provider"], name="one_account_per_calendar")]
        indexes = [models.Index(fields=["next_sync_at"], condition=Q(state="connected"), name="calendars_to_read")]

    def __str__(self):
        return self.provider


class BusyTime(OwnedModel):
    """When a member's calendar elsewhere says that the member is not free. Times are kept alone: why is nobody's reading."""

    account = models.ForeignKey(CalendarAccount, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    host = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    calendar_id = models.CharField(max_length=1000, blank=True, default="")
    remote_id = models.CharField(max_length=1000)
    start_time = models.DateTimeField()
    end_time = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(end_time__gt=F("start_time")), name="busy_ends_after_it_starts")]
        indexes = [
            models.Index(fields=["organization", "host", "end_time", "start_time"], name="busy_times_of_host"),
            models.Index(fields=["organization", "account"], name="busy_times_of_account"),
        ]


class MeetingCopy(OwnedModel):
    """A meeting of ours as it stands in a member's calendar elsewhere."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    account = models.ForeignKey(CalendarAccount, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    calendar_id = models.CharField(max_length=1000, blank=True, default="")  # in which of the account's calendars
    remote_id = models.CharField(max_length=1000, blank=True, default="")
    version = models.CharField(max_length=300, blank=True, default="")
    sequence = models.PositiveIntegerField(default=0)  # of the meeting, as it was written last
    link = models.CharField(max_length=500, blank=True, default="")  # where it is joined, as that calendar made it
    reason = models.CharField(max_length=300, blank=True, default="")  # why it could not be written; empty: it stands there
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "meeting", "account"], name="one_copy_per_calendar")]
        indexes = [models.Index(fields=["organization", "account"], name="copies_of_account")]
