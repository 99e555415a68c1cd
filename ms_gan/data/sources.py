"""The pictures that a recipe names: where they come from, what is known of them, and which are held out."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ms_gan.choices import Choices
from ms_gan.data.folder.loading import load_pictures
from ms_gan.data.mnist.files import SIDE, load_images, load_labels
from ms_gan.errors import UserError
from ms_gan.recipes import Recipe

Say = Callable[[str], None]
Load = Callable[[Recipe, Path | None, Say], np.ndarray]
"""Takes the recipe, the folder that --data names, and what takes a line for the user."""


def _own_shape(recipe: Recipe) -> tuple[int, int, int]:
    return recipe.channels, recipe.size, recipe.size


@dataclass(frozen=True)
class Source:
    """Where pictures come from. Arrays in memory: `SOURCES["mine"] = Source(lambda recipe, folder, say: pictures)`.

    A recipe with `source="mine"` then trains on them; its `size` and `channels` say of which shape they are.
    """

    load: Load
    """All its pictures: uint8, N×H×W×C, values 0…255."""

    labels: Load | None = None
    """Their labels: whole numbers, N; None where there are none."""

    held_out: Load | None = None
    """Pictures that are never trained on, as those of `load`; None where they are those that a recipe leaves out."""

    load_readable: Load | None = None
    """As `load`, but however many of its pictures cannot be read; None where it cannot happen that one is not."""

    shape: Callable[[Recipe], tuple[int, int, int]] = _own_shape
    """(channels, height, width) of its pictures; unless given, what the recipe's settings say."""

    check: Callable[[Recipe], None] = lambda recipe: None
    """Raises UserError if a recipe's settings do not fit the source."""

    @property
    def has_labels(self) -> bool:
        """Whether a game that asks for labels can be played with it."""
        return self.labels is not None


SOURCES: Choices[Source] = Choices("source")
"""By the name that a recipe has for it."""


def check(recipe: Recipe) -> None:
    """Holds a recipe's settings of pictures against its source.

    Raises:
        UserError: there is no such source, or a setting that does not fit it.
    """
    SOURCES.find(recipe.source).check(recipe)


def load_data_set(recipe: Recipe, folder: Path | None = None, say: Say = print, skip_bad: bool = False) -> np.ndarray:
    """All pictures that a recipe trains on: uint8, N×H×W×C, values 0…255.

    Args:
        recipe: its source says where from, and its picture fields what is made of a folder's pictures.
        folder: of MNIST's files, or of pictures; None for the MNIST that comes with the project.
        say: takes a line for the user.
        skip_bad: whether any number of a folder's pictures may be unreadable.

    Raises:
        UserError: as `mnist.load_images` or `folder.load_pictures`; or a source gives other pictures than it says.
    """
    return _all(recipe, folder, say, skip_bad)[: recipe.train_images or None]


def load_label_set(recipe: Recipe, folder: Path | None = None, say: Say = print) -> np.ndarray:
    """The labels of `load_data_set`'s pictures: int32, N.

    Raises:
        UserError: the source has none; or as `load_data_set`.
    """
    source = SOURCES.find(recipe.source)
    if source.labels is None:
        those = ", ".join(name for name, other in SOURCES.items() if other.has_labels)
        raise UserError(f"the source {recipe.source} has no labels: one that has is {those}")
    return source.labels(recipe, folder, say)[: recipe.train_images or None].astype(np.int32)


def load_held_out(recipe: Recipe, folder: Path | None = None, say: Say = print) -> np.ndarray:
    """Real pictures that a recipe does not train on: uint8, M×H×W×C; M is 0 where it trains on all there are.

    They are MNIST's test images; of a folder, those that `train_images` leaves out.

    Raises:
        UserError: as `load_data_set`; MNIST's test images are not there.
    """
    source = SOURCES.find(recipe.source)
    if source.held_out is not None:
        return source.held_out(recipe, folder, say)
    if not recipe.train_images:
        channels, height, width = source.shape(recipe)
        return np.empty((0, height, width, channels), np.uint8)
    # Who loaded the others was told, and decided then what may be unreadable.
    return _all(recipe, folder, lambda line: None, skip_bad=True)[recipe.train_images :]


def _all(recipe: Recipe, folder: Path | None, say: Say, skip_bad: bool) -> np.ndarray:
    source = SOURCES.find(recipe.source)
    load = source.load_readable if skip_bad and source.load_readable else source.load
    pictures = load(recipe, folder, say)
    channels, height, width = source.shape(recipe)
    if pictures.dtype != np.uint8 or pictures.ndim != 4 or pictures.shape[1:] != (height, width, channels):
        raise UserError(
            f"the source {recipe.source} gives {pictures.dtype} of shape {pictures.shape}, but pictures are to be "
            f"uint8 of shape (N, {height}, {width}, {channels}): see --size and --channels"
        )
    return pictures


def _check_mnist(recipe: Recipe) -> None:
    if (recipe.pattern, recipe.crop, recipe.size, recipe.channels) != ("*", 0, SIDE, 1):
        raise UserError(
            "MNIST's pictures are 28×28 and grey; --pattern, --crop, --size and --channels are for a folder of "
            "pictures: --source folder, as in the recipe dcgan-faces"
        )


def _load_folder(recipe: Recipe, folder: Path | None, say: Say, skip_bad: bool = False) -> np.ndarray:
    settings = {name: getattr(recipe, name) for name in ("pattern", "crop", "size", "channels")}
    return load_pictures(folder, **settings, skip_bad=skip_bad, say=say)


SOURCES["mnist"] = Source(
    load=lambda recipe, folder, say: load_images(folder, say=say),
    labels=lambda recipe, folder, say: load_labels(folder, say=say),
    held_out=lambda recipe, folder, say: load_images(folder, "test", say),
    shape=lambda recipe: (1, SIDE, SIDE),
    check=_check_mnist,
)
SOURCES["folder"] = Source(_load_folder, load_readable=partial(_load_folder, skip_bad=True))
