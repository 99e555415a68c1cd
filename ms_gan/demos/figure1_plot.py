"""Figure 1 of Goodfellow et al. (2014): the data, p_G, D and D* over x, and below them the arrows from z to x."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ms_gan.pictures.film import write_film
from ms_gan.pictures.plotting import BLACK, BLUE, GREEN, STYLE, Axes, Figure, SubplotSpec, styled
from ms_gan.pictures.show import Picture, save

SKY, GREY = "#56B4E9", "#555555"  # Okabe and Ito's, as the others
TOP = 1.08  # of the vertical axis: probabilities end at 1
FAINT = 1e-3  # where both densities are below it no number ever falls, and D* is not drawn
ENDS = 0.04, 0.96  # of the interval of z, in shares of the axis of x


@dataclass(frozen=True)
class Panel:
    """One moment."""

    title: str
    caption: str
    """Two lines below the title."""
    p_g: np.ndarray
    """The density of the generated numbers, at x."""
    d: np.ndarray
    """D's probability, at x."""
    best_d: np.ndarray
    """D*, at x."""
    arrows: np.ndarray
    """Count×2: some codes z, from −1 to 1, and G(z)."""


def plot_figure1(path: str | Path, x: np.ndarray, p_data: np.ndarray, panels: Sequence[Panel]) -> Picture:
    """Draw up to four moments of a game, two in a row, as a PNG.

    Args:
        path: where to, ending in .png.
        x: rising, the horizontal axis.
        p_data: the density of the data, at x.
        panels: the moments.

    Returns:
        the figure, which a notebook shows.

    Raises:
        UserError: `path` not writable.
    """
    with styled(STYLE):
        figure = Picture(figsize=(15, 12.4), dpi=100)
        grid = figure.add_gridspec(2, 2, left=0.055, right=0.985, top=0.855, bottom=0.045, wspace=0.16, hspace=0.42)
        drawings = [_Drawing(figure, cell, x, p_data) for cell, _ in zip(grid, panels, strict=False)]
        for drawing, panel in zip(drawings, panels, strict=True):
            drawing.show(panel)
        figure.legend(handles=drawings[0].lines, loc="upper center", ncols=4, handlelength=2.6)
    return save(figure, path)


def film_figure1(path: str | Path, x: np.ndarray, p_data: np.ndarray, panels: Sequence[Panel]) -> None:
    """Draw the moments one after another, as a GIF; arguments and errors as `plot_figure1`."""
    smaller = {"font.size": 13, "axes.titlesize": 16, "legend.fontsize": 12}
    with styled(STYLE, smaller):
        write_film(path, _frames(x, p_data, panels))


def _frames(x: np.ndarray, p_data: np.ndarray, panels: Sequence[Panel]) -> Iterator[Figure]:
    figure = Figure(figsize=(7.2, 5.8), dpi=100)
    (cell,) = figure.add_gridspec(1, 1, left=0.1, right=0.98, top=0.745, bottom=0.065)
    drawing = _Drawing(figure, cell, x, p_data)
    figure.legend(handles=drawing.lines, loc="upper center", ncols=2, handlelength=2.6)
    for panel in panels:
        drawing.show(panel)
        yield figure


class _Drawing:
    """The axes of one moment, which show one after another."""

    def __init__(self, figure: Figure, cell: SubplotSpec, x: np.ndarray, p_data: np.ndarray):
        curves, codes = cell.subgridspec(2, 1, height_ratios=[4, 1], hspace=0).subplots(sharex=True)
        self.curves, self.codes, self.x, self.p_data = curves, codes, x, p_data
        (self.best_d,) = curves.plot([], [], color=SKY, linewidth=7, alpha=0.6, label="D*, the best D")
        (data,) = curves.plot(x, p_data, ":", color=BLACK, linewidth=3.5, label="data, a density")
        (self.p_g,) = curves.plot([], [], color=GREEN, linewidth=3, label="generated, a density")
        (self.d,) = curves.plot([], [], "--", color=BLUE, linewidth=3, label="D, a probability")
        self.lines = [data, self.p_g, self.d, self.best_d]
        self.arrows = None
        self.caption = curves.text(0, 1.02, "", transform=curves.transAxes, va="bottom", color=GREY)
        self.caption.set_fontsize(0.93 * self.caption.get_fontsize())
        self.room = 14 + 2.5 * self.caption.get_fontsize()  # points for the caption's two lines
        _curves_axes(curves, x)
        _codes_axes(codes, x)

    def show(self, panel: Panel) -> None:
        """Replaces what is shown by another moment."""
        self.curves.set_title(panel.title, loc="left", pad=self.room)
        self.caption.set_text(panel.caption)
        self.p_g.set_data(self.x, panel.p_g)
        self.d.set_data(self.x, panel.d)
        numbers_fall = np.maximum(self.p_data, panel.p_g) > FAINT
        self.best_d.set_data(self.x, np.where(numbers_fall, panel.best_d, np.nan))
        self._show_arrows(*panel.arrows.T)

    def _show_arrows(self, z: np.ndarray, points: np.ndarray) -> None:
        """From z, whose interval is drawn as long as the axis of x, up to G(z)."""
        if self.arrows:
            self.arrows.remove()
        starts = _at(self.x, (z + 1) / 2)
        self.arrows = self.codes.quiver(
            *(starts, np.zeros_like(z), points - starts, np.ones_like(z)),
            **{"angles": "xy", "scale_units": "xy", "scale": 1, "units": "dots", "width": 1.6},
            **{"headwidth": 6, "headlength": 8, "headaxislength": 7, "color": GREEN},
        )


def _at(x: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Where the interval of z is drawn, at shares of its length from 0 to 1."""
    return x[0] + (x[-1] - x[0]) * (ENDS[0] + (ENDS[1] - ENDS[0]) * shares)


def _curves_axes(axes: Axes, x: np.ndarray) -> None:
    axes.set(xlim=(x[0], x[-1]), ylim=(0, TOP), yticks=[0, 0.5, 1], yticklabels=["0", "½", "1"])
    axes.set_ylabel("probability, density")
    axes.axhline(0.5, color=GREY, linewidth=1, zorder=0)
    axes.tick_params(axis="x", bottom=False, labelbottom=False)


def _codes_axes(axes: Axes, x: np.ndarray) -> None:
    axes.set(ylim=(-0.12, 1))
    axes.set_axis_off()
    ends = _at(x, np.array([0, 0.5, 1]))
    axes.plot(ends, np.zeros(3), color=BLACK, linewidth=2)
    for where, label in zip(ends, ("−1", "0", "z = 1"), strict=True):
        axes.text(where, -0.12, label, ha="center", va="top")
    axes.text(x[0], 0.93, f"{x[0]:.0f}".replace("-", "−"), ha="left", va="top")
    axes.text(x[-1], 0.93, f"x = {x[-1]:.0f}", ha="right", va="top")
