"""The model's page and its endpoints: what is shown, who may change it, and that learning now does what the night does."""

import pytest

from leads.capture_many import Incoming, capture_many
from leads.jobs import learn_all
from leads.models import Lead
from leads.scoring import training
from lio import jobs
from lio.models import Change
from lio.tenancy import org_scope
from lookups.known import known
from tests.conftest import client_of, sign_in
from tests.factories import make_member


@pytest.fixture
def closed(rep):
    organization = rep.organization
    with org_scope(organization):
        status = {won: known(organization, "status")[5 if won else 6].pk for won in (True, False)}
        source = known(organization, "source")[1].pk
        capture_many(organization, [
            Incoming({"email": f"lead{n}@example.net", "status_id": status[n % 2 == 0], "source_id": source,
                      "custom_fields": {"plan": "pro" if n % 2 == 0 or n % 10 == 1 else "free", "visits": n % 7}})
            for n in range(200)], by=None)  # fmt: skip
    return organization


def test_without_a_history_it_says_what_is_missing(browser):
    page = browser.get("/settings/score").content.decode()
    assert "the written weights" in page and "50 leads are won or lost" in page and "Job title" in page


def test_learning_now_shows_the_card(browser, closed, api):
    assert browser.post("/settings/score", {"learn": "1"}).status_code == 302
    assert "Learning" in browser.get("/settings/score").content.decode()
    assert api.get("/api/lead-score/model").json()["data"]["is_learning"]
    jobs.drain()
    page = browser.get("/settings/score").content.decode()
    assert "learned-1" in page and "<svg" in page and "plan: pro" in page
    assert "always the same by a hash of their ids" in page and "The first entry of each lead&#x27;s history" in page
    told = api.get("/api/lead-score/model").json()["data"]
    assert told["model"] == "learned-1" and told["card"]["rows"] == 200 and not told["is_learning"]
    assert told["card"]["log_loss"] < told["card"]["log_loss_before"] and told["watched"]["adopted"]
    with org_scope(closed):
        lead = Lead.objects.filter(custom_fields__plan="pro").first()
    shown = browser.get(f"/leads/{lead.pk}/").content.decode()
    assert "Fit alone says" in shown and "plan: pro" in shown


def test_a_field_that_is_left_out_is_not_learned(browser, closed, api):
    fields = ["mail", "cf.plan", "cf.visits"]
    browser.post("/settings/score", {"listed": fields, "looked": ["mail", "cf.visits"], "learns": "on"})
    assert api.get("/api/lead-score/model").json()["data"]["excluded"] == ["cf.plan"]
    browser.post("/settings/score", {"learn": "1"})
    jobs.drain()
    with org_scope(closed):
        assert training.settings_of(closed).watched["rows"] == 200
        card = training.active(closed)
        assert "cf.plan" not in [field.name for field in card.fields]
        told = Change.objects.filter(verb="score.settings_changed").values_list("before", "after")
        assert list(told) == [({"excluded": []}, {"excluded": ["cf.plan"]})]


def test_only_who_manages_may_change(rep, client, closed):
    other = make_member(closed, role="Sales Rep")
    sign_in(client, other)
    assert client.get("/settings/score").status_code == 200
    assert client.post("/settings/score", {"learn": "1"}).status_code == 403
    assert client_of(other).post("/api/lead-score/learn").status_code == 403
    assert client_of(other).get("/api/lead-score/model").status_code == 200


@pytest.mark.parametrize("body", [{"excluded": "mail"}, {"excluded": [5]}, {"excluded": ["x"] * 300}, {"learns": "maybe"}])
def test_what_is_wrong_changes_nothing(api, body):
    assert api.post("/api/lead-score/settings", body, format="json").status_code == 422
    assert api.get("/api/lead-score/model").json()["data"]["excluded"] == []


@pytest.mark.django_db(transaction=True, databases=["default", "system"])
def test_without_learning_the_night_leaves_it_alone(closed, api):
    api.post("/api/lead-score/settings", {"learns": False}, format="json")
    learn_all()
    assert not training.is_learning(closed)
    api.post("/api/lead-score/settings", {"learns": True}, format="json")
    learn_all()
    assert training.is_learning(closed)


def test_a_field_that_was_left_out_is_taken_back(browser, rep, api):
    browser.post("/settings/score", {"listed": ["mail", "phone"], "looked": ["phone"], "learns": "on"})
    with org_scope(rep.organization):
        change = Change.objects.get(verb="score.settings_changed")
    assert f"/undo/{change.change_id}" in browser.get("/settings/score").content.decode()
    assert browser.post(f"/undo/{change.change_id}").status_code == 302
    assert api.get("/api/lead-score/model").json()["data"]["excluded"] == []
