"""The game of Goodfellow et al. (2014), solved: the best discriminator, the value, and what the generator feels.

Distributions are arrays and `cell` as in `divergences`: for a discrete distribution 1, for a density the width of a
grid's cells. D is an array of probabilities, one for each point.
"""

import math

import numpy as np

EQUILIBRIUM_VALUE = -math.log(4)
"""V(G, D*) where p_G = p_data: log ½ + log ½, the smallest that V(G, D*) can be (theorem 1)."""


def optimal_discriminator(p_data: np.ndarray, p_g: np.ndarray) -> np.ndarray:
    """D*(x) = p_data(x) / (p_data(x) + p_G(x)), the best answer to a G that stands still (proposition 1).

    It is a ratio, so any common factor of both cancels. Where neither has a point, every D is as good, and ½ is given.
    """
    p_data, p_g = np.asarray(p_data, np.float64), np.asarray(p_g, np.float64)
    total = p_data + p_g
    return np.divide(p_data, total, out=np.full_like(total, 0.5), where=total > 0)


def value(p_data: np.ndarray, p_g: np.ndarray, d: np.ndarray, cell: float | np.ndarray = 1.0) -> float:
    """V(G, D) = Σ p_data log D + p_G log(1 − D): what D wants large and G small (eq. 1, 3).

    Never above 0. −∞ for a D that is certain, 0 or 1, and wrong; 0·log 0 = 0.

    Raises:
        ValueError: a number of d is no probability.
    """
    d = np.asarray(d, np.float64)
    if not ((d >= 0) & (d <= 1)).all():
        raise ValueError("D's answers are probabilities, from 0 to 1")
    terms = _times(p_data, np.log, d) + _times(p_g, np.log1p, -d)
    return float((terms * cell).sum())


def best_value(p_data: np.ndarray, p_g: np.ndarray, cell: float | np.ndarray = 1.0) -> float:
    """C(G) = max over D of V(G, D) = V(G, D*) = −log 4 + 2·JSD(p_data‖p_G) (theorem 1), from −log 4 to 0.

    Summed from log D* and log(1 − D*), so that its equality with the divergence can be checked and is not assumed; and
    from the logarithms of the densities, because D* itself may be rounded to 1 where there still is some p_G.
    """
    total = np.asarray(p_data, np.float64) + p_g
    terms = sum(_times(p, np.log, p) - _times(p, np.log, total) for p in (p_data, p_g))
    return float((terms * cell).sum())


def slope(p_data: np.ndarray, p_g: np.ndarray, d: np.ndarray) -> np.ndarray:
    """∂/∂D of p_data log D + p_G log(1 − D) = p_data/D − p_G/(1 − D), at each point, for 0 < D < 1. It is 0 at D*."""
    return np.asarray(p_data) / d - np.asarray(p_g) / (1 - np.asarray(d))


def curvature(p_data: np.ndarray, p_g: np.ndarray, d: np.ndarray) -> np.ndarray:
    """∂²/∂D² of the same = −p_data/D² − p_G/(1 − D)²: below 0 wherever there is anything, so D* is the maximum."""
    return -np.asarray(p_data) / np.square(d) - np.asarray(p_g) / np.square(1 - np.asarray(d))


def saturating_slope(score: np.ndarray) -> np.ndarray:
    """The slope of log(1 − D), D = sigmoid(score), for the score: −D. It vanishes where D is sure of a fake."""
    return -_sigmoid(score)


def non_saturating_slope(score: np.ndarray) -> np.ndarray:
    """The slope of −log D, D = sigmoid(score), for the score: −(1 − D). It vanishes where D is fooled."""
    return -_sigmoid(-np.asarray(score, np.float64))


def _sigmoid(score: np.ndarray) -> np.ndarray:
    """1/(1 + e^(−s)), that neither overflows nor loses its last digits where it is small."""
    score = np.asarray(score, np.float64)
    small = np.exp(-np.abs(score))  # at most 1
    return np.where(score >= 0, 1, small) / (1 + small)


def _times(p: np.ndarray, log, d: np.ndarray) -> np.ndarray:
    """p·log(d) with 0·log 0 = 0, where `log` is np.log or np.log1p."""
    p, d = np.asarray(p, np.float64), np.asarray(d, np.float64)
    with np.errstate(divide="ignore"):
        return p * log(d, out=np.zeros_like(p), where=p > 0)
