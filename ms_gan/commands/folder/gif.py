"""ms-gan gif [DIR]: the pictures of a run as evolution.gif."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro


@dataclass
class Gif:
    """Make evolution.gif of the pictures of a run."""

    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")] = Path("result")
    """The folder of the run."""

    def run(self) -> int:
        """Writes DIR/evolution.gif, and pictures that the run could not write."""
        from ms_gan.records.drawings import draw_evolution, draw_missing_pictures
        from ms_gan.records.run_folder import RunFolder

        draw_missing_pictures(RunFolder(self.folder))
        print(draw_evolution(RunFolder(self.folder)))
        return 0
