"""How often a company that is called similar shares a tag, on real companies of ../shared/data/companies.

`figures` makes them in an organisation and asks for the first five of each of some: with their tags hidden, by descriptions,
size and place alone, beside the cosine of TF-IDF on the same descriptions, and then with the tags, as the product runs.
"""

import ast
import csv
import random

from bench.report import goal
from lio.embedded.place import CHECKOUT

DATA = CHECKOUT.parent / "shared" / "data" / "companies" / "yc_companies_2024-05.csv"
ASKED, FIRST = 200, 5
SIZES = ((1001, "1001+"), (201, "201-1000"), (51, "51-200"), (11, "11-50"), (1, "1-10"))


def companies():
    """[(fields, tags)] of the companies that say something and have tags, without their names twice."""
    from companies.naming import normal

    with open(DATA, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found, taken = [], set()
    for row in rows:
        tags = set(ast.literal_eval(row["tags"])) if row["tags"].startswith("[") else set()
        text = ". ".join(filter(None, (row["short_description"].strip(" ."), row["long_description"].strip())))
        if not tags or not text or normal(row["company_name"]) in taken:
            continue
        taken.add(normal(row["company_name"]))
        size = next((name for least, name in SIZES if float(row["team_size"] or 0) >= least), None)
        found.append(({"company_name": row["company_name"], "name_norm": normal(row["company_name"]), "summary": text,
                       "city": row["location"] or None, "country": row["country"] or None, "employee_size": size}, tags))
    return found


def figures(organization, *, by, analyze=lambda *tables: None):
    """{"chance", "TF-IDF", "without tags", "with tags"}: precision of the first five. `analyze` tells the planner of tables."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    from companies import similar
    from companies.models import Company, CompanyTag
    from lio.tenancy import org_scope
    from lookups import edit as lookups

    rows = companies()
    with org_scope(organization):
        made = Company.objects.bulk_create([Company(organization=organization, **fields) for fields, _ in rows])
        similar.count_words(organization.pk)
    analyze("companies_company", "companies_companyword")
    at = {company.pk: n for n, company in enumerate(made)}
    asked = random.Random(4).sample(range(len(rows)), ASKED)
    draw = random.Random(5)
    matrix = TfidfVectorizer(stop_words="english").fit_transform([fields["summary"] for fields, _ in rows])

    def precision(first):
        return sum(bool(rows[n][1] & rows[other][1]) for n in asked for other in first(n)) / ASKED / FIRST

    def ours(n):
        with org_scope(organization):
            return [at[one.id] for one in similar.of_company(organization, made[n].pk, most=FIRST)]

    def cosine(n):
        likeness = (matrix @ matrix[n].T).toarray().ravel()
        likeness[n] = -1
        return likeness.argsort()[::-1][:FIRST]

    told = {"chance": precision(lambda n: draw.sample(range(len(rows)), FIRST)), "TF-IDF": precision(cosine),
            "without tags": precision(ours)}
    with org_scope(organization):
        names = sorted({tag for _, tags in rows for tag in tags})
        ids = {name: lookups.add(organization, module_name="company", type="tags", name=name, by=by).pk for name in names}
        CompanyTag.objects.bulk_create([CompanyTag(organization=organization, company=company, tag_id=ids[tag])
                                        for company, (_, tags) in zip(made, rows, strict=True) for tag in tags])
    analyze("companies_companytag")
    return told | {"with tags": precision(ours)}


def measure(say):
    """One check, in an organisation that is made for it and taken back."""
    from django.db import transaction

    from accounts.founding import found

    say("similar companies: precision of the first five")
    with transaction.atomic():
        organization, admin = found("Similar", admin_email="similar@bench.example", admin_password="a long enough password")
        told = figures(organization, by=admin)
        transaction.set_rollback(True)
    text = ", ".join(f"{name} {value:.3f}" for name, value in told.items())
    return [{"case": "a shared tag among similar companies", "text": text,
             "goals": [goal("without tags / TF-IDF", told["without tags"] / told["TF-IDF"], 1, least=True)]}]
