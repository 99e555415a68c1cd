"""Lecture 04, run as a student runs it, with small games of few batches; its proofs are whole."""

import re
import shutil

import pytest
from PIL import Image
from pytest import approx

from ms_gan.records import history

LECTURE = "04_theory.py"
SHORT = ("--batches", 60, "--ring-batches", 16, "--device", "CPU")


@pytest.fixture(scope="module")
def told(tmp_path_factory, trained_run, tell):
    """The lecture told once beside a run of lecture 02: the folder of the results, and what it said."""
    folder = tmp_path_factory.mktemp("lecture04") / "result"
    folder.mkdir()
    for name in ("recipe.json", "history.csv"):
        shutil.copy(trained_run / name, folder / name)
    return folder, tell(LECTURE, "--result", folder, *SHORT)


def test_it_tells_what_the_assertions_check(told, expect):
    folder, (status, out, err) = told
    assert (status, err) == (0, "")
    measured = r"( +\d  *\d+% +\d\.\d){5} +\d+ s"
    expect(
        out,
        (r"entropy of a coin +: # = # bits", approx(0.6931, abs=2e-4), approx(1, abs=2e-4)),
        r"  least KL\(p \|\| q\): +0\.0 +3\.0 .*",
        (r"theta of the largest likelihood #, of the least KL #", approx(0.37, abs=0.03), approx(0.37, abs=0.011)),
        (r"cells of 0\.0125 x 0\.0125: # are hit, mean density there +#", approx(640, abs=2), approx(10, abs=0.04)),
        (
            r"E f\(G\(z\)\) over z #; over x, by shares #, with one inverse #",
            *(approx(-0.56805, abs=1e-4), approx(-0.56805, abs=1e-4), approx(-0.284, abs=0.005)),
        ),
        r"change_of_variables: G turns back .*",
        (
            r" 10001 cells: data #, G # at 0, so D\* is #",
            *(approx(1e-4, abs=2e-6), approx(0.50005, abs=2e-6), approx(2e-4, abs=4e-6)),
        ),
        (r"V\(G, D\*\) = #; the best of 2,000 other D: #", approx(-0.810757, abs=2e-6), approx(-0.815, abs=0.005)),
        (r" +0 +# +# +#", approx(-1.38629, abs=2e-5), approx(-1.38629, abs=2e-5), approx(0, abs=2e-5)),
        (r" +8 +# +# +#", approx(-0.00019, abs=2e-5), approx(-0.00019, abs=2e-5), approx(0.69305, abs=2e-5)),
        (r" +8 +# +# +# +#", *[approx(0.000393, abs=2e-6)] * 2, *[approx(7.99961, abs=2e-5)] * 2),
        (r" +4 +# +#", approx(1, abs=2e-3), approx(4, abs=2e-3)),
        (r"10,000 draws of each, shift 4: #", approx(4, abs=0.03)),
        r"460 batches in \d+ s",
        r" +\(a\) +\d+ +0 +-0\.\d{3} .*",
        r" +\(b\) +400 +0 +-0\.\d{3} .*",
        r" +\(d\) +460 +12 .*",
        rf"{re.escape(str(folder / 'history.csv'))}, 3 epochs; means of 1 batches",
        r"the first( +\d\.\d{3}){4} of 0\.693",
        r"60 batches; of the second half:",
        r" 1 +60 .*",
        r"20 +3 .*",
        *(rf"{re.escape(name)}{measured}" for name in ("non-saturating", "minimax", "least squares")),
        rf"Wasserstein, clipped{measured}",
        rf"Wasserstein, penalty{measured}",
        (r"KL\(p_G \|\| p_data\) of one heap for eight # = log 8; KL\(p_data \|\| p_G\) inf", approx(2.079, abs=2e-3)),
    )


def test_police_and_counterfeiters_have_the_runs_numbers(told, expect):
    folder, (_, out, _) = told
    rows, fault = history.read(folder / "history.csv")
    assert fault is None and len(rows) == 60  # so a mean is of a single batch
    first, last = rows[0], rows[-1]
    expect(
        out,
        rf"the first +{first.d_real:.3f} +{first.d_fake:.3f} +{first.d_loss:.3f} .*",
        rf"the last +{last.d_real:.3f} +{last.d_fake:.3f} +{last.d_loss:.3f} .*",
    )


def test_it_leaves_its_pictures(told):
    pictures = told[0] / "lecture04"
    assert {path.name for path in pictures.iterdir()} == {"figure1.png", "figure1.gif", "rings.png"}
    sizes = {path.name: Image.open(path).size for path in pictures.iterdir()}
    assert sizes == {"figure1.png": (1500, 1240), "figure1.gif": (720, 580), "rings.png": (1350, 1525)}
    with Image.open(pictures / "figure1.gif") as film:
        assert film.n_frames == 21 + 3  # every second of the lesson's 41 snapshots, and all of the game's


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--batches", 0], "batches 0: it must be a whole number of at least 16"),
        (["--ring-batches", -5], "ring batches -5: it must be a whole number of at least 16"),
        (["--device", "abacus"], "unknown device 'abacus'"),
    ],
)
def test_bad_input_is_refused_in_one_line(refused, options, says):
    telling = refused(LECTURE, *options)
    assert telling.out == "" and says in telling.err
