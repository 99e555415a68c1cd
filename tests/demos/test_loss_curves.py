"""The plot of losses against scores, looked at through its pixels."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from ms_gan.demos.loss_curves import LINES, plot_objectives
from ms_gan.errors import UserError

SCORES = np.linspace(-5, 5, 101)


def draw(path, columns, **ranges):
    figure = plot_objectives(path, SCORES, columns, **ranges)
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        return figure, np.asarray(picture.convert("RGB")).astype(int)


def at(picture, number, part):
    """Which pixel rows of a part of the picture hold the colour of a line."""
    colour = np.rint(255 * np.array(to_rgb(LINES[number][0])))
    return np.flatnonzero((np.abs(picture[part] - colour).max(axis=2) <= 1).any(axis=1))


def test_each_loss_above_its_slope_in_its_column(tmp_path):
    """Constants: the first at 1 with slope −2 in the left column, the second at 3 with slope 2 in the right one."""
    flat = np.ones(101)
    columns = {"left": {"one": (flat, -2 * flat)}, "right": {"two": (3 * flat, 2 * flat)}}
    figure, picture = draw(tmp_path / "a.png", columns)
    assert picture.shape == (900, 1300, 3)
    left, right = slice(100, 600), slice(750, 1250)
    high, low = slice(100, 440), slice(480, 840)
    loss, slope = (at(picture, 0, (rows, left)).mean() for rows in (high, low))
    other_loss, other_slope = (at(picture, 1, (rows, right)).mean() for rows in (high, low))
    assert 60 < loss - other_loss < 90  # 2 of the 10 that some 360 pixels show
    assert 220 < slope - other_slope < 260  # 4 of 6
    assert len(at(picture, 1, (high, left))) == len(at(picture, 0, (low, right))) == 0
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["one", "two"]
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["left", "right", "", ""]


def test_four_losses_have_four_lines(tmp_path):
    column = {str(number): (0 * SCORES + number, SCORES) for number in range(4)}
    _, picture = draw(tmp_path / "a.png", {"only": column})
    part = slice(100, 440), slice(100, 600)
    rows = [at(picture, number, part).mean() for number in range(4)]
    assert (np.diff(rows) < -25).all()
    drawn = [len(at(picture.transpose(1, 0, 2), number, part[::-1])) / 500 for number in range(4)]
    assert drawn[0] == 1 and 0.3 < min(drawn) < max(drawn[1:]) < 0.9  # one is solid, the others have gaps


def test_ranges_and_determinism(tmp_path):
    columns = {"only": {"a": (SCORES**2, 2 * SCORES)}}
    figure, _ = draw(tmp_path / "a.png", columns, losses=(0, 9), slopes=(-1, 2))
    assert [axes.get_ylim() for axes in figure.axes] == [(0, 9), (-1, 2)]
    assert figure.axes[1].get_xlim() == (-5, 5)
    draw(tmp_path / "b.png", columns, losses=(0, 9), slopes=(-1, 2))
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_path_that_cannot_be_written(tmp_path):
    with pytest.raises(UserError, match=r"\.png"):
        plot_objectives(tmp_path / "a.jpg", SCORES, {"only": {"a": (SCORES, SCORES)}})
