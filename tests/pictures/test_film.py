"""Figures as a GIF, read back frame by frame."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image, ImageSequence

from ms_gan.errors import UserError
from ms_gan.pictures.film import COLOURS, write_film


def changing(count):
    """One figure whose bar grows, and whose background stays."""
    figure = Figure(figsize=(2, 1), dpi=100)
    for number in range(count):
        figure.clear()
        figure.patches.clear()
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, count), ylim=(0, 1))
        axes.set_axis_off()
        axes.axvspan(0, number + 1, color="#009E73", linewidth=0)
        yield figure


def test_each_frame_is_the_figure_at_its_turn(tmp_path):
    write_film(tmp_path / "a.gif", changing(5))
    with Image.open(tmp_path / "a.gif") as film:
        assert (film.n_frames, film.size, film.info["loop"]) == (5, (200, 100), 0)
        frames = [
            (np.asarray(frame.convert("RGB")).astype(int), frame.info["duration"])
            for frame in ImageSequence.Iterator(film)
        ]
    assert [duration for _, duration in frames] == [600] * 4 + [2000]
    for number, (frame, _) in enumerate(frames, 1):
        green = np.abs(frame - (0, 158, 115)).max(axis=2) <= 4
        assert green.mean() == pytest.approx(number / 5, abs=0.02)
        assert len(np.unique(frame.reshape(-1, 3), axis=0)) <= COLOURS
        white = (frame == 255).all(axis=2)  # the ground, to the last digit: a page around it has the same
        assert (green | white).mean() > 0.97


def test_the_same_figures_give_the_same_bytes(tmp_path):
    for name in "ab":
        write_film(tmp_path / f"{name}.gif", changing(3))
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()


def test_a_path_that_cannot_be_written(tmp_path):
    with pytest.raises(UserError, match=r"\.gif"):
        write_film(tmp_path / "a.png", changing(2))
    assert not list(tmp_path.iterdir())
