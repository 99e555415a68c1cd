"""The report on a student's file: a line for each function, and what is wrong with it."""

import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from ms_gan.assignment import EXERCISES, loss_check, network_check, noise_check, optimizer_check
from ms_gan.assignment.losses import LOSSES
from ms_gan.assignment.networks import NETWORKS
from ms_gan.assignment.student import NOBODYS, Crashed, NotWritten, Student, in_one_line, where_in
from ms_gan.assignment.verdict import Wrong

WIDEST, NARROWEST = 100, 60  # columns
RIGHT, WRONG, CRASHED, NOT_WRITTEN = "right", "wrong", "crashed", "not written yet"

CHECKS: dict[str, Callable[[Student, str], str]] = {
    "sample_noise": noise_check.check,
    "get_optimizer": optimizer_check.check,
    **dict.fromkeys(LOSSES, loss_check.check),
    **dict.fromkeys(NETWORKS, network_check.check),
}


def say_line(line: str) -> None:
    """Prints a line; what the output's encoding has no sign for becomes a question mark (Windows, redirected)."""
    encoding = sys.stdout.encoding or "utf-8"
    print(line.encode(encoding, "replace").decode(encoding), flush=True)


def report(path: Path, say: Callable[[str], None] = say_line) -> bool:
    """Checks a file's eleven functions one after the other; says a line for each, and at the end how many are right.

    Returns:
        Whether all are right.

    Raises:
        UserError: the file cannot be loaded.
    """
    student = Student(path)
    statuses = []
    for number, name in enumerate(EXERCISES, 1):
        status, notes = judge(student, name)
        say(_row(f"{number:2}  {name:21}  {status:7}  ", notes[0]))
        for note in notes[1:]:
            say(_fill(note, " " * 6, " " * 8))
        statuses.append(status)
    say(_in_all(statuses))
    return set(statuses) == {RIGHT}


def judge(student: Student, name: str) -> tuple[str, list[str]]:
    """The status of one function, and what there is to say about it, a line each.

    An error that did not come through the student's file is a bug of the check, and is raised.
    """
    try:
        return RIGHT, [CHECKS[name](student, name)]
    except Wrong as wrong:
        return WRONG, [str(wrong), *_named(wrong.mistakes)]
    except NotWritten as missing:
        return NOT_WRITTEN, [str(missing)]
    except Crashed as crash:
        notes = [crash.error, crash.where, crash.way, *_named(crash.mistakes)]
    except NOBODYS:
        raise
    except (Exception, SystemExit) as error:
        if not student.is_to_blame(error):
            raise
        # an answer so odd that looking at it raised an error
        notes = [in_one_line(error), where_in(student.path, error)]
    return CRASHED, [note for note in notes if note]


def _named(mistakes: tuple[str, ...]) -> list[str]:
    return [f"mistake: {mistake}" for mistake in mistakes]


def _row(start: str, note: str) -> str:
    """A line of the table; what does not fit goes on below, in the note's column."""
    return _fill(note, start, " " * len(start)) if note else start.rstrip()


def _fill(note: str, first: str, others: str) -> str:
    """The note in lines that fit into the terminal, with the beginnings of the first and of the others."""
    columns = shutil.get_terminal_size((WIDEST, 24)).columns
    width = max(NARROWEST, min(WIDEST, columns))
    return textwrap.fill(note, width, initial_indent=first, subsequent_indent=others)


def _in_all(statuses: list[str]) -> str:
    counts = Counter(statuses)
    rest = [f"{counts[status]} {status}" for status in (WRONG, CRASHED, NOT_WRITTEN) if counts[status]]
    return ", ".join([f"{counts[RIGHT]} of {len(statuses)} right", *rest])
