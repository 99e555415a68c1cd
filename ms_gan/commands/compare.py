"""ms-gan compare RECIPE --vary FIELD=A,B,C: trains once for each value of a setting, and shows what it does."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import tyro

from ms_gan.commands.train import Settings
from ms_gan.errors import UserError
from ms_gan.recipes import Recipe, find_recipe, type_to_compare

EPOCHS = 3


@dataclass
class Compare:
    """Train a recipe once for each value of one setting, with the same seed, and draw what it does on one sheet.

    Ctrl-C stops, and saves; the same command goes on.
    """

    recipe: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="RECIPE")] = "gan"
    """What to train: see ms-gan recipes; 3 epochs of it unless --epochs says otherwise."""
    vary: Annotated[str, tyro.conf.arg(metavar="FIELD=A,B,…")] = "learning_rate=1e-5,2e-4,1e-2"
    """The setting that is varied, any of the options below but for what is only shown, and its values."""
    result: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None
    """Where to put the runs, comparison.png and comparison.txt: compare-FIELD in the recipe's folder unless given."""
    data: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None
    """The folder of MNIST's files, unpacked or not (data/MNIST_Data unless given), or of pictures of your own."""
    device: Annotated[str | None, tyro.conf.arg(metavar="CPU|GPU|Ascend")] = None
    """Where to compute: Ascend or GPU if MindSpore has one here, else CPU."""
    settings: Settings = field(default_factory=Recipe)

    def with_defaults(self) -> "Compare":
        """What the options are unless they are given: the recipe's numbers, and a few epochs.

        Raises:
            UserError: there is no such recipe.
        """
        settings = find_recipe(self.recipe)
        return Compare(recipe=self.recipe, settings=replace(settings, epochs=min(EPOCHS, settings.epochs)))

    def run(self) -> int:
        """Trains, draws and prints the table. Returns 0, or 128 and the number of the signal that stopped it."""
        name, values = read_values(self.vary)
        from ms_gan.runs.interrupt import told_apart

        with told_apart():
            stopped_by = self._compare(name, values)
        return 0 if stopped_by is None else 128 + stopped_by

    def _compare(self, name: str, values: list) -> int | None:
        from ms_gan.runs.run import Running
        from ms_gan.studies.comparison.comparing import compare_settings
        from ms_gan.studies.comparison.table import draw_comparison

        home = Path("result") if self.recipe == "gan" else Path("result", self.recipe)
        folder = self.result or home / f"compare-{name}"
        running = Running(result=folder, data=self.data, device=self.device)
        found = compare_settings(self.settings, self.recipe, name, values, running)
        print(f"\n{found.title}\n\n{found.table()}\n")
        if any(outcome.rows for outcome in found.outcomes):
            draw_comparison(found, folder / "comparison.png")
            found.save_table(folder / "comparison.txt")
            print(f"comparison.png and comparison.txt are in {folder}")
        return found.stopped_by


def read_values(words: str) -> tuple[str, list]:
    """From "learning_rate=1e-5,2e-4" to ("learning_rate", [1e-05, 0.0002]); hyphens in the name will do, too.

    Raises:
        UserError: it is not written so, it is nothing to compare by, or a value is none of its type.
    """
    name, equals, listed = words.partition("=")
    name = name.strip().removeprefix("--").replace("-", "_")
    if not equals:
        raise UserError(f"--vary {words}: write it as in --vary learning_rate=1e-5,2e-4,1e-2")
    kind = type_to_compare(name)
    return name, [_value(kind, name, word.strip()) for word in listed.split(",")]


def _value(kind: type, name: str, word: str) -> bool | int | float | str:
    try:
        return {"true": True, "false": False}[word.lower()] if kind is bool else kind(word)
    except (KeyError, ValueError) as error:
        wanted = {bool: "True or False", int: "a whole number", float: "a number"}[kind]
        raise UserError(f"--vary {name}: {word!r} is not {wanted}") from error
