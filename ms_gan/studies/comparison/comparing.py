"""The hyper-parameter laboratory: one recipe, trained once for each value of a setting (slide 接下来)."""

import contextlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np

from ms_gan import device
from ms_gan.data.sources import load_data_set
from ms_gan.disk.writing import write_text
from ms_gan.errors import UserError
from ms_gan.games import GAMES
from ms_gan.games.objectives import Objective, find_objective
from ms_gan.games.schedule import rate
from ms_gan.recipes import SHOWN, Recipe, from_settings, type_to_compare
from ms_gan.records import history
from ms_gan.records.checkpoint import Position
from ms_gan.records.history import Row
from ms_gan.records.lock import hold
from ms_gan.records.run_folder import RunFolder
from ms_gan.runs.checks import check_batches, check_recipe
from ms_gan.runs.examination import find_faults, read_pictures
from ms_gan.runs.listeners.diagnosis import Finding, Hopeless
from ms_gan.runs.resume import NEWEST, find_start
from ms_gan.runs.run import Running, make_batches, train


@dataclass(frozen=True)
class Setting:
    """One of the runs of a comparison."""

    value: bool | int | float | str
    recipe: Recipe
    """With that value."""
    folder: RunFolder

    @property
    def fault(self) -> Path:
        """Says, in its first line, what ended the run before its time. Such a run is not trained again."""
        return self.folder.root / "fault.txt"


@dataclass(frozen=True)
class Outcome:
    """What one of the runs has come to."""

    value: bool | int | float | str
    recipe: Recipe
    """With that value."""
    folder: RunFolder
    rows: list[Row]
    """Its history; empty if it was not begun."""
    pictures: dict[int, np.ndarray]
    """Of the fixed codes, after each epoch (from 0): uint8, 25×H×W×C."""
    faults: tuple[str, ...]
    """What the diagnosis has found, and when: "collapse (after epoch 2)"."""

    @property
    def objective(self) -> Objective:
        """What its players minimise."""
        return find_objective(self.recipe.objective, self.recipe.label_smoothing)

    def last(self, name: str) -> float:
        """The mean of a column of the history over the last epoch; NaN if that has none."""
        values = [row.figures[name] for row in self._last_epoch() if name in row.figures]
        return float(np.mean(values)) if values else math.nan

    def images_a_second(self) -> float:
        """In the last epoch, but for its first and last step, which may have been compiled; NaN without any other."""
        inside = self._last_epoch()[1:-1]
        return self.recipe.batch_size * len(inside) / sum(row.seconds for row in inside) if inside else math.nan

    def _last_epoch(self) -> list[Row]:
        return [row for row in self.rows if row.epoch == self.rows[-1].epoch]


@dataclass(frozen=True)
class Comparison:
    """What several runs that differ in one setting have come to."""

    recipe_name: str
    recipe: Recipe
    """Of all; the varied setting aside."""
    field: str
    """The varied setting."""
    outcomes: list[Outcome]
    """In the order of the values."""
    stopped_by: int | None = None
    """The signal that ended the comparison before all was trained, as `run.train` returns it."""

    @property
    def title(self) -> str:
        """One line: what was trained, how long, and on what."""
        epochs = f"{self.recipe.epochs} epoch" + "s" * (self.recipe.epochs > 1)
        images = f" on {self.recipe.train_images:,} images" if self.recipe.train_images else ""
        fixed = [part for name, part in (("epochs", epochs), ("train_images", images)) if name != self.field]
        return f"{self.recipe_name} by {self.field.replace('_', ' ')}, {''.join(fixed)}"

    def table(self) -> str:
        """Aligned lines: each value with its losses and D's answers, means over its last epoch, its speed, and what the
        diagnosis has found."""
        heads = (self.field, "d_loss", "g_loss", "D(x)", "D(G(z))", "images/s", "diagnosis")
        lines = [heads, *map(_cells, self.outcomes)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text = []
        for first, *numbers, last in lines:
            middle = [cell.rjust(width) for cell, width in zip(numbers, widths[1:-1], strict=True)]
            text.append("   ".join([first.ljust(widths[0]), *middle, last]).rstrip())
        return "\n".join(text)

    def save_table(self, path: Path) -> None:
        """Writes the title and the table as text. Raises UserError if `path` is not writable."""
        _write(path, f"{self.title}\n\n{self.table()}\n")


def _write(path: Path, text: str) -> None:
    try:
        write_text(path, text)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}; free or choose another place") from error


def _cells(outcome: Outcome) -> tuple[str, ...]:
    means = [_number(outcome.last(name)) for name in ("d_loss", "g_loss", "d_real", "d_fake")]
    speed = outcome.images_a_second()
    said = "; ".join(outcome.faults) or ("" if outcome.rows else "not trained yet")
    return str(outcome.value), *means, "–" if math.isnan(speed) else f"{speed:.0f}", said


def _number(value: float) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:.3g}"


def compare_settings(
    recipe: Recipe,
    recipe_name: str,
    field: str,
    values: Sequence,
    running: Running,
    say: Callable[[str], None] = print,
) -> Comparison:
    """Trains a recipe once for each value of a setting, with the same seed, each in a folder of its own inside the
    result folder, such as `result/compare-learning_rate/1e-05`.

    Stopped, it goes on when it is called again: what is trained is not trained again. A run that has gone so wrong
    that it ends (NaN) is one of the outcomes.

    Args:
        recipe: the settings that all have in common.
        recipe_name: what recipe.json calls the recipe.
        field: the name of the varied setting, such as "learning_rate".
        values: two or more values of it, of its type.
        running: how the runs are carried out; `result` is the folder of the comparison, and `resume` is not used.
        say: takes a line for the user.

    Returns:
        what the runs have come to; with `stopped_by` if a signal (Ctrl-C) ended the comparison.

    Raises:
        UserError: anything the user can put right. Values are checked, and networks built, before any is trained.
    """
    settings, say = plan(recipe, field, values, running.result), _once(say)
    device.choose_device(running.device)
    with hold(running.result):
        images_left = [_check(setting, running, say) for setting in settings]
        stopped_by = _train_all(settings, field, images_left, replace(running, recipe_name=recipe_name), say)
    return Comparison(recipe_name, recipe, field, [_outcome(setting) for setting in settings], stopped_by)


def plan(recipe: Recipe, field: str, values: Sequence, result: Path) -> list[Setting]:
    """The runs of a comparison. Reads and writes nothing.

    Raises:
        UserError: there is no such setting, none that can be compared by, fewer than two values, or a value of another
            type, that cannot be trained with, or that would train as another one does.
    """
    type_to_compare(field)
    if len(values) < 2:
        raise UserError(f"a comparison takes two values of {field} or more, such as --vary learning_rate=1e-4,1e-3")
    settings: dict[Recipe, Setting] = {}
    for value in values:
        varied = from_settings(asdict(recipe) | {field: value})
        like = settings.get(_what_trains(varied))
        if like:
            late = f"the first step comes after {varied.decay_every} epochs (--decay-every)"
            why = late if varied.schedule == "step" else "leave one of them out"
            raise UserError(f"{field} {value} would train just as {field} {like.value} does: {why}")
        value = getattr(varied, field)
        settings[_what_trains(varied)] = Setting(value, varied, RunFolder(result / str(value)))
    return list(settings.values())


def _what_trains(recipe: Recipe) -> Recipe:
    """The recipe without what has no effect: a schedule that keeps the rate over all epochs is constant."""
    rates = {rate(recipe, epoch) for epoch in range(recipe.epochs)}
    if recipe.schedule == "constant" or rates == {recipe.learning_rate}:
        return replace(recipe, schedule="constant", decay_every=1, decay_factor=1.0)
    return recipe


def _check(setting: Setting, running: Running, say: Callable[[str], None]) -> int:
    """How many images a setting still has to see. Writes nothing.

    Raises:
        UserError: it cannot be trained, or not in its folder.
    """
    recipe = setting.recipe
    _check_folder(setting, running.data)
    epochs = 0 if setting.fault.exists() else recipe.epochs - _position(setting).epoch
    if not epochs:
        return 0
    check_recipe(recipe)
    game = GAMES.find(recipe.game)(recipe)
    batches = make_batches(recipe, load_data_set(recipe, running.data, say))
    check_batches(game, batches)
    return epochs * batches.images_per_epoch


def _check_folder(setting: Setting, data: Path | None) -> None:
    """Raises UserError if something else than this setting's run, on these data, lies in its folder."""
    if not (setting.folder.holds_a_run() or setting.fault.exists()):
        return
    where, elsewhere = setting.folder.root, "name another folder with --result"
    saved, recipe = setting.folder.read_recipe(), setting.recipe
    if saved is None:
        raise UserError(f"what lies in {where} is no run of this comparison: {elsewhere}")
    free = SHOWN if recipe.schedule == "cosine" else (*SHOWN, "epochs")
    for name in (each.name for each in fields(Recipe) if each.name not in free):
        before, now = getattr(saved, name), getattr(recipe, name)
        if before != now:
            raise UserError(f"the run in {where} has {name} {before}, and not {now}: {elsewhere}")
    before, now = setting.folder.read_data(), data and data.absolute()
    if before != now:
        raise UserError(f"the run in {where} has --data {before or 'unnamed'}, and not {now or 'unnamed'}: {elsewhere}")
    if not setting.fault.exists() and _position(setting) > Position(recipe.epochs):
        raise UserError(f"the run in {where} has more epochs than {recipe.epochs}: {elsewhere}")


def _position(setting: Setting) -> Position:
    """How far a setting has come. Raises UserError if all that is saved of it is damaged."""
    begun = setting.folder.holds_a_run()
    return find_start(setting.folder, NEWEST, lambda line: None).position if begun else Position(0)


def _train_all(
    settings: list[Setting], field: str, images_left: list[int], running: Running, say: Callable[[str], None]
) -> int | None:
    """Trains what is not trained yet. Returns the signal that stopped it, or None."""
    seconds = images = 0.0
    for number, setting in enumerate(settings):
        left = sum(images_left[number:]) * seconds / images if images else 0
        about = f"; about {_duration(left)} left for all" if left else ""
        say(f"{number + 1} of {len(settings)}: {field} {setting.value}{about}")
        begun = time.monotonic()
        stopped_by = _train(setting, running, say)
        if stopped_by is not None:
            say(f"the comparison has stopped at {number + 1} of {len(settings)}; the same command goes on with it")
            return stopped_by
        if images_left[number]:
            seconds, images = seconds + time.monotonic() - begun, images + images_left[number]
    return None


def _train(setting: Setting, running: Running, say: Callable[[str], None]) -> int | None:
    """Trains one setting to its end, from where it has come. Returns the signal that stopped it, or None."""
    if setting.fault.exists():
        say(f"gone wrong before: see {setting.fault}")
        return None
    if _position(setting) == Position(setting.recipe.epochs):
        say(f"trained already: {setting.folder.root}")
        return None
    resume = NEWEST if setting.folder.holds_a_run() else None
    try:
        return train(setting.recipe, replace(running, result=setting.folder.root, resume=resume), say)
    except Hopeless as error:
        _write(setting.fault, f"{_brief(error.finding)}\n{error}\n")
        say(str(error))
        return None


def _outcome(setting: Setting) -> Outcome:
    folder, recipe = setting.folder, setting.recipe
    rows = history.read(folder.history)[0] if folder.history.exists() else []
    faults = [_brief(found) for found in find_faults(folder, recipe, rows) if isinstance(found, Finding)]
    if setting.fault.exists():
        faults.append(setting.fault.read_text(encoding="utf-8", errors="replace").partition("\n")[0])
    pictures = {}
    for epoch in sorted({row.epoch for row in rows}):
        with contextlib.suppress(UserError):  # stopped inside it, or damaged: then the sheet has a gap there
            pictures[epoch] = read_pictures(folder.image(epoch), recipe)
    return Outcome(setting.value, recipe, folder, rows, pictures, tuple(dict.fromkeys(faults)))


def _once(say: Callable[[str], None]) -> Callable[[str], None]:
    """Says each line only once: what there is to note of the data is the same for all runs."""
    said = set()

    def tell(line: str) -> None:
        if line not in said:
            said.add(line)
            say(line)

    return tell


def _brief(finding: Finding) -> str:
    return f"{finding.name} ({finding.when})"


def _duration(seconds: float) -> str:
    """Such as 40 s, 12 min or 3 h 20 min."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
