"""How far from its forecast a month may come out: by simulation, seeded, so that the same question has the same answer."""

from math import log, sqrt

DRAWS = 4_000
COVERED = 0.8  # of what happens lies between the ends of an interval
USUAL = 0.25  # spread of a month around its forecast (as a logarithm) while we know no better,
WORTH = 3  # which counts as much as so many months
WIDEST, MOST = 300, 9e15  # of a factor's logarithm, and of what can be stored


def interval(value, scored, *, ahead=0, seed=0):
    """The ends between which COVERED of the outcomes lie; `scored` are (forecast, actual) of earlier months.

    A month comes out as its forecast times a random factor; the factor's logarithm is drawn from Student's t with the spread
    of the earlier errors, whose square grows by a twelfth with each month that it is `ahead`.
    """
    import numpy as np

    if value <= 0:
        return 0.0, 0.0
    errors = [log(actual / forecast) for forecast, actual in scored if forecast > 0 and actual > 0]
    known = WORTH + len(errors)
    spread = sqrt((WORTH * USUAL**2 + sum(error**2 for error in errors)) / known) * sqrt(1 + ahead / 12)
    draws = value * np.exp(np.clip(spread * np.random.default_rng(seed).standard_t(known, DRAWS), -WIDEST, WIDEST))
    low, high = np.quantile(draws, [(1 - COVERED) / 2, (1 + COVERED) / 2])
    return float(low), min(float(high), MOST)


def interval_of_deals(values, chances, *, seed=0):
    """The same for the sum of deals of which each is won or not, with its own chance."""
    import numpy as np

    if not len(values):
        return 0.0, 0.0
    numbers, sums = np.random.default_rng(seed), np.zeros(DRAWS)
    amounts, odds = np.asarray(values, dtype=float), np.asarray(chances, dtype=float)
    if len(amounts) > 2_000:  # the sum of so many is normal
        mean, spread = float(amounts @ odds), sqrt(float((amounts**2) @ (odds * (1 - odds))))
        sums = numbers.normal(mean, spread, DRAWS)
    else:
        for start in range(0, DRAWS, 500):  # in bounded memory
            sums[start : start + 500] = (numbers.random((500, len(amounts))) < odds) @ amounts
    low, high = np.quantile(sums, [(1 - COVERED) / 2, (1 + COVERED) / 2])
    return max(0.0, float(low)), float(high)
