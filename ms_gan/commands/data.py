"""ms-gan data mnist: checks the data set, or downloads it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro


@dataclass
class Data:
    """Check a data set, unpacking or downloading it where that is needed."""

    name: Annotated[Literal["mnist"], tyro.conf.Positional]
    """Which data set."""
    data: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None
    """Its folder: data/MNIST_Data unless given."""

    def run(self) -> int:
        """Prints what is there, a line for each part."""
        from ms_gan.data.mnist import find_mnist, load_images

        for split in ("train", "test"):
            images = load_images(self.data, split)
            count, height, width, _ = images.shape
            print(f"{split:5}  {count:6,} images of {height}×{width}, in {find_mnist(self.data, split)}")
        return 0
