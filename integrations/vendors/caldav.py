"""CalDAV (RFC 4791): a member's calendars on Nextcloud, iCloud, Fastmail, Radicale and their like.

A thin client over the one door: six kinds of request, of which the answers are read by a parser that takes no entities. The
name and password go to the server that the member named and to others of its domain, over https, and nowhere else
(docs/decisions/0017-caldav.md).
"""

import re
from base64 import b64encode
from datetime import UTC, datetime
from urllib.parse import quote, unquote, urljoin, urlsplit
from xml.etree.ElementTree import Element, ParseError
from zoneinfo import ZoneInfo

import icalendar
import tldextract
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django.conf import settings

from integrations import ics
from integrations.ports import CalendarAccess, Invitation, Passing, Permanent, Reading, RemoteCalendar, Written
from lio.outbound import REDIRECTS, OutboundError, Refused, fetch

DAV, CAL = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
SECONDS = 15  # for one request
MOST_BYTES = 10_000_000  # of an answer
MOST_HOPS = 3
MOST_CALENDARS = 100
WRITES = {f"{DAV}write", f"{DAV}write-content", f"{DAV}bind", f"{DAV}all"}
FIND = """<?xml version="1.0" encoding="utf-8"?>
<d:propfind xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:resourcetype/><d:displayname/>
<d:current-user-principal/><c:calendar-home-set/><c:supported-calendar-component-set/><d:current-user-privilege-set/>
</d:prop></d:propfind>"""
QUERY = """<?xml version="1.0" encoding="utf-8"?>
<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/><c:calendar-data/></d:prop>
<c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">
<c:time-range start="{since:%Y%m%dT%H%M%SZ}" end="{until:%Y%m%dT%H%M%SZ}"/></c:comp-filter></c:comp-filter></c:filter>
</c:calendar-query>"""
_suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)  # asks nobody


class CalDav:
    def __init__(self, access: CalendarAccess):
        """`access.address` is what the member typed: of the server, of an account, or of one calendar."""
        text = access.address.strip()
        self.access, self.root = access, text if "://" in text else f"https://{text}"
        self.host = _host(self.root)
        pair = f"{access.username}:{access.secret}".encode()
        self.authorization = f"Basic {b64encode(pair).decode()}"

    # ------------------------------------------------------------------------------------- the port
    def calendars(self) -> list[RemoteCalendar]:
        """The calendars that hold events: the one that the address leads to, or those of the account."""
        self._check(self.root)
        for address in dict.fromkeys([self.root, urljoin(self.root, "/.well-known/caldav"), urljoin(self.root, "/")]):
            answer = self._find(address, depth=0, may_miss=True)
            for url, properties in answer[:1]:
                if _is_calendar(properties):
                    return [_calendar(url, properties)]
                home = _href(properties, f"{CAL}calendar-home-set", url)
                principal = _href(properties, f"{DAV}current-user-principal", url)
                if not home and principal:
                    found = self._find(principal, depth=0)
                    home = _href(found[0][1], f"{CAL}calendar-home-set", found[0][0]) if found else ""
                if home:
                    there = self._find(home, depth=1)
                    return [_calendar(*one) for one in there if _is_calendar(one[1])][:MOST_CALENDARS]
        raise Permanent("There is no calendar at this address. Look for the address for CalDAV in your calendar's settings.")

    def read(self, since: datetime, until: datetime) -> Reading:
        body = QUERY.format(since=since.astimezone(UTC), until=until.astimezone(UTC))
        answer = self._ask("REPORT", self._own(), body=body, headers={"Depth": "1"})
        if answer.status != 207:
            raise _refusal(answer, self.host)
        files = []
        for url, properties in self._multistatus(answer):
            data = properties.get(f"{CAL}calendar-data")
            if data is not None and data.text:
                files.append((url, data.text))
        return ics.read(files, since, until, _zone(self.access.timezone), {*self.access.addresses, self.access.username})

    def put(self, event: Invitation, known: Written | None = None) -> Written:
        url = known.id if known else urljoin(_folder(self._own()), quote(f"{event.uid}.ics", safe="@"))
        self._check(url)
        version = known.version if known else None
        for _ in range(3):
            condition = {"If-None-Match": "*"} if version is None else {"If-Match": version} if version else {}
            answer = self._ask("PUT", url, body=self._file(event), headers=condition | {
                "Content-Type": "text/calendar; charset=utf-8"})
            if answer.status in (200, 201, 204):
                return Written(url, answer.headers.get("ETag", "") or self._version(url) or "")
            if answer.status not in (404, 409, 412) or (answer.status == 404 and version is None):
                raise _refusal(answer, self.host)
            version = self._version(url)  # it was changed there, is there already, or is gone
        raise Passing(f"{self.host} does not take the event as it stands.")

    def drop(self, known: Written) -> None:
        self._check(known.id)
        answer = self._ask("DELETE", known.id)
        if answer.status not in (200, 202, 204, 404, 410):
            raise _refusal(answer, self.host)

    # ------------------------------------------------------------------------------------- requests
    def _own(self):
        """The address of the calendar that is meant."""
        if self.access.calendar_id:
            self._check(self.access.calendar_id)
            return self.access.calendar_id
        if not (found := self.calendars()):
            raise Permanent(f"There is no calendar for events on {self.host}.")
        return found[0].id

    def _version(self, url):
        """The ETag of what stands at an address, "" when the server gives none; None when nothing stands there."""
        answer = self._ask("GET", url)
        if answer.status in (404, 410):
            return None
        if answer.status != 200:
            raise _refusal(answer, self.host)
        return answer.headers.get("ETag", "")

    def _find(self, url, *, depth, may_miss=False):
        answer = self._ask("PROPFIND", url, body=FIND, headers={"Depth": str(depth)})
        if may_miss and answer.status in (400, 403, 404, 405, 501):
            return []
        if may_miss and answer.status == 200:  # a page, for browsers
            return []
        if answer.status != 207:
            raise _refusal(answer, self.host)
        return self._multistatus(answer)

    def _ask(self, method, url, *, body="", headers=None):
        sent = {"Authorization": self.authorization, "Accept": "*/*", **(headers or {})}
        data = body.encode() if isinstance(body, str) else body
        if data and "Content-Type" not in sent:
            sent["Content-Type"] = "application/xml; charset=utf-8"
        try:
            for _ in range(MOST_HOPS + 1):
                self._check(url)
                answer = fetch(url, method=method, headers=sent, body=data or None, seconds=SECONDS, max_bytes=MOST_BYTES,
                               redirects=0)
                if answer.status not in REDIRECTS or not answer.headers.get("Location"):
                    return answer
                url = urljoin(url, answer.headers["Location"])
        except Refused as error:
            raise Permanent(str(error)) from error
        except OutboundError as error:
            raise Passing(str(error)) from error
        except ValueError as error:  # an address that is none, a name that no header can hold
            raise Permanent("This address or user name cannot be used.") from error
        raise Permanent(f"{self.host} redirects in circles.")

    def _check(self, url):
        """The password goes to the member's server or one of the same domain alone, over https. Raises Permanent."""
        try:
            parts, own = urlsplit(url), urlsplit(self.root)
            port = parts.port
        except ValueError:
            raise Permanent("That is no address of a calendar.") from None
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise Permanent("That is no address of a calendar.")
        if parts.hostname != own.hostname:
            domain = _suffixes(own.hostname or "").top_domain_under_public_suffix
            if not domain or _suffixes(parts.hostname).top_domain_under_public_suffix != domain:
                raise Permanent(f"{self.host} leads to another server, {parts.hostname}. Enter the address of that one.")
        is_named = {parts.hostname, f"{parts.hostname}:{port or 80}"} & {*settings.ALLOW_PRIVATE_HOSTS}
        if parts.scheme == "http" and not is_named:
            raise Permanent("A password is sent over https only. Begin the address with https://.")

    def _multistatus(self, answer):
        """[(address, {name: element}) of what was answered with 200], in order. Raises Passing for what is no answer."""
        try:
            root = fromstring(answer.body, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
            raise Passing(f"{self.host} gives an answer that cannot be read.") from error
        found = []
        for response in root.iter(f"{DAV}response"):
            href = (response.findtext(f"{DAV}href") or "").strip()
            properties: dict[str, Element] = {}
            for part in response.iter(f"{DAV}propstat"):
                if " 200" in (part.findtext(f"{DAV}status") or " 200"):
                    properties |= {one.tag: one for prop in part.findall(f"{DAV}prop") for one in prop}
            if url := _absolute(answer.url, href):
                found.append((url, properties))
        return found

    def _file(self, event):
        """The event as a file. Attendees are named so that the server writes to nobody (RFC 6638): our own mails do."""
        made = icalendar.Event()
        made.add("uid", event.uid)
        made.add("sequence", event.sequence)
        made.add("dtstamp", datetime.now(UTC))
        made.add("dtstart", event.start.astimezone(UTC))
        made.add("dtend", event.end.astimezone(UTC))
        made.add("summary", event.title)
        for name in ("description", "location"):
            if text := getattr(event, name):
                made.add(name, text)
        organizer = next((one for one in (*self.access.addresses, self.access.username) if "@" in one), "")
        if organizer and event.attendees:
            made.add("organizer", _person(organizer))
            for address, name in event.attendees:
                made.add("attendee", _person(address, name), encode=False)
        calendar = icalendar.Calendar()
        calendar.add("prodid", "-//LIO//Lead Intelligence//EN")
        calendar.add("version", "2.0")
        calendar.add_component(made)
        return calendar.to_ical()


def _person(address, name=""):
    person = icalendar.vCalAddress(f"MAILTO:{address}")
    person.params["SCHEDULE-AGENT"] = icalendar.vText("CLIENT")
    if name:
        person.params["CN"] = icalendar.vText(name)
    return person


def _refusal(answer, host):
    """What a status means that is none of those asked for."""
    if answer.status == 401:
        return Permanent(f"{host} does not take this user name and password. Some services want a password for apps.")
    if answer.status == 403:
        return Permanent(f"{host} does not let this user into the calendar.")
    if answer.status in (404, 410):
        return Permanent(f"The calendar is no longer there on {host}.")
    told = re.fullmatch(r"\d{1,5}", answer.headers.get("Retry-After", ""))
    return Passing(f"{host} answers {answer.status}.", wait=int(told[0]) if told else None)


def _is_calendar(properties):
    kind, parts = properties.get(f"{DAV}resourcetype"), properties.get(f"{CAL}supported-calendar-component-set")
    if kind is None or kind.find(f"{CAL}calendar") is None:
        return False
    names = [] if parts is None else [one.get("name", "").upper() for one in parts]
    return not names or "VEVENT" in names


def _calendar(url, properties):
    name = properties.get(f"{DAV}displayname")
    rights = properties.get(f"{DAV}current-user-privilege-set")
    may_write = rights is None or any(one.tag in WRITES for one in rights.iter())
    text = " ".join((name.text or "").split()) if name is not None else ""
    return RemoteCalendar(_folder(url), text or unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2]), may_write)


def _href(properties, name, base):
    there = properties.get(name)
    text = "" if there is None else (there.findtext(f"{DAV}href") or "").strip()
    return _absolute(base, text) if text else ""


def _absolute(base, href):
    """One spelling of each address: servers differ in what they write with a percent sign. "" for what is no address."""
    try:
        parts = urlsplit(urljoin(base, href))
        path = quote(unquote(parts.path), safe="/@:!$&'()*+,;=~-._")
        return f"{parts.scheme}://{parts.netloc}{path}" if href and parts.netloc else ""
    except ValueError:
        return ""


def _folder(url):
    return url if url.endswith("/") else f"{url}/"


def _host(url):
    try:
        return urlsplit(url).hostname or "The server"
    except ValueError:
        return "The server"


def _zone(name):
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
