"""Settings of signals and tracking: who may, what a preview says, and taking back."""

from datetime import time

import pytest

from intent import heat, rules, signals
from lio.tenancy import org_scope
from tests.conftest import sign_in
from tests.factories import make_lead, make_member

USUAL = {"hot_from": "50", "half_life_days": "14"}


@pytest.fixture
def opened(rep):
    """A lead that has opened a mail: 5 points."""
    lead = make_lead(rep.organization, first_name="Olga")
    with org_scope(rep.organization):
        signals.log(rep.organization, lead.pk, "email_opened")
    return lead


def stored(rep):
    with org_scope(rep.organization):
        return rules.settings_of(rep.organization)


def undo_in(answer):
    return "/undo/" + answer.content.decode().split('<form method="post" action="/undo/')[1].split('"')[0]


def hot(rep):
    with org_scope(rep.organization):
        return [one["lead_id"] for one in heat.hot_leads(rep.organization.pk)]


def test_a_preview_says_who_would_turn_hot_and_saves_nothing(browser, rep, opened):
    page = browser.post("/settings/signals", USUAL | {"email_opened": "60", "preview": "1"}).content.decode()
    assert "1 lead would be hot" in page and "1 would turn hot, 0 would cool down" in page and "Olga" in page
    assert 'name="email_opened" min="0" max="100" step="1" inputmode="numeric" value="60"' in page
    assert stored(rep).weights == {} and hot(rep) == []


def test_weights_are_saved_put_back_and_taken_back(browser, rep, opened):
    answer = browser.post("/settings/signals", USUAL | {"email_opened": "60", "save": "1"}, follow=True)
    assert b"The weights are saved." in answer.content and b"Back to the usual weights" in answer.content
    assert stored(rep).weights == {"email_opened": 60} and hot(rep) == [opened.pk]
    answer = browser.post("/settings/signals", {"reset": "1"}, follow=True)
    assert stored(rep).weights == {} and hot(rep) == []
    browser.post(undo_in(answer))
    assert stored(rep).weights == {"email_opened": 60} and hot(rep) == [opened.pk]


def test_what_has_been_changed_since_stays(browser, rep):
    answer = browser.post("/settings/signals", USUAL | {"email_opened": "60", "save": "1"}, follow=True)
    browser.post("/settings/signals", USUAL | {"email_opened": "70", "save": "1"})
    told = browser.post(undo_in(answer), follow=True).content.decode()
    assert stored(rep).weights == {"email_opened": 70} and "changed since" in told


def test_who_does_not_run_the_organization_looks_but_takes_nothing_back(rep, client, browser):
    answer = browser.post("/settings/signals", USUAL | {"email_opened": "60", "save": "1"}, follow=True)
    undo = undo_in(answer)
    sign_in(client, make_member(rep.organization))
    page = client.get("/settings/signals").content.decode()
    assert "disabled" in page and 'name="save"' not in page
    assert client.post("/settings/signals", {"reset": "1"}).status_code == 403
    assert client.post("/settings/tracking", {"mail_tracking": "off"}).status_code == 403
    client.post(undo)
    assert stored(rep).weights == {"email_opened": 60}


@pytest.mark.parametrize(("given", "told"), [
    ({"email_opened": "101"}, "whole number from 0 to 100"), ({"email_opened": "many"}, "whole number from 0 to 100"),
    ({"hot_from": ""}, "notice bad"), ({"half_life_days": "0"}, "notice bad")])
def test_nonsense_comes_back_with_what_is_wrong(browser, rep, given, told):
    for button in ("save", "preview"):
        answer = browser.post("/settings/signals", USUAL | given | {button: "1"})
        assert answer.status_code == 422 and told in answer.content.decode()
    assert stored(rep).pk is None


def test_working_hours(browser, rep):
    answer = browser.post("/settings/signals", {"hours": "1", "day": ["1", "6"], "work_from": "08:00", "work_to": "12:30"},
                          follow=True)
    row = stored(rep)
    assert (row.work_days, row.work_from, row.work_to) == ([1, 6], time(8), time(12, 30))
    browser.post(undo_in(answer))
    row = stored(rep)
    assert (row.days, row.work_from, row.work_to) == ([1, 2, 3, 4, 5], time(9), time(17))
    assert browser.post("/settings/signals", {"hours": "1", "work_from": "12:00", "work_to": "9:00"}).status_code == 422


def test_tracking_is_turned_off_and_back_on(browser, rep):
    assert b"Turn off" in browser.get("/settings/tracking").content
    answer = browser.post("/settings/tracking", {"mail_tracking": "off"}, follow=True)
    assert b"Turn on" in answer.content and stored(rep).mail_tracking is False
    browser.post(undo_in(answer))
    assert stored(rep).mail_tracking is True
    browser.post("/settings/tracking", {"something": "else"})
    assert stored(rep).mail_tracking is True


def test_another_organization_keeps_its_own(browser, outsider):
    browser.post("/settings/signals", USUAL | {"email_opened": "60", "save": "1"})
    assert stored(outsider).weights == {}
