"""Whether a generator copies: how near its samples come to the training pictures, and how near real pictures come."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ms_gan.data.latent import generator_for
from ms_gan.data.sources import load_held_out
from ms_gan.errors import UserError
from ms_gan.recipes import Recipe
from ms_gan.studies.neighbours.search import nearest

NEIGHBOURS = 4  # of each picture


@dataclass(frozen=True)
class Compared:
    """Pictures beside the training pictures that are nearest to them."""

    pixels: np.ndarray
    """uint8, N×H×W×C."""
    neighbours: np.ndarray
    """uint8, N×4×H×W×C, the nearest first; fewer where there are no more training pictures."""
    distances: np.ndarray
    """float64, N×4: root mean squared difference of the pixels, in grey levels from 0 to 255."""

    @property
    def nearest(self) -> np.ndarray:
        """N distances to the nearest one."""
        return self.distances[:, 0]


def find_neighbours(pixels: np.ndarray, trained_on: np.ndarray, own: np.ndarray | None = None) -> Compared:
    """Finds the training pictures that are nearest to the given ones.

    Args:
        pixels: uint8, N×H×W×C.
        trained_on: uint8, M×H×W×C, M at least 2.
        own: where the pictures themselves are in `trained_on`, N places; None if they are not among them.

    Raises:
        UserError: there are fewer than two training pictures, or they have another shape.
    """
    if len(trained_on) < 2 or trained_on.shape[1:] != pixels.shape[1:]:
        raise UserError(f"two pictures at least, of shape {pixels.shape[1:]}, are needed, not {trained_on.shape}")
    others = len(trained_on) - (own is not None)
    places, distances = nearest(pixels, trained_on, min(NEIGHBOURS, others), own)
    found = np.stack([trained_on[row] for row in places])
    return Compared(pixels, found, distances)


def find_real_neighbours(
    recipe: Recipe, folder: Path | None, trained_on: np.ndarray, count: int, seed: int, say: Callable = print
) -> tuple[str, Compared]:
    """Real pictures compared in the same way: what a distance means can be read off them.

    They are MNIST's test images; of a folder, the pictures that the recipe's `train_images` left out. Where there are
    none such, they are training pictures, each compared with the others.

    Args:
        recipe: that of the run.
        folder: of its data set.
        trained_on: the training pictures.
        count: how many to take, of those there are.
        seed: fixes which.
        say: takes a line for the user.

    Returns:
        what they are, and the comparison.
    """
    rng = generator_for(seed, 0, "yardstick")
    held_out = _held_out(recipe, folder, say)
    if len(held_out):
        chosen = np.sort(rng.permutation(len(held_out))[:count])
        return "held-out pictures", find_neighbours(np.asarray(held_out[chosen]), trained_on)
    own = np.sort(rng.permutation(len(trained_on))[:count])
    return "training pictures (each beside the others)", find_neighbours(np.asarray(trained_on[own]), trained_on, own)


def _held_out(recipe: Recipe, folder: Path | None, say: Callable) -> np.ndarray:
    try:
        return load_held_out(recipe, folder, say)
    except UserError as error:
        say(f"note: no test images, so training images serve as the yardstick ({error})")
        return np.empty((0, 1, 1, 1), np.uint8)


def copies(drawn: Compared, real: Compared) -> tuple[int, float]:
    """How many samples are as good as copies, and below which distance: half of the nearest real picture's.

    A copy of a training picture would lie at 0.
    """
    limit = float(real.nearest.min()) / 2
    return int((drawn.nearest < limit).sum()), limit


def describe_copies(drawn: Compared, real: Compared, name: str) -> str:
    """One line: both groups' distances, and how many copies there are."""
    number, limit = copies(drawn, real)
    return (
        f"grey levels to the nearest training picture: {len(drawn.pixels)} samples {_range(drawn)}; "
        f"{len(real.pixels)} {name} {_range(real)}; "
        f"copies (nearer than {limit:.1f}, half of the nearest real one's distance): {number}"
    )


def _range(compared: Compared) -> str:
    low, middle, high = np.percentile(compared.nearest, [0, 50, 100])
    return f"{low:.1f} to {high:.1f}, median {middle:.1f}"
