"""Weights that fit a history best, given what was believed before: the mode of the posterior (MAP) of logistic regression.

Newton's method (iteratively reweighted least squares; Bishop, Pattern Recognition and Machine Learning, 4.3.3 and 4.5.1) on
the log-likelihood plus a Gaussian prior. The sum is strictly concave, so there is one answer; a step that would worsen it is
halved. NumPy is loaded here alone: the web never fits.
"""

STEPS, CLOSE = 50, 1e-9


def fit(rows, labels, prior):
    """The weights of a logistic regression: an array of shape (columns,).

    `rows`: array (leads, columns); `labels`: array of 0 and 1; `prior`: (means, precisions), arrays of shape (columns,) with
    precisions above 0. Raises ArithmeticError when it comes to no end, which finite input cannot cause.
    """
    import numpy as np

    means, precisions = (np.asarray(side, dtype=float) for side in prior)
    weights = means.copy()
    value = _value(rows, labels, weights, means, precisions)
    for _ in range(STEPS):
        p = chances(rows, weights)
        gradient = rows.T @ (labels - p) - precisions * (weights - means)
        curvature = (rows * (p * (1 - p))[:, None]).T @ rows
        curvature[np.diag_indices_from(curvature)] += precisions
        step = np.linalg.solve(curvature, gradient)
        for _ in range(30):
            better = _value(rows, labels, weights + step, means, precisions)
            if better >= value - 1e-12 * abs(value):
                break
            step = step / 2
        weights, value = weights + step, better
        if np.abs(step).max() < CLOSE:
            return weights
    raise ArithmeticError("the weights do not settle")


def chances(rows, weights):
    """The chance of each row, an array of shape (leads,)."""
    import numpy as np

    return 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))


def _value(rows, labels, weights, means, precisions):
    import numpy as np

    odds = rows @ weights
    return float(labels @ odds - np.logaddexp(0, odds).sum() - (precisions * (weights - means) ** 2).sum() / 2)
