"""The learning rate over the epochs."""

import math

import numpy as np
import pytest

from ms_gan.games import Gan
from ms_gan.games.players import create_players
from ms_gan.games.schedule import rate
from ms_gan.recipes import Recipe


def rates(**settings) -> list[float]:
    recipe = Recipe(**settings)
    return [rate(recipe, epoch) for epoch in range(recipe.epochs)]


def test_constant():
    assert rates(epochs=3, learning_rate=0.3, decay_every=1) == [0.3] * 3


def test_step():
    found = rates(epochs=7, learning_rate=0.8, schedule="step", decay_every=3, decay_factor=0.5)
    assert found == [0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2]
    assert rates(epochs=50, schedule="step") == [2e-4] * 50  # the first step of the recipe's own numbers is later


def test_cosine():
    """cos of 0°, 45°, 90° and 135°."""
    root = math.sqrt(0.5)
    wanted = [0.4, 0.2 * (1 + root), 0.2, 0.2 * (1 - root)]
    assert rates(epochs=4, learning_rate=0.4, schedule="cosine") == pytest.approx(wanted, rel=1e-12)
    assert rates(epochs=1, learning_rate=0.4, schedule="cosine") == [0.4]


SMALL = dict(networks="mlp-cs231n", latent_size=8, epochs=3, learning_rate=1e-3)


def weights(players) -> list[np.ndarray]:
    networks = players.networks().values()
    return [p.asnumpy().copy() for network in networks for p in network.trainable_params()]


def largest_change(players, game, batch, epoch: int) -> float:
    before = weights(players)
    game.step(batch, epoch, 1)
    return max(abs(new - old).max() for new, old in zip(weights(players), before, strict=True))


@pytest.mark.parametrize("optimizer", [dict(beta1=0.0), dict(optimizer="rmsprop", beta1=0.0)], ids=["adam", "rmsprop"])
def test_the_compiled_step_follows_it(cpu, one_batch, optimizer):
    """With a rate of next to nothing, that of the third epoch, no weight moves."""
    recipe = Recipe(**SMALL, **optimizer, beta2=0.99, schedule="step", decay_every=2, decay_factor=1e-30)
    players = create_players(recipe)
    game = Gan(recipe, players)
    changes = [largest_change(players, game, one_batch, epoch) for epoch in (0, 1, 2, 1)]
    assert changes.pop(2) == 0 and min(changes) > 1e-5


def test_a_step_that_is_made_later_finds_the_rate_of_its_epoch(cpu, one_batch):
    """Adam's first step moves a weight by the rate."""
    recipe = Recipe(**SMALL, beta1=0.0, schedule="step", decay_every=1, decay_factor=0.125)
    players = create_players(recipe)
    assert largest_change(players, Gan(recipe, players), one_batch, 2) == pytest.approx(1e-3 / 64, rel=0.01)


def test_a_constant_rate_is_never_set(cpu, one_batch, monkeypatch):
    recipe = Recipe(**SMALL)
    players = create_players(recipe)
    monkeypatch.setattr(type(players), "set_rate", None)
    assert largest_change(players, Gan(recipe, players), one_batch, 1) > 1e-4
