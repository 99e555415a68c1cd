"""One picture file as the square that a network sees."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ms_gan.disk.picture_file import Unreadable, decoding, opened


def read_square(path: Path, *, crop: int, size: int, channels: int) -> tuple[np.ndarray, int]:
    """The centre of a picture, resized with Lanczos' filter.

    The picture is turned as its EXIF says; what is transparent becomes white; of an animation the first frame is
    taken. 16-bit greys are scaled from 0…65535, floating-point ones from 0…1. Colour profiles are not applied.

    Args:
        path: a file of one of picture_file.FORMATS, of any size and mode.
        crop: pixels of the side of the central square cut out; 0, or more than the picture has, for the largest.
        size: pixels of the side that the square is then resized to.
        channels: 1 for grey (as bright as the colours look: ITU-R 601-2), 3 for colours.

    Returns:
        uint8, size×size×channels; and the side of the square that was cut out, in pixels.

    Raises:
        Unreadable: there is no such file, it is no picture, it is broken off or damaged, or too large to be decoded.
        MemoryError: there is no memory to decode it.
    """
    with opened(path) as picture:
        square = _central_square(_upright(picture), crop)
    flat = _flat(square).convert("L" if channels == 1 else "RGB")
    # Where it shrinks to a sixth or less, whole pixels are averaged first: as good to the eye, and many times as fast.
    resized = flat.resize((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.asarray(resized).reshape(size, size, channels), square.width


def _upright(picture: Image.Image) -> Image.Image:
    try:
        with decoding():
            ImageOps.exif_transpose(picture, in_place=True)
    except Unreadable:
        pass  # where only the EXIF is damaged, the pixels still serve
    return picture


def _central_square(picture: Image.Image, crop: int) -> Image.Image:
    side = min(crop or picture.width, picture.width, picture.height)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side))


def _flat(picture: Image.Image) -> Image.Image:
    """Without transparency, in 8 bits a channel."""
    if picture.mode.startswith(("I", "F")):
        return _from_deep_grey(picture)
    with decoding():  # not every release of Pillow has a way to RGB from every mode
        return _on_white(picture)


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.has_transparency_data:
        rgba = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
    return picture.convert("RGB")


def _from_deep_grey(picture: Image.Image) -> Image.Image:
    """To 8 bits from a mode with more, whose brighter values Pillow's own conversion clips."""
    values = np.asarray(picture) / (1 if picture.mode == "F" else 65535)  # Pillow keeps 16-bit greys in mode I, too
    if not (values.min() >= 0 and values.max() <= 1):  # put so that nan is refused as well
        raise Unreadable(f"values outside {'0…1' if picture.mode == 'F' else '0…65535'}")
    return Image.fromarray(np.rint(values * 255).astype(np.uint8))
