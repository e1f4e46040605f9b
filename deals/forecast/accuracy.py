"""How good forecasts were: of months by error and bias, of single deals by calibration."""

BANDS = 10  # of the reliability table


def accuracy_of(forecast, actual):
    """1 for a forecast that came true, 0 for one that was off by the whole or more; None where nothing was expected or won."""
    if not actual:
        return None if not forecast else 0.0
    return max(0.0, 1 - abs(forecast - actual) / actual)


def summed_up(pairs):
    """{"mape", "bias", "months"} of (forecast, actual) pairs, as shares of the actual value; None without a month with any.

    MAPE and bias are means over the months, as is usual where months weigh the same.
    """
    errors = [(forecast - actual) / actual for forecast, actual in pairs if actual > 0]
    if not errors:
        return {"mape": None, "bias": None, "months": 0}
    return {"mape": sum(map(abs, errors)) / len(errors), "bias": sum(errors) / len(errors), "months": len(errors)}


def coverage(triples):
    """The share of outcomes within their intervals; `triples` are (low, actual, high). None without any."""
    inside = [low <= actual <= high for low, actual, high in triples]
    return sum(inside) / len(inside) if inside else None


def brier(predictions):
    """The mean squared error of probabilities; `predictions` are (probability, won, number of such deals)."""
    total = sum(number for _, _, number in predictions)
    return sum((float(p) - won) ** 2 * number for p, won, number in predictions) / total if total else None


def reliability(predictions):
    """What came true of what was said, band by band: [{"from", "to", "deals", "said", "won"}], without empty bands."""
    bands: dict[int, list[float]] = {}
    for p, won, number in predictions:
        band = bands.setdefault(min(int(float(p) * BANDS), BANDS - 1), [0, 0.0, 0])
        band[0] += number
        band[1] += float(p) * number
        band[2] += won * number
    return [
        {"from": band / BANDS, "to": (band + 1) / BANDS, "deals": number, "said": said / number, "won": won / number}
        for band, (number, said, won) in sorted(bands.items())
    ]
