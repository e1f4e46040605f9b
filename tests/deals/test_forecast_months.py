"""Forecasters of a month, the choice between them, and their intervals."""

import pytest

from deals.forecast import choosing, monthly, spread
from deals.forecast.monthly import Known, OpenDeal
from deals.forecast.months import first_day, name_of, quarter_name, read_month

MAY = read_month("2026-05")


def known(won=(), *, month=MAY, **more):
    """`won` are the values of the months just before."""
    return Known(month, {month - len(won) + n: float(value) for n, value in enumerate(won)}, **more)


def test_months_are_read_and_named():
    assert name_of(MAY) == "2026-05" and quarter_name(MAY) == "2026-Q2" and str(first_day(MAY)) == "2026-05-01"
    for wrong in ("2026-13", "2026-5", "", None, "26-05", "2026-05-01", "٢٠٢٦-05"):
        with pytest.raises(ValueError, match="must be a month"):
            read_month(wrong)


def test_same_month_of_last_quarter_looks_back_to_what_is_known():
    months = known([10, 20, 30, 40, 50, 60])
    assert [monthly.same_month_of_last_quarter(months, MAY + ahead) for ahead in range(4)] == [40, 50, 60, 40]
    assert monthly.same_month_of_last_quarter(known([10, 20]), MAY) is None


def test_level_by_position():
    months = known([90, 100, 110] * 2 + [180, 200, 220], month=read_month("2026-04"))  # whole quarters, the last one doubled
    assert monthly.level_by_position(months, months.month + 2) == pytest.approx(220)
    assert monthly.level_by_position(known([1, 2]), MAY) is None


def test_weighted_stages_takes_what_is_overdue_into_the_first_month():
    deals = [OpenDeal(100, 0.5, MAY - 3, 9), OpenDeal(10, 0.5, MAY, 9), OpenDeal(1000, 0.1, MAY + 1, 9)]
    assert monthly.weighted_stages(known(open=deals), MAY) == 55
    assert monthly.weighted_stages(known(open=deals), MAY + 1) == 100
    assert monthly.weighted_stages(known(), MAY) is None


def test_hazard_by_age_closes_deals_when_deals_closed():
    """All deals close 45 days after they were opened, half of them won."""
    closed = {(45, True): 50, (45, False): 50}
    found = [monthly.hazard_by_age(known(closed=closed, open=[OpenDeal(100, 1, MAY, age)]), MAY + ahead)
             for age in (0, 20) for ahead in (0, 1, 2)]
    assert found == pytest.approx([0, 50, 0, 50, 0, 0], abs=1)
    assert monthly.hazard_by_age(known(closed={(1, True): 3}, open=[OpenDeal(1, 1, MAY, 1)]), MAY) is None


def test_months_without_closings_are_nought():
    closings = [(first_day(MAY - 3), True, 5), (first_day(MAY - 1), False, 9), (first_day(MAY), True, 7)]
    assert monthly.won_by_month(closings, MAY) == {MAY - 3: 5, MAY - 2: 0, MAY - 1: 0}
    assert monthly.won_by_month([], MAY) == {}


def test_the_best_of_those_with_three_scored_months_is_chosen():
    good = dict.fromkeys((1, 2, 3), (100, 100))
    fair = dict.fromkeys((1, 2, 3), (110, 100))
    assert choosing.choose({}) == choosing.DEFAULT
    assert choosing.choose({"recent_mean": {1: (100, 100), 2: (100, 100)}}) == choosing.DEFAULT
    assert choosing.choose({"recent_mean": good, choosing.DEFAULT: fair}) == "recent_mean"
    assert choosing.choose({"recent_mean": good, choosing.DEFAULT: good}) == choosing.DEFAULT
    # compared over the same months only: its fourth was a hard one for all
    hard = {**good, 4: (500, 100)}
    assert choosing.choose({choosing.DEFAULT: fair, "recent_mean": fair, "level_by_position": hard}) == "level_by_position"
    assert choosing.choose({"level_by_position": good}) == choosing.DEFAULT  # until the default is scored, too


def test_without_a_quarter_of_history_the_stages_speak():
    said = choosing.forecasts(known(open=[OpenDeal(100, 0.5, MAY, 9)]), {})
    assert {one.method for one in said if one.is_chosen} == {"weighted_stages"}
    assert [(one.target, one.value) for one in said][:2] == [(MAY, 50), (MAY + 1, 0)] and len(said) == choosing.AHEAD
    assert (said[0].low, said[0].high) == (0, 100)
    assert choosing.forecasts(known(), {}) == []


def test_intervals_are_the_same_each_time_and_widen_with_error():
    exact, wild = [(100, 100)] * 6, [(100, 160), (100, 60)] * 3
    assert spread.interval(100, exact, seed=3) == spread.interval(100, exact, seed=3)
    low, high = spread.interval(100, exact)
    lower, higher = spread.interval(100, wild)
    assert 0 < lower < low < 100 < high < higher
    assert spread.interval(100, exact, ahead=12)[1] > high
    assert spread.interval(0, wild) == (0, 0)


def test_interval_of_deals_is_that_of_their_sum():
    low, high = spread.interval_of_deals([100] * 100, [0.5] * 100)
    assert 4_100 < low < 4_600 and 5_400 < high < 5_900  # 5,000 with a spread of 500
    many = spread.interval_of_deals([100] * 10_000, [0.5] * 10_000)
    assert 492_000 < many[0] < 495_000 and 505_000 < many[1] < 508_000
    assert spread.interval_of_deals([], []) == (0, 0)
