"""Writing files whole or not at all."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A temporary name to write to; on success the file takes its final name, on failure nothing stays behind.

    The data reach the disk before the name does, so that after a power cut `path` holds either what it held before
    or all of the new file. The temporary file lies in the same folder and keeps the ending of `path`.

    Raises:
        OSError: the file cannot be written.
    """
    # Not the final name with something added: MindSpore's MnistDataset would read that one too.
    temporary = path.with_name(f".{secrets.token_hex(8)}.part{path.suffix}")
    try:
        yield temporary
        _to_disk(temporary)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """Writes a UTF-8 text file whole."""
    with whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_bytes(path: Path, content: bytes) -> None:
    """Writes a file whole."""
    with whole(path) as temporary:
        temporary.write_bytes(content)


def sync_folder(folder: Path) -> None:
    """Makes new names in a folder survive a power cut, where the system lets us say so (POSIX)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _to_disk(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
