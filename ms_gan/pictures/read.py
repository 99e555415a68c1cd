"""Reading a picture that a network is to see."""

import os
import warnings
from pathlib import Path

import numpy as np

from ms_gan.disk.picture_file import Unreadable, opened
from ms_gan.errors import UserError


def read_picture(path: Path, shape: tuple[int, int, int]) -> np.ndarray:
    """A picture of exactly the shape a network takes: nothing is resized or recoloured behind the user's back.

    Args:
        path: a file of one of picture_file.FORMATS.
        shape: (channels, height, width), channels 1 (grey) or 3.

    Returns:
        uint8, H×W×C.

    Raises:
        UserError: no such file, not a picture, or one of another size or colours.
    """
    channels, height, width = shape
    if not os.path.exists(path):
        raise UserError(f"there is no picture {path}")
    try:
        with warnings.catch_warnings(action="ignore"), opened(path) as picture:
            mode, size = picture.mode, picture.size
            fits = size == (width, height) and mode == ("L" if channels == 1 else "RGB")
            pixels = np.asarray(picture) if fits else None
    except Unreadable as error:
        raise UserError(f"{path} is not a picture that can be read: {error}") from error
    if pixels is None:
        colours = "grey (mode L)" if channels == 1 else "colour (mode RGB)"
        raise UserError(
            f"{path} is {size[0]}×{size[1]}, mode {mode}; this network takes {width}×{height}, {colours}: convert it "
            "first, for it judges pixels, and a resized digit is another picture"
        )
    return pixels.reshape(height, width, channels)
