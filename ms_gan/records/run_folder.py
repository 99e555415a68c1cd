"""The folder of a run: what lies where, and the settings it was started with."""

import errno
import itertools
import math
import os
import re
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ms_gan.disk import sealed
from ms_gan.disk.reading import entries
from ms_gan.errors import UserError
from ms_gan.recipes import RECIPES, Recipe, from_settings

PICTURE = re.compile(r"epoch(\d+)(?:-step(\d+))?", re.ASCII)
OURS = {
    "": re.compile(r"recipe\.json|history\.csv|losses\.png|evolution\.gif"),
    "checkpoints": re.compile(r"[A-Z][A-Za-z]*\d+(-step\d+)?\.ckpt|Epoch\d.*\.json"),
    "images": re.compile(r"epoch\d.*\.png"),
}
"""By folder: the names of the files of a run."""

LARGEST = 2**53  # of the settings' whole numbers: all up to here are float64s, too

UNCHANGEABLE = (
    *("game", "networks", "width", "activation", "objective", "latent_size", "optimizer"),
    *("source", "pattern", "crop", "size", "channels"),
    *("batch_size", "drop_remainder", "train_images", "noise", "seed"),
)
"""Settings a run keeps when it goes on: they fix the networks and optimisers, or what each epoch consists of."""

AFRESH = "afresh"
UNSAVED = "nothing is saved yet; begun"
"""What recipe.json says until the first save: AFRESH, or the weights file that the run began from."""


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
        if self.unsaved():
            return False
        leavings = (self.recipe, self.history, self.losses, self.evolution)
        inside = ((self.checkpoints, ".ckpt"), (self.images, ".png"))
        return any(map(os.path.exists, leavings)) or any(
            path.suffix == ending for folder, ending in inside for path in entries(folder)
        )

    def unsaved(self) -> str | None:
        """What the run here began from, AFRESH or a weights file, if it ended before its first save; else None."""
        begun = (sealed.read(self.recipe) or {}).get(UNSAVED)
        saved = any(path.match("Epoch*.json") for path in entries(self.checkpoints))
        return begun if isinstance(begun, str) and not saved else None

    def drawn_since(self, manifest: Path) -> bool:
        """Whether losses.png and evolution.gif were drawn after a set was saved."""
        saved = manifest.stat().st_mtime
        return all(path.exists() and path.stat().st_mtime >= saved for path in (self.losses, self.evolution))

    def image(self, epoch: int, step: int | None = None) -> Path:
        """The picture after an epoch (from 0), or after a step inside it (from 1)."""
        return self.images / (f"epoch{epoch:03d}.png" if step is None else f"epoch{epoch:03d}-step{step:05d}.png")

    def pictures(self) -> list[Path]:
        """All pictures of the run in the order they were drawn."""
        ours = (path for path in entries(self.images) if path.suffix == ".png" and PICTURE.fullmatch(path.stem))
        return sorted(ours, key=self._order)

    @classmethod
    def _order(cls, picture: Path) -> tuple[int, float]:
        epoch, step = cls.drawn_at(picture)
        return epoch, math.inf if step is None else step

    @staticmethod
    def drawn_at(picture: Path) -> tuple[int, int | None]:
        """The epoch (from 0), and the step if it was drawn inside the epoch, that a picture's name tells."""
        epoch, step = PICTURE.fullmatch(picture.stem).groups()
        return int(epoch), int(step) if step else None

    def create(
        self,
        recipe_name: str,
        recipe: Recipe,
        data: Path | None = None,
        unsaved: str | None = None,
        notes: dict | None = None,
    ) -> dict:
        """Makes the folders and writes recipe.json. Returns the settings it holds.

        What a run left that ended here before its first save is removed, unless this one goes on from what lies here.

        Args:
            recipe_name: what recipe.json calls the recipe.
            recipe: the settings.
            data: the folder of the data set, if one was named.
            unsaved: AFRESH, or the weights file that the run begins from, until `keep`; None if it is saved here.
            notes: what else the run is to remember, as `read_notes` gives it back.

        Raises:
            UserError: they cannot be written.
        """
        named = ({"data": str(data.absolute())} if data else {}) | (notes or {})
        settings = {"recipe": recipe_name, **asdict(recipe), **named, "versions": _versions()}
        try:
            self.checkpoints.mkdir(parents=True, exist_ok=True)
            self.images.mkdir(exist_ok=True)
            for folder, name in self.in_the_way().items():
                folder.rename(name)
            if unsaved and self.unsaved():
                self._clear()
            for place in (self.checkpoints, self.images):
                if not os.access(place, os.W_OK):
                    raise PermissionError(errno.EACCES, f"{os.strerror(errno.EACCES)} ({place.name})")
            sealed.write(self.recipe, settings | ({UNSAVED: unsaved} if unsaved else {}))
        except OSError as error:
            raise UserError(
                f"cannot write the result folder {self.root}: {error.strerror}; name another with --result"
            ) from error
        return settings

    def keep(self, settings: dict) -> None:
        """Writes the settings once something of the run is saved: from then on no other run takes its place.

        Raises:
            OSError: they cannot be written.
        """
        sealed.write(self.recipe, settings)

    def _clear(self) -> None:
        for folder in ("checkpoints", "images"):
            for path in entries(self.root / folder):
                if OURS[folder].fullmatch(path.name):
                    path.unlink(missing_ok=True)

    def in_the_way(self) -> dict[Path, Path]:
        """Folders where a file of the run belongs, and what `create` renames them to."""
        found = (
            path
            for folder, ours in OURS.items()
            for path in entries(self.root / folder)
            if ours.fullmatch(path.name) and path.is_dir() and not path.is_symlink()
        )
        return {path: _free(path) for path in found}

    def read_recipe(self) -> Recipe | None:
        """The settings of the run that lies here, or None if there are none that can be read."""
        return _recipe_of(self._settings())

    def read_recipe_name(self) -> str | None:
        """What those settings began as: the name of a recipe, or None if they name none that there is."""
        name = self._settings().get("recipe")
        return name if isinstance(name, str) and name in RECIPES else None

    def read_data(self) -> Path | None:
        """The folder of the data set that the run was started with, if one was named."""
        folder = self._settings().get("data")
        return Path(folder) if isinstance(folder, str) and folder and "\0" not in folder else None

    def read_notes(self) -> dict:
        """What the run remembers beside its settings, as far as it is known: `images`, how many the data set had,
        `digest`, of their pixels, `processor` and `layers`, of where it trains, `keep_every` and `skip_bad`."""
        kinds = {"images": int, "digest": str, "processor": str, "layers": str, "keep_every": int, "skip_bad": bool}
        found = {name: self._settings().get(name) for name in kinds}
        return {name: value for name, value in found.items() if type(value) is kinds[name]}

    def recipe_is_damaged(self) -> bool:
        """Whether there is a recipe.json that is not this run's; then the settings of the newest manifest serve."""
        return os.path.lexists(self.recipe) and self._own_settings() is None

    def _settings(self) -> dict:
        """What recipe.json holds or, if it is not this run's, the newest manifest that holds settings."""
        return self._own_settings() or self._kept_settings()

    def _own_settings(self) -> dict | None:
        """What recipe.json holds, if that is settings, and such as the weights were made with."""
        settings, kept = sealed.read(self.recipe), self._kept_settings()
        if not _recipe_of(settings):
            return None
        changed = (name for name in UNCHANGEABLE if name in kept and name in settings and settings[name] != kept[name])
        return settings if next(changed, None) is None else None

    def _kept_settings(self) -> dict:
        manifests = (path for path in entries(self.checkpoints) if re.fullmatch(r"Epoch\d+.*\.json", path.name))
        kept = ((sealed.read(path) or {}).get("settings") for path in sorted(manifests, key=_number, reverse=True))
        return next((settings for settings in kept if _recipe_of(settings)), {})


def _recipe_of(settings: dict | None) -> Recipe | None:
    """The recipe that settings from a file hold; None if they hold none, or a number beyond all reason."""
    if not isinstance(settings, dict) or "networks" not in settings:
        return None
    if any(isinstance(value, int) and abs(value) > LARGEST for value in settings.values()):
        return None
    try:
        return from_settings(settings)
    except UserError:
        return None


def _free(path: Path) -> Path:
    """The name with .moved, or .moved1, …: the first that nothing has."""
    names = (path.with_name(f"{path.name}.moved{number or ''}") for number in itertools.count())
    return next(name for name in names if not os.path.lexists(name))


def _number(manifest: Path) -> int:
    return int(re.match(r"Epoch(\d+)", manifest.name)[1])


def run_of(weights: Path) -> RunFolder:
    """The run that a weights file belongs to, by its place: RUN/checkpoints/Generator99.ckpt.

    Where links lead to the file, its own place counts, unless settings of a run lie at the place that was named.
    """
    named = RunFolder(Path(os.path.abspath(weights)).parent.parent)
    return named if os.path.lexists(named.recipe) else RunFolder(Path(os.path.realpath(weights)).parent.parent)


def _versions() -> dict[str, str]:
    versions = {}
    for package in ("ms-gan", "mindspore", "numpy"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return versions
