"""Walks from one latent code to another: on the straight line, and on the great circle."""

from collections.abc import Callable

import numpy as np

from ms_gan.data.latent import fixed_codes

DRAWN = 2_000  # codes whose lengths are measured


def straight(start: np.ndarray, goal: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """(1 − t)·start + t·goal for each share t: float32, N×size.

    Between two codes from N(0, 1) the middle is shorter than nearly every code that G was trained on: √n/√2 for √n.

    Args:
        start: a latent code, `size` numbers.
        goal: another.
        shares: N numbers from 0, the start, to 1, the goal.
    """
    t = np.asarray(shares)[:, np.newaxis]
    return ((1 - t) * start + t * goal).astype(np.float32)


def great_circle(start: np.ndarray, goal: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """On the sphere around 0, so that no code is too short (White 2016, Sampling Generative Networks, section 2).

    The direction turns from that of the start to that of the goal, by their angle Ω:
    sin((1 − t)Ω)/sin Ω · u + sin(tΩ)/sin Ω · v. The length goes evenly from one's to the other's. Where there is no
    such circle (a code of zeros, two of opposite directions) or nothing to turn (equal ones) it is the straight line.

    Args and result as those of `straight`.
    """
    lengths = np.linalg.norm([start, goal], axis=1)
    directions = np.stack([start, goal]) / np.maximum(lengths, 1e-12)[:, np.newaxis]
    angle = np.arccos(np.clip(directions[0] @ directions[1], -1, 1))
    if lengths.min() == 0 or np.sin(angle) < 1e-3:
        return straight(start, goal, shares)
    t = np.asarray(shares)[:, np.newaxis]
    turned = (np.sin((1 - t) * angle) * directions[0] + np.sin(t * angle) * directions[1]) / np.sin(angle)
    return (((1 - t) * lengths[0] + t * lengths[1]) * turned).astype(np.float32)


Walk = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]

WALKS: dict[str, Walk] = {"straight line": straight, "great circle": great_circle}
"""By the names that pictures give them."""


def round_walk(walk: Walk, codes: np.ndarray, frames: int) -> np.ndarray:
    """From each code to the next and from the last back to the first, so that it can be played in a loop.

    Args:
        walk: one of WALKS.
        codes: M×size, M at least 2.
        frames: steps from one code to the next.

    Returns:
        float32, (M·frames)×size; every `frames`-th is one of the codes.
    """
    shares = np.arange(frames) / frames
    return np.concatenate([walk(*pair, shares) for pair in zip(codes, np.roll(codes, -1, axis=0), strict=True)])


def usual_code_lengths(latent_size: int, noise: str) -> tuple[float, float]:
    """Between which two lengths 98 of 100 latent codes lie, measured on 2,000 of them."""
    lengths = np.linalg.norm(fixed_codes(DRAWN, latent_size, noise=noise), axis=1)
    low, high = np.percentile(lengths, [1, 99])
    return float(low), float(high)
