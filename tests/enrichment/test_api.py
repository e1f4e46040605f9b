"""Section 6.3 over HTTP: what comes in, what goes out, in two scopes, once."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.utils.timezone import now

from accounts import credits
from accounts.models import CreditAccount, CreditEntry
from enrichment.models import FoundValue, LinkedInLead, Run
from integrations.ports import COMPANY, PERSON
from lio.models import IdempotencyKey
from lio.tenancy import org_scope
from tests.conftest import client_of
from tests.contract import shapes
from tests.enrichment.sources import Directory, connect
from tests.factories import make_lead, make_organization
from tests.leads.test_likely_duplicates import analyze

URL = "/api/lead-enrichment/enrich"
FACTS = {(PERSON, "job_title"): ("Head of Sales", 0.8), (COMPANY, "industry_type"): ("Software", 0.6)}


def success(answer, status):
    assert answer.status_code == status, answer.content
    return answer.json()["data"]


@pytest.fixture
def directory(rep, monkeypatch):
    with org_scope(rep.organization):
        return connect(rep.organization, Directory(facts=FACTS), monkeypatch)


def test_without_a_vendor_nothing_leaves_the_machine(api, rep):
    answer = api.post(URL, {"email": "jane.doe@acme.com", "name": "Jane Doe"})
    data = success(answer, 200)
    assert (data["provider"], data["lead_id"], data["credits_used"]) == ("builtin", None, 0)
    with org_scope(rep.organization):
        assert credits.balance(rep.organization) == 1000


def test_a_vendor_that_gave_something_is_named_and_paid(api, rep, directory):
    data = success(api.post(URL, {"email": "jane.doe@acme.com"}), 200)
    assert (data["provider"], data["credits_used"]) == ("directory", 1)
    assert data["person"]["job_title"] == "Head of Sales" and data["company"]["industry_type"] == "Software"
    assert 0 < data["confidence"] <= 1
    assert directory.queries[0].domain == "acme.com"


def test_with_a_lead_its_fields_are_filled(api, rep, directory):
    lead = make_lead(rep.organization, by=rep, email="jane@acme.example", industry="Games")
    answer = api.post(URL, {"lead_id": lead.pk})
    data = success(answer, 200)
    assert (data["lead_id"], data["filled"], data["proposed"]) == (lead.pk, ["job_title"], ["industry"])
    shown = api.get(f"/api/lead/view/{lead.pk}").json()["data"]
    assert (shown["job_title"], shown["industry"]) == ("Head of Sales", "Games")
    assert shown["ai_information"]["enrichment"]["company"]["industry_type"] == "Software"
    run = success(api.get(f"/api/enrichment/run/{data['run_id']}"), 200)
    assert {value["field"]: value["state"] for value in run["values"]} == {"job_title": "applied", "industry": "proposed"}
    (proposal,) = api.get("/api/enrichment/proposals", {"model_type": "lead", "model_id": lead.pk}).json()["data"]
    assert (proposal["old_value"], proposal["value"], proposal["source"]) == ("Games", "Software", "directory")
    accepted = api.post("/api/enrichment/proposals/accept", {"ids": [proposal["id"]]})
    assert accepted.status_code == 200 and accepted["X-Change-Id"]
    back = api.post("/api/undo", {"change_id": int(answer["X-Change-Id"])})
    assert success(back, 200)["reverted"] == 1
    shown = api.get(f"/api/lead/view/{lead.pk}").json()["data"]
    assert (shown["job_title"], shown["industry"]) == (None, "Software")  # the accepted one is the person's own
    states = {value["field"]: value["state"] for value in
              api.get(f"/api/enrichment/run/{data['run_id']}").json()["data"]["values"]}
    assert states == {"job_title": "reverted", "industry": "accepted"}


@pytest.mark.parametrize("body", [{}, {"name": "  "}, {"lead_id": None}, {"email": ""}, {"nonsense": 1}])
def test_something_must_be_known(api, rep, body):
    error = shapes.check_failure(api.post(URL, body), 422)
    assert "lead_id" in error["fields"] and "domain" in error["fields"]
    with org_scope(rep.organization):
        assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [({"email": "no address"}, "email"), ({"linkedin_url": "javascript:x"}, "linkedin_url"),
     ({"domain": "two words"}, "domain"), ({"domain": "localhost"}, "domain"),
     ({"domain": "127.0.0.1"}, "domain"), ({"name": "x" * 201}, "name")])
def test_what_is_sent_is_checked(api, body, field):
    assert field in shapes.check_failure(api.post(URL, body), 422)["fields"]


def test_another_organisations_lead_is_unknown(outsider_api, rep):
    lead = make_lead(rep.organization)
    shapes.check_failure(outsider_api.post(URL, {"lead_id": lead.pk}), 404)


def test_too_few_credits(api, rep, directory):
    with org_scope(rep.organization):
        CreditAccount.objects.update(balance=0)
    assert shapes.check_failure(api.post(URL, {"name": "Jane Doe"}), 403)["code"] == "insufficient_credits"
    assert directory.queries == []
    with org_scope(rep.organization):
        assert not Run.objects.exists()


def test_a_source_that_breaks_costs_nothing(api, rep, directory):
    directory.error = ZeroDivisionError("a bug")
    assert api.post(URL, {"name": "Jane Doe"}).status_code == 500
    with org_scope(rep.organization):
        assert credits.balance(rep.organization) == 1000 and Run.objects.get().state == "failed"
        assert not CreditEntry.objects.filter(is_open=True).exists()


def test_reading_is_for_who_may_view_and_enriching_for_who_may_edit(rep, colleague):
    from accounts.models import Role

    with org_scope(rep.organization):
        Role.objects.filter(pk=colleague.role_id).update(permissions=["records.view"])
    client = client_of(colleague)
    assert client.post(URL, {"name": "Jane Doe"}).status_code == 403
    assert client.post("/api/enrichment/proposals/accept", {"ids": [1]}).status_code == 403
    assert client.get("/api/enrichment/proposals").status_code == 200


# ------------------------------------------------------------------------- LinkedIn
def test_people_with_a_linkedin_address_are_kept_once(api, rep, directory):
    lead = make_lead(rep.organization, linkedin_url="https://linkedin.com/in/jane", email="jane@acme.example")
    for address in ("https://www.LinkedIn.com/in/jane/", "linkedin.com/in/joe", "https://linkedin.com/in/jane?x=1"):
        success(api.post(URL, {"linkedin_url": address, "name": "Somebody"}), 200)
    found = api.get("/api/lead-enrichment/linkedin-leads/recent").json()
    assert found["total"] == 2
    assert [row["lead_id"] for row in found["data"]] == [lead.pk, None]  # Jane again, and so the newest
    assert found["data"][0]["headline"] == "Head of Sales"
    assert api.get("/api/lead-enrichment/linkedin-leads/recent", {"search": "IN/JOE"}).json()["total"] == 1
    one = api.get(f"/api/lead-enrichment/linkedin-leads/{found['data'][0]['id']}")
    assert success(one, 200)["linkedin_url"] == "https://linkedin.com/in/jane?x=1"
    with org_scope(rep.organization):
        assert LinkedInLead.objects.count() == 2


# ------------------------------------------------------------------------- two scopes, once
@contextmanager
def inside(deed, directory):
    """While the source is asked, `deed` happens."""
    facts, directory.facts = directory.facts, lambda query: deed() or FACTS
    yield
    directory.facts = facts


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_a_source_is_asked_and_a_repeat_waits(monkeypatch):
    admin = make_organization()
    with org_scope(admin.organization):
        directory = connect(admin.organization, Directory(facts=FACTS), monkeypatch)
    client, seen = client_of(admin), []

    def again():
        return client.post(URL, {"name": "Jane Doe"}, headers={"Idempotency-Key": "k"})

    def meanwhile():
        directory.facts = FACTS
        seen.append(again())
        with org_scope(admin.organization):
            seen.append((credits.balance(admin.organization), Run.objects.get().state))

    with inside(meanwhile, directory):
        first = again()
    assert first.status_code == 200 and directory.in_transaction == [False]
    refused, (balance, state) = seen
    assert shapes.check_failure(refused, 409)["code"] == "still_working" and int(refused["Retry-After"]) >= 1
    assert (balance, state) == (999, "working")  # reserved, for all to see
    replay = again()
    assert replay.content == first.content and replay["Idempotent-Replayed"] == "true"
    with org_scope(admin.organization):
        assert Run.objects.count() == 1 and credits.balance(admin.organization) == 999


def test_a_key_that_a_dead_process_left_behind_is_taken_over(api, rep, directory):
    def call():
        return api.post(URL, {"name": "Jane Doe"}, headers={"Idempotency-Key": "k"})

    assert call().status_code == 200
    IdempotencyKey.objects.update(status=None, body=None)
    shapes.check_failure(call(), 409)
    IdempotencyKey.objects.update(created_at=now() - timedelta(minutes=5))
    assert call().status_code == 200 and len(directory.queries) == 2


def test_a_failure_frees_the_key(api, directory):
    directory.error = ZeroDivisionError("a bug")
    call = {"path": URL, "data": {"name": "Jane Doe"}, "headers": {"Idempotency-Key": "k"}}
    assert api.post(**call).status_code == 500
    directory.error = None
    assert api.post(**call).status_code == 200


# ------------------------------------------------------------------------- proposals
def test_proposals_of_others_cannot_be_decided(outsider_api, api, rep, directory):
    lead = make_lead(rep.organization, by=rep, industry="Games")
    api.post(URL, {"lead_id": lead.pk})
    with org_scope(rep.organization):
        number = FoundValue.objects.open().get().pk
    for way in ("accept", "dismiss"):
        shapes.check_failure(outsider_api.post(f"/api/enrichment/proposals/{way}", {"ids": [number]}), 404)
        shapes.check_failure(api.post(f"/api/enrichment/proposals/{way}", {"ids": []}), 400)
        shapes.check_failure(api.post(f"/api/enrichment/proposals/{way}", {"ids": ["x"]}), 422)
    assert success(api.post("/api/enrichment/proposals/dismiss", {"ids": [number]}), 200)["dismissed"] == 1
    shapes.check_failure(api.post("/api/enrichment/proposals/accept", {"ids": [number]}), 404)


def test_a_run_that_changed_nothing_cannot_be_taken_back(api, rep):
    data = success(api.post(URL, {"name": "Jane Doe"}), 200)
    assert shapes.check_failure(api.post(f"/api/enrichment/run/{data['run_id']}/revert"), 409)["code"] == "not_undoable"


@pytest.mark.django_db(transaction=True)
def test_open_proposals_of_a_record_come_from_an_index(api, rep, directory):
    lead = make_lead(rep.organization, by=rep, industry="Games")
    api.post(URL, {"lead_id": lead.pk})
    with org_scope(rep.organization):
        Run.objects.bulk_create([Run(organization=rep.organization, model_type="lead", model_id=n) for n in range(4000)])
    analyze("enrichment_run", "enrichment_foundvalue")
    with org_scope(rep.organization), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for rows, index in (
            (FoundValue.objects.of(rep.organization).of_record("lead", lead.pk).open(), "one_open_proposal_per_field"),
            (Run.objects.of(rep.organization).of_record("lead", lead.pk).order_by("-id")[:1], "runs_of_record"),
        ):
            assert index in rows.explain()
