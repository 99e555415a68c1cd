"""The pictures of a run that locked up, looked at through their pixels."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from ms_gan.demos.saturation import RunLosses, plot_runs, plot_saturation
from ms_gan.errors import UserError
from ms_gan.pictures.curves import BLACK, BLUE, VERMILION

SCORES = np.linspace(-5, 25, 121)


def pixels(path):
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGB")).astype(int)


def where(picture, colour):
    """Rows and columns of the pixels of a colour."""
    return np.nonzero(np.abs(picture - np.rint(255 * np.array(to_rgb(colour)))).max(axis=2) <= 1)


def draw(path, panels, **options):
    figure = plot_saturation(path, SCORES, panels, wall=15, **options)
    return figure, pixels(path)


def test_a_curve_a_panel_and_the_wall_in_each(tmp_path):
    panels = {"high": {"one": 0 * SCORES + 1}, "two lines": {"one": SCORES, "other": -SCORES}, "low": {"one": SCORES}}
    figure, picture = draw(tmp_path / "a.png", panels)
    assert picture.shape == (1000, 1300, 3)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["high", "two lines", "low", ""]
    assert [axes.get_legend() is not None for axes in figure.axes] == [False, True, False, False]
    assert all(axes.get_xlim() == (-5, 25) for axes in figure.axes[:3])
    assert [[text.get_text() for text in axes.texts] for axes in figure.axes] == [[" 15.0"]] * 3 + [[]]
    upper_left = picture[100:420, 80:600]
    rows, columns = where(upper_left, BLUE)
    assert np.ptp(rows) < 10 and np.ptp(columns) > 480  # a constant is a straight line
    rows, columns = where(upper_left, BLACK)
    wall = np.bincount(columns).argmax() / 520
    assert 0.55 < wall < 0.75  # 20 of 30 from the left
    assert len(where(picture[:500, :640], VERMILION)[0]) == 0 < len(where(picture[:500, 660:], VERMILION)[0])


def test_a_logarithmic_curve_ends_where_it_falls_to_0(tmp_path):
    curve = {"slope": np.where(SCORES < 10, np.exp(-SCORES), 0)}
    figure, picture = draw(tmp_path / "a.png", {"log": curve, "plain": curve}, logarithmic={"log"})
    assert [axes.get_yscale() for axes in figure.axes] == ["log", "linear"]
    found = [where(picture[60:460, half], BLUE) for half in (slice(0, 640), slice(660, 1300))]
    ends = [columns.max() for _, columns in found]
    assert ends[0] < 0.65 * 640 < 0.9 * 640 < ends[1]
    rows, columns = found[0]
    begin, middle, end = (
        rows[abs(columns - place) < 3].mean() for place in np.linspace(columns.min() + 9, ends[0] - 9, 3)
    )
    assert end - begin > 200 and abs(begin + end - 2 * middle) < 10  # of e^-s: a straight line


def losses(d_loss, g_loss):
    return RunLosses(d_loss, g_loss, equilibrium=(1.4, 0.7))


def test_runs_share_an_axis_and_show_their_equilibrium(tmp_path):
    runs = {"dead": losses([13.8] * 25, [0.0] * 25), "sound": losses([1.0] * 500, [2.0] * 500)}
    figure = plot_runs(tmp_path / "a.png", runs)
    picture = pixels(tmp_path / "a.png")
    assert picture.shape == (600, 1400, 3)
    left, right = picture[110:530, 90:730], picture[110:530, 760:]
    high, low = (np.bincount(where(half, BLUE)[0]).argmax() for half in (left, right))
    assert 320 < low - high < 420  # 12.8 of the 15.2 that some 440 pixels show
    for axes in figure.axes:
        labels = [text.get_text() for text in axes.get_legend().get_texts()]
        assert labels == ["loss of D", "equilibrium: 1.400", "loss of G", "equilibrium: 0.700"]
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()


def test_the_bold_line_is_a_mean_that_keeps_the_ends(tmp_path):
    """Every second step at 0 and at 2: the mean is 1, at both ends too; a short run is drawn as it is."""
    figure = plot_runs(
        tmp_path / "a.png", {"long": losses([0.0, 2.0] * 200, [5.0] * 400), "short": losses([3, 9], [1, 2])}
    )
    long, short = ([line.get_ydata() for line in axes.get_lines()] for axes in figure.axes)
    assert np.allclose(long[1], 1, atol=0.26) and np.allclose(long[4], 5)
    assert np.array_equal(short[1], [3, 9]) and np.array_equal(short[0], [3, 9])


def test_same_numbers_same_bytes(tmp_path):
    for name in "ab":
        draw(tmp_path / f"{name}.png", {"one": {"one": SCORES}})
        plot_runs(tmp_path / f"{name}{name}.png", {"one": losses([1, 2], [3, 4])})
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "aa.png").read_bytes() == (tmp_path / "bb.png").read_bytes()


def test_a_path_that_cannot_be_written(tmp_path):
    with pytest.raises(UserError, match=r"\.png"):
        plot_saturation(tmp_path / "a.jpg", SCORES, {"one": {"one": SCORES}}, wall=15)
    with pytest.raises(UserError, match=r"\.png"):
        plot_runs(tmp_path / "a.jpg", {"one": losses([1, 2], [3, 4])})
