"""A folder of pictures as a data set: faces, or whatever a student brings."""

import hashlib
import json
import os
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from ms_gan import device
from ms_gan.data.folder import decoded
from ms_gan.data.folder.decoded import Tally
from ms_gan.data.folder.find import ANY, Picture, counted, endings, find_pictures
from ms_gan.data.folder.square import read_square
from ms_gan.disk.picture_file import NoPicture, Unreadable
from ms_gan.errors import UserError, shown

VERSION = 2  # of what read_square makes of a file; with another, what was kept before is decoded anew
NAMED = 5  # unreadable pictures that get a line of their own


def load_pictures(
    folder: Path | None,
    *,
    pattern: str,
    crop: int,
    size: int,
    channels: int,
    skip_bad: bool = False,
    say: Callable[[str], None] = print,
) -> np.ndarray:
    """All pictures of a folder and the folders inside it, as `square.read_square` makes them, in the order of names.

    They are decoded once and kept in the user's cache folder, until the folder changes or they are asked for in another
    way; where they cannot be kept, they are held in memory. A picture that cannot be read is left out and named, in a
    line or, where they are more than a few, in a list in that cache folder.

    Args:
        folder: names in it that begin with a dot, and __MACOSX, are passed over. None is an error.
        pattern: which file names are taken, such as *.jpg, small and capital letters being the same, whatever they end
            in; only * leaves that to find.ENDINGS. Beside img_1, img_* takes img_1.txt: it is then passed over.
        crop: pixels of the side of the square cut out of each picture's centre; 0 for the largest there is.
        size: pixels of the side that it is resized to.
        channels: 1 for grey, 3 for colours.
        skip_bad: whether any number of them may be unreadable, so long as one can be read.
        say: is told what the pictures need, before they are decoded, and what is odd about them.

    Returns:
        uint8, N×size×size×channels; where they are kept, read-only and mapped from the file.

    Raises:
        UserError: there is no folder, no picture in it that can be read, or more than 1 % of them cannot.
    """
    pictures = find_pictures(folder, pattern, say)
    way = {"crop": crop, "size": size, "channels": channels}
    names_only = pattern.endswith("*") and pattern not in ANY
    source = _Source(folder, pictures, names_only, way, _place(folder, pattern, pictures, way), say)
    pixels, tally = source.from_cache() or source.into_cache() or source.into_memory()
    for line in _notes(tally, crop, size, source.list_unreadable(tally)):
        say(line)
    if not skip_bad:
        _check(tally, folder)
    return pixels


def _check(tally: Tally, folder: Path) -> None:
    """Raises UserError if more than 1 % of the pictures cannot be read: that is more than the odd accident."""
    if 100 * len(tally.unreadable) > tally.pictures:
        raise UserError(
            f"{len(tally.unreadable):,} of {tally.pictures:,} pictures in {shown(folder)} cannot be read, such as "
            f"{_first(tally)}, and without --skip-bad no more than 1 % may be left out: repair or remove them, name "
            "others with --pattern, or train on the rest with --skip-bad"
        )


def _first(tally: Tally) -> str:
    name, reason = next(iter(tally.unreadable.items()))
    return f"{name} ({reason})"


def _place(folder: Path, pattern: str, pictures: Sequence[Picture], way: dict[str, int]) -> Path:
    """Where pictures are kept: a name for folder and pattern, a "-", and one for all else that the pixels depend on."""
    import pooch  # here: it is needed for this only

    asked = [os.path.realpath(folder), pattern]
    made = [VERSION, way, [(picture.name, picture.size, picture.changed) for picture in pictures]]
    names = (hashlib.sha256(json.dumps(part).encode()).hexdigest()[:16] for part in (asked, made))
    return pooch.os_cache("ms-gan") / "folders" / f"{'-'.join(names)}.u8"


@dataclass(frozen=True)
class _Source:
    """Where the pixels may come from."""

    folder: Path
    pictures: Sequence[Picture]
    names_only: bool
    """Whether the pattern leaves endings open, so that files which are no pictures may be among them."""
    way: dict[str, int]
    """What read_square is asked for."""
    kept: Path
    say: Callable[[str], None]

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.way["size"], self.way["size"], self.way["channels"]

    @property
    def bytes(self) -> int:
        return len(self.pictures) * self.way["size"] ** 2 * self.way["channels"]

    def from_cache(self) -> tuple[np.ndarray, Tally] | None:
        found = decoded.load(self.kept, self.shape)
        if found:
            self._announce(f"decoded before and kept in {self.kept}")
        return found

    def into_cache(self) -> tuple[np.ndarray, Tally] | None:
        try:
            decoded.save(self.kept, self.decode, self.bytes, partial(self._announce, f"kept in {self.kept}"))
        except OSError as error:
            self.say(f"note: pictures cannot be kept in {self.kept.parent} ({error.strerror or error})")
        return decoded.load(self.kept, self.shape)

    def into_memory(self) -> tuple[np.ndarray, Tally]:
        self._announce("held in memory")
        try:
            pixels = np.empty((len(self.pictures), *self.shape), np.uint8)
        except MemoryError as error:
            raise UserError(f"there is no memory for {_megabytes(self.bytes)} of pictures: lower --size") from error
        free = iter(pixels)
        tally = self.decode(lambda picture: np.copyto(next(free), picture))
        return pixels[: tally.read], tally

    def _announce(self, where: str) -> None:
        colours = "grey" if self.way["channels"] == 1 else "in colours"
        kind = "files" if self.names_only else "pictures"
        self.say(
            f"{len(self.pictures):,} {kind} in {shown(self.folder)}: {_megabytes(self.bytes)} when decoded "
            f"({self.way['size']}×{self.way['size']}, {colours}), {where}"
        )

    def decode(self, keep: Callable[[np.ndarray], object]) -> Tally:
        """Hands the readable pictures to `keep`, in order. Raises UserError if there is none."""
        tally, total = Tally(), len(self.pictures)
        with (
            warnings.catch_warnings(action="ignore"),  # Pillow's, about odd files
            closing(_in_parallel(partial(read_square, **self.way), self.pictures)) as squares,
            tqdm(squares, total=total, unit=" pictures", leave=False, disable=None, dynamic_ncols=True) as bar,
        ):
            for picture, square in bar:
                self._count(tally, picture, square, keep)
        if not tally.read:
            raise UserError(self._nothing(tally))
        return tally

    def _nothing(self, tally: Tally) -> str:
        where, count = shown(self.folder), f"{len(self.pictures):,}"
        if not tally.unreadable:
            return f"none of the {count} files in {where} that --pattern names is a picture: name others"
        listed = self.list_unreadable(tally)
        return (
            f"{tally.pictures:,} of {tally.pictures:,} pictures in {where} cannot be read, such as {_first(tally)}: "
            f"name others with --data or --pattern{f'; all are listed in {listed}' if listed else ''}"
        )

    def list_unreadable(self, tally: Tally) -> Path | None:
        """Where all are listed that cannot be read; None if that cannot be written, or they are few enough to name."""
        return decoded.write_list(self.kept, tally) if len(tally.unreadable) > NAMED else None

    def _count(self, tally: Tally, picture: Picture, square: Future, keep: Callable[[np.ndarray], object]) -> None:
        try:
            pixels, side = square.result()
        except Unreadable as error:
            if self.names_only and isinstance(error, NoPicture) and not picture.name.lower().endswith(endings()):
                ending = picture.path.suffix.lower()
                tally.no_pictures[ending] = tally.no_pictures.get(ending, 0) + 1
            else:
                tally.unreadable[shown(picture.name)] = shown(error)
            return
        keep(pixels)
        tally.read += 1
        tally.narrow += side < self.way["crop"]
        tally.enlarged += side < self.way["size"]


def _in_parallel(read: Callable[[Path], object], pictures: Sequence[Picture]) -> Iterator[tuple[Picture, Future]]:
    """Each picture and what is read of it, in order; only a few are read ahead, so that they never pile up."""
    Image.init()  # here: Pillow loads its formats at the first picture, and threads may not do so together
    workers = min(device.cores(), 16)
    pool = ThreadPoolExecutor(workers)  # Pillow decodes and resizes without Python's lock
    ahead = deque()
    try:
        for picture in pictures:
            ahead.append((picture, pool.submit(read, picture.path)))
            if len(ahead) > 8 * workers:
                yield ahead.popleft()
        yield from ahead
    finally:
        pool.shutdown(cancel_futures=True)


def _notes(tally: Tally, crop: int, size: int, listed: Path | None) -> Iterator[str]:
    total, bad = tally.pictures, len(tally.unreadable)
    if tally.no_pictures:
        yield f"note: left out, for they are no pictures: {counted(Counter(tally.no_pictures), 5)}"
    for name, reason in islice(tally.unreadable.items(), NAMED if listed else None):
        yield f"note: {name} cannot be read: {reason}"
    if bad:
        yield f"note: left out as unreadable: {bad:,} of {total:,} pictures" + (f", all in {listed}" if listed else "")
    if tally.narrow:
        yield (
            f"note: smaller than the crop of {crop}×{crop}, so that their largest central square is taken: "
            f"{tally.narrow:,} of {total:,} pictures"
        )
    if tally.enlarged:
        yield f"note: enlarged to {size}×{size}, which adds no detail: {tally.enlarged:,} of {total:,} pictures"


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"
