"""Many at once: per-item results, what it can cost, going on after a crash and when a vendor is away."""

import pytest
from django.utils.timezone import now

from accounts import credits
from accounts.models import CreditAccount
from enrichment import batches, jobs
from enrichment.models import Batch, FoundValue, Run
from integrations.ports import PERSON, Passing
from leads import edit
from leads.models import Lead
from lio import jobs as queue
from lio.models import Job
from lio.tenancy import org_scope
from tests.contract import shapes
from tests.enrichment.sources import Directory, connect
from tests.factories import make_lead, make_organization

URL = "/api/lead-enrichment/enrich/bulk"


def job_of(api, number):
    answer = api.get(f"/api/lead-enrichment/job/{number}")
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]


def titled(query):
    """Knows everybody at acme.com."""
    return {(PERSON, "job_title"): (f"Head of {query.name or query.email}", 0.8)} if query.domain == "acme.com" else {}


@pytest.fixture
def directory(rep, monkeypatch):
    with org_scope(rep.organization):
        return connect(rep.organization, Directory(facts=titled), monkeypatch)


@pytest.mark.parametrize("label", ["spring", 7, {"list": [1, None]}, None, [], False])
def test_each_item_has_its_result(api, rep, directory, label):
    known = {"linkedin_url": "https://linkedin.com/in/x", "domain": "www.acme.com"}
    sent = [{"email": "jane@acme.com"}, {"company": "Nobody knows it"}, known]
    answer = api.post(URL, {"leads": sent, "group_id": label})
    assert answer.status_code == 201
    data = answer.json()["data"]
    assert (data["job_id"], data["total"], data["group_id"], data["status"]) == (data["id"], 3, label, "queued")
    assert (job_of(api, data["id"])["status"], job_of(api, data["id"])["processed"]) == ("queued", 0)
    queue.drain()
    job = job_of(api, data["id"])
    assert (job["status"], job["processed"], job["succeeded"], job["failed"], job["group_id"]) == ("completed", 3, 2, 1, label)
    (told,) = api.get("/api/notification/list").json()["data"]
    assert (told["title"], told["message"]) == ("Your enrichment has finished", "Something was found for 2 of 3.")
    assert told["link"] == f"/enrichment/bulk/{data['id']}/"
    assert [(one["status"], one["provider"], one["credits_used"]) for one in job["results"]] == [
        ("completed", "directory", 1), ("completed", "builtin", 0), ("completed", "directory", 1)]
    assert job["results"][1]["problem"] == "Nothing was found." and job["results"][0]["query"]["email"] == "jane@acme.com"
    with org_scope(rep.organization):
        assert credits.balance(rep.organization) == 998


@pytest.mark.parametrize(
    ("leads", "fields"),
    [
        ([], {"leads"}), (None, {"leads"}), ("x", {"leads"}), ({}, {"leads"}), ([{"name": "x"}] * 501, {"leads"}),
        ([{"email": "a@b.co"}, {}, {"nonsense": 1}, 7], {"leads.1", "leads.2", "leads.3"}),
        ([{"email": "no address", "name": "x"}], {"leads.0.email"}),
        ([{"email": None, "name": " "}], {"leads.0"}),
    ])
def test_what_is_wrong_is_named_by_its_place_and_nothing_is_queued(api, rep, leads, fields):
    assert set(shapes.check_failure(api.post(URL, {"leads": leads}), 422)["fields"]) == fields
    with org_scope(rep.organization):
        assert not Batch.objects.exists() and not Run.objects.exists()


def test_a_group_id_has_bounds(api):
    assert "group_id" in shapes.check_failure(api.post(URL, {"leads": [{"name": "x"}], "group_id": "x" * 2000}), 422)["fields"]


def test_another_organisations_job_is_unknown(api, outsider_api):
    number = api.post(URL, {"leads": [{"name": "x"}]}).json()["data"]["id"]
    shapes.check_failure(outsider_api.get(f"/api/lead-enrichment/job/{number}"), 404)


def test_records_are_chosen_like_in_their_list(api, rep, directory):
    leads = [make_lead(rep.organization, by=rep, email=f"p{n}@acme.com", city="Bern") for n in range(3)]
    make_lead(rep.organization, by=rep, email="q@acme.com", city="Basel")
    chosen = {"module": "lead", "select_all": True, "filters": {"city": "Bern"}}
    estimate = api.post("/api/enrichment/estimate", chosen).json()["data"]
    assert estimate == {"count": 3, "credits": 3, "balance": 1000}
    shapes.check_failure(api.post("/api/enrichment/bulk", chosen | {"expected_count": 2}), 409)
    number = api.post("/api/enrichment/bulk", chosen | {"expected_count": 3}).json()["data"]["id"]
    queue.drain()
    job = job_of(api, number)
    assert (job["succeeded"], job["cost"]) == (3, 3)
    assert {one["lead_id"] for one in job["results"]} == {lead.pk for lead in leads}
    with org_scope(rep.organization):
        assert Lead.objects.filter(job_title__startswith="Head of").count() == 3
        assert len(set(Run.objects.values_list("change_id", flat=True))) == 3  # each can be taken back by itself


@pytest.mark.parametrize(
    ("body", "status"),
    [({"module": "pet", "ids": [1]}, 422), ({"ids": [1]}, 422), ({"module": "lead"}, 400),
     ({"module": "lead", "ids": [987654]}, 404), ({"module": "lead", "select_all": True}, 422),
     ({"module": "lead", "select_all": True, "filters": {"colour": 1}}, 422)])
def test_a_selection_that_means_nothing_is_refused(api, rep, body, status):
    for path in ("estimate", "bulk"):
        shapes.check_failure(api.post(f"/api/enrichment/{path}", body), status)
    with org_scope(rep.organization):
        assert not Batch.objects.exists()


def test_too_many_records(api, rep, monkeypatch):
    monkeypatch.setattr(batches, "MOST_RECORDS", 1)
    for n in range(2):
        make_lead(rep.organization, email=f"p{n}@acme.com")
    answer = api.post("/api/enrichment/bulk", {"module": "lead", "select_all": True, "filters": {}})
    assert "filters" in shapes.check_failure(answer, 422)["fields"]


def test_an_item_without_credits_says_so_and_the_rest_goes_on(api, rep, directory):
    with org_scope(rep.organization):
        CreditAccount.objects.update(balance=1)
    number = api.post(URL, {"leads": [{"email": f"{n}@acme.com"} for n in "abc"]}).json()["data"]["id"]
    queue.drain()
    job = job_of(api, number)
    assert (job["status"], job["succeeded"], job["failed"], job["cost"]) == ("completed", 1, 2, 1)
    assert [one["status"] for one in job["results"]] == ["completed", "failed", "failed"]
    assert "1 credits; your organization has 0 left" in job["results"][2]["problem"]


def test_a_record_that_went_meanwhile_fails_alone(api, rep, directory):
    leads = [make_lead(rep.organization, by=rep, email=f"p{n}@acme.com") for n in range(2)]
    number = api.post("/api/enrichment/bulk", {"module": "lead", "ids": [lead.pk for lead in leads]}).json()["data"]["id"]
    with org_scope(rep.organization):
        edit.delete(Lead.objects.filter(pk=leads[0].pk), by=rep)
    queue.drain()
    job = job_of(api, number)
    assert (job["succeeded"], job["failed"], job["results"][0]["problem"]) == (1, 1, "There is no such record.")


# ------------------------------------------------------------------------- when things break
@pytest.mark.django_db(transaction=True)
def test_a_killed_job_goes_on_where_it_was_and_nothing_is_paid_twice(monkeypatch):
    admin = make_organization()
    organization, killed = admin.organization, []

    def facts(query):
        if query.name == "3" and not killed:
            killed.append(query)
            raise SystemExit  # as a worker that is stopped
        return {(PERSON, "job_title"): ("Boss", 0.8)}

    with org_scope(organization):
        directory = connect(organization, Directory(facts=facts, cost=2), monkeypatch)
        batch = batches.of_sent(organization, [{"name": str(n)} for n in range(6)], group_id=None, by=admin)
        row = Job.objects.get(pk=batch.job_id)
    with pytest.raises(SystemExit):
        jobs.work(row, batch.pk)
    with org_scope(organization):
        assert list(Run.objects.order_by("pk").values_list("state", flat=True)) == ["done"] * 3 + ["working"] + ["queued"] * 2
    jobs.work(row, batch.pk)
    jobs.work(row, batch.pk)  # and a third time
    with org_scope(organization):
        batch.refresh_from_db()
        assert (batch.processed, batch.succeeded, batch.cost, batch.state) == (6, 6, 12, "done")
        assert credits.balance(organization) == 988
    assert len(directory.queries) == 7 and not any(directory.in_transaction)


def test_a_vendor_that_is_away_is_waited_for(rep, scope, directory):
    directory.error = Passing("try later")
    batch = batches.of_sent(rep.organization, [{"email": f"{n}@acme.com"} for n in "ab"], group_id=None, by=rep)
    row = Job.objects.get(pk=batch.job_id)
    row.attempts = 1
    with pytest.raises(Passing):
        jobs.work(row, batch.pk)
    batch.refresh_from_db()
    assert batch.processed == 0 and credits.balance(rep.organization) == 999  # reserved while it waits
    directory.error = None
    jobs.work(row, batch.pk)
    batch.refresh_from_db()
    assert (batch.succeeded, batch.cost, credits.balance(rep.organization)) == (2, 2, 998)


def test_nobody_waits_for_ever(rep, scope, directory):
    directory.error = Passing("try later")
    batch = batches.of_sent(rep.organization, [{"email": "a@acme.com"}], group_id=None, by=rep)
    row = Job.objects.get(pk=batch.job_id)
    row.attempts = jobs.PATIENCE + 1
    jobs.work(row, batch.pk)
    run = Run.objects.get(batch=batch)
    assert (run.state, run.cost) == ("done", 0) and "try later" in run.problem
    assert credits.balance(rep.organization) == 1000


def test_a_job_that_gave_up_says_so(api, rep, directory):
    number = api.post(URL, {"leads": [{"email": "a@acme.com"}]}).json()["data"]["id"]
    with org_scope(rep.organization):
        Job.objects.filter(pk=Batch.objects.get().job_id).update(state=Job.State.FAILED, finished_at=now())
    assert job_of(api, number)["status"] == "failed"


def test_many_records_hold_their_proposals(rep, api, directory):
    leads = [make_lead(rep.organization, by=rep, email=f"p{n}@acme.com", job_title="Typed") for n in range(5)]
    api.post("/api/enrichment/bulk", {"module": "lead", "ids": [lead.pk for lead in leads]})
    queue.drain()
    with org_scope(rep.organization):
        assert FoundValue.objects.open().filter(field="job_title").count() == 5
        assert Lead.objects.filter(job_title="Typed").count() == 5
