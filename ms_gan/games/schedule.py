"""The learning rate over the epochs (slide 接下来)."""

import math

from ms_gan.recipes import Recipe


def rate(recipe: Recipe, epoch: int) -> float:
    """The learning rate of an epoch (from 0), the same for all of its steps, and whatever was trained before.

    With r the recipe's learning rate:
        constant    r
        step        r·f^⌊epoch/n⌋, with f the decay_factor and n the epochs of decay_every
        cosine      r·(1 + cos(π·epoch/epochs))/2: from r at the first epoch down towards 0, which would come with the
                    one after the last (Loshchilov and Hutter 2017, eq. 5, without restarts and with η_min = 0)
    """
    if recipe.schedule == "step":
        return recipe.learning_rate * recipe.decay_factor ** (epoch // recipe.decay_every)
    if recipe.schedule == "cosine":
        return recipe.learning_rate * (1 + math.cos(math.pi * epoch / recipe.epochs)) / 2
    return recipe.learning_rate
