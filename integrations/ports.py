"""What LIO needs of the outside world, in its own words. Adapters implement it; vendors' JSON never crosses this border."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

PERSON, COMPANY = "person", "company"


@dataclass(frozen=True)
class Query:
    """What is known of a person or company that is to be enriched; all in the words of the API, "" where nothing is known."""

    kind: str = PERSON  # or COMPANY
    name: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone_number: str = ""
    job_title: str = ""
    linkedin_url: str = ""
    company: str = ""  # its name
    domain: str = ""  # registered domain of the company, never that of a free-mail provider
    website: str = ""
    country: str = ""
    city: str = ""


@dataclass(frozen=True)
class Finding:
    """One value that a source found.

    `of` is PERSON or COMPANY; `field` is a name of the API (a person's: first_name, last_name, email, phone_number, job_title,
    seniority, department, decision_maker, linkedin_url, country, city, time_zone, language, ...; a company's: company_name,
    domain, website, industry_type, employee_size, country, city, address, phone_number, contact_email, linkedin_url, summary,
    tags, ...). `confidence` runs from 0 to 1; `verified` says that the source itself is the owner of the fact (an address
    that parses as a number of its country, a company's own website), so that no later source need be asked for the field.
    """

    of: str
    field: str
    value: Any
    source: str  # email_domain, name, phone, job_title, linkedin_slug, own_data, website, pdl
    confidence: float
    verified: bool = False
    why: str = ""  # for people, a few words: "title says Head of"


@dataclass(frozen=True)
class Found:
    """What one source answered. `hit` says whether it is to be paid for; `problem` why it found nothing, in words."""

    findings: list[Finding] = field(default_factory=list)
    hit: bool = False
    problem: str = ""


class Enricher(Protocol):
    """A source of facts about a person or company. May raise `Passing` (try again later) or `Permanent` (disconnect)."""

    name: str  # the `source` of its findings
    provider: str  # builtin, or the vendor
    cost: int  # credits for a hit

    def find(self, query: Query, known: list[Finding]) -> Found:
        """What it knows beyond `known`, the findings of the sources before it. No database transaction is open."""
        ...


@dataclass(frozen=True)
class CalendarAccess:
    """What an adapter needs to reach one member's calendar. `secret` is a password, or an access token that is valid now."""

    address: str  # root of the service's API; of CalDAV what the member typed
    username: str = ""
    secret: str = field(default="", repr=False)
    calendar_id: str = ""  # which of the account's calendars; "" its first or default one
    timezone: str = "UTC"  # the member's: of whole days, and of times that say no zone
    addresses: tuple[str, ...] = ()  # the member's own: what they have declined is not busy


@dataclass(frozen=True)
class RemoteCalendar:
    id: str  # what `CalendarAccess.calendar_id` takes
    name: str
    may_write: bool = True


@dataclass(frozen=True)
class Event:
    """One occurrence in a calendar of a member's: moments in UTC, [start, end)."""

    id: str  # the provider's, the same at every reading; of a recurring event each occurrence has its own
    uid: str  # of its calendar file; our meetings bear their own (booking.models.Meeting.uid)
    title: str
    start: datetime
    end: datetime
    is_busy: bool = True  # neither cancelled, declined by the member, nor marked as free
    all_day: bool = False
    attendees: tuple[str, ...] = ()  # addresses
    url: str = ""  # where it is joined


@dataclass(frozen=True)
class Reading:
    """What was found between two moments. `skipped` blocks nobody, `failed` cannot be read; why stands in words."""

    events: list[Event] = field(default_factory=list)
    skipped: int = 0
    failed: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Invitation:
    """An event of ours that is to stand in the calendar: moments in UTC."""

    uid: str
    title: str
    start: datetime
    end: datetime
    description: str = ""
    location: str = ""
    attendees: tuple[tuple[str, str], ...] = ()  # (address, name); the provider itself invites nobody, our mails do
    timezone: str = "UTC"
    sequence: int = 0
    with_link: str = ""  # "meet" or "teams": the provider is to make a link of that kind


@dataclass(frozen=True)
class Written:
    id: str  # the provider's
    version: str = ""  # its ETag, where it has one
    url: str = ""  # the link that was made


class Calendar(Protocol):
    """A member's calendar elsewhere. Raises `Passing` or `Permanent`, and for OAuth `Permanent` when access was withdrawn.

    No database transaction may be open while any of it runs.
    """

    def calendars(self) -> list[RemoteCalendar]: ...

    def read(self, since: datetime, until: datetime) -> Reading:
        """What overlaps [since, until), recurring events spread out into their occurrences."""
        ...

    def put(self, event: Invitation, known: Written | None = None) -> Written:
        """Make the event, or change the one that is `known`; made again it is one event. One that is gone is made anew."""
        ...

    def drop(self, known: Written) -> None:
        """Take the event away; one that is gone already is no error."""
        ...


class Passing(Exception):
    """The other side cannot answer now: a job may try again, in `wait` seconds where the other side said how long."""

    def __init__(self, message, *, wait=None):
        super().__init__(message)
        self.wait = wait


class Permanent(Exception):
    """The other side refuses, and will refuse again: wrong key, account closed."""
