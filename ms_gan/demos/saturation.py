"""A run that locked up, in pictures: where a float32 sigmoid has no slope left, and the losses beside a sound run's."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ms_gan.pictures.plotting import BLACK, BLUE, STYLE, VERMILION, Axes, Figure, styled
from ms_gan.pictures.show import Picture, save

LINES = ((BLUE, "-", 5), (VERMILION, (0, (3, 1.5)), 3))  # the second is seen where it lies on the first
SMOOTH = 50  # a bold line is the mean over this part of a run's steps


@dataclass(frozen=True)
class RunLosses:
    """The losses of a run, one number a step, and what they are at the equilibrium."""

    d_loss: Sequence[float]
    g_loss: Sequence[float]
    equilibrium: tuple[float, float]


def plot_saturation(
    path: str | Path,
    scores: Sequence[float],
    panels: Mapping[str, Mapping[str, Sequence[float]]],
    *,
    wall: float,
    logarithmic: Collection[str] = (),
) -> Figure:
    """Draw curves over the score, two panels in a row, with the score in each from which a sigmoid is exactly 1.

    Args:
        path: where to, ending in .png.
        scores: rising, the horizontal axis.
        panels: for each title, up to two curves by their names, one number a score.
        wall: that score, drawn as a dotted line.
        logarithmic: the titles whose vertical axis is logarithmic; a curve ends there where it falls to 0.

    Returns:
        the figure, which a notebook shows.

    Raises:
        UserError: `path` not writable.
    """
    rows = -(-len(panels) // 2)
    with styled(STYLE):
        figure = Picture(figsize=(13, 5 * rows), dpi=100, layout="constrained")
        all_axes = figure.subplots(rows, 2, squeeze=False).ravel()
        for axes in all_axes[len(panels) :]:
            axes.set_axis_off()
        for axes, (title, curves) in zip(all_axes, panels.items(), strict=False):
            axes.set(xlim=(np.min(scores), np.max(scores)), yscale="log" if title in logarithmic else "linear")
            _panel(axes, title, scores, curves)
            axes.axvline(wall, color=BLACK, linestyle=":", linewidth=2.5)
            axes.annotate(f" {wall:.1f}", (wall, 0.2), xycoords=("data", "axes fraction"), fontsize=18)
    return save(figure, path)


def _panel(axes: Axes, title: str, scores: Sequence[float], curves: Mapping[str, Sequence[float]]) -> None:
    for (name, values), (colour, style, width) in zip(curves.items(), LINES, strict=False):
        known = np.where(np.equal(values, 0), np.nan, values) if axes.get_yscale() == "log" else values
        axes.plot(scores, known, color=colour, linestyle=style, linewidth=width, label=name)
    axes.set_title(title, loc="left", pad=38 if len(curves) > 1 else 14)
    axes.set_xlabel("score")
    axes.grid(alpha=0.25)
    if len(curves) > 1:
        axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1), ncols=2, columnspacing=1.5)


def plot_runs(path: str | Path, runs: Mapping[str, RunLosses]) -> Figure:
    """Draw the losses of two or three runs side by side, on the same vertical axis, as a PNG.

    Args:
        path: where to, ending in .png.
        runs: by their titles.

    Returns:
        the figure, which a notebook shows.

    Raises:
        UserError: `path` not writable.
    """
    with styled(STYLE):
        figure = Picture(figsize=(7 * len(runs), 6), dpi=100, layout="constrained")
        all_axes = figure.subplots(1, len(runs), sharey=True, squeeze=False).ravel()
        for axes, (title, run) in zip(all_axes, runs.items(), strict=True):
            _run(axes, run)
            axes.set_title(title, loc="left", pad=64)  # room for two rows of the legend
        all_axes[0].set_ylabel("loss")
    return save(figure, path)


def _run(axes: Axes, run: RunLosses) -> None:
    players = zip("DG", (run.d_loss, run.g_loss), (BLUE, VERMILION), run.equilibrium, strict=True)
    for name, losses, colour, balance in players:
        steps = np.arange(1, len(losses) + 1)
        axes.plot(steps, losses, color=colour, alpha=0.25, linewidth=1)
        axes.plot(steps, _smooth(np.asarray(losses)), color=colour, linewidth=2.5, label=f"loss of {name}")
        axes.axhline(balance, color=colour, linestyle="--", label=f"equilibrium: {balance:.3f}")
    axes.set_xlabel("steps")
    axes.grid(alpha=0.25)
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1), ncols=2, columnspacing=1.5)


def _smooth(values: np.ndarray) -> np.ndarray:
    window = np.ones(max(1, len(values) // SMOOTH))
    return np.convolve(values, window, "same") / np.convolve(np.ones(len(values)), window, "same")
