"""The plot of the losses and the GIF of the pictures, made from what lies in a run's folder."""

from pathlib import Path

import numpy as np

from ms_gan.errors import UserError
from ms_gan.objectives import find_objective
from ms_gan.pictures.curves import plot_losses
from ms_gan.pictures.gif import write_gif
from ms_gan.recipes import Recipe
from ms_gan.training import history
from ms_gan.training.run_folder import RunFolder


def draw_losses(folder: RunFolder) -> Path:
    """Draws losses.png from history.csv: both losses and D's answers over the epochs, and the lines of the
    equilibrium (slide 损失函数).

    Raises:
        UserError: there is no history, or none of it can be read.
    """
    rows, fault = history.read(folder.history)
    if not rows:
        raise UserError(fault or f"{folder.history} holds no training step yet")
    steps = max(row.step for row in rows)
    objective = find_objective(_recipe(folder).objective)
    plot_losses(
        folder.losses,
        np.array([row.epoch + row.step / steps for row in rows]),
        np.array([row.d_loss for row in rows]),
        np.array([row.g_loss for row in rows]),
        d_real=np.array([row.d_real for row in rows]),
        d_fake=np.array([row.d_fake for row in rows]),
        equilibrium=objective.equilibrium,
        answers=objective.answers,
    )
    return folder.losses


def draw_evolution(folder: RunFolder) -> Path:
    """Draws evolution.gif: the pictures of all epochs, one after the other (slide 动态看一下).

    Raises:
        UserError: there are no pictures, or one of them cannot be read.
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
