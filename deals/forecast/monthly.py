"""Forecasters of a month's won value: simple ones, each from what was known when the month began.

They are candidates; deals/forecast/choosing.py lets the organisation's own history decide between them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from deals.forecast.months import month_of, position

DAYS = 30.44  # a month's, on average
MOST_DAYS = 1_100  # of age, that the hazard knows


@dataclass(frozen=True, slots=True)
class OpenDeal:
    """An open deal on the first day of a month: `probability` is its stage's, `expected` the month of its close date."""

    value: float
    probability: float
    expected: int
    age: int  # days since it was opened


@dataclass
class Known:
    """What was known when `month` began.

    `won` is the won value of each month before it since the first closing (months without are 0), `open` the open deals,
    `closed` how many deals closed at an age: {(days, won): number}.
    """

    month: int
    won: dict[int, float]
    open: list[OpenDeal] = field(default_factory=list)
    closed: dict[tuple[int, bool], int] = field(default_factory=dict)


def weighted_stages(known, target):
    """Value x probability of the stage, of the open deals that are expected in that month; what is overdue, in the first."""
    if not known.open:
        return None
    return sum(deal.value * deal.probability for deal in known.open if max(deal.expected, known.month) == target)


def hazard_by_age(known, target):
    """What the open deals would bring if they closed, and were won, as deals of their age did (product-limit estimate)."""
    import numpy as np

    closed = sum(known.closed.values())
    if not known.open or closed < 30:
        return None
    wins, ends = np.zeros(MOST_DAYS + 1), np.zeros(MOST_DAYS + 1)
    for (age, won), number in known.closed.items():
        day = min(max(age, 0), MOST_DAYS)
        ends[day] += number
        wins[day] += number * won
    ages = np.clip(np.array([deal.age for deal in known.open], dtype=int), 0, MOST_DAYS)
    values = np.array([deal.value for deal in known.open])
    at_risk = np.cumsum((ends + np.bincount(ages, minlength=MOST_DAYS + 1))[::-1])[::-1]
    survival = np.cumprod(1 - np.divide(ends, at_risk, out=np.zeros_like(ends), where=at_risk > 0))
    before = np.concatenate(([1.0], survival[:-1]))  # still open when that day begins
    won_by = np.concatenate(([0.0], np.cumsum(before * np.divide(wins, at_risk, out=np.zeros_like(wins), where=at_risk > 0))))
    start, end = (round((target - known.month + step) * DAYS) for step in (0, 1))
    low, high = (np.clip(ages + days, 0, MOST_DAYS + 1) for days in (start, end))
    alive = before[ages]
    share = np.divide(won_by[high] - won_by[low], alive, out=np.zeros_like(alive), where=alive > 1e-9)
    return float(np.sum(values * share))


def same_month_of_last_quarter(known, target):
    """What was won in the month with the same place in the last quarter of which that is known."""
    month = target - 3
    while month >= known.month:
        month -= 3
    return known.won.get(month)


def recent_mean(known, target):
    """The mean of the last three months."""
    last = _last_three(known)
    return sum(last) / 3 if last else None


def level_by_position(known, target):
    """The mean of the last three months x what months at this place of a quarter had of the mean of theirs."""
    last, shares = _last_three(known), []
    for month in known.won:
        quarter = [month - position(month) + step for step in range(3)]
        total = sum(known.won.get(one, 0) for one in quarter)
        if position(month) == position(target) and total > 0 and all(one in known.won for one in quarter):
            shares.append(3 * known.won[month] / total)
    return sum(last) / 3 * sum(shares) / len(shares) if last and shares else None


def _last_three(known):
    last = [known.won.get(known.month - back) for back in (3, 2, 1)]
    return last if None not in last else None


CANDIDATES: dict[str, Callable] = {
    "same_month_of_last_quarter": same_month_of_last_quarter,
    "level_by_position": level_by_position,
    "recent_mean": recent_mean,
    "hazard_by_age": hazard_by_age,
    "weighted_stages": weighted_stages,
}
WORDS = {
    "same_month_of_last_quarter": "the same month of the last quarter",
    "level_by_position": "the level of the last three months times the month's place in its quarter",
    "recent_mean": "the mean of the last three months",
    "hazard_by_age": "when deals of this age closed before",
    "weighted_stages": "value times the probability of the stage, in the expected month",
}


def won_by_month(closings, until):
    """{month: won value} of the months before `until`, from the first closing on; `closings` are (day, won, value)."""
    closings = [(month_of(day), won, value) for day, won, value in closings]
    past = [one for one in closings if one[0] < until]
    found = dict.fromkeys(range(min(month for month, _, _ in past), until), 0.0) if past else {}
    for month, won, value in past:
        if won:
            found[month] += float(value)
    return found
