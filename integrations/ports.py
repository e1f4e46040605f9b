"""What LIO needs of the outside world, in its own words. Adapters implement it; vendors' JSON never crosses this border."""

from dataclasses import dataclass, field
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


class Passing(Exception):
    """The other side cannot answer now: a job may try again, in `wait` seconds where the other side said how long."""

    def __init__(self, message, *, wait=None):
        super().__init__(message)
        self.wait = wait


class Permanent(Exception):
    """The other side refuses, and will refuse again: wrong key, account closed."""
