"""What a run begins with: its data, and whether they are still what they were."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from ms_gan.errors import UserError
from ms_gan.games.players import create_players
from ms_gan.recipes import Recipe
from ms_gan.records import checkpoint
from ms_gan.records.checkpoint import Position
from ms_gan.records.run_folder import RunFolder
from ms_gan.runs import run
from ms_gan.runs.run import Running, prepare

pytestmark = pytest.mark.usefixtures("cpu")

RECIPE = Recipe(epochs=4, batch_size=32)


@pytest.fixture
def folder(trained_run, tmp_path) -> Path:
    """Three epochs on 640 images, to be changed."""
    return Path(shutil.copytree(trained_run, tmp_path / "run"))


@pytest.fixture
def half(monkeypatch):
    """The data set is half of what it was."""
    monkeypatch.setattr(run, "load_data_set", lambda *_: np.zeros((320, 28, 28, 1), np.uint8))


def test_what_it_was_told_to_train_on_counts(trained_run, small_mnist, tmp_path):
    """Not what the run that it began from was told; though it died before its first save."""
    new, data = tmp_path / "new", Path(shutil.copytree(small_mnist, tmp_path / "data"))
    first = Running(new, data=data, resume=str(trained_run / "checkpoints" / "Generator2.ckpt"))
    prepare(RECIPE, first, lambda line: None)
    prepare(RECIPE, Running(new, resume="newest"), lambda line: None)
    assert RunFolder(new).read_data() == data


def test_another_number_of_images_is_said(folder, half):
    said = []
    prepare(RECIPE, Running(folder, resume="newest"), said.append)
    assert "note: the data set is not what it was: it had 640 images and has 320 now" in said


def test_an_epoch_whose_rest_is_not_there_any_more(folder, half, listing):
    checkpoint.save(folder / "checkpoints", Position(3, 17), create_players(RECIPE))
    before = listing(folder)
    with pytest.raises(UserError, match="it had 640 images and has 320 now; go on from an epoch's end, by --resume"):
        prepare(RECIPE, Running(folder, resume="newest"), lambda line: None)
    assert listing(folder) == before
