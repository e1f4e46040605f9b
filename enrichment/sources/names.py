"""Names of people taken apart: "van der Berg, Anna" is Anna van der Berg."""

import re
import unicodedata
from dataclasses import dataclass

from enrichment.sources.base import Builtin, found, words
from integrations.ports import PERSON, Finding, Found, Query

LONGEST = 50  # of a first or last name
# Mailboxes of a function, not of a person.
ROLES = words(
    """abuse accounting accounts admin administration ads advertising alerts all anfrage ap ar billing bookings booking
    buchhaltung
    bureau buyers careers chat club commercial compliance contact contacto contact-us contactus crew customer customers
    customercare customerservice data dev developer developers devnull dns einkauf email empfang events everyone export facturas
    faktura feedback finance finanzen ftp geschaeftsleitung hallo hello help helpdesk hey hi hola home hostmaster hr import info
    informatik information inquiries inquiry invest investors invoice invoices it jobs kontakt kundenservice legal list mail
    mailbox mailer mailer-daemon management marketing media moin news newsletter no-reply noc noreply notifications office
    online
    operations order orders partner partners payments personal people postmaster post presse press privacy procurement purchase
    purchasing reception recruiting recruitment registration rechnung rechnungen reservations returns root sales security
    sekretariat service services shipping shop smtp spam staff store subscribe suggestions support sysadmin talent team tech
    test training unsubscribe user users usenet uucp vendor vendors ventas verkauf vertrieb verwaltung web webmaster website
    welcome whois work www you"""
)
NAME_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
LAST_WORDS = re.compile(r"\s*(?:[,&]?\s*\b(?:and|und|et|y)?\s*(?:et\.? al\.?|co\.?|partners)\s*$|&\s*$)", re.I)
SUFFIX = re.compile(r",\s*(jr|sr|ii|iii|iv|esq|ph\.?d|m\.?d)\b\.?\s*(?=,)", re.I)
TOGETHER = re.compile(r"\b([^\W\d_])\.(?=[^\W\d_]{2,})")  # X.Gironés
LETTERS = re.compile(r"(?:[^\W\d_]\.?[-\s]?){1,5}")
PARTICLES = words(
    """al auf af av ben bin bint d da dal de degli dei del della den der di do dos du e el ibn la las le les los mac mc o op san
    santa st ten ter 't tho und van vander vom von y zu zum zur"""
)


@dataclass(frozen=True)
class Parts:
    """Of a name; "" what it does not have."""

    first: str = ""
    middle: str = ""
    last: str = ""
    title: str = ""
    suffix: str = ""


def split(name: str) -> Parts:
    """A person's name taken apart; nothing but a first name for a single word. Case that is all of one kind is put right."""
    from nameparser import HumanName

    text = unicodedata.normalize("NFKC", name or "")[:300]
    text = re.sub(r"[(\[][^)\]]*[)\]]?", " ", text)
    text = TOGETHER.sub(r"\1. ", SUFFIX.sub(r" \1", text))
    text = re.sub(r"(?<!\w)[^\w\s]+(?!\w)(?<![.,'’&])", " ", text).strip(' \t\n.,;:!?-–/|"')
    for _ in range(2):
        text = LAST_WORDS.sub("", text)
    if "@" in text or not NAME_WORD.search(text) or re.search(r"\d", text):
        return Parts()
    parsed = HumanName(text)
    parsed.capitalize(force=False)
    first, middle, last, title, suffix = parsed.first, parsed.middle, parsed.last, parsed.title, parsed.suffix
    before, _, called = title.rpartition(" ")
    if called.lower().strip(".") in GIVEN_TOO and not (first and last):  # Prince Upton, Maj Vinberg
        first, last, title = called, last or first, before
    if middle and LETTERS.fullmatch(first) and first.endswith(".") and len(middle.split()[0].strip(".")) > 2:
        first, _, middle = middle.partition(" ")  # C. Björn O'Malley is called Björn
    if (
        (last.isascii() and len(re.sub(r"\W", "", last)) == 1)
        or first.lower() in NO_NAMES
        or len(f"{first} {middle} {last}".split()) > 7
    ):
        return Parts()
    return Parts(*(part.strip(" ,")[:LONGEST] for part in (first, middle, last, title, suffix)))


GIVEN_TOO = frozenset({"prince", "maj", "queen", "king", "earl", "duke", "baron", "judge", "marquis", "bishop"})
NO_NAMES = frozenset({"the", "a", "an", "for", "rights", "die", "der", "das", "team"})


def from_mailbox(email: str) -> Parts:
    """A guess at a name by the local part of an address: `jane.doe@` and `jane_doe+x@`, nothing for `jdoe@` or `sales@`."""
    local = (email or "").rpartition("@")[0].partition("+")[0].strip().lower()
    parts = [word for word in re.split(r"[._]+", local) if word]
    if len(parts) == 1:
        parts = [word for word in parts[0].split("-") if word]
    parts = [re.sub(r"\d+$", "", word) for word in parts]
    if (
        not 2 <= len(parts) <= 4
        or ROLES.intersection([*parts, local])
        or not all(re.fullmatch(r"[^\W\d_]+(-[^\W\d_]+)*", w) for w in parts)
    ):
        return Parts()
    if len(parts[-1]) < 2:
        return Parts()
    first, *middle, last = [_cased(word) for word in parts]
    while middle and middle[-1].lower() in PARTICLES:
        last = f"{middle.pop().lower()} {last}"
    if len(first) == 1:
        first += "."
    return Parts(first[:LONGEST], " ".join(middle), last[:LONGEST])


def _cased(word):
    return "-".join(part[:1].upper() + part[1:] for part in word.split("-"))


class NameParts(Builtin):
    name = "name"

    def find(self, query: Query, known: list[Finding]) -> Found:
        """First and last name out of the whole name; where there is no name, a guess by the mailbox."""
        if query.kind != PERSON or (query.first_name and query.last_name):
            return found([], "First and last name are known.")
        whole = query.name or f"{query.first_name} {query.last_name}".strip()
        if parts := split(whole) if whole else None:
            confidence, why = (0.85 if parts.first and parts.last else 0.5), f"the name “{whole}” taken apart"
            if not query.name:  # one half alone, which says nothing of the other
                parts = Parts()
        else:
            parts, confidence, why = from_mailbox(query.email), 0.4, f"guessed from the address {query.email}"
        findings = [
            self.says(PERSON, field, value, confidence, why)
            for field, value in (("first_name", parts.first), ("last_name", parts.last))
            if value and not getattr(query, field)
        ]
        return found(findings, "No name of a person is known.")
