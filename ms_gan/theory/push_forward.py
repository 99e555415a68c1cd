"""The distribution of G(z): what becomes of the codes' distribution when G carries it over.

Two ways. `share_density` asks how much of the codes arrives in each cell, P_G(A) = P_z(G⁻¹(A)): it needs nothing of G
but its values. `change_of_variables` divides by G's slope: it needs a G that never turns back.
"""

import numpy as np


def even_codes(count: int, low: float = -1.0, high: float = 1.0) -> np.ndarray:
    """`count` codes that stand for the uniform distribution on [low, high]: the middles of equal parts, float32,
    count×1."""
    return (low + (high - low) * (np.arange(count) + 0.5) / count).astype(np.float32)[:, np.newaxis]


def share_density(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """p_G averaged over each cell: the share of the values in it, divided by its width.

    Args:
        values: G(z) of many codes, any shape.
        edges: of the cells, rising, one more than there are cells. What lies outside counts for the outermost cells,
            so that the density sums to 1.

    Returns:
        float64, one number a cell.
    """
    inside = np.clip(np.ravel(values), edges[0], edges[-1])
    counts, _ = np.histogram(inside, edges)
    return counts / counts.sum() / np.diff(edges)


def change_of_variables(p_z: np.ndarray, z: np.ndarray, x: np.ndarray) -> np.ndarray:
    """p_G(x) = p_z(z) / |dx/dz| at the points x = G(z).

    Args:
        p_z: the codes' density at z.
        z: rising, N numbers.
        x: G(z), N numbers, all rising or all falling.

    Raises:
        ValueError: x turns back, or stands still: then several codes share a point, and the formula is wrong.
    """
    steps = np.diff(x)
    if not ((steps > 0).all() or (steps < 0).all()):
        raise ValueError("G turns back or stands still: there is no code that belongs to x alone")
    return np.asarray(p_z, np.float64) / np.abs(np.gradient(x, z))
