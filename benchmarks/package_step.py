"""This package's training step, and a whole epoch of a run with all that a run does beside the steps."""

import tempfile
import time
from pathlib import Path

import numpy as np

from ms_gan import device
from ms_gan.data.batches import Batches
from ms_gan.games.objectives import find_objective
from ms_gan.games.players import create_players
from ms_gan.games.step import compile_step
from ms_gan.recipes import find_recipe
from ms_gan.records.checkpoint import Position
from ms_gan.runs.interrupt import Interrupt
from ms_gan.runs.listeners.progress import Progress
from ms_gan.runs.run import Running, prepare


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
    return lambda: tuple(float(value.asnumpy()) for value in compiled(image, latent_code))


def epoch_overhead(epochs: int) -> list[float]:
    """How much longer an epoch of a run takes than its bare steps, as ratios, one for each epoch after the first.

    Each epoch is timed against as many bare steps of the same compiled step on one batch, half of them before it and
    half after, so that a change of the machine's speed meets both.
    """
    with tempfile.TemporaryDirectory() as folder:
        run = prepare(find_recipe("gan"), Running(result=Path(folder), device="CPU"))
        image, latent_code = next(run.batches.epoch(0).create_tuple_iterator(num_epochs=1))

        def bare(steps: int) -> float:
            begin = time.perf_counter()
            for _ in range(steps):
                [float(value.asnumpy()) for value in run.step(image, latent_code, epoch=0, number=1)]
            return time.perf_counter() - begin

        ratios = []
        steps = run.batches.steps
        with Progress(run.recipe, steps, run.batches.images_per_epoch, 0) as progress, Interrupt() as stop:
            for epoch in range(epochs + 1):
                before = bare(steps // 2)
                begin = time.perf_counter()
                run.epoch(Position(epoch), progress, stop)
                whole = time.perf_counter() - begin
                ratios.append(whole / (before + bare(steps - steps // 2)))
    return ratios[1:]
