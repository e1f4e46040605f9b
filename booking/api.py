"""Meetings, free times and booking pages over the API (sections 6.11 and 10)."""

from datetime import UTC
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from rest_framework.decorators import action

from booking import confirm, finding, links, meetings, offers, profiles, recaps, transcripts
from booking.filters import MeetingFilter
from booking.models import Meeting, Transcript
from booking.offers import OwnOffer
from booking.serializers import (
    AddMeeting,
    AddTranscript,
    AskFree,
    AskOffered,
    AskSummary,
    Attendees,
    Confirm,
    Day,
    DayOrMoment,
    ProfileFields,
    Types,
    UpdateMeeting,
    attributes,
    profile_attributes,
    words_sent,
)
from lio import ratelimit
from lio.api.envelope import Envelope
from lio.api.schema import describes, documented
from lio.api.views import LioView, RateLimited
from lio.api.viewsets import AddAction, DeleteAction, ListAction, TakesForms, TenantViewSet, UpdateAction, ViewAction
from lio.clientip import client_ip
from lio.errors import TRIES, Forbidden, Missing, TooMany
from lio.tenancy import org_scope

SLOTS = [{"start": str, "end": str}]
DEFAULT = 30  # minutes
WORDS = {"key": "point"}  # kinds of a summary's lines that the API calls differently
HOUR = 3600  # seconds
PROFILE = {"slug": str, "title": str, "intro": str, "timezone": str, "durations": [int], "working_hours": dict,
           "overrides": dict, "buffer_minutes": int, "buffer_before": int, "buffer_after": int, "min_notice_minutes": int,
           "horizon_days": int,
           "daily_limit": int, "slot_step": int, "change_notice_minutes": int, "reminder_minutes": int, "is_active": bool,
           "color": str, "allowed_domains": [str], "url": str,
           "types": [{"id": int, "name": str, "minutes": int, "tool": str, "location": str, "questions": [dict],
                      "is_active": bool}]}


SEGMENTS = [{"start": float | None, "end": float | None, "speaker": str, "text": str}]
TRANSCRIPT = {"meeting_id": int, "status": str, "transcript": str | None, "segments": SEGMENTS, "format?": str,
              "file_name?": str, "uploaded_by?": int | None, "uploaded_at?": str}
SUMMARY = {"meeting_id": int, "detail": str, "summary": str, "source": str, "provider": str, "made_at": str,
           "bullets": [{"kind": str, "text": str, "speaker": str, "segment": int | None, "start": float | None}]}


class MeetingViewSet(TakesForms, ListAction, AddAction, ViewAction, UpdateAction, DeleteAction, TenantViewSet):
    queryset = Meeting.objects.all()
    input_class, filter_class = AddMeeting, MeetingFilter
    form_actions, upload_limit = ("add_transcript",), transcripts.MOST_BYTES
    permissions = {"list": "records.view", "retrieve": "records.view", "create": "records.edit", "update": "records.edit",
                   "destroy": "records.delete", "transcript": "records.view", "add_transcript": "records.edit",
                   "remove_transcript": "records.edit", "generate_summary": "records.edit"}

    def perform_create(self, given):
        return meetings.add(self.organization, attributes(given), by=self.caller)

    @documented("Change the sent fields of a meeting; new times without a status make it Rescheduled", input=UpdateMeeting)
    def update(self, request, pk):
        row = self.get_object(pk)
        meetings.update(row.pk, self.organization, attributes(self.read(UpdateMeeting, partial=True)), by=self.caller)
        return Envelope(self.shown(row.pk), self.message("updated"))

    def perform_destroy(self, rows):
        return meetings.delete(rows, by=self.caller)

    @action(detail=True, methods=["get"])
    @documented("What was said in a meeting; status not_available when nobody has added it", answer=TRANSCRIPT)
    def transcript(self, request, pk):
        meeting = self.get_object(pk)
        return Envelope(said(meeting.pk, Transcript.objects.of(self.organization).alive().filter(meeting=meeting).first()))

    @transcript.mapping.post
    @documented("Add what was said: a WebVTT, SRT or text file of at most 2 MB as multipart/form-data, or its words as `text`",
                input=AddTranscript, one_of=("file", "text"), status=201, answer=TRANSCRIPT)
    def add_transcript(self, request, pk):
        meeting = self.get_object(pk)
        data, name = words_sent(AddTranscript.read(self.sent()))
        row = recaps.put(meeting.pk, self.organization, data, file_name=name, by=self.caller)
        return Envelope(said(meeting.pk, row), "Transcript added successfully", status=201)

    @transcript.mapping.delete
    @documented("Delete what was said in a meeting, with the summaries of it", answer={"meeting_id": int, "status": str})
    def remove_transcript(self, request, pk):
        meeting = self.get_object(pk)
        recaps.remove(meeting.pk, self.organization, by=self.caller)
        return Envelope({"meeting_id": meeting.pk, "status": "not_available"}, "Transcript deleted successfully")

    @action(detail=True, methods=["post"], url_path="generate-summary")
    @documented("Sum up a meeting from its transcript, or from title, description and notes", input=AskSummary, answer=SUMMARY)
    def generate_summary(self, request, pk):
        meeting = self.get_object(pk)
        row = recaps.summarise(meeting.pk, self.organization, self.read(AskSummary)["detail"], by=self.caller)
        of_transcript = row.transcript_id is not None
        bullets = [one | ({} if of_transcript else {"segment": None}) | {"kind": WORDS.get(one["kind"], one["kind"])}
                   for one in row.points]
        return Envelope({"meeting_id": meeting.pk, "detail": row.detail, "summary": row.text, "bullets": bullets,
                         "source": "transcript" if of_transcript else "meeting", "provider": "builtin",
                         "made_at": iso(row.made_at)}, "Meeting summarised successfully")


def said(meeting_id, transcript):
    """A meeting's transcript as the API shows it; None: there is none (R65)."""
    if transcript is None:
        return {"meeting_id": meeting_id, "status": "not_available", "transcript": None, "segments": []}
    return {"meeting_id": meeting_id, "status": "available", "transcript": transcripts.as_text(transcript.segments),
            "segments": transcript.segments, "format": transcript.format, "file_name": transcript.file_name,
            "uploaded_by": transcript.uploaded_by_id, "uploaded_at": iso(transcript.created_at)}


class Availability(LioView):
    """The caller's own free times."""

    permissions = {"get": "records.view"}

    @documented("Free times of the caller in the next days", query=AskFree, failures=(400, 401, 403),
                answer={"timezone": str, "duration": int, "slots": SLOTS})
    def get(self, request):
        if self.caller is None:
            raise Forbidden("A key has no calendar of its own. Ask with the token of a member.")
        return Envelope(free_times(OwnOffer(profiles.of(self.caller)), AskFree.ask(request.query_params)))


class MyProfile(LioView):
    permissions = {"get": "records.view", "put": "records.view"}

    def profile(self):
        if self.caller is None:
            raise Forbidden("A key has no booking page of its own. Ask with the token of a member.")
        return profiles.of(self.caller)

    @documented("The caller's booking page", answer=PROFILE)
    def get(self, request):
        return Envelope(shown(self.profile()))

    @documented("Change the caller's booking page", input=ProfileFields, answer=PROFILE, failures=(400, 401, 403, 409, 422))
    def put(self, request):
        self.profile()
        given = ProfileFields.read(request.data, partial=True)
        profiles.update(self.caller, profile_attributes(given), by=self.caller)
        return Envelope(shown(profiles.of(self.caller)), "Booking page updated successfully")


def shown(profile):
    """A booking page as its owner sees it."""
    slug = profile.user.booking_slug
    names = [name for name in PROFILE if name not in ("slug", "timezone", "durations", "buffer_minutes", "types", "url")]
    return {"slug": slug, "timezone": profiles.zone(profile).key, "durations": profiles.durations(profile),
            "types": profiles.told_types(profile),
            "buffer_minutes": max(profile.buffer_before, profile.buffer_after), "url": f"{settings.SITE_URL}/book/{slug}",
            **{name: getattr(profile, name) for name in names}}  # fmt: skip


def free_times(offer, asked, **more):
    """The answer to a question for free times, as the API shows it."""
    zone = ZoneInfo(asked["tz"]) if asked.get("tz") else offer.zone
    length = asked.get("duration") or DEFAULT
    since, until = finding.between(asked, zone)
    found = offer.slots(length, since, until)
    return more | {"timezone": zone.key, "duration": length,
                   "slots": [{"start": iso(start), "end": iso(end)} for start, end in found]}


def iso(moment):
    return f"{moment.astimezone(UTC).isoformat(timespec='milliseconds')[:-6]}Z"


# ------------------------------------------------------------------------- the public page's own
class PublicPage(LioView):
    """What anybody may ask of a booking page, own or shared. A key or token that comes along changes nothing."""

    is_public = True
    authentication_classes: list = []

    def answer(self, request, *args, **kwargs):
        slug = kwargs["slug"]
        handler = self.handler(request)
        place = offers.find(slug)
        if place is None:
            raise Missing("There is no such booking page.")
        if request.method == "POST":
            rate = ratelimit.count(f"booking:{slug}:{client_ip(request)}", settings.RATES["booking"])
            if rate.exceeded:
                raise RateLimited(rate)
        for _ in range(TRIES):
            self.is_deadlocked = False
            with org_scope(place.organization_id):
                self.offer = offers.at(place)
                if self.offer is None:
                    raise Missing("There is no such booking page.")
                response = self.once(request, handler, self.offer.key, (), {})
                if response.status_code >= 400 and not getattr(response, "keep_writes", False):
                    transaction.set_rollback(True)
            if not self.is_deadlocked:
                break
        return response

    def handler(self, request):
        """What answers the request. Raises MethodNotAllowed."""
        found = getattr(self, request.method.lower(), None) if request.method in ("GET", "HEAD", "POST") else None
        return found or self.http_method_not_allowed(request)

    def book(self, start, end, visitor, *, type_id=None):
        """The meeting that a visitor books. Raises what booking.confirm does, and TooMany for the address.

        Counted in the transaction: what is not booked in the end, or is a repeat, does not count.
        """
        meeting = self.offer.confirm(start, end, visitor, type_id=type_id)
        address = f"booked:{meeting.organization_id}:{client_ip(self.request)}"
        rate = ratelimit.count(address, settings.RATES["booked"], HOUR)
        if rate.exceeded:
            raise TooMany(f"{rate.limit} bookings an hour are taken from one address. "
                          f"Come back in {(rate.wait + 59) // 60} minutes.", wait=rate.wait)
        return meeting

    def length(self, asked):
        """Without a duration 30 minutes, or the shortest there is. Raises BadQuestion for one that is not offered."""
        offered = self.offer.durations
        usual = DEFAULT if DEFAULT in offered else min(offered, default=DEFAULT)
        asked = asked | {"duration": asked.get("duration") or usual}
        if asked["duration"] not in offered:
            lengths = ", ".join(str(length) for length in offered)
            raise finding.BadQuestion("duration: is not offered", fields={"duration": [f"must be one of {lengths}"]})
        return asked


class BookingProfileView(PublicPage):
    @documented("What a visitor may know of a member's booking page", failures=(404,), answer={
        "slug": str, "name": str, "title": str, "intro": str, "timezone": str, "durations": [int], "organization": str,
        "types": [{"id": int, "name": str, "minutes": int, "questions": [dict]}]})
    def get(self, request):
        offer = self.offer
        types = [{"id": one.pk, "name": one.name, "minutes": one.minutes, "questions": one.questions} for one in offer.types]
        return Envelope({"slug": offer.slug, "name": offer.name, "title": offer.title, "intro": offer.page.intro,
                         "timezone": offer.zone.key, "durations": offer.durations, "organization": offer.organization.name,
                         "types": types})


class BookingAvailability(PublicPage):
    @documented("Free times of a booking page", query=AskFree, failures=(400, 404),
                answer={"slug": str, "timezone": str, "duration": int, "slots": SLOTS})
    def get(self, request):
        asked = self.length(AskOffered.ask(request.query_params))
        return Envelope(free_times(self.offer, asked, slug=self.offer.slug))


class BookingConfirm(PublicPage):
    @documented("Book a free time; makes a meeting and a lead for the attendee", input=Confirm, status=201,
                failures=(400, 404, 409, 422), answer={"meeting_id": int, "start": str, "end": str, "timezone": str,
                                                       "meeting_url": str, "manage_url": str})
    def post(self, request):
        given = Confirm.read(request.data)
        start, end = given.pop("start"), given.pop("end")
        told: dict = {name: value or "" for name, value in given.items()}
        meeting = self.book(start, end, confirm.Visitor(**told))
        return Envelope({"meeting_id": meeting.pk, "start": iso(start), "end": iso(end), "timezone": meeting.timezone,
                         "meeting_url": meeting.meeting_url, "manage_url": links.manage_url(meeting)},
                        "Booking confirmed successfully", status=201)


# ------------------------------------------------------------------------- fields of ours, as the API's description has them
def listed(items, words):
    return {"type": "array", "items": items, "description": words}


describes(Attendees, listed({}, "Addresses, or objects with email and name."))
describes(Types, listed({"type": "object", "additionalProperties": True},
                        "All meeting types in their order: {id, name, minutes, tool, location, questions, is_active}; one "
                        "without an id is new, one that is left out is switched off."))
describes(Day, {"type": "string", "examples": ["2026-06-15"]})
describes(DayOrMoment, {"type": "string", "examples": ["2026-06-15"], "description": "A whole day, or a moment; inclusive."})
