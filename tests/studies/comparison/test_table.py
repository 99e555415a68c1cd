"""The sheet of a comparison, looked at through its pixels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from ms_gan.pictures.curves import BLUE, VERMILION
from ms_gan.pictures.grid import GREY
from ms_gan.recipes import Recipe, find_recipe
from ms_gan.records.history import Row
from ms_gan.records.run_folder import RunFolder
from ms_gan.studies.comparison.comparing import Comparison, Outcome
from ms_gan.studies.comparison.table import GAP, HEAD, LEFT, SPACE, _columns, _scales, draw_comparison

STEPS = 20


def outcome(value, recipe=None, epochs=2, losses=(1.4, 0.7), pictures=None, faults=()):
    rows = [
        Row(e, step, d_loss=losses[0], g_loss=losses[1], d_real=0.6, d_fake=0.4, seconds=0.1)
        for e in range(epochs)
        for step in range(1, STEPS + 1)
    ]
    drawn = {e: noise(e) for e in range(epochs)} if pictures is None else pictures
    return Outcome(value, recipe or Recipe(epochs=epochs), RunFolder(Path("nowhere")), rows, drawn, faults)


def noise(seed, size=28, channels=1):
    return np.random.default_rng(seed).integers(0, 256, (25, size, size, channels)).astype(np.uint8)


def sheet(tmp_path, *outcomes, field="latent_size"):
    draw_comparison(Comparison("gan", outcomes[0].recipe, field, list(outcomes)), tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGB"))


def mosaic(pictures, side, factor):
    """The first pictures, laid out by hand."""
    size = pictures.shape[1]
    wanted = np.full((side * (size + 1) + 1,) * 2 + (3,), GREY, np.uint8)
    for number in range(side * side):
        row, column = divmod(number, side)
        top, left = 1 + row * (size + 1), 1 + column * (size + 1)
        wanted[top : top + size, left : left + size] = pictures[number]
    return wanted.repeat(factor, 0).repeat(factor, 1)


@pytest.mark.parametrize("settings, epochs, factor", [(2, 2, 3), (3, 4, 2), (4, 1, 2)])
def test_every_picture_stands_in_its_cell_pixel_by_pixel(tmp_path, settings, epochs, factor):
    pictures = [{e: noise(10 * n + e) for e in range(epochs)} for n in range(settings)]
    found = sheet(tmp_path, *(outcome(n, epochs=epochs, pictures=pictures[n]) for n in range(settings)))
    side = 88 * factor
    assert found.shape == (HEAD + settings * (side + SPACE) - SPACE + 90, 1900, 3)
    for n in range(settings):
        for epoch in range(epochs):
            top, left = HEAD + n * (side + SPACE), LEFT + epoch * (side + GAP)
            cell = found[top : top + side, left : left + side]
            assert np.array_equal(cell, mosaic(pictures[n][epoch], 3, factor)), (n, epoch)


@pytest.mark.parametrize("size, side, factor", [(64, 3, 1), (96, 2, 1), (32, 3, 2)])
def test_colours(tmp_path, size, side, factor):
    """Nine of the small ones, four of the large ones."""
    recipe = replace(find_recipe("dcgan-faces"), size=size, epochs=4)
    pictures = {epoch: noise(epoch, size, 3) for epoch in range(4)}
    found = sheet(tmp_path, *(outcome(n, recipe, 4, pictures=pictures) for n in (0.0, 0.5)), field="beta1")
    length = (side * (size + 1) + 1) * factor
    assert np.array_equal(found[HEAD : HEAD + length, LEFT : LEFT + length], mosaic(pictures[0], side, factor))


def test_a_run_that_stopped_leaves_gaps(tmp_path):
    """Blank paper where there is no picture; what went wrong stands beside it in red."""
    found = sheet(tmp_path, outcome(1), outcome(2, epochs=1, faults=("not a number (epoch 2, step 3)",)))
    side = 88 * 3
    below = HEAD + side + SPACE
    assert (found[below : below + side, LEFT + side + GAP : LEFT + 2 * side + GAP] == 255).all()
    assert count(found[:below, :LEFT], VERMILION) == 0 < count(found[below:, :LEFT], VERMILION)


def test_a_run_that_has_not_begun(tmp_path):
    found = sheet(tmp_path, outcome(1), replace(outcome(2), rows=[], pictures={}))
    begun, other = found[: HEAD + 88 * 3, 900:], found[HEAD + 88 * 3 + SPACE :, 900:]
    assert count(begun[HEAD:], BLUE) > 300 and count(other, BLUE) == 0


def count(picture, colour) -> int:
    return (np.abs(picture.astype(int) - np.rint(255 * np.array(to_rgb(colour)))).max(axis=2) <= 1).sum()


def test_columns():
    assert _columns(range(1)) == [0] and _columns(range(5)) == [0, 1, 2, 3, 4] and _columns([]) == []
    assert _columns(range(10)) == [0, 2, 4, 7, 9] and _columns(range(200)) == [0, 50, 100, 149, 199]


def test_one_scale_for_all_but_the_steepest():
    """The calmest shows 0…2 and three times that is 6: what reaches 5 is in view, 50 is not."""
    calm, lively, wild = (outcome(n, losses=(high, 0.7)) for n, high in enumerate((2.0, 5.0, 50.0)))
    assert _scales([calm, lively]) == [pytest.approx((-0.15, 5.15))] * 2
    assert _scales([calm, lively, wild]) == [pytest.approx((-0.18, 6.18))] * 3


def test_each_objective_has_a_scale_of_its_own():
    squares = outcome(2, Recipe(objective="least-squares"), losses=(0.3, 0.2))
    critic = outcome(3, Recipe(objective="wasserstein"), losses=(-9.0, 1.0))
    assert _scales([outcome(1, losses=(2.0, 0.7)), squares, critic]) == [
        pytest.approx((-0.06, 2.06)),
        pytest.approx((-0.009, 0.309)),
        pytest.approx((-9.3, 1.3)),
    ]


def test_the_same_comparison_the_same_bytes(tmp_path):
    first = sheet(tmp_path, outcome(1), outcome(2))
    content = (tmp_path / "sheet.png").read_bytes()
    assert np.array_equal(sheet(tmp_path, outcome(1), outcome(2)), first)
    assert (tmp_path / "sheet.png").read_bytes() == content


def test_many_settings_and_runs_stopped_in_their_first_epoch(tmp_path):
    found = sheet(tmp_path, *(outcome(n, pictures={}) for n in range(8)))
    assert found.shape[0] > 8 * 170 and count(found[HEAD:, 900:], VERMILION) > 8 * 300
