"""This package's training step, and a whole epoch of a run with all that a run does beside the steps."""

import contextlib
import io
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from ms_gan import device
from ms_gan.data.batches import Batches
from ms_gan.games.objectives import find_objective
from ms_gan.games.players import create_players
from ms_gan.games.step import compile_step
from ms_gan.recipes import find_recipe
from ms_gan.runs.listeners.listener import Listener
from ms_gan.runs.run import Running, train


def make_step(name: str = "gan"):
    """A function that makes one step of a recipe on a fixed batch and waits for its losses and D's two answers."""
    device.choose_device("CPU")
    recipe = find_recipe(name)
    shape = recipe.batch_size, recipe.size, recipe.size, recipe.channels
    batches = Batches(
        np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8),
        batch_size=recipe.batch_size,
        latent_size=recipe.latent_size,
        seed=0,
        noise=recipe.noise,
    )
    image, latent_code = next(batches.epoch(0).create_tuple_iterator(num_epochs=1))
    compiled = compile_step(create_players(recipe), find_objective(recipe.objective))
    return lambda: compiled(image, latent_code).asnumpy()


class Ratios(Listener):
    """How much longer an epoch of a run takes than its bare steps.

    Each epoch is timed against as many bare steps of the same compiled step on one batch, half of them before it and
    half after, so that a change of the machine's speed meets both.
    """

    def begin(self, run) -> None:
        self.found = []
        self._batch = next(run.batches.epoch(0).create_tuple_iterator(num_epochs=1))
        self._before = self._bare(run, run.batches.steps // 2)
        self._begin = time.perf_counter()

    def saved(self, run) -> None:
        whole, steps = time.perf_counter() - self._begin, run.batches.steps
        self.found.append(whole / (self._before + self._bare(run, steps - steps // 2)))
        self._before = self._bare(run, steps // 2)
        self._begin = time.perf_counter()

    def _bare(self, run, steps: int) -> float:
        begin = time.perf_counter()
        for _ in range(steps):
            run.game.step(self._batch, epoch=0, number=1).asnumpy()
        return time.perf_counter() - begin


def epoch_overhead(epochs: int) -> list[float]:
    """The ratios of `Ratios`, one for each epoch after the first."""
    ratios = Ratios()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        recipe = replace(find_recipe("gan"), epochs=epochs + 1)
        train(recipe, Running(result=Path(folder, "run"), device="CPU"), listeners=[ratios])
    return ratios.found[1:]
