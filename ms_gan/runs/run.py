"""A run: epochs of a game that tell listeners how far they are, and that can go on where they were stopped."""

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ms_gan import device
from ms_gan.data.batches import Batches
from ms_gan.data.fingerprint import digest
from ms_gan.data.sources import load_data_set, load_label_set
from ms_gan.errors import UserError
from ms_gan.games import GAMES, Game
from ms_gan.recipes import Recipe
from ms_gan.records import checkpoint, history
from ms_gan.records.checkpoint import Position
from ms_gan.records.history import Row
from ms_gan.records.lock import hold
from ms_gan.records.run_folder import RunFolder
from ms_gan.runs.checks import check_batches, check_recipe
from ms_gan.runs.interrupt import CLOSED_PIPE, Interrupt
from ms_gan.runs.listeners.diagnosing import Diagnosing
from ms_gan.runs.listeners.diagnosis import Hopeless
from ms_gan.runs.listeners.drawing import Drawing
from ms_gan.runs.listeners.listener import Listener
from ms_gan.runs.listeners.pictures import Pictures
from ms_gan.runs.listeners.progress import Progress, Stopwatch
from ms_gan.runs.listeners.recording import Recording
from ms_gan.runs.listeners.saving import Saving
from ms_gan.runs.resume import NEWEST, Start, check_settings, find_start, take_over


@dataclass(frozen=True)
class Running:
    """How a run is carried out; nothing here changes what it computes, but for the last digits of `device`, `layers`.

    Raises:
        UserError: a negative keep_every.
    """

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
    layers: str | None = None
    """plain, MindSpore's own; fast, their twins for a processor; None for what suits the device."""
    keep_every: int | None = None
    """Of the epochs before the newest three, every how manieth stays saved; 0 for all; None for what the run had."""

    skip_bad: bool = False
    """Whether any number of a folder's pictures may be unreadable; a run that is gone on with keeps what it had."""

    def __post_init__(self):
        if self.keep_every is not None and self.keep_every < 0:
            raise UserError(f"keep every {self.keep_every}: it must be a whole number of at least 0; 0 keeps all")


def train(
    recipe: Recipe,
    running: Running,
    say: Callable[[str], None] = print,
    *,
    game: Game | None = None,
    listeners: Sequence[Listener] = (),
) -> int | None:
    """Trains by a recipe, from the beginning or from where an earlier run stopped, and leaves a folder of results.

    The same recipe gives the same bytes in every weight, picture and loss, however often it was stopped between.

    Args:
        recipe: what to train.
        running: where, and how.
        say: takes a line for the user before the training begins.
        game: one made by you, such as `Gan(recipe, make_players(my_generator, my_discriminator, recipe))`; the
            recipe's unless given.
        listeners: what else happens beside the training; see `listener.Listener`.

    Returns:
        None when all epochs are done; else the signal that stopped the run before: SIGINT for Ctrl-C, SIGTERM, SIGHUP
        for a closed terminal, SIGPIPE for a closed pipe. Then everything is saved, and the run goes on with
        `resume="newest"`.

    Raises:
        UserError: anything the user can put right. Nothing was written if it is raised before the first step.
    """
    with hold(running.result):
        run = prepare(recipe, running, say, game=game, listeners=listeners)
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


def prepare(
    recipe: Recipe,
    running: Running,
    say: Callable[[str], None] = print,
    *,
    game: Game | None = None,
    listeners: Sequence[Listener] = (),
) -> "Run":
    """All that comes before the first step: checks, data, players, what is resumed, and last the folder.

    Raises:
        UserError: as `train`; nothing was written then.
    """
    start = check(recipe, running, say)
    folder = RunFolder(running.result)
    game = game or GAMES.find(recipe.game)(recipe)  # first: networks that there are not cost no time then
    # A run that died before its first save began from elsewhere, but what it was told to train on is written here.
    source = folder if running.resume == NEWEST else start.source
    data = running.data or (source.read_data() if source else None)
    skip_bad = running.skip_bad or bool(source and source.read_notes().get("skip_bad"))
    images = load_data_set(recipe, data, say, skip_bad)
    labels = load_label_set(recipe, data, say) if "label" in game.columns else None
    batches = make_batches(recipe, images, labels)
    check_batches(game, batches)
    of_the_data = {"images": len(images), "digest": digest(images)} | ({"skip_bad": True} if skip_bad else {})
    if source:
        _compare_data(source.read_notes(), of_the_data, batches, start.position, say)
        _compare_machines(source.read_notes(), say)
    if start.source and not checkpoint.restore(start.source.checkpoints, start.position, game.players):
        say("note: only the weights are there, so the optimisers start afresh")
    keep_every = running.keep_every
    if keep_every is None:
        keep_every = source.read_notes().get("keep_every", 0) if source else 0
    notes = of_the_data | {"processor": device.processor(), "layers": device.layers(), "keep_every": keep_every}
    settings = folder.create(running.recipe_name, recipe, data, start.unsaved(folder), notes)
    with _write_errors(folder):
        once = [name for listener in listeners for name in listener.figures]
        columns = history.columns_of(game.figures, once)
        rows = take_over(folder, start, say, batches.steps, columns)
        columns = history.with_those_of(rows, columns)
        return Run(recipe, settings, folder, batches, game, start, rows, columns, keep_every, listeners)


def _compare_data(before: dict, now: dict, batches: Batches, position: Position, say: Callable[[str], None]) -> None:
    """Says if these are not the images that the run began with.

    Raises:
        UserError: the rest of an epoch is not there any more.
    """
    count, changed = before.get("images"), "the data set is not what it was"
    number = f"{changed}: it had {count or 'more'} images and has {now['images']} now"
    if position.step >= batches.steps:
        raise UserError(f"{number}; go on from an epoch's end, by --resume FILE, in a new folder (--result)")
    if count not in (None, now["images"]):
        say(f"note: {number}")
    elif before.get("digest") not in (None, now["digest"]):
        say(f"note: {changed}: as many images, but not the same ones")


def _compare_machines(before: dict, say: Callable[[str], None]) -> None:
    """Says if the run goes on where the same bytes cannot be promised."""
    then, now = before.get("processor"), device.processor()
    if then not in (None, now):
        say(f"note: this run began on another processor ({then}; here {now}): its numbers will differ in last digits")
    layers = before.get("layers", device.layers())
    if layers != device.layers():
        say(f"note: this run began with {layers} layers (--layers {layers}): its numbers will differ in last digits")


def make_batches(recipe: Recipe, images: np.ndarray, labels: np.ndarray | None = None) -> Batches:
    """A recipe's batches of a data set.

    Args:
        recipe: the settings.
        images: uint8, N×H×W×C.
        labels: int32, N, for a game that asks for them.

    Raises:
        UserError: there are too few images for a batch.
    """
    return Batches(
        images,
        batch_size=recipe.batch_size,
        latent_size=recipe.latent_size,
        seed=recipe.seed,
        noise=recipe.noise,
        drop_remainder=recipe.drop_remainder,
        labels=labels,
    )


def check(recipe: Recipe, running: Running, say: Callable[[str], None] = print) -> Start:
    """Finds where a run begins, and whether it can. Writes nothing.

    Raises:
        UserError: the device is not there, or the run cannot begin in this folder, from this file, or with these
            settings.
    """
    device.choose_device(running.device, running.layers)
    check_recipe(recipe)
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


class Run:
    """Walks the epochs from where it begins, and tells its listeners.

    Attributes:
        recipe: what is trained.
        settings: what recipe.json holds once something is saved.
        folder: where it leaves its results.
        batches: of each epoch.
        game: who plays, and what one batch does.
        position: how far it has come.
        rows: the history so far.
        columns: of the history.
        keep_every: of the older epochs, every how manieth stays saved; 0 for all.
        unsaved: whether nothing of this run is saved yet.
        watch: what a step takes is measured by; who takes long between two steps, laps it.
    """

    def __init__(
        self,
        recipe: Recipe,
        settings: dict,
        folder: RunFolder,
        batches: Batches,
        game: Game,
        start: Start,
        rows: list[Row],
        columns: Sequence[str],
        keep_every: int = 0,
        listeners: Sequence[Listener] = (),
    ):
        self.recipe, self.settings, self.folder, self.batches = recipe, settings, folder, batches
        self.game, self.position, self.rows, self.columns = game, start.position, rows, columns
        self.keep_every = keep_every
        self.unsaved = start.unsaved(folder) is not None
        self.watch = Stopwatch()
        self._stop = Interrupt()
        done = self.position.epoch * batches.steps + self.position.step
        closed = functools.partial(self._stop.ask, CLOSED_PIPE)
        self._progress = Progress(recipe, batches.steps, batches.images_per_epoch, done, closed)
        self._recording, pictures = Recording(), Pictures()
        own = (self._progress, Diagnosing(pictures), pictures)
        self.listeners = (*own, *listeners, self._recording, Saving(), Drawing())

    def say(self, line: str) -> None:
        """Prints a line, above the bar where there is one."""
        self._progress.say(line)

    def tell(self, event: str, *arguments) -> None:
        """Calls a method of all listeners, in their order: begin, step, saved, stopped or end."""
        for listener in self.listeners:
            getattr(listener, event)(self, *arguments)

    def epochs(self) -> int | None:
        """All epochs from the start on. Returns the signal that stopped them before the last one's end, or None."""
        # As far as a killed process did not.
        checkpoint.remove_needless(self.folder.checkpoints, self.position, self.keep_every)
        with self._stop, self._progress:
            if self.position < Position(self.recipe.epochs):
                self.tell("begin")
            try:
                while self.position.epoch < self.recipe.epochs and not self._stop.asked:
                    self.epoch()
            except Hopeless:
                self._recording.rescue(self)
                raise
            self.tell("end")
        return self._stop.signal if self.position < Position(self.recipe.epochs) else None

    def epoch(self) -> None:
        """Trains to the end of the epoch it is in, or to a stop inside it; either is saved."""
        epoch, steps = self.position.epoch, self.batches.steps
        self.watch.lap()
        data = self.batches.epoch(epoch, self.position.step).create_tuple_iterator(num_epochs=1)
        for number, batch in enumerate(device.feed(data), self.position.step + 1):
            self._step(batch, epoch, number)
            if self._stop.asked and number < steps:
                self.tell("stopped")
                return
        self.position = Position(epoch + 1)
        for listener in self.listeners:
            self.rows[-1] = self.rows[-1].having(listener.epoch(self) or {})

    def _step(self, batch: tuple, epoch: int, number: int) -> None:
        measured = self.game.step(batch, epoch, number).asnumpy().tolist()
        figures = dict(zip(self.game.figures, measured, strict=True))
        row = Row(epoch, number, seconds=self.watch.lap(), **figures)
        self.rows.append(row)
        self.position = Position(epoch, number)
        self.tell("step", row)
