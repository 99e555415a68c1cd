"""The learning rate over the epochs (slide 接下来)."""

import math
from collections.abc import Callable

from ms_gan.choices import Choices
from ms_gan.recipes import Recipe
from ms_gan.recipes.concerns import OptimiserSettings

SCHEDULES: Choices[Callable[..., float]] = Choices("schedule")
"""By a recipe's `schedule`: schedule(recipe, epoch) → the learning rate of an epoch (from 0)."""


@SCHEDULES.register("constant")
def _constant(recipe: OptimiserSettings, epoch: int) -> float:
    """r, the recipe's learning rate."""
    return recipe.learning_rate


@SCHEDULES.register("step")
def _step(recipe: OptimiserSettings, epoch: int) -> float:
    """r·f^⌊epoch/n⌋, with f the decay_factor and n the epochs of decay_every."""
    return recipe.learning_rate * recipe.decay_factor ** (epoch // recipe.decay_every)


@SCHEDULES.register("cosine")
def _cosine(recipe: Recipe, epoch: int) -> float:
    """r·(1 + cos(π·epoch/epochs))/2: from r at the first epoch down towards 0, which would come with the one after the
    last (Loshchilov and Hutter 2017, eq. 5, without restarts and with η_min = 0)."""
    return recipe.learning_rate * (1 + math.cos(math.pi * epoch / recipe.epochs)) / 2


def rate(recipe: OptimiserSettings, epoch: int) -> float:
    """The learning rate of an epoch (from 0), the same for all of its steps, and whatever was trained before.

    Raises:
        UserError: there is no such schedule.
    """
    return SCHEDULES.find(recipe.schedule)(recipe, epoch)
