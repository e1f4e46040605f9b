"""Which forecaster an organisation's own history speaks for: a walk forward through its months.

At the beginning of each month every candidate says what it expects, from what was known by then; when the month is over they
are scored. The one with the smallest absolute error over the same months is used. Until ENOUGH months are scored it is DEFAULT:
sales teams close by the quarter, and a weighted pipeline, which knows no timing, overshoots a single month threefold.
"""

from dataclasses import dataclass

from deals.forecast.monthly import CANDIDATES
from deals.forecast.spread import interval

DEFAULT = "same_month_of_last_quarter"
THIN = "weighted_stages"  # while there is no history of a quarter yet
ENOUGH = 3  # scored months of a candidate
HORIZONS = (1, 3)  # months that are summed up


@dataclass(frozen=True)
class Said:
    """What was said when `month` began about the sum of so many months from it."""

    month: int
    horizon: int
    method: str
    value: float
    low: float | None = None
    high: float | None = None
    is_chosen: bool = False


def choose(scored):
    """The name of the method to use; `scored` is {method: {month: (forecast, actual)}} of months that are over."""
    able = {name: months for name, months in scored.items() if len(months) >= ENOUGH}
    if not able:
        return DEFAULT
    months = set.intersection(*(set(one) for one in able.values()))
    if len(months) < ENOUGH:
        return DEFAULT
    order = list(CANDIDATES)  # the first of equals
    return min(able, key=lambda name: (sum(abs(able[name][m][0] - able[name][m][1]) for m in months), order.index(name)))


def forecasts(known, scored, *, horizons=HORIZONS, seed=0):
    """All that the candidates Say when `known.month` begins; the chosen method's have an interval of 80 %."""
    sums = {
        (name, horizon): _sum([candidate(known, known.month + ahead) for ahead in range(horizon)])
        for name, candidate in CANDIDATES.items() for horizon in horizons
    }
    chosen = choose(scored)
    if sums[chosen, min(horizons)] is None:
        chosen = next((name for name in (DEFAULT, THIN) if sums[name, min(horizons)] is not None), chosen)
    said = []
    for (name, horizon), value in sums.items():
        if value is None:
            continue
        low = high = None
        if name == chosen:
            low, high = interval(value, list(scored.get(name, {}).values()), seed=seed + known.month * 10 + horizon)
        said.append(Said(known.month, horizon, name, value, low, high, name == chosen))
    return said


def scores(said, won):
    """{method: {month: (forecast, actual)}} of what was Said of single months that are over."""
    found: dict[str, dict] = {}
    for one in said:
        if one.horizon == 1 and one.month in won:
            found.setdefault(one.method, {})[one.month] = (one.value, won[one.month])
    return found


def walk(known_at, months, *, seed=0):
    """What was Said at the beginning of each of `months` (in order); `known_at(month)` answers its Known."""
    said: list[Said] = []
    for month in months:
        known = known_at(month)
        said += forecasts(known, scores(said, known.won), seed=seed)
    return said


def _sum(values):
    return None if None in values else sum(values)
