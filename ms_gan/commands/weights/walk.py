"""ms-gan walk FILE: walks from one latent code to the next."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from ms_gan.commands.weights import RecipeName, ZeroToOne
from ms_gan.errors import UserError

STEPS = 11  # pictures of a walk in the strip
MOST = 160  # frames: more of them would make the film larger than 2 MB


@dataclass
class Walk:
    """Walk from one latent code to the next, on the straight line and on the great circle, as a strip and a film."""

    file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")]
    """A generator's weights, such as result/checkpoints/Generator99.ckpt."""
    recipe: RecipeName = None
    zero_to_one: ZeroToOne = False
    codes: int = 4
    """Latent codes that the film leads through, and back to the first; the strip goes from the first to the second."""
    frames: int = 16
    """Steps of the film from one code to the next."""
    seed: int = 0
    """Fixes the latent codes."""
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")] = Path(".")
    """The folder that walk.png and walk.gif go to."""

    def run(self) -> int:
        """Writes walk.png and walk.gif."""
        self._check()
        import numpy as np

        from ms_gan import device
        from ms_gan.data.latent import fixed_codes
        from ms_gan.networks.evaluation import draw
        from ms_gan.records.trained import load_generator, recipe_of
        from ms_gan.studies.walk.paths import WALKS, round_walk, usual_code_lengths
        from ms_gan.studies.walk.strip import Walked, film_walks, plot_walks

        device.choose_device()
        generator, latent_size = load_generator(self.file, self.recipe, self.zero_to_one)
        noise = recipe_of(self.file, self.recipe).noise
        codes, usual = fixed_codes(self.codes, latent_size, self.seed, noise), usual_code_lengths(latent_size, noise)
        ways = {name: walk(*codes[:2], np.linspace(0, 1, STEPS)) for name, walk in WALKS.items()}
        rounds = {name: round_walk(walk, codes, self.frames) for name, walk in WALKS.items()}
        strip, film = ({name: Walked(draw(generator, way), way) for name, way in w.items()} for w in (ways, rounds))
        title = f"From one latent code to another, {self.file.name}, seed {self.seed}"
        plot_walks(self.out / "walk.png", strip, usual, title)
        film_walks(self.out / "walk.gif", film, self.frames)
        self._report(strip, usual)
        return 0

    def _check(self) -> None:
        if self.codes < 2 or self.frames < 1 or self.codes * self.frames > MOST:
            raise UserError(
                f"--codes {self.codes}, --frames {self.frames}: there must be at least 2 codes, at least 1 frame from "
                f"one to the next, and {MOST} frames in all at most"
            )
        if not 0 <= self.seed < 2**32:
            raise UserError(f"--seed {self.seed}: it must be from 0 to {2**32 - 1}")

    def _report(self, strip: dict, usual: tuple[float, float]) -> None:
        middles = ", ".join(f"{walk.lengths[STEPS // 2]:.2f} on the {name}" for name, walk in strip.items())
        print(f"98 of 100 latent codes have a length from {usual[0]:.2f} to {usual[1]:.2f}; half way: {middles}")
        print(f"from the first code to the second: {self.out / 'walk.png'}")
        print(f"through {self.codes} codes and back: {self.out / 'walk.gif'}")
