"""The past of a score, and what a drift of the leads brings about."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from activity.models import Notification
from intent import signals
from leads.capture_many import Incoming, capture_many
from leads.jobs import learn_scores, watch_scores
from leads.models import Lead
from leads.scoring import drift, training
from leads.scoring.models import ScoreModel
from leads.scoring.past import Past
from lio import jobs
from lio.models import Change
from lio.tenancy import org_scope
from lookups.known import known
from tests.conftest import client_of
from tests.factories import make_lead, make_member


def aged(lead, days):
    """Let a lead, and what is told of it, be so many days old."""
    with org_scope(lead.organization):
        then = now() - timedelta(days=days)
        Lead.objects.filter(pk=lead.pk).update(created_at=then)
        Change.objects.filter(model_type="lead", model_id=lead.pk).update(created_at=then)


def test_what_has_changed_adds_up(rep, api):
    lead = make_lead(rep.organization, email="jane@acme.example", job_title="Intern")
    aged(lead, 40)
    api.post(f"/api/lead/update/{lead.pk}", {"job_title": "Managing director", "city": "Bonn"}, format="json")
    with org_scope(rep.organization):
        signals.log(rep.organization, lead.pk, "demo_requested")
    jobs.drain()
    told = api.get(f"/api/lead-score/lead/{lead.pk}").json()["data"]
    changed = told["changed"]
    assert sum(reason["points"] for reason in changed["reasons"]) == changed["score"] - changed["before"] > 0
    words = " ".join(reason["reason"] for reason in changed["reasons"])
    assert "Decides: top of the company (was: Job title without a say in buying)" in words
    assert "Place known (was: Place not known)" in words and "Engagement 50 of 100 (was 0)" in words
    with org_scope(rep.organization):
        assert told["history"][0]["score"] == Lead.objects.get(pk=lead.pk).score == told["score"]
    assert told["history"][-1]["score"] == changed["before"] and told["history"][-1]["engagement"] == 0
    assert [one["at"] for one in told["history"]] == sorted((one["at"] for one in told["history"]), reverse=True)


def test_custom_fields_go_back_one_by_one(rep, api):
    lead = make_lead(rep.organization, email="jane@acme.example", custom_fields={"plan": "free", "size": 5})
    aged(lead, 10)
    api.post(f"/api/lead/update/{lead.pk}", {"custom_fields": {"plan": "pro", "new": 1}}, format="json")
    with org_scope(rep.organization):
        was = Past(rep.organization, lead.pk).facts_at(now() - timedelta(days=3))
    assert was["custom_fields"] == {"plan": "free", "size": 5, "new": None}


def test_what_was_learned_stands_apart(rep, api, closed):
    lead = make_lead(rep.organization, email="jane@acme.example", custom_fields={"plan": "pro"})
    aged(lead, 10)
    with org_scope(rep.organization):
        learn_scores()
    changed = api.get(f"/api/lead-score/lead/{lead.pk}?days=5").json()["data"]["changed"]
    assert changed["reasons"][0]["reason"] == "Scores have learned: expert became learned-1"
    assert changed["reasons"][0]["points"] == changed["score"] - changed["before"] > 0


def test_a_lead_that_can_be_reached_at_last(rep, api):
    lead = make_lead(rep.organization, email=None, first_name="Jane", last_name="Doe")
    aged(lead, 10)
    api.post(f"/api/lead/update/{lead.pk}", {"email": "jane@acme.example"}, format="json")
    changed = api.get(f"/api/lead-score/lead/{lead.pk}?days=5").json()["data"]["changed"]
    assert changed["before"] == 0
    assert changed["reasons"] == [{"reason": "Can be reached now", "points": changed["score"]}]


def test_the_page_tells_it_and_another_organisation_sees_nothing(rep, api, browser, outsider):
    lead = make_lead(rep.organization, email="jane@acme.example")
    jobs.drain()
    assert f'/leads/{lead.pk}/score"' in browser.get(f"/leads/{lead.pk}/").content.decode()
    page = browser.get(f"/leads/{lead.pk}/score?days=7").content.decode()
    assert "What has changed" in page and "Came in" in page and "<polyline" in page
    assert browser.get(f"/leads/{lead.pk}/score?days=x").status_code == 200
    theirs = client_of(outsider)
    assert theirs.get(f"/api/lead-score/lead/{lead.pk}").status_code == 404
    assert api.get("/api/lead-score/lead/0").status_code == 404
    assert api.get(f"/api/lead-score/lead/{lead.pk}?days=0").status_code == 400


# ------------------------------------------------------------------------- drift
@pytest.fixture
def closed(rep):
    """200 closed leads; those with the plan "pro" were won."""
    return send(rep.organization, 200, won=lambda n: n % 2 == 0)


def send(organization, number, *, won=None, plan=None, prefix="lead"):
    with org_scope(organization):
        status = known(organization, "status")
        entries = []
        for n in range(number):
            fields = {"email": f"{prefix}{n}@example.net",
                      "custom_fields": {"plan": plan or ("pro" if won(n) else "free")}}
            entries.append(Incoming(fields | ({"status_id": status[5 if won(n) else 6].pk} if won else {})))
        capture_many(organization, entries, by=None)
    return organization


def told_of(organization):
    with org_scope(organization):
        rows = Notification.objects.filter(title="Your leads have changed").order_by("pk")
        return list(rows.values_list("user_id", "message"))


def test_admins_are_told_once_for_each_model(rep, closed):
    make_member(closed, role="Sales Rep")
    with org_scope(closed):
        learn_scores()
        assert told_of(closed) == []
        send(closed, 1500, plan="pro", prefix="new")
        learn_scores()
        learn_scores()
        (told,) = told_of(closed)
        assert told[0] == rep.pk and "learned-1 stays in use" in told[1]
        assert training.settings_of(closed).watched["told_of"] == "learned-1"
        assert training.active(closed).name == "learned-1"


def test_a_model_that_says_less_than_the_written_weights_is_given_up(rep, closed):
    with org_scope(closed):
        learn_scores()
        Lead.objects.update(created_at=now() - timedelta(days=50))
        ScoreModel.objects.update(created_at=now() - timedelta(days=40))
        send(closed, 120, won=lambda n: n % 2 == 0, plan="pro", prefix="turned")  # the plan says nothing any more
        settings = training.settings_of(closed)
        training.watch_again(settings, settings.watched)
        losses = drift.compared(closed, ScoreModel.objects.get())
        assert losses["written"] < losses["model"]
        watch_scores()
        row = ScoreModel.objects.get()
        assert not row.is_active and row.drifted_at and training.active(closed).name == "expert"
        assert "less of them than the written weights do" in told_of(closed)[0][1]
        assert training.train(closed)["rows"] == 120  # of the leads that came in before, nothing is learned any more
        jobs.drain()
        assert set(Lead.objects.values_list("ai_information__score_model", flat=True)) <= {"expert", "learned-2"}


def test_without_drift_nothing_happens(rep, closed):
    with org_scope(closed):
        learn_scores()
        watch_scores()
        assert told_of(closed) == [] and training.active(closed).name == "learned-1"
