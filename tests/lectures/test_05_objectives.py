"""Lecture 05, run as a student runs it: five small trainings, then everything read again."""

import re

import pytest
from PIL import Image
from pytest import approx

from ms_gan.records import history

LECTURE = "05_objectives.py"
RUNS = {"cs231n-gan": 10, "lsgan": 10, "lecture05/minimax": 5, "lecture05/wgan": 10, "lecture05/wgan-gp": 10}
"""Steps of each run on 640 images: two epochs of 5 batches of 128, one of them, and one of 10 batches of 64."""


@pytest.fixture(scope="module")
def options(tmp_path_factory, first_images):
    result = tmp_path_factory.mktemp("run") / "result"
    return ["--epochs", 2, "--critic-epochs", 1, "--device", "CPU", "--data", first_images(640), "--result", result]


@pytest.fixture(scope="module")
def first(options, tell):
    """The folder of the results, and what the first run of the lecture said."""
    return options[-1], tell(LECTURE, *options)


def test_it_runs(first, expect):
    _, (status, out, err) = first
    assert (status, err) == (0, "")
    number = r" *-?\d+\.\d{3}"
    expect(
        out,
        (r"minimax +# +# .*", approx(1.2198, abs=2e-4), approx(-0.6390, abs=2e-4)),
        (r"least-squares +# +# .*", approx(4.7119, abs=2e-4), approx(4.5116, abs=2e-4)),
        (r"  minimax #", approx(-0.0025, abs=2e-4)),
        (r"  non-saturating #", approx(-0.9975, abs=2e-4)),
        (r"  least-squares #", approx(-7, abs=2e-4)),
        r"D has 267,009 parameters, G 1,952,528",
        r"640 images an epoch in 5 batches of 128 .*",
        r"vanilla: D, G .*",
        rf" +0 +1\.328 +0\.720 +- +- +{number} +{number} +{number} +{number}",
        r"LSGAN: D, G .*",
        rf" +0 +0\.569 +0\.510 +0\.532 +0\.433 +{number} +{number} +{number} +{number}",
        rf"iteration   0   g_loss {number}\d+   D\(x\) 0\.\d+   D\(G\(z\)\) 0\.\d+",
        (r" +10 +# +#", approx(0.6931, abs=2e-4), approx(10, abs=0.2)),
        (r"slope 3 everywhere: the penalty is #", approx(4, abs=1e-3)),
        (r"ms\.jit largest error of the penalty's gradient: #", approx(0, abs=2e-5)),
        r"wgan +estimate in each fifth of the run: .*",
        r"wgan +weights from -0\.010 to 0\.010; .*",
        r"y +1 +2 +1 +-1 +-2 +-1 +1",
        r"x +1 +-1 +-2 +-1 +1 +2 +1",
        (
            r" +0\.25 +# +# +# +#",
            *(approx(1.03078, abs=2e-5), approx(1, abs=2e-5), approx(0, abs=1e-9), approx(25.1, abs=0.2)),
        ),
        (
            r"g_loss from # to #; d_loss is #, .*",
            *(approx(0.72, abs=0.05), approx(0.19, abs=0.11), approx(2.6, abs=0.6)),
        ),
        r"the best single answer to 0 or 255: 127, .*",
    )
    assert "250 " not in out  # rows of the table that the run did not reach


def test_it_leaves_its_runs_and_pictures(first):
    folder, _ = first
    for name, steps in RUNS.items():
        rows, fault = history.read(folder / name / "history.csv")
        assert len(rows) == steps and fault is None
    sizes = {path.name: Image.open(path).size for path in (folder / "lecture05").glob("*.png")}
    assert sizes == {"objectives.png": (1300, 900), "xy-game.png": (1200, 1200), "fooled.png": (584, 584)}


TRAINING = ("import argparse", "# What cannot work", "def minus_log(p)", "def run(name, root)", "lsgan = run(")
TABLE = ("published = {", "minimax = run(", "wgan = run(")
"""Marks of the cells that train, and of what they need."""


def test_finished_runs_are_read_and_a_stopped_one_goes_on(first, options, excerpt, tell_here):
    """A run without its last epoch's weights is what Ctrl-C, or a power cut, leaves."""
    folder, before = first
    weights = folder / "lsgan" / "checkpoints"
    histories = {name: (folder / name / "history.csv").read_bytes() for name in RUNS}
    saved = (weights / "Generator1.ckpt").read_bytes()
    (weights / "Generator1.ckpt").unlink()
    again = tell_here(excerpt(LECTURE, *TRAINING, *TABLE), *options)
    assert (again.status, again.err) == (0, "")
    found = re.findall(r"^(\S+): trained already \(epochs: (\d)\);", again.out, re.MULTILINE)
    assert found == [
        (str(folder / "cs231n-gan"), "2"),
        *((str(folder / "lecture05" / name), "1") for name in ("minimax", "wgan", "wgan-gp")),
    ]
    assert re.findall(r"going on from (\S+)", again.out) == [str(weights / "Generator0.ckpt")]
    assert (weights / "Generator1.ckpt").read_bytes() == saved
    for name in RUNS:
        if name != "lsgan":
            assert (folder / name / "history.csv").read_bytes() == histories[name]
    assert table(again.out) == table(before.out)


def table(out):
    """The table of losses, all of it."""
    (found,) = re.findall(r"^vanilla: D, G .*\n(?: .*\n)+\nLSGAN: D, G .*\n(?: .*\n)+", out, re.MULTILINE)
    return found


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--data", "no-such-folder"], "no MNIST in .*no-such-folder"),
        (["--data", "FEW"], "100 images: this lecture needs at least 640"),
        (["--data", "ENOUGH", "--epochs", "0"], "epochs 0: it must be a whole number of at least 1"),
        (["--data", "ENOUGH", "--critic-epochs", "0"], "epochs 0: it must be a whole number of at least 1"),
        (["--device", "abacus"], "unknown device 'abacus'"),
    ],
)
def test_bad_input_is_refused_in_one_line(refused, first_images, words, says):
    sets = {"FEW": 100, "ENOUGH": 640}
    telling = refused(LECTURE, *[first_images(sets[word]) if word in sets else word for word in words])
    assert re.search(says, telling.err) and "d_loss" not in telling.out
