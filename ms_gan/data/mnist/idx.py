"""The IDX format of the MNIST files, checked: a magic number, the dimensions (big-endian), then one byte a value."""

import gzip
import io
import math
import os
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ms_gan.errors import UserError

IMAGES, LABELS = 2051, 2049  # magic numbers: unsigned bytes in three dimensions, and in one
KINDS = {IMAGES: "images", LABELS: "labels"}
LARGEST = 2**28  # bytes, unpacked: five times MNIST's images
PIECE = 2**20  # bytes read at a time


def read_images(path: Path) -> np.ndarray:
    """The images of an IDX file (or .gz): uint8, N×rows×columns, read-only. Raises UserError for every fault."""
    return parse_images(read_bytes(path), path)


def read_labels(path: Path) -> np.ndarray:
    """The labels of an IDX file (or .gz): uint8, N, read-only. Raises UserError for every fault."""
    return parse_labels(read_bytes(path), path)


def parse_images(content: bytes, path: Path) -> np.ndarray:
    """As `read_images`, from a file's unpacked content; `path` is named in errors."""
    return _parse(content, path, IMAGES, dimensions=3)


def parse_labels(content: bytes, path: Path) -> np.ndarray:
    """As `read_labels`, from a file's unpacked content; `path` is named in errors."""
    return _parse(content, path, LABELS, dimensions=1)


def read_bytes(path: Path) -> bytes:
    """A file's content, unpacked if its name ends in .gz. Raises UserError if there is none to be had."""
    if not os.path.exists(path):
        raise UserError(f"{path} does not exist: check the name")
    if not os.path.isfile(path):  # opening a pipe would wait for ever
        raise UserError(f"{path} is not a regular file: put the MNIST file in its place")
    try:
        with path.open("rb") as file:
            content = _read_all(file, path)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): check its permissions") from error
    return unpack(content, path) if path.suffix == ".gz" else content


def unpack(content: bytes, path: Path | str) -> bytes:
    """What a gzip file holds; `path` is named in the UserError that a broken one raises."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            return _read_all(file, path)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UserError(f"{path} is not a whole gzip file ({error}): delete it and get it again") from error


def _read_all(file: BinaryIO, path: Path | str) -> bytes:
    content = io.BytesIO()
    while piece := file.read(PIECE):  # asked for all at once, Python would reserve room for LARGEST bytes
        content.write(piece)
        if content.tell() > LARGEST:
            raise UserError(f"{path} holds more than {LARGEST:,} bytes, too many for a file of MNIST: get it again")
    return content.getvalue()


def _parse(content: bytes, path: Path, magic: int, dimensions: int) -> np.ndarray:
    _check_magic(content, path, magic)
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise UserError(f"{path} is truncated: {len(content)} bytes, its header alone takes {start}; get it again")
    shape = struct.unpack_from(f">{dimensions}I", content, offset=4)
    claimed = "×".join(map(str, shape))
    if 0 in shape:
        raise UserError(f"{path} holds no {KINDS[magic]}: its header says {claimed}; get it again")
    expected = start + math.prod(shape)
    if len(content) != expected:
        fault = "is truncated" if len(content) < expected else "has trailing bytes"
        raise UserError(
            f"{path} {fault}: {claimed} {KINDS[magic]} take {expected:,} bytes, found {len(content):,}; get it again"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _check_magic(content: bytes, path: Path, magic: int) -> None:
    found = int.from_bytes(content[:4], "big")
    if found == magic:
        return
    if content[:2] == b"\x1f\x8b":
        raise UserError(f"{path} is a gzip file: unpack it, or let its name end in a single .gz")
    if found in KINDS:
        raise UserError(
            f"{path} holds {KINDS[found]} where {KINDS[magic]} are wanted: "
            f"the two files are swapped; exchange their names"
        )
    raise UserError(
        f"{path} is not an IDX file of {KINDS[magic]}: its first four bytes are {content[:4].hex(' ') or 'missing'}, "
        f"expected {magic.to_bytes(4, 'big').hex(' ')} ({magic}); get it again"
    )
