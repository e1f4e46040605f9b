"""How often enrichment answers, and how often rightly, for 500 real companies of ../shared/data/companies.

`python -m bench.enrichment` asks the built-in sources that need no database. `figures` takes any other way to answer, such as
the product's own job. What is given is one thing that a salesperson has: an e-mail address, a website with the name, or a
LinkedIn address. "hits" is the share of companies for which a field is answered, "right" the share of the answers that are
those of the file; a name is right when it has the same letters and digits, without regard to case and legal form.
"""

import csv
import os
import re
from hashlib import sha256

from bench.report import goal
from companies.domains import company_domain
from companies.places import country_code
from integrations.ports import COMPANY, Query
from lio.embedded.place import CHECKOUT

DATA = CHECKOUT.parent / "shared" / "data" / "companies" / "yc_companies_2024-05.csv"
COUNT = 500
FIELDS = ("domain", "website", "company_name", "country", "linkedin_url")
LEGAL = re.compile(r"\b(inc|llc|ltd|limited|gmbh|corp|co|pte|sas|bv|ag)\b\.?", re.I)
GIVEN = {
    "an e-mail address": lambda row: Query(kind=COMPANY, email=f"info@{row['domain']}"),
    "website and name": lambda row: Query(kind=COMPANY, website=row["website"], name=row["company_name"],
                                          company=row["company_name"]),
    "a LinkedIn address": lambda row: Query(kind=COMPANY, linkedin_url=row["linkedin_url"]),
}  # fmt: skip


def chosen(count=COUNT):
    """Rows of the file with a website of their own, a country and a LinkedIn address: `count` in the order of their hashes."""
    with open(DATA, newline="", encoding="utf-8") as file:
        rows = [row | {"domain": company_domain(row["website"])} for row in csv.DictReader(file)]
    rows = [row for row in rows if row["domain"] and row["country"] and "linkedin.com/company/" in row["linkedin_url"]]
    return sorted(rows, key=lambda row: sha256(row["company_id"].encode()).hexdigest())[:count]


def builtin(query):
    """{field: value} of a company by the built-in sources without own data, the surest of each field."""
    from enrichment.sources import BUILTIN

    known = []
    for source in BUILTIN:
        if source.name != "own_data":
            known += source.find(query, known).findings
    surest = sorted((one for one in known if one.of == COMPANY), key=lambda one: one.confidence)
    return {one.field: one.value for one in surest}


def figures(answer=builtin, rows=None):
    """{what is given: {field: (share of hits, share of these that are right)}}; `answer`: of a Query to {field: value}."""
    rows = rows or chosen()
    found = {}
    for given, make in GIVEN.items():
        answers = [(row, answer(make(row))) for row in rows]
        found[given] = {}
        for field in FIELDS:
            said = [(row, values[field]) for row, values in answers if values.get(field)]
            right = sum(is_right(field, value, row) for row, value in said)
            found[given][field] = len(said) / len(rows), (right / len(said) if said else 0.0)
    return found


def is_right(field, value, row):
    if field in ("domain", "website"):
        return company_domain(value) == row["domain"]
    if field == "country":
        return country_code(value) == country_code(row["country"])
    if field == "company_name":
        return letters(value) == letters(row["company_name"])
    return slug(value) == slug(row["linkedin_url"])


def letters(name):
    return re.sub(r"[\W_]+", "", LEGAL.sub("", name)).lower()


def slug(url):
    return url.lower().partition("/company/")[2].partition("/")[0].partition("?")[0]


def measure(say):
    """Checks: each field by each thing that is given, for the built-in sources."""
    say(f"enrichment: {COUNT} companies")
    floors = {"domain": 0.99, "website": 0.99, "linkedin_url": 0.99, "country": 0.9}
    return [
        {
            "case": f"{field} from {given}",
            "text": f"answered {hits:.3f}, of these right {right:.3f}",
            "goals": [goal("right", right, floors[field], least=True)] if field in floors else [],
        }
        for given, fields in figures().items()
        for field, (hits, right) in fields.items()
        if hits
    ]


def lines(found):
    """The table of `figures` as lines of text."""
    yield f"{'given':20} {'field':14} {'hits':>6} {'right':>6}"
    for given, fields in found.items():
        for field, (hits, right) in fields.items():
            if hits:
                yield f"{given:20} {field:14} {hits:6.3f} {right:6.3f}"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lio.settings")
    import django

    django.setup()
    print("\n".join(lines(figures())))
