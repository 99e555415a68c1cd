"""Lecture 05, run as a student runs it: five small trainings, then everything read again."""

import gzip
import os
import re
import shlex
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from ms_gan.commands.parse import command_line
from ms_gan.training import history

ROOT = Path(__file__).parents[2]
LECTURE = ROOT / "lectures" / "05_objectives.py"
RUNS = {"cs231n-gan": 10, "lsgan": 10, "lecture05/minimax": 5, "lecture05/wgan": 10, "lecture05/wgan-gp": 10}
"""Steps of each run on 640 images: two epochs of 5 batches of 128, one of them, and one of 10 batches of 64."""


def run(*options):
    return subprocess.run(
        [sys.executable, str(Path("lectures", LECTURE.name)), *map(str, options)],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )


def write_subset(folder, count):
    """The first `count` real training images and labels, as a data set of their own."""
    folder.mkdir(parents=True)
    for name, dimensions, size in (("train-images-idx3-ubyte", 3, 28 * 28), ("train-labels-idx1-ubyte", 1, 1)):
        whole = gzip.decompress((ROOT / "data" / "MNIST_Data" / "train" / f"{name}.gz").read_bytes())
        header = 4 + 4 * dimensions
        content = whole[:4] + struct.pack(">I", count) + whole[8 : header + count * size]
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    data = write_subset(tmp_path_factory.mktemp("mnist") / "train", 640)
    result = tmp_path_factory.mktemp("run") / "result"
    return ["--epochs", 2, "--critic-epochs", 1, "--device", "CPU", "--data", data, "--result", result]


@pytest.fixture(scope="module")
def first(options):
    """The folder of the results, and what the first run of the lecture said."""
    return options[-1], run(*options)


def expect(out, *lines):
    """Each pattern matches a line of its own, in this order."""
    rest = iter(out.splitlines())
    for pattern in lines:
        assert any(re.fullmatch(pattern, line) for line in rest), f"no line {pattern!r} where it should be in:\n{out}"


def test_it_runs(first):
    folder, done = first
    assert (done.returncode, done.stderr) == (0, "")
    number = r" *-?\d+\.\d{3}"
    expect(
        done.stdout,
        r"minimax +1\.2198 +-0\.6390 .*",
        r"least-squares +4\.7119 +4\.5116 .*",
        r"  minimax -0\.0025",
        r"  non-saturating -0\.9975",
        r"  least-squares -7\.0000",
        r"D has 267,009 parameters, G 1,952,528",
        r"640 images an epoch in 5 batches of 128 .*",
        r"vanilla: D, G .*",
        rf" +0 +1\.328 +0\.720 +- +- +{number} +{number} +{number} +{number}",
        r"LSGAN: D, G .*",
        rf" +0 +0\.569 +0\.510 +0\.532 +0\.433 +{number} +{number} +{number} +{number}",
        rf"iteration   0   g_loss {number}\d+   D\(x\) 0\.\d+   D\(G\(z\)\) 0\.\d+",
        r" +10 +0\.6931 +10\.0",
        r"slope 3 everywhere: the penalty is 4\.000000",
        r"ms\.jit largest error of the penalty's gradient: 0\.00000\d",
        r"wgan +estimate in each fifth of the run: .*",
        r"wgan +weights from -0\.010 to 0\.010; .*",
        r"y +1 +2 +1 +-1 +-2 +-1 +1",
        r"x +1 +-1 +-2 +-1 +1 +2 +1",
        r" +0\.25 +1\.03078 +1\.00000 +\de-1\d +25\.1",
        r"g_loss from 0\.\d{3} to 0\.[01]\d{2}; d_loss is 2\.\d{3}, .*",
        r"the best single answer to 0 or 255: 127, .*",
    )
    assert "250 " not in done.stdout  # rows of the table that the run did not reach
    for name, steps in RUNS.items():
        rows, fault = history.read(folder / name / "history.csv")
        assert len(rows) == steps and fault is None
    sizes = {path.name: Image.open(path).size for path in (folder / "lecture05").glob("*.png")}
    assert sizes == {"objectives.png": (1300, 900), "xy-game.png": (1200, 1200), "fooled.png": (584, 584)}


def test_finished_runs_are_read_and_a_stopped_one_goes_on(first, options):
    """A run without its last epoch's weights is what Ctrl-C, or a power cut, leaves."""
    folder, before = first
    weights = folder / "lsgan" / "checkpoints"
    histories = {name: (folder / name / "history.csv").read_bytes() for name in RUNS}
    saved = (weights / "Generator1.ckpt").read_bytes()
    (weights / "Generator1.ckpt").unlink()
    again = run(*options)
    assert (again.returncode, again.stderr) == (0, "")
    found = re.findall(r"^(\S+): trained already \(epochs: (\d)\);", again.stdout, re.MULTILINE)
    assert found == [
        (str(folder / "cs231n-gan"), "2"),
        *((str(folder / "lecture05" / name), "1") for name in ("minimax", "wgan", "wgan-gp")),
    ]
    assert re.findall(r"going on from (\S+)", again.stdout) == [str(weights / "Generator0.ckpt")]
    assert (weights / "Generator1.ckpt").read_bytes() == saved
    for name in RUNS:
        if name != "lsgan":
            assert (folder / name / "history.csv").read_bytes() == histories[name]
    assert table(again.stdout) == table(before.stdout)


def table(out):
    """The table of losses, all of it."""
    return out[out.index("vanilla: D, G") : out.index("cs231n-gan's last picture")]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--data", "no-such-folder"], "no MNIST in .*no-such-folder"),
        (["--data", "FEW"], "100 images: this lecture needs at least 640"),
        (["--epochs", "0"], "epochs 0: it must be a whole number of at least 1"),
        (["--critic-epochs", "0"], "epochs 0: it must be a whole number of at least 1"),
        (["--device", "abacus"], "unknown device 'abacus'"),
    ],
)
def test_bad_input_is_refused_in_one_line(tmp_path, words, says):
    few = write_subset(tmp_path / "few", 100)
    done = run("--result", tmp_path / "result", *[few if word == "FEW" else word for word in words])
    assert done.returncode == 2
    assert re.fullmatch(f"ms-gan: .*{says}.*\n", done.stderr)
    assert "d_loss" not in done.stdout and not (tmp_path / "result").exists()


def test_commands_in_the_text_are_understood():
    text = [line[2:] for line in LECTURE.read_text(encoding="utf-8").splitlines() if line.startswith("# ")]
    commands = re.findall(r"`ms-gan ([^`]*)`", " ".join(" ".join(text).split()))
    assert len(commands) >= 4
    for command in commands:
        command_line(shlex.split(command))
