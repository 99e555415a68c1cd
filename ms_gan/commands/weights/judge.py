"""ms-gan judge FILE PICTURE…: asks a trained discriminator."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from ms_gan.commands.weights import RecipeName, ZeroToOne
from ms_gan.errors import UserError, shown


@dataclass
class Judge:
    """Ask a trained discriminator how likely each picture is to be a real one; a critic answers with a score."""

    file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")]
    """A discriminator's weights, such as result/checkpoints/Discriminator99.ckpt."""
    pictures: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="PICTURE")]
    """Pictures of the size and colours that it was trained on: for MNIST 28×28, grey, white on black."""
    recipe: RecipeName = None
    zero_to_one: ZeroToOne = False

    def run(self) -> int:
        """Prints an answer for each picture."""
        if not self.pictures:
            raise UserError("name at least one picture to judge")
        import numpy as np

        from ms_gan import device
        from ms_gan.games.objectives import PROBABILITIES, find_objective
        from ms_gan.networks.evaluation import judge
        from ms_gan.pictures.read import read_picture
        from ms_gan.records.trained import load_discriminator, recipe_of

        device.choose_device()
        recipe = recipe_of(self.file, self.recipe)
        pixels = np.stack([read_picture(path, recipe.image_shape) for path in self.pictures])
        discriminator = load_discriminator(self.file, self.recipe, self.zero_to_one)
        objective = find_objective(recipe.objective)
        name = "D(x)" if objective.answers == PROBABILITIES else "score"
        for path, answer in zip(self.pictures, judge(discriminator, pixels, objective.answer), strict=True):
            print(f"{shown(path)}: {name} = {answer:.4f}")
        return 0
