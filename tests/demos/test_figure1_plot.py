"""The panels of Figure 1, looked at through what is drawn and through their pixels."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from ms_gan.demos.figure1_plot import Panel, film_figure1, plot_figure1
from ms_gan.errors import UserError
from ms_gan.pictures.curves import BLACK, BLUE, GREEN

X = np.linspace(-3, 3, 121)
BELL = np.exp(-(X**2) / 2) / np.sqrt(2 * np.pi)
Z = np.linspace(-1, 1, 9)


def panel(title, shift):
    p_g = np.exp(-((X - shift) ** 2) / 2) / np.sqrt(2 * np.pi) * (np.abs(X - shift) < 1)
    both = BELL * (np.abs(X) < 1) + p_g
    best = np.divide(BELL, both, out=np.full_like(both, 0.5), where=both > 0)
    return Panel(title, "one line\nand another", p_g, 0.25 + 0 * X, best, np.stack([Z, shift + Z], axis=1))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    path = tmp_path_factory.mktemp("plots") / "figure1.png"
    figure = plot_figure1(path, X, BELL * (np.abs(X) < 1), [panel(f"({name})", n - 1) for n, name in enumerate("abcd")])
    with Image.open(path) as picture:
        return figure, np.asarray(picture.convert("RGB")).astype(int)


def where(picture, colour):
    return np.nonzero(np.abs(picture - np.rint(255 * np.array(to_rgb(colour)))).max(axis=2) <= 1)


def test_each_moment_has_its_panel_in_the_papers_colours(drawn):
    figure, picture = drawn
    assert picture.shape == (1240, 1500, 3)
    curves = figure.axes[::2]
    assert [axes.get_title(loc="left") for axes in curves] == ["(a)", "(b)", "(c)", "(d)"]
    for axes in curves:
        styles = {line.get_label(): (line.get_color(), line.get_linestyle()) for line in axes.get_lines()}
        assert styles["D, a probability"] == (BLUE, "--")
        assert styles["data, a density"] == (BLACK, ":")
        assert styles["generated, a density"] == (GREEN, "-")
    for colour in (BLUE, BLACK, GREEN):
        rows, columns = where(picture, colour)
        for top in (rows < 600, rows > 700):
            for left in (columns < 740, columns > 760):
                assert (top & left).sum() > 300


def test_d_is_drawn_at_its_height(drawn):
    """¼ lies half-way between the axis and the line of ½."""
    figure, picture = drawn
    axes = figure.axes[0]
    rows, columns = where(picture[:, : picture.shape[1] // 2], BLUE)
    upper = rows[(rows < 600) & (columns > 100) & (rows > 150)]
    expected = picture.shape[0] - axes.transData.transform((0, 0.25))[1]
    assert np.median(upper) == pytest.approx(expected, abs=2)


def test_the_best_d_is_left_out_where_no_number_falls(drawn):
    figure, _ = drawn
    for axes, shift in zip(figure.axes[::2], (-1, 0, 1, 2), strict=True):
        (best,) = [line for line in axes.get_lines() if line.get_label().startswith("D*")]
        known = (np.abs(X) < 1) | (np.abs(X - shift) < 1)
        assert np.array_equal(np.isfinite(best.get_ydata()), known)


def test_arrows_lead_from_z_to_its_number(drawn):
    figure, _ = drawn
    for axes, shift in zip(figure.axes[1::2], (-1, 0, 1, 2), strict=True):
        (arrows,) = axes.collections
        starts = arrows.get_offsets().T[0]
        np.testing.assert_allclose(starts + arrows.U, shift + Z, atol=1e-9)
        assert (arrows.V == 1).all()
        assert starts[0] == pytest.approx(-3 + 0.04 * 6) and starts[-1] == pytest.approx(3 - 0.04 * 6)


def test_no_text_leaves_the_picture(drawn):
    figure, picture = drawn
    for axes in figure.axes:
        for text in axes.texts + [axes.title, axes._left_title]:
            box = text.get_window_extent()
            assert box.x0 >= 0 and box.x1 <= 1500 and box.y0 >= 0 and box.y1 <= 1240


def test_the_film_has_a_frame_for_each_moment(tmp_path):
    film_figure1(tmp_path / "a.gif", X, BELL, [panel("one", -1), panel("two", 0), panel("three", 1)])
    with Image.open(tmp_path / "a.gif") as film:
        assert (film.n_frames, film.size) == (3, (720, 580))
        first, last = [], []
        film.seek(0)
        first = np.asarray(film.convert("RGB")).astype(int)
        film.seek(2)
        last = np.asarray(film.convert("RGB")).astype(int)
    middles = [np.median(np.nonzero(np.abs(frame - (0, 158, 115)).max(axis=2) <= 8)[1]) for frame in (first, last)]
    assert middles[1] - middles[0] > 60  # the generated numbers have moved to the right


def test_a_path_that_cannot_be_written(tmp_path):
    with pytest.raises(UserError, match=r"\.png"):
        plot_figure1(tmp_path / "a.jpg", X, BELL, [panel("one", 0)])
