"""ms-gan losses [DIR]: the losses of a run as losses.png."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro


@dataclass
class Losses:
    """Plot the losses of a run, and D's answers, as losses.png."""

    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")] = Path("result")
    """The folder of the run."""

    def run(self) -> int:
        """Writes DIR/losses.png."""
        from ms_gan.records.drawings import draw_losses
        from ms_gan.records.run_folder import RunFolder

        print(draw_losses(RunFolder(self.folder)))
        return 0
