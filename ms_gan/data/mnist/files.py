"""MNIST from the bundled files, a folder of the user's or the network: found, checked and read.

For MindSpore's MnistDataset they are unpacked. It reads every file of its folder whose name contains
"-images-idx3-ubyte", the .gz too, and then fails. So gzipped files are unpacked into a folder of their own:
`unpacked/train` and `unpacked/test` beside them.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ms_gan.data.mnist import idx
from ms_gan.data.mnist.download import download_mnist, is_original
from ms_gan.disk.writing import alone, remove_leavings, write_bytes
from ms_gan.errors import UserError

NAMES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
BUNDLED = Path("data", "MNIST_Data")
SIDE = 28  # pixels, both ways


def load_images(folder: Path | None = None, split: str = "train", say: Callable[[str], None] = print) -> np.ndarray:
    """All images of MNIST (slide 用GAN生成手写字): uint8, N×28×28×1, values 0…255, in the files' order.

    They are read once and kept, 47 MB: to read them anew each epoch is work that the training needs the processor for.
    Nothing is written. Labels need not be there. Args as those of `find_mnist`.

    Raises:
        UserError: the images' file is not there, damaged, or holds no 28×28 images.
    """
    home = _home(folder, split, say)
    name = NAMES[split][0]
    path = _the(name, home, split)
    content = idx.read_bytes(path)
    _note({name: content}, path.parent, split, say)
    return _images(content, path)[..., np.newaxis].copy()  # a copy: of its own, to be written to


def load_labels(folder: Path | None = None, split: str = "train", say: Callable[[str], None] = print) -> np.ndarray:
    """The digits that MNIST's images show: int32, N, values 0…9, in the order of `load_images`.

    Args and errors as those of `find_mnist`; labels above 9 are one, too.
    """
    found = _read(folder, split, say)
    if found.labels.max() > 9:
        raise UserError(
            f"{found.sources[1]} holds the label {found.labels.max()}, MNIST's are 0 to 9: a game that asks for labels "
            "takes no other"
        )
    return found.labels.astype(np.int32)


def find_mnist(folder: Path | None = None, split: str = "train", say: Callable[[str], None] = print) -> Path:
    """A folder that MindSpore's MnistDataset can read, its files checked, and unpacked where that is needed.

    Args:
        folder: holds `train/` and `test/`, or the files themselves, gzipped or not. None: `data/MNIST_Data` of the
            current directory, else of the checkout this package runs from, else the user's cache folder, into which
            the files are then downloaded.
        split: "train" or "test".
        say: is told, in a line, of a download and of files that are not the original MNIST's (they are accepted).

    Raises:
        UserError: the files are not there, damaged, do not belong together, or hold no 28×28 images.
    """
    found = _read(folder, split, say)
    in_place = tuple(source.name for source in found.sources) == NAMES[split]
    if in_place and not _in_the_way(found.sources[0].parent, split):
        return found.sources[0].parent
    return _unpacked(found.home, split, found.contents)


class _Found(NamedTuple):
    """A split's two files, checked."""

    home: Path
    sources: tuple[Path, Path]
    contents: dict[str, bytes]
    """By MNIST's name of the file, unpacked."""
    images: np.ndarray
    """uint8, N×28×28, read-only."""
    labels: np.ndarray
    """uint8, N, read-only."""


def _read(folder: Path | None, split: str, say: Callable[[str], None]) -> _Found:
    home = _home(folder, split, say)
    sources = _both(home, split)
    contents = dict(zip(NAMES[split], map(idx.read_bytes, sources), strict=True))
    images, labels = _parsed(*contents.values(), *sources)
    _note(contents, sources[0].parent, split, say)
    return _Found(home, sources, contents, images, labels)


def _note(contents: dict[str, bytes], folder: Path, split: str, say: Callable[[str], None]) -> None:
    """Says if files are not those of the original MNIST."""
    if not all(is_original(name, content) for name, content in contents.items()):
        say(f"note: {folder} is not the original MNIST ({split}); going on with it")


def _home(folder: Path | None, split: str, say: Callable[[str], None]) -> Path:
    if str(folder) in NAMES and not Path(folder).exists():  # the two arguments were taken for one another
        raise UserError(
            f"there is no folder {folder}: the first argument names one; for that part of MNIST write "
            f"split={str(folder)!r}"
        )
    if split not in NAMES:
        raise UserError(f"split {split!r}: MNIST has the parts {' and '.join(NAMES)}")
    return _default_home(split, say) if folder is None else Path(folder)


def _default_home(split: str, say: Callable[[str], None]) -> Path:
    import pooch  # here: it is needed for this only

    cache = pooch.os_cache("ms-gan") / "MNIST_Data"
    for home in (BUNDLED, Path(__file__).parents[3] / BUNDLED):
        if any(_look(home, split)):
            return home
    if not all(_look(cache, split)):
        _download(cache, split, say)
    return cache


def _download(home: Path, split: str, say: Callable[[str], None]) -> None:
    """Gets the files, unless another process that is getting them does."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        with alone(home / ".lock", lambda: say(f"another process is downloading MNIST into {home}: waiting for it")):
            if not all(_look(home, split)):
                download_mnist(home, say)
    except OSError as error:
        raise UserError(f"cannot write MNIST into {home} ({error.strerror}): name a folder that can be") from error


def _look(home: Path, split: str) -> tuple[Path | None, Path | None]:
    """The images' file and the labels' file, as far as they are there."""
    for folder in (home / split, home):
        found = tuple(_file(folder, name) for name in NAMES[split])
        if any(found):
            return found
    return None, None


def _file(folder: Path, name: str) -> Path | None:
    return next(filter(_is_a_file, _spellings(folder, name)), None)


def _spellings(folder: Path, name: str) -> list[Path]:
    # gzipped first: its checksum vouches for it, while a plain file beside it may be what broken-off unpacking left
    names = (name, name.replace("-idx", ".idx"))
    return [folder / (name + ending) for ending in (".gz", "") for name in names]


def _is_a_file(path: Path) -> bool:
    # some archives hold each file in a folder of the same name
    return os.path.exists(path) and not path.is_dir()


def _the(name: str, home: Path, split: str) -> Path:
    """The one file of this name."""
    found = _file(home / split, name) or _file(home, name)
    return found or _both(home, split)[NAMES[split].index(name)]  # which says what is not there


def _both(home: Path, split: str) -> tuple[Path, Path]:
    found = _look(home, split)
    if not any(found):
        raise UserError(
            f"no MNIST in {home.absolute()}: looked there and in its folder {split} for "
            f"{' and '.join(NAMES[split])} (or .gz); `ms-gan data mnist` gets them, --data says where they are"
        )
    if not all(found):
        there, missing = (found[0], NAMES[split][1]) if found[0] else (found[1], NAMES[split][0])
        raise UserError(f"{there} is there, but {missing} (or .gz) is not: put it into {there.parent} too")
    return found


def _parsed(
    image_content: bytes, label_content: bytes, image_path: Path, label_path: Path
) -> tuple[np.ndarray, np.ndarray]:
    images, labels = _images(image_content, image_path), idx.parse_labels(label_content, label_path)
    if len(images) != len(labels):
        raise UserError(
            f"{image_path} holds {len(images):,} images but {label_path} holds {len(labels):,} labels: "
            f"they do not belong together; get both again"
        )
    return images, labels


def _images(content: bytes, path: Path) -> np.ndarray:
    images = idx.parse_images(content, path)
    if images.shape[1:] != (SIDE, SIDE):
        size = "×".join(map(str, images.shape[1:]))
        raise UserError(f"{path} holds images of {size} pixels, MNIST's are {SIDE}×{SIDE}: get the original file")
    return images


def _in_the_way(folder: Path, split: str) -> list[str]:
    """The other files in the folder that MnistDataset would take for MNIST's."""
    names = NAMES[split]
    return sorted(
        path.name for path in folder.iterdir() if path.name not in names and any(name in path.name for name in names)
    )


def _unpacked(home: Path, split: str, contents: dict[str, bytes]) -> Path:
    """A folder that holds these contents under these names: beside the originals or, failing that, in the cache."""
    for parent in (home / "unpacked", _cache_of(home)):
        remove_leavings(parent / split, unused=3600)
        try:
            for name, content in contents.items():
                _bring_up_to_date(parent / split / name, content)
        except OSError as error:
            reason = error
            continue
        if others := _in_the_way(parent / split, split):
            raise UserError(f"{parent / split / others[0]} is in MindSpore's way: delete it")
        return parent / split
    raise UserError(
        f"MNIST could be unpacked neither into {home / 'unpacked'} nor into {_cache_of(home)} ({reason.strerror}): "
        f"make room, or make one of the two writable"
    )


def _cache_of(home: Path) -> Path:
    import pooch

    return pooch.os_cache("ms-gan") / hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:16]


def _bring_up_to_date(path: Path, content: bytes) -> None:
    if not path.is_file() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, content)
