"""Which forecaster an organisation's own history speaks for: a walk forward through its months.

At the beginning of each month every candidate says what it expects, from what was known by then; when the month is over they
are scored. The one with the smallest absolute error over the same months is used. Until ENOUGH of its months are scored it is
DEFAULT: sales teams close by the quarter, and a weighted pipeline, which knows no timing, overshoots a month threefold.
"""

from dataclasses import dataclass

from deals.forecast.monthly import CANDIDATES
from deals.forecast.spread import interval, interval_of_deals

DEFAULT = "same_month_of_last_quarter"
THIN = "weighted_stages"  # while there is no history of a quarter yet
ENOUGH = 3  # scored months of a candidate
COMPARED, AHEAD = 3, 24  # months ahead that every candidate speaks about, and that the chosen one does


@dataclass(frozen=True)
class Said:
    """What was said when `month` began about the won value of the month `target`; the chosen method with an interval."""

    month: int
    target: int
    method: str
    value: float
    low: float | None = None
    high: float | None = None
    is_chosen: bool = False


def choose(scored):
    """The name of the method to use; `scored` is {method: {month: (forecast, actual)}} of months that are over."""
    compared, months = standing(scored)
    if DEFAULT not in compared or len(months) < ENOUGH:
        return DEFAULT
    return next(iter(compared))


def standing(scored):
    """({method: absolute error over the compared months}, the best first, [compared months]) of methods that are scored ENOUGH.

    Compared are the months in which all of these methods are scored.
    """
    able = {name: months for name, months in scored.items() if len(months) >= ENOUGH}
    months = sorted(set.intersection(*(set(one) for one in able.values()))) if able else []
    errors = {name: sum(abs(able[name][month][0] - able[name][month][1]) for month in months) for name in able}
    order = list(CANDIDATES)  # the first of equals
    return dict(sorted(errors.items(), key=lambda one: (one[1], order.index(one[0])))), months


def forecasts(known, scored, *, seed=0):
    """All that the candidates have to say when `known.month` begins: a list of Said."""
    said = []
    chosen = next((name for name in (choose(scored), DEFAULT, THIN) if CANDIDATES[name](known, known.month) is not None), None)
    for name, candidate in CANDIDATES.items():
        for target in range(known.month, known.month + (AHEAD if name == chosen else COMPARED)):
            value = candidate(known, target)
            if value is not None:
                low, high = _ends(known, target, name, value, scored, seed) if name == chosen else (None, None)
                said.append(Said(known.month, target, name, value, low, high, name == chosen))
    return said


def _ends(known, target, name, value, scored, seed):
    earlier = list(scored.get(name, {}).values())
    seed += known.month * 100 + target - known.month
    if name == THIN and len(earlier) < ENOUGH:
        deals = [deal for deal in known.open if max(deal.expected, known.month) == target]
        return interval_of_deals([deal.value for deal in deals], [deal.probability for deal in deals], seed=seed)
    return interval(value, earlier, ahead=target - known.month, seed=seed)


def scores(said, won):
    """{method: {month: (forecast, actual)}} of what was Said of months that were about to begin and are over now."""
    found: dict[str, dict] = {}
    for one in said:
        if one.target == one.month and one.month in won:
            found.setdefault(one.method, {})[one.month] = (one.value, won[one.month])
    return found


def walk(known_at, months, *, seed=0):
    """What was Said at the beginning of each of `months` (in order); `known_at(month)` answers its Known."""
    said: list[Said] = []
    for month in months:
        known = known_at(month)
        said += forecasts(known, scores(said, known.won), seed=seed)
    return said


def pairs(said, won, horizon, end, method=None):
    """(forecast, actual) of the sums of `horizon` months, by starting month: of one method, or of the chosen ones.

    `won` are the actual values of the months before `end`.
    """
    found: dict[int, list[float]] = {}
    for one in said:
        if one.target < one.month + horizon <= end and (one.method == method if method else one.is_chosen):
            found.setdefault(one.month, []).append(one.value)
    return {
        month: (sum(values), sum(won.get(month + step, 0.0) for step in range(horizon)))
        for month, values in sorted(found.items()) if len(values) == horizon
    }
