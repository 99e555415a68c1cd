"""Who plays: networks, each with its own optimiser."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from ms_gan.games.optimisers import create_optimizer
from ms_gan.networks import build
from ms_gan.recipes import Recipe


@dataclass(frozen=True)
class Player:
    """A network and the optimiser of its weights."""

    network: nn.Cell
    optimizer: nn.Optimizer


class Players(Mapping[str, Player]):
    """The players of a game by name, such as generator and discriminator.

    Every parameter has a name of its own (`generator.model.0.weight`, `discriminator_optimizer.moment1. …`), because
    all players are compiled into one graph, which does not allow a name twice.
    """

    def __init__(self, **players: Player):
        self._players = players

    def __getitem__(self, name: str) -> Player:
        return self._players[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._players)

    def __len__(self) -> int:
        return len(self._players)

    def networks(self) -> dict[str, nn.Cell]:
        """The networks by the name that starts their weights' names."""
        return {name: player.network for name, player in self.items()}

    def set_rate(self, rate: float) -> None:
        """Gives all optimisers another learning rate, which a step that is compiled sees, too."""
        for player in self.values():
            # Not set_data: a step that has been compiled and has run would not see it.
            ops.assign(player.optimizer.learning_rate, Tensor(rate, ms.float32))

    def optimizer_state(self) -> list[ms.Parameter]:
        """What the optimisers remember between steps: moments, powers of the betas, step counts.

        Not the learning rate: that is the recipe's, and may be another one when a run goes on.
        """
        optimizers = [player.optimizer for player in self.values()]
        elsewhere = {id(p) for network in self.networks().values() for p in network.get_parameters()}
        elsewhere |= {id(optimizer.learning_rate) for optimizer in optimizers}
        return [p for optimizer in optimizers for p in optimizer.get_parameters() if id(p) not in elsewhere]


class GanPlayers(Players):
    """A generator and a discriminator, each with its optimiser."""

    def __init__(
        self,
        generator: nn.Cell,
        discriminator: nn.Cell,
        generator_optimizer: nn.Optimizer,
        discriminator_optimizer: nn.Optimizer,
    ):
        super().__init__(
            generator=Player(generator, generator_optimizer),
            discriminator=Player(discriminator, discriminator_optimizer),
        )

    @property
    def generator(self) -> nn.Cell:
        """Latent codes to images."""
        return self["generator"].network

    @property
    def discriminator(self) -> nn.Cell:
        """Images to scores."""
        return self["discriminator"].network

    @property
    def generator_optimizer(self) -> nn.Optimizer:
        """Of the generator's weights."""
        return self["generator"].optimizer

    @property
    def discriminator_optimizer(self) -> nn.Optimizer:
        """Of the discriminator's weights."""
        return self["discriminator"].optimizer


def create_players(recipe: Recipe) -> GanPlayers:
    """A new pair with the recipe's first weights: the same seed gives the same weights.

    Raises:
        UserError: the recipe names networks, or an optimiser, that there are not.
    """
    with seeded(recipe.seed):
        networks = build(recipe.networks, recipe.latent_size, recipe.image_shape, recipe.width, recipe.activation)
        return make_players(*networks, recipe)


def make_players(generator: nn.Cell, discriminator: nn.Cell, recipe: Recipe) -> GanPlayers:
    """A pair of two given networks, the package's or your own, with the recipe's optimisers.

    Args:
        generator: latent codes N×latent_size to images N×C×H×W in [−1, 1].
        discriminator: images to scores N×1.
        recipe: its optimiser and learning rate count.

    The weights get names that start with the player.
    """
    one, other = make_player("generator", generator, recipe), make_player("discriminator", discriminator, recipe)
    return GanPlayers(one.network, other.network, one.optimizer, other.optimizer)


def make_player(name: str, network: nn.Cell, recipe: Recipe) -> Player:
    """A given network as the player of that name, with the recipe's optimiser."""
    for parameter in network.get_parameters():
        if not parameter.name.startswith(f"{name}."):  # as it does if it was a player before
            parameter.name = f"{name}.{parameter.name}"
    return Player(network, create_optimizer(f"{name}_optimizer", network, recipe))


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """First weights drawn within are those of the seed. NumPy's own state is afterwards what it was before."""
    state, before = np.random.get_state(), ms.get_seed()
    ms.set_seed(seed)
    try:
        yield
    finally:
        if before is not None:
            ms.set_seed(before)
        np.random.set_state(state)
