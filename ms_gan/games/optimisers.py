"""The optimisers of the players, by a recipe's `optimizer`."""

from collections.abc import Callable

import mindspore as ms
from mindspore import nn

from ms_gan.choices import Choices
from ms_gan.errors import UserError
from ms_gan.recipes.concerns import OptimiserSettings

OPTIMIZERS: Choices[Callable[[list[ms.Parameter], OptimiserSettings], nn.Optimizer]] = Choices("optimizer")
"""optimizer(weights, recipe) → an optimiser of these weights."""


@OPTIMIZERS.register("adam")
def adam(weights: list[ms.Parameter], recipe: OptimiserSettings) -> nn.Adam:
    """Kingma and Ba 2015."""
    # nn.Adam refuses a beta of 0; 1e-12 makes the same float32 numbers.
    beta1, beta2 = max(recipe.beta1, 1e-12), max(recipe.beta2, 1e-12)
    return nn.Adam(weights, learning_rate=recipe.learning_rate, beta1=beta1, beta2=beta2, eps=1e-8)


@OPTIMIZERS.register("rmsprop")
def rmsprop(weights: list[ms.Parameter], recipe: OptimiserSettings) -> nn.RMSProp:
    """v ← β2·v + (1 − β2)·g², w ← w − rate·g/√(v + 1e-8) (Tieleman and Hinton 2012).

    Raises:
        UserError: a beta1 above 0: it keeps no first moment.
    """
    if recipe.beta1:
        raise UserError(f"beta1 {recipe.beta1}: rmsprop keeps no first moment, so it must be 0")
    return nn.RMSProp(weights, learning_rate=recipe.learning_rate, decay=recipe.beta2, momentum=0.0, epsilon=1e-8)


def create_optimizer(name: str, network: nn.Cell, recipe: OptimiserSettings) -> nn.Optimizer:
    """A recipe's optimiser of a network's weights; what it remembers gets names that start with `name`.

    Raises:
        UserError: there is no such optimiser, or not with these numbers.
    """
    optimizer = OPTIMIZERS.find(recipe.optimizer)(network.trainable_params(), recipe)
    weights = {id(p) for p in network.get_parameters()}
    for parameter in optimizer.get_parameters():
        # Not update_parameters_name: that would rename the network's weights too.
        if id(parameter) not in weights:
            parameter.name = f"{name}.{parameter.name}"
    return optimizer
