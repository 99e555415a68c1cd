"""A game: who plays, and what one batch does. `gan.py` is the first of them; others are files beside it.

A game of your own is a class with a `step`:

    @GAMES.register("mine")
    class Mine(Game):
        figures = ("loss",)

        def __init__(self, recipe, players=None): …

        def step(self, batch, epoch, number): …   → a tensor of as many numbers as `figures` has names

Then `Recipe(game="mine")` trains it, and every listener, history and checkpoint works as for the others.
"""

from collections.abc import Callable
from typing import ClassVar

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn

from ms_gan import device
from ms_gan.choices import Choices
from ms_gan.data.latent import fixed_codes
from ms_gan.games.players import Players
from ms_gan.games.schedule import rate
from ms_gan.networks import computed
from ms_gan.networks.evaluation import draw
from ms_gan.recipes import PICTURE_CODES, Recipe


class Game:
    """What one batch does.

    Attributes:
        columns: what a batch must hold, in this order; see `data.batches`.
        figures: the names of the numbers that each step measures, as the history calls them.
        recipe: the settings.
        players: the networks with their optimisers; all are saved.
    """

    columns: ClassVar[tuple[str, ...]] = ("image", "latent_code")
    figures: ClassVar[tuple[str, ...]] = ()

    def __init__(self, recipe: Recipe, players: Players):
        self.recipe = recipe
        self.players = players
        self._epoch: int | None = None

    def step(self, batch: tuple[Tensor, ...], epoch: int, number: int) -> Tensor:
        """Makes step `number` (from 1) of an epoch (from 0).

        Args:
            batch: the columns.

        Returns:
            float32, a number for each of `figures`: one transfer from the device a step.
        """
        raise NotImplementedError

    def samples(self) -> np.ndarray:
        """The pictures that show how far the game is, always of the same codes (slide 结果): uint8, 25×H×W×C.

        They are drawn in evaluation mode, by the player called generator, unless a game says otherwise.
        """
        codes = fixed_codes(PICTURE_CODES, self.recipe.latent_size, noise=self.recipe.noise)
        return draw(self.players["generator"].network, codes)

    def follow_schedule(self, epoch: int) -> None:
        """Gives the optimisers the learning rate of an epoch (from 0), once an epoch; each `step` begins with it."""
        if epoch != self._epoch and self.recipe.schedule != "constant":
            self.players.set_rate(rate(self.recipe, epoch))
        self._epoch = epoch


GAMES: Choices[Callable[..., Game]] = Choices("game")
"""By a recipe's `game`: game(recipe) makes the players too, game(recipe, players) takes those it is given."""


def in_training(network: nn.Cell) -> nn.Cell:
    """What computes a network inside a step: the same parameters, in training mode, by the device's layers.

    The network itself is put into training mode, too.
    """
    return computed(network.set_train(True))


def compiled(step: Callable) -> Callable[..., Tensor]:
    """A step as one compiled graph; its first call compiles (seconds), and so does the first of another batch size.

    A compiled function keeps the mode in which its networks were: see `in_training`.
    """
    return ms.jit(step, **device.jit_options())


def normalised_over_the_batch(network: nn.Cell) -> bool:
    """Whether a network normalises single numbers over the batch: it learns nothing from a batch of one image."""
    return any(isinstance(cell, nn.BatchNorm1d) for _, cell in network.cells_and_names())
