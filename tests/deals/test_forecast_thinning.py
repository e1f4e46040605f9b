"""Old nights go; what is told of months, changes and deals stays the same."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.utils.timezone import now

from deals.forecast import changes, deal, learning, report, saying, snapshots, thinning
from deals.forecast.models import ForecastSnapshot
from deals.forecast.months import first_day, month_of
from deals.models import Deal
from lio.tenancy import org_scope
from tests.deals.test_forecast_pipeline import closed_deal
from tests.factories import make_deal

TODAY = now().date()


def nights(rep, first, last):
    """What the night's work would have taken from `first` to `last`, a month's beginning being a look."""
    with org_scope(rep.organization):
        for back in range((last - first).days + 1):
            day = first + timedelta(days=back)
            snapshots.snapshot_open(0, 1000, look=day.day == 1, at=datetime.combine(day, time(0, 30), UTC))


def kept(deal_id):
    return list(ForecastSnapshot.objects.filter(deal=deal_id, reason="nightly").order_by("day").values_list("day", flat=True))


def thinned(rep, limit=7, day=TODAY):
    with org_scope(rep.organization):
        gone = 0
        while part := thinning.thin(limit, day=day):
            assert part <= limit
            gone += part
        return gone


@pytest.fixture
def old(rep, lead):
    """A deal that was there long before its first night."""
    found = make_deal(lead, by=rep, expected_close_date=TODAY.replace(day=15))
    with org_scope(rep.organization):
        Deal.objects.filter(pk=found.pk).update(created_at=now() - timedelta(days=500))
        ForecastSnapshot.objects.filter(deal=found).update(day=TODAY - timedelta(days=500))
    return found


def test_which_nights_stay(rep, old):
    first = TODAY - timedelta(days=thinning.YEAR + 30)
    nights(rep, first, TODAY)
    with org_scope(rep.organization):
        before = kept(old.pk)
    thinned(rep)
    for day in range(60, 0, -1):  # as of the nights before, which reach further back
        thinned(rep, 50, TODAY - timedelta(days=day))
    with org_scope(rep.organization):
        # from the borders on that a night looks back to
        reach = [day for day in before if TODAY - day <= timedelta(days=thinning.NEARBY + 90)
                 or TODAY - day > timedelta(days=thinning.YEAR)]
        left = [day for day in kept(old.pk) if day in reach]
        weeks = {}
        for day in before:
            weeks.setdefault(day - timedelta(days=day.weekday()), day)
        assert left == [
            day for day in reach
            if (TODAY - day).days <= thinning.NEARBY or day.day == 1
            or ((TODAY - day).days <= thinning.YEAR and weeks[day - timedelta(days=day.weekday())] == day)]
        assert len(left) < len(reach) and ForecastSnapshot.objects.filter(deal=old, reason="created").count() == 1
    assert thinned(rep) == 0


def test_a_week_without_its_monday_keeps_the_first_night_that_it_has(rep, old):
    wednesday = TODAY - timedelta(days=thinning.NEARBY + 14)
    wednesday += timedelta(days=2 - wednesday.weekday())
    nights(rep, wednesday, wednesday + timedelta(days=4))
    thinned(rep)
    with org_scope(rep.organization):
        assert [day for day in kept(old.pk) if day.day != 1] == [wednesday] if wednesday.day != 1 else True


def test_what_is_told_stays_the_same(rep, lead, old):
    month = month_of(TODAY)
    for back in range(2, 9):
        for stage in ("Won", "Lost"):
            closed_deal(rep, lead, first_day(month - back).replace(day=9), 100 * back, stage)
    nights(rep, TODAY - timedelta(days=160), TODAY)
    with org_scope(rep.organization):
        for at in range(month - 4, month + 1):
            saying.say(at)

        def all_told():
            since = TODAY - timedelta(days=140)
            learning.learn(TODAY)
            return (report.report(month - 1, 6), changes.since(since, changes.View(month)),
                    changes.since(since, changes.View(month), measure="weighted_value"), report.choice(month),
                    saying.known_at(month - 3), saying.known_at(month), deal.forecast(rep.organization, old),
                    {pk: found.all for pk, found in learning.learnt([old.pipeline_id]).items()})

        before = all_told()
    assert thinned(rep, 1000) > 0
    with org_scope(rep.organization):
        assert all_told() == before


def test_another_organisation_keeps_its_nights(rep, outsider, old):
    day = TODAY - timedelta(days=thinning.NEARBY + 20)
    nights(rep, day, day + timedelta(days=10))
    assert thinned(outsider) == 0
