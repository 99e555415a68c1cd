"""ms-gan walk and ms-gan neighbours: what they draw, print and refuse."""

import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ms_gan.data.latent import fixed_codes
from ms_gan.data.mnist.files import load_images
from ms_gan.games.players import create_players
from ms_gan.networks.evaluation import draw
from ms_gan.recipes import RECIPES
from ms_gan.records import checkpoint
from ms_gan.records.checkpoint import Position
from ms_gan.records.run_folder import RunFolder
from ms_gan.records.trained import load_generator
from ms_gan.studies.neighbours.copies import describe_copies, find_neighbours, find_real_neighbours
from ms_gan.studies.walk.paths import WALKS, round_walk, usual_code_lengths
from ms_gan.studies.walk.strip import Walked, film_walks, plot_walks


@pytest.fixture
def weights(trained_run):
    return trained_run / "checkpoints" / "Generator2.ckpt"


@pytest.fixture
def faces(tmp_path, monkeypatch, cpu):
    """A generator of colour pictures, untrained, and the folder of its run, whose data are thirty pictures."""
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    pixels = np.random.default_rng(0).integers(0, 256, (30, 32, 32, 3), dtype=np.uint8)
    (tmp_path / "faces").mkdir()
    for number, picture in enumerate(pixels):
        Image.fromarray(picture).save(tmp_path / "faces" / f"{number:02}.png")
    recipe, folder = replace(RECIPES["dcgan-small"], width=4), RunFolder(tmp_path / "run")
    folder.create("dcgan-small", recipe, tmp_path / "faces")
    checkpoint.save(folder.checkpoints, Position(1), create_players(recipe))
    return folder.checkpoints / "Generator0.ckpt"


def test_walk(command, weights, tmp_path):
    out = tmp_path / "new"
    done = command("walk", weights, "--codes", 3, "--frames", 5, "--seed", 2, "--out", out)
    assert (done.status, done.err) == (0, "")
    codes = fixed_codes(3, 100, 2)
    middle = np.linalg.norm(codes[:2].astype(np.float64).mean(axis=0))
    ends = np.linalg.norm(codes[:2], axis=1)
    assert done.lines == [
        "98 of 100 latent codes have a length from 8.39 to 11.61; "
        f"half way: {middle:.2f} on the straight line, {ends.mean():.2f} on the great circle",
        f"from the first code to the second: {out / 'walk.png'}",
        f"through 3 codes and back: {out / 'walk.gif'}",
    ]
    generator, _ = load_generator(weights)
    strip = {name: walk(*codes[:2], np.linspace(0, 1, 11)) for name, walk in WALKS.items()}
    film = {name: round_walk(walk, codes, 5) for name, walk in WALKS.items()}
    strip, film = ({name: Walked(draw(generator, way), way) for name, way in ways.items()} for ways in (strip, film))
    title = "From one latent code to another, Generator2.ckpt, seed 2"
    plot_walks(tmp_path / "strip.png", strip, usual_code_lengths(100, "normal"), title)
    film_walks(tmp_path / "film.gif", film, frames=5)
    assert (out / "walk.png").read_bytes() == (tmp_path / "strip.png").read_bytes()
    assert (out / "walk.gif").read_bytes() == (tmp_path / "film.gif").read_bytes()


def test_walk_by_default_and_in_colours(command, faces, tmp_path, monkeypatch):
    """walk.png and walk.gif in the working directory; another seed walks elsewhere."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    films = []
    for seed in (0, 0, 1):
        assert command("walk", faces, "--seed", seed).status == 0
        films.append((tmp_path / "here" / "walk.gif").read_bytes())
    assert films[0] == films[1] != films[2]
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == ["walk.gif", "walk.png"]
    with Image.open("walk.gif") as film:
        assert film.n_frames == 4 * 16 and film.size == (2 * 224 + 36, 224 + 46)
    assert len(films[0]) < 2_000_000


def test_neighbours_of_mnist(command, weights, small_mnist, tmp_path):
    """The run was trained on the small MNIST, which its folder names."""
    out = tmp_path / "sheet.png"
    done = command("neighbours", weights, "--count", 20, "--seed", 3, "--out", out)
    assert (done.status, done.err) == (0, "")
    digits, (generator, _) = load_images(small_mnist), load_generator(weights)
    drawn = find_neighbours(draw(generator, fixed_codes(20, 100, 3)), digits)
    name, real = find_real_neighbours(RECIPES["gan"], small_mnist, digits, 20, 3)
    lines = [line for line in done.lines if not line.startswith("note: ")]
    assert lines == [
        describe_copies(drawn, real, name),
        f"five of each beside the nearest of 640 training pictures: {out}",
    ]
    assert "20 samples" in lines[0] and "20 held-out pictures" in lines[0]
    with Image.open(out) as sheet:
        assert sheet.size == (1389, 1100)


def test_neighbours_of_faces(command, faces, tmp_path):
    out = tmp_path / "sheet.png"
    done = command("neighbours", faces, "--count", 10, "--out", out)
    assert (done.status, done.err) == (0, "")
    assert "10 training pictures (each beside the others)" in done.lines[-2]
    assert done.lines[-1] == f"five of each beside the nearest of 30 training pictures: {out}"
    with Image.open(out) as sheet:
        assert np.ptp(np.asarray(sheet.convert("RGB")).astype(int), axis=2).max() > 100  # in colours


def test_other_data_than_the_runs(command, faces, tmp_path):
    shutil.move(tmp_path / "faces", tmp_path / "moved")
    (tmp_path / "moved" / "00.png").unlink()
    lost = command("neighbours", faces, "--out", tmp_path / "a.png")
    assert lost.status == 2 and str(tmp_path / "faces") in lost.err and lost.err.count("\n") == 1
    found = command("neighbours", faces, "--data", tmp_path / "moved", "--out", tmp_path / "a.png")
    assert found.status == 0 and "of 29 training pictures" in found.lines[-1]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["walk", "FILE", "--codes", 1], "--codes 1, --frames 16: there must be at least 2 codes"),
        (["walk", "FILE", "--frames", 0], "--codes 4, --frames 0: there must be"),
        (["walk", "FILE", "--codes", 11], "160 frames in all at most"),
        (["walk", "FILE", "--seed", -1], "--seed -1: it must be from 0 to 4294967295"),
        (["walk", "FILE", "--out", "FILE"], "cannot write .*walk.png"),
        (["walk", "missing.ckpt"], "missing.ckpt"),
        (["neighbours", "FILE", "--count", 1], "--count 1: it must be from 2 to 1,000"),
        (["neighbours", "FILE", "--count", 1001], "--count 1001: it must be from 2 to 1,000"),
        (["neighbours", "FILE", "--seed", 2**32], "--seed 4294967296: it must be from 0 to 4294967295"),
        (["neighbours", "FILE", "--data", "nowhere"], "no MNIST in .*nowhere"),
        (["neighbours", "FILE", "--out", "sheet.jpg"], "sheet.jpg: this picture is written as .png"),
        (["neighbours", "missing.ckpt"], "missing.ckpt"),
    ],
)
def test_bad_input(command, weights, tmp_path, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    done = command(*(weights if word == "FILE" else word for word in words))
    assert done.status == 2 and done.err.startswith("ms-gan: ") and done.err.count("\n") == 1
    assert re.search(says, done.err)
    assert list(tmp_path.iterdir()) == []


def test_a_discriminators_file_is_refused(command, weights, tmp_path):
    for name in ("walk", "neighbours"):
        done = command(name, weights.with_name("Discriminator2.ckpt"), "--out", tmp_path / "a.png")
        assert done.status == 2 and "Discriminator2.ckpt" in done.err
    assert list(tmp_path.iterdir()) == []
