"""The loss plot, looked at through its pixels."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from ms_gan.errors import UserError
from ms_gan.pictures.curves import (
    BLACK,
    BLUE,
    BUCKETS,
    GREEN,
    VERMILION,
    _average,
    _envelope,
    plot_figures,
    plot_losses,
)

SLIDES = (2 * np.log(2), np.log(2))


def series(steps, seed=0):
    """Epochs, both losses and both answers of a made-up run, 468 steps an epoch."""
    random = np.random.default_rng(seed)
    d_loss, g_loss = 1.2 + 0.1 * random.normal(size=steps), 0.9 + 0.1 * random.normal(size=steps)
    return (np.arange(steps) + 1) / 468, d_loss, g_loss, np.full(steps, 0.7), np.full(steps, 0.3)


def draw(path, epochs, d_loss, g_loss, d_real=None, d_fake=None, **more):
    plot_losses(path, epochs, d_loss, g_loss, d_real=d_real, d_fake=d_fake, equilibrium=SLIDES, **more)
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGB"))


def rows_of(picture, colour, at_least=1):
    """The pixel rows of the plot, right of the middle, that hold a colour in so many places."""
    right = picture[:, 700:].astype(int)
    alike = np.abs(right - np.rint(255 * np.array(to_rgb(colour)))).max(axis=2) <= 1
    return np.flatnonzero(alike.sum(axis=1) >= at_least)


@pytest.mark.parametrize("steps", [1, 2, 20, 468, 93_600])
def test_runs_of_every_length(tmp_path, steps):
    epochs, d_loss, g_loss, d_real, d_fake = series(steps)
    assert draw(tmp_path / "two.png", epochs, d_loss, g_loss, d_real, d_fake).shape == (900, 1200, 3)
    one = draw(tmp_path / "one.png", epochs, d_loss, g_loss)
    assert one.shape == (600, 1200, 3)
    assert len(rows_of(one, BLUE)) and len(rows_of(one, VERMILION))
    assert not len(rows_of(one, GREEN))


def test_curves_stand_where_their_values_are(tmp_path):
    steps = 500
    constant = [(np.arange(steps) + 1) / 468, *(np.full(steps, value) for value in (2.0, 1.0, 0.9, 0.1))]
    picture = draw(tmp_path / "a.png", *constant)
    d_rows, g_rows = (rows_of(picture, colour, at_least=200) for colour in (BLUE, VERMILION))
    # one scale for all four lines: curve above equilibrium, in pixels and in losses
    assert np.ptp(d_rows) / np.ptp(g_rows) == pytest.approx((2 - SLIDES[0]) / (1 - SLIDES[1]), rel=0.03)
    real, fake = (rows_of(picture, colour, at_least=200) for colour in (BLACK, GREEN))
    assert 200 < fake.mean() - real.mean() < 330  # 0.9 above 0.1, on a panel of some 300 pixels for 0…1


@pytest.mark.parametrize("answers", ["targets", "critic"])
def test_scores_are_seen_wherever_they_are(tmp_path, answers):
    """Scores have no bounds: 40 and −25 are in view, 40 above −25."""
    epochs, d_loss, g_loss, *_ = series(500)
    scores = np.full(500, 40.0), np.full(500, -25.0)
    picture = draw(tmp_path / "a.png", epochs, d_loss, g_loss, *scores, answers=answers)
    real, fake = (rows_of(picture, colour, at_least=200) for colour in (BLACK, GREEN))
    assert 450 < real.mean() < fake.mean() < 900  # in the lower panel
    assert 200 < fake.mean() - real.mean() < 330
    between = picture[int(real.mean() + fake.mean()) // 2 + 20, 1000].astype(int)
    assert (between[1] > between[0] + 10) == (answers == "critic")  # the gap is shaded green


def test_a_critics_generator_has_no_equilibrium(tmp_path):
    """Lines at 2 ln 2 and ln 2 lie apart from the losses at 5 and 4: G's is there for probabilities only."""
    epochs, *_ = series(500)
    constant = [np.full(500, value) for value in (5.0, 4.0, 0.9, 0.1)]
    rows = {
        answers: rows_of(draw(tmp_path / "a.png", epochs, *constant, answers=answers)[:450], VERMILION, at_least=200)
        for answers in ("probabilities", "critic")
    }
    assert np.ptp(rows["probabilities"]) > 100 > 10 > np.ptp(rows["critic"])


def test_a_single_step_is_a_point(tmp_path):
    rows = rows_of(draw(tmp_path / "a.png", [1 / 468], [3.0], [0.5]), BLUE)
    assert np.ptp(rows) > 150  # from the point at 3 down to the equilibrium at 1.386


def test_same_numbers_same_bytes_other_numbers_other_picture(tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        draw(tmp_path / f"{name}.png", *series(300, seed))
    first, again, other = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert first == again != other
    assert b"Software" not in first


def test_the_order_of_styles_in_a_notebook_changes_nothing(tmp_path, monkeypatch):
    import matplotlib

    draw(tmp_path / "a.png", *series(50))
    monkeypatch.setitem(matplotlib.rcParams, "axes.facecolor", "black")
    draw(tmp_path / "b.png", *series(50))
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("steps", [20, 5_000])
def test_values_that_are_not_numbers_leave_a_gap(tmp_path, steps):
    epochs, d_loss, g_loss, d_real, d_fake = series(steps)
    d_loss[steps // 4 : steps // 2] = np.nan
    g_loss[[0, -1]] = np.inf, -np.inf
    d_fake[:] = np.nan
    picture = draw(tmp_path / "a.png", epochs, d_loss, g_loss, d_real, d_fake)
    assert len(rows_of(picture, BLUE))
    everything = draw(tmp_path / "b.png", epochs, *(np.full(steps, np.nan) for _ in range(4)))
    assert everything.shape == picture.shape
    assert np.isinf(g_loss[0])  # the caller's array is left alone


def drawn_figures(path, curves):
    plot_figures(path, curves)
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def test_more_figures_have_a_panel_each_below_the_losses(tmp_path):
    epochs, d_loss, g_loss, d_real, d_fake = series(468)
    measured = np.arange(1, 4) / 3, np.array([90.0, 60, 50])
    alone = draw(tmp_path / "a.png", epochs, d_loss, g_loss, d_real, d_fake)
    more = draw(tmp_path / "a.png", epochs, d_loss, g_loss, d_real, d_fake, others={"one": measured})
    assert rows_of(alone, BLUE, 10).max() < 450  # of 900: nothing blue in the panel of D's answers
    assert rows_of(more, BLUE, 10).max() > 2 / 3 * len(more)
    assert len(drawn_figures(tmp_path / "a.png", {"one": measured, "two": measured, "three": measured})) == 1200


def test_a_long_name_stands_above_its_panel_only(tmp_path):
    curve = np.arange(1, 4) / 3, np.array([90.0, 60, 50])
    short, long = (drawn_figures(tmp_path / "a.png", {name: curve}) for name in ("a_long", "a_long" * 8))
    changed = np.flatnonzero((short != long).any(axis=(1, 2)))
    assert len(changed) and changed.max() < 50  # of 600 rows


def test_average_is_the_mean_of_the_window():
    values = np.arange(1000.0) ** 2
    values[500] = np.nan
    average = _average(values)  # a window of 10 steps, rounded to 5 on each side
    assert average[300] == pytest.approx(np.mean(values[295:306]), rel=1e-12)
    assert average[0] == pytest.approx(np.mean(values[:6]), rel=1e-12)
    assert average[503] == pytest.approx(np.nanmean(values[498:509]), rel=1e-12)
    assert np.isnan(average[500]) and np.isfinite(np.delete(average, 500)).all()


def test_envelope_keeps_the_extremes():
    values = np.random.default_rng(0).normal(size=93_601)
    values[4321], values[60_000], values[7] = 27.6, -9.0, np.nan
    epochs, lines = _envelope(np.arange(93_601.0), values)
    assert len(epochs) == len(lines) <= 2 * BUCKETS
    assert (lines.max(), lines.min()) == (27.6, -9.0)
    assert abs(epochs[lines.argmax()] - 4321) <= 93_601 / BUCKETS + 1
    assert (_envelope(np.arange(2001.0), np.full(2001, 5.0))[1] == 5).all()  # nothing is made up at the end


def test_no_steps(tmp_path):
    with pytest.raises(UserError, match="no steps"):
        draw(tmp_path / "a.png", [], [], [])
    assert list(tmp_path.iterdir()) == []


def test_series_that_do_not_belong_together(tmp_path):
    epochs, d_loss, g_loss, d_real, d_fake = series(10)
    for wrong in ([g_loss[1:]], [g_loss, d_real], [g_loss, None, d_fake], [g_loss, d_real, d_fake[1:]]):
        with pytest.raises(ValueError, match="one number a step"):
            draw(tmp_path / "a.png", epochs, d_loss, *wrong)
    assert list(tmp_path.iterdir()) == []
