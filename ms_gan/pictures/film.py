"""Drawn figures as one moving picture."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from ms_gan.pictures.gif import encode, frame_times
from ms_gan.pictures.grid import write_picture
from ms_gan.pictures.plotting import Figure, FigureCanvasAgg

COLOURS = 64  # a plot has few, and their mixtures at the edges of its lines


def write_film(path: str | Path, figures: Iterable[Figure]) -> None:
    """Write figures as the frames of a GIF that loops for ever; it plays as long as that of a run (`gif.write_gif`).

    Args:
        path: where to, ending in .gif; appears whole or not at all.
        figures: of one size, two or more; each is drawn when its turn comes, so it may be one figure that changes. The
            colours of the first one serve all, so that nothing flickers.

    Raises:
        UserError: `path` not writable.
    """
    palette, frames = None, []
    for figure in figures:
        drawn = _draw(figure)
        palette = palette or _palette(drawn)
        frames.append(np.asarray(drawn.quantize(palette=palette, dither=Image.Dither.NONE).convert("RGB")))
    write_picture(path, encode(frames, frame_times(len(frames))), ".gif")


def _palette(drawn: Image.Image) -> Image.Image:
    """The picture in its own few colours, that of its corner, the ground of all, as it is: no mixture with another."""
    few = drawn.quantize(COLOURS, Image.Quantize.MEDIANCUT)
    colours, ground = few.getpalette(), 3 * few.getpixel((0, 0))
    colours[ground : ground + 3] = drawn.getpixel((0, 0))
    few.putpalette(colours)
    return few


def _draw(figure: Figure) -> Image.Image:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
