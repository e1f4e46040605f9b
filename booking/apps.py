from django.apps import AppConfig

FEED = {  # verb of the history: what the feed calls it
    "meeting.created": "create",
    "meeting.booked": "create",
    "meeting.updated": "update",
    "meeting.rescheduled": "update",
    "meeting.cancelled": "status_change",
    "meeting.deleted": "delete",
    "meeting.restored": "create",
}
PHRASES = {  # verb of the history: what somebody did to meetings
    "meeting.created": "planned",
    "meeting.booked": "booked",
    "meeting.updated": "changed",
    "meeting.rescheduled": "moved",
    "meeting.cancelled": "cancelled",
    "meeting.deleted": "deleted",
    "meeting.restored": "brought back",
}


class BookingConfig(AppConfig):
    name = "booking"

    def ready(self):
        from booking import profiles
        from booking.models import Meeting
        from lio import registry

        registry.on_joining.append(profiles.start)
        registry.feed_actions |= FEED
        registry.feed_phrases |= PHRASES
        registry.subjects["meeting"] = registry.Subject(
            rows=lambda organization: Meeting.objects.of(organization).alive(),
            names=lambda organization, ids: dict(
                Meeting.objects.of(organization).filter(pk__in=ids).values_list("pk", "title")),
            url=lambda pk: "",
        )
