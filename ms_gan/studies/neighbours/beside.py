"""Samples beside the training pictures nearest to them, and real pictures as a yardstick."""

from pathlib import Path
from typing import Protocol

import numpy as np

from ms_gan.pictures.plotting import BLACK, GREEN, STYLE, Axes, styled
from ms_gan.pictures.sheet import Strip, draw_row
from ms_gan.pictures.show import Picture, save

ROWS = 5
SIDE, CAPTION = 1.2, 0.26  # inches of a picture, and of the line below it
HEADING, PLOT, MARGIN, APART = 1.1, 2.6, 0.35, 0.35  # inches; the last in pictures


class Compared(Protocol):
    """Pictures beside those nearest to them, as `copies.find_neighbours` finds them."""

    pixels: np.ndarray
    neighbours: np.ndarray
    distances: np.ndarray
    nearest: np.ndarray


def plot_neighbours(path: str | Path, drawn: Compared, real: Compared, name: str) -> Picture:
    """Draw five samples and five real pictures beside their nearest training pictures, and all distances, as a PNG.

    The five go from the picture that is nearest to a training picture to the one that is farthest, in even steps. Below
    them every picture's distance to its nearest training picture is a line.

    Args:
        path: where to, ending in .png; appears whole or not at all.
        drawn: G's samples.
        real: real pictures.
        name: what those are.

    Returns:
        the figure, which a notebook shows.

    Raises:
        UserError: `path` not writable.
    """
    columns = 1 + APART + drawn.neighbours.shape[1]
    rows = min(ROWS, max(len(drawn.pixels), len(real.pixels)))
    width, row = 3 * MARGIN + 2 * columns * SIDE, SIDE + CAPTION
    height = HEADING + rows * row + PLOT
    with styled(STYLE):
        figure = Picture(figsize=(width, height), dpi=100)
        groups = {"samples": (drawn, GREEN), name: (real, BLACK)}
        for number, (what, (compared, colour)) in enumerate(groups.items()):
            left = MARGIN + number * (columns * SIDE + MARGIN)
            box = (left / width, PLOT / height, columns * SIDE / width, rows * row / height)
            axes = figure.add_axes(box, xlim=(0, columns), ylim=(rows * row / SIDE, 0))
            _group(axes, compared, rows)
            heading = f"{len(compared.pixels)} {what}"
            figure.text(left / width, 1 - 0.35 / height, heading, fontsize=18, va="center", color=colour)
            beside = left + (1 + APART) * SIDE
            words = "the nearest training pictures, grey levels away"
            figure.text(beside / width, 1 - 0.85 / height, words, fontsize=14, va="center")
        axes = figure.add_axes((MARGIN / width, 0.8 / height, 1 - 2 * MARGIN / width, (PLOT - 1) / height))
        _distances(axes, groups)
    return save(figure, path)


def _group(axes: Axes, compared: Compared, rows: int) -> None:
    axes.set_axis_off()
    order = np.argsort(compared.nearest, kind="stable")
    chosen = order[np.linspace(0, len(order) - 1, min(rows, len(order))).round().astype(int)]
    pitch = (SIDE + CAPTION) / SIDE
    for number, index in enumerate(chosen):
        inner = axes.inset_axes(
            (0, number * pitch, axes.get_xlim()[1], pitch), transform=axes.transData, xlim=axes.get_xlim()
        )
        inner.set(ylim=(pitch, 0))
        inner.set_axis_off()
        draw_row(inner, Strip("", compared.pixels[index : index + 1]))
        captions = [f"{distance:.1f}" for distance in compared.distances[index]]
        draw_row(inner, Strip("", compared.neighbours[index], captions), first=1 + APART)


def _distances(axes: Axes, groups: dict) -> None:
    for number, (compared, colour) in enumerate(groups.values()):
        axes.eventplot(compared.nearest, lineoffsets=-number, linelengths=0.8, colors=colour, linewidths=2, alpha=0.6)
    farthest = max(compared.nearest.max() for compared, _ in groups.values())
    axes.axvline(0, color="#777777", linestyle="--", linewidth=2)
    axes.text(0.006 * farthest, 0.7, "a copy", va="center", color="#555555")
    axes.set(xlim=(-0.01 * farthest, 1.02 * farthest), ylim=(-1.6, 0.9), yticks=[])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("distance to the nearest training picture: root mean squared difference of the pixels, grey levels")
