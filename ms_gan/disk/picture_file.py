"""Opening a picture file, whatever it holds: a picture, or one reason why not."""

import contextlib
import errno
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from ms_gan.disk import jpeg_file, png_file
from ms_gan.disk.extra_formats import AVIF, HEIC, extra_format, open_heic
from ms_gan.disk.reading import open_file
from ms_gan.errors import UserError

FORMATS = ("AVIF", "BMP", "GIF", "HEIC", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""None that Pillow has another program read (EPS). AVIF and HEIC are read where they can be: see `extra_formats`."""
LARGEST = 2**30 // 12  # pixels, 89 million: from here on Pillow, too, speaks of a decompression bomb
LARGEST_FILE = 2**30  # bytes


class Unreadable(Exception):
    """A picture file that cannot be read; the message says why, in a few words."""


class NoPicture(Unreadable):
    """A file that is no picture of a format that is read here, whatever its name says."""


@contextlib.contextmanager
def opened(path: Path, formats: Sequence[str] = FORMATS) -> Iterator[Image.Image]:
    """A picture, decoded. What the block itself raises passes through as it is.

    A picture whose pixels are whole is read, whatever else is damaged in the file: of a PNG what is beside its pixels
    (text, profiles, what follows them), of a JPEG its end.

    Pillow warns of odd files, on stderr: who calls this has to catch the warnings, which threads may not do.

    Raises:
        Unreadable: there is no such file, it is no picture, or too large to be decoded; or decoding it failed.
        UserError: the machine has no room to open one more file.
        MemoryError: there is no memory to decode it.
    """
    with contextlib.ExitStack() as stack:
        with decoding():
            file = stack.enter_context(_open(path))
            picture = stack.enter_context(_decoded(file, formats))
        yield picture


@contextlib.contextmanager
def decoding() -> Iterator[None]:
    """Makes Unreadable of whatever Pillow raises of a picture; for calls of Pillow alone, such as to convert a picture.

    Raises:
        Unreadable: a call in the block failed.
        MemoryError: there was no memory for one.
    """
    try:
        yield
    except (Unreadable, UserError, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise Unreadable(f"a decompression bomb of more than {LARGEST / 1e6:.0f} million pixels") from error
    except UnidentifiedImageError as error:
        raise NoPicture("not a picture, or of a format that is not read here") from error
    except Exception as error:  # Pillow's decoders raise whatever damaged bytes lead to: struct.error, IndexError, …
        raise Unreadable(getattr(error, "strerror", None) or str(error) or type(error).__name__) from error


def _open(path: Path) -> BinaryIO:
    try:
        return open_file(path, LARGEST_FILE)
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM):  # that says nothing of this file
            raise UserError(f"cannot read {path} ({error.strerror}): end other programs and run it again") from error
        raise


def _decoded(file: BinaryIO, formats: Sequence[str]) -> Image.Image:
    start = file.read(len(png_file.SIGNATURE))
    file.seek(0)
    if start == png_file.SIGNATURE and "PNG" in formats:
        return _decoded_png(file)
    if start[4:] == b"ftyp":
        return _loaded(_bounded(_open_extra(file, formats)))
    formats = [name for name in formats if name not in (AVIF.name, HEIC.name)]
    try:
        return _loaded(_opened(file, formats))
    except OSError as error:
        if "truncated" not in str(error) or "JPEG" not in formats or not start.startswith(b"\xff\xd8"):
            raise
        file.seek(0)
        mended = jpeg_file.mended(file.read(), lambda content: _opened(content, ["JPEG"]))
        if mended is None:
            raise
        return mended


def _open_extra(file: BinaryIO, formats: Sequence[str]) -> Image.Image:
    extra = extra_format(file)
    if extra is None or extra.name not in formats:
        raise UnidentifiedImageError
    if not extra.is_read():
        raise Unreadable(extra.remedy)
    if extra is HEIC:
        return open_heic(file)
    file.seek(0)
    return Image.open(file, formats=["AVIF"])


def _decoded_png(file: BinaryIO) -> Image.Image:
    chunks = png_file.read_chunks(file)  # held against their checksums, which Pillow does not do for pixels
    try:
        return _loaded(_opened(png_file.written(chunks), ["PNG"]))
    except (MemoryError, Image.DecompressionBombError):
        raise
    except Exception as error:  # Pillow's decoder raises whatever odd chunks lead to
        if png_file.has_bomb(chunks):
            raise Unreadable(f"a decompression bomb: a text of more than {png_file.LARGEST_TEXT:,} bytes") from error
        bare = png_file.written(chunk for chunk in chunks if chunk.name in png_file.BARE)
    try:
        return _loaded(_opened(bare, ["PNG"]))
    except UnidentifiedImageError as error:
        raise Unreadable("a PNG whose header makes no sense") from error


def _opened(file: BinaryIO, formats: Sequence[str]) -> Image.Image:
    """A picture that is not decoded yet."""
    return _bounded(Image.open(file, formats=formats))


def _bounded(picture: Image.Image) -> Image.Image:
    """The same, if it is not too large to be decoded."""
    if picture.width * picture.height > LARGEST:
        raise Image.DecompressionBombError
    return picture


def _loaded(picture: Image.Image) -> Image.Image:
    picture.load()
    return picture
