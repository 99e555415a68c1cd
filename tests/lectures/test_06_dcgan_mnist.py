"""Lecture 06, run as a student runs it: as a script, from the project's folder."""

import csv
import os
import re
import shlex
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from ms_gan.commands.parse import command_line

ROOT = Path(__file__).parents[2]
LECTURE = Path("lectures", "06_dcgan_mnist.py")


def run(*options):
    done = subprocess.run(
        [sys.executable, str(LECTURE), "--device", "CPU", *map(str, options)],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def told(tmp_path_factory, small_mnist):
    """The lecture told once, with an epoch of five iterations: its folder, and what it said."""
    folder = tmp_path_factory.mktemp("lecture06") / "result"
    return folder, run("--epochs", 1, "--result", folder, "--data", small_mnist)


def expect(out, *lines):
    """Each pattern matches a line of its own, in this order."""
    rest = iter(out.splitlines())
    for pattern in lines:
        assert any(re.fullmatch(pattern, line) for line in rest), f"no line {pattern!r} where it should be in:\n{out}"


def history(folder):
    with (folder / "history.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_it_tells_what_the_assertions_check(told):
    folder, (status, out, err) = told
    assert (status, err) == (0, "")
    expect(
        out,
        r"581 images to train on; a batch has images \(128, 1, 28, 28\) and latent codes \(128, 96\)",
        r"18,432 outputs: convolution 832 parameters, Dense 14,469,120",
        r"the matrix of a 5×5 convolution: \(576, 784\), 3\.2% of it not 0, 26 numbers",
        r"8   4   2   1   4",
        r"14  4   2   1   28",
        r" +in all +1,102,721",
        r"place \(1, 2\) sees rows 4 to 19 and columns 8 to 23",
        r" +in all +6,675,009",
        r"generator, 4 numbers of noise: 6,580,801",
        r"place \(3, 4\) paints on rows 9 to 18 and columns 13 to 22",
        r"22 gradients, 7,777,730 numbers: largest error \de-0[4-9]",
        r"581 images an epoch in 5 batches of 128 .*dcgan-mnist",
        r"epoch +1/1 +d_loss .*",
        r"5 iterations in \d+ s",
        r" +0 +1\.403 +1\.433 +1\.343 +0\.188( +\d\.\d{3}){4}",
        r"581 images an epoch in 5 batches of 128 .*cs231n-gan",
        r"fully connected: [\d,]+ iterations of \d\.\d{3} s, \d+ s in all",
        r"convolutional: 5 iterations of \d\.\d{3} s, \d+ s in all",
        r"mean of D's answers to 59 pictures of each kind.*",
        r"convolutional +1( +[01]\.\d{3}){3} +\d+\.\d%",
        r"fully connected +\d+( +[01]\.\d{3}){3} +\d+\.\d%",
        r"a perfect D through two sigmoids pays 1\.006; G pays from 0\.313 to 0\.693",
        r"kernel 4: a pixel inside is painted 4 times",
    )


def test_it_leaves_both_runs_and_its_pictures(told):
    folder, _ = told
    for name in ("dcgan-mnist", "lecture06/cs231n-gan"):
        assert (folder / name / "checkpoints" / "Generator0.ckpt").is_file()
        assert (folder / name / "losses.png").is_file()
    assert {path.name for path in (folder / "lecture06").iterdir()} == {
        "cs231n-gan",
        "equal-time.png",
        "checkerboards.png",
    }
    assert Image.open(folder / "lecture06" / "equal-time.png").size == (400, 860)
    assert Image.open(folder / "lecture06" / "checkerboards.png").size == (252, 128)  # 2·(24·5 + 4) + 4


def test_the_fully_connected_pair_gets_the_same_time(told):
    folder, _ = told

    def spent(rows):
        return len(rows) * statistics.median(float(row["seconds"]) for row in rows)

    conv, dense = (history(folder / name) for name in ("dcgan-mnist", "lecture06/cs231n-gan"))
    assert len(conv) == 5 and len(dense) % 5 == 0
    assert spent(dense) >= 0.95 * spent(conv)


def test_finished_runs_are_read_and_not_trained_again(told, small_mnist, tmp_path):
    folder, _ = told
    again = tmp_path / "result"
    shutil.copytree(folder, again)
    before = [history(again / name) for name in ("dcgan-mnist", "lecture06/cs231n-gan")]
    status, out, err = run("--epochs", 1, "--result", again, "--data", small_mnist)
    assert (status, err) == (0, "")
    for name in ("dcgan-mnist", "lecture06/cs231n-gan"):
        assert f"{again / name}: trained already (epochs: 1); it is read, nothing is trained\n" in out
    assert "images an epoch" not in out
    assert [history(again / name) for name in ("dcgan-mnist", "lecture06/cs231n-gan")] == before


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--epochs", 0], "epochs 0: it must be a whole number of at least 1"),
        (["--data", "no-such-folder"], "no MNIST in .*no-such-folder"),
        (["--device", "Abacus"], "unknown device 'Abacus'"),
    ],
)
def test_bad_input_is_refused_in_one_line(tmp_path, options, says):
    status, out, err = run("--result", tmp_path / "result", *options)
    assert (status, out) == (2, "")
    assert re.fullmatch(f"ms-gan: .*{says}.*\n", err)
    assert not (tmp_path / "result").exists()


def test_a_run_with_other_settings_is_refused_before_anything_is_computed(told):
    folder, _ = told
    status, out, err = run("--result", folder)  # all of MNIST
    assert (status, out) == (2, "")
    assert re.fullmatch(r"ms-gan: this run has --train-images 581 and cannot go on with 50000: .*\n", err)


def test_commands_in_the_exercises_are_understood():
    lines = (ROOT / LECTURE).read_text(encoding="utf-8").splitlines()
    prose = " ".join(" ".join(line[2:] for line in lines if line.startswith("# ")).split())
    commands = re.findall(r"`(ms-gan train [^`]*)`", prose)
    assert len(commands) == 3
    for command in commands:
        assert command_line(shlex.split(command)[1:]).recipe in ("dcgan-mnist", "cs231n-gan")
