"""Histograms of D's answers, epoch below epoch."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from ms_gan.errors import UserError
from ms_gan.pictures.histograms import TALLEST, plot_histograms


def row(epoch, real, fake):
    return SimpleNamespace(epoch=epoch, real=np.float32(real), fake=np.float32(fake))


ROWS = [row(0, [0.99] * 4, [0.01] * 2 + [0.49] * 2), row(7, [0.51] * 4, [0.51] * 4)]


def bars(figure):
    """The heights of each histogram above its row's base, from the first epoch's D(x) on; each is drawn twice."""
    return [np.round(patch.get_data().values - patch.get_data().baseline, 6) for patch in figure.axes[0].patches[::2]]


def test_each_epoch_has_its_row_and_each_answer_its_bin(tmp_path):
    figure = plot_histograms(tmp_path / "a.png", ROWS)
    (axes,) = figure.axes
    first_real, first_fake, last_real, last_fake = bars(figure)
    assert len(first_real) == 40
    assert np.flatnonzero(first_real).tolist() == [39] and first_real[39] == TALLEST
    assert np.flatnonzero(first_fake).tolist() == [0, 19] and first_fake[[0, 19]].tolist() == [TALLEST / 2] * 2
    assert np.flatnonzero(last_real).tolist() == np.flatnonzero(last_fake).tolist() == [20]
    assert [patch.get_data().baseline for patch in axes.patches[::2]] == [1, 1, 0, 0]  # the first epoch on top
    assert [text.get_text() for text in axes.get_yticklabels()] == ["epoch 8", "epoch 1"]
    assert axes.get_xlim() == (0, 1) and axes.get_xlabel() == "D's answer: probability"
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["D(x), real pictures", "D(G(z)), generated pictures", "at equilibrium: 0.5"]
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (1200, 350)


def test_the_equilibrium_under_label_smoothing(tmp_path):
    axes = plot_histograms(tmp_path / "a.png", ROWS, balance=0.45).axes[0]
    (line,) = axes.lines
    assert list(line.get_xdata()) == [0.45, 0.45]
    assert [text.get_text() for text in axes.get_legend().get_texts()][-1] == "at equilibrium: 0.45"


def test_scores_of_a_critic(tmp_path):
    figure = plot_histograms(tmp_path / "a.png", [row(3, np.linspace(-1, 10, 101), [-1.0] * 101)], "critic")
    (axes,) = figure.axes
    low, high = axes.get_xlim()
    assert -1.3 < low < -1 and 9.7 < high < 10.2
    assert axes.get_xlabel() == "D's answer: score" and len(axes.get_legend().get_texts()) == 2
    flat = plot_histograms(tmp_path / "a.png", [row(0, [2, 2], [2, 2])], "targets")
    assert flat.axes[0].get_xlim() == (1, 3)


def test_the_same_bytes_and_another_ending(tmp_path):
    for name in "ab":
        plot_histograms(tmp_path / f"{name}.png", ROWS)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    with pytest.raises(UserError, match=r"a\.gif: .*\.png"):
        plot_histograms(tmp_path / "a.gif", ROWS)
