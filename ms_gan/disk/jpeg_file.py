"""A JPEG whose last bytes are missing: whether any pixel hung on them."""

import io
from collections.abc import Callable, Iterator
from typing import BinaryIO

from PIL import Image

END = b"\xff\xd9"
FILLINGS = (b"\x00", b"\x55", b"\xaa")
"""Bits of which no two decode to the same pixels."""


def mended(content: bytes, open_picture: Callable[[BinaryIO], Image.Image]) -> Image.Image | None:
    """The picture of a JPEG without an end, decoded, if it is whole; else None.

    Bytes of three kinds are put in place of what is missing. If the picture is the same each time, nothing of it hung
    on them. Only one scan with all colours can be judged so: of several, the later ones may be missing as a whole.

    Args:
        content: of the file.
        open_picture: makes a picture of a file.
    """
    if not _is_one_scan(content, open_picture):
        return None
    first, *others = (open_picture(file) for file in _filled(content))
    first.load()
    pixels = first.tobytes()
    return first if all(other.tobytes() == pixels for other in others) else None


def _filled(content: bytes) -> Iterator[BinaryIO]:
    for filling in FILLINGS:
        yield io.BytesIO(content.rstrip(b"\xff") + 64 * filling + END)  # FF may be the first half of END


def _is_one_scan(content: bytes, open_picture: Callable[[BinaryIO], Image.Image]) -> bool:
    file = io.BytesIO(content)
    picture = open_picture(file)
    colours = len(picture.getbands())
    # Pillow stops after the head of the first scan, which names its colours (ITU-T T.81, B.2.3).
    length = 6 + 2 * colours
    head = b"\xff\xda" + length.to_bytes(2, "big") + bytes([colours])
    return "progressive" not in picture.info and content[: file.tell()][-length - 2 :].startswith(head)
