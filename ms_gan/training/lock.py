"""One process at a time in a run's folder."""

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from ms_gan.errors import UserError
from ms_gan.files import write_text

LOCK, HOLDER = ".lock", ".holder.json"


@contextlib.contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Keeps a folder for this process, and makes it if need be; a folder that stays empty is removed again.

    The lock is the system's own, which ends with the process that holds it, however that dies. What the holder wrote
    about itself is only for the message.

    Raises:
        UserError: another process holds the folder (says which, on which machine, since when), or it cannot be written.
    """
    made = _make(folder)
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
        write_text(folder / HOLDER, json.dumps(_myself()) + "\n")
    except Timeout as error:
        raise UserError(
            f"{folder} is in use by {_holder(folder)}: wait for its end, stop it, or name another folder with --result"
        ) from error
    except OSError as error:
        lock.release()
        _remove(made)
        raise _cannot_write(folder, error) from error
    try:
        yield
    finally:
        for name in (HOLDER, LOCK):
            with contextlib.suppress(OSError):  # Windows removes no file that is open: then it stays, and harms nobody
                (folder / name).unlink()
        lock.release()
        _remove(made)


def _make(folder: Path) -> list[Path]:
    """Makes a folder. Returns the folders that were not there, innermost first."""
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _remove(made)
        raise _cannot_write(folder, error) from error
    return made


def _remove(made: list[Path]) -> None:
    """Removes those of the made folders in which nothing is."""
    with contextlib.suppress(OSError):
        for path in made:
            path.rmdir()


def _cannot_write(folder: Path, error: OSError) -> UserError:
    return UserError(f"cannot write the result folder {folder}: {error.strerror or error}; name another with --result")


def _myself() -> dict:
    since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    return {"process": os.getpid(), "host": socket.gethostname(), "since": since}


def _holder(folder: Path) -> str:
    try:
        who = json.loads((folder / HOLDER).read_text(encoding="utf-8"))
        return f"process {int(who['process'])} on {str(who['host'])!r} since {str(who['since'])[:40]}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
