"""ms-gan doctor [DIR]: names what has gone wrong in a run, from its losses and its pictures."""

from collections.abc import Iterator
from dataclasses import dataclass
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
    from ms_gan.records import history
    from ms_gan.records.run_folder import RunFolder
    from ms_gan.runs.examination import find_faults

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
        yield f"note: {fault}; judged by the other {len(rows):,} steps"
    found = find_faults(folder, recipe, rows)
    texts = [f"note: {fault}" if isinstance(fault, UserError) else str(fault) for fault in found]
    yield from texts
    if all(text.startswith("note:") for text in texts):
        yield _nothing_found(recipe, rows)


def _nothing_found(recipe, rows: list) -> str:
    from ms_gan.games.objectives import CRITIC, find_objective
    from ms_gan.runs.listeners.diagnosis import WON_STEPS

    if len(rows) < WON_STEPS:
        return f"nothing found, but {len(rows)} steps are too few to say much"
    last = [row for row in rows if row.epoch == rows[-1].epoch]
    mean = {name: sum(row.figures[name] for row in last) / len(last) for name in last[0].figures}
    if not {"d_real", "d_fake"} <= mean.keys():
        seen = ", ".join(f"{name} {value:.3g}" for name, value in mean.items())
    elif find_objective(recipe.objective).answers == CRITIC:
        seen = f"a gap D(x) − D(G(z)) of {mean['d_real'] - mean['d_fake']:.2f}"
    else:
        seen = f"D(x) {mean['d_real']:.2f}, D(G(z)) {mean['d_fake']:.2f}"
    epochs = rows[-1].epoch + 1
    return f"healthy: {epochs} epoch{'s' if epochs > 1 else ''}, nothing found: {seen} over the last epoch"
