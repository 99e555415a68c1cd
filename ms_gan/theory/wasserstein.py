"""The Wasserstein distance in one dimension: how far probability has to be carried, as earth by a shovel.

Where two distributions have no point in common the Jensen-Shannon divergence is log 2, near or far. This distance sees
how far apart they are (Arjovsky et al. 2017, example 1).
"""

import numpy as np


def wasserstein_distance(p: np.ndarray, q: np.ndarray, x: np.ndarray) -> float:
    """W₁(p, q) = ∫ |F_p − F_q| dx: what crosses each gap between two neighbours, times the gap's width.

    In one dimension no plan of carrying is better than keeping the order.

    Args:
        p, q: probabilities of the points x, N numbers each (of a density: p·cell), with the same sum.
        x: the points, rising.

    Returns:
        the distance, in the unit of x.

    Raises:
        ValueError: x does not rise.
    """
    gaps = np.diff(np.asarray(x, np.float64))
    if not (gaps > 0).all():
        raise ValueError("the points must rise")
    crossing = np.cumsum(np.asarray(p, np.float64) - q)[:-1]
    return float((np.abs(crossing) * gaps).sum())


def wasserstein_of_samples(one: np.ndarray, other: np.ndarray) -> float:
    """W₁ between two samples of the same size: each value is carried to the one of the same rank.

    Raises:
        ValueError: samples of different sizes, or empty ones.
    """
    one, other = np.sort(np.ravel(one)), np.sort(np.ravel(other))
    if len(one) != len(other) or len(one) == 0:
        raise ValueError(f"two samples of one size are compared, not {len(one)} values with {len(other)}")
    return float(np.abs(one - other).mean())
