"""Real companies through the product's own bulk run: what is known of them without asking anybody (`make soak`: all 500)."""

import os

import pytest

from bench.enrichment import COUNT, GIVEN, chosen, figures, lines
from companies import edit as companies
from companies.models import Company
from enrichment import batches
from enrichment.models import FoundValue, Run
from lio import history, jobs
from tests.conftest import shared

SOME = COUNT if os.environ.get("LIO_SOAK") else 40


@pytest.fixture
def rows():
    shared("data/companies")
    return chosen(SOME)


def test_hit_rate_of_each_field(api, rep, rows, capsys):
    answers = {}
    for given, make in GIVEN.items():
        queries = [make(row) for row in rows]
        names = ("email", "linkedin_url", "company")
        sent = [{name: getattr(query, name) for name in names if getattr(query, name)} for query in queries]
        if given == "website and name":
            sent = [item | {"domain": query.website} for item, query in zip(sent, queries, strict=True)]
        job = api.post("/api/lead-enrichment/enrich/bulk", {"leads": sent, "group_id": given}).json()["data"]["id"]
        jobs.drain()
        job = api.get(f"/api/lead-enrichment/job/{job}").json()["data"]
        assert (job["status"], job["processed"], job["cost"]) == ("completed", len(rows), 0)
        assert {one["provider"] for one in job["results"]} == {"builtin"}
        answers |= {query: one["company"] for query, one in zip(queries, job["results"], strict=True)}
    found = figures(answers.__getitem__, rows)
    with capsys.disabled():
        print(f"\nBulk run, {len(rows)} real companies:", *lines(found), sep="\n")
    assert found["an e-mail address"]["domain"] == found["website and name"]["domain"] == (1.0, 1.0)
    assert found["an e-mail address"]["website"][0] == 1.0
    assert found["an e-mail address"]["company_name"][1] > 0.6
    assert found["a LinkedIn address"]["linkedin_url"] == (1.0, 1.0)


def test_records_of_companies_are_filled_and_one_domain_stays_one_company(rep, scope, rows):
    """Companies of which only the name and an address are known get their website, unless it is another company's."""
    rows = rows[:100]
    with history.one_action():
        for row in rows:
            companies.add(rep.organization, {"company_name": f"{row['company_name']} {row['company_id']}",
                                             "contact_email": f"info@{row['domain']}"}, by=rep)  # fmt: skip
    with history.one_action():
        batches.of_records(rep.organization, "company", Company.objects.of(rep.organization), by=rep)
    jobs.drain()
    assert Run.objects.filter(state="done").count() == len(rows)
    with_website = Company.objects.exclude(website=None).count()
    left_out = FoundValue.objects.filter(field="website", state="left_out").count()
    domains = {row["domain"] for row in rows}
    assert with_website == len(domains) and with_website + left_out == len(rows)
