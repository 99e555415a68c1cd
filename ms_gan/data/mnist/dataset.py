"""MNIST as on the slides (数据加载, 为什么分batch, 开始练): MindSpore's MnistDataset, mapped and batched."""

from collections.abc import Callable, Iterator
from pathlib import Path

import mindspore.dataset as ds
import numpy as np

from ms_gan.data.latent import generator_for
from ms_gan.data.mnist.files import find_mnist
from ms_gan.errors import UserError


def mnist_dataset(
    folder: Path | None,
    batch_size: int,
    latent_size: int,
    seed: int,
    split: str = "train",
    say: Callable[[str], None] = print,
) -> ds.Dataset:
    """(image, latent_code) batches of MNIST, made as on the slides: a Python function runs once an image.

    It is here to be read and measured. Training takes `data.batches.Batches`: it gives the same batches, bit for bit in
    epoch 0, and on two cores an epoch took it 0.1 to 0.3 s, against 5 to 9 s this way. Epochs after the first, of this
    iterator or a later one, have other orders and codes.

    Args:
        folder: of MNIST's files, as for `find_mnist`.
        batch_size: images in a batch; those that fill none are left out.
        latent_size: numbers in a latent code.
        seed: fixes the order of the images and the latent codes, 0 or more.
        split: "train" or "test".
        say: as for `find_mnist`.

    Returns:
        Columns `image` (float32, batch_size×1×28×28, in [−1, 1]) and `latent_code` (float32, batch_size×latent_size,
        from N(0, 1)).

    Raises:
        UserError: as `find_mnist`, or the folder's name is none that MindSpore reads.
    """
    codes = generator_for(seed, 0, "latent code")

    def with_latent_code(image, label):
        """(image, label) → (image, latent_code): bytes H×W×C to float32 C×H×W in [−1, 1], and z ~ N(0, 1)."""
        scaled = (image.astype(np.float32) - 127.5) / 127.5
        return scaled.transpose(2, 0, 1), codes.standard_normal(latent_size, dtype=np.float32)

    data = ds.MnistDataset(_readable(find_mnist(folder, split, say)), usage=split, num_parallel_workers=1)
    data.use_sampler(_Shuffled(data.get_dataset_size(), generator_for(seed, 0, "order").permutation))
    data = data.map(with_latent_code, ["image", "label"], ["image", "latent_code"], num_parallel_workers=1)
    return data.batch(batch_size, drop_remainder=True, num_parallel_workers=1)


class _Shuffled(ds.Sampler):
    """All images, each epoch in another order. MindSpore's own shuffling follows a seed that all data sets share."""

    def __init__(self, count: int, permutation: Callable[[int], np.ndarray]):
        super().__init__(count)  # told the number, MindSpore asks for an order once an epoch and not to count it, too
        self._count, self._permutation = count, permutation

    def __iter__(self) -> Iterator[int]:
        return iter(self._permutation(self._count).tolist())


def _readable(folder: Path) -> str:
    try:
        str(folder).encode()
    except UnicodeEncodeError as error:
        raise UserError(f"MindSpore reads no folder whose name is not UTF-8, such as {folder}: rename it") from error
    return str(folder)
