"""Losses and their slopes against the discriminator's score, side by side: where each one saturates."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ms_gan.pictures.plotting import BLUE, GREEN, STYLE, VERMILION, Figure, styled
from ms_gan.pictures.show import Picture, save

PURPLE = "#CC79A7"  # Okabe and Ito's, as the others
LINES = ((BLUE, "-"), (VERMILION, (0, (4, 1.5))), (GREEN, (0, (7, 1.5, 1.5, 1.5))), (PURPLE, (0, (1.2, 1.2))))


def plot_objectives(
    path: str | Path,
    scores: Sequence[float],
    columns: Mapping[str, Mapping[str, tuple[Sequence[float], Sequence[float]]]],
    *,
    losses: tuple[float, float] = (-4, 6),
    slopes: tuple[float, float] = (-3, 3),
) -> Figure:
    """Draw losses above and their slopes below, over the score, as a PNG.

    Args:
        path: where to, ending in .png.
        scores: rising, the horizontal axis.
        columns: for each title, up to four losses by their names: (loss, slope), one number each a score. A name has
            the same line in every column.
        losses, slopes: the ranges shown; what is outside runs out of the picture.

    Returns:
        the figure, which a notebook shows.

    Raises:
        UserError: `path` not writable.
    """
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    lines = dict(zip(names, LINES, strict=False))
    with styled(STYLE, {"axes.titlepad": 14}):
        figure = Picture(figsize=(6.5 * len(columns), 9), dpi=100, layout="constrained")
        panels = figure.subplots(2, len(columns), sharex=True, sharey="row", squeeze=False)
        for (title, column), axes in zip(columns.items(), panels.T, strict=True):
            _column(axes, title, scores, {name: (lines[name], curves) for name, curves in column.items()})
        for row, limits, label in zip(panels, (losses, slopes), ("loss", "slope of the loss"), strict=True):
            row[0].set(ylim=limits, ylabel=label, xlim=(np.min(scores), np.max(scores)))
            for axes in row:
                axes.grid(alpha=0.25)
                axes.axhline(0, color="#777777", linewidth=1, zorder=1)
        figure.legend(*_every_line(panels[0], names), loc="outside upper left", ncols=len(names))
    return save(figure, path)


def _column(axes: Sequence, title: str, scores: Sequence[float], curves: Mapping[str, tuple]) -> None:
    """The losses in the upper panel, their slopes in the lower one."""
    for name, ((colour, style), both) in curves.items():
        for panel, curve in zip(axes, both, strict=True):
            panel.plot(scores, curve, color=colour, linestyle=style, linewidth=3.5, label=name)
    axes[0].set_title(title, loc="left")
    axes[1].set_xlabel("score: low for generated, high for real")


def _every_line(panels: Sequence, names: list[str]) -> tuple[list, list[str]]:
    """One handle a name, from whichever panel has it."""
    handles = {line.get_label(): line for panel in panels for line in panel.get_lines()}
    return [handles[name] for name in names], names
