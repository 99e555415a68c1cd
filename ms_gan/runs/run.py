"""A run: epochs of training that leave pictures, losses and checkpoints in a folder, and that can go on from there."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ms_gan import device
from ms_gan.data.batches import Batches
from ms_gan.data.latent import fixed_codes
from ms_gan.data.sources import load_data_set
from ms_gan.errors import UserError
from ms_gan.games.objectives import find_objective
from ms_gan.games.players import Players, create_players
from ms_gan.games.step import RecipeStep
from ms_gan.networks.evaluation import draw
from ms_gan.recipes import PICTURE_CODES, Recipe
from ms_gan.records import checkpoint, drawings, history
from ms_gan.records.checkpoint import Position
from ms_gan.records.history import Row
from ms_gan.records.lock import hold
from ms_gan.records.run_folder import RunFolder
from ms_gan.runs import disk_space
from ms_gan.runs.interrupt import CLOSED_PIPE, Interrupt
from ms_gan.runs.listeners.diagnosis import Doctor, Finding, Hopeless
from ms_gan.runs.listeners.progress import Progress, Stopwatch, is_due
from ms_gan.runs.resume import NEWEST, Start, check_settings, find_start, take_over


@dataclass(frozen=True)
class Running:
    """How a run is carried out; nothing here changes what it computes."""

    result: Path
    """The run's folder."""
    recipe_name: str = "gan"
    """What recipe.json calls the recipe."""
    data: Path | None = None
    """The folder of the data set; None for the MNIST that comes with the project, or the folder of the run before."""
    device: str | None = None
    """CPU, GPU or Ascend; None for the best there is."""
    resume: str | None = None
    """None to begin afresh, "newest", or a generator's weights file to go on from."""


def train(recipe: Recipe, running: Running, say: Callable[[str], None] = print) -> int | None:
    """Trains by a recipe, from the beginning or from where an earlier run stopped, and leaves a folder of results.

    The same recipe gives the same bytes in every weight, picture and loss, however often it was stopped between.

    Returns:
        None when all epochs are done; else the signal that stopped the run before: SIGINT for Ctrl-C, SIGTERM, SIGHUP
        for a closed terminal, SIGPIPE for a closed pipe. Then everything is saved, and the run goes on with
        `resume="newest"`.

    Raises:
        UserError: anything the user can put right. Nothing was written if it is raised before the first step.
    """
    with hold(running.result):
        run = prepare(recipe, running, say)
        with _write_errors(run.folder):
            return run.epochs()


@contextlib.contextmanager
def _write_errors(folder: RunFolder) -> Iterator[None]:
    """Turns an OSError into a UserError; not that of a pipe that nobody reads any more, to which a line was said."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        where = error.filename or folder.root
        reason = error.strerror or error
        raise UserError(f"cannot write {where}: {reason}; what is saved is safe, go on with --resume") from error


def prepare(recipe: Recipe, running: Running, say: Callable[[str], None] = print) -> "Run":
    """All that comes before the first step: checks, data, players, what is resumed, and last the folder.

    Raises:
        UserError: as `train`; nothing was written then.
    """
    start = check(recipe, running, say)
    folder = RunFolder(running.result)
    players = create_players(recipe)  # first: networks that there are not cost no time then
    # A run that died before its first save began from elsewhere, but what it was told to train on is written here.
    source = folder if running.resume == NEWEST else start.source
    data = running.data or (source.read_data() if source else None)
    batches = _batches(recipe, load_data_set(recipe, data, say))
    if source:
        _check_images(source.read_images(), batches, start.position, say)
    if start.source and not checkpoint.restore(start.source.checkpoints, start.position, players):
        say("note: only the weights are there, so the optimisers start afresh")
    settings = folder.create(running.recipe_name, recipe, data, start.unsaved(folder), _images(batches))
    with _write_errors(folder):
        rows = take_over(folder, start, say, batches.steps)
        return Run(recipe, settings, folder, batches, players, start, rows)


def _check_images(before: int | None, batches: Batches, position: Position, say: Callable[[str], None]) -> None:
    """Says if there are not as many images as when the run began; raises UserError if an epoch's rest is not there."""
    now = _images(batches)
    changed = f"the data set is not what it was: it had {before or 'more'} images and has {now} now"
    if position.step >= batches.steps:
        raise UserError(f"{changed}; go on from an epoch's end, by --resume FILE, in a new folder (--result)")
    if before not in (None, now):
        say(f"note: {changed}")


def _images(batches: Batches) -> int:
    return batches.images_per_epoch + batches.dropped


def _batches(recipe: Recipe, images: np.ndarray) -> Batches:
    return Batches(
        images,
        batch_size=recipe.batch_size,
        latent_size=recipe.latent_size,
        seed=recipe.seed,
        noise=recipe.noise,
        drop_remainder=recipe.drop_remainder,
    )


def check(recipe: Recipe, running: Running, say: Callable[[str], None] = print) -> Start:
    """Finds where a run begins, and whether it can. Writes nothing.

    Raises:
        UserError: the device is not there, or the run cannot begin in this folder, from this file, or with these
            settings.
    """
    device.choose_device(running.device)
    find_objective(recipe.objective)
    start = find_start(RunFolder(running.result), running.resume, say)
    if start.source:
        saved = start.source.read_recipe()
        if start.source.recipe_is_damaged():
            instead = "the settings kept beside the weights serve" if saved else "the settings of this command serve"
            say(f"note: {start.source.recipe} is damaged; {instead}")
        if saved:
            check_settings(saved, recipe)
    if start.position >= Position(recipe.epochs) and not _only_lacks_drawings(start, recipe):
        raise UserError(f"{start.position.epoch} epochs are trained already: ask for more with --epochs")
    return start


def _only_lacks_drawings(start: Start, recipe: Recipe) -> bool:
    """Whether a run ended after its last save, but before losses.png and evolution.gif were drawn."""
    if start.position > Position(recipe.epochs):
        return False
    manifest = checkpoint.set_files(start.source.checkpoints, start.position)["manifest"]
    return manifest.exists() and not start.source.drawn_since(manifest)


@dataclass
class Run:
    """Walks the epochs from `start` on."""

    recipe: Recipe
    settings: dict
    """What recipe.json holds once something is saved."""
    folder: RunFolder
    batches: Batches
    players: Players
    start: Start
    rows: list[Row]
    """The history so far."""
    written: int = field(init=False)
    """How many of the rows history.csv holds."""

    def __post_init__(self):
        self.written = len(self.rows)
        self.unsaved = self.start.unsaved(self.folder) is not None
        self.step = RecipeStep(self.players, self.recipe)
        self.codes = fixed_codes(PICTURE_CODES, self.recipe.latent_size, noise=self.recipe.noise)
        self.doctor = Doctor(self.recipe)
        self.pictures = drawings.Pictures()
        for row in self.rows:
            self.doctor.step(row)  # what there was to say of them has been said

    def epochs(self) -> int | None:
        """All epochs from the start on. Returns the signal that stopped them before the last one's end, or None."""
        position = self.start.position
        done = position.epoch * self.batches.steps + position.step
        steps, images = self.batches.steps, self.batches.images_per_epoch
        stop = Interrupt()
        closed = functools.partial(stop.ask, CLOSED_PIPE)
        checkpoint.remove_needless(self.folder.checkpoints, position)  # as far as a killed process did not
        with stop, Progress(self.recipe, steps, images, done, closed) as progress:
            if position < Position(self.recipe.epochs):
                self._greet(progress)
            while position.epoch < self.recipe.epochs and not stop.asked:
                position = self.epoch(position, progress, stop)
            self._part(position, progress)
        return stop.signal if position < Position(self.recipe.epochs) else None

    def epoch(self, position: Position, progress: Progress, stop: Interrupt) -> Position:
        """Trains from `position` to the end of its epoch, or to a stop; saves, and returns how far it came."""
        watch = Stopwatch()
        data = self.batches.epoch(position.epoch, position.step).create_tuple_iterator(num_epochs=1)
        for number, (image, latent_code) in enumerate(device.feed(data), position.step + 1):
            answers = [float(value.asnumpy()) for value in self.step(image, latent_code, position.epoch, number)]
            row = Row(position.epoch, number, *answers, seconds=watch.lap())
            self.rows.append(row)
            progress.step(row)
            self._tell(self.doctor.step(row), progress)
            if is_due(self.recipe.images_every, row, self.recipe, self.batches.steps):
                self._draw(self.folder.image(position.epoch, number), progress)
                watch.lap()
            if stop.asked and number < self.batches.steps:
                self._tell(self.doctor.weights(self.players), progress)
                return self._save(Position(position.epoch, number))
        self._tell(self.doctor.weights(self.players), progress)
        pixels = self._draw(self.folder.image(position.epoch), progress)
        saved = self._save(Position(position.epoch + 1))
        progress.epoch([row for row in self.rows[-self.batches.steps :] if row.epoch == position.epoch])
        self._tell(self.doctor.pictures(pixels), progress)
        return saved

    def _draw(self, path: Path, progress: Progress) -> np.ndarray:
        pixels = draw(self.players.generator, self.codes)
        self.pictures.save(path, pixels, progress.say)
        return pixels

    def _tell(self, finding: Finding | None, progress: Progress) -> None:
        """Says what has gone wrong. If there is no use in going on, the run ends: its losses are kept, no weights."""
        if finding and finding.stops:
            with contextlib.suppress(OSError):  # what has gone wrong matters more
                history.append(self.folder.history, self.rows[self.written :])
            raise Hopeless(finding)
        if finding:
            progress.say(str(finding))

    def _save(self, position: Position) -> Position:
        """The set is saved last: only with it does what was done since the last one count."""
        history.append(self.folder.history, self.rows[self.written :])
        self.written = len(self.rows)
        checkpoint.save(self.folder.checkpoints, position, self.players, self.settings)
        if self.unsaved:
            self.folder.keep(self.settings)
            self.unsaved = False
        return position

    def _greet(self, progress: Progress) -> None:
        batches = self.batches
        progress.say(
            f"{batches.images_per_epoch:,} images an epoch in {batches.steps} batches of {self.recipe.batch_size} "
            f"({batches.dropped} left out); {device.choose_device()}; results in {self.folder.root}"
        )
        place, begun = self.folder.root, self.start.position
        for line in disk_space.forecast(place, self.recipe, self.players, batches.steps, begun):
            progress.say(line)

    def _part(self, position: Position, progress: Progress) -> None:
        drawn = drawings.finish(self.folder, progress.say) if self.rows else True
        if position < Position(self.recipe.epochs):
            inside = f" and {position.step} of {self.batches.steps} steps" if position.step else ""
            progress.say(f"stopped after {position.epoch} epochs{inside}; all is saved: go on with --resume")
        elif drawn:
            progress.say(f"done: pictures, losses.png and evolution.gif are in {self.folder.root}")
        else:
            progress.say(
                f"done: all epochs are saved in {self.folder.root}; ms-gan losses and ms-gan gif draw what is missing"
            )
