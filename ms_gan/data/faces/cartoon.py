"""Cartoon faces to train on, drawn here: where the slides' faces cannot be downloaded, offline, and for tests.

The art is Avataaars by Pablo Stanley (avataaars.com; free for personal and commercial use), in the form that the
package python_avatars (MIT) gives it. Only Avataaars' own parts are used, none of those added from blush.design.
resvg-py (MIT; it holds resvg, Apache-2.0 or MIT) makes pixels of the drawing. Both come with the extra `cartoon`.
"""

import contextlib
import functools
import io
import json
import multiprocessing
import os
import random
import re
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib import metadata
from pathlib import Path

import numpy as np
from filelock import Timeout
from tqdm import tqdm

from ms_gan import device
from ms_gan.disk.writing import alone, remove_leavings, temporary, write_text
from ms_gan.errors import UserError

DIGITS = 6  # of a file's name
MOST = 10**DIGITS  # faces
SIZES = range(16, 513)  # pixels
CHUNK = 5  # faces that a process draws at a time: Ctrl-C waits for them
WORTH = 40  # faces: to start a process for fewer takes longer than they do
PACKAGES = ("python_avatars", "resvg-py")
MANIFEST = "cartoon.json"
FACE = re.compile(rf"\d{{{DIGITS}}}\.png", re.ASCII)

FRAME = "44 18 176 176"  # x, y, width and height of what is shown of the art's 264×280: the face fills it

# The names are those of python_avatars' enums. A name that stands twice is drawn twice as often. What 32×32 pixels
# do not show, and what stands out of the row (vomit, hearts for eyes), is left out: a small network is to learn these.
SHORT_HAIR = ("SHORT_FLAT", "SHORT_FLAT", "SHORT_ROUND", "SHORT_WAVED", "SHORT_CURLY", "CAESAR", "SIDES")
LONG_HAIR = ("BOB", "BUN", "CURLY", "FRO", "LONG_NOT_TOO_LONG", "STRAIGHT_1", "STRAIGHT_STRAND", "MIA_WALLACE")
HATS = ("HIJAB", "TURBAN", "WINTER_HAT_1", "WINTER_HAT_3")
HAIR_COLORS = ("BLACK", "BLACK", "BROWN", "BLONDE", "BLONDE_GOLDEN", "RED", "SILVER_GRAY")
HAT_COLORS = ("BLUE_03", "HEATHER", "PINK", "RED")
SKIN_COLORS = ("PALE", "LIGHT", "BROWN", "DARK_BROWN", "BLACK")
EYES = ("DEFAULT", "DEFAULT", "DEFAULT", "HAPPY", "SIDE", "SURPRISED")
EYEBROWS = ("DEFAULT", "DEFAULT", "DEFAULT_NATURAL", "RAISED_EXCITED_NATURAL", "FLAT_NATURAL", "ANGRY_NATURAL")
MOUTHS = ("SMILE", "SMILE", "DEFAULT", "TWINKLE", "SERIOUS", "SAD")
BEARDS = ("BEARD_LIGHT", "BEARD_MEDIUM", "MOUSTACHE_MAGNUM")
GLASSES = ("PRESCRIPTION_2", "ROUND", "WAYFARERS")
CLOTHES = ("HOODIE", "SHIRT_CREW_NECK", "SHIRT_V_NECK")
CLOTHES_COLORS = ("BLUE_02", "HEATHER", "PASTEL_GREEN", "RED", "WHITE")
BACKGROUNDS = ("#9FD3E8", "#B9E3C6", "#F4E3A1", "#E9C6D8", "#B9B5DE")


def cartoon(seed: int, index: int, size: int = 96) -> np.ndarray:
    """Face number `index` of the set `seed`: it follows from these two alone, whatever else is drawn.

    Args:
        seed: of the set.
        index: from 0.
        size: pixels of the side; the face is the same at every size.

    Returns:
        uint8, size×size×3, values 0…255.

    Raises:
        UserError: the extra `cartoon` is not installed.
    """
    _versions()
    from PIL import Image

    with Image.open(io.BytesIO(_drawn(seed, index, size))) as picture:
        return np.asarray(picture.convert("RGB"))


def draw_cartoons(
    folder: Path,
    count: int = 10_000,
    size: int = 96,
    seed: int = 7,
    say: Callable[[str], None] = print,
    processes: int | None = None,
) -> None:
    """Draws faces 0 … count − 1 of the set `seed` into `folder`: 000000.png, 000001.png, … and cartoon.json.

    Those that are there already stay, so that a set broken off is gone on with, and one that is too small extended.
    The files do not depend on the number of processes.

    Args:
        folder: a new or empty one, or one that holds a set of the same seed and size; made if need be.
        count: 1 … 1,000,000.
        size: pixels of the side, 16 … 512.
        seed: 0 … 2³² − 1.
        say: is told the number of faces at the end.
        processes: that draw at the same time; one for each core unless given.

    Raises:
        UserError: a number is out of its range, the extra `cartoon` is not installed, `folder` holds something else
            or cannot be written, or the disk is full.
    """
    _check(count, size, seed)
    wanted = {"seed": seed, "size": size, **_versions()}
    with _home(folder):
        there = _settle(folder, wanted)
        missing = [index for index in range(count) if index not in there]
        if missing:
            _draw(folder, missing, functools.partial(_png, seed, size=size), processes or device.cores(), len(there))
    faces = len(there) + len(missing)
    say(f"{faces:,} faces in {folder}; train on them: ms-gan train dcgan-small --data {folder}")


def _features(seed: int, index: int) -> dict:
    """The arguments of python_avatars' Avatar, and in this order, since each takes its numbers from one row."""
    import python_avatars as art

    draw = random.Random(f"{seed} {index}").random  # of the module, only this one is promised to stay as it is

    def pick(names: tuple[str, ...]) -> str:
        return names[int(draw() * len(names))]

    short_hair = draw() < 0.5
    hair = SHORT_HAIR if short_hair else LONG_HAIR
    hair_color = art.HairColor[pick(HAIR_COLORS)]
    return {
        "top": art.HatType[pick(HATS)] if draw() < 0.08 else art.HairType[pick(hair)],
        "hair_color": hair_color,
        "facial_hair_color": hair_color,
        "facial_hair": art.FacialHairType[pick(BEARDS)] if short_hair and draw() < 0.3 else None,
        "skin_color": art.SkinColor[pick(SKIN_COLORS)],
        "hat_color": art.ClothingColor[pick(HAT_COLORS)],
        "eyes": art.EyeType[pick(EYES)],
        "eyebrows": art.EyebrowType[pick(EYEBROWS)],
        "mouth": art.MouthType[pick(MOUTHS)],
        "accessory": art.AccessoryType[pick(GLASSES)] if draw() < 0.15 else None,
        "clothing": art.ClothingType[pick(CLOTHES)],
        "clothing_color": art.ClothingColor[pick(CLOTHES_COLORS)],
        "background_color": pick(BACKGROUNDS),
    }


def _drawn(seed: int, index: int, size: int) -> bytes:
    """The face as resvg's PNG file."""
    import python_avatars as art
    import resvg_py

    features = _features(seed, index)
    drawing = art.Avatar(**features).render().replace("<svg ", '<svg overflow="visible" ', 1)  # clipping takes time
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{FRAME}">{drawing}</svg>'
    background = features["background_color"]
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=size, background=background, skip_system_fonts=True))


def _png(seed: int, index: int, size: int) -> bytes:
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(cartoon(seed, index, size)).save(content, "PNG")
    return content.getvalue()


@functools.cache
def _versions() -> dict[str, str]:
    """Of what draws the faces: other versions may draw others."""
    try:
        return {name: metadata.version(name) for name in PACKAGES}
    except metadata.PackageNotFoundError as error:
        raise UserError(
            f'no {error.name} here, which draws the faces: python -m pip install -e ".[cartoon]"'
        ) from error


def _check(count: int, size: int, seed: int) -> None:
    for name, value, least, most in (
        ("count", count, 1, MOST),
        ("size", size, SIZES[0], SIZES[-1]),
        ("seed", seed, 0, 2**32 - 1),
    ):
        if not least <= value <= most:
            raise UserError(f"{name} {value}: it must be from {least} to {most:,}")


@contextlib.contextmanager
def _home(folder: Path) -> Iterator[None]:
    """Makes the folder, and keeps it for this process: two sets must not mix."""
    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(alone(folder / ".lock"))
        except Timeout as error:
            raise UserError(
                f"another process is drawing faces into {folder}: wait until it is done, or name another folder"
            ) from error
        except OSError as error:
            raise _cannot_write(folder, error) from error
        remove_leavings(folder)
        yield


def _cannot_write(folder: Path, error: OSError) -> UserError:
    return UserError(f"cannot write the faces into {folder} ({error.strerror}): name another folder")


def _settle(folder: Path, wanted: dict) -> set[int]:
    """Makes `folder` the home of the set, and tells which faces are there."""
    try:
        sizes = {entry.name: entry.stat().st_size for entry in os.scandir(folder) if not entry.name.startswith(".")}
        if not sizes:
            write_text(folder / MANIFEST, json.dumps(wanted, indent=2) + "\n")
    except OSError as error:
        raise _cannot_write(folder, error) from error
    manifest_there = sizes.pop(MANIFEST, None) is not None
    strangers = [name for name in sorted(sizes) if not (manifest_there and FACE.fullmatch(name))]
    if strangers:
        raise UserError(f"{folder} holds {strangers[0]}, which is not of a set drawn here: name an empty folder")
    if manifest_there:
        _compare(folder, wanted)
    return {int(name[:DIGITS]) for name, size in sizes.items() if size}  # empty: what a power cut may leave


def _compare(folder: Path, wanted: dict) -> None:
    path = folder / MANIFEST
    try:
        found = dict(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UserError(f"cannot read {path} ({error.strerror}): name another folder") from error
    except (ValueError, TypeError) as error:
        raise UserError(f"{path} is damaged: delete the folder, or name another") from error
    if found != wanted:
        others = ", ".join(
            f"{name} {found.get(name)} and not {value}" for name, value in wanted.items() if found.get(name) != value
        )
        raise UserError(f"{folder} holds another set of faces ({others}): name another folder, or delete it")


def _draw(folder: Path, missing: list[int], png: Callable[[int], bytes], processes: int, there: int) -> None:
    bar = tqdm(
        total=there + len(missing),
        initial=there,
        unit=" faces",
        disable=None,  # no bar where stderr is not a terminal
        dynamic_ncols=True,
        leave=False,
    )
    try:
        with bar, contextlib.closing(_in_order(png, missing, processes)) as files:
            for index, content in zip(missing, files, strict=True):
                _write(folder / f"{index:0{DIGITS}}.png", content)
                bar.update()
    except BrokenProcessPool as error:
        raise UserError(
            "a process that draws was ended from outside (no memory left?): run it again to go on"
        ) from error
    except OSError as error:  # without a file's name it is that of a process that could not be started
        what = f"cannot write {error.filename}" if error.filename else f"cannot draw faces into {folder}"
        raise UserError(f"{what} ({error.strerror}): put that right and run it again; it goes on from there") from error


def _in_order(png: Callable[[int], bytes], indexes: list[int], processes: int) -> Iterator[bytes]:
    """`png` of each index, by several processes unless there is little to do; closing it ends them."""
    processes = min(processes, len(indexes) // WORTH, 61)  # more Windows does not allow
    if processes < 2:
        yield from map(png, indexes)
        return
    # Not forked: MindSpore's threads, if it runs here, would not come along, but their locks would.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), _begin_worker) as pool:
        with _apart():
            contents = pool.map(png, indexes, chunksize=CHUNK)
        yield from contents


@contextlib.contextmanager
def _apart() -> Iterator[None]:
    """Processes started here do not run the caller's script again, and leave Ctrl-C to this one from the start."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")  # a lecture has no `if __name__ == "__main__"`
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if os.name == "posix" else None
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        if former is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, former)


def _begin_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


def _write(path: Path, content: bytes) -> None:
    # Not by files.whole: to wait for the disk 10,000 times takes minutes, and what a power cut spoils is empty, and
    # drawn again.
    part = temporary(path)
    try:
        part.write_bytes(content)
        os.replace(part, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            part.unlink()
        if isinstance(error, OSError) and error.errno:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
