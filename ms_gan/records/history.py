"""What was measured at every training step, kept as CSV: the first line names the figures of the game.

    epoch,step,d_loss,g_loss,d_real,d_fake,seconds

After `seconds` come figures that a listener measures once an epoch; their cells are empty in all but its last step.
"""

import functools
import math
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
COLUMNS = ("epoch", "step", "d_loss", "g_loss", "d_real", "d_fake", "seconds")
"""Of the game of generator and discriminator; and of all runs from before there were others."""

_NAME = re.compile(r"[A-Za-z_][\w.()-]{0,39}", re.ASCII)


@dataclass(frozen=True, init=False)
class Row:
    """One training step: `Row(0, 1, d_loss=1.4, g_loss=0.7, d_real=0.5, d_fake=0.5, seconds=0.02)`."""

    epoch: int
    """From 0."""
    step: int
    """Within the epoch, from 1."""
    seconds: float
    """What the step took, its batch included."""
    figures: dict[str, float] = field(hash=False)
    """What was measured, by name; `row.d_loss` reads one. Of gan: d_loss, g_loss, and d_real and d_fake, the means of
    D's answers to the batch's images and to G's, before D's update: probabilities, or scores (`Objective.answers`)."""

    def __init__(self, epoch: int, step: int, *, seconds: float, **figures: float):
        for name, value in (("epoch", epoch), ("step", step), ("seconds", seconds), ("figures", figures)):
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> float:
        if name.startswith("_") or name == "figures" or name not in self.figures:
            raise AttributeError(f"this training step has no figure {name!r}")
        return self.figures[name]

    def having(self, figures: dict[str, float]) -> "Row":
        """The same step with more figures."""
        return Row(self.epoch, self.step, seconds=self.seconds, **self.figures | figures)


def columns_of(figures: Sequence[str], measured_once: Sequence[str] = ()) -> tuple[str, ...]:
    """The columns of a history.

    Args:
        figures: those of each step.
        measured_once: those of an epoch.
    """
    return "epoch", "step", *figures, "seconds", *measured_once


def with_those_of(rows: Sequence[Row], columns: Sequence[str]) -> tuple[str, ...]:
    """The columns, and those of all that the rows hold: what an earlier part of a run measured is kept."""
    return tuple(dict.fromkeys((*columns, *(name for row in rows for name in row.figures))))


def append(path: Path, rows: list[Row], columns: Sequence[str] = COLUMNS) -> None:
    """Adds rows to the file, which is begun with the names of the columns if it is not there.

    Raises:
        OSError: the file cannot be written; it holds what it held before.
    """
    if not path.exists():
        rewrite(path, rows, columns)
        return
    writing.append(path, "".join(_line(row, columns) + "\n" for row in rows).encode())


def rewrite(path: Path, rows: list[Row], columns: Sequence[str] = COLUMNS) -> None:
    """Writes the file anew, whole, with these rows."""
    writing.write_text(path, "\n".join([",".join(columns), *(_line(row, columns) for row in rows)]) + "\n")


def _line(row: Row, columns: Sequence[str]) -> str:
    values: dict[str, Any] = {"epoch": row.epoch, "step": row.step, "seconds": row.seconds, **row.figures}
    return ",".join(_cell(values.get(name)) for name in columns)


def _cell(value: float | int | None) -> str:
    # Nine digits give every float32 back exactly.
    return "" if value is None else f"{value:.9g}" if isinstance(value, float) else str(value)


def read(path: Path) -> tuple[list[Row], str | None]:
    """The rows of a history file, in the order of training; what is damaged is left out.

    Returns:
        (rows, fault): `fault` says which lines are no rows or stand out of order, or is None.

    Raises:
        UserError: the file cannot be read, or is not a history.
    """
    try:
        with open_file(path, LARGEST_FILE) as file:
            columns = _columns(file.readline(LONGEST))
            lines = iter(functools.partial(file.readline, LONGEST), b"")
            rows = [None, *(_row(line, columns or COLUMNS) for line in lines)]
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    kept = _in_order(rows)
    if not (columns or kept):
        raise UserError(f"{path} is not a history of losses: its first line must be such as {','.join(COLUMNS)}")
    bad = [number for number in range(bool(columns), len(rows)) if number not in kept]
    others = f" and {len(bad) - 1:,} more" if len(bad) > 1 else ""
    return [rows[number] for number in sorted(kept)], f"{path} is damaged in line {bad[0] + 1}{others}" if bad else None


def _columns(line: bytes) -> tuple[str, ...] | None:
    """The names that a first line holds, or None if it is none of a history."""
    usual = ",".join(COLUMNS).encode() + b"\n"
    if len(line) == len(usual) and 0 < sum(one != other for one, other in zip(line, usual, strict=True)) <= 2:
        return None  # the usual names with a damaged letter, and not other names
    names = tuple(line.rstrip(b"\r\n").decode("ascii", errors="replace").split(","))
    whole = names[:2] == ("epoch", "step") and "seconds" in names and len({*names}) == len(names)
    return names if whole and all(map(_NAME.fullmatch, names)) else None


def _row(line: bytes, columns: tuple[str, ...]) -> Row | None:
    """The row that a line holds, or None if it holds none that a training step can have left."""
    cells = line.split(b",")
    if not line.endswith(b"\n") or len(cells) != len(columns):
        return None
    try:
        values = dict(_values(cells, columns))
        epoch, step, seconds = int(values.pop("epoch")), int(values.pop("step")), values.pop("seconds")
    except (ValueError, KeyError):
        return None
    counted = 0 <= epoch < MOST and 1 <= step < MOST
    too_large = any(LARGEST < abs(value) < math.inf for value in (seconds, *values.values()))
    return Row(epoch, step, seconds=seconds, **values) if counted and not too_large else None


def _values(cells: list[bytes], columns: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """The cells' numbers; an empty cell has none, which only figures of an epoch may have. Raises ValueError."""
    once = columns.index("seconds")
    for place, (name, cell) in enumerate(zip(columns, cells, strict=True)):
        if place < 2:
            yield name, int(cell)
        elif place <= once or cell.strip():
            yield name, float(cell)


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
