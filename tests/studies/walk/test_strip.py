"""The strip and the film of a walk."""

import numpy as np
import pytest
from PIL import Image, ImageSequence

from ms_gan.errors import UserError
from ms_gan.studies.walk.strip import MOVE, REST, Walked, film_walks, plot_walks

GREYS = np.linspace(0, 240, 5).astype(np.uint8)


def walks(channels=1, side=28):
    """Two walks of five grey pictures, dark to bright and back, with codes that get shorter and keep their length."""
    pixels = np.broadcast_to(GREYS[:, np.newaxis, np.newaxis, np.newaxis], (5, side, side, channels)).copy()
    short = np.outer([5, 4, 3, 4, 5], [0.6, 0.8])
    return {"straight line": Walked(pixels, short), "great circle": Walked(pixels[::-1], np.tile([3.0, 4.0], (5, 1)))}


def test_lengths():
    lengths = [walk.lengths.tolist() for walk in walks().values()]
    np.testing.assert_allclose(lengths, [[5, 4, 3, 4, 5], [5] * 5])


@pytest.mark.parametrize("channels", [1, 3])
def test_the_strip_above_the_lengths(tmp_path, channels):
    figure = plot_walks(tmp_path / "a.png", walks(channels), (4.5, 5.5), "A walk")
    first, second, plot = figure.axes
    assert [len(axes.images) for axes in (first, second)] == [5, 5]
    assert [line.get_ydata().tolist() for line in plot.lines] == [[5, 4, 3, 4, 5], [5] * 5]
    assert (plot.get_xlabel(), plot.get_ylabel()) == ("share of the way", "length of the code")
    assert [text.get_text() for text in plot.get_xticklabels()] == ["0", "0.25", "0.5", "0.75", "1"]
    assert plot.patches[0].get_extents().height > 0
    for step in range(5):  # each step of the plot stands below its picture
        above = first.transData.transform((step + 0.5, 0))[0]
        assert abs(plot.transData.transform((step, 0))[0] - above) < 0.01
    with Image.open(tmp_path / "a.png") as picture:
        sheet = np.asarray(picture.convert("L")).astype(int)
    rows = [[sheet[top, 250 + 160 * step + 80] for step in range(5)] for top in (155, 315)]
    np.testing.assert_array_equal(rows, [GREYS, GREYS[::-1]])


def test_the_same_bytes(tmp_path):
    for name in "ab":
        plot_walks(tmp_path / f"{name}.png", walks(), (4.5, 5.5), "A walk")
        film_walks(tmp_path / f"{name}.gif", walks(), 5)
    for ending in ("png", "gif"):
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


@pytest.mark.parametrize(("channels", "side", "width"), [(1, 28, 224), (3, 64, 256), (3, 32, 224)])
def test_the_film(tmp_path, channels, side, width):
    film_walks(tmp_path / "a.gif", walks(channels, side), 2)
    with Image.open(tmp_path / "a.gif") as film:
        assert (film.n_frames, film.info["loop"], film.size) == (5, 0, (2 * width + 36, width + 34 + 12))
        frames, durations = [], []
        for frame in ImageSequence.Iterator(film):
            durations.append(frame.info["duration"])
            frames.append(np.asarray(frame.convert("RGB")).astype(int))
    assert durations == [REST, MOVE, REST, MOVE, REST]
    middle, left, right = 34 + width // 2, 12 + width // 2, 24 + width + width // 2
    for place, greys in ((left, GREYS), (right, GREYS[::-1])):
        seen = np.array([frame[middle, place] for frame in frames])
        assert np.abs(seen - greys[:, np.newaxis].astype(int)).max() <= 4  # of few colours
    assert frames[0][:34].max() > 200  # the words


def test_another_ending(tmp_path):
    with pytest.raises(UserError, match=r"a\.png: .*\.gif"):
        film_walks(tmp_path / "a.png", walks(), 5)
