"""Loading a trained network from its file."""

import os
from pathlib import Path

from mindspore import nn

from ms_gan.errors import UserError, shown
from ms_gan.networks import build
from ms_gan.recipes import Recipe, find_recipe
from ms_gan.records.checkpoint import (
    OtherArchitecture,
    check_player,
    check_size,
    file_fault,
    first_weight,
    load_weights,
    read_tensors,
)
from ms_gan.records.naming import is_named_as_in_the_tutorial
from ms_gan.records.run_folder import run_of


class _Stretched(nn.Cell):
    """A generator of pictures in [0, 1], as one of pictures in [−1, 1]."""

    def __init__(self, generator: nn.Cell):
        super().__init__()
        self.generator = generator

    def construct(self, latent_code):
        return 2 * self.generator(latent_code) - 1


class _Squeezed(nn.Cell):
    """A discriminator of pictures in [0, 1], as one of pictures in [−1, 1]."""

    def __init__(self, discriminator: nn.Cell):
        super().__init__()
        self.discriminator = discriminator

    def construct(self, image):
        return self.discriminator((image + 1) / 2)


def load_generator(
    path: str | os.PathLike, recipe: str | Recipe | None = None, zero_to_one: bool = False
) -> tuple[nn.Cell, int]:
    """A trained generator and its latent size, from Generator….ckpt, or a file of another script of MindSpore's.

    Of others, those of the slides' script and of MindSpore's tutorial on DCGAN load as they are. What else the file
    holds, such as an optimiser's state, is ignored, which is printed.

    Args:
        path: the file.
        recipe: the settings that it was trained with, or the name of a recipe, as `recipe_of` takes it.
        zero_to_one: it was trained on pictures in [0, 1], as the tutorial's; what is returned makes them in [−1, 1].

    Raises:
        UserError: the file is missing, damaged, a discriminator's, or of another architecture.
    """
    path = Path(path)
    _verify(path)
    tensors = read_tensors(path)
    check_player(path, tensors, "generator")
    latent_size = _latent_size(path, tensors)
    generator, _ = _pair(path, latent_size, recipe)
    _load(path, generator, "generator", recipe)
    if not zero_to_one and recipe is not None and is_named_as_in_the_tutorial(tensors) and not _is_of_a_run(path):
        print(f"note: if {shown(path)} is of MindSpore's tutorial on DCGAN, whose pixels are in [0, 1]: --zero-to-one")
    return (_Stretched(generator) if zero_to_one else generator), latent_size


def load_discriminator(
    path: str | os.PathLike, recipe: str | Recipe | None = None, zero_to_one: bool = False
) -> nn.Cell:
    """A trained discriminator, from Discriminator….ckpt, or a file of another script; as `load_generator`.

    Raises:
        UserError: the file is missing, damaged, a generator's, or of another architecture.
    """
    path = Path(path)
    _verify(path)
    _, discriminator = _pair(path, latent_size=1, recipe=recipe)
    _load(path, discriminator, "discriminator", recipe)
    return _Squeezed(discriminator) if zero_to_one else discriminator


def _verify(path: Path) -> None:
    if found := file_fault(path):
        raise UserError(f"{found}; use the file of another epoch")


def _pair(path: Path, latent_size: int, recipe: str | Recipe | None) -> tuple[nn.Cell, nn.Cell]:
    settings = recipe_of(path, recipe)
    check_size(path, settings)
    return build(settings.networks, latent_size, settings.image_shape, settings.width, settings.activation)


def _load(path: Path, network: nn.Cell, player: str, recipe: str | Recipe | None) -> None:
    try:
        load_weights(path, network, player)
    except OtherArchitecture as error:
        if recipe is None and not _is_of_a_run(path):
            raise UserError(f"{error}; it was taken for the slides' gan: name its recipe (--recipe)") from error
        raise


def _is_of_a_run(path: Path) -> bool:
    return run_of(path).read_recipe() is not None


def _latent_size(path: Path, tensors: dict) -> int:
    """The inputs of the first layer, which is fully connected, or a transposed convolution of a single pixel."""
    first = first_weight(tensors, "generator")
    if first is None or first.ndim not in (2, 4):
        raise UserError(f"{path} is of another architecture: its first layer is neither dense nor a convolution")
    return first.shape[1 if first.ndim == 2 else 0]


def recipe_of(path: str | os.PathLike, recipe: str | Recipe | None = None) -> Recipe:
    """The settings that the recipe.json of a weights file's run holds; the slides' for a file without a run.

    Args:
        path: the file.
        recipe: other settings that hold instead, or the name of a recipe.

    Raises:
        UserError: recipe.json is damaged, and no manifest holds settings either; or there is no such recipe.
    """
    if recipe is not None:
        return recipe if isinstance(recipe, Recipe) else find_recipe(recipe)
    path = Path(path)
    folder = run_of(path)
    recipe = folder.read_recipe()
    if not recipe and folder.recipe_is_damaged():
        raise UserError(f"{folder.recipe} is damaged: put it right, or remove it if {path} is of the slides' gan")
    return recipe or Recipe()
