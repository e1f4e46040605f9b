"""Bulk actions on meetings. Each takes plain ids and reads afresh, so that it can also run in the background."""

from booking import meetings
from booking.models import Meeting
from booking.serializers import UpdateMeeting, attributes
from lio import bulk
from lio.errors import Invalid


def shared(name):
    """Whether many meetings may get the same value of a field, by its name in the API."""
    return name in meetings.SHARED


def set_fields(rows, given, *, by):
    """Set fields, named and valued as in the API, of meetings. Raises Invalid for what many cannot share."""
    if wrong := [name for name in given if not shared(name)]:
        raise Invalid({"fields": [f"{wrong[0]} is not a field that many meetings can share"]})
    values = attributes(UpdateMeeting.read(given, partial=True))
    if values.get("status") in Meeting.BLOCKING:
        raise Invalid({"status": ["must be held, cancelled or no show: whose time is free is looked at one by one"]})
    return bulk.act(_set_fields, rows, given, by=by)


@bulk.action
def _set_fields(ids, given, *, by):
    values = attributes(UpdateMeeting.read(given, partial=True))
    return meetings.change_many(Meeting.objects.filter(pk__in=ids), values, by=by)


def delete(rows, *, by):
    return bulk.act(_delete, rows, by=by)


@bulk.action
def _delete(ids, *, by):
    return meetings.delete(Meeting.objects.filter(pk__in=ids), by=by)
