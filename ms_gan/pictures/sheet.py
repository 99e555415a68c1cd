"""A sheet of pictures with words: rows with labels, pictures with captions, a title."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ms_gan.pictures.plotting import STYLE, Axes, Rectangle, styled
from ms_gan.pictures.show import Picture, save

WIDTH, LABELS, TITLE, MARGIN = 15.0, 2.5, 0.75, 0.15  # inches
LARGEST = 1.6  # inches of the side of a picture
CAPTION, LINE = 0.1, 0.21  # inches below a row with captions, and for each of their lines
GAP = 0.05  # between pictures, in parts of one
FRAME = "#999999"  # so that a white picture is seen on white
FEWEST = 6  # columns for which there is room, so that the title has some, too


@dataclass(frozen=True)
class Strip:
    """A row of pictures."""

    label: str
    """What they are, left of them, in one line or more of at most some 20 letters."""
    pixels: np.ndarray
    """uint8, N×H×W×C, C 1 or 3."""
    captions: Sequence[str] = ()
    """What stands below each picture, in lines of at most some 12 letters; none for nothing."""


def plot_sheet(path: str | Path, title: str, strips: Sequence[Strip]) -> Picture:
    """Draw rows of pictures below a title, as a PNG.

    Args:
        path: where to, ending in .png; appears whole or not at all.
        title: one line.
        strips: the rows; a shorter one leaves its end free.

    Returns:
        the figure, which a notebook shows.

    Raises:
        UserError: `path` not writable.
    """
    with styled(STYLE):
        figure, _ = make_sheet(title, strips)
    return save(figure, path)


def make_sheet(title: str, strips: Sequence[Strip], below: float = 0) -> tuple[Picture, tuple[float, float]]:
    """A figure with rows of pictures, to be made and saved in the course's style.

    Args:
        title: one line.
        strips: the rows.
        below: inches left free below them.

    Returns:
        the figure; and where the pictures begin and how wide the longest row is, in parts of the figure's width.
    """
    columns = max(FEWEST, *(len(strip.pixels) for strip in strips))
    side = min(LARGEST, (WIDTH - LABELS - MARGIN) / columns)
    width = LABELS + columns * side + MARGIN
    height = sum(_height(strip, side) for strip in strips) + TITLE + below
    figure = Picture(figsize=(width, height), dpi=100)
    figure.text(MARGIN / width, 1 - 0.5 * TITLE / height, title, fontsize=18, va="center")
    top = height - TITLE
    for strip in strips:
        tall = _height(strip, side)
        box = (LABELS / width, (top - tall) / height, columns * side / width, tall / height)
        axes = figure.add_axes(box, xlim=(0, columns), ylim=(tall / side, 0))
        axes.set_axis_off()
        axes.text(-0.1, _tall(strip) / 2, strip.label, ha="right", va="center", fontsize=15)
        draw_row(axes, strip)
        top -= tall
    return figure, (LABELS / width, columns * side / width)


def draw_row(axes: Axes, strip: Strip, first: float = 0) -> None:
    """Draw pictures side by side into axes whose unit is the width of a picture, y downwards.

    Args:
        axes: with its limits set.
        strip: the label is not drawn.
        first: where the first picture begins.
    """
    tall = _tall(strip)
    limits = axes.get_xlim(), axes.get_ylim()
    for number, picture in enumerate(strip.pixels):
        left = first + number
        colours = np.broadcast_to(picture, (*picture.shape[:2], 3))
        extent = (left + GAP / 2, left + 1 - GAP / 2, tall - GAP / 2, GAP / 2)
        axes.imshow(colours, interpolation="nearest", extent=extent, aspect="auto")
        corner = extent[0], extent[3]
        axes.add_patch(Rectangle(corner, 1 - GAP, tall - GAP, fill=False, edgecolor=FRAME, linewidth=0.8))
    for number, caption in enumerate(strip.captions):
        axes.text(first + number + 0.5, tall + 0.02, caption, ha="center", va="top", fontsize=13)
    axes.set(xlim=limits[0], ylim=limits[1])


def _tall(strip: Strip) -> float:
    """Height of a picture in parts of its width."""
    return strip.pixels.shape[1] / strip.pixels.shape[2]


def _height(strip: Strip, side: float) -> float:
    """Inches of a row."""
    lines = max((caption.count("\n") + 1 for caption in strip.captions), default=0)
    return _tall(strip) * side + (CAPTION + LINE * lines if lines else 0)
