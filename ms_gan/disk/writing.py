"""Writing files whole or not at all, and one process at a time."""

import contextlib
import errno
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

_LEAVING = re.compile(r"\.[0-9a-f]{16}\.part")
_NO_SUCH_CALL = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF}  # what file systems say that cannot do it


@contextlib.contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write to; on success it takes its name, on failure nothing stays behind.

    The data reach the disk before the name does, so that after a power cut `path` holds either what it held before
    or all of the new file. Until then the file has a hidden name in the same folder (`temporary`).

    Raises:
        OSError: the file cannot be written; it names `path`.
    """
    part = temporary(path)
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            part.unlink()
        if isinstance(error, OSError) and error.errno and error.filename in (None, str(part)):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """Writes a UTF-8 text file whole."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Writes a file whole."""
    with whole(path) as file:
        file.write(content)


def append(path: Path, content: bytes) -> None:
    """Adds to the end of a file that is there, so that it reaches the disk; on failure the file is as it was.

    Raises:
        OSError: nothing can be added; it names `path`.
    """
    with path.open("rb+", buffering=0) as file:  # a buffer would try again when it is closed
        end = file.seek(0, os.SEEK_END)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        except BaseException as error:
            with contextlib.suppress(OSError):
                file.truncate(end)
            if isinstance(error, OSError) and error.errno:
                raise OSError(error.errno, error.strerror, str(path)) from error
            raise


@contextlib.contextmanager
def alone(lock: Path, waiting: Callable[[], object] | None = None) -> Iterator[None]:
    """Lets one process at a time through. The lock is the system's own: it ends with its process, however that dies.

    Args:
        lock: a file of its own, made and removed here, in a folder that is there.
        waiting: called once if another process is inside; then it is waited for.

    Raises:
        filelock.Timeout: another process is inside, and `waiting` is None.
        OSError: the lock cannot be written, or the file system has no locks.
    """
    holder = FileLock(lock)
    try:
        try:
            holder.acquire(timeout=0)
        except Timeout:
            if waiting is None:
                raise
            waiting()
            holder.acquire()
    except NotImplementedError as error:  # older releases of filelock say so
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK), str(lock)) from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows removes no file that is open: then it stays, and harms nobody
            lock.unlink()
        holder.release()


def temporary(path: Path) -> Path:
    """A new hidden name in the folder of `path`, for what is not whole yet; `remove_leavings` knows such names."""
    # Not the final name with something added: MindSpore's MnistDataset would read that one too.
    return path.with_name(f".{secrets.token_hex(8)}.part")


def remove_leavings(folder: Path, unused: float = 0) -> None:
    """Removes what processes left half-written in a folder when they were killed, as far as that can be done.

    Args:
        folder: may be missing.
        unused: seconds for which nothing was written to it; 0 only where no other process writes.
    """
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            with contextlib.suppress(OSError):
                if _LEAVING.fullmatch(path.name) and not (unused and time.time() - path.stat().st_mtime < unused):
                    path.unlink()


def sync_folder(folder: Path) -> None:
    """Makes new names in a folder survive a power cut, where the system lets us say so (POSIX)."""
    if os.name != "posix":
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return  # it may be written, but not read
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_SUCH_CALL:  # some network file systems know this of files only
            raise OSError(error.errno, error.strerror, str(folder)) from error
    finally:
        os.close(handle)
