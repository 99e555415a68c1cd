"""What was measured at every training step, kept as CSV: the losses and D's answers."""

import functools
import math
from bisect import bisect_left
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from ms_gan.disk import writing
from ms_gan.disk.reading import open_file
from ms_gan.errors import UserError

MOST = 10**9
"""Epochs, and steps in one, that no run reaches."""
LARGEST = 3.5e38
"""Above every float32, which all that is measured is."""
LONGEST = 1000
"""Bytes; no line is that long."""
LARGEST_FILE = 2**30
"""Bytes: 30,000 epochs of the slides' GAN."""


@dataclass(frozen=True)
class Row:
    """One training step."""

    epoch: int
    """From 0."""
    step: int
    """Within the epoch, from 1."""
    d_loss: float
    g_loss: float
    d_real: float
    """Mean of D's answers to the batch's images: probabilities, or scores (`Objective.answers`)."""
    d_fake: float
    """Mean of D's answers to G's images, before D's update."""
    seconds: float
    """What the step took, its batch included."""


COLUMNS = [field.name for field in fields(Row)]
_KINDS = [field.type for field in fields(Row)]
_HEADER = ",".join(COLUMNS).encode()


def _line(row: Row) -> str:
    # Nine digits give every float32 back exactly.
    return ",".join(f"{value:.9g}" if isinstance(value, float) else str(value) for value in astuple(row))


def append(path: Path, rows: list[Row]) -> None:
    """Adds rows to the file, which is begun with the names of the columns if it is not there.

    Raises:
        OSError: the file cannot be written; it holds what it held before.
    """
    text = "".join(_line(row) + "\n" for row in rows)
    if not path.exists():
        writing.write_text(path, ",".join(COLUMNS) + "\n" + text)
        return
    writing.append(path, text.encode())


def rewrite(path: Path, rows: list[Row]) -> None:
    """Writes the file anew, whole, with these rows."""
    writing.write_text(path, "\n".join([",".join(COLUMNS), *map(_line, rows)]) + "\n")


def read(path: Path) -> tuple[list[Row], str | None]:
    """The rows of a history file, in the order of training; what is damaged is left out.

    Returns:
        (rows, fault): `fault` says which lines are no rows or stand out of order, or is None.

    Raises:
        UserError: the file cannot be read, or is not a history.
    """
    try:
        with open_file(path, LARGEST_FILE) as file:
            begun = file.readline(LONGEST).rstrip(b"\r\n") == _HEADER
            rows = [None, *map(_row, iter(functools.partial(file.readline, LONGEST), b""))]
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    kept = _in_order(rows)
    if not (begun or kept):
        raise UserError(f"{path} is not a history of losses: its first line must be {_HEADER.decode()}")
    bad = [number for number in range(begun, len(rows)) if number not in kept]
    others = f" and {len(bad) - 1:,} more" if len(bad) > 1 else ""
    return [rows[number] for number in sorted(kept)], f"{path} is damaged in line {bad[0] + 1}{others}" if bad else None


def _row(line: bytes) -> Row | None:
    """The row that a line holds, or None if it holds none that a training step can have left."""
    try:
        epoch, step, *measured = (kind(cell) for kind, cell in zip(_KINDS, line.split(b","), strict=True))
    except ValueError:
        return None
    counted = line.endswith(b"\n") and 0 <= epoch < MOST and 1 <= step < MOST
    return Row(epoch, step, *measured) if counted and not any(map(_is_too_large, measured)) else None


def _is_too_large(value: float) -> bool:
    return LARGEST < abs(value) < math.inf


def _in_order(rows: list[Row | None]) -> set[int]:
    """Where the longest series stands in which each row is later than the one before."""
    ends: list[tuple[int, int]] = []  # the earliest (epoch, step) that a series of 1, 2, … rows can end with
    places: list[int | None] = []  # where that row stands
    before: dict[int, int | None] = {}
    for place, row in enumerate(rows):
        if row:
            length = bisect_left(ends, (row.epoch, row.step))
            ends[length : length + 1], places[length : length + 1] = [(row.epoch, row.step)], [place]
            before[place] = places[length - 1] if length else None
    place, series = places[-1] if places else None, set()
    while place is not None:
        series.add(place)
        place = before[place]
    return series
