"""One data set as batches of (image, latent_code), or of (image, latent_code, label) (slide 数据加载)."""

from collections.abc import Iterator

import mindspore.dataset as ds
import numpy as np

from ms_gan import pixels
from ms_gan.data import latent
from ms_gan.errors import UserError


class Batches:
    """Batches (image, latent_code[, label]) of one data set; epoch k depends only on (seed, k).

    Each epoch takes the images in an order of its own and leaves out the last ones that fill no batch (slide
    为什么分batch): 60,000 images at 128 a batch are 468 batches, 59,904 images, 96 left out. With
    `drop_remainder=False` they make a last, smaller batch, as in CS231n's notebook. Labels change neither the images
    nor the codes.

    Attributes:
        columns: the names of what a batch holds, in order: "image", "latent_code" and, with labels, "label".
        steps: batches in an epoch.
        images_per_epoch: images in these batches.
        dropped: images left out of each epoch.
    """

    def __init__(
        self,
        images: np.ndarray,
        *,
        batch_size: int,
        latent_size: int,
        seed: int,
        noise: str = "normal",
        drop_remainder: bool = True,
        labels: np.ndarray | None = None,
    ):
        """
        Args:
            images: uint8, N×H×W×C, values 0…255; kept, not copied.
            batch_size: images in a batch, 1…N.
            latent_size: numbers in a latent code, 1 or more.
            seed: 0 or more.
            noise: what latent codes are drawn from, "normal" or "uniform".
            drop_remainder: whether images that fill no batch are left out.
            labels: whole numbers, N, one for each image; None for batches without.

        Raises:
            UserError: a size is out of range, or there is not one label for each image.
        """
        if batch_size < 1 or latent_size < 1:
            raise UserError(f"batch size {batch_size} and latent size {latent_size}: both must be 1 or more")
        if batch_size > len(images):
            raise UserError(
                f"a batch of {batch_size} is more than the {len(images)} images there are: lower the batch size"
            )
        self._images, self._batch_size, self._latent_size, self._seed = images, batch_size, latent_size, seed
        self._labels = None if labels is None else _checked(labels, len(images))
        self.columns = ("image", "latent_code") if labels is None else ("image", "latent_code", "label")
        self._draw = latent.NOISES.find(noise)
        self.steps = len(images) // batch_size if drop_remainder else -(-len(images) // batch_size)
        self.images_per_epoch = min(self.steps * batch_size, len(images))
        self.dropped = len(images) - self.images_per_epoch

    def epoch(self, epoch: int, start: int = 0) -> ds.Dataset:
        """The batches of an epoch, from step `start` on the same as when read from the beginning.

        Args:
            epoch: from 0.
            start: the steps to leave out, 0 ≤ start < steps.

        Returns:
            Columns `image` (float32, batch_size×C×H×W, in [−1, 1]), `latent_code` (float32, batch_size×latent_size)
            and, with labels, `label` (int32, batch_size). The last batch of an epoch may be smaller, see above.
        """
        if not 0 <= start < self.steps:
            raise ValueError(f"start {start} is not one of the {self.steps} steps")
        # the source yields whole batches, so that Python runs once a batch and not once an image
        return ds.GeneratorDataset(
            _Epoch(self, epoch, start),
            list(self.columns),
            shuffle=False,
            num_parallel_workers=1,
            python_multiprocessing=False,
        )

    def rows(self, epoch: int, start: int) -> Iterator[tuple[np.ndarray, ...]]:
        """What `epoch` serves, as NumPy arrays."""
        size = self._batch_size
        order = latent.generator_for(self._seed, epoch, "order").permutation(len(self._images))
        codes = latent.generator_for(self._seed, epoch, "latent code")
        self._draw(codes, start * size, self._latent_size)  # those of the steps left out
        for step in range(start, self.steps):
            places = order[step * size : (step + 1) * size]
            batch = pixels.to_network(self._images[places]), self._draw(codes, len(places), self._latent_size)
            yield batch if self._labels is None else (*batch, self._labels[places])


def _checked(labels: np.ndarray, count: int) -> np.ndarray:
    if labels.shape != (count,):
        raise UserError(f"labels of shape {labels.shape} for {count} images: there must be one for each image")
    if not np.issubdtype(labels.dtype, np.integer):
        raise UserError(f"labels of the kind {labels.dtype}: they must be whole numbers")
    return labels.astype(np.int32)


class _Epoch:
    """What GeneratorDataset reads: it asks for the length, too."""

    def __init__(self, batches: Batches, epoch: int, start: int):
        self._batches, self._epoch, self._start = batches, epoch, start

    def __len__(self) -> int:
        return self._batches.steps - self._start

    def __iter__(self) -> Iterator[tuple[np.ndarray, ...]]:
        return self._batches.rows(self._epoch, self._start)
