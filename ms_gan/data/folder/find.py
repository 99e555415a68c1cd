"""The picture files of a folder and of the folders inside it."""

import fnmatch
import os
import stat
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from ms_gan.disk.extra_formats import EXTRA_FORMATS
from ms_gan.errors import UserError, shown

ENDINGS = (
    *(".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff"),
    ".webp",
)
"""What the name of a picture ends in; those of disk.extra_formats besides, where they are read."""
ANY = ("*", "*.*")
"""The patterns that say nothing of a name, so that its ending decides."""


class Picture(NamedTuple):
    """A file that is taken for a picture."""

    name: str
    """Relative to the folder, with "/" between its parts; é is one character in it, as not on every disk."""
    path: Path
    size: int
    """Bytes; -1 for a link that leads nowhere."""
    changed: int
    """When it was last written, in nanoseconds."""


def find_pictures(folder: Path | None, pattern: str, say: Callable[[str], None] = lambda line: None) -> list[Picture]:
    """The files that are taken for pictures, sorted by name, so that their order is the same on every system.

    Args:
        folder: names in it that begin with a dot, and __MACOSX, are passed over; links are followed.
        pattern: which file names are taken, such as *.jpg, small and capital letters being the same. Only * (and *.*)
            leaves it to the ENDINGS.
        say: is told, in one line, what the endings left out, and why.

    Raises:
        UserError: there is no folder, or no such file in it.
    """
    _check(folder, pattern)
    takes = _taker(pattern)
    pictures, others = [], Counter()
    for path in _files(folder):
        if not takes(path.name):
            others[path.suffix.lower()] += 1
        elif picture := _picture(path, folder):
            pictures.append(picture)
    if not pictures:
        raise UserError(
            f"no file in {shown(folder)} matches the pattern {shown(pattern)}; there are "
            f"{counted(others, 3) or 'no files at all'}: name another with --pattern, or another folder with --data"
        )
    if others and pattern in ANY:
        count = f"{others.total():,} file{'s' * (others.total() > 1)}"
        say(f"note: left out {count} without a picture's ending (--pattern takes them): {counted(others, 8)}")
    return sorted(pictures)


def endings() -> tuple[str, ...]:
    """What the names of pictures end in that can be read here."""
    return *ENDINGS, *(ending for extra in EXTRA_FORMATS if extra.is_read() for ending in extra.endings)


def counted(others: Counter, most: int) -> str:
    """Files by their ending, the most frequent first; of pictures also why they are not read: 3 .heic (…), 1 .json.

    Args:
        others: how many there are of each ending, "" being one.
        most: endings that are named; pictures always are.
    """
    remedies = {ending: extra.remedy for extra in EXTRA_FORMATS for ending in extra.endings if not extra.is_read()}
    ordered = sorted(others.most_common(), key=lambda one: one[0] not in remedies)
    most = max(most, sum(ending in remedies for ending in others))
    return ", ".join(
        f"{count:,} {shown(ending) or 'without an ending'}" + (f" ({remedies[ending]})" if ending in remedies else "")
        for ending, count in ordered[:most]
    )


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
    known = endings() if pattern in ANY else ""  # all names end in ""

    def takes(name: str) -> bool:
        plain = unicodedata.normalize("NFC", name).lower()
        return fnmatch.fnmatchcase(plain, wanted) and plain.endswith(known)

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
