"""What the commands do with what they are rightly given."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ms_gan.data.latent import fixed_codes
from ms_gan.data.mnist.files import load_images
from ms_gan.networks.evaluation import draw, judge
from ms_gan.pictures.grid import grid
from ms_gan.recipes import RECIPES, Recipe
from ms_gan.records.trained import load_discriminator, load_generator


@pytest.fixture
def checkpoints(trained_run):
    return trained_run / "checkpoints"


@pytest.mark.parametrize("count, columns", [(1, 1), (25, 5), (26, 10)])
def test_sample(command, checkpoints, tmp_path, count, columns):
    file, out = checkpoints / "Generator2.ckpt", tmp_path / "new" / "sheet.png"
    done = command("sample", file, "--count", count, "--seed", 5, "--out", out)
    assert (done.status, done.err, done.out) == (0, "", f"{count} pictures from {file}, seed 5: {out}\n")
    generator, latent_size = load_generator(file)
    wanted = grid(draw(generator, fixed_codes(count, latent_size, 5)), columns)
    with Image.open(out) as sheet:
        assert np.array_equal(np.asarray(sheet), wanted)


def test_sample_by_default(command, checkpoints, tmp_path, monkeypatch):
    """samples.png in the working directory: 25 pictures; another seed draws others."""
    monkeypatch.chdir(tmp_path)
    file = checkpoints / "Generator2.ckpt"
    sheets = []
    for options in ([], ["--seed", 0], ["--seed", 1]):
        assert command("sample", file, *options).status == 0
        sheets.append((tmp_path / "samples.png").read_bytes())
    assert sheets[0] == sheets[1] != sheets[2]
    assert [path.name for path in tmp_path.iterdir()] == ["samples.png"]


def test_judge(command, checkpoints, tmp_path, small_mnist):
    pixels = load_images(small_mnist, "test")[:3]
    paths = [tmp_path / f"digit{n}.png" for n in range(3)]
    for path, picture in zip(paths, pixels, strict=True):
        Image.fromarray(picture[:, :, 0]).save(path)
    file = checkpoints / "Discriminator2.ckpt"
    done = command("judge", file, *paths)
    answers = judge(load_discriminator(file), pixels)
    assert (done.status, done.err) == (0, "")
    assert done.lines == [f"{path}: D(x) = {answer:.4f}" for path, answer in zip(paths, answers, strict=True)]
    assert len(set(done.lines)) == 3 and all(0 < answer < 1 for answer in answers)


def test_gif_and_losses_give_what_training_left(command, trained_run, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(trained_run, run)
    for name, made in (("gif", run / "evolution.gif"), ("losses", run / "losses.png")):
        before = made.read_bytes()
        made.unlink()
        done = command(name, run)
        assert (done.status, done.err, done.out) == (0, "", f"{made}\n")
        assert made.read_bytes() == before


def test_the_folder_of_gif_and_losses_is_result(command, trained_run, tmp_path, monkeypatch):
    shutil.copytree(trained_run, tmp_path / "result")
    monkeypatch.chdir(tmp_path)
    made = [str(Path("result", name)) for name in ("evolution.gif", "losses.png")]
    assert [command(name).lines for name in ("gif", "losses")] == [[made[0]], [made[1]]]


def test_recipes(command):
    done = command("recipes")
    assert (done.status, done.err) == (0, "")
    assert done.lines[0] == "gan: the slides' fully connected GAN on MNIST"
    headings = [number for number, line in enumerate(done.lines) if not line.startswith(" ")]
    assert [done.lines[number].partition(":")[0] for number in headings] == list(RECIPES)
    for (name, recipe), start, end in zip(RECIPES.items(), headings, [*headings[1:], None], strict=True):
        listed = dict(line.split() for line in done.lines[start + 1 : end])
        settings = {field.replace("_", "-"): str(value) for field, value in vars(recipe).items()}
        assert listed.items() <= settings.items()
        slides = {field.replace("_", "-"): str(value) for field, value in vars(Recipe()).items()}
        assert (slides if name == "gan" else slides | listed) == settings
    assert "    learning-rate    0.0002" in done.lines


def test_data_mnist(command, small_mnist):
    done = command("data", "mnist", "--data", small_mnist)
    assert (done.status, done.err) == (0, "")
    lines = [line for line in done.lines if not line.startswith("note: ")]
    assert lines == [
        f"train     640 images of 28×28, in {small_mnist / 'train'}",
        f"test       64 images of 28×28, in {small_mnist / 'test'}",
    ]


@pytest.mark.skipif(os.name != "posix", reason="closed by a POSIX shell")
def test_started_with_nothing_open(tmp_path):
    """As by some daemons: what is said goes nowhere, and no file gets the number of the closed output."""
    words = f'"{sys.executable}" -m ms_gan "$@" <&- >&- 2>&-'
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    assert subprocess.run(["sh", "-c", words, "sh", "recipes"], env=environment).returncode == 0
    assert subprocess.run(["sh", "-c", words, "sh", "gif", tmp_path / "nothing"], env=environment).returncode == 2
