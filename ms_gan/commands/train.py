"""ms-gan train RECIPE: trains, and leaves pictures, losses and checkpoints in a folder."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from ms_gan.recipes import Recipe, find_recipe

NEWEST = "newest"
"""What `--resume` alone means."""

Settings = tyro.conf.OmitArgPrefixes[tyro.conf.FlagConversionOff[Recipe]]
"""A recipe's settings as options: --epochs 5, --drop-remainder False."""


@dataclass
class Train:
    """Train by a recipe: progress here; pictures, losses and checkpoints in a folder. Ctrl-C stops, and saves."""

    recipe: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="RECIPE")] = "gan"
    """What to train: see ms-gan recipes."""
    resume: Annotated[str | None, tyro.conf.arg(metavar="[FILE]")] = None
    """Go on from the newest epoch in --result, or from FILE, such as result/checkpoints/Generator99.ckpt."""
    result: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None
    """The folder of the run: result for the slides' gan, result/RECIPE for another."""
    data: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None
    """The folder of MNIST's files, unpacked or not (data/MNIST_Data unless given), or of pictures of your own."""
    device: Annotated[str | None, tyro.conf.arg(metavar="CPU|GPU|Ascend")] = None
    """Where to compute: Ascend or GPU if MindSpore has one here, else CPU."""
    layers: Annotated[str | None, tyro.conf.arg(metavar="plain|fast")] = None
    """plain: MindSpore's own layers; fast: the same, computed faster on a processor, which is the default there."""
    keep_every: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """Keep the newest three epochs and every Nth (10: epochs 10, 20, …); all unless given, or as the resumed run."""
    skip_bad: bool = False
    """Train on what can be read of a folder of pictures, however many of them cannot."""
    settings: Settings = field(default_factory=Recipe)

    @property
    def folder(self) -> Path:
        """Where the run goes: `result` itself for the slides' gan, as on the slides."""
        return self.result or (Path("result") if self.recipe == "gan" else Path("result", self.recipe))

    def with_defaults(self) -> "Train":
        """What the options are unless they are given: the recipe's numbers, or those of the run that is resumed.

        Raises:
            UserError: there is no such recipe.
        """
        default = Train(recipe=self.recipe, settings=find_recipe(self.recipe))
        if self.resume is None:
            return default
        from ms_gan.records.run_folder import RunFolder, run_of

        newest = self.resume == NEWEST
        folder = RunFolder(self.folder) if newest else run_of(Path(self.resume))
        default.result = folder.root if newest else None
        default.settings = folder.read_recipe() or default.settings
        default.recipe = folder.read_recipe_name() or self.recipe
        return default

    def run(self) -> int:
        """Trains. Returns 0, or 128 and the number of the signal that stopped it: 130 for Ctrl-C, 143 for SIGTERM."""
        from ms_gan.runs.interrupt import told_apart

        with told_apart():
            from ms_gan.runs.run import train

            stopped_by = train(self.settings, self._running())
        return 0 if stopped_by is None else 128 + stopped_by

    def check(self) -> None:
        """Raises UserError for what would keep the training from starting, before anything is computed or written."""
        from ms_gan.runs.run import check

        check(self.settings, self._running())

    def _running(self):
        from ms_gan.runs.run import Running

        return Running(
            result=self.folder,
            recipe_name=self.recipe,
            data=self.data,
            device=self.device,
            resume=self.resume,
            layers=self.layers,
            keep_every=self.keep_every,
            skip_bad=self.skip_bad,
        )
