"""A sheet of pictures with words, looked at through its axes and its pixels."""

import numpy as np
import pytest
from PIL import Image

from ms_gan.errors import UserError
from ms_gan.pictures.sheet import Strip, plot_sheet


def pictures(*values, side=28, channels=1):
    return np.stack([np.full((side, side, channels), value, np.uint8) for value in values])


def test_rows_captions_and_words(tmp_path):
    strips = [Strip("first", pictures(0, 60, 120), ["a", "b\nc", "d"]), Strip("second", pictures(180))]
    figure = plot_sheet(tmp_path / "a.png", "A title", strips)
    assert [text.get_text() for text in figure.texts] == ["A title"]
    words = [[text.get_text() for text in axes.texts] for axes in figure.axes]
    assert words == [["first", "a", "b\nc", "d"], ["second"]]
    assert [len(axes.images) for axes in figure.axes] == [3, 1]
    with Image.open(tmp_path / "a.png") as picture:
        sheet = np.asarray(picture.convert("L"))
    assert sheet.shape == (round(75 + 160 + 10 + 2 * 21 + 160), 250 + 6 * 160 + 15)
    middles = [(155, 250 + 160 * column + 80) for column in range(3)] + [(75 + 160 + 52 + 80, 330)]
    assert [int(sheet[place]) for place in middles] == [0, 60, 120, 180]
    assert (sheet[75 + 160 + 52 + 80, 420:] == 255).all()  # nothing right of the shorter row
    assert sheet[155, 251 + 160 - 5 : 251 + 160 + 5].max() == 255  # a gap between two pictures


def test_colours_and_a_white_picture_on_white(tmp_path):
    red = np.zeros((1, 8, 8, 3), np.uint8)
    red[..., 0] = 200
    plot_sheet(tmp_path / "a.png", "A title", [Strip("red", red), Strip("white", pictures(255, channels=3))])
    with Image.open(tmp_path / "a.png") as picture:
        sheet = np.asarray(picture.convert("RGB"))
    assert sheet[155, 330].tolist() == [200, 0, 0]
    assert sheet[315, 330].tolist() == [255] * 3 and sheet[315, 245:275].min() < 190  # its frame


def test_many_pictures_become_smaller_and_the_sheet_no_wider(tmp_path):
    plot_sheet(tmp_path / "a.png", "A title", [Strip("many", pictures(*range(20)))])
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size[0] == 1500 and 130 < picture.size[1] < 150


def test_the_same_bytes_and_another_ending(tmp_path):
    strips = [Strip("one", pictures(0, 255), ["a", "b"])]
    for name in "ab":
        plot_sheet(tmp_path / f"{name}.png", "A title", strips)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    with pytest.raises(UserError, match=r"a\.jpg: .*\.png"):
        plot_sheet(tmp_path / "a.jpg", "A title", strips)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]
