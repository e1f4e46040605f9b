"""Other weights on past wins: as of the day on which a lead was closed, and of one's own leads alone."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from intent import backtest, signals
from intent.models import IntentSettings
from lio.tenancy import org_scope
from tests.conftest import client_of
from tests.factories import make_lead

URL = "/api/intent-alert/settings/preview"


@pytest.fixture
def past(rep, api):
    """Two won leads that asked for a demo, a lost one that opened mails, a lost one that did nothing."""
    made = {}
    for name, status, kinds in (("ann", 5, ["demo_requested"]), ("ben", 5, ["demo_requested", "email_opened"]),
                                ("cem", 6, ["email_opened"] * 4), ("dan", 6, [])):
        lead = made[name] = make_lead(rep.organization, email=f"{name}@acme.example")
        with org_scope(rep.organization):
            for kind in kinds:
                signals.log(rep.organization, lead.pk, kind, occurred_at=now() - timedelta(minutes=5))
        assert api.post(f"/api/lead/update/{lead.pk}", {"status": status}).status_code == 200
    return made


def test_both_sides_are_told(past, api):
    told = api.post(URL, {"weights": {"email_opened": 15, "demo_requested": 10}}, format="json").json()["data"]
    assert (told["won"], told["lost"]) == (2, 2)
    assert told["now"] == {"hot_won": 2, "hot_lost": 0, "engagement_won": 52.5, "engagement_lost": 10.0, "auc": 1.0}
    assert told["then"]["hot_won"] == 0 and told["then"]["hot_lost"] == 1 and told["then"]["auc"] == 0.5


def test_what_came_after_does_not_count(past, rep):
    with org_scope(rep.organization):
        before = backtest.compare(rep.organization)
        signals.log(rep.organization, past["dan"].pk, "demo_requested")
        assert backtest.compare(rep.organization) == before == before | {"then": before["now"]}


def test_a_higher_mark_and_a_shorter_life(past, rep):
    with org_scope(rep.organization):
        told = backtest.compare(rep.organization, hot_from=55, half_life_days=1)
    assert told["then"]["hot_won"] == 1 and told["now"]["hot_won"] == 2
    assert told["then"]["engagement_won"] < told["now"]["engagement_won"]


def test_nothing_is_changed_and_nobody_else_is_read(past, api, outsider):
    api.post(URL, {"weights": {"email_opened": 99}}, format="json")
    with org_scope(past["ann"].organization):
        assert not IntentSettings.objects.exists()
    told = client_of(outsider).post(URL, {}, format="json").json()["data"]
    assert told["won"] == told["lost"] == 0 and told["now"]["auc"] is None


@pytest.mark.parametrize("body", [{"weights": {"sunshine": 5}}, {"weights": {"email_opened": 101}}, {"hot_from": 0},
                                  {"half_life_days": "x"}, {"weights": [1]}])
def test_what_is_wrong_is_refused(api, body):
    assert api.post(URL, body, format="json").status_code == 422
