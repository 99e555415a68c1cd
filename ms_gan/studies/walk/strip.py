"""A walk between latent codes: a strip with the codes' lengths below it, and a film that loops."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ms_gan.pictures.gif import encode
from ms_gan.pictures.grid import write_picture
from ms_gan.pictures.plotting import BLUE, STYLE, VERMILION, Axes, styled
from ms_gan.pictures.sheet import Strip, make_sheet
from ms_gan.pictures.show import Picture, save

PLOT = 3.4  # inches of the plot below the strip, with its words
COLOURS, MARKERS = (BLUE, VERMILION), "os"
SIDE, GAP, LABEL, LETTERS = 224, 12, 34, 17  # of a film, in pixels
BACKGROUND, TEXT = 34, 255
PALETTE = 64  # colours of each frame
MOVE, REST = 70, 600  # milliseconds: between codes, and at one


@dataclass(frozen=True)
class Walked:
    """One walk."""

    pixels: np.ndarray
    """What G drew on it: uint8, N×H×W×C."""
    codes: np.ndarray
    """The latent codes: N×size."""

    @property
    def lengths(self) -> np.ndarray:
        """N lengths of the latent codes."""
        return np.linalg.norm(self.codes, axis=1)


def plot_walks(path: str | Path, walks: Mapping[str, Walked], usual: tuple[float, float], title: str) -> Picture:
    """Draw walks between the same two codes one above the other, and below them the lengths of their codes, as a PNG.

    Args:
        path: where to, ending in .png; appears whole or not at all.
        walks: up to two, by their names; all of N steps.
        usual: between which lengths nearly all codes lie, drawn as a band.
        title: one line.

    Returns:
        the figure, which a notebook shows.

    Raises:
        UserError: `path` not writable.
    """
    strips = [Strip(name.replace(" ", "\n"), walk.pixels) for name, walk in walks.items()]
    with styled(STYLE):
        figure, (left, width) = make_sheet(title, strips, below=PLOT)
        height = figure.get_figheight()
        axes = figure.add_axes((left, 0.75 / height, width, (PLOT - 0.95) / height))
        _lengths(axes, walks, usual)
        axes.set_xlim(-0.5, round(width * figure.get_figwidth() / _side(figure, strips)) - 0.5)
    return save(figure, path)


def _side(figure: Picture, strips: Sequence[Strip]) -> float:
    """Inches of a picture, by the first row's axes, whose unit it is."""
    row = figure.axes[0]
    return row.get_position().width * figure.get_figwidth() / row.get_xlim()[1]


def _lengths(axes: Axes, walks: Mapping[str, Walked], usual: tuple[float, float]) -> None:
    axes.axhspan(*usual, color="#DDDDDD", label="98 of 100 codes")
    for (name, walk), colour, marker in zip(walks.items(), COLOURS, MARKERS, strict=False):
        axes.plot(walk.lengths, color=colour, marker=marker, markersize=8, linewidth=2.5, label=name)
    steps = len(walk.lengths) - 1
    axes.set_xticks(range(steps + 1), [f"{step / steps:.2g}" for step in range(steps + 1)])
    axes.set(xlabel="share of the way", ylabel="length of the code")
    axes.set_ylim(0, 1.1 * max(usual[1], *(walk.lengths.max() for walk in walks.values())))
    axes.grid(alpha=0.25)
    axes.legend(loc="lower center", ncols=3)


def film_walks(path: str | Path, walks: Mapping[str, Walked], frames: int) -> None:
    """Write walks side by side as a GIF that loops for ever; each walk rests at the codes it leads through.

    Args:
        path: where to, ending in .gif; appears whole or not at all.
        walks: by their names; all of N steps, the last leading back to the first.
        frames: steps between two codes.

    Raises:
        UserError: `path` not writable.
    """
    count = len(next(iter(walks.values())).pixels)
    pictures = [_frame(walks, step) for step in range(count)]
    durations = [MOVE if step % frames else REST for step in range(count)]
    write_picture(path, encode(pictures, durations), ".gif")


def _frame(walks: Mapping[str, Walked], step: int) -> np.ndarray:
    """One step of each walk, side by side below their names and the lengths of their codes, in few colours."""
    columns = [_column(name, walk.pixels[step], walk.lengths[step]) for name, walk in walks.items()]
    width = sum(column.width + GAP for column in columns) + GAP
    frame = Image.new(columns[0].mode, (width, columns[0].height + GAP), _grey(columns[0].mode, BACKGROUND))
    left = GAP
    for column in columns:
        frame.paste(column, (left, 0))
        left += column.width + GAP
    few = frame.quantize(PALETTE, Image.Quantize.FASTOCTREE if frame.mode == "RGB" else Image.Quantize.MAXCOVERAGE)
    return np.asarray(few.convert(frame.mode))


def _column(name: str, pixels: np.ndarray, length: float) -> Image.Image:
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    factor = max(1, round(SIDE / max(picture.size)))
    picture = picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)
    column = Image.new(picture.mode, (picture.width, picture.height + LABEL), _grey(picture.mode, BACKGROUND))
    column.paste(picture, (0, LABEL))
    font = ImageFont.load_default(size=LETTERS)
    words = f"{name}: length {length:.1f}"
    ImageDraw.Draw(column).text((0, LABEL // 2), words, _grey(column.mode, TEXT), font, anchor="lm")
    return column


def _grey(mode: str, value: int) -> int | tuple[int, int, int]:
    return value if mode == "L" else (value,) * 3
