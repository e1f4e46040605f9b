"""Win probability of an open deal: from what became of others, explained, never certain, silent when history is thin."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deals.forecast import accuracy
from deals.forecast.chances import ENOUGH, LEAST, MOST, PRIOR, Conversions, Ending, chance, fit
from deals.forecast.months import read_month
from lio import calibration

MARCH = read_month("2026-03")


def ending(won, number, *, month=MARCH, stage=1, age=20, **more):
    return Ending(month, won, (stage,), age, more.pop("seen", age), number=number, **more)


def test_abstains_with_a_reason_while_history_is_thin():
    known = fit([ending(True, ENOUGH - 1)], MARCH + 1)
    said = chance(known, stage=1, set_to=0.4, age=3)
    assert said.probability is None and said.factors == ()
    assert said.reason == "29 deals of this pipeline are closed; a forecast needs 30."
    assert chance(None, stage=1, set_to=0.4, age=3).probability is None


def test_is_the_mean_of_the_beta_posterior():
    known = fit([ending(True, 60), ending(False, 40)], MARCH + 1)
    said = chance(known, stage=1, stage_name="Proposal", set_to=0.2, age=3)
    assert said.probability == pytest.approx((60 + PRIOR * 0.2) / (100 + PRIOR))
    assert [factor.name for factor in said.factors] == ["set", "stage"]
    assert said.factors[1].text == "Of 100 closed deals that stood in Proposal, 60 were won."


def test_a_stage_without_history_has_its_set_probability():
    known = fit([ending(True, 60), ending(False, 40)], MARCH + 1)
    assert chance(known, stage=2, set_to=0.2, age=3).probability == pytest.approx(0.2)


def test_what_closes_later_is_not_known():
    known = fit([ending(True, 60), ending(False, 40, month=MARCH + 1)], MARCH + 1)
    assert (known.all.closed, known.all.won) == (60, 60)


def test_old_deals_are_won_less_often_where_history_says_so():
    history = [
        one
        for month in range(MARCH - 6, MARCH)
        for one in (ending(True, 80, month=month, age=10), ending(False, 20, month=month, age=10),
                    ending(False, 80, month=month, age=100), ending(True, 20, month=month, age=100))
    ]
    known = fit(history, MARCH)
    assert "ages" in known.used
    young, old = (chance(known, stage=1, set_to=0.5, age=age) for age in (5, 95))
    assert old.probability < 0.35 < 0.45 < young.probability
    assert old.factors[-1].text == "It has been open for 95 days: of 600 such deals 20 % were won."


def test_silence_counts_where_history_says_so_and_else_not():
    silent = [
        one
        for month in range(MARCH - 6, MARCH)
        for one in (ending(True, 70, month=month), ending(False, 30, month=month),
                    ending(True, 30, month=month, quiet=True), ending(False, 70, month=month, quiet=True))
    ]
    assert fit(silent, MARCH).used == ("quiet",)
    assert fit([ending(one.won, 50, month=one.month, quiet=one.quiet) for one in silent], MARCH).used == ()


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 3), st.integers(0, 500), st.booleans(), st.integers(0, 5),
                       st.integers(1, 5_000), st.integers(-6, 1)), max_size=20),
    st.floats(0, 1), st.integers(0, 2_000), st.booleans(), st.integers(0, 9), st.integers(1, 4),
)
def test_is_never_certain_and_its_factors_sum_to_it(history, set_to, age, quiet, moves, stage):
    known = fit([Ending(MARCH + month, won, (at,), days, days, still, moved, number)
                 for won, at, days, still, moved, number, month in history], MARCH)
    known.used = ("ages", "quiet", "moves")
    said = chance(known, stage=stage, set_to=set_to, age=age, quiet=quiet, moves=moves)
    if said.probability is None:
        assert said.reason
    else:
        assert LEAST <= said.probability <= MOST
        assert sum(factor.effect for factor in said.factors) == pytest.approx(said.probability)
        assert all(factor.text for factor in said.factors)


def test_the_measures():
    assert Conversions().all.rate(0.3) == 0.3
    assert accuracy.summed_up([(110, 100), (80, 100), (5, 0)]) == {"mape": pytest.approx(0.15), "bias": pytest.approx(-0.05),
                                                                   "months": 2}
    assert accuracy.summed_up([]) == {"mape": None, "bias": None, "months": 0}
    assert accuracy.accuracy_of(300, 100) == 0 and accuracy.accuracy_of(90, 100) == pytest.approx(0.9)
    assert accuracy.accuracy_of(0, 0) is None and accuracy.accuracy_of(5, 0) == 0
    assert accuracy.coverage([(1, 2, 3), (1, 4, 3)]) == 0.5 and accuracy.coverage([]) is None
    assert calibration.brier([(0.8, True, 3), (0.8, False, 1)]) == pytest.approx((3 * 0.04 + 0.64) / 4)
    assert calibration.reliability([(0.82, True, 3), (0.86, False, 1), (1, True, 1)], "deals") == [
        {"from": 0.8, "to": 0.9, "deals": 4, "said": pytest.approx(0.83), "won": 0.75},
        {"from": 0.9, "to": 1.0, "deals": 1, "said": 1, "won": 1},
    ]
