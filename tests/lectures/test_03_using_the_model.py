"""Lecture 03, run as a student runs it: once with weights of a run, once without any, when it trains some first."""

import ast
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from pytest import approx

from ms_gan.pictures.read import read_picture
from ms_gan.recipes import RECIPES
from ms_gan.records import history
from ms_gan.studies.comparison.comparing import plan

ROOT = Path(__file__).parents[2]
LECTURE = ROOT / "lectures" / "03_using_the_model.py"
SHORT = ("--device", "CPU", "--lab-epochs", 2, "--lab-images", 256)
NUMBER = r" *\d+\.\d{3}"


@pytest.fixture(scope="module")
def told(tmp_path_factory, trained_run, small_mnist, tell):
    """The lecture told once, from the newest weights of a run in its result folder, with one experiment."""
    result = tmp_path_factory.mktemp("lecture03") / "result"
    shutil.copytree(trained_run, result)
    return result, tell(
        LECTURE.name, "--result", result, "--data", small_mnist, "--lab", "schedule", "networks", *SHORT
    )


def test_it_tells_what_was_measured(told, expect):
    result, (status, out, err) = told
    assert (status, err) == (0, "")
    newest = result / "checkpoints" / "Generator2.ckpt"
    expect(
        out,
        rf"{re.escape(str(newest))}: codes of 100 numbers, noise normal",
        rf"D's mean answer to 1,000 samples:{NUMBER}",
        r"one number at 5 changes a pixel by \d+\.\d to \d+\.\d grey levels, in the median by .*",
        (r" +0 +# +#% +# +#", 0, approx(50, abs=50), approx(0, abs=0.2), approx(0.5, abs=0.5)),
        (r" +100 +# +#% +# +#", approx(995.5, abs=1), approx(50, abs=50), approx(50, abs=50), approx(0.5, abs=0.5)),
        rf"real +D's mean answer to +64:{NUMBER}",
        rf"white +D's mean answer to +1:{NUMBER}",
        rf"one of G's +D's mean answer to 1,000:{NUMBER}",
        rf"D says{NUMBER} to the photo merely shrunk,{NUMBER} to the digit as MNIST would have it",
        r"evaluation, one code +a pixel varies by up to [01] of 255 over the five pictures",
        r"training, one code +a pixel varies by up to \d+ of 255 over the five pictures",
        r"training, batch of equal codes +a pixel varies by up to \d+ of 255 over the five pictures",
        r"angle of the first two codes: (8\d|9\d) degrees",
        (
            r"98 of 100 codes have a length from # to #; half way: # on the straight line, # on the .*",
            *(approx(8.39, abs=0.02), approx(11.61, abs=0.02), approx(7.12, abs=0.02), approx(10.52, abs=0.02)),
        ),
        rf"great circle +\d+\.\d {NUMBER}",
        r"128,000 pairs of pictures compared in \d+\.\d s",
        r"grey levels to the nearest training picture: 100 samples .*; 64 held-out pictures .*; copies .*: 0",
        r"training pictures moved by a single pixel: \d+\.\d grey levels in the median",
        rf" +1 {NUMBER} {NUMBER} +\d+% {NUMBER}",
        rf" +3 {NUMBER} {NUMBER} +\d+% {NUMBER}",
        r"learning_rate: left out \(--lab learning_rate\)",
        r"schedule +d_loss .*",
        rf"constant {NUMBER} .*",
        rf"cosine {NUMBER} .*",
        r"activation: left out \(--lab activation\)",
        r"256 images an epoch in 8 batches of 32 .*networks",
        (r"between black and white, epoch by epoch: #% #%", *[approx(50, abs=50)] * 2),
        r"lecture 03 took \d+ s; .*lecture03 holds \d+ MB",
    )


def test_it_leaves_its_pictures(told):
    pictures = told[0] / "lecture03"
    sizes = {}
    for path in pictures.glob("*.*"):
        with Image.open(path) as picture:
            sizes[path.name] = picture.size
    assert sizes.pop("schedule.png")[0] > 1000
    assert sizes == {
        "samples.png": (584, 584),
        "numbers.png": (1500, 569),
        "scale.png": (1500, 1310),
        "asked.png": (1385, 499),
        "photo.png": (1225, 287),
        "mine.png": (28, 28),
        "modes.png": (1225, 555),
        "walk.png": (1500, 639),
        "walk.gif": (484, 270),
        "neighbours.png": (1389, 1100),
        "histograms.png": (1200, 425),
    }
    with Image.open(pictures / "walk.gif") as film:
        assert film.n_frames == 5 * 12
    settings = {path.name for path in (pictures / "schedule").iterdir() if path.is_dir()}
    assert settings == {"constant", "step", "cosine"}


def test_a_listener_of_your_own_gets_its_column(told):
    rows, fault = history.read(told[0] / "lecture03" / "networks" / "history.csv")
    assert fault is None and len(rows) == 2 * 8
    assert [(row.epoch, row.step) for row in rows if 0 <= row.figures.get("greys", -1) <= 1] == [(0, 8), (1, 8)]


def test_the_photo_is_prepared_as_mnists_digits_are(told):
    """Its longer side is 20 pixels, its centre of mass in the middle, its paper black."""
    digit = read_picture(told[0] / "lecture03" / "mine.png", (1, 28, 28))[..., 0].astype(float)
    rows, columns = (np.flatnonzero(digit.max(axis=axis) > 40) for axis in (1, 0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 in (19, 20) and digit.max() > 200 and (digit == 0).mean() > 0.6
    for axis in (0, 1):
        assert abs(np.average(np.arange(28), weights=digit.sum(axis=1 - axis)) - 13.5) <= 0.6


def test_without_weights_it_trains_some(tmp_path, small_mnist, tell_here, expect):
    """Without the laboratory, too, and with a photo of light ink on dark paper."""
    photo = Image.new("RGB", (600, 500), (20, 30, 20))
    ImageDraw.Draw(photo).line((300, 100, 280, 400), fill=(240, 250, 240), width=30)
    photo.save(tmp_path / "board.jpg")
    options = ("--result", tmp_path / "result", "--data", small_mnist, "--photo", tmp_path / "board.jpg", "--epochs", 1)
    status, out, err = tell_here(LECTURE.name, *options, "--lab", *SHORT)
    assert (status, err) == (0, "")
    pictures = tmp_path / "result" / "lecture03"
    expect(
        out,
        r"no weights in .*checkpoints yet: a run of 1 epochs makes some, once",
        r"640 images an epoch in 5 batches of 128 .*",
        rf"{re.escape(str(pictures / 'gan' / 'checkpoints' / 'Generator0.ckpt'))}: codes of 100 numbers, noise normal",
        rf" +1 {NUMBER} {NUMBER} +\d+% {NUMBER}",
        r"beta1: left out \(--lab beta1\)",
        r"networks: left out \(--lab networks\)",
    )
    bar = read_picture(pictures / "mine.png", (1, 28, 28))[..., 0]
    assert bar[13:15, 12:16].max() > 200 and (bar[:, :9] == 0).all() and (bar[:, 19:] == 0).all()
    assert 18 <= (bar.max(axis=1) > 100).sum() <= 20


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--data", "no-such-folder"], "no MNIST in .*no-such-folder"),
        (["--lab-epochs", "1"], "lab epochs 1: there must be 2 at least"),
        (["no/checkpoints/Generator5.ckpt"], "no.*Generator5.ckpt"),
    ],
)
def test_bad_input_is_refused_in_one_line(small_mnist, refused, words, says):
    assert re.search(says, refused(LECTURE.name, "--data", small_mnist, *words).err)


def test_every_experiment_can_be_trained():
    """Each `experiment(…)` of the text names a setting and values of it that a comparison takes."""
    tree = ast.parse(LECTURE.read_text(encoding="utf-8"))
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "experiment"
    ]
    names = []
    for call in calls:
        field, values = map(ast.literal_eval, call.args)
        changes = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
        settings = plan(replace(RECIPES["gan"], epochs=3, train_images=12_800, **changes), field, values, Path("lab"))
        assert [setting.value for setting in settings] == values
        names.append(field)
    (choices,) = re.findall(r"EXPERIMENTS = (\(.*?\))", LECTURE.read_text(encoding="utf-8"), re.DOTALL)
    assert names == list(ast.literal_eval(choices)) and len(names) == 7
