"""Many pictures on one sheet."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from ms_gan.disk.writing import write_bytes
from ms_gan.errors import UserError

CELL = 120  # pixels: about how large one picture is drawn; 5 of them make a sheet some 600 wide
GAP = 4  # pixels between and around the pictures
GREY = 112  # of the gaps: apart from a digit's black, and quieter than white on a projector


def grid(pixels: np.ndarray, columns: int = 5) -> np.ndarray:
    """Lay pictures out in rows, each enlarged by a whole factor, with thin grey gaps (slide 结果).

    The factor brings the longer side nearest to 120 pixels: 28×28 is drawn 4 times as large, 64×64 twice, 96×96 as is.
    Every pixel becomes a square of its own value (nearest neighbour), so nothing is smoothed.

    Args:
        pixels: uint8, N×H×W×C with C 1 or 3, values 0…255, N at least 1.
        columns: pictures in a row; fewer than that make one short row. Cells left over in the last row stay grey.

    Returns:
        uint8, H'×W' for C = 1 or H'×W'×3 for C = 3.

    Raises:
        UserError: the array is not such a stack of pictures, or columns is below 1.
    """
    pixels = np.asarray(pixels)
    _check(pixels, columns)
    count, height, width, channels = pixels.shape
    columns = min(columns, count)
    rows = -(-count // columns)
    factor = _factor(height, width)
    cell_height, cell_width = height * factor + GAP, width * factor + GAP
    sheet = np.full((GAP + rows * cell_height, GAP + columns * cell_width, channels), GREY, np.uint8)
    for index, picture in enumerate(pixels):
        top, left = GAP + index // columns * cell_height, GAP + index % columns * cell_width
        enlarged = picture.repeat(factor, axis=0).repeat(factor, axis=1)
        sheet[top : top + enlarged.shape[0], left : left + enlarged.shape[1]] = enlarged
    return sheet[:, :, 0] if channels == 1 else sheet


def cells(sheet: np.ndarray, count: int, shape: tuple[int, int, int], columns: int = 5) -> np.ndarray:
    """The pictures of a sheet that `grid` has laid out, each at its own size again.

    Args:
        sheet: uint8, as `grid` returns it.
        count: how many pictures it holds.
        shape: (channels, height, width) of each.
        columns: pictures in a row, as `grid` was told.

    Returns:
        uint8, count×H×W×C.

    Raises:
        UserError: so many pictures of that shape make a sheet of another size, or of other colours.
    """
    channels, height, width = shape
    factor, columns = _factor(height, width), min(columns, count)
    wanted = grid(np.zeros((count, height, width, channels), np.uint8), columns).shape
    if sheet.shape != wanted:
        raise UserError(f"a sheet of {count} pictures of {width}×{height} has the shape {wanted}, not {sheet.shape}")
    cell_height, cell_width = height * factor + GAP, width * factor + GAP
    pieces = sheet.reshape(*wanted[:2], channels)[GAP:, GAP:].reshape(-1, cell_height, columns, cell_width, channels)
    pictures = pieces[:, : height * factor : factor, :, : width * factor : factor].swapaxes(1, 2)
    return pictures.reshape(-1, height, width, channels)[:count]


def save_grid(path: str | Path, pixels: np.ndarray, columns: int = 5) -> None:
    """Write `grid(pixels, columns)` as a PNG; the same pixels give the same bytes.

    Raises:
        UserError: as `grid` and `write_picture`.
    """
    data = io.BytesIO()
    Image.fromarray(grid(pixels, columns)).save(data, "PNG")
    write_picture(path, data.getvalue(), ".png")


def write_picture(path: str | Path, data: bytes, suffix: str) -> None:
    """Write a finished picture under its name, whole or not at all; missing folders are made.

    Args:
        path: where to; its ending must be `suffix`, so that a name never lies about the format.
        data: the bytes of the file.
        suffix: ".png" or ".gif".

    Raises:
        UserError: another ending, or the file system refuses.
    """
    path = Path(path)
    if path.suffix.lower() != suffix:
        raise UserError(f"{path}: this picture is written as {suffix}; choose a name that ends in {suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, data)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}; free or choose another place") from error


def _factor(height: int, width: int) -> int:
    """How many times as large a picture is drawn."""
    return max(1, round(CELL / max(height, width)))


def _check(pixels: np.ndarray, columns: int) -> None:
    if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[-1] not in (1, 3) or 0 in pixels.shape:
        raise UserError(
            f"a grid takes uint8 pictures of shape (N, H, W, 1) or (N, H, W, 3), not {pixels.dtype} {pixels.shape}; "
            "ms_gan.pixels.to_pixels makes them from a network's output"
        )
    if columns < 1:
        raise UserError(f"a grid needs at least 1 column, not {columns}")
