from django.apps import AppConfig
from django.urls import reverse

FEED = {  # verb of the history: what the feed calls it
    "meeting.created": "create",
    "meeting.booked": "create",
    "meeting.updated": "update",
    "meeting.rescheduled": "update",
    "meeting.cancelled": "status_change",
    "meeting.deleted": "delete",
    "meeting.restored": "create",
    "meeting.transcript_added": "update",
    "meeting.transcript_removed": "update",
    "meeting.summarised": "update",
}
PHRASES = {  # verb of the history: what somebody did to meetings
    "meeting.created": "planned",
    "meeting.booked": "booked",
    "meeting.updated": "changed",
    "meeting.rescheduled": "moved",
    "meeting.cancelled": "cancelled",
    "meeting.deleted": "deleted",
    "meeting.restored": "brought back",
    "meeting.transcript_added": "added a transcript to",
    "meeting.transcript_removed": "deleted the transcript of",
    "meeting.summarised": "summed up",
}


class BookingConfig(AppConfig):
    name = "booking"

    def ready(self):
        from booking import meetings, profiles, shared
        from booking.calendars import jobs  # noqa: F401 - what the queue calls
        from booking.columns import COLUMNS
        from booking.filters import MeetingFilter
        from booking.models import Meeting
        from booking.pages import sections
        from booking.undo import MeetingReverter
        from lio import registry

        registry.on_joining.append(profiles.start)
        registry.undoers |= {"meeting": MeetingReverter(), "bookingprofile": profiles.undo, "sharedpage": shared.undo}
        registry.modules["meeting"] = registry.Module(Meeting, MeetingFilter, COLUMNS, has_own_fields=False)
        registry.rail.append(registry.RailEntry("Meetings", "meetings:list", "calendar-days", group="Conversations", order=30))
        for kind, section in (("lead", sections.of_lead), ("company", sections.of_company), ("contact", sections.of_contact)):
            registry.record_parts[kind].append(section)
            registry.unlinks[kind].append(meetings.unlink(kind))
        registry.feed_actions |= FEED
        registry.feed_phrases |= PHRASES
        registry.subjects["meeting"] = registry.Subject(
            rows=lambda organization: Meeting.objects.of(organization).alive(),
            names=lambda organization, ids: dict(
                Meeting.objects.of(organization).filter(pk__in=ids).values_list("pk", "title")),
            url=lambda pk: reverse("meetings:view", args=[pk]),
        )
