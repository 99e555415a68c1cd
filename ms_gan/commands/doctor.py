"""ms-gan doctor [DIR]: names what has gone wrong in a run, from its losses and its pictures."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Annotated

import tyro

from ms_gan.errors import UserError


@dataclass
class Doctor:
    """Name what has gone wrong in a run, with the likely causes and what helps."""

    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")] = Path("result")
    """The folder of the run."""

    def run(self) -> int:
        """Prints the findings, or that there are none. A sick run is no error of the command: it returns 0 too."""
        for text in examine(self.folder):
            print(text)
        return 0


def examine(root: Path) -> Iterator[str]:
    """What there is to say about a run: notes on what is missing, then the findings, or that there are none.

    Raises:
        UserError: there is no run in this folder, or its history is none.
    """
    from ms_gan.recipes import Recipe
    from ms_gan.training import history
    from ms_gan.training.run_folder import RunFolder

    folder = RunFolder(root)
    if not folder.holds_a_run():
        raise UserError(f"there is no run in {root}: train first, or name the folder of a run")
    if not (recipe := folder.read_recipe()):
        recipe = Recipe()
        yield f"note: no settings can be read in {folder.recipe}; judged as a run of the slides' gan"
    if not folder.history.exists():
        yield f"note: {folder.history} is missing; without it nothing can be said"
        return
    rows, fault = history.read(folder.history)
    if fault:
        yield f"note: {fault}; judged by the {len(rows)} steps before"
    texts = list(_findings(folder, recipe, rows))
    yield from texts
    if all(text.startswith("note:") for text in texts):
        yield _nothing_found(recipe, rows)


def _findings(folder, recipe, rows: list) -> Iterator[str]:
    """What the run itself would have said, and a note for each picture that cannot be used."""
    from ms_gan.training import diagnosis

    doctor = diagnosis.Doctor(recipe)
    for epoch, steps in groupby(rows, key=lambda row: row.epoch):
        yield from map(str, filter(None, map(doctor.step, steps)))
        if epoch == rows[-1].epoch and not folder.image(epoch).exists():
            return  # stopped inside it
        try:
            finding = doctor.pictures(_pictures(folder.image(epoch), recipe))
        except UserError as error:
            yield f"note: {error}"
        else:
            yield from [str(finding)] if finding else []


def _pictures(path: Path, recipe):
    """The pictures of the fixed codes that an epoch left: uint8, 25×H×W×C."""
    import numpy as np
    from PIL import Image

    from ms_gan.pictures.grid import cells
    from ms_gan.recipes import PICTURE_CODES

    try:
        with Image.open(path, formats=["PNG"]) as picture:
            sheet = np.asarray(picture)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UserError(f"{path} is missing, or is no picture that can be read") from error
    try:
        return cells(sheet, PICTURE_CODES, recipe.image_shape)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def _nothing_found(recipe, rows: list) -> str:
    from ms_gan.objectives import CRITIC, find_objective
    from ms_gan.training.diagnosis import WON_STEPS

    if len(rows) < WON_STEPS:
        return f"nothing found, but {len(rows)} steps are too few to say much"
    last = [row for row in rows if row.epoch == rows[-1].epoch]
    d_real, d_fake = (sum(getattr(row, name) for row in last) / len(last) for name in ("d_real", "d_fake"))
    seen = f"D(x) {d_real:.2f}, D(G(z)) {d_fake:.2f}"
    if find_objective(recipe.objective).answers == CRITIC:
        seen = f"a gap D(x) − D(G(z)) of {d_real - d_fake:.2f}"
    epochs = rows[-1].epoch + 1
    return f"healthy: {epochs} epoch{'s' if epochs > 1 else ''}, nothing found: {seen} over the last epoch"
