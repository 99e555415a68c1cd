"""What D of each epoch answers to real pictures, and to those that G of the same epoch draws."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ms_gan.data.latent import fixed_codes
from ms_gan.games.objectives import find_objective
from ms_gan.networks.evaluation import draw, judge
from ms_gan.records.trained import load_discriminator, load_generator, recipe_of


@dataclass(frozen=True)
class Answers:
    """D's answers in one epoch: probabilities, or the scores of an objective that has none."""

    epoch: int
    """From 0, as in the files' names."""
    real: np.ndarray
    """D(x), float32, one for each real picture."""
    fake: np.ndarray
    """D(G(z)), float32, one for each latent code."""


def saved_epochs(checkpoints: Path, most: int | None = None) -> list[int]:
    """The epochs of which both networks' files lie in a folder, rising; more than `most` are thinned out evenly.

    The first and the last one stay. There may be none.
    """
    names = {path.name for path in checkpoints.glob("*.ckpt")}
    numbers = (name.removeprefix("Generator").removesuffix(".ckpt") for name in names if name.startswith("Generator"))
    whole = sorted(int(number) for number in numbers if number.isdecimal() and f"Discriminator{number}.ckpt" in names)
    chosen = np.linspace(0, len(whole) - 1, min(most or len(whole), len(whole))).round().astype(int)
    return [whole[place] for place in chosen]


def answers_by_epoch(checkpoints: Path, epochs: Sequence[int], pixels: np.ndarray, seed: int) -> list[Answers]:
    """Asks D of each epoch, in evaluation mode.

    Args:
        checkpoints: the folder of the run's weights.
        epochs: of those that are saved.
        pixels: the real pictures, uint8, N×H×W×C.
        seed: fixes the N latent codes, which are the same in all epochs.

    Raises:
        UserError: the weights of one of them are damaged.
    """
    return [_answers(checkpoints, epoch, pixels, seed) for epoch in epochs]


def _answers(checkpoints: Path, epoch: int, pixels: np.ndarray, seed: int) -> Answers:
    file = checkpoints / f"Generator{epoch}.ckpt"
    generator, latent_size = load_generator(file)
    discriminator = load_discriminator(file.with_name(f"Discriminator{epoch}.ckpt"))
    recipe = recipe_of(file)
    answer = find_objective(recipe.objective).answer
    drawn = draw(generator, fixed_codes(len(pixels), latent_size, seed, recipe.noise))
    return Answers(epoch, judge(discriminator, pixels, answer), judge(discriminator, drawn, answer))
