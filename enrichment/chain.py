"""Asking the sources in their order: what costs nothing first, and nobody for what is known for sure.

Pure: nothing here reads or writes the database, and no transaction is open while sources are asked.
"""

from dataclasses import dataclass, field, replace

from companies.domains import company_domain
from integrations.ports import COMPANY, PERSON, Enricher, Finding, Found, Passing, Permanent, Query

BUILTIN = "builtin"
# what a source that costs money is asked for; when all of it is known for sure, it is not asked
WANTED = {
    PERSON: {(PERSON, name) for name in ("job_title", "seniority", "department", "linkedin_url", "phone_number", "country")}
    | {(COMPANY, name) for name in ("company_name", "industry_type", "employee_size")},
    COMPANY: {(COMPANY, name) for name in (
        "company_name", "website", "industry_type", "employee_size", "country", "city", "linkedin_url", "summary")},
}
FED = {  # what one source finds, the next one is asked with: (of, field) of a finding, the query's field
    (PERSON, "first_name"): "first_name",
    (PERSON, "last_name"): "last_name",
    (PERSON, "linkedin_url"): "linkedin_url",
    (COMPANY, "company_name"): "company",
    (COMPANY, "domain"): "domain",
    (COMPANY, "website"): "website",
}
SURE = 0.6  # confidence from which a finding is good enough to ask with
MAX_VALUE = 2000  # characters of one value


@dataclass
class Asked:
    """One source that was asked, or was not and why."""

    name: str
    provider: str
    hit: bool = False
    cost: int = 0
    problem: str = ""
    away: bool = False  # it could not answer now
    refused: bool = False  # it will not answer again


@dataclass
class Answer:
    """What all sources together know: of each field the best finding."""

    findings: list[Finding] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    @property
    def cost(self):
        return sum(one.cost for one in self.asked)

    @property
    def hit(self):
        return bool(self.findings)

    @property
    def provider(self):
        """Who gave something: the last of the vendors that did, else our own rules."""
        given = {finding.source for finding in self.findings}
        vendors = [one.provider for one in self.asked if one.provider != BUILTIN and (one.name in given or one.cost)]
        return vendors[-1] if vendors else BUILTIN

    @property
    def confidence(self):
        """The mean of what was found, 0 to 1."""
        return round(sum(one.confidence for one in self.findings) / len(self.findings), 2) if self.findings else 0.0

    @property
    def away(self):
        """Names of the sources that could not answer now."""
        return [one.name for one in self.asked if one.away]

    @property
    def problem(self):
        """What went wrong with sources, in words; "" when nothing did."""
        return " ".join(f"{one.name}: {one.problem}" for one in self.asked if one.away or one.refused)[:300]

    def results(self):
        """{person: {field: value}, company: {...}}, as the API tells it."""
        found: dict[str, dict] = {PERSON: {}, COMPANY: {}}
        for one in self.findings:
            found[one.of][one.field] = one.value
        return found


def query_of(kind, **known):
    """A Query of what is known, with the company's domain from its website or, of a person, the mail address."""
    given = {name: " ".join(str(value).split())[:500] for name, value in known.items() if value not in (None, "")}
    if not given.get("domain"):
        addresses = (given.get("website"), given.get("email"))
        given["domain"] = next(filter(None, map(company_domain, filter(None, addresses))), "")
    return Query(kind=kind, **given)


def most(sources):
    """Credits that asking these sources can cost."""
    return sum(source.cost for source in sources)


def ask(query: Query, sources: list[Enricher], *, held=frozenset()) -> Answer:
    """Ask `sources` in order. `held` are (of, field) that the record has already: no money is spent to find those out.

    The first verified finding of a field wins, else the one with the highest confidence, the earlier one among equals.
    """
    answer = Answer()
    best: dict[tuple[str, str], Finding] = {}
    for source in sources:
        one = Asked(source.name, source.provider)
        answer.asked.append(one)
        sure = {key for key, finding in best.items() if finding.verified} | held
        if source.cost and WANTED[query.kind] <= sure:
            one.problem = "Not asked: everything is known."
            continue
        found = _find(source, fed(query, best), list(best.values()), one)
        for finding in found.findings:
            if clean := _cleaned(finding):
                key, there = (clean.of, clean.field), best.get((clean.of, clean.field))
                if there is None or (not there.verified and (clean.verified or clean.confidence > there.confidence)):
                    best[key] = clean
        one.hit = found.hit or bool(found.findings)
        one.cost = source.cost if found.hit else 0
        one.problem = one.problem or found.problem
    answer.findings = list(best.values())
    return answer


def fed(query, best):
    """The query with what is found by now, where it says nothing itself."""
    more = {name: best[key].value for key, name in FED.items()
            if not getattr(query, name) and key in best and (best[key].verified or best[key].confidence >= SURE)}
    if not query.domain and not more.get("domain") and more.get("website"):
        more["domain"] = company_domain(more["website"]) or ""
    return replace(query, **more) if more else query


def _find(source, query, known, one):
    try:
        return source.find(query, known)
    except Passing as error:
        one.away, one.problem = True, str(error)[:200]
    except Permanent as error:
        one.refused, one.problem = True, str(error)[:200]
    return Found()


def _cleaned(finding):
    """The finding with a value that can be stored; None without one."""
    value = finding.value
    if isinstance(value, str):
        value = value.replace("\x00", "").strip()[:MAX_VALUE]
    if value in (None, "", [], {}) or finding.of not in (PERSON, COMPANY):
        return None
    return replace(finding, value=value, confidence=min(1.0, max(0.0, finding.confidence)))
