"""What may be sent of an event: ours, or the shape of Google Calendar or Microsoft Graph (R64)."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo, available_timezones

from django.utils.html import strip_tags
from rest_framework.exceptions import ValidationError

from booking.serializers import Asked, Attendees, DayOrMoment
from lio.api.fields import Moment, Text
from lio.api.serializers import Input

ZONES = frozenset(available_timezones())


class AskEvents(Asked):
    def get_fields(self):
        return super().get_fields() | {"from": DayOrMoment(required=False), "to": DayOrMoment(required=False)}


class GivenEvent(Input):
    title = Text(min_length=1, max_length=200)
    start_time = Moment()
    end_time = Moment()
    attendees = Attendees(required=False, allow_null=True)
    description = Text(max_length=10_000, required=False)
    location = Text(max_length=500, required=False)


def read(data, zone):
    """What was sent, as attributes of a meeting. A whole day is one of `zone`; a time without offset or zone is UTC (R9).

    Raises ValidationError under the names of our own shape.
    """
    given = GivenEvent.read(_ours(data, zone) if isinstance(data, dict) else data)
    return {name: value if value is not None else [] if name == "attendees" else "" for name, value in given.items()}


def _ours(data, zone):
    """The shape of others as ours; what is there under our own name holds."""
    found = dict(data)
    for ours, *theirs in (("title", "summary", "subject"), ("start_time", "start"), ("end_time", "end")):
        for name in theirs:
            if ours not in found and name in data:
                found[ours] = data[name] if ours == "title" else _moment(data[name], zone, ours)
    if isinstance(found.get("location"), dict):
        found["location"] = found["location"].get("displayName")
    body = data.get("body")
    if "description" not in found and isinstance(body, dict) and isinstance(body.get("content"), str):
        is_html = str(body.get("contentType", "html")).lower() == "html"
        found["description"] = strip_tags(body["content"]).strip() if is_html else body["content"]
    if isinstance(found.get("attendees"), list):
        found["attendees"] = [_attendee(one) for one in found["attendees"]]
    return found


def _attendee(one):
    if isinstance(one, dict) and isinstance(one.get("emailAddress"), dict):
        return {"email": one["emailAddress"].get("address"), "name": one["emailAddress"].get("name")}
    if isinstance(one, dict) and "displayName" in one and "name" not in one:
        return {"email": one.get("email"), "name": one["displayName"]}
    return one


def _moment(given, zone, name):
    """{"dateTime", "timeZone"} or {"date"} as text that our own field reads."""
    if not isinstance(given, dict):
        return given
    text, named = given.get("dateTime"), given.get("timeZone")
    if text is None and "date" in given:
        try:
            return datetime.combine(date.fromisoformat(given["date"]), time(), tzinfo=zone).isoformat()
        except (TypeError, ValueError):
            raise ValidationError({name: ["must be an ISO date, like 2026-06-15"]}) from None
    if not named or not isinstance(text, str):
        return text
    there = _zone(named)
    if there is None:
        raise ValidationError({name: ["timeZone must be the name of a time zone, like Europe/Berlin"]})
    try:
        moment = datetime.fromisoformat(text[:26] if "." in text and len(text) == 27 else text)  # Graph: seven decimals
    except ValueError:
        return text
    return moment.isoformat() if moment.tzinfo else moment.replace(tzinfo=there).isoformat()


def _zone(name):
    """The zone of an IANA name, or of one that Windows gives zones; None for neither."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    name = WINDOWS_TO_OLSON.get(name, name) if isinstance(name, str) else ""
    return ZoneInfo(name) if name in ZONES else None
