"""The folder of a run: what lies where, and the settings it was started with."""

import json
import math
import re
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ms_gan.errors import UserError
from ms_gan.files import write_text
from ms_gan.recipes import Recipe, from_settings


class RunFolder:
    """A run's folder: recipe.json, history.csv, checkpoints/, images/, losses.png and evolution.gif."""

    def __init__(self, root: Path):
        self.root = root
        self.recipe = root / "recipe.json"
        self.history = root / "history.csv"
        self.checkpoints = root / "checkpoints"
        self.images = root / "images"
        self.losses = root / "losses.png"
        self.evolution = root / "evolution.gif"

    def holds_a_run(self) -> bool:
        """Whether something of a run lies here that a new one would overwrite."""
        leavings = (self.recipe, self.history, self.losses, self.evolution)
        inside = (*self.checkpoints.glob("*.ckpt"), *self.images.glob("*.png"))
        return any(path.exists() for path in (*leavings, *inside))

    def image(self, epoch: int, step: int | None = None) -> Path:
        """The picture after an epoch (from 0), or after a step inside it (from 1)."""
        return self.images / (f"epoch{epoch:03d}.png" if step is None else f"epoch{epoch:03d}-step{step:05d}.png")

    def pictures(self) -> list[Path]:
        """All pictures of the run in the order they were drawn."""
        ours = (path for path in self.images.glob("epoch*.png") if re.fullmatch(r"epoch\d+(-step\d+)?", path.stem))
        return sorted(ours, key=self._order)

    @classmethod
    def _order(cls, picture: Path) -> tuple[int, float]:
        epoch, step = cls.drawn_at(picture)
        return epoch, math.inf if step is None else step

    @staticmethod
    def drawn_at(picture: Path) -> tuple[int, int | None]:
        """The epoch (from 0), and the step if it was drawn inside the epoch, that a picture's name tells."""
        epoch, _, step = picture.stem.removeprefix("epoch").partition("-step")
        return int(epoch), int(step) if step else None

    def create(self, recipe_name: str, recipe: Recipe) -> None:
        """Makes the folders and writes recipe.json.

        Raises:
            UserError: they cannot be written.
        """
        settings = {"recipe": recipe_name, **asdict(recipe), "versions": _versions()}
        try:
            self.checkpoints.mkdir(parents=True, exist_ok=True)
            self.images.mkdir(exist_ok=True)
            write_text(self.recipe, json.dumps(settings, indent=1) + "\n")
        except OSError as error:
            raise UserError(
                f"cannot write the result folder {self.root}: {error.strerror}; name another with --result"
            ) from error

    def read_recipe(self) -> Recipe | None:
        """The settings of the run that lies here, or None if there are none that can be read."""
        try:
            settings = json.loads(self.recipe.read_text(encoding="utf-8"))
            return from_settings(settings)
        except (OSError, ValueError, TypeError, AttributeError, UserError):
            return None


def run_of(weights: Path) -> RunFolder:
    """The run that a weights file belongs to, by its place: RUN/checkpoints/Generator99.ckpt."""
    return RunFolder(weights.resolve().parent.parent)


def _versions() -> dict[str, str]:
    versions = {}
    for package in ("ms-gan", "mindspore", "numpy"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return versions
