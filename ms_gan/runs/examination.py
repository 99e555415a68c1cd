"""A run looked at afterwards: what its folder holds, and what the diagnosis says of it."""

import warnings
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from ms_gan.disk.picture_file import Unreadable, opened
from ms_gan.errors import UserError
from ms_gan.pictures.grid import cells
from ms_gan.recipes import PICTURE_CODES, Recipe
from ms_gan.records.history import Row
from ms_gan.records.run_folder import RunFolder
from ms_gan.runs.listeners.diagnosis import Finding, RunDoctor


def find_faults(
    folder: RunFolder, recipe: Recipe, rows: Sequence[Row], doctor: RunDoctor | None = None
) -> Iterator[Finding | UserError]:
    """What the run itself has said was wrong, in order; and an error for each picture that cannot be used.

    Args:
        folder: of the run.
        recipe: its settings.
        rows: its history.
        doctor: one that goes on with it; a new one unless given.
    """
    doctor = doctor or RunDoctor(recipe, rows[0].figures if rows else ())
    for epoch, steps in groupby(rows, key=lambda row: row.epoch):
        yield from filter(None, map(doctor.step, steps))
        if epoch == rows[-1].epoch and not folder.image(epoch).exists():
            return  # stopped inside it
        try:
            finding = doctor.pictures(read_pictures(folder.image(epoch), recipe))
        except UserError as error:
            yield error
        else:
            yield from [finding] if finding else []


def read_pictures(path: Path, recipe: Recipe) -> np.ndarray:
    """The pictures of the fixed codes that an epoch left: uint8, 25×H×W×C.

    Raises:
        UserError: the file is missing, or none that such a run has written.
    """
    try:
        with warnings.catch_warnings(action="ignore"), opened(path, ["PNG"]) as picture:
            sheet = np.asarray(picture)
    except Unreadable as error:
        raise UserError(f"{path} is missing, or is no picture that can be read") from error
    try:
        return cells(sheet, PICTURE_CODES, recipe.image_shape)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
