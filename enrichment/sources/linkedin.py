"""What a LinkedIn address says by itself: its normal form, and a guess at the name in it. Nothing is fetched."""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from enrichment.sources.base import Builtin, found, known_value
from enrichment.sources.base import words as word_set
from enrichment.sources.email_domain import without_call
from enrichment.sources.names import PARTICLES
from integrations.ports import COMPANY, PERSON, Finding, Found, Query

KINDS = {"in": "in", "pub": "in", "company": "company", "company-beta": "company", "school": "school", "showcase": "showcase"}
SLUG = re.compile(r"[\w%.~'’&-]{1,150}")
MACHINE = re.compile(r"(?=.*\d)[0-9a-z]{3,}|\d+")  # what LinkedIn adds to make an address one of its kind
INCORPORATED = re.compile(r"(?:(?<=\w{3})inc|-(?:inc|co|com|llc|ltd|gmbh))[.-]*$")
DEGREES = word_set("mba phd ph md msc bsc ma ba cpa cfa pmp esq jr sr ii iii iv dr prof")


@dataclass(frozen=True)
class Address:
    """A LinkedIn address: `kind` is in (a person), company, school or showcase; `url` its normal form."""

    kind: str
    slug: str
    url: str


def read(url: str) -> Address | None:
    """The address of a person or company on LinkedIn without tracking, language and case; None if it is none."""
    text = (url or "").strip()
    parts = (
        urlsplit(text if "//" in text else f"//{text}", allow_fragments=True) if len(text) < 500 and "[" not in text else None
    )
    if parts is None or not re.fullmatch(r"([\w-]+\.)?linkedin\.com", (parts.hostname or "").lower()):
        return None
    path = [unquote(part) for part in parts.path.split("/") if part]
    if path[:1] == ["mwlite"]:
        path = path[1:]
    if len(path) < 2 or path[0].lower() not in KINDS or not SLUG.fullmatch(path[1]):
        return None
    kind, slug = KINDS[path[0].lower()], path[1].lower()
    if path[0].lower() == "pub" and len(path) >= 5:  # /pub/jane-doe/1/2a3/4b5 is what /in/jane-doe-4b52a31 was
        slug = f"{slug}-{path[4]}{path[3]}{path[2]}".lower()
    return Address(kind, slug, f"https://www.linkedin.com/{kind}/{slug}")


def words(slug: str) -> list[str]:
    """The words of a slug without what a machine added: jane-doe-123abc is jane, doe."""
    parts = [part for part in slug.split("-") if part]
    if len(parts) > 1 and MACHINE.fullmatch(parts[-1]):
        parts.pop()
    return parts


class LinkedIn(Builtin):
    name = "linkedin_slug"

    def find(self, query: Query, known: list[Finding]) -> Found:
        """The address in its normal form, and the name in it where no name is known."""
        address = read(query.linkedin_url)
        if address is None:
            return found([], "No LinkedIn address is known.")
        person = address.kind == "in"
        of = PERSON if person else COMPANY
        findings = [
            self.says(
                of, "linkedin_url", address.url, 0.95, "the same address without tracking, language and case", verified=True
            )
        ]
        why = f"guessed from linkedin.com/{address.kind}/{address.slug}"
        if person and not (query.name or query.first_name or query.last_name or known_value(known, PERSON, "last_name")):
            for field, value in zip(("first_name", "last_name"), person_name(address.slug), strict=True):
                if value:
                    findings.append(self.says(PERSON, field, value, 0.4, why))
        name = "" if person or query.company or known_value(known, COMPANY, "company_name") else company_name(address.slug)
        if name:
            findings.append(self.says(COMPANY, "company_name", name, 0.35, why))
        return found(findings)


def person_name(slug: str) -> tuple[str, str]:
    """(first name, last name) guessed from a slug; both "" where it does not look like a name of two to four words."""
    parts = [part for part in words(slug) if part not in DEGREES]
    if (
        not 2 <= len(parts) <= 4
        or not all(re.fullmatch(r"[^\W\d_]+['’]?[^\W\d_]*", part) for part in parts)
        or len(parts[-1]) < 2
    ):
        return "", ""
    at = len(parts) - 1
    while at > 1 and parts[at - 1] in PARTICLES:
        at -= 1
    last = " ".join(part if part in PARTICLES and part != parts[-1] else _cased(part) for part in parts[at:])
    return _cased(parts[0])[:50], last[:50]


def company_name(slug: str) -> str:
    """A guess at a company's name: acme-robotics-inc is Acme Robotics. "" where the slug is but a number."""
    if slug.isdigit():
        return ""
    parts = words(without_call(INCORPORATED.sub("", slug)))
    return " ".join(_cased(part) for part in parts)[:200]


def _cased(word):
    return word[:1].upper() + word[1:]
