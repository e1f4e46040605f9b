"""What a score looks at: facts of a lead that are known before anybody has worked on it.

Status, priority, owner, tags, notes, remarks and estimated value are not among them: sales writes these after the fact, and a
score that learned from them would look brilliant and know nothing of a new lead.
"""

import re
from typing import Any

from companies.domains import DISPOSABLE, mail_kind

CUSTOM = "cf."
ABSENT = ""  # the level of a field that a lead does not have
LONGEST = 60  # characters of a level

TITLES = (  # the first that is found
    ("junior", r"student|intern|internship|trainee|praktikant(in)?|assistant"),
    ("top", r"chief|c[etofmrpi]o|ciso|founder|co-founder|owner|president|partner|managing director|geschäftsführer(in)?"
            r"|inhaber(in)?|gérant|director general"),
    ("leading", r"vp|vice president|svp|evp|director|head|leiter(in)?|directeur|directrice|director[a]?"),
    ("managing", r"manager(in)?|lead|principal|supervisor|teamleiter(in)?|responsable"),
)  # fmt: skip
RANKS = [(rank, re.compile(rf"\b({words})\b", re.I)) for rank, words in TITLES]
LABELS = {
    "mail": "E-mail address", "phone": "Phone number", "linkedin": "LinkedIn profile", "name": "Full name",
    "company": "Company", "title": "Job title", "website": "Website", "place": "Place", "industry": "Industry",
    "country": "Country", "source": "Source",
}  # fmt: skip
WORDS = {  # of the levels that are no words of the lead's own
    ("mail", "business"): "Business e-mail address", ("mail", "private"): "Private e-mail address",
    ("mail", "disposable"): "Disposable e-mail address", ("mail", ABSENT): "No e-mail address",
    ("phone", "yes"): "Can be called", ("phone", ABSENT): "No phone number",
    ("linkedin", "yes"): "LinkedIn profile known", ("linkedin", ABSENT): "No LinkedIn profile",
    ("name", "yes"): "Full name known", ("name", ABSENT): "Full name not known",
    ("company", "yes"): "Company known", ("company", ABSENT): "Company not known",
    ("website", "yes"): "Website known", ("website", ABSENT): "No website",
    ("place", "yes"): "Place known", ("place", ABSENT): "Place not known",
    ("title", "top"): "Decides: top of the company", ("title", "leading"): "Decides: leads a department",
    ("title", "managing"): "Has a say: manages people or a field", ("title", "junior"): "Job title without a say in buying",
    ("title", "other"): "Job title known", ("title", ABSENT): "No job title",
}  # fmt: skip

Fact = str | float | tuple[str, ...] | None


def facts_of(lead) -> dict[str, Fact]:
    """{name of a field: its level, number, or levels} of a lead as history and API name its values.

    `lead`: email, phone_number, linkedin_url, first_name, last_name, company, job_title, website, industry, city, country,
    lead_source (a look-up number), custom_fields; each may be missing.
    """
    found: dict[str, Fact] = {
        "mail": _mail(lead.get("email")),
        "phone": _known(lead.get("phone_number")),
        "linkedin": _known(lead.get("linkedin_url")),
        "name": _known(lead.get("first_name") and lead.get("last_name")),
        "company": _known(lead.get("company")),
        "title": _title(lead.get("job_title")),
        "website": _known(lead.get("website")),
        "place": _known(lead.get("city") or lead.get("country")),
        "industry": _level(lead.get("industry")),
        "country": _level(lead.get("country")),
        "source": _level(lead.get("lead_source")),
    }
    for key, value in (lead.get("custom_fields") or {}).items():
        found[f"{CUSTOM}{key}"] = _custom(value)
    return found


def is_reachable(lead):
    """Whether there is contact data; without it there is no score (R44)."""
    return bool(lead.get("email") or lead.get("phone_number") or lead.get("linkedin_url"))


def _mail(address):
    if not address:
        return ABSENT
    kind = mail_kind(address)
    return "disposable" if kind == DISPOSABLE else "private" if kind else "business"


def _known(value):
    return "yes" if value else ABSENT


def _title(title):
    if not title:
        return ABSENT
    return next((rank for rank, words in RANKS if words.search(title)), "other")


def _level(value):
    return ABSENT if value is None else " ".join(str(value).split())[:LONGEST].lower()


def _custom(value: Any) -> Fact:
    if value is None or isinstance(value, dict):
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, list | tuple):
        return tuple(sorted({_level(one) for one in value if isinstance(one, str | int | float)}))[:20]
    return _level(value)
