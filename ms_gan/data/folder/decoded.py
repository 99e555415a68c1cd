"""A folder's pictures, decoded, kept in the user's cache folder, so that the next training starts at once.

Two files: the pixels, as bytes without a header, to be mapped into memory; and, written after them, a JSON file with
their checksum and what became of the pictures. What does not fit together counts as not there. Beside them may lie a
list of the pictures that could not be read, for people.
"""

import contextlib
import errno
import os
import shutil
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from ms_gan.disk import sealed
from ms_gan.disk.writing import remove_leavings, whole, write_text


@dataclass
class Tally:
    """What became of a folder's pictures."""

    read: int = 0
    """Pictures that could be read."""
    narrow: int = 0
    """Those that are smaller than the square to be cut out of them."""
    enlarged: int = 0
    """Those whose square had to be enlarged."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """The names of those that could not be read, and why."""
    no_pictures: dict[str, int] = field(default_factory=dict)
    """Files that are no pictures, nor end like one, though the pattern takes them: how many of each ending."""

    @property
    def pictures(self) -> int:
        """Of the files, those that are pictures, read or not."""
        return self.read + len(self.unreadable)


Decode = Callable[[Callable[[np.ndarray], object]], Tally]
"""Hands pictures one by one to what it is given, in order, and says what became of all of them."""


def load(path: Path, shape: tuple[int, int, int]) -> tuple[np.ndarray, Tally] | None:
    """What is kept at a path, or None if that is nothing, or damaged.

    Args:
        path: of the pixels.
        shape: of one picture, (height, width, channels).

    Returns:
        uint8, N×H×W×C, read-only and mapped from the file; and what became of the pictures.
    """
    try:
        notes = sealed.read(_notes(path), unsealed=False)
        checksum, tally = notes.pop("crc32"), Tally(**notes)
        pixels = np.memmap(path, np.uint8, "r", shape=(tally.read, *shape))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    # This also brings the file into memory in one sweep; a shuffled epoch would have the disk seek for each picture.
    return (pixels, tally) if zlib.crc32(pixels) == checksum else None


def save(path: Path, decode: Decode, size: int, ready: Callable[[], None]) -> None:
    """Decodes pictures into a file. What was kept of the same folder before goes.

    Args:
        path: of the pixels; what its name holds before a "-" stands for the folder.
        decode: where the pictures come from.
        size: bytes of all pictures.
        ready: called when there is room and the file is open.

    Raises:
        OSError: they cannot be kept there. Nothing stays behind, whatever is raised.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _make_room(path)
    if shutil.disk_usage(path.parent).free < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    checksum = 0

    def keep(picture: np.ndarray) -> None:
        nonlocal checksum
        checksum = zlib.crc32(picture, checksum)
        file.write(picture)

    with whole(path) as file:
        ready()
        tally = decode(keep)
    sealed.write(_notes(path), asdict(tally) | {"crc32": checksum})


def write_list(path: Path, tally: Tally) -> Path | None:
    """Writes a line for each picture that could not be read, its name, a tab and the reason, beside what is kept.

    Args:
        path: of the pixels.

    Returns:
        The list's path; None where it cannot be written.
    """
    listed = path.with_suffix(".txt")
    lines = [f"{name}\t{reason}\n" for name, reason in tally.unreadable.items()]
    try:
        listed.parent.mkdir(parents=True, exist_ok=True)
        write_text(listed, "".join(lines))
    except OSError:
        return None
    return listed


def _notes(path: Path) -> Path:
    return path.with_suffix(".json")


def _make_room(path: Path) -> None:
    """Removes what is kept of the same folder under another name, and what a killed process left half-written."""
    remove_leavings(path.parent, unused=3600)
    same_folder = path.stem.split("-")[0] + "-"
    for other in path.parent.iterdir():
        with contextlib.suppress(OSError):  # Windows keeps what another training has mapped
            if other.name.startswith(same_folder) and other.stem != path.stem:
                other.unlink()
