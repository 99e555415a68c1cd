"""What a run begins with, whether that is still what it was, and what it keeps."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from ms_gan.disk import sealed
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


def test_other_images_in_the_same_number_are_said(folder, monkeypatch):
    """By their pixels; the picture files' names and sizes may be the same."""
    images = np.full((640, 28, 28, 1), 7, np.uint8)
    monkeypatch.setattr(run, "load_data_set", lambda *_: images)
    said = []
    prepare(RECIPE, Running(folder, resume="newest"), said.append)
    assert "note: the data set is not what it was: as many images, but not the same ones" in said
    again = []
    prepare(RECIPE, Running(folder, resume="newest"), again.append)
    assert not any("data set" in line for line in again)  # recipe.json remembers those it goes on with


def test_the_same_images_are_no_news(folder):
    said = []
    prepare(RECIPE, Running(folder, resume="newest"), said.append)
    assert (
        said
        == [
            f"note: {RunFolder(folder).read_data()}/train is not the original MNIST (train); going on with it",
            f"going on from {folder / 'checkpoints' / 'Generator2.ckpt'}",
        ][::-1]
    )


def test_another_processor_is_said(folder, monkeypatch):
    monkeypatch.setattr("ms_gan.device.processor", lambda: "a processor of the year 2030, avx1024")
    said = []
    prepare(RECIPE, Running(folder, resume="newest"), said.append)
    (note,) = (line for line in said if line.startswith("note: this run began"))
    assert note.startswith("note: this run began on another processor (")
    assert note.endswith("; here a processor of the year 2030, avx1024): its numbers will differ in last digits")


def test_other_layers_are_said(folder, monkeypatch):
    monkeypatch.setattr("ms_gan.device.layers", lambda: "plain")
    said = []
    prepare(RECIPE, Running(folder, resume="newest"), said.append)
    assert "note: this run began with fast layers (--layers fast): its numbers will differ in last digits" in said


def test_a_run_of_a_release_that_knew_neither(folder):
    """What is not known is not compared."""
    runs = RunFolder(folder)
    for name in ("digest", "processor"):
        settings = {key: value for key, value in sealed.read(runs.recipe).items() if key != name}
        sealed.write(runs.recipe, settings)
    said = []
    prepare(RECIPE, Running(folder, resume="newest"), said.append)
    assert not any("this run began" in line or "data set" in line for line in said)


def generators(folder: Path) -> list[int]:
    """The epochs, from 1, whose weights are there."""
    return sorted(int(path.stem.removeprefix("Generator")) + 1 for path in folder.glob("checkpoints/Generator*.ckpt"))


def test_every_third_epoch_and_the_newest_three_are_kept(small_mnist, tmp_path, command):
    """And a run that goes on keeps as many as it did."""
    recipe = [
        "cs231n-gan",
        "--train-images",
        64,
        "--batch-size",
        32,
        "--images-every",
        0,
        "--data",
        small_mnist,
        "--result",
        tmp_path,
    ]
    assert command("train", *recipe, "--epochs", 7, "--keep-every", 3).status == 0
    assert generators(tmp_path) == [3, 5, 6, 7]
    assert sorted(path.name for path in tmp_path.glob("checkpoints/Epoch*")) == [f"Epoch{e}.json" for e in (2, 4, 5, 6)]
    assert command("train", "--resume", "--epochs", 9, "--result", tmp_path).status == 0
    assert generators(tmp_path) == [3, 6, 7, 8, 9]
    assert len(list(tmp_path.glob("images/*.png"))) == 9
    assert command("train", "--resume", "--epochs", 11, "--keep-every", 0, "--result", tmp_path).status == 0
    assert generators(tmp_path) == [3, 6, 7, 8, 9, 10, 11]
    assert command("train", "--resume", "--epochs", 12, "--keep-every", -1, "--result", tmp_path).status == 2


def test_numpys_own_random_numbers_are_left_alone(cpu):
    np.random.seed(3)
    before = np.random.get_state()[1].copy()
    one, other = (create_players(RECIPE).generator.trainable_params()[0].asnumpy() for _ in range(2))
    assert np.array_equal(one, other) and np.array_equal(np.random.get_state()[1], before)
