"""Country, time zone and language, each from what is known of the other and from the country suffix of the domain."""

from companies.domains import company_domain, host_of
from companies.places import LANGUAGES, country_code, country_name, zone
from enrichment.sources.base import Builtin, found, known_value, words
from integrations.ports import COMPANY, PERSON, Finding, Found, Query

# Suffixes of countries that are sold to everybody, for what they spell.
ANYBODYS = words(
    "ac ad ag ai am as bz cc cd co cx dj fm gg gl gs hn im io la lc ly me ms mu nu pn pw sc sh so st su tk to tv vc vg ws"
)


class Place(Builtin):
    name = "place"

    def find(self, query: Query, known: list[Finding]) -> Found:
        """The country by the domain where nothing better is known; time zone and language by the country."""
        of = COMPANY if query.kind == COMPANY else PERSON
        findings = []
        country, sure, why = query.country or known_value(known, of, "country"), 0.6, "the one of {}"
        if not country:
            suffix, code = country_of_domain(query.domain or query.website or query.email)
            if code:
                country, sure = country_name(code), 0.4
                findings.append(self.says(of, "country", country, 0.45, f"the domain ends in .{suffix}"))
        if of == PERSON and country:
            here = zone(country, query.city or known_value(known, PERSON, "city"))
            if here and not known_value(known, PERSON, "time_zone"):
                findings.append(self.says(PERSON, "time_zone", here, sure, why.format(country)))
            if language := LANGUAGES.get(country_code(country)):
                findings.append(self.says(PERSON, "language", language, min(sure, 0.45), f"most people of {country} speak it"))
        return found(findings, "Neither country nor a domain of a country is known.")


def country_of_domain(address: str) -> tuple[str, str]:
    """(suffix, two-letter code) of the country in whose domain an address lies; ("", "") where none tells."""
    host = host_of(address) if company_domain(address) else None
    suffix = (host or "").rpartition(".")[2]
    if len(suffix) != 2 or suffix in ANYBODYS:
        return "", ""
    code = country_code("gb" if suffix == "uk" else suffix)
    return (suffix, code) if code else ("", "")
