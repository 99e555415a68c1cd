"""ms-gan data mnist|faces|cartoon: checks, downloads or draws a data set."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro


@dataclass
class Mnist:
    """Check MNIST, unpacking or downloading it where that is needed."""

    data: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None
    """Its folder: data/MNIST_Data unless given."""

    def run(self) -> int:
        """Prints what is there, a line for each part."""
        from ms_gan.data.mnist.files import find_mnist, load_images

        for split in ("train", "test"):
            images = load_images(self.data, split)
            count, height, width, _ = images.shape
            print(f"{split:5}  {count:6,} images of {height}×{width}, in {find_mnist(self.data, split)}")
        return 0


@dataclass
class Faces:
    """Download the slides' 70,171 anime faces (275 MB). Ctrl-C stops; run again, it goes on."""

    out: Annotated[Path, tyro.conf.arg(metavar="DIR")] = Path("data", "faces")
    """Where to put them."""

    def run(self) -> int:
        """Downloads, checks and unpacks."""
        from ms_gan.data.faces.anime import download_faces

        download_faces(self.out)
        return 0


@dataclass
class Cartoon:
    """Draw cartoon faces to train on, without a network. Ctrl-C stops; run again, it goes on."""

    count: int = 10_000
    """Faces in all; those that are there already stay."""
    size: int = 96
    """Pixels of a face's side."""
    seed: int = 7
    """Fixes the faces: each follows from the seed and its number."""
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")] = Path("data", "cartoon")
    """Where to put them."""

    def run(self) -> int:
        """Draws those that are missing."""
        from ms_gan.data.faces.cartoon import draw_cartoons

        draw_cartoons(self.out, self.count, self.size, self.seed)
        return 0


@dataclass
class Data:
    """Check, download or draw a data set."""

    name: Annotated[
        Annotated[Mnist, tyro.conf.subcommand("mnist")]
        | Annotated[Faces, tyro.conf.subcommand("faces")]
        | Annotated[Cartoon, tyro.conf.subcommand("cartoon")],
        tyro.conf.arg(name=""),
    ]

    def run(self) -> int:
        """Does it."""
        return self.name.run()
