"""ms-gan neighbours FILE: does a generator copy? Its samples beside the nearest training pictures."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from ms_gan.commands.weights import RecipeName, ZeroToOne
from ms_gan.errors import UserError

MOST = 1_000  # samples


@dataclass
class Neighbours:
    """Show the training pictures nearest to a generator's samples, and whether the samples are copies of them."""

    file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")]
    """A generator's weights, such as result/checkpoints/Generator99.ckpt."""
    recipe: RecipeName = None
    zero_to_one: ZeroToOne = False
    count: int = 100
    """Samples to draw, and real pictures to compare them with; five of each are shown, the nearest to the farthest."""
    seed: int = 0
    """Fixes the latent codes, and which real pictures are taken."""
    data: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None
    """The folder of the data set that it was trained on; that of its run unless given."""
    out: Annotated[Path, tyro.conf.arg(metavar="PNG")] = Path("neighbours.png")
    """Where to put the sheet."""

    def run(self) -> int:
        """Writes one sheet, and prints what was measured."""
        if not 2 <= self.count <= MOST:
            raise UserError(f"--count {self.count}: it must be from 2 to {MOST:,}")
        if not 0 <= self.seed < 2**32:
            raise UserError(f"--seed {self.seed}: it must be from 0 to {2**32 - 1}")
        from ms_gan import device
        from ms_gan.data.latent import fixed_codes
        from ms_gan.data.sources import load_data_set
        from ms_gan.networks.evaluation import draw
        from ms_gan.records.run_folder import run_of
        from ms_gan.records.trained import load_generator, recipe_of
        from ms_gan.studies.neighbours.beside import plot_neighbours
        from ms_gan.studies.neighbours.copies import describe_copies, find_neighbours, find_real_neighbours

        device.choose_device()
        generator, latent_size = load_generator(self.file, self.recipe, self.zero_to_one)
        recipe = recipe_of(self.file, self.recipe)
        folder = self.data or run_of(self.file).read_data()
        trained_on = load_data_set(recipe, folder, skip_bad=True)  # the run decided what may be left out
        codes = fixed_codes(self.count, latent_size, self.seed, recipe.noise)
        drawn = find_neighbours(draw(generator, codes), trained_on)
        name, real = find_real_neighbours(recipe, folder, trained_on, self.count, self.seed)
        plot_neighbours(self.out, drawn, real, name)
        print(describe_copies(drawn, real, name))
        print(f"five of each beside the nearest of {len(trained_on):,} training pictures: {self.out}")
        return 0
