"""Eight small heaps of points on a circle: a game in which modes collapse (Metz et al. 2017), under each objective."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ms_gan.data.latent import fixed_codes
from ms_gan.demos.ring_plot import plot_rings
from ms_gan.demos.toy import ToyGame
from ms_gan.pictures.show import Picture
from ms_gan.recipes import Toy
from ms_gan.theory.divergences import entropy, normalise

MODES, RADIUS, STD = 8, 2.0, 0.05
_ANGLES = 2 * np.pi * np.arange(MODES) / MODES
CENTRES = RADIUS * np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
"""Of the heaps, each a normal distribution with the standard deviation 0.05 in both directions: 8×2."""

RING_MOMENTS = (250, 500, 1000, 2000, 3000)
"""Batches after which the points are looked at."""
POINTS = 4096
NEAR = 3 * STD
FEW = 0.01


@dataclass(frozen=True)
class Coverage:
    """How generated points lie on the ring."""

    near: float
    """Share of the points that are within three standard deviations of a centre; of real points 98.9 % are."""
    modes: int
    """Centres that have at least a hundredth of all points so near."""
    spread: float
    """Over how many centres the points are spread, near or not: e to the entropy of the shares of points that each
    centre is the nearest for. 8 if all are equal, 1 if all points lie about one."""


def draw_ring(rng: np.random.Generator, count: int) -> np.ndarray:
    """`count` points of the data: count×2."""
    return CENTRES[rng.integers(0, MODES, count)] + rng.normal(0, STD, (count, 2))


def ring_coverage(points: np.ndarray) -> Coverage:
    """Measures points N×2."""
    distances = np.linalg.norm(points[:, np.newaxis] - CENTRES, axis=2)  # N×8
    nearest, is_near = distances.argmin(axis=1), distances.min(axis=1) <= NEAR
    heaps = np.bincount(nearest[is_near], minlength=MODES)
    shares = normalise(np.bincount(nearest, minlength=MODES))
    return Coverage(float(is_near.mean()), int((heaps >= FEW * len(points)).sum()), float(np.exp(entropy(shares))))


def play_ring(toy: Toy, moments: tuple[int, ...] = RING_MOMENTS) -> list[np.ndarray]:
    """Plays a game up to the last of the moments, and returns G's points at each: always of the same codes, 4096×2."""
    game = ToyGame(toy, draw_ring)
    codes = fixed_codes(POINTS, toy.recipe.latent_size, noise=toy.recipe.noise)
    found = []
    for before, moment in zip((0, *moments), moments, strict=False):
        game.play(moment - before)
        found.append(game.generate(codes))
    return found


def draw_rings(path: Path, games: dict[str, list[np.ndarray]], moments: tuple[int, ...] = RING_MOMENTS) -> Picture:
    """Draws what `play_ring` returned for several games as a PNG, a row for each, and returns the figure.

    Raises:
        UserError: `path` is not writable.
    """
    rows = {name: [(points, _note(points)) for points in found] for name, found in games.items()}
    return plot_rings(path, CENTRES, NEAR, [f"{moment:,} batches" for moment in moments], rows)


def _note(points: np.ndarray) -> str:
    found = ring_coverage(points)
    return f"{found.modes} of {MODES}; near: {found.near:.0%}"
