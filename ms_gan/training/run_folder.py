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

    def create(self, recipe_name: str, recipe: Recipe, data: Path | None = None) -> dict:
        """Makes the folders and writes recipe.json. Returns what it holds.

        Args:
            recipe_name: what recipe.json calls the recipe.
            recipe: the settings.
            data: the folder of the data set, if one was named.

        Raises:
            UserError: they cannot be written.
        """
        named = {"data": str(data.absolute())} if data else {}
        settings = {"recipe": recipe_name, **asdict(recipe), **named, "versions": _versions()}
        try:
            self.checkpoints.mkdir(parents=True, exist_ok=True)
            self.images.mkdir(exist_ok=True)
            write_text(self.recipe, json.dumps(settings, indent=1) + "\n")
        except OSError as error:
            raise UserError(
                f"cannot write the result folder {self.root}: {error.strerror}; name another with --result"
            ) from error
        return settings

    def read_recipe(self) -> Recipe | None:
        """The settings of the run that lies here, or None if there are none that can be read."""
        return _recipe_of(self._settings())

    def read_data(self) -> Path | None:
        """The folder of the data set that the run was started with, if one was named."""
        folder = self._settings().get("data")
        return Path(folder) if isinstance(folder, str) and folder else None

    def recipe_is_damaged(self) -> bool:
        """Whether there is a recipe.json that holds no settings; then those of the newest manifest serve."""
        return self.recipe.exists() and _recipe_of(_read_json(self.recipe)) is None

    def _settings(self) -> dict:
        """What recipe.json holds or, if it cannot be read, the newest manifest that holds settings."""
        settings = _read_json(self.recipe)
        if _recipe_of(settings):
            return settings
        manifests = self.checkpoints.glob("Epoch*.json")
        kept = (_read_json(path).get("settings") for path in sorted(manifests, key=_number, reverse=True))
        return next((settings for settings in kept if _recipe_of(settings)), {})


def _read_json(path: Path) -> dict:
    """The object that a JSON file holds; an empty one if it holds none, or cannot be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _recipe_of(settings: dict | None) -> Recipe | None:
    try:
        return from_settings(settings) if settings and isinstance(settings, dict) else None
    except UserError:
        return None


def _number(manifest: Path) -> int:
    found = re.match(r"Epoch(\d+)", manifest.name)
    return int(found[1]) if found else -1


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
