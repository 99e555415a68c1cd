"""What was measured at every training step, kept as CSV: the losses and D's answers."""

import csv
import os
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from ms_gan.errors import UserError
from ms_gan.files import write_text


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


def _line(row: Row) -> str:
    # Nine digits give every float32 back exactly.
    return ",".join(f"{value:.9g}" if isinstance(value, float) else str(value) for value in astuple(row))


def append(path: Path, rows: list[Row]) -> None:
    """Adds rows to the file, which is begun with the names of the columns if it is not there.

    Raises:
        OSError: the file cannot be written.
    """
    text = "".join(_line(row) + "\n" for row in rows)
    if not path.exists():
        write_text(path, ",".join(COLUMNS) + "\n" + text)
        return
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def rewrite(path: Path, rows: list[Row]) -> None:
    """Writes the file anew, whole, with these rows."""
    write_text(path, "\n".join([",".join(COLUMNS), *map(_line, rows)]) + "\n")


def read(path: Path) -> tuple[list[Row], str | None]:
    """The rows of a history file, up to the first that is damaged.

    Returns:
        (rows, fault): `fault` says in which line the file is damaged, or is None.

    Raises:
        UserError: the file cannot be read, or is not a history.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"cannot read {path}: {error}") from error
    if not lines or lines[0] != COLUMNS:
        raise UserError(f"{path} is not a history of losses: its first line must be {','.join(COLUMNS)}")
    rows = []
    for number, cells in enumerate(lines[1:], 2):
        try:
            rows.append(Row(*(kind(cell) for kind, cell in zip(_KINDS, cells, strict=True))))
        except ValueError:
            return rows, f"{path} is damaged from line {number} on"
    return rows, None
