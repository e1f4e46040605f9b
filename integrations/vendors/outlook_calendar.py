"""Calendars of Microsoft 365 and Outlook.com through Microsoft Graph (https://learn.microsoft.com/graph/api/resources/event).

Guests are named in the text of an event and not listed as its attendees: Graph invites whom it lists, and our mails do that.
An event of ours bears its uid twice: as transaction id, by which Graph knows a repeat of the same event, and as a property
by which it is found again when a repeat says something else.
"""

import re
from datetime import UTC, datetime
from secrets import token_hex
from zoneinfo import ZoneInfo

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from integrations.ports import Event, Passing, Reading, RemoteCalendar, Written
from integrations.vendors.rest import Api, link, objects, part, segment, text

PREFER = 'IdType="ImmutableId", outlook.timezone="UTC"'  # without the first, ids change when an event is moved
MARK = "String {7b4c3f0e-2d51-4c8b-9f3a-6a1d0c5e8b27} Name lio_uid"
OURS = "lio-"  # before the uid, in the transaction id
FIELDS = "id,iCalUId,subject,start,end,isAllDay,isCancelled,showAs,responseStatus,attendees,onlineMeeting,transactionId"
NOT_BUSY = {"free", "workingElsewhere"}
TEAMS = {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}
DUPLICATE = "ErrorDuplicateTransactionId"


class OutlookCalendar:
    """One calendar of a member's, or with `calendar_id` "" their main one."""

    def __init__(self, access, *, renew=None):
        """`renew(token)` gives another token for one that Graph does not take; without it such a one is the end."""
        self.api = Api("Microsoft", access, renew=renew)
        self.zone = _zone(access.timezone)
        self.here = f"/me/calendars/{segment(access.calendar_id)}" if access.calendar_id else "/me"

    def calendars(self):
        """All of the account's, the main one first."""
        return [RemoteCalendar(one["id"], text(one.get("name"), 200) or "Calendar", one.get("canEdit") is True)
                for one in self._list()]  # fmt: skip

    def account(self):
        """The address of the account."""
        return next((text(part(one, "owner").get("address"), 254) for one in self._list()), "")

    def _list(self):
        found, _ = self._pages("/me/calendars", {"$top": 100, "$select": "id,name,canEdit,isDefaultCalendar,owner"})
        found = [one for one in found if isinstance(one.get("id"), str) and one["id"]]
        return sorted(found, key=lambda one: one.get("isDefaultCalendar") is not True)

    def read(self, since, until):
        asked = {"startDateTime": f"{_moment(since)}Z", "endDateTime": f"{_moment(until)}Z", "$top": 250, "$select": FIELDS}
        found, _ = self._pages(f"{self.here}/calendarView", asked)
        events, skipped, problems = [], 0, []
        for one in found:
            if one.get("isCancelled") is True:
                skipped += 1
                continue
            try:
                events.append(_event(one, self.zone))
            except (ValueError, TypeError, OverflowError):
                problems.append(f"“{text(one.get('subject'), 80) or 'An event'}” has no time that can be read.")
        return Reading(events, skipped, len(problems), tuple(problems[:20]))

    def put(self, event, known=None):
        wants_link = event.with_link == "teams"
        body = {**_body(event), **(TEAMS if wants_link else {})}
        if known and (reply := self._change(known, body)):
            return self._written(reply, known, wants_link)
        marks = {"transactionId": f"{OURS}{event.uid}", "singleValueExtendedProperties": [{"id": MARK, "value": event.uid}]}
        reply = self._make({**body, **marks})
        if DUPLICATE in reply.reasons:  # an earlier try made it with other words, or it was made and taken away
            there = self._find(event.uid)
            if there and (reply := self._change(there, body)):
                return self._written(reply, there, wants_link)
            reply = self._make({**body, **marks, "transactionId": f"{OURS}{event.uid}/{token_hex(4)}"})
        if reply.status not in (200, 201):
            self.api.refuse(reply)
        return self._written(reply, None, wants_link)

    def _make(self, body):
        return self._write("POST", f"{self.here}/events", body)

    def _write(self, method, path, body, headers=None):
        """The Reply; an account without Teams gets the event without a link."""
        reply = self._ask(method, path, body=body, headers=headers)
        if reply.status == 400 and TEAMS.keys() <= body.keys():
            body = {name: value for name, value in body.items() if name not in TEAMS}
            reply = self._ask(method, path, body=body, headers=headers)
        return reply

    def drop(self, known):
        reply = self._ask("DELETE", f"/me/events/{segment(known.id)}")
        if reply.status not in (200, 204, 404, 410):
            self.api.refuse(reply)

    def _change(self, known, body):
        """The Reply to a change of the event; None when it is gone.

        When somebody has changed the event there since our version, their words stay and only when it takes place is ours.
        The text of an event with a link holds how to join and is left alone.
        """
        path = f"/me/events/{segment(known.id)}"
        if known.url:
            body = {name: value for name, value in body.items() if name != "body" and name not in TEAMS}
        reply = self._write("PATCH", path, body, {"If-Match": known.version} if known.version else {})
        if reply.status in (409, 412):
            ours = ("start", "end", *TEAMS)
            reply = self._write("PATCH", path, {name: body[name] for name in ours if name in body})
        if reply.status in (404, 410):
            return None
        if reply.status != 200:
            self.api.refuse(reply)
        return reply

    def _find(self, uid):
        """Our event of that uid as Written; None when there is none."""
        match = f"singleValueExtendedProperties/Any(ep: ep/id eq '{MARK}' and ep/value eq '{_quoted(uid)}')"
        asked = {"$filter": match, "$select": "id,onlineMeeting", "$top": 2}
        reply = self._ask("GET", f"{self.here}/events", params=asked)
        if reply.status != 200:
            self.api.refuse(reply)
        found = [one for one in objects(reply.body.get("value")) if isinstance(one.get("id"), str)]
        return Written(found[0]["id"], "", _join(found[0])) if found else None

    def _written(self, reply, known, wants_link):
        made = reply.body
        id = made.get("id")
        if not isinstance(id, str) or not id:
            raise Passing("Microsoft does not say which event it made.")
        if wants_link and not (_join(made) or (known and known.url)):  # a link may take Graph a little longer than its answer
            again = self._ask("GET", f"/me/events/{segment(id)}", params={"$select": "id,onlineMeeting"})
            made = again.body if again.status == 200 else made
        version = made.get("@odata.etag")
        return Written(id, version[:200] if isinstance(version, str) else "", _join(made) or (known.url if known else ""))

    def _pages(self, path, asked):
        def following(body):
            there = body.get("@odata.nextLink")
            return (there, None) if isinstance(there, str) and there else None

        return self.api.pages(path, params=asked, next_page=following, items="value", headers={"Prefer": PREFER})

    def _ask(self, method, path, *, params=None, body=None, headers=None):
        return self.api.ask(method, path, params=params, body=body, headers={"Prefer": PREFER, **(headers or {})})


def _body(event):
    guests = [f"{name} <{address}>" if name else address for address, name in event.attendees]
    told = "\n\n".join(one for one in (event.description, guests and "With: " + ", ".join(guests)) if one)
    return {
        "subject": event.title[:255],
        "body": {"contentType": "text", "content": told[:8000]},
        "start": {"dateTime": _moment(event.start), "timeZone": "UTC"},
        "end": {"dateTime": _moment(event.end), "timeZone": "UTC"},
        "location": {"displayName": event.location[:255]},
        "showAs": "busy",
    }


def _event(one, days):
    id, all_day = one.get("id"), one.get("isAllDay") is True
    if not isinstance(id, str) or not id:
        raise ValueError("no id")
    zone = days if all_day else UTC  # a whole day is midnight in whichever zone was asked for: it is the member's own
    begin, end = (_at(part(one, name), zone) for name in ("start", "end"))
    if end < begin:
        raise ValueError("ends before it begins")
    declined = part(one, "responseStatus").get("response") == "declined"
    ours = one.get("transactionId")
    theirs = one.get("iCalUId") if isinstance(one.get("iCalUId"), str) else ""
    uid = ours.removeprefix(OURS).split("/")[0] if isinstance(ours, str) and ours.startswith(OURS) else theirs
    mails = (text(part(guest, "emailAddress").get("address"), 254) for guest in objects(one.get("attendees")))
    return Event(
        id=id[:1024], uid=uid, title=text(one.get("subject"), 200) or "Busy", start=begin, end=end,
        is_busy=one.get("showAs") not in NOT_BUSY and not declined and begin < end, all_day=all_day,
        attendees=tuple([mail for mail in mails if mail][:50]), url=_join(one),
    )  # fmt: skip


def _at(given, zone):
    """A moment in UTC. Graph writes seven digits behind the second and the zone beside. Raises ValueError and TypeError."""
    moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", given["dateTime"])) if "dateTime" in given else None
    if moment is None:
        raise ValueError("no time")
    named = given.get("timeZone")
    zone = _zone(named) if named not in ("UTC", None) else zone
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _zone(name):
    """A zone by the name that Windows or the rest of the world has for it; UTC for none of these."""
    try:
        return ZoneInfo(WINDOWS_TO_OLSON.get(name, name))
    except (KeyError, ValueError, TypeError, OSError):
        return UTC


def _join(one):
    return link(part(one, "onlineMeeting").get("joinUrl"))


def _moment(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _quoted(value):
    return value.replace("'", "''")
