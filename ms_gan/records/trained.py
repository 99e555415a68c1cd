"""Loading a trained network from its file."""

from pathlib import Path

import numpy as np
from mindspore import nn

from ms_gan.errors import UserError
from ms_gan.networks import build
from ms_gan.recipes import Recipe
from ms_gan.records.checkpoint import check_player, check_size, file_fault, load_weights, read_tensors
from ms_gan.records.run_folder import run_of


def load_generator(path: Path) -> tuple[nn.Cell, int]:
    """A trained generator and its latent size, from Generator….ckpt; a file of the slides' own script will do.

    Raises:
        UserError: the file is missing, damaged, a discriminator's, or of another architecture.
    """
    _verify(path)
    tensors = read_tensors(path)
    check_player(path, tensors, "generator")
    latent_size = _latent_size(path, tensors)
    generator, _ = _pair(path, latent_size)
    load_weights(path, generator, "generator")
    return generator, latent_size


def load_discriminator(path: Path) -> nn.Cell:
    """A trained discriminator, from Discriminator….ckpt; a file of the slides' own script will do.

    Raises:
        UserError: the file is missing, damaged, a generator's, or of another architecture.
    """
    _verify(path)
    _, discriminator = _pair(path, latent_size=1)
    load_weights(path, discriminator, "discriminator")
    return discriminator


def _verify(path: Path) -> None:
    if found := file_fault(path):
        raise UserError(f"{found}; use the file of another epoch")


def _pair(path: Path, latent_size: int) -> tuple[nn.Cell, nn.Cell]:
    recipe = recipe_of(path)
    check_size(path, recipe)
    return build(recipe.networks, latent_size, recipe.image_shape, recipe.width, recipe.activation)


def _latent_size(path: Path, tensors: dict[str, np.ndarray]) -> int:
    """The inputs of the first layer, which is fully connected, or a transposed convolution of a single pixel."""
    first = next((value for name, value in tensors.items() if name.endswith("weight")), None)
    if first is None or first.ndim not in (2, 4):
        raise UserError(f"{path} is of another architecture: its first layer is neither dense nor a convolution")
    return first.shape[1 if first.ndim == 2 else 0]


def recipe_of(path: Path) -> Recipe:
    """The settings that the recipe.json of a weights file's run holds; the slides' for a file without a run.

    Raises:
        UserError: recipe.json is damaged, and no manifest holds settings either.
    """
    folder = run_of(path)
    recipe = folder.read_recipe()
    if not recipe and folder.recipe_is_damaged():
        raise UserError(f"{folder.recipe} is damaged: put it right, or remove it if {path} is of the slides' gan")
    return recipe or Recipe()
