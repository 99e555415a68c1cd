"""Lecture 06, run as a student runs it: as a script, from the project's folder."""

import re
import shutil
import statistics

import pytest
from PIL import Image
from pytest import approx

from ms_gan.records import history

LECTURE = "06_dcgan_mnist.py"
RUNS = ("dcgan-mnist", "lecture06/cs231n-gan")


@pytest.fixture(scope="module")
def told(tmp_path_factory, small_mnist, tell):
    """The lecture told once, with an epoch of five iterations: its folder, and what it said."""
    folder = tmp_path_factory.mktemp("lecture06") / "result"
    return folder, tell(LECTURE, "--device", "CPU", "--epochs", 1, "--result", folder, "--data", small_mnist)


def rows_of(run):
    rows, fault = history.read(run / "history.csv")
    assert fault is None
    return rows


def test_it_tells_what_the_assertions_check(told, expect):
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
        (r"22 gradients, 7,777,730 numbers: largest error #", approx(0, abs=1e-3)),
        r"581 images an epoch in 5 batches of 128 .*dcgan-mnist",
        r"epoch +1/1 +d_loss .*",
        r"5 iterations in \d+ s",
        r" +0 +1\.403 +1\.433 +1\.343 +0\.188( +\d\.\d{3}){4}",
        r"581 images an epoch in 5 batches of 128 .*cs231n-gan",
        r"fully connected: [\d,]+ iterations of \d+\.\d{3} s, \d+ s in all",
        r"convolutional: 5 iterations of \d+\.\d{3} s, \d+ s in all",
        r"mean of D's answers to 59 pictures of each kind.*",
        r"convolutional +1( +[01]\.\d{3}){3} +\d+\.\d%",
        r"fully connected +\d+( +[01]\.\d{3}){3} +\d+\.\d%",
        (
            r"a perfect D through two sigmoids pays #; G pays from # to #",
            *(approx(1.006, abs=2e-3), approx(0.313, abs=2e-3), approx(0.693, abs=2e-3)),
        ),
        r"kernel 4: a pixel inside is painted 4 times",
    )


def test_it_leaves_both_runs_and_its_pictures(told):
    folder, _ = told
    for name in RUNS:
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
        return len(rows) * statistics.median(row.seconds for row in rows)

    conv, dense = (rows_of(folder / name) for name in RUNS)
    assert len(conv) == 5 and len(dense) % 5 == 0
    assert spent(dense) >= 0.95 * spent(conv)


TRAINING = ("import argparse", "# What cannot work", "outputs = 32 * 24 * 24", "def run(name", "def time_spent")
"""Marks of the cells that train, and of what they need."""


def test_finished_runs_are_read_and_not_trained_again(told, small_mnist, tmp_path, excerpt, tell_here):
    folder, _ = told
    again = tmp_path / "result"
    shutil.copytree(folder, again)
    before = [rows_of(again / name) for name in RUNS]
    status, out, err = tell_here(
        excerpt(LECTURE, *TRAINING), "--device", "CPU", "--epochs", 1, "--result", again, "--data", small_mnist
    )
    assert (status, err) == (0, "")
    for name in RUNS:
        assert f"{again / name}: trained already (epochs: 1); it is read, nothing is trained\n" in out
    assert "images an epoch" not in out
    assert [rows_of(again / name) for name in RUNS] == before


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--epochs", 0], "epochs 0: it must be a whole number of at least 1"),
        (["--data", "no-such-folder"], "no MNIST in .*no-such-folder"),
        (["--device", "Abacus"], "unknown device 'Abacus'"),
    ],
)
def test_bad_input_is_refused_in_one_line(refused, small_mnist, options, says):
    telling = refused(LECTURE, "--data", small_mnist, *options)
    assert telling.out == "" and re.search(says, telling.err)


def test_a_run_with_other_settings_is_refused_before_anything_is_computed(told, first_images, tell_here):
    folder, _ = told
    status, out, err = tell_here(LECTURE, "--result", folder, "--data", first_images(660))
    assert (status, out) == (2, "")
    assert re.fullmatch(r"ms-gan: this run has --train-images 581 and cannot go on with 600: .*\n", err)
