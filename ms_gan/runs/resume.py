"""Where a run begins: afresh, from the newest epoch that verifies, or from a file the user names."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ms_gan.disk.reading import entries, open_file, read_bytes
from ms_gan.disk.writing import write_bytes
from ms_gan.errors import UserError
from ms_gan.recipes import Recipe
from ms_gan.records import history
from ms_gan.records.checkpoint import (
    TRAIN_STATES_KEPT,
    Position,
    check_size,
    fault,
    positions,
    saved_weights,
    set_files,
)
from ms_gan.records.history import Row
from ms_gan.records.run_folder import AFRESH, UNCHANGEABLE, RunFolder, run_of

NEWEST = "newest"
"""What `--resume` alone means."""

LARGEST_PICTURE = 2**26
"""Bytes; a sheet of 25 pictures of 128×128 in colours has 2 million at most."""


@dataclass(frozen=True)
class Start:
    """Where a run begins: at `position`, from the set saved there in `source`, or afresh if that is None."""

    position: Position
    source: RunFolder | None = None

    def unsaved(self, folder: RunFolder) -> str | None:
        """What recipe.json of `folder` says until the run has saved there: what it began from, if not from there."""
        if self.source is None:
            return AFRESH
        weights, *_ = saved_weights(self.source.checkpoints, self.position)
        return None if self.source.root.resolve() == folder.root.resolve() else str(weights)


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
        return _afresh(folder, say)
    start = _newest(folder, say) if resume == NEWEST else _named(folder, Path(resume), say)
    for path, name in folder.in_the_way().items():
        say(f"note: {path} is a folder where a file of the run belongs: it will be renamed {name.name}")
    if start.source:
        weights, *_ = saved_weights(start.source.checkpoints, start.position)
        if saved := start.source.read_recipe():
            check_size(weights, saved)
        say(f"going on from {weights}")
    return start


def _afresh(folder: RunFolder, say: Callable[[str], None]) -> Start:
    if folder.unsaved():
        say(f"note: the run in {folder.root} ended before it had saved anything: it begins again")
    return Start(Position(0))


def _newest(folder: RunFolder, say: Callable[[str], None]) -> Start:
    """The newest set that verifies, or what a run began from that has saved none yet; where there is none of ours, the
    newest pair that the slides' script left.

    One of those whose optimisers are kept too, if there is one: only from such a set the run goes on as if it had never
    been stopped.
    """
    sets = positions(folder.checkpoints)[::-1]
    told = set()
    for candidates, optimisers in ((sets[:TRAIN_STATES_KEPT], True), (sets, False)):
        for position in candidates:
            found = fault(folder.checkpoints, position, optimisers) or _lack(folder.checkpoints, position, optimisers)
            if not found:
                return Start(position, folder)
            if found not in told:
                say(f"note: {found}; looking for an older epoch")
                told.add(found)
    if begun := folder.unsaved():
        return _afresh(folder, say) if begun == AFRESH else _named(folder, Path(begun), say)
    pairs = [] if sets else _pairs(folder)
    if pairs:
        return Start(max(pairs), folder)
    raise UserError(
        f"there is no finished epoch to resume in {folder.checkpoints}: start without --resume, in a new folder"
    )


def _lack(checkpoints: Path, position: Position, optimisers: bool) -> str | None:
    path = set_files(checkpoints, position)["train_state"]
    return f"{path} is missing" if optimisers and not os.path.lexists(path) else None


def _pairs(folder: RunFolder) -> list[Position]:
    """Of a run's folder, only those of the slides' script: ours have no manifest because they were not saved whole."""
    generators = _generators(folder.checkpoints)
    if os.path.lexists(folder.recipe):
        generators = filter(_is_the_slides, generators)
    pairs = map(Position.of_file, generators)
    return [pair for pair in pairs if set_files(folder.checkpoints, pair)["discriminator"].exists()]


def _is_the_slides(generator: Path) -> bool:
    """Whether a file's weights have other names than ours: generator.model.0.weight and the like."""
    try:
        with open_file(generator) as file:
            return b"generator." not in file.read(100)
    except OSError:
        return False


def _generators(checkpoints: Path) -> list[Path]:
    return [path for path in entries(checkpoints) if path.match("Generator*.ckpt")]


def _named(folder: RunFolder, path: Path, say: Callable[[str], None]) -> Start:
    if not os.path.isfile(path):
        raise UserError(f"there is no checkpoint {path}: name a Generator….ckpt, or --resume alone for the newest")
    if path.stem.startswith("Discriminator"):
        raise UserError(f"{path} is a discriminator: name the Generator….ckpt beside it; both are loaded")
    position = Position.of_file(path)
    source = run_of(path)
    manifest = set_files(source.checkpoints, position)["manifest"]
    first, *others = saved_weights(source.checkpoints, position)
    if not (first.exists() and first.samefile(path)):
        raise UserError(
            f"{path}: to go on from a file, it must be called Generator99.ckpt or the like, in checkpoints/"
        )
    if missing := [other for other in others if not other.exists()]:
        raise UserError(f"{missing[0]} is missing: training goes on with both players")
    if os.path.lexists(manifest):
        if found := fault(source.checkpoints, position):
            raise UserError(f"{found}; name another file, or --resume alone for the newest good one")
    elif os.path.lexists(source.recipe):
        say(f"note: {manifest} is missing, so nothing tells whether {path.name} is as it was saved")
    _refuse_to_overwrite(folder, source, position)
    return Start(position, source)


def _refuse_to_overwrite(folder: RunFolder, source: RunFolder, position: Position) -> None:
    here = folder.root.resolve() == source.root.resolve()
    if not here and folder.holds_a_run():
        raise UserError(
            f"a run lies in {folder.root} already: name a new folder with --result to go on from another run"
        )
    found = map(Position.of_file, _generators(source.checkpoints))  # those of the slides' script too
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


def take_over(
    folder: RunFolder,
    start: Start,
    say: Callable[[str], None],
    steps: int = 0,
    columns: Sequence[str] = history.COLUMNS,
) -> list[Row]:
    """The history up to where the run goes on; where that is in a new folder, the pictures are copied too.

    A picture that cannot be read is left out. Rows of steps that were not saved are cut off, since the run will make
    them again.

    Args:
        folder: of the run.
        start: where it begins.
        say: takes a line for the user.
        steps: of an epoch, if that is known: damage is not told then that is only in rows that are cut off, as a killed
            process may leave it.
        columns: of the history from now on; what it measured before keeps its columns, after these.

    Raises:
        OSError: the folder cannot be written.
    """
    rows = _rows_until(start, say, steps)
    history.rewrite(folder.history, rows, history.with_those_of(rows, columns))
    if start.source and start.source.root.resolve() != folder.root.resolve():
        for picture in start.source.pictures():
            if _is_before(picture, start.position):
                _copy(picture, folder.images / picture.name, say)
    return rows


def _rows_until(start: Start, say: Callable[[str], None], steps: int) -> list[Row]:
    if start.source is None or not os.path.lexists(start.source.history):
        return []
    try:
        rows, found = history.read(start.source.history)
    except UserError as error:
        rows, found = [], str(error)
    kept = [row for row in rows if Position(row.epoch, row.step) <= start.position]
    if found and not (steps and len(kept) == start.position.epoch * steps + start.position.step):
        say(f"note: {found}; what is lost of it will be missing from the plot of the losses")
    return kept


def _copy(picture: Path, to: Path, say: Callable[[str], None]) -> None:
    try:
        content = read_bytes(picture, LARGEST_PICTURE)
    except OSError as error:
        say(f"note: {picture} cannot be read ({error.strerror}), so it is left behind")
    else:
        write_bytes(to, content)


def _is_before(picture: Path, position: Position) -> bool:
    epoch, step = RunFolder.drawn_at(picture)
    return (Position(epoch + 1) if step is None else Position(epoch, step)) <= position
