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
    plot_losses(
        folder.losses,
        np.array([row.epoch + row.step / steps for row in rows]),
        np.array([row.d_loss for row in rows]),
        np.array([row.g_loss for row in rows]),
        d_real=np.array([row.d_real for row in rows]),
        d_fake=np.array([row.d_fake for row in rows]),
        equilibrium=_objective(folder).equilibrium,
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
    write_gif(folder.evolution, pictures, [_label(picture) for picture in pictures])
    return folder.evolution


def _label(picture: Path) -> str:
    epoch, step = RunFolder.drawn_at(picture)
    return f"epoch {epoch + 1}" + (f", step {step}" if step else "")


def _objective(folder: RunFolder):
    return find_objective((folder.read_recipe() or Recipe()).objective)
