"""Drawn figures as one moving picture."""

import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from ms_gan.pictures.gif import HOLD, frame_seconds
from ms_gan.pictures.grid import write_picture

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
    frames: list[Image.Image] = []
    for figure in figures:
        drawn = _draw(figure)
        palette = frames[0] if frames else drawn.quantize(COLOURS, Image.Quantize.MEDIANCUT)
        frames.append(drawn.quantize(palette=palette, dither=Image.Dither.NONE))
    durations = [round(1000 * frame_seconds(len(frames)))] * (len(frames) - 1) + [round(1000 * HOLD)]
    data = io.BytesIO()
    frames[0].save(data, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0)
    write_picture(path, data.getvalue(), ".gif")


def _draw(figure: Figure) -> Image.Image:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
