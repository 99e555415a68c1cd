"""plot_image for the lectures: looks at pictures in a notebook, and saves any figure from a script without a screen."""

import io
from pathlib import Path

import numpy as np

from ms_gan.errors import UserError
from ms_gan.pictures.grid import write_picture
from ms_gan.pictures.plotting import Figure, styled
from ms_gan.pixels import to_pixels

IN_A_ROW, AT_MOST = 10, 100  # pictures
SHAPES = "(H,W), (H,W,3) or (H,W,4), as imshow does, (H,W,1), or N of these in one array"


class Picture(Figure):
    """A figure that a notebook shows by itself, without pyplot, which would keep every figure it ever made."""

    def _repr_png_(self) -> bytes:
        return _png(self)


def plot_image(image: np.ndarray, title: str | None = None) -> Picture:
    """Draw one picture with its pixel axes, or several side by side, at most 10 in a row (slide 数据加载).

    Nothing is shown or waited for: a notebook displays the returned figure as the last line of a cell, a script hands
    it to `save`.

    Args:
        image: one picture of shape (H,W), (H,W,1), (H,W,3) or (H,W,4), or an array of up to 100 of them,
            N first; uint8 0…255 or float in [−1, 1]. Three axes count as one picture where the last one is 1, 3 or 4.
        title: a line above.

    Returns:
        a matplotlib Figure.

    Raises:
        UserError: another shape, type or range.
    """
    pictures, alone = _stack(np.asarray(image))
    columns = min(len(pictures), IN_A_ROW)
    rows = -(-len(pictures) // columns)
    inches = max(1.3, 4.0 / columns)
    with styled():
        figure = Picture(figsize=(columns * inches, rows * inches), dpi=100, layout="constrained")
        all_axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes in all_axes[len(pictures) :] if alone else all_axes:
            axes.set_axis_off()
        for axes, picture in zip(all_axes, pictures, strict=False):
            axes.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        if title:
            figure.suptitle(title, fontsize=14, wrap=True)
            figure.set_figheight(rows * inches + 0.5)
    return figure


def save(figure: Figure, path: str | Path) -> Figure:
    """Write a figure as a PNG, whole or not at all; the same figure gives the same bytes.

    Returns:
        the figure, so that a notebook shows what it saves.

    Raises:
        UserError: `path` does not end in .png or cannot be written.
    """
    write_picture(path, _png(figure), ".png")
    return figure


def _png(figure: Figure) -> bytes:
    data = io.BytesIO()
    with styled():
        figure.savefig(data, format="png", dpi=figure.dpi, metadata={"Software": None})
    return data.getvalue()


def _stack(image: np.ndarray) -> tuple[np.ndarray, bool]:
    """The pictures as uint8, N×H×W or N×H×W×C with C 3 or 4, and whether it is one alone."""
    alone = image.ndim == 2 or (image.ndim == 3 and image.shape[-1] in (1, 3, 4))
    pictures = image[np.newaxis] if alone else image
    if not (pictures.ndim == 3 or (pictures.ndim == 4 and pictures.shape[-1] in (1, 3, 4))) or 0 in pictures.shape:
        hint = "; channels come last here: np.moveaxis(image, 1, -1)" if image.ndim == 4 else ""
        raise UserError(f"plot_image draws {SHAPES}, not shape {image.shape}{hint}")
    if len(pictures) > AT_MOST:
        raise UserError(f"plot_image draws at most {AT_MOST} pictures, not {len(pictures)}; choose some: image[:25]")
    if pictures.ndim == 3:
        pictures = pictures[..., np.newaxis]
    pictures = _bytes(pictures)
    return (pictures[..., 0] if pictures.shape[-1] == 1 else pictures), alone


def _bytes(pictures: np.ndarray) -> np.ndarray:
    if pictures.dtype == np.uint8:
        return pictures
    if not np.issubdtype(pictures.dtype, np.floating):
        raise UserError(f"plot_image draws uint8 (0…255) or float (−1…1), not {pictures.dtype}; use .astype(np.uint8)")
    if not (np.abs(pictures) <= 1).all():  # also where a value is NaN
        low, high = pictures.min(), pictures.max()
        raise UserError(
            f"plot_image draws floats from −1 to 1, these go from {low:g} to {high:g}; "
            "for values from 0 to 255 use .astype(np.uint8)"
        )
    return to_pixels(np.moveaxis(pictures, -1, 1))
