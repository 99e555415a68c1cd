"""Reading files that may be anything: cut short, endless, a folder, a pipe, or not there."""

import errno
import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO

from ms_gan.errors import UserError


def open_file(path: Path, most: int = sys.maxsize) -> BinaryIO:
    """Opens a regular file of at most `most` bytes for reading; opening a pipe would wait for ever.

    Raises:
        OSError: there is none, it is larger, or it cannot be read.
    """
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    if status.st_size > most:
        raise OSError(errno.EFBIG, f"more than {most:,} bytes", str(path))
    return path.open("rb")


def read_bytes(path: Path, most: int) -> bytes:
    """The content of a file, as `open_file` opens it."""
    with open_file(path, most) as file:
        return file.read(most)


def entries(folder: Path) -> list[Path]:
    """What lies in a folder; nothing where there is no folder.

    Raises:
        UserError: it cannot be read.
    """
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise UserError(f"cannot read the folder {folder}: {error.strerror}; check its name and permissions") from error
