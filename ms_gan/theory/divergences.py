"""Entropy and divergences, of discrete distributions and of densities on a grid.

One formula serves both. A distribution is an array p of numbers that are at least 0, and `cell` says how much of the
line (or plane) each of them stands for: 1, the default, for a discrete distribution, whose p are probabilities; the
width of a grid's cells, one number or one for each, for a density, whose p are probabilities per unit of x. In both
cases Σ p·cell = 1, and each quantity below is a sum Σ f(p, q)·cell: over points, or the midpoint rule for an integral.

Conventions for zeros: 0·log 0 = 0, as p·log p → 0 for p → 0; a point that neither has adds nothing; a point that p has
and q has not makes KL(p‖q) infinite. Logarithms are natural, so all results are in nats: log 2 is one bit.
"""

import numpy as np

SUM_TOLERANCE = 1e-9


def normalise(weights: np.ndarray, cell: float | np.ndarray = 1.0) -> np.ndarray:
    """The distribution proportional to `weights`: Σ p·cell = 1.

    Raises:
        ValueError: a weight below 0 or not finite, or none above 0.
    """
    weights = np.asarray(weights, np.float64)
    total = (weights * cell).sum()
    if not (np.isfinite(total) and total > 0 and (weights >= 0).all()):
        raise ValueError("weights must be finite and at least 0, and one of them above 0")
    return weights / total


def entropy(p: np.ndarray, cell: float | np.ndarray = 1.0) -> float:
    """H(p) = −Σ p log p: how much one draw tells, on average.

    At least 0 for a discrete p, log n at most. Of a density it depends on the unit of x and may be below 0.

    Raises:
        ValueError: p is no distribution.
    """
    (p,) = _distributions(cell, p)
    return float(0 - (_times_log(p, p) * cell).sum())  # 0 − 0 is 0, and −0 would be printed with its sign


def cross_entropy(p: np.ndarray, q: np.ndarray, cell: float | np.ndarray = 1.0) -> float:
    """H(p, q) = −Σ p log q = H(p) + KL(p‖q): what a code made for q costs on draws of p (slide 什么是交叉熵).

    Infinite if p has a point that q has not.

    Raises:
        ValueError: p or q is no distribution.
    """
    p, q = _distributions(cell, p, q)
    return float(0 - (_times_log(p, q) * cell).sum())


def kl(p: np.ndarray, q: np.ndarray, cell: float | np.ndarray = 1.0) -> float:
    """KL(p‖q) = Σ p log(p/q): 0 if p = q and else above, not symmetric, infinite if p has a point that q has not.

    Summed as p log(p/q) − p + q: the added parts cancel, as both sum to 1, and no term is below 0, because
    log t ≤ t − 1. That is the proof that KL ≥ 0, and it keeps the rounding from saying otherwise.

    Raises:
        ValueError: p or q is no distribution.
    """
    return _divergence(*_distributions(cell, p, q), cell)


def js(p: np.ndarray, q: np.ndarray, cell: float | np.ndarray = 1.0) -> float:
    """JSD(p‖q) = ½ KL(p‖m) + ½ KL(q‖m), m = (p + q)/2: symmetric, 0 if p = q and else above.

    At most log 2, which it is wherever p and q have no point in common, near or far.

    Raises:
        ValueError: p or q is no distribution.
    """
    p, q = _distributions(cell, p, q)
    middle = p / 2 + q / 2  # not (p + q) / 2: the densities may be large
    return (_divergence(p, middle, cell) + _divergence(q, middle, cell)) / 2


def _divergence(p: np.ndarray, q: np.ndarray, cell: float | np.ndarray) -> float:
    """Σ (p log(p/q) − p + q)·cell, each term without a loss of digits where p and q are close."""
    close = np.abs(q - p) < p / 2
    t = np.divide(q - p, p, out=np.zeros_like(p), where=close)
    apart = _times_log(p, p) - _times_log(p, q) - p + q
    terms = np.where(close, p * (t - np.log1p(t)), apart)
    return float((terms * cell).sum())


def _times_log(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """p log q with 0·log 0 = 0; −∞ where q alone is 0."""
    with np.errstate(divide="ignore"):
        return p * np.log(q, out=np.zeros_like(p), where=p > 0)


def _distributions(cell: float | np.ndarray, *arrays: np.ndarray) -> list[np.ndarray]:
    found = [np.asarray(array, np.float64) for array in arrays]
    for p in found:
        if p.shape != found[0].shape:
            raise ValueError(f"distributions of different shapes: {found[0].shape} and {p.shape}")
        if not ((p >= 0).all() and np.isfinite(p).all()):
            raise ValueError("a distribution has no number that is below 0, infinite or no number at all")
        if abs((p * cell).sum() - 1) > SUM_TOLERANCE:
            raise ValueError(f"a distribution sums to 1, not {(p * cell).sum():.12g}: see normalise")
    return found
