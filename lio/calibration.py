"""How far chances can be trusted: what was said beside what came true. For scores of leads and for forecasts of deals alike.

Predictions are (chance, whether it came true) or (chance, whether it came true, how many such there are).
"""

from collections.abc import Iterable

BANDS = 10


def brier(predictions):
    """The mean squared error of chances; None without any."""
    total, error = 0, 0.0
    for p, came, number in _counted(predictions):
        total += number
        error += (p - came) ** 2 * number
    return error / total if total else None


def reliability(predictions, counted):
    """What came true of what was said, band by band: [{"from", "to", <counted>: how many, "said", "won"}]; empty ones are left
    out."""
    bands: dict[int, list[float]] = {}
    for p, came, number in _counted(predictions):
        band = bands.setdefault(band_of(p), [0, 0.0, 0])
        band[0] += number
        band[1] += p * number
        band[2] += came * number
    return [
        {"from": band / BANDS, "to": (band + 1) / BANDS, counted: number, "said": said / number, "won": came / number}
        for band, (number, said, came) in sorted(bands.items())
    ]


def band_of(p):
    """Which of the BANDS a chance falls into; 1 is in the last."""
    return min(int(p * BANDS), BANDS - 1)


def _counted(predictions) -> Iterable[tuple[float, bool, int]]:
    for p, came, *number in predictions:
        yield float(p), came, number[0] if number else 1
