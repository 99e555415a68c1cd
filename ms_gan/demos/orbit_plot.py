"""The orbits of a game of two numbers, side by side."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ms_gan.pictures.plotting import BLACK, BLUE, GREEN, STYLE, VERMILION, Axes, Figure, styled
from ms_gan.pictures.show import Picture, save

COLOURS, MARKERS = (BLUE, VERMILION, GREEN), "os^"  # told apart by their shape, too
ARROWS = 12  # in all at most, on one orbit


def plot_orbits(path: str | Path, panels: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """Draw orbits in the plane, two panels in a row, as a PNG.

    Args:
        path: where to, ending in .png.
        panels: for each title, up to three orbits by their names: N×2, columns x and y, N at least 2.

    Returns:
        the figure, which a notebook shows.

    Raises:
        UserError: `path` not writable.
    """
    rows = -(-len(panels) // 2)
    with styled(STYLE):
        figure = Picture(figsize=(12, 6 * rows), dpi=100, layout="constrained")
        all_axes = figure.subplots(rows, 2, squeeze=False).ravel()
        for axes in all_axes[len(panels) :]:
            axes.set_axis_off()
        for axes, (title, orbits) in zip(all_axes, panels.items(), strict=False):
            _panel(axes, title, orbits)
    return save(figure, path)


def _panel(axes: Axes, title: str, orbits: Mapping[str, np.ndarray]) -> None:
    for (name, points), colour, marker in zip(orbits.items(), COLOURS, MARKERS, strict=False):
        _orbit(axes, name, points, colour, marker)
    reach = 1.12 * max(np.abs(points).max() for points in orbits.values())
    axes.plot(0, 0, "*", color=BLACK, markersize=18, zorder=4)
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axes.set(xlabel="x, wants xy small", ylabel="y, wants xy large")
    axes.set_title(title, loc="left")
    axes.locator_params(nbins=6)
    axes.grid(alpha=0.25)
    if len(orbits) > 1:
        legend = axes.legend(loc="lower left", bbox_to_anchor=(-0.04, 0.99), ncols=3, columnspacing=1, handlelength=1.2)
        legend.set_in_layout(False)  # else the panels make room for it at their sides


def _orbit(axes: Axes, name: str, points: np.ndarray, colour: str, marker: str) -> None:
    axes.plot(*points.T, color=colour, marker=marker, markersize=5, linewidth=2, label=name)
    axes.plot(*points[0], marker, color=colour, markersize=13, markerfacecolor="white", markeredgewidth=2.5, zorder=3)
    apart = -(-len(points) // ARROWS)
    for index in range(apart // 2, len(points) - 1, apart):
        here, there = points[index], points[index + 1]
        axes.annotate(
            "",
            xy=here + 0.62 * (there - here),
            xytext=here + 0.5 * (there - here),
            arrowprops={"arrowstyle": "-|>", "color": colour, "mutation_scale": 22},
        )
