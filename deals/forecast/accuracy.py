"""How good forecasts of months were, by error and bias. Single deals are judged by their calibration (lio/calibration.py)."""


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
