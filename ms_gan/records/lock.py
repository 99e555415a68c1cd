"""One process at a time in a run's folder."""

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from filelock import Timeout

from ms_gan.disk.writing import alone, remove_leavings, sync_folder, write_text
from ms_gan.errors import UserError

LOCK, HOLDER = ".lock", ".holder.json"


@contextlib.contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Keeps a folder for this process, and makes it if need be; a folder that stays empty is removed again.

    What a process that was killed here left half-written is removed. The lock is the system's own, which ends with the
    process that holds it, however that dies. What the holder wrote about itself is only for the message.

    Raises:
        UserError: another process holds the folder (says which, on which machine, since when), or it cannot be written.
    """
    with contextlib.ExitStack() as stack:
        stack.callback(_remove, _make(folder))
        try:
            stack.enter_context(alone(folder / LOCK))
            stack.callback(_unlink, folder / HOLDER)
            write_text(folder / HOLDER, json.dumps(_myself()) + "\n")
        except Timeout as error:
            raise UserError(
                f"{folder} is in use by {_holder(folder)}: wait for its end, stop it, or name another folder with "
                f"--result"
            ) from error
        except OSError as error:
            raise _cannot_write(folder, error) from error
        for place in (folder, folder / "checkpoints", folder / "images"):  # other runs may lie in other folders here
            remove_leavings(place)
        yield


def _make(folder: Path) -> list[Path]:
    """Makes a folder. Returns the folders that were not there, innermost first."""
    made = []
    try:
        made = [path for path in (folder, *folder.parents) if not path.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for path in made:
            sync_folder(path.parent)
    except OSError as error:
        _remove(made)
        raise _cannot_write(folder, error) from error
    return made


def _remove(made: list[Path]) -> None:
    """Removes those of the made folders in which nothing is."""
    with contextlib.suppress(OSError):
        for path in made:
            path.rmdir()


def _unlink(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _cannot_write(folder: Path, error: OSError) -> UserError:
    in_the_way = error.filename and Path(error.filename).parent == folder and os.path.lexists(error.filename)
    where = Path(error.filename) if in_the_way else folder
    return UserError(f"cannot write the result folder {where}: {error.strerror or error}; name another with --result")


def _myself() -> dict:
    since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    return {"process": os.getpid(), "host": socket.gethostname(), "since": since}


def _holder(folder: Path) -> str:
    try:
        who = json.loads((folder / HOLDER).read_text(encoding="utf-8"))
        return f"process {int(who['process'])} on {str(who['host'])[:80]!r} since {str(who['since'])[:40]}"
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "another process"
