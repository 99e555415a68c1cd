"""What lectures share that train several recipes."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from ms_gan.commands import one_line_errors

if TYPE_CHECKING:
    from ms_gan.recipes import Recipe
    from ms_gan.records.history import Row
    from ms_gan.records.run_folder import RunFolder
    from ms_gan.runs.run import Running


def check_lecture_run(recipe: "Recipe", folder: "RunFolder") -> None:
    """Raises UserError if a run lies in the folder that cannot go on by the recipe: it has other settings."""
    from ms_gan.runs.resume import check_settings

    if saved := folder.read_recipe():
        check_settings(saved, recipe)


def lecture_run(recipe: "Recipe", running: "Running", **of_your_own) -> list["Row"]:
    """The history of a run's `recipe.epochs` epochs: trained now, gone on with, or only read if they lie there already.

    Args:
        recipe: what to train.
        running: where, and how.
        of_your_own: a game or listeners that are yours, as `runs.run.train` takes them.

    Raises:
        SystemExit: with status 2 after one line on stderr, if the run cannot be trained, or lies there with other
            settings; with 128 + the signal's number if it was stopped: everything is saved then, and the same call goes
            on.
    """
    from ms_gan.records import history
    from ms_gan.records.checkpoint import Position, fault
    from ms_gan.records.run_folder import RunFolder
    from ms_gan.runs.resume import NEWEST
    from ms_gan.runs.run import train

    folder = RunFolder(running.result)
    with one_line_errors():
        check_lecture_run(recipe, folder)
        if fault(folder.checkpoints, Position(recipe.epochs)) is None:
            print(f"{folder.root}: trained already (epochs: {recipe.epochs}); it is read, nothing is trained")
        elif stopped := train(recipe, replace(running, resume=NEWEST if folder.holds_a_run() else None), **of_your_own):
            sys.exit(128 + stopped)
        rows, _ = history.read(folder.history)
    return [row for row in rows if row.epoch < recipe.epochs]
