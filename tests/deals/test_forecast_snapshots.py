"""A snapshot at each change, in its transaction, and one a night; what they say stays."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime

import pytest
from django.conf import settings

from deals import edit
from deals.forecast import snapshots
from deals.forecast.jobs import forecast_all
from deals.forecast.models import ForecastSnapshot
from deals.models import Deal, Stage
from lio import jobs
from lio.tenancy import org_scope
from tests.factories import make_deal, make_lead


def taken(deal):
    with org_scope(deal.organization_id):
        return list(ForecastSnapshot.objects.filter(deal=deal).order_by("id"))


def change(deal, by, **fields):
    with org_scope(deal.organization_id):
        edit.update(deal.pk, deal.organization, fields, by=by)


def stage(deal, name):
    with org_scope(deal.organization_id):
        return Stage.objects.get(pipeline=deal.pipeline_id, name=name).pk


def test_one_at_creation_and_at_each_change_of_stage_value_or_date(deal, rep):
    change(deal, rep, value=2000)
    change(deal, rep, expected_close_date=date(2027, 3, 1))
    change(deal, rep, stage_id=stage(deal, "Proposal"))
    change(deal, rep, value=2000)  # nothing changes
    found = taken(deal)
    assert [(one.reason, one.value, float(one.probability), one.weighted_value) for one in found] == [
        ("created", 1000, 0.2, 200), ("value", 2000, 0.2, 400),
        ("close_date", 2000, 0.2, 400), ("stage", 2000, 0.6, 1200)]
    assert [one.moves for one in found] == [0, 0, 1, 1]
    assert all(one.state == "open" and one.closed_on is None for one in found)
    assert all(one.win_probability is None and one.forecast_value is None for one in found)  # history is thin: it abstains


def test_of_closed_and_deleted_deals_it_says_what_became_of_them(deal, rep):
    change(deal, rep, stage_id=stage(deal, "Won"))
    change(deal, rep, stage_id=stage(deal, "New"))
    change(deal, rep, stage_id=stage(deal, "Lost"))
    with org_scope(rep.organization):
        edit.delete(Deal.objects.filter(pk=deal.pk), by=rep)
    found = taken(deal)[1:]
    assert [(one.state, one.win_probability, one.closed_on is None) for one in found] == [
        ("won", 1, False), ("open", None, True), ("lost", 0, False), ("deleted", None, False)]


def test_a_change_that_fails_leaves_none(deal, rep):
    with pytest.raises(ZeroDivisionError), org_scope(rep.organization):
        edit.update(deal.pk, rep.organization, {"value": 9}, by=rep)
        raise ZeroDivisionError
    assert len(taken(deal)) == 1


@pytest.mark.django_db(transaction=True, databases=["default", "system"])
def test_a_night_takes_every_open_deal_and_says_what_the_month_will_bring(deal, rep, outsider):
    won = make_deal(make_lead(rep.organization, by=rep), by=rep, stage="Won")
    other = make_deal(make_lead(outsider.organization, by=outsider), by=outsider)
    forecast_all()
    forecast_all()  # the same night
    jobs.drain()
    assert [one.reason for one in taken(deal)] == ["created", "nightly"]
    assert [one.reason for one in taken(won)] == ["created"]
    assert [one.reason for one in taken(other)] == ["created", "nightly"]


def test_nights_go_on_where_they_stopped(deal, lead, rep):
    deals = [deal, *(make_deal(lead, by=rep) for _ in range(4))]
    with org_scope(rep.organization):
        last, rounds = 0, []
        while last is not None:
            last = snapshots.snapshot_open(last, 2)
            rounds.append(last)
    assert rounds == [deals[1].pk, deals[3].pk, deals[4].pk, None]
    assert all([one.reason for one in taken(one)] == ["created", "nightly"] for one in deals)


def test_days_are_those_of_the_organisation(deal, rep):
    rep.organization.timezone = "America/New_York"
    rep.organization.save()
    at = datetime(2026, 2, 1, 2, 0, tzinfo=UTC)  # still January there
    with org_scope(rep.organization):
        edit.update(deal.pk, rep.organization, {"stage_id": stage(deal, "Won")}, by=rep, at=at)
    last = taken(deal)[-1]
    assert (last.day, last.closed_on, last.at) == (date(2026, 1, 31), date(2026, 1, 31), at)


def test_takes_few_statements_however_many_deals(deal, lead, rep, django_assert_num_queries):
    ids = [deal.pk, *(make_deal(lead, by=rep).pk for _ in range(9))]
    with org_scope(rep.organization), django_assert_num_queries(4):  # time zone, classes, what is known of closed deals, rows
        assert snapshots.snapshot(ids, "other") == 10


def test_the_web_process_does_not_load_numpy():
    """Only the night's work needs it; a web process stays small."""
    code = "import django, sys; django.setup(); import lio.urls; sys.exit('numpy' in sys.modules)"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "lio.settings"}
    assert subprocess.run([sys.executable, "-c", code], env=environment, cwd=settings.BASE_DIR, check=False).returncode == 0
