"""The plot of orbits, looked at through its pixels."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from ms_gan.demos.orbit_plot import COLOURS, plot_orbits
from ms_gan.errors import UserError

SQUARE = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1], [1, 1]])


def draw(path, panels):
    figure = plot_orbits(path, panels)
    with Image.open(path) as picture:
        return figure, np.asarray(picture.convert("RGB")).astype(int)


def where(picture, colour):
    """Rows and columns of the pixels of a colour."""
    return np.nonzero(np.abs(picture - np.rint(255 * np.array(to_rgb(colour)))).max(axis=2) <= 1)


def test_a_square_is_as_wide_as_it_is_high(tmp_path):
    figure, picture = draw(tmp_path / "a.png", {"square": {"square": SQUARE}})
    assert picture.shape == (600, 1200, 3)
    rows, columns = where(picture, COLOURS[0])
    assert np.ptp(rows) == pytest.approx(np.ptp(columns), abs=3) and np.ptp(rows) > 250
    assert columns.max() < 620  # the right half is empty
    assert figure.axes[0].get_title(loc="left") == "square" and figure.axes[0].get_legend() is None


def test_orbits_of_a_panel_have_colours_and_a_legend(tmp_path):
    orbits = {"large": SQUARE, "middle": 0.6 * SQUARE, "small": 0.3 * SQUARE}
    figure, picture = draw(tmp_path / "a.png", {"one": {"square": SQUARE}, "two": orbits, "three": {"large": SQUARE}})
    assert picture.shape == (1200, 1200, 3)
    right = picture[:600, 620:]
    sizes = [np.ptp(where(right[150:, :], colour)[0]) for colour in COLOURS]
    assert sizes[0] > 1.4 * sizes[1] > 1.9 * sizes[2] > 100
    assert [text.get_text() for text in figure.axes[1].get_legend().get_texts()] == list(orbits)


@pytest.mark.parametrize("moves", [1, 11, 12, 13, 500])
def test_arrows_are_few_and_point_along_the_orbit(tmp_path, moves):
    angles = np.linspace(0, 2, moves + 1)
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    figure, _ = draw(tmp_path / "a.png", {"arc": {"arc": points}})
    arrows = figure.axes[0].texts
    assert 1 <= len(arrows) <= 12
    for arrow in arrows:
        (x, y), (to_x, to_y) = arrow.xyann, arrow.xy
        assert x * to_y - y * to_x > 0  # anticlockwise, as the arc


def test_same_orbits_same_bytes(tmp_path):
    for name in "ab":
        draw(tmp_path / f"{name}.png", {"square": {"square": SQUARE}})
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_path_that_cannot_be_written(tmp_path):
    with pytest.raises(UserError, match=r"\.png"):
        plot_orbits(tmp_path / "a.jpg", {"square": {"square": SQUARE}})
