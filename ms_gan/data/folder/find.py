"""The picture files of a folder and of the folders inside it."""

import fnmatch
import os
import stat
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from ms_gan.errors import UserError, shown

ENDINGS = (
    *(".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff"),
    ".webp",
)
"""What the name of a picture ends in, where the pattern does not say it."""


class Picture(NamedTuple):
    """A file that is taken for a picture."""

    name: str
    """Relative to the folder, with "/" between its parts; é is one character in it, as not on every disk."""
    path: Path
    size: int
    """Bytes; -1 for a link that leads nowhere."""
    changed: int
    """When it was last written, in nanoseconds."""


def find_pictures(folder: Path | None, pattern: str) -> list[Picture]:
    """The files that are taken for pictures, sorted by name, so that their order is the same on every system.

    Args:
        folder: names in it that begin with a dot, and __MACOSX, are passed over; links are followed.
        pattern: which file names are taken, such as *.jpg, small and capital letters being the same. One that ends
            in * takes only names with one of the ENDINGS.

    Raises:
        UserError: there is no folder, or no such file in it.
    """
    _check(folder, pattern)
    takes = _taker(pattern)
    pictures, others = [], Counter()
    for path in _files(folder):
        if not takes(path.name):
            others[path.suffix.lower() or "without an ending"] += 1
        elif picture := _picture(path, folder):
            pictures.append(picture)
    if not pictures:
        there = ", ".join(f"{count:,} {shown(ending)}" for ending, count in others.most_common(3))
        raise UserError(
            f"no file in {shown(folder)} matches the pattern {shown(pattern)}; there are "
            f"{there or 'no files at all'}: name another with --pattern, or another folder with --data"
        )
    return sorted(pictures)


def _check(folder: Path | None, pattern: str) -> None:
    if folder is None:
        raise UserError(
            "there are no pictures to train on: name a folder with --data; "
            "`ms-gan data cartoon` draws one, `ms-gan data faces` downloads one"
        )
    if os.path.isfile(folder):
        raise UserError(f"{shown(folder)} is a file: name the folder with the pictures (unpack an archive first)")
    if not os.path.isdir(folder):
        raise UserError(f"there is no folder {shown(folder.absolute())}: name the one with the pictures with --data")
    if "/" in pattern or "\\" in pattern:
        raise UserError(
            f"pattern {shown(pattern)}: it is one of file names, such as *.jpg, and goes for all folders inside "
            "--data, too; to take the pictures of only one, name that with --data"
        )


def _taker(pattern: str) -> Callable[[str], bool]:
    wanted = unicodedata.normalize("NFC", pattern).lower()

    def takes(name: str) -> bool:
        plain = unicodedata.normalize("NFC", name).lower()
        return fnmatch.fnmatchcase(plain, wanted) and (not wanted.endswith("*") or plain.endswith(ENDINGS))

    return takes


def _files(folder: Path) -> Iterator[Path]:
    """What is in a folder and the folders inside it, but for folders and what is hidden."""

    def stop(error: OSError) -> None:
        raise UserError(f"cannot read {shown(error.filename)} ({error.strerror}): check its permissions") from error

    seen = set()
    for root, folders, names in os.walk(folder, onerror=stop, followlinks=True):
        real = os.path.realpath(root)
        if real in seen:  # a link led back
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(filter(_is_visible, folders))
        yield from (Path(root, name) for name in filter(_is_visible, names))


def _is_visible(name: str) -> bool:
    return not name.startswith(".") and name != "__MACOSX"


def _picture(path: Path, folder: Path) -> Picture | None:
    name = unicodedata.normalize("NFC", path.relative_to(folder).as_posix())
    try:
        status = path.stat()
    except OSError:
        return Picture(name, path, -1, 0)
    if not stat.S_ISREG(status.st_mode):  # opening a pipe waits for ever
        return None
    return Picture(name, path, status.st_size, status.st_mtime_ns)
