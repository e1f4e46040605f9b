"""How good chances were, of lists of (chance, whether it came true)."""

from math import log

from lio import calibration
from lio.calibration import BANDS, band_of

LEAST = 1e-6  # no chance is taken for more certain than that


def log_loss(pairs):
    """The mean negative log-likelihood. 0 is perfect; the base rate alone gives its entropy."""
    return -sum(log(max(LEAST, p if won else 1 - p)) for p, won in pairs) / len(pairs)


def brier(pairs):
    """The mean squared error."""
    return calibration.brier(pairs)


def auc(pairs):
    """The share of pairs of one that was won and one that was not, in which the won one had the higher chance (ties: half).

    By ranks (Mann-Whitney U). None when all came out alike.
    """
    ordered = sorted(pairs)
    won = sum(1 for _, label in ordered if label)
    if not won or won == len(ordered):
        return None
    ranks, at = 0.0, 0
    while at < len(ordered):
        end = at
        while end < len(ordered) and ordered[end][0] == ordered[at][0]:
            end += 1
        ranks += (at + 1 + end) / 2 * sum(1 for _, label in ordered[at:end] if label)
        at = end
    return (ranks - won * (won + 1) / 2) / (won * (len(ordered) - won))


def reliability(pairs):
    """What came true of what was said, band by band: [{from, to, leads, said, won}], without empty bands."""
    return calibration.reliability(pairs, "leads")


def calibration_error(pairs):
    """Expected calibration error: the mean distance of said and won over the bands, each weighing as many as it has."""
    return sum(band["leads"] * abs(band["said"] - band["won"]) for band in reliability(pairs)) / len(pairs)


def shares(chances):
    """The share of chances in each band: a list of BANDS."""
    counts = [0] * BANDS
    for p in chances:
        counts[band_of(p)] += 1
    return [count / max(1, len(chances)) for count in counts]


def drift(before, after):
    """Population stability index of two lists of shares: below 0.1 nothing has moved, above 0.25 much has."""
    pairs = [(max(old, 0.001), max(new, 0.001)) for old, new in zip(before, after, strict=True)]
    return sum((new - old) * log(new / old) for old, new in pairs)
