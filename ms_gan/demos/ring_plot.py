"""Generated points on the ring, a row for each game and a column for each moment."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ms_gan.pictures.plotting import BLACK, GREEN, STYLE, Axes, EllipseCollection, styled
from ms_gan.pictures.show import Picture, save

SIDE = 2.6  # inches of one panel
MARGIN = 1.5  # the axes reach so many times as far as the centres


def plot_rings(
    path: str | Path,
    centres: np.ndarray,
    radius: float,
    columns: Sequence[str],
    rows: Mapping[str, Sequence[tuple[np.ndarray, str]]],
) -> Picture:
    """Draw a sheet of panels as a PNG: centres as black rings, generated points green.

    Args:
        path: where to, ending in .png.
        centres: M×2, of the data's heaps.
        radius: what counts as near one, in the unit of the points.
        columns: the moments.
        rows: for each game its panels, one a moment: (points N×2, a short note below them).

    Returns:
        the figure, which a notebook shows.

    Raises:
        UserError: `path` not writable.
    """
    with styled(STYLE, {"axes.titlepad": 8}):
        size = SIDE * len(columns) + 0.5, (SIDE + 0.35) * len(rows) + 0.5
        figure = Picture(figsize=size, dpi=100, layout="constrained")
        panels = figure.subplots(len(rows), len(columns), squeeze=False)
        for axes, title in zip(panels[0], columns, strict=True):
            axes.set_title(title)
        for line, (name, row) in zip(panels, rows.items(), strict=True):
            line[0].set_ylabel(name)
            for axes, (points, note) in zip(line, row, strict=True):
                _panel(axes, centres, radius, points)
                axes.set_xlabel(note, fontsize=13)
    return save(figure, path)


def _panel(axes: Axes, centres: np.ndarray, radius: float, points: np.ndarray) -> None:
    reach = MARGIN * np.abs(centres).max()
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=[], yticks=[])
    axes.spines[["top", "right"]].set_visible(True)
    axes.plot(*points.T, ".", color=GREEN, markersize=3, alpha=0.35, markeredgewidth=0)
    size = np.full(len(centres), 2 * radius)
    rings = {"units": "xy", "offsets": centres, "offset_transform": axes.transData}
    axes.add_collection(EllipseCollection(size, size, 0, facecolor="none", edgecolor=BLACK, linewidth=1.3, **rings))
