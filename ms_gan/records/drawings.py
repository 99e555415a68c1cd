"""The plot of the losses and the GIF of the pictures, made from what lies in a run's folder."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ms_gan import device
from ms_gan.data.latent import fixed_codes
from ms_gan.errors import UserError
from ms_gan.games.objectives import find_objective
from ms_gan.networks.evaluation import draw
from ms_gan.pictures.curves import plot_figures, plot_losses
from ms_gan.pictures.gif import write_gif
from ms_gan.pictures.grid import save_grid
from ms_gan.recipes import PICTURE_CODES, Recipe
from ms_gan.records import history
from ms_gan.records.checkpoint import fault, positions, set_files
from ms_gan.records.history import Row
from ms_gan.records.run_folder import RunFolder
from ms_gan.records.trained import load_generator


def finish(folder: RunFolder, say: Callable[[str], object]) -> bool:
    """Draws what a run leaves at its end: pictures that could not be written in time, losses.png and evolution.gif.

    What cannot be written is said.

    Returns:
        Whether all is there.
    """
    done = True
    for task in (draw_missing_pictures, draw_losses, draw_evolution):
        if task is draw_evolution and not folder.pictures():
            continue  # the run was stopped inside its first epoch
        try:
            task(folder)
        except UserError as error:
            say(f"note: {error}")
            done = False
    return done


def draw_missing_pictures(folder: RunFolder) -> None:
    """Draws the pictures of finished epochs that are not there, from the weights of these epochs, as they were drawn.

    Raises:
        UserError: they cannot be written.
    """
    for position in positions(folder.checkpoints):
        picture = folder.image(position.epoch - 1)
        if position.step or picture.exists() or fault(folder.checkpoints, position, optimisers=False):
            continue
        device.choose_device()
        generator, latent_size = load_generator(set_files(folder.checkpoints, position)["generator"])
        save_grid(picture, draw(generator, fixed_codes(PICTURE_CODES, latent_size, noise=_recipe(folder).noise)))


def draw_losses(folder: RunFolder) -> Path:
    """Draws losses.png from history.csv: both losses and D's answers over the epochs, and the lines of the
    equilibrium (slide 损失函数); below them a panel for each figure that a listener measured. Of another game a panel
    for each of its figures.

    Raises:
        UserError: there is no history, or none of it can be read.
    """
    rows, fault = history.read(folder.history)
    if not rows:
        raise UserError(fault or f"{folder.history} holds no training step yet")
    curves = _curves(rows)
    recipe = _recipe(folder)
    if not {"d_loss", "g_loss", "d_real", "d_fake"} <= curves.keys():
        plot_figures(folder.losses, curves)
        return folder.losses
    objective = find_objective(recipe.objective, recipe.label_smoothing)
    epochs, d_loss = curves.pop("d_loss")
    plot_losses(
        folder.losses,
        epochs,
        d_loss,
        **{name: curves.pop(name)[1] for name in ("g_loss", "d_real", "d_fake")},
        equilibrium=objective.equilibrium,
        balance=objective.balance,
        answers=objective.answers,
        others=curves,
    )
    return folder.losses


def _curves(rows: list[Row]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """By figure: when it was measured, in epochs since the start, and the values."""
    steps = max(row.step for row in rows)
    curves = {}
    for name in dict.fromkeys(name for row in rows for name in row.figures):
        measured = [row for row in rows if name in row.figures]
        when = np.array([row.epoch + row.step / steps for row in measured])
        curves[name] = when, np.array([row.figures[name] for row in measured])
    return curves


def draw_evolution(folder: RunFolder) -> Path:
    """Draws evolution.gif: the pictures of all epochs, one after the other (slide 动态看一下).

    Raises:
        UserError: there are no pictures, one of them cannot be read, or the file cannot be written.
    """
    pictures = folder.pictures()
    if not pictures:
        raise UserError(f"there are no pictures in {folder.images}: train first, or name the folder of a run")
    write_gif(folder.evolution, pictures, _labels(folder, pictures))
    return folder.evolution


def _labels(folder: RunFolder, pictures: list[Path]) -> list[str]:
    """When each picture was drawn, counted as the run counts."""
    recipe = _recipe(folder)
    steps = _steps(folder) if recipe.style == "notebook" else 0
    labels = []
    for epoch, step in map(RunFolder.drawn_at, pictures):
        if step and steps:
            labels.append(f"iteration {epoch * steps + step - 1}")
        else:
            labels.append(f"epoch {epoch + 1}" + (f", step {step}" if step else ""))
    return labels


def _steps(folder: RunFolder) -> int:
    """Steps in an epoch, as far as the history tells; 0 without one."""
    try:
        return max((row.step for row in history.read(folder.history)[0]), default=0)
    except UserError:
        return 0


def _recipe(folder: RunFolder) -> Recipe:
    return folder.read_recipe() or Recipe()
