"""Lecture 07, run as a student runs it: as a script, from the project's folder."""

import re
from pathlib import Path

import pytest
from PIL import Image
from pytest import approx

from ms_gan.data.faces.cartoon import draw_cartoons
from ms_gan.records import history

ROOT = Path(__file__).parents[2]
LECTURE = "07_dcgan_faces.py"
SLIDE = "loss_d:13.815511 , loss_g:-0.000000"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with 320 drawn faces in `faces`."""
    folder = tmp_path_factory.mktemp("lecture07")
    draw_cartoons(folder / "faces", 320, 32, say=lambda line: None)
    return folder


@pytest.fixture(scope="module")
def told(home, tell):
    """The lecture told once, with short cures, a narrow network for the sound run and an epoch of five steps."""
    short = ("--device", "CPU", "--cure-steps", 10, "--epochs", 1, "--width", 8)
    return tell(LECTURE, *short, "--data", home / "faces", "--result", home / "result", XDG_CACHE_HOME=str(home))


@pytest.fixture(autouse=True)
def kept_here(monkeypatch, home):
    """Pictures that are decoded once are kept there."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))


def test_it_tells_what_the_assertions_check(told, expect):
    status, out, err = told
    assert (status, err) == (0, "")
    expect(
        out,
        r"320 faces; a batch has images \(64, 3, 32, 32\) and latent codes \(64, 100\)",
        r"G: 1 -> 4 -> 8 -> 16 -> 32 -> 64",
        r" +in all +2,765,568",
        r" +in all +3,576,704",
        (r"generator in evaluation: largest difference # among 24,576 numbers", approx(0, abs=1e-4)),
        r"275 steps for 70,171 faces, the last batch partly filled: a batch has \[256\] of them",
        (r"D answers 1, wrongly: loss #; -ln 0\.000000000001 = #", *[approx(27.631021, abs=1e-4)] * 2),
        (
            r"sigmoid\(#\) = #, sigmoid\(#\) = #; 24 ln 2 = #",
            *(approx(16.6355, abs=0.1), approx(1, abs=5e-7), approx(16.6355, abs=0.1), 1, approx(16.6355, abs=1e-3)),
        ),
        (r" +40 +# +# +# +#", approx(27.631, abs=1e-3), 0, approx(40, abs=1e-3), approx(1, abs=1e-3)),
        r"lengths of the gradients: D 0\.0, G 0\.0; weights in both networks: 538,432",
        r"diagnosis: D is saturated \(epoch 1, step \d+\)",
        r"width 64, seed 2, step 10: loss_d:-?\d+\.\d{6} , loss_g:-?\d+\.\d{6} +D\(x\) [01]\.\d{4} .*",
        r"320 images an epoch in 5 batches of 64 \(0 left out\); .*",
        r"5 steps in \d+ s",
        r" +5 +loss_d:\S+ , loss_g:\S+ +loss_d:\d\.\d{6} , loss_g:\d+\.\d{6}",
        r"dcgan64 .*50×50.*",
    )


def test_the_broken_run_says_what_the_slide_says(told):
    """Not before the first step, which is an ordinary one; within eight steps, and then every line."""
    _, out, _ = told
    steps = re.findall(r"^step:\[ *(\d+)/ +25\], (loss_d:\S+ , loss_g:\S+) ", out, re.MULTILINE)
    assert [number for number, _ in steps] == ["1", "2", "3", "4", "5", "6", "25"]
    losses = [tuple(map(float, re.findall(r"-?\d+\.\d+", line))) for _, line in steps]
    assert 0.3 < losses[0][0] < 2 and 0.1 < losses[0][1] < 2
    slides = [pair == approx((13.815511, 0), abs=1e-4) for pair in losses]
    assert slides == sorted(slides) and slides[-1]
    (since,) = re.findall(r"^the slide's line: \d+ of 25 times, from step (\d+) on$", out, re.MULTILINE)
    assert 1 < int(since) <= 8
    script = (ROOT / "lectures" / LECTURE).read_text(encoding="utf-8")
    assert SLIDE not in script.replace(f"#     {SLIDE}\n", "")


def table(out, first):
    """The rows of the table whose first column is called so: name → numbers."""
    block = out.split(f"\n{first}")[1].split("\n")[1:]
    rows = [re.fullmatch(r"  (.{22}) (.*)", line) for line in block]
    found = {}
    for row in rows:
        if not row:
            return found
        found[row[1].strip()] = [float(number) for number in row[2].split()]
    return found


def test_each_cure_is_measured(told):
    _, out, _ = told
    cured, alone = table(out, "put right"), table(out, "only this is wrong")
    assert len(cured) == 7 and len(alone) == 3
    assert cured["nothing"][:4] == approx([13.8155, 0, 1, 1], abs=1e-3) and cured["nothing"][6:] == [0, 0]
    for name in ("training mode", "learning rate 0.0002", "the first three", "all four"):
        assert cured[name][0] != approx(13.8155, abs=1e-3) and min(cured[name][6:]) > 0
    sound, from_scores = cured["the first three"], cured["all four"]
    assert sound[0] < 0.693 and from_scores[0] < 1.386  # D is ahead
    assert from_scores[0] == approx(2 * sound[0], rel=0.2)  # the same game, not halved
    assert len({tuple(row) for row in (*cured.values(), *alone.values())}) == 10


def test_it_leaves_the_run_and_its_pictures(told, home):
    folder = home / "result"
    assert (folder / "dcgan-small" / "checkpoints" / "Generator0.ckpt").is_file()
    rows, fault = history.read(folder / "dcgan-small" / "history.csv")
    assert len(rows) == 5 and fault is None
    sizes = {path.name: Image.open(path).size for path in (folder / "lecture07").iterdir()}
    assert sizes == {
        "faces.png": (664, 664),  # 5·(32·4 + 4) + 4
        "saturation.png": (1300, 1000),
        "beside.png": (1400, 600),
        "walks.png": (1060, 532),
    }


def test_a_finished_run_with_other_settings_is_refused_before_anything_is_computed(told, home, tell_here):
    status, out, err = tell_here(LECTURE, "--data", home / "faces", "--result", home / "result")
    assert (status, out) == (2, "")
    assert re.fullmatch(r"ms-gan: this run has --width 8 and cannot go on with 64: .*\n", err)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--epochs", 0], "epochs 0: it must be a whole number of at least 1"),
        (["--cure-steps", 9], "cure steps 9: it must be a whole number of at least 10"),
        (["--data", "no-such-folder"], "there is no folder .*no-such-folder"),
        (["--device", "Abacus"], "unknown device 'Abacus'"),
    ],
)
def test_bad_input_is_refused_in_one_line(home, refused, options, says):
    telling = refused(LECTURE, "--data", home / "faces", *options)
    assert telling.out == "" and re.search(says, telling.err)


def test_too_few_pictures_are_refused(tmp_path, refused):
    draw_cartoons(tmp_path / "few", 10, 16, say=lambda line: None)
    telling = refused(LECTURE, "--data", tmp_path / "few")
    assert telling.err == "ms-gan: the data set has 10 pictures: this lecture needs at least 320, five batches\n"


def test_readme_maps_the_slides_and_the_command_line_to_headings_that_are_there(prose):
    readme = (ROOT / "lectures" / "README.md").read_text(encoding="utf-8")
    part = readme.split("## From the slides on DCGAN to lecture 07")[1].split("\n## ")[0]
    headings = re.findall(r"^\| .+ \| 07_dcgan_faces\.py: (.+) \|$", part, re.MULTILINE)
    there = [line.lstrip("#").strip() for line in prose(LECTURE) if line.startswith("##")]
    assert len(headings) >= 8 and set(headings) <= set(there)
