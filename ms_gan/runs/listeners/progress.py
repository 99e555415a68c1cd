"""What a run says while it trains: a bar on a terminal, plain lines elsewhere, and the course's lines in either."""

import contextlib
import errno
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from tqdm import tqdm

from ms_gan.games.objectives import CRITIC, find_objective
from ms_gan.games.schedule import rate
from ms_gan.recipes import Recipe
from ms_gan.records.history import Row

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Progress:
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

    def step(self, row: Row) -> None:
        """One training step is done."""
        self.bar.set_description_str(f"epoch {row.epoch + 1}/{self.recipe.epochs}", refresh=False)
        self.bar.set_postfix_str(f"d_loss {row.d_loss:.3f}, g_loss {row.g_loss:.3f}", refresh=False)
        done = row.epoch * self.steps + row.step
        with self._heard():
            self.bar.update(self._images_until(done) - self._images_until(done - 1))
        if is_due(self.recipe.log_every, row, self.recipe, self.steps):
            line = {"slides": slide_line, "notebook": notebook_line}[self.recipe.style]
            self.say(line(row, self.recipe, self.steps))

    def epoch(self, rows: Sequence[Row]) -> None:
        """An epoch is done; `rows` are its steps, as far as this run knows them."""
        images = self.images_per_epoch - self._images_until(rows[0].step - 1)
        self.say(epoch_line(rows, self.recipe, images))

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


def slide_line(row: Row, recipe: Recipe, steps: int) -> str:
    """The line of slide 开始练: `Epoch:[  0/200], step:[  10/ 468], loss_d:1.127259 , loss_g:0.669279 , …`."""
    return (
        f"Epoch:[{row.epoch:3d}/{recipe.epochs:3d}], step:[{row.step:4d}/{steps:4d}], "
        f"loss_d:{row.d_loss:f} , loss_g:{row.g_loss:f} , time:{row.seconds:.3f}s, lr:{rate(recipe, row.epoch):f}"
    )


def notebook_line(row: Row, recipe: Recipe, steps: int) -> str:
    """The line of CS231n's notebook: `Iter: 250, D: 1.043, G:1.574`."""
    return f"Iter: {iteration(row, steps)}, D: {row.d_loss:.4}, G:{row.g_loss:.4}"


def epoch_line(rows: Sequence[Row], recipe: Recipe, images: int) -> str:
    """One aligned line for an epoch: means over its steps, images a second, and its time in seconds."""
    mean = {
        name: sum(getattr(row, name) for row in rows) / len(rows) for name in ("d_loss", "g_loss", "d_real", "d_fake")
    }
    seconds = sum(row.seconds for row in rows)
    critic = find_objective(recipe.objective).answers == CRITIC
    gap = f"gap {mean['d_real'] - mean['d_fake']:.3f}   " if critic else ""
    return (
        f"epoch {rows[0].epoch + 1:3d}/{recipe.epochs}   d_loss {mean['d_loss']:.3f}   g_loss {mean['g_loss']:.3f}   "
        f"D(x) {mean['d_real']:.3f}   D(G(z)) {mean['d_fake']:.3f}   {gap}"
        f"{images / seconds:6.0f} images/s   {seconds:6.1f} s"
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
