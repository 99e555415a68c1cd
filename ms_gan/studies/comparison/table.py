"""Runs that differ in one setting, on one sheet: pictures by setting and epoch, and the losses beside them."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ms_gan.pictures.curves import draw_curve, find_range, with_margin
from ms_gan.pictures.grid import GREY
from ms_gan.pictures.plotting import BLUE, STYLE, VERMILION, Axes, Line2D, styled
from ms_gan.pictures.show import Picture, save

if TYPE_CHECKING:
    from ms_gan.studies.comparison.comparing import Comparison, Outcome

WIDTH = 1900  # pixels of the sheet, as all lengths here
LEFT, HEAD, FOOT = 330, 170, 90  # what the settings' names, the title and the axis of the epochs take
GAP, SPACE = 14, 30  # between two cells of a row, and between two rows
AXIS = 110  # the numbers and the name of the losses' axis
RIGHT = 30
MOST_COLUMNS = 5
DPI = 100
STEEPEST = 3  # how many times the range of the calmest run the losses' axes show of the others


def draw_comparison(comparison: "Comparison", path: str | Path) -> Picture:
    """Draw a comparison as a PNG: a row for each setting, in it the first pictures of the fixed codes after some of the
    epochs, the first and the last among them, and both losses over all epochs.

    Where all have one objective, all losses have one scale; what is steeper than three times the calmest run leaves it,
    and the row says how far.

    Args:
        comparison: what `comparing.compare_settings` returned; one of its runs at least must have begun.
        path: where to, ending in .png; appears whole or not at all.

    Returns:
        the figure, which a notebook shows.

    Raises:
        UserError: `path` not writable.
    """
    outcomes = comparison.outcomes
    epochs = _columns(sorted({epoch for outcome in outcomes for epoch in outcome.pictures}))
    cell = _cell(outcomes, len(epochs))
    height = HEAD + len(outcomes) * (cell + SPACE) - SPACE + FOOT
    with styled(STYLE):
        figure = Picture(figsize=(WIDTH / DPI, height / DPI), dpi=DPI)
        _head(figure, comparison, epochs, cell)
        scales = _scales(outcomes)
        last = max(row.epoch + 1 for outcome in outcomes for row in outcome.rows)
        for number, (outcome, scale) in enumerate(zip(outcomes, scales, strict=True)):
            top = HEAD + number * (cell + SPACE)
            _name(figure, outcome, top, cell)
            for column, epoch in enumerate(epochs):
                if epoch in outcome.pictures:
                    _picture(_axes(figure, LEFT + column * (cell + GAP), top, cell, cell), outcome.pictures[epoch])
            left = LEFT + len(epochs) * (cell + GAP) - GAP + AXIS
            axes = _axes(figure, left, top, WIDTH - RIGHT - left, cell)
            _losses(axes, outcome, scale, last)
            axes.tick_params(labelbottom=outcome is outcomes[-1])
        axes.set_xlabel("epochs")
    return save(figure, path)


def _columns(epochs: Sequence[int]) -> list[int]:
    """At most five of the epochs, evenly, the first and the last among them."""
    chosen = np.linspace(0, len(epochs) - 1, min(len(epochs), MOST_COLUMNS)).round().astype(int)
    return [epochs[number] for number in chosen]


def _cell(outcomes: Sequence["Outcome"], columns: int) -> int:
    """The side of a cell: its pictures are enlarged by a whole factor, so that every pixel of theirs is a square."""
    aim = 264 if len(outcomes) <= 3 and columns <= 3 else 176
    shapes = [pictures.shape[1] for outcome in outcomes for pictures in outcome.pictures.values()]
    mosaic = max((_side(size) * (size + 1) + 1 for size in shapes), default=aim)
    return mosaic * max(1, round(aim / mosaic))


def _side(size: int) -> int:
    """Pictures in a row of a cell."""
    return 3 if size <= 64 else 2


def _mosaic(pictures: np.ndarray) -> np.ndarray:
    """The first 9 (or 4) pictures N×H×H×C in a square, with lines of one pixel between and around them:
    uint8, S×S×3. Greys as colours, since a colour map would be off by one here and there."""
    size, channels = pictures.shape[1], pictures.shape[3]
    side = _side(size)
    sheet = np.full((side * (size + 1) + 1, side * (size + 1) + 1, channels), GREY, np.uint8)
    for number, picture in enumerate(pictures[: side * side]):
        top, left = (1 + place * (size + 1) for place in divmod(number, side))
        sheet[top : top + size, left : left + size] = picture
    return sheet.repeat(3, axis=2) if channels == 1 else sheet


def _axes(figure: Picture, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place in pixels, counted from the upper left corner."""
    across, down = figure.get_size_inches() * DPI
    return figure.add_axes((left / across, 1 - (top + height) / down, width / across, height / down))


def _text(figure: Picture, left: float, top: float, text: str, size: float, **more) -> None:
    across, down = figure.get_size_inches() * DPI
    figure.text(left / across, 1 - top / down, text, fontsize=size, **({"va": "center"} | more))


def _head(figure: Picture, comparison: "Comparison", epochs: Sequence[int], cell: int) -> None:
    _text(figure, RIGHT, 50, comparison.title, 26)
    _text(figure, RIGHT, HEAD - 30, comparison.field.replace("_", " "), 20)
    for column, epoch in enumerate(epochs):
        _text(figure, LEFT + column * (cell + GAP) + cell / 2, HEAD - 30, f"epoch {epoch + 1}", 20, ha="center")
    lines = [Line2D([], [], color=colour, linewidth=3, label=f"loss of {name}") for name, colour in PLAYERS]
    lines.append(Line2D([], [], color="#777777", linestyle="--", linewidth=2, label="at equilibrium"))
    place = 1 - RIGHT / WIDTH, 1 - 50 / (figure.get_size_inches()[1] * DPI)
    figure.legend(handles=lines, loc="center right", bbox_to_anchor=place, ncols=3, fontsize=18, borderpad=0)


PLAYERS = (("D", BLUE), ("G", VERMILION))


def _name(figure: Picture, outcome: "Outcome", top: float, cell: int) -> None:
    """The value, D's answers at the end, and what has gone wrong."""
    _text(figure, RIGHT, top, str(outcome.value), 26, va="top")
    if outcome.rows:
        answers = f"D(x) {outcome.last('d_real'):.2f}, D(G(z)) {outcome.last('d_fake'):.2f}"
        _text(figure, RIGHT, top + 46, answers, 15, va="top", color="#444444")
    faults = [line for fault in outcome.faults[:2] for line in textwrap.wrap(fault, 24)]
    _text(figure, RIGHT, top + cell, "\n".join(faults), 15, va="bottom", color=VERMILION)


def _picture(axes: Axes, pictures: np.ndarray) -> None:
    axes.set_axis_off()
    axes.imshow(_mosaic(pictures), interpolation="nearest")


def _scales(outcomes: Sequence["Outcome"]) -> list[tuple[float, float]]:
    """For each run, the range of losses that its panel shows."""
    own = [_range(outcome) for outcome in outcomes]
    if len({outcome.recipe.objective for outcome in outcomes}) > 1:
        return [with_margin(*each) for each in own]
    calmest = STEEPEST * min(high - low for (low, high), outcome in zip(own, outcomes, strict=True) if outcome.rows)
    low, high = min(low for low, _ in own), max(high for _, high in own)
    return [with_margin(max(low, -calmest), min(high, calmest))] * len(outcomes)


def _range(outcome: "Outcome") -> tuple[float, float]:
    balance = outcome.objective.equilibrium
    if not outcome.rows:
        return min(0.0, *balance), max(balance)
    return find_range(_column(outcome, "d_loss"), _column(outcome, "g_loss"), balance)


def _column(outcome: "Outcome", name: str) -> np.ndarray:
    values = np.array([row.figures.get(name, np.nan) for row in outcome.rows])
    return np.where(np.isfinite(values), values, np.nan)


def _losses(axes: Axes, outcome: "Outcome", scale: tuple[float, float], last: int) -> None:
    axes.set(xlim=(0, 1.01 * last), ylim=scale)
    axes.set_ylabel("loss", fontsize=18)
    axes.tick_params(labelsize=16)
    axes.xaxis.label.set_size(18)
    axes.locator_params(axis="x", integer=True, nbins=10)
    axes.locator_params(axis="y", nbins=4)
    axes.grid(alpha=0.25)
    if not outcome.rows:
        axes.text(0.5, 0.5, "not trained yet", ha="center", va="center", transform=axes.transAxes, fontsize=18)
        return
    steps = max(row.step for row in outcome.rows)
    epochs = np.array([row.epoch + row.step / steps for row in outcome.rows])
    for name, (player, colour) in zip(("d_loss", "g_loss"), PLAYERS, strict=True):
        draw_curve(axes, epochs, _column(outcome, name), player, colour)
    game = outcome.objective  # of a critic's, G's loss has no value of its own
    for balance, (_, colour) in zip(game.equilibrium[: 1 if game.answers == "critic" else 2], PLAYERS, strict=False):
        axes.axhline(balance, color=colour, linestyle="--", linewidth=1.5)
    highest = np.nanmax([_column(outcome, name) for name in ("d_loss", "g_loss")])
    if highest > 1.5 * scale[1]:
        axes.text(0.99, 0.97, f"up to {highest:.3g}", ha="right", va="top", transform=axes.transAxes, fontsize=16)
