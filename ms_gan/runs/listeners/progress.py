"""What a run says while it trains: a bar on a terminal, plain lines elsewhere, and the course's lines in either."""

import contextlib
import errno
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from tqdm import tqdm

from ms_gan import device
from ms_gan.choices import Choices
from ms_gan.games.objectives import CRITIC, find_objective
from ms_gan.games.schedule import rate
from ms_gan.recipes import Recipe
from ms_gan.records.history import Row
from ms_gan.runs.listeners.listener import Listener

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Progress(Listener):
    """Shows the steps of a run. A context; the bar ends with it.

    Once nobody reads what is said (a closed terminal, a pipe whose other end is gone), `on_closed` is called, and the
    rest is dropped: it must not end a run before the run has saved. Where what is said goes to a file that has no room
    left, the rest is dropped too, and the run goes on.
    """

    def __init__(
        self,
        recipe: Recipe,
        steps: int,
        images_per_epoch: int,
        done_steps: int,
        on_closed: Callable[[], None] = lambda: None,
    ):
        self.on_closed = on_closed
        self.silent = False
        self.recipe = recipe
        self.steps = steps
        self.images_per_epoch = images_per_epoch
        self.bar = tqdm(
            total=recipe.epochs * images_per_epoch,
            initial=self._images_until(done_steps),
            unit=" images",
            unit_scale=True,
            disable=None,  # no bar where stderr is not a terminal
            bar_format="{desc} {percentage:3.0f}%|{bar}| {rate_noinv_fmt}, {remaining} left{postfix}",
            mininterval=0.2,
            dynamic_ncols=True,
            leave=False,
        )

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_) -> None:
        with self._heard():
            self.bar.close()

    def say(self, line: str) -> None:
        """Prints a line above the bar."""
        if self.silent:
            return
        with self._heard():
            tqdm.write(line, file=sys.stdout)
            sys.stdout.flush()

    def begin(self, run) -> None:
        batches = run.batches
        self.say(
            f"{batches.images_per_epoch:,} images an epoch in {batches.steps} batches of {self.recipe.batch_size} "
            f"({batches.dropped} left out); {device.choose_device()}; results in {run.folder.root}"
        )

    def step(self, run, row: Row) -> None:
        self.show(row)

    def saved(self, run) -> None:
        if not run.position.step:
            rows = [row for row in run.rows[-self.steps :] if row.epoch == run.rows[-1].epoch]
            self.say(epoch_line(rows, self.recipe, self.images_per_epoch - self._images_until(rows[0].step - 1)))

    def show(self, row: Row) -> None:
        """One training step is done."""
        self.bar.set_description_str(f"epoch {row.epoch + 1}/{self.recipe.epochs}", refresh=False)
        first_two = list(row.figures.items())[:2]
        self.bar.set_postfix_str(", ".join(f"{name} {value:.3f}" for name, value in first_two), refresh=False)
        done = row.epoch * self.steps + row.step
        with self._heard():
            self.bar.update(self._images_until(done) - self._images_until(done - 1))
        if is_due(self.recipe.log_every, row, self.recipe, self.steps):
            self.say(STYLES.find(self.recipe.style)(row, self.recipe, self.steps))

    @contextlib.contextmanager
    def _heard(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.bar.disable = True
            drop_output()
            if error.errno not in NO_ROOM:
                self.on_closed()
            elif not self.silent:
                with contextlib.suppress(OSError):
                    print(f"ms-gan: no more is said ({error.strerror}); the training goes on", file=sys.stderr)
            self.silent = True

    def _images_until(self, steps: int) -> int:
        epochs, inside = divmod(steps, self.steps)
        return epochs * self.images_per_epoch + inside * self.recipe.batch_size


def drop_output() -> None:
    """Lets what is written to stdout or stderr go nowhere, if it cannot be written any more."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with open(os.devnull, "w", encoding="utf-8") as nowhere:
                os.dup2(nowhere.fileno(), stream.fileno())


def iteration(row: Row, steps: int) -> int:
    """The number of a step as the notebook counts: from 0 on, through all epochs of `steps` steps."""
    return row.epoch * steps + row.step - 1


def is_due(every: int, row: Row, recipe: Recipe, steps: int) -> bool:
    """Whether what is done `every` steps is done after this one; the slides count anew in each epoch."""
    number = row.step if recipe.style == "slides" else iteration(row, steps)
    return every > 0 and number % every == 0


STYLES: Choices[Callable[[Row, Recipe, int], str]] = Choices("style")
"""By a recipe's `style`: style(row, recipe, steps of an epoch) → the line that is said of a step."""


@STYLES.register("slides")
def slide_line(row: Row, recipe: Recipe, steps: int) -> str:
    """The line of slide 开始练: `Epoch:[  1/200], step:[  10/ 468], loss_d:1.127259 , loss_g:0.669279 , …`.

    The slides count epochs from 0 there; here they count from 1, as everywhere else but in the files' names.
    """
    names = {"d_loss": "loss_d", "g_loss": "loss_g", "d_real": None, "d_fake": None}
    shown = {names.get(name, name): value for name, value in row.figures.items()}
    figures = " , ".join(f"{name}:{value:f}" for name, value in shown.items() if name)
    return (
        f"Epoch:[{row.epoch + 1:3d}/{recipe.epochs:3d}], step:[{row.step:4d}/{steps:4d}], "
        f"{figures} , time:{row.seconds:.3f}s, lr:{rate(recipe, row.epoch):f}"
    )


@STYLES.register("notebook")
def notebook_line(row: Row, recipe: Recipe, steps: int) -> str:
    """The line of CS231n's notebook: `Iter: 250, D: 1.043, G:1.574`."""
    if "d_loss" not in row.figures:
        figures = ", ".join(f"{name}: {value:.4}" for name, value in row.figures.items())
        return f"Iter: {iteration(row, steps)}, {figures}"
    return f"Iter: {iteration(row, steps)}, D: {row.d_loss:.4}, G:{row.g_loss:.4}"


TITLES = {"d_real": "D(x)", "d_fake": "D(G(z))"}
"""What the figures of the game of two players are called where they are read."""


def epoch_line(rows: Sequence[Row], recipe: Recipe, images: int) -> str:
    """One aligned line for an epoch: means over its steps, images a second, and its time in seconds.

    Args:
        rows: the epoch's steps, as far as this run knows them; the last one may hold figures of the whole epoch.
        recipe: the run's.
        images: how many these steps have seen.
    """
    mean = {name: sum(row.figures[name] for row in rows) / len(rows) for name in rows[0].figures}
    once = {name: value for name, value in rows[-1].figures.items() if name not in mean}
    seconds = sum(row.seconds for row in rows)
    if recipe.game == "gan" and find_objective(recipe.objective).answers == CRITIC:
        mean["gap"] = mean["d_real"] - mean["d_fake"]
    figures = "".join(f"{TITLES.get(name, name)} {value:.3f}   " for name, value in (mean | once).items())
    return (
        f"epoch {rows[0].epoch + 1:3d}/{recipe.epochs}   {figures}{images / seconds:6.0f} images/s   {seconds:6.1f} s"
    )


class Stopwatch:
    """Seconds from one reading to the next."""

    def __init__(self):
        self.last = time.perf_counter()

    def lap(self) -> float:
        """Seconds since the last reading, or since the watch was made."""
        now = time.perf_counter()
        seconds, self.last = now - self.last, now
        return seconds
