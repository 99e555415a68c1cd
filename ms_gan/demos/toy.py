"""Small games to watch: points of one or two numbers, played by the package's own players and step."""

from collections.abc import Callable

import numpy as np
from mindspore import Tensor

from ms_gan.data import latent
from ms_gan.games.gan import Gan
from ms_gan.games.players import make_players, seeded
from ms_gan.networks.points import build_toy
from ms_gan.recipes import Toy

Draw = Callable[[np.random.Generator, int], np.ndarray]
"""draw(rng, count) → count×numbers: the data of a small game."""


class ToyGame:
    """A small game while it is played. The same settings and data give the same game.

    Attributes:
        players: who plays.
        answers: d_loss, g_loss, D(x), D(G(z)) of each batch so far, as `compile_step` returns them.
        g_updates: how often G has moved.
    """

    def __init__(self, toy: Toy, draw: Draw):
        recipe = toy.recipe
        with seeded(recipe.seed):
            self.players = make_players(*build_toy(toy.networks, recipe.latent_size, toy.width), recipe)
        self.answers: list[tuple[float, ...]] = []
        self.g_updates = 0
        self._recipe, self._draw = recipe, draw
        self._game = Gan(recipe, self.players)
        self._data = latent.generator_for(recipe.seed, 0, "data")
        self._codes = latent.generator_for(recipe.seed, 0, "latent code")
        self._played = 0

    def play(self, batches: int) -> None:
        """Plays by the recipe: each batch moves D, and every `critic_steps`-th moves G too."""
        for _ in range(batches):
            self._played += 1
            self._take(self._game.step(self._batch(), 0, self._played))
            self.g_updates += self._played % self._recipe.critic_steps == 0

    def teach(self, batches: int) -> None:
        """D alone learns, and G stands still: the inner loop of Goodfellow et al. 2014, algorithm 1.

        For recipes without a gradient penalty.
        """
        for _ in range(batches):
            self._take(self._game.teach(self._batch()))

    def generate(self, codes: np.ndarray) -> np.ndarray:
        """G's points: float32 N×latent_size → N×numbers."""
        return self.players.generator(Tensor(codes)).asnumpy().reshape(len(codes), -1)

    def scores(self, points: np.ndarray) -> np.ndarray:
        """D's scores: N×numbers → float64, N numbers."""
        return self.players.discriminator(Tensor(_images(points))).asnumpy()[:, 0].astype(np.float64)

    def _batch(self) -> tuple[Tensor, Tensor]:
        count, size = self._recipe.batch_size, self._recipe.latent_size
        codes = latent.NOISES.find(self._recipe.noise)(self._codes, count, size)
        return Tensor(_images(self._draw(self._data, count))), Tensor(codes)

    def _take(self, figures: Tensor) -> None:
        self.answers.append(tuple(figures.asnumpy().tolist()))


def _images(points: np.ndarray) -> np.ndarray:
    """N×numbers → float32, N×1×1×numbers."""
    return points.astype(np.float32).reshape(len(points), 1, 1, -1)
