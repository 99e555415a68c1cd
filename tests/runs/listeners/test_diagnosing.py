"""A run that goes on is watched from its beginning: what was told before is not told again."""

from types import SimpleNamespace

import numpy as np
import pytest

from ms_gan.games import Gan
from ms_gan.pictures.grid import save_grid
from ms_gan.recipes import Recipe
from ms_gan.records.history import Row
from ms_gan.records.run_folder import RunFolder
from ms_gan.runs.listeners.diagnosing import Diagnosing
from ms_gan.runs.listeners.pictures import Pictures

ALIKE = np.repeat(np.random.default_rng(0).integers(0, 256, (1, 28, 28, 1), np.uint8), 25, axis=0)
FIGURES = {"d_loss": 1.2, "g_loss": 0.9, "d_real": 0.6, "d_fake": 0.4}


@pytest.mark.parametrize("epochs, told", [(1, 1), (4, 0)], ids=["not told yet", "told before"])
def test_a_collapse_is_told_once(tmp_path, epochs, told):
    """200 updates an epoch: it is named after the second epoch of such pictures, 300 updates later."""
    folder, said = RunFolder(tmp_path), []
    for epoch in range(epochs):
        save_grid(folder.image(epoch), ALIKE)
    rows = [Row(epoch, step, seconds=0.1, **FIGURES) for epoch in range(epochs) for step in range(1, 201)]
    run = SimpleNamespace(folder=folder, recipe=Recipe(), rows=rows, say=said.append, game=Gan)
    pictures = Pictures()
    diagnosing = Diagnosing(pictures)
    diagnosing.begin(run)
    pictures.newest = ALIKE
    for epoch in range(epochs, epochs + 3):
        for step in range(1, 201):
            diagnosing.step(run, Row(epoch, step, seconds=0.1, **FIGURES))
        run.position = SimpleNamespace(step=0)
        diagnosing.saved(run)
    assert [line.splitlines()[0].partition(" (")[0] for line in said] == ["diagnosis: collapse"] * told
