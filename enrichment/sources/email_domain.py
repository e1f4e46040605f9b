"""What the domain of an e-mail address or website says of the company."""

import re
from contextlib import suppress

from companies.domains import DISPOSABLE, FREE_MAIL, company_domain, mail_kind, registered_domain
from enrichment.sources.base import Builtin, found, known_value
from integrations.ports import COMPANY, PERSON, Finding, Found, Query

KINDS = {
    FREE_MAIL: "{} gives mailboxes to everybody: it says nothing about a company",
    DISPOSABLE: "{} gives mailboxes to throw away: the person may not be reached there for long",
}


CALL = re.compile(r"^(?:(?:try|get|use|join|with)-?(\w[\w-]{3,})|(\w[\w-]{2,}?)-?(?:hq|app))$")


class EmailDomain(Builtin):
    name = "email_domain"

    def find(self, query: Query, known: list[Finding]) -> Found:
        """The company's domain and website, a guess at its name where there is none; or what kind of mailbox it is."""
        findings = []
        if kind := mail_kind(query.email):
            domain = registered_domain(query.email) or ""
            findings.append(self.says(PERSON, "email_kind", kind, 0.95, KINDS[kind].format(domain), verified=True))
        for given, said, confidence in (
            (query.domain, "domain {}", 0.95),
            (query.website, "website {}", 0.95),
            (query.email, "e-mail address {}", 0.9),
        ):
            if domain := company_domain(given):
                why = said.format(given)
                findings.append(self.says(COMPANY, "domain", domain, confidence, why, verified=True))
                if not query.website:
                    findings.append(self.says(COMPANY, "website", f"https://{domain}", 0.6, why))
                if not (query.company or known_value(known, COMPANY, "company_name")):
                    name = company_name(domain)
                    findings.append(self.says(COMPANY, "company_name", name, 0.3, f"guessed from the domain {domain}"))
                break
        return found(findings, "No e-mail address, website or domain of a company is known.")


def without_call(label: str) -> str:
    """`acme` of tryacme, getacme, acmehq: what people put around a name that was taken already."""
    return CALL.sub(r"\1\2", label)


def company_name(domain: str) -> str:
    """A guess at the name of a company by its registered domain: `acme-robotics.co.uk` is Acme Robotics."""
    label = domain.partition(".")[0]
    if label.startswith("xn--"):
        with suppress(UnicodeError):
            label = label.encode().decode("idna")
    words = [word for word in re.split(r"[-_]+", without_call(label)) if word]
    return " ".join(word.upper() if len(word) < 3 else word[:1].upper() + word[1:] for word in words)
