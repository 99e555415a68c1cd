"""The sheet of rings, looked at through its pixels."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from ms_gan.demos.ring_plot import plot_rings
from ms_gan.errors import UserError
from ms_gan.pictures.curves import BLACK, GREEN

CENTRES = np.array([[2.0, 0.0], [-2.0, 0.0]])


def test_a_row_for_each_game_and_a_column_for_each_moment(tmp_path):
    right, left = (np.repeat(CENTRES[side : side + 1], 400, axis=0) for side in (0, 1))
    rows = {"one": [(right, "a"), (left, "b")], "two": [(left, "c"), (right, "d")]}
    figure = plot_rings(tmp_path / "a.png", CENTRES, 0.3, ["first", "second"], rows)
    assert [axes.get_title() for axes in figure.axes] == ["first", "second", "", ""]
    assert [axes.get_ylabel() for axes in figure.axes] == ["one", "", "two", ""]
    assert [axes.get_xlabel() for axes in figure.axes] == list("abcd")
    with Image.open(tmp_path / "a.png") as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    assert pixels.shape == (640, 570, 3)
    for axes, side in zip(figure.axes, (0, 1, 1, 0), strict=True):
        box = axes.get_window_extent()
        panel = pixels[640 - round(box.y1) : 640 - round(box.y0), round(box.x0) : round(box.x1)]
        green = np.nonzero(np.abs(panel - np.rint(255 * np.array(to_rgb(GREEN)))).max(axis=2) <= 2)
        assert len(green[0]) >= 4
        centre = np.array([green[1].mean() / panel.shape[1], green[0].mean() / panel.shape[0]])
        np.testing.assert_allclose(centre, [(5 / 6, 1 / 6)[side], 1 / 2], atol=0.02)
        ring = np.nonzero(np.abs(panel[5:-5, 5:-5] - np.rint(255 * np.array(to_rgb(BLACK)))).max(axis=2) <= 40)
        assert np.ptp(ring[0]) == pytest.approx(0.6 / 6 * panel.shape[0], abs=4)  # two radii of the six units


def test_the_same_points_give_the_same_bytes(tmp_path):
    for name in "ab":
        plot_rings(tmp_path / f"{name}.png", CENTRES, 0.1, ["now"], {"game": [(CENTRES, "note")]})
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_path_that_cannot_be_written(tmp_path):
    with pytest.raises(UserError, match=r"\.png"):
        plot_rings(tmp_path / "a.gif", CENTRES, 0.1, ["now"], {"game": [(CENTRES, "note")]})
