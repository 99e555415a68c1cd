"""The picture formats that not every installation reads: AVIF and HEIC, both in the container HEIF (ISO 23008-12)."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError, features

LONGEST_LIST = 4096  # bytes of the list of brands that a file begins with; it takes 20 to 40


@dataclass(frozen=True)
class ExtraFormat:
    """One that takes more than Pillow alone."""

    name: str
    endings: tuple[str, ...]
    """What its files' names end in."""
    brands: frozenset[bytes]
    """What its files call themselves in their first bytes."""
    is_read: Callable[[], bool]
    """Whether it is read here."""
    remedy: str
    """What to do where it is not."""


def _has_avif() -> bool:
    return "avif" in features.modules and features.check("avif")  # Pillow before 11.3 does not know the word


def _has_pillow_heif() -> bool:
    return importlib.util.find_spec("pillow_heif") is not None


AVIF = ExtraFormat(
    "AVIF",
    (".avif", ".avifs"),
    frozenset({b"avif", b"avis"}),
    _has_avif,
    "this Pillow reads no AVIF: python -m pip install --upgrade pillow",
)
HEIC = ExtraFormat(
    "HEIC",
    (".heic", ".heics", ".heif", ".hif"),
    frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}),
    _has_pillow_heif,
    'HEIC takes the package pillow-heif: python -m pip install -e ".[heic]"',
)
EXTRA_FORMATS = (AVIF, HEIC)


def extra_format(file: BinaryIO) -> ExtraFormat | None:
    """Which of them a file has, by its first bytes; None for another one."""
    file.seek(0)
    length, kind = int.from_bytes(file.read(4), "big"), file.read(4)
    if kind != b"ftyp":
        return None
    listed = file.read(min(max(length, 8), LONGEST_LIST) - 8)
    brands = {listed[place : place + 4] for place in range(0, len(listed), 4) if place != 4}  # there: a version
    return next((extra for extra in EXTRA_FORMATS if extra.brands & brands), None)


def open_heic(file: BinaryIO) -> Image.Image:
    """A HEIC picture, not decoded yet; Pillow itself stays as it was. Raises UnidentifiedImageError if it is none."""
    from pillow_heif import HeifImageFile  # here: it is not everywhere

    file.seek(0)
    try:
        return HeifImageFile(file)
    except SyntaxError as error:
        raise UnidentifiedImageError(str(error)) from error
