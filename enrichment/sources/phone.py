"""Phone numbers: as E.164, and what the number itself says of country, time zone and kind of line.

The library is brought in when the first number is read, a tenth of a second. Its table of towns, which takes 180 MB, is never
brought in: a prefix is a weak sign of where somebody lives.
"""

from dataclasses import dataclass

from companies.places import country_code, country_name
from enrichment.sources.base import Builtin, found
from enrichment.sources.place import country_of_domain
from integrations.ports import COMPANY, PERSON, Finding, Found, Query


@dataclass(frozen=True)
class Number:
    """A phone number. `region` is a two-letter code, "" of numbers of no country; `valid` that the numbering plan has it."""

    e164: str
    region: str
    kind: str  # mobile, fixed line, fixed line or mobile, toll free, voip, ...; "" unknown
    zones: tuple[str, ...]
    valid: bool


def read(text: str, country: str = "") -> Number | None:
    """The number in `text`, as dialled within `country` (name or code) unless it has a code of its own; None if it is none."""
    import phonenumbers
    from phonenumbers import timezone

    text = (text or "").strip()[:100]
    if text.startswith("00"):
        text = f"+{text[2:]}"
    try:
        number = phonenumbers.parse(text, country_code(country) or country.strip().upper() or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    valid = phonenumbers.is_valid_number(number)
    region = phonenumbers.region_code_for_number(number) or ""
    kind = phonenumbers.PhoneNumberType.to_string(phonenumbers.number_type(number)).lower().replace("_", " ")
    return Number(
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        "" if region == "001" else region,
        "" if kind == "unknown" else kind,
        tuple(zone for zone in timezone.time_zones_for_number(number) if zone != "Etc/Unknown") if valid else (),
        valid,
    )


class Phone(Builtin):
    name = "phone"

    def find(self, query: Query, known: list[Finding]) -> Found:
        """The number as E.164, its country, its time zone where there is one, and the kind of line."""
        if not query.phone_number:
            return found([], "No phone number is known.")
        country = query.country or country_of_domain(query.domain or query.website or query.email)[1]
        number = read(query.phone_number, country)
        if number is None or not number.valid:
            where = f" of {country_name(country_code(country))}" if country_code(country) else ""
            return found([], f"{query.phone_number} is no phone number{where} that the numbering plans know.")
        of = COMPANY if query.kind == COMPANY else PERSON
        country = country_name(number.region)
        why = f"{query.phone_number} is a number of {country or 'no country'}"
        findings = [self.says(of, "phone_number", number.e164, 0.95, why, verified=True)]
        if country:
            findings.append(self.says(of, "country", country, 0.8 if number.kind == "mobile" else 0.85, why))
        if number.kind:
            findings.append(self.says(of, "phone_kind", number.kind, 0.85, f"the numbering plan has it as {number.kind}"))
        if len(number.zones) == 1 and of == PERSON:
            findings.append(self.says(of, "time_zone", number.zones[0], 0.75, why))
        return found(findings)
