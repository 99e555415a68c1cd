"""How much disk a run will take, told before it starts, and whether that is there."""

import math
import shutil
from pathlib import Path

from ms_gan.games.players import Players
from ms_gan.pictures.gif import LARGEST as LARGEST_GIF
from ms_gan.recipes import PICTURE_CODES, Recipe
from ms_gan.records.checkpoint import TRAIN_STATES_KEPT, Position

# Bytes, a little more than was measured.
NAMES = 100  # of a tensor's name, type and shape
MANIFEST = 2_500
ROW = 75  # of history.csv
LOSSES = 300_000  # losses.png
FRAME = {1: 45_000, 3: 80_000}  # of evolution.gif, for grey pictures and for colours
SHEET = 1.85  # of a picture's PNG, for a byte of its pixels: noise, each pixel enlarged; trained networks' take half


def needed(recipe: Recipe, players: Players, steps: int, position: Position, keep_every: int = 0) -> int:
    """Bytes that a run will add to its folder, at most, from `position` to its last epoch.

    Args:
        recipe: the settings.
        players: what is saved after each epoch.
        steps: of an epoch.
        position: where the run begins.
        keep_every: of the older epochs, every how manieth stays; 0 for all.
    """
    epochs = recipe.epochs - position.epoch
    sets = min(epochs, TRAIN_STATES_KEPT + 1 + epochs // keep_every) if keep_every else epochs
    weights = sum(_file([*network.get_parameters()]) for network in players.networks().values())
    states = min(epochs, TRAIN_STATES_KEPT + 1)  # the oldest goes when the newest is there
    pixels = PICTURE_CODES * recipe.channels * recipe.size**2
    sheets = epochs * (1 + (steps // recipe.images_every if recipe.images_every else 0))
    film = min(LARGEST_GIF, FRAME[recipe.channels] * (recipe.epochs + sheets - epochs))
    saved = sets * (weights + MANIFEST) + epochs * steps * ROW + states * _file(players.optimizer_state())
    return round(saved + sheets * pixels * SHEET + film + LOSSES)


def _file(parameters: list) -> int:
    return sum(parameter.nbytes + NAMES for parameter in parameters)


def forecast(
    folder: Path, recipe: Recipe, players: Players, steps: int, position: Position, keep_every: int = 0
) -> list[str]:
    """What a run will need of the disk and what is free there, in a line; and another if that is too little.

    What a quota still allows, the system does not tell.
    """
    need, epochs = needed(recipe, players, steps, position, keep_every), recipe.epochs - position.epoch
    free, folder = min((_free(place), place) for place in (folder, folder / "checkpoints"))  # which may be a link
    line = f"up to {_size(need)} on disk for {epochs} epoch{'s' if epochs > 1 else ''}"
    if math.isinf(free):
        return [line]
    lines = [f"{line}, {_size(free)} free"]
    if free < need:
        lines.append(
            f"note: that is {_size(need - free)} more than there is in {folder}: make room, or name a folder on "
            f"another disk with --result; where the disk is full, the run stops, and --resume goes on"
        )
    return lines


def _free(folder: Path) -> float:
    """Bytes; infinity where the system does not say."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return math.inf


def _size(count: float) -> str:
    """1,680,000,000 → 1.7 GB."""
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{max(count / 1e6, 0.1):.{0 if count >= 1e7 else 1}f} MB"
