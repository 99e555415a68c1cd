"""What a run says while it trains: a bar on a terminal, plain lines elsewhere, and the slides' line in either."""

import sys
import time
from collections.abc import Sequence

from tqdm import tqdm

from ms_gan.recipes import Recipe
from ms_gan.training.history import Row


class Progress:
    """Shows the steps of a run. A context; the bar ends with it."""

    def __init__(self, recipe: Recipe, steps: int, done_steps: int, log_every: int):
        self.recipe = recipe
        self.steps = steps
        self.log_every = log_every
        self.bar = tqdm(
            total=recipe.epochs * steps * recipe.batch_size,
            initial=done_steps * recipe.batch_size,
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
        self.bar.close()

    def say(self, line: str) -> None:
        """Prints a line above the bar."""
        tqdm.write(line, file=sys.stdout)
        sys.stdout.flush()

    def step(self, row: Row) -> None:
        """One training step is done."""
        self.bar.set_description_str(f"epoch {row.epoch + 1}/{self.recipe.epochs}", refresh=False)
        self.bar.set_postfix_str(f"d_loss {row.d_loss:.3f}, g_loss {row.g_loss:.3f}", refresh=False)
        self.bar.update(self.recipe.batch_size)
        if row.step % self.log_every == 0:
            self.say(slide_line(row, self.recipe, self.steps))

    def epoch(self, rows: Sequence[Row]) -> None:
        """An epoch is done; `rows` are its steps."""
        self.say(epoch_line(rows, self.recipe))


def slide_line(row: Row, recipe: Recipe, steps: int) -> str:
    """The line of slide 开始练: `Epoch:[  0/200], step:[  10/ 468], loss_d:1.127259 , loss_g:0.669279 , …`."""
    return (
        f"Epoch:[{row.epoch:3d}/{recipe.epochs:3d}], step:[{row.step:4d}/{steps:4d}], "
        f"loss_d:{row.d_loss:f} , loss_g:{row.g_loss:f} , time:{row.seconds:.3f}s, lr:{recipe.learning_rate:f}"
    )


def epoch_line(rows: Sequence[Row], recipe: Recipe) -> str:
    """One aligned line for an epoch: means over its steps, images a second, and its time in seconds."""
    mean = {
        name: sum(getattr(row, name) for row in rows) / len(rows) for name in ("d_loss", "g_loss", "d_real", "d_fake")
    }
    seconds = sum(row.seconds for row in rows)
    return (
        f"epoch {rows[0].epoch + 1:3d}/{recipe.epochs}   d_loss {mean['d_loss']:.3f}   g_loss {mean['g_loss']:.3f}   "
        f"D(x) {mean['d_real']:.3f}   D(G(z)) {mean['d_fake']:.3f}   "
        f"{len(rows) * recipe.batch_size / seconds:6.0f} images/s   {seconds:6.1f} s"
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
