"""The two players of the game: a generator and a discriminator, each with its own optimiser."""

from dataclasses import dataclass

import mindspore as ms
from mindspore import Tensor, nn, ops

from ms_gan.networks import build
from ms_gan.recipes import Recipe


@dataclass(frozen=True)
class Players:
    """Two networks and their two optimisers.

    Every parameter has a name of its own (`generator.model.0.weight`, `discriminator_optimizer.moment1. …`), because
    both players are compiled into one graph, which does not allow a name twice.
    """

    generator: nn.Cell
    discriminator: nn.Cell
    generator_optimizer: nn.Optimizer
    discriminator_optimizer: nn.Optimizer

    def networks(self) -> dict[str, nn.Cell]:
        """Both networks by the name that starts their weights' names."""
        return {"generator": self.generator, "discriminator": self.discriminator}

    def set_rate(self, rate: float) -> None:
        """Gives both optimisers another learning rate, which a step that is compiled sees, too."""
        for optimizer in (self.generator_optimizer, self.discriminator_optimizer):
            # Not set_data: a step that has been compiled and has run would not see it.
            ops.assign(optimizer.learning_rate, Tensor(rate, ms.float32))

    def optimizer_state(self) -> list[ms.Parameter]:
        """What the optimisers remember between steps: moments, powers of the betas, step counts.

        Not the learning rate: that is the recipe's, and may be another one when a run goes on.
        """
        optimizers = (self.generator_optimizer, self.discriminator_optimizer)
        elsewhere = {id(p) for network in self.networks().values() for p in network.get_parameters()}
        elsewhere |= {id(optimizer.learning_rate) for optimizer in optimizers}
        return [p for optimizer in optimizers for p in optimizer.get_parameters() if id(p) not in elsewhere]


def create_players(recipe: Recipe) -> Players:
    """New players with the recipe's first weights: the same seed gives the same weights.

    Raises:
        UserError: the recipe names networks that there are not.
    """
    ms.set_seed(recipe.seed)
    networks = build(recipe.networks, recipe.latent_size, recipe.image_shape, recipe.width, recipe.activation)
    return make_players(*networks, recipe)


def make_players(generator: nn.Cell, discriminator: nn.Cell, recipe: Recipe) -> Players:
    """Players of two given networks, with the recipe's optimisers; the weights get names that start with the player."""
    for name, network in (("generator", generator), ("discriminator", discriminator)):
        for parameter in network.get_parameters():
            parameter.name = f"{name}.{parameter.name}"
    return Players(
        generator,
        discriminator,
        _optimizer("generator_optimizer", generator, recipe),
        _optimizer("discriminator_optimizer", discriminator, recipe),
    )


def _optimizer(name: str, network: nn.Cell, recipe: Recipe) -> nn.Optimizer:
    optimizer = {"adam": _adam, "rmsprop": _rmsprop}[recipe.optimizer](network.trainable_params(), recipe)
    weights = {id(p) for p in network.get_parameters()}
    for parameter in optimizer.get_parameters():
        # Not update_parameters_name: that would rename the network's weights too.
        if id(parameter) not in weights:
            parameter.name = f"{name}.{parameter.name}"
    return optimizer


def _adam(weights: list[ms.Parameter], recipe: Recipe) -> nn.Adam:
    """Kingma and Ba 2015."""
    # nn.Adam refuses a beta of 0; 1e-12 makes the same float32 numbers.
    beta1, beta2 = max(recipe.beta1, 1e-12), max(recipe.beta2, 1e-12)
    return nn.Adam(weights, learning_rate=recipe.learning_rate, beta1=beta1, beta2=beta2, eps=1e-8)


def _rmsprop(weights: list[ms.Parameter], recipe: Recipe) -> nn.RMSProp:
    """v ← β2·v + (1 − β2)·g², w ← w − rate·g/√(v + 1e-8) (Tieleman and Hinton 2012)."""
    return nn.RMSProp(weights, learning_rate=recipe.learning_rate, decay=recipe.beta2, momentum=0.0, epsilon=1e-8)
