"""Google Calendar, version 3 (https://developers.google.com/workspace/calendar/api/v3/reference).

Guests are named in the description and not invited through Google: our mails invite them, and an event that Google puts into
their calendars would stand there twice. The id of an event of ours follows from its uid, so a repeat meets itself.
"""

import base64
from datetime import UTC, date, datetime
from hashlib import sha256
from secrets import token_hex
from zoneinfo import ZoneInfo

from integrations.ports import Event, Passing, Reading, RemoteCalendar, Written
from integrations.vendors.rest import Api, link, objects, part, segment, text, waiting

SLOW_DOWN = {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded", "calendarUsageLimitsExceeded",
             "backendError"}  # fmt: skip
NOT_OURS = {"accessNotConfigured", "SERVICE_DISABLED"}  # the operator's to mend: no member's calendar is to blame
MARK = "lio_uid"
FIELDS = ("timeZone,nextPageToken,items(id,iCalUID,status,summary,start,end,transparency,eventType,hangoutLink,conferenceData,"
          f"attendees(email,self,responseStatus),attendeesOmitted,extendedProperties/private/{MARK})")  # fmt: skip
NEVER_BUSY = {"workingLocation", "birthday"}


class GoogleApi(Api):
    def refuse(self, reply):
        if reply.status == 403 and reply.reasons & SLOW_DOWN:
            raise Passing("Google asks LIO to slow down.", wait=waiting(reply) or 60)
        if reply.status == 403 and reply.reasons & NOT_OURS:
            raise Passing("Google does not let this installation of LIO use calendars: its operator must switch that on.")
        super().refuse(reply)


class GoogleCalendar:
    """One calendar of a member's, or with `calendar_id` "" their main one."""

    def __init__(self, access, *, renew=None):
        """`renew(token)` gives another token for one that Google does not take; without it such a one is the end."""
        self.api, self.calendar_id = GoogleApi("Google", access, renew=renew), access.calendar_id or "primary"
        self.zone = _zone(access.timezone, UTC)

    def calendars(self):
        """Those on the member's list, the main one first."""
        found, _ = self.api.pages(
            "/users/me/calendarList",
            params={"maxResults": 250, "fields": "nextPageToken,items(id,summary,summaryOverride,accessRole,primary,deleted)"},
            next_page=lambda body: _next("/users/me/calendarList", {"maxResults": 250}, body), items="items")  # fmt: skip
        found = [one for one in found if isinstance(one.get("id"), str) and one["id"] and not one.get("deleted")]
        return [RemoteCalendar(one["id"], text(one.get("summaryOverride") or one.get("summary"), 200) or one["id"],
                               one.get("accessRole") in ("owner", "writer"))
                for one in sorted(found, key=lambda one: one.get("primary") is not True)]  # fmt: skip

    def account(self):
        """The address of the account."""
        return next((one.id for one in self.calendars()), "")[:254]

    def read(self, since, until):
        path = self._events()
        asked = {"singleEvents": "true", "showDeleted": "false", "timeMin": _moment(since), "timeMax": _moment(until),
                 "maxResults": 250, "maxAttendees": 50, "fields": FIELDS}  # fmt: skip
        found, last = self.api.pages(path, params=asked, next_page=lambda body: _next(path, asked, body), items="items")
        zone = _zone(last.get("timeZone"), self.zone)
        events, skipped, problems = [], 0, []
        for one in found:
            if one.get("status") == "cancelled" or one.get("eventType") in NEVER_BUSY:
                skipped += 1
                continue
            try:
                events.append(_event(one, zone))
            except (ValueError, TypeError, OverflowError):
                problems.append(f"“{text(one.get('summary'), 80) or 'An event'}” has no time that can be read.")
        return Reading(events, skipped, len(problems), tuple(problems[:20]))

    def put(self, event, known=None):
        body, linked = _body(event), _with_meet(event)
        if known and (reply := self._change(known.id, body if known.url else linked, known.version)):
            return self._written(reply, known)
        reply = self._make(event_id(event.uid), linked)
        if reply.status == 409:  # made by an earlier try, or taken away there: Google keeps the id of what is deleted
            if there := self._change(event_id(event.uid), linked, ""):
                return self._written(there, None)
            reply = self._make(event_id(f"{event.uid}/{token_hex(4)}"), linked)
        self._expect(reply)
        return self._written(reply, None)

    def _make(self, id, body):
        return self.api.ask("POST", self._events(), params=_asked(body), body={"id": id, **body})

    def drop(self, known):
        reply = self.api.ask("DELETE", f"{self._events()}/{segment(known.id)}", params={"sendUpdates": "none"})
        if reply.status not in (200, 204, 404, 410):
            self._expect(reply)

    def _change(self, id, body, version):
        """The Reply to a change of the event; None when it is gone.

        When somebody has changed the event there since our `version`, their words stay and only when it takes place is ours.
        """
        path = f"{self._events()}/{segment(id)}"
        reply = self.api.ask("PATCH", path, params=_asked(body), body=body, headers={"If-Match": version} if version else None)
        if reply.status == 412:
            ours = {name: body[name] for name in ("start", "end", "status", "conferenceData") if name in body}
            reply = self.api.ask("PATCH", path, params=_asked(ours), body=ours)
        if reply.status in (404, 410):
            return None
        self._expect(reply)
        return reply

    def _written(self, reply, known):
        made = reply.body
        id = made.get("id")
        if not isinstance(id, str) or not id:
            raise Passing("Google does not say which event it made.")
        if part(part(made, "conferenceData"), "createRequest") and not _join(made):
            made = self._again(id) or made
        version = made.get("etag") if isinstance(made.get("etag"), str) else ""
        return Written(id, version[:200], _join(made) or (known.url if known else ""))

    def _again(self, id):
        """The event as it is a moment later: a link may take Google a little longer than its answer."""
        reply = self.api.ask("GET", f"{self._events()}/{segment(id)}")
        return reply.body if reply.status == 200 else None

    def _events(self):
        return f"/calendars/{segment(self.calendar_id)}/events"

    def _expect(self, reply):
        if reply.status not in (200, 201):
            self.api.refuse(reply)


def event_id(uid):
    """Google's id of our event: letters a to v and digits, the same for a uid for ever."""
    return "lio" + base64.b32hexencode(sha256(uid.encode()).digest()[:20]).decode().lower()


def _next(path, asked, body):
    token = body.get("nextPageToken")
    return (path, {**asked, "pageToken": token}) if isinstance(token, str) and token else None


def _asked(body):
    return {"sendUpdates": "none", "conferenceDataVersion": 1 if "conferenceData" in body else 0}


def _with_meet(event):
    """The event, asking for a link where it is to have one; asked again with the same id Google makes no second one."""
    if event.with_link != "meet":
        return _body(event)
    request = {"requestId": event_id(event.uid), "conferenceSolutionKey": {"type": "hangoutsMeet"}}
    return {**_body(event), "conferenceData": {"createRequest": request}}


def _body(event):
    guests = [f"{name} <{address}>" if name else address for address, name in event.attendees]
    told = "\n\n".join(one for one in (event.description, guests and "With: " + ", ".join(guests)) if one)
    return {
        "summary": event.title,
        "start": {"dateTime": _moment(event.start), "timeZone": event.timezone},
        "end": {"dateTime": _moment(event.end), "timeZone": event.timezone},
        "status": "confirmed",
        "extendedProperties": {"private": {MARK: event.uid}},
        "description": told[:8000],
        "location": event.location[:1000],
    }


def _event(one, zone):
    id, all_day = one.get("id"), "date" in part(one, "start")
    if not isinstance(id, str) or not id:
        raise ValueError("no id")
    begin, end = (_at(part(one, name), zone) for name in ("start", "end"))
    if end < begin:
        raise ValueError("ends before it begins")
    guests = objects(one.get("attendees"))
    declined = any(guest.get("self") is True and guest.get("responseStatus") == "declined" for guest in guests)
    ours = part(part(one, "extendedProperties"), "private").get(MARK)
    uid = ours if isinstance(ours, str) and ours else one.get("iCalUID")
    return Event(
        id=id[:1024], uid=uid if isinstance(uid, str) else "", title=text(one.get("summary"), 200) or "Busy",
        start=begin, end=end, is_busy=one.get("transparency") != "transparent" and not declined and begin < end,
        all_day=all_day, attendees=tuple(mail for guest in guests if (mail := text(guest.get("email"), 254))), url=_join(one),
    )  # fmt: skip


def _at(given, zone):
    """A moment in UTC; a day begins when it begins in the calendar's zone. Raises ValueError and TypeError."""
    if "date" in given:
        day = date.fromisoformat(given["date"])
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    moment = datetime.fromisoformat(given.get("dateTime"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=_zone(given.get("timeZone"), zone))).astimezone(UTC)


def _zone(name, otherwise):
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, TypeError, OSError):
        return otherwise


def _join(one):
    """Where the event is joined: Google Meet, or a conference of another kind."""
    points = objects(part(one, "conferenceData").get("entryPoints"))
    videos = (link(point.get("uri")) for point in points if point.get("entryPointType") == "video")
    return link(one.get("hangoutLink")) or next((found for found in videos if found), "")


def _moment(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
