"""Samples and real pictures beside their nearest training pictures."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from ms_gan.errors import UserError
from ms_gan.studies.neighbours.beside import plot_neighbours


def compared(count, neighbours=4, channels=1):
    """Pictures of grey 10·n beside neighbours of grey 10·n + 1, 2, …, in falling order of their distances."""
    greys = 10 * np.arange(count)[:, np.newaxis] + np.arange(neighbours + 1)
    pixels = np.broadcast_to(greys[..., None, None, None], (*greys.shape, 8, 8, channels)).astype(np.uint8)
    distances = 100.0 - 10 * np.arange(count)[:, np.newaxis] + np.arange(neighbours)
    return SimpleNamespace(pixels=pixels[:, 0], neighbours=pixels[:, 1:], distances=distances, nearest=distances[:, 0])


def greys_of(axes):
    """The greys of each row's pictures, from top to bottom."""
    return [[int(image.get_array()[0, 0, 0]) for image in row.images] for row in axes.child_axes]


@pytest.mark.parametrize("channels", [1, 3])
def test_five_of_each_from_the_nearest_to_the_farthest(tmp_path, channels):
    figure = plot_neighbours(tmp_path / "a.png", compared(9, channels=channels), compared(5), "real ones")
    left, right, plot = figure.axes[:3]
    assert greys_of(left) == [[10 * n + more for more in range(5)] for n in (8, 6, 4, 2, 0)]
    assert greys_of(right) == [[10 * n + more for more in range(5)] for n in (4, 3, 2, 1, 0)]
    words = [[text.get_text() for text in row.texts] for row in left.child_axes]
    assert words[0] == ["20.0", "21.0", "22.0", "23.0"] and words[4] == ["100.0", "101.0", "102.0", "103.0"]
    assert [text.get_text() for text in figure.texts][::2] == ["9 samples", "5 real ones"]
    lines = [sorted(segment[0][0] for segment in group.get_segments()) for group in plot.collections]
    assert lines == [[20, 30, 40, 50, 60, 70, 80, 90, 100], [60, 70, 80, 90, 100]]
    assert "grey levels" in plot.get_xlabel()
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (1389, 1100)


def test_fewer_pictures_and_fewer_neighbours(tmp_path):
    figure = plot_neighbours(tmp_path / "a.png", compared(2, 1), compared(3, 1), "real ones")
    left, right = figure.axes[:2]
    assert greys_of(left) == [[10, 11], [0, 1]] and len(greys_of(right)) == 3


def test_the_same_bytes_and_another_ending(tmp_path):
    for name in "ab":
        plot_neighbours(tmp_path / f"{name}.png", compared(6), compared(6), "real ones")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    with pytest.raises(UserError, match=r"a\.gif: .*\.png"):
        plot_neighbours(tmp_path / "a.gif", compared(6), compared(6), "real ones")
