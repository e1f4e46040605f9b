"""A lead's score: fit and completeness by a written table of points, with its reasons.

`score(facts)` is the only door: whatever computes scores later replaces it and nothing else. 0 means that there is no way
to reach the person; a lead with contact data has 1 to 100 (R44).
"""

import re

from companies.domains import mail_kind

OWN_KEYS = frozenset({"score", "score_reasons", "score_model", "scored_at"})  # of ai_information; nobody else writes them
MODEL = "points-1"
START = 5

SENIOR = re.compile(
    r"\b(chief|c[etofmrpi]o|ciso|founder|co-founder|owner|president|partner|managing director|geschäftsführer(in)?"
    r"|inhaber(in)?|gérant|director general)\b",
    re.I,
)
LEADING = re.compile(r"\b(vp|vice president|svp|evp|director|head|leiter(in)?|directeur|directrice|director[a]?)\b", re.I)
MANAGING = re.compile(r"\b(manager(in)?|lead|principal|supervisor|teamleiter(in)?|responsable)\b", re.I)
STUDYING = re.compile(r"\b(student|intern|internship|trainee|praktikant(in)?|assistant)\b", re.I)
SOURCES = {
    1: ("Came through the website", 5),
    2: ("Came by referral", 10),
    3: ("Came from LinkedIn", 5),
    4: ("Came from an e-mail", 3),
    5: ("Came directly", 6),
}
STATUSES = {
    2: ("Has been contacted", 3),
    3: ("Has been qualified", 14),
    4: ("Is unqualified", -30),
    5: ("Has been won", 20),
    6: ("Has been lost", -30),
}
PRIORITIES = {1: ("Low priority", -4), 3: ("High priority", 5), 4: ("Urgent", 8)}


def score(facts):
    """(score, reasons) of a lead.

    `facts`: dict with email, phone_number, linkedin_url, first_name, last_name, company, job_title, website, industry,
    city, country, estimated_value, status, lead_source, priority (look-ups as their numbers). A reason is
    {"reason": words, "points": signed whole number}; the points of all reasons and START add up to the score before it is
    cut to 1..100. Reasons come strongest first.
    """
    if not (facts.get("email") or facts.get("phone_number") or facts.get("linkedin_url")):
        return 0, [{"reason": "No e-mail, phone number or LinkedIn address to reach this person", "points": 0}]
    reasons = [reason for reason in _reasons(facts) if reason[1]]
    points = START + sum(worth for _, worth in reasons)
    reasons.sort(key=lambda reason: (-abs(reason[1]), reason[0]))
    return max(1, min(100, points)), [{"reason": words, "points": worth} for words, worth in reasons]


def _reasons(facts):
    email = (facts.get("email") or "").lower()
    if email:
        yield ("Private e-mail address", 2) if mail_kind(email) else ("Business e-mail address", 10)
    if facts.get("phone_number"):
        yield "Can be called", 6
    if facts.get("linkedin_url"):
        yield "LinkedIn profile known", 4
    if facts.get("first_name") and facts.get("last_name"):
        yield "Full name known", 3
    if facts.get("company"):
        yield "Company known", 5
    yield from _title(facts.get("job_title") or "")
    yield from _value(facts.get("estimated_value"))
    if facts.get("website"):
        yield "Website known", 2
    if facts.get("industry"):
        yield "Industry known", 1
    if facts.get("city") or facts.get("country"):
        yield "Place known", 1
    for name, table in (("lead_source", SOURCES), ("status", STATUSES), ("priority", PRIORITIES)):
        if facts.get(name) in table:
            yield table[facts[name]]


def _title(title):
    if not title:
        return
    if STUDYING.search(title):
        yield "Job title without a say in buying", -6
    elif SENIOR.search(title):
        yield "Decides: top of the company", 16
    elif LEADING.search(title):
        yield "Decides: leads a department", 12
    elif MANAGING.search(title):
        yield "Has a say: manages people or a field", 8
    else:
        yield "Job title known", 2


def _value(value):
    for limit, worth in ((100_000, 12), (25_000, 8), (5_000, 5), (0.01, 2)):
        if value and value >= limit:
            yield "Estimated value" if limit < 1 else f"Estimated value of {limit:,} or more", worth
            return
