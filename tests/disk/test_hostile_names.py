"""Names of files and folders with spaces, line breaks, Chinese, format codes, bytes that are no letters, or 255 bytes.

A fault is one line on stderr, nothing is written but where it was asked for, and what can be done with them is done.
"""

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

POSIX = os.name == "posix"
ODD = "a b 换名 %d %s {x} ' ; $(touch trace) &"
NAMES = [ODD, "n" * 255, "n" * 256, "名" * 85]
if POSIX:
    NAMES += ["two\nlines\r\t", "\x1b[31mred\x07", "\x01", '"quoted"|<>*?', "\\"]
if sys.platform == "linux":  # elsewhere names are always letters
    NAMES += ["caf\udce9"]

WORDS = [
    ["sample", "NAME"],
    ["judge", "NAME", "NAME"],
    ["judge", "Discriminator2.ckpt", "NAME"],
    ["gif", "NAME"],
    ["losses", "NAME"],
    ["doctor", "NAME"],
    ["walk", "NAME"],
    ["neighbours", "NAME"],
    ["train", "gan", "--data", "NAME"],
    ["train", "dcgan-small", "--width", "2", "--data", "NAME"],
    ["train", "gan", "--resume", "NAME"],
    ["train", "gan", "--resume", "--result", "NAME"],
    ["data", "mnist", "--data", "NAME"],
]


@pytest.fixture
def place(tmp_path, trained_run, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copyfile(trained_run / "checkpoints" / "Discriminator2.ckpt", "Discriminator2.ckpt")
    return tmp_path


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_what_is_not_there_is_one_line(command, place, listing, words):
    before = listing(place)
    for name in NAMES:
        done = command(*(name if word == "NAME" else word for word in words))
        assert done.status == 2, (name, done)
        assert done.err.startswith("ms-gan: ") and done.err.endswith("\n") and done.err[:-1].isprintable(), done.err
        assert listing(place) == before


def test_a_run_under_such_a_name(command, place, small_mnist):
    """It is trained, gone on with, drawn from and judged by; and nothing lies elsewhere."""
    name = ODD + ("\n\x1b[31m" if POSIX else "") + ("\udce9" if sys.platform == "linux" else "")
    shutil.copytree(small_mnist, "data " + ODD)
    os.mkdir(name)
    run = Path(name, "run")
    options = ["--batch-size", 32, "--train-images", 64, "--data", "data " + ODD, "--result", run]
    assert command("train", "gan", "--epochs", 1, *options).status == 0
    assert command("train", "gan", "--epochs", 2, "--resume", "--result", run).status == 0
    generator, discriminator = (run / "checkpoints" / f"{player}1.ckpt" for player in ("Generator", "Discriminator"))
    picture = Path(name, "picture " + ODD + ".png")
    Image.fromarray(np.zeros((28, 28), np.uint8)).save(picture)
    for words in (["sample", generator, "--out", Path(name, "s.png")], ["gif", run], ["losses", run], ["doctor", run]):
        assert command(*words).status == 0
    judged = command("judge", discriminator, picture)
    assert judged.status == 0 and judged.out.count("\n") == 1 and "$(touch trace) &.png" in judged.out
    assert sorted(os.listdir()) == sorted(["Discriminator2.ckpt", "data " + ODD, name])
    assert sorted(os.listdir(name)) == sorted(["run", "s.png", picture.name])
    inside = {"recipe.json", "history.csv", "checkpoints", "images", "losses.png", "evolution.gif"}
    assert set(os.listdir(run)) == inside
    assert len(os.listdir(run / "checkpoints")) == 8 and len(os.listdir(run / "images")) == 2


def test_the_longest_name_there_is(command, place):
    """255 bytes: the picture's is full, so that no hidden name beside it can be longer."""
    generator = place / "Generator2.ckpt"
    shutil.copyfile(place / "Discriminator2.ckpt", generator)
    shutil.copyfile(generator, "n" * 250 + ".ckpt")
    done = command("sample", "n" * 250 + ".ckpt")
    assert done.status == 2 and "holds a discriminator" in done.err
    Image.fromarray(np.zeros((28, 28), np.uint8)).save("n" * 251 + ".png")
    assert command("judge", "Discriminator2.ckpt", "n" * 251 + ".png").status == 0
