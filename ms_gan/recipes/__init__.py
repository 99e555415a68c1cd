"""What can be trained: every hyper-parameter has its only home here, with the slide or paper it comes from."""

from ms_gan.recipes.named import (
    PICTURE_CODES,
    PICTURE_SEED,
    RECIPES,
    SUMMARIES,
    VALIDATION_IMAGES,
    find_recipe,
)
from ms_gan.recipes.recipe import SHOWN, Recipe, from_settings, type_to_compare
from ms_gan.recipes.toys import FIGURE1, RING, RINGS, Toy

__all__ = [
    "FIGURE1",
    "PICTURE_CODES",
    "PICTURE_SEED",
    "RECIPES",
    "RING",
    "RINGS",
    "SHOWN",
    "SUMMARIES",
    "VALIDATION_IMAGES",
    "Recipe",
    "Toy",
    "find_recipe",
    "from_settings",
    "type_to_compare",
]
