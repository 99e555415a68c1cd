"""The pictures that a recipe names."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ms_gan.data.folder.loading import load_pictures
from ms_gan.data.mnist.files import load_images
from ms_gan.recipes import Recipe


def load_data_set(recipe: Recipe, folder: Path | None = None, say: Callable[[str], None] = print) -> np.ndarray:
    """All pictures that a recipe trains on: uint8, N×H×W×C, values 0…255.

    Args:
        recipe: its source says where from, and its picture fields what is made of a folder's pictures.
        folder: of MNIST's files, or of pictures; None for the MNIST that comes with the project.
        say: takes a line for the user.

    Raises:
        UserError: as `mnist.load_images` or `folder.load_pictures`.
    """
    if recipe.source == "mnist":
        return load_images(folder, say=say)[: recipe.train_images or None]
    shape = {name: getattr(recipe, name) for name in ("pattern", "crop", "size", "channels")}
    return load_pictures(folder, **shape, say=say)[: recipe.train_images or None]
