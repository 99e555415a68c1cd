"""Where a run begins: afresh, from the newest epoch that verifies, or from a file the user names."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ms_gan.errors import UserError
from ms_gan.recipes import Recipe
from ms_gan.training import history
from ms_gan.training.checkpoint import Position, fault, positions, set_files
from ms_gan.training.history import Row
from ms_gan.training.run_folder import RunFolder, run_of

NEWEST = "newest"
"""What `--resume` alone means."""

UNCHANGEABLE = (
    *("networks", "width", "objective", "latent_size", "optimizer"),
    *("source", "pattern", "crop", "size", "channels"),
    *("batch_size", "drop_remainder", "train_images", "noise", "seed"),
)
"""Settings a run keeps when it goes on: they fix the networks and optimisers, or what each epoch consists of."""


@dataclass(frozen=True)
class Start:
    """Where a run begins: at `position`, from the set saved there in `source`, or afresh if that is None."""

    position: Position
    source: RunFolder | None = None


def find_start(folder: RunFolder, resume: str | None, say: Callable[[str], None]) -> Start:
    """Finds and verifies what a run begins from. Writes nothing.

    Args:
        folder: the folder the run will write to.
        resume: None to begin afresh, "newest", or the path of a generator's weights file.
        say: takes a line for the user.

    Raises:
        UserError: a run lies here already and is not to be resumed; there is nothing to resume from; the named file
            is missing or damaged; or later epochs, which going on would overwrite, lie here.
    """
    if resume is None:
        if folder.holds_a_run():
            raise UserError(
                f"a run lies in {folder.root} already: go on with it by --resume, or start afresh elsewhere by "
                f"--result NEW_FOLDER; nothing was changed"
            )
        return Start(Position(0))
    start = _newest(folder, say) if resume == NEWEST else _named(folder, Path(resume))
    say(f"going on from {set_files(start.source.checkpoints, start.position)['generator']}")
    return start


def _newest(folder: RunFolder, say: Callable[[str], None]) -> Start:
    """The newest set that verifies; where there is no run of ours, the newest pair that the slides' script left."""
    for position in reversed(positions(folder.checkpoints)):
        found = fault(folder.checkpoints, position)
        if found is None:
            return Start(position, folder)
        say(f"note: {found}; looking for an older epoch")
    if not folder.recipe.exists():
        pairs = [Position.of_file(path) for path in folder.checkpoints.glob("Generator*.ckpt")]
        pairs = [pair for pair in pairs if set_files(folder.checkpoints, pair)["discriminator"].exists()]
        if pairs:
            return Start(max(pairs), folder)
    raise UserError(
        f"there is no finished epoch to resume in {folder.checkpoints}: start without --resume, in a new folder"
    )


def _named(folder: RunFolder, path: Path) -> Start:
    if not path.is_file():
        raise UserError(f"there is no checkpoint {path}: name a Generator….ckpt, or --resume alone for the newest")
    if path.stem.startswith("Discriminator"):
        raise UserError(f"{path} is a discriminator: name the Generator….ckpt beside it; both are loaded")
    position = Position.of_file(path)
    source = run_of(path)
    files = set_files(source.checkpoints, position)
    if not (files["generator"].exists() and files["generator"].samefile(path)):
        raise UserError(
            f"{path}: to go on from a file, it must be called Generator99.ckpt or the like, in checkpoints/"
        )
    if not files["discriminator"].exists():
        raise UserError(f"{files['discriminator']} is missing: training goes on with both players")
    if files["manifest"].exists() and (found := fault(source.checkpoints, position)):
        raise UserError(f"{found}; name another file, or --resume alone for the newest good one")
    _refuse_to_overwrite(folder, source, position)
    return Start(position, source)


def _refuse_to_overwrite(folder: RunFolder, source: RunFolder, position: Position) -> None:
    here = folder.root.resolve() == source.root.resolve()
    if not here and folder.holds_a_run():
        raise UserError(
            f"a run lies in {folder.root} already: name a new folder with --result to go on from another run"
        )
    found = map(Position.of_file, source.checkpoints.glob("Generator*.ckpt"))  # those of the slides' script too
    later = [other for other in found if other > position]
    if here and later:
        raise UserError(
            f"{folder.root} holds later epochs, up to Generator{max(later).tag}.ckpt, that going on from here "
            f"would overwrite: name a new folder with --result, or --resume alone for the newest"
        )


def check_settings(saved: Recipe, recipe: Recipe) -> None:
    """Raises UserError if a setting that a run must keep differs from the saved one."""
    for name in UNCHANGEABLE:
        before, now = getattr(saved, name), getattr(recipe, name)
        if before != now:
            option = "--" + name.replace("_", "-")
            raise UserError(
                f"this run has {option} {before} and cannot go on with {now}: start a new one with --result"
            )


def take_over(folder: RunFolder, start: Start, say: Callable[[str], None]) -> list[Row]:
    """The history up to where the run goes on; where that is in a new folder, the pictures are copied too.

    Rows of steps that were not saved are cut off, since the run will make them again.

    Raises:
        OSError: the folder cannot be written.
    """
    rows = _rows_until(start, say)
    history.rewrite(folder.history, rows)
    if start.source and start.source.root.resolve() != folder.root.resolve():
        for picture in start.source.pictures():
            if _is_before(picture, start.position):
                shutil.copyfile(picture, folder.images / picture.name)
    return rows


def _rows_until(start: Start, say: Callable[[str], None]) -> list[Row]:
    if start.source is None or not start.source.history.exists():
        return []
    try:
        rows, found = history.read(start.source.history)
    except UserError as error:
        rows, found = [], str(error)
    if found:
        say(f"note: {found}; what is lost of it will be missing from the plot of the losses")
    return [row for row in rows if Position(row.epoch, row.step) <= start.position]


def _is_before(picture: Path, position: Position) -> bool:
    epoch, step = RunFolder.drawn_at(picture)
    return (Position(epoch + 1) if step is None else Position(epoch, step)) <= position
