"""ms-gan sample FILE: draws with a trained generator."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from ms_gan.commands.weights import RecipeName, ZeroToOne
from ms_gan.errors import UserError

MOST = 10_000


@dataclass
class Sample:
    """Draw pictures with a trained generator."""

    file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")]
    """A generator's weights, such as result/checkpoints/Generator99.ckpt."""
    recipe: RecipeName = None
    zero_to_one: ZeroToOne = False
    count: int = 25
    """Pictures to draw."""
    seed: int = 0
    """Fixes the latent codes."""
    out: Annotated[Path, tyro.conf.arg(metavar="PNG")] = Path("samples.png")
    """Where to put the sheet."""

    def run(self) -> int:
        """Writes one sheet of pictures."""
        if not 1 <= self.count <= MOST:
            raise UserError(f"--count {self.count}: it must be from 1 to {MOST:,}")
        if not 0 <= self.seed < 2**32:
            raise UserError(f"--seed {self.seed}: it must be from 0 to {2**32 - 1}")
        from ms_gan import device
        from ms_gan.data.latent import fixed_codes
        from ms_gan.networks.evaluation import draw
        from ms_gan.pictures.grid import save_grid
        from ms_gan.records.trained import load_generator, recipe_of

        device.choose_device()
        generator, latent_size = load_generator(self.file, self.recipe, self.zero_to_one)
        columns = 5 if self.count <= 25 else 10
        codes = fixed_codes(self.count, latent_size, self.seed, recipe_of(self.file, self.recipe).noise)
        save_grid(self.out, draw(generator, codes), columns)
        print(f"{self.count} pictures from {self.file}, seed {self.seed}: {self.out}")
        return 0
