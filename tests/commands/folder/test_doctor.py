"""ms-gan doctor: what it says of sound runs, sick ones, and runs of which something is missing."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ms_gan.data.mnist.files import load_images
from ms_gan.pictures.grid import save_grid
from ms_gan.recipes import PICTURE_CODES, find_recipe
from ms_gan.records import history
from ms_gan.records.history import Row
from ms_gan.records.run_folder import RunFolder

HISTORIES = Path(__file__).parents[2] / "runs" / "listeners" / "histories"
HEALTHY = "healthy: 4 epochs, nothing found: D(x) 0.55, D(G(z)) 0.45 over the last epoch"


@pytest.fixture
def digits(small_mnist):
    return load_images(small_mnist)[:PICTURE_CODES]


@pytest.fixture
def run(tmp_path, digits):
    """run(recipe, epochs, steps, …) leaves a run of sound losses, with pictures of real digits or those given."""

    def make(recipe="gan", epochs=4, steps=200, values=(1.3, 0.8, 0.55, 0.45), pictures=digits):
        folder = RunFolder(tmp_path / "run")
        folder.create(recipe, find_recipe(recipe))
        named = dict(zip(("d_loss", "g_loss", "d_real", "d_fake"), values, strict=True))
        rows = [Row(epoch, step, **named, seconds=0.1) for epoch in range(epochs) for step in range(1, steps + 1)]
        history.append(folder.history, rows)
        for epoch in range(epochs):
            save_grid(folder.image(epoch), pictures)
        return folder

    return make


@pytest.fixture
def doctor(command, listing):
    """doctor(folder) gives the lines of ms-gan doctor, which succeeds and writes nothing."""

    def call(folder):
        before = listing(folder.root)
        done = command("doctor", folder.root)
        assert (done.status, done.err) == (0, "")
        assert listing(folder.root) == before
        return done.lines

    return call


def test_healthy(doctor, run):
    assert doctor(run()) == [HEALTHY]


def test_healthy_for_one_epoch_and_for_a_critic(doctor, run):
    folder = run("wgan-gp", epochs=1, values=(-9.5, -2.5, 12.0, 2.5))
    assert doctor(folder) == ["healthy: 1 epoch, nothing found: a gap D(x) − D(G(z)) of 9.50 over the last epoch"]


def test_a_real_run_that_was_too_short(command, trained_run, tmp_path, monkeypatch):
    shutil.copytree(trained_run, tmp_path / "result")
    monkeypatch.chdir(tmp_path)
    done = command("doctor")
    assert (done.status, done.out, done.err) == (0, "nothing found, but 60 steps are too few to say much\n", "")


def test_a_real_run_that_d_wins(doctor, run):
    folder = run("cs231n-gan", epochs=1)
    shutil.copyfile(HISTORIES / "minimax.csv", folder.history)
    lines = doctor(folder)
    assert len(lines) == 4 and lines[0] == "diagnosis: D wins (epoch 1, step 324)"


def test_a_collapse_is_read_from_the_pictures(doctor, run, digits):
    lines = doctor(run(pictures=digits[:1].repeat(PICTURE_CODES, 0)))
    assert len(lines) == 4 and lines[0] == "diagnosis: collapse (after epoch 3)"
    assert "half of all pairs differ by 0.0 of 255 greys" in lines[1]


def test_faults_are_told_in_their_order(doctor, run, digits):
    folder = run(values=(13.8155107, -0.0, 1.0, 1.0), pictures=digits[:1].repeat(PICTURE_CODES, 0))
    history.append(folder.history, [Row(4, 1, d_loss=1.0, g_loss=float("nan"), d_real=0.5, d_fake=0.5, seconds=0.1)])
    told = [line for line in doctor(folder) if not line.startswith(" ")]
    assert told == [
        "diagnosis: D is saturated (epoch 1, step 20)",
        "diagnosis: collapse (after epoch 3)",
        "diagnosis: not a number (epoch 5, step 1)",
    ]


def test_a_run_stopped_inside_an_epoch(doctor, run):
    folder = run()
    history.append(folder.history, [Row(4, 1, d_loss=1.3, g_loss=0.8, d_real=0.54, d_fake=0.44, seconds=0.1)])
    assert doctor(folder) == ["healthy: 5 epochs, nothing found: D(x) 0.54, D(G(z)) 0.44 over the last epoch"]


def test_no_history(doctor, run):
    folder = run()
    folder.history.unlink()
    assert doctor(folder) == [f"note: {folder.history} is missing; without it nothing can be said"]


def test_no_step_yet(doctor, run):
    assert doctor(run(epochs=0)) == ["nothing found, but 0 steps are too few to say much"]


def test_a_damaged_history(doctor, run):
    folder = run()
    text = folder.history.read_text(encoding="utf-8").replace("\n3,150,", "\n3,x,")
    folder.history.write_text(text, encoding="utf-8")
    assert doctor(folder) == [
        f"note: {folder.history} is damaged in line 751; judged by the other 799 steps",
        HEALTHY,
    ]


def test_no_settings(doctor, run):
    folder = run()
    for change in (lambda: folder.recipe.write_text("{"), folder.recipe.unlink):
        change()
        assert doctor(folder) == [
            f"note: no settings can be read in {folder.recipe}; judged as a run of the slides' gan",
            HEALTHY,
        ]


def test_pictures_that_cannot_be_used(doctor, run, digits):
    folder = run()
    folder.image(0).unlink()
    folder.image(1).write_bytes(folder.image(1).read_bytes()[:999])
    save_grid(folder.image(2), digits[:5])
    Image.fromarray(np.zeros((584, 584, 4), np.uint8)).save(folder.image(3))
    unread, sheet = "is missing, or is no picture that can be read", "a sheet of 25 pictures of 28×28 has the shape"
    assert doctor(folder) == [
        f"note: {folder.image(0)} {unread}",
        f"note: {folder.image(1)} {unread}",
        f"note: {folder.image(2)}: {sheet} (584, 584), not (120, 584)",
        f"note: {folder.image(3)}: {sheet} (584, 584), not (584, 584, 4)",
        HEALTHY,
    ]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [("nowhere", "there is no run in nowhere"), ("empty", "there is no run in empty"), ("other", "is not a history")],
)
def test_bad_input(command, tmp_path, monkeypatch, words, wanted):
    monkeypatch.chdir(tmp_path)
    for folder in ("empty", "other"):
        Path(folder).mkdir()
    Path("other/history.csv").write_text("some,table\n1,2\n")
    done = command("doctor", words)
    assert done.status == 2
    assert done.err.startswith("ms-gan: ") and done.err.count("\n") == 1 and wanted in done.err
