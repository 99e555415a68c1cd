"""ms-gan train RECIPE: trains, and leaves pictures, losses and checkpoints in a folder."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from ms_gan.recipes import Recipe, find_recipe


@dataclass
class Train:
    """Train by a recipe: progress here; pictures, losses and checkpoints in a folder. Ctrl-C stops, and saves."""

    recipe: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="RECIPE")] = "gan"
    """What to train: see ms-gan recipes."""
    resume: Annotated[str | None, tyro.conf.arg(metavar="[FILE]")] = None
    """Go on from the newest epoch in --result, or from FILE, such as result/checkpoints/Generator99.ckpt."""
    result: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None
    """The folder of the run: result for the slides' gan, result/RECIPE for another."""
    data: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None
    """The folder of MNIST's files, unpacked or not (data/MNIST_Data unless given), or of pictures of your own."""
    device: Annotated[str | None, tyro.conf.arg(metavar="CPU|GPU|Ascend")] = None
    """Where to compute: Ascend or GPU if MindSpore has one here, else CPU."""
    settings: tyro.conf.OmitArgPrefixes[Recipe] = field(default_factory=Recipe)

    @property
    def folder(self) -> Path:
        """Where the run goes: `result` itself for the slides' gan, as on the slides."""
        return self.result or (Path("result") if self.recipe == "gan" else Path("result", self.recipe))

    def run(self) -> int:
        """Trains. Returns 0, or 128 and the number of the signal that stopped it: 130 for Ctrl-C, 143 for SIGTERM."""
        from ms_gan.runs.interrupt import told_apart

        with told_apart():
            from ms_gan.runs.run import train

            stopped_by = train(self.settings, self._running())
        return 0 if stopped_by is None else 128 + stopped_by

    def check(self) -> None:
        """Raises UserError for what would keep the training from starting, before anything is computed."""
        from ms_gan.runs.run import check

        check(self.settings, self._running())

    def _running(self):
        from ms_gan.runs.run import Running

        return Running(
            result=self.folder,
            recipe_name=self.recipe,
            data=self.data,
            device=self.device,
            resume=self.resume,
        )


def with_defaults(words: list[str]) -> tuple[list[str], Train]:
    """Fills in what the options' defaults depend on: the recipe's numbers, or those of the run that is resumed.

    Returns:
        The words with `--resume` alone made `--resume newest`, and a Train that holds the defaults.

    Raises:
        UserError: there is no such recipe.
    """
    if not words or words[0] != "train":
        return words, Train()
    words = _name_the_newest(words)
    name = recipe_of(words)
    default = Train(recipe=name, settings=find_recipe(name))
    resume, result = _value_of(words, "--resume"), _value_of(words, "--result")
    if resume is not None:
        from ms_gan.records.run_folder import RunFolder, run_of

        default.result = Path(result) if result else default.folder if resume == "newest" else None
        folder = RunFolder(default.result) if resume == "newest" else run_of(Path(resume))
        default.settings = folder.read_recipe() or default.settings
        default.recipe = recipe_of(words, folder.read_recipe_name() or name)
    return words, default


def recipe_of(words: list[str], default: str = "gan") -> str:
    """The first word that is neither an option nor the value of one; the default, if there is none."""
    rest = iter(words[1:])
    for word in rest:
        if not word.startswith("-"):
            return word
        if "=" not in word:
            next(rest, None)
    return default


def _name_the_newest(words: list[str]) -> list[str]:
    filled = []
    for word, following in zip(words, [*words[1:], "-"], strict=True):
        filled += ["--resume", "newest"] if word == "--resume" and following.startswith("-") else [word]
    return filled


def _value_of(words: list[str], option: str) -> str | None:
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == option:
            return following
        if word.startswith(option + "="):
            return word.removeprefix(option + "=")
    return None
