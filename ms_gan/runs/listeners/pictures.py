"""Draws the same latent codes after each epoch (slide 结果)."""

from pathlib import Path

import numpy as np

from ms_gan.errors import UserError
from ms_gan.pictures.grid import save_grid
from ms_gan.records.history import Row
from ms_gan.runs.listeners.listener import Listener
from ms_gan.runs.listeners.progress import is_due


class Pictures(Listener):
    """Writes pictures while a run trains. One that cannot be written is said, and the training goes on.

    It is said of the first, and not again before one was written. The picture of an epoch is no loss: at the run's end
    it is drawn from the weights.

    Attributes:
        newest: the pictures of the newest epoch, uint8, 25×H×W×C; None before the first.
    """

    def __init__(self):
        self.newest: np.ndarray | None = None
        self._failing = False

    def step(self, run, row: Row) -> None:
        if is_due(run.recipe.images_every, row, run.recipe, run.batches.steps):
            self._save(run, run.folder.image(row.epoch, row.step), run.game.samples())
            run.watch.lap()  # drawing is no part of the next step's time

    def epoch(self, run) -> None:
        self.newest = run.game.samples()
        self._save(run, run.folder.image(run.rows[-1].epoch), self.newest)

    def _save(self, run, path: Path, pixels: np.ndarray) -> None:
        try:
            save_grid(path, pixels)
            self._failing = False
        except UserError as error:
            if not self._failing:
                run.say(f"note: {error}; the training goes on without pictures")
            self._failing = True
