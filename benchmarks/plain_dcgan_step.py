"""The convolutional pair in plain MindSpore, as a student would write it: PyNative, all layers MindSpore's own."""

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn
from slides_step import make_update

BATCH, LATENT = 128, 96


def convolution(inputs: int, outputs: int) -> nn.Cell:
    """5×5, no padding."""
    return nn.Conv2d(inputs, outputs, 5, pad_mode="valid", has_bias=True)


def doubling(inputs: int, outputs: int) -> nn.Cell:
    """A transposed convolution 4×4 with stride 2."""
    return nn.Conv2dTranspose(inputs, outputs, 4, 2, pad_mode="pad", padding=1, has_bias=True)


def make_generator() -> nn.Cell:
    """The notebook's convolutional generator."""
    return nn.SequentialCell(
        *(nn.Dense(LATENT, 1024), nn.ReLU(), nn.BatchNorm1d(1024)),
        *(nn.Dense(1024, 6272), nn.ReLU(), nn.BatchNorm1d(6272), nn.Unflatten(1, (128, 7, 7))),
        *(doubling(128, 64), nn.ReLU(), nn.BatchNorm2d(64)),
        *(doubling(64, 1), nn.Tanh()),
    )


def make_discriminator() -> nn.Cell:
    """The notebook's convolutional discriminator, scores out."""
    return nn.SequentialCell(
        *(convolution(1, 32), nn.LeakyReLU(0.01), nn.MaxPool2d(2, 2)),
        *(convolution(32, 64), nn.LeakyReLU(0.01), nn.MaxPool2d(2, 2), nn.Flatten()),
        *(nn.Dense(1024, 1024), nn.LeakyReLU(0.01), nn.Dense(1024, 1)),
    )


def make_step():
    """A function that makes one step on a fixed batch and waits for its two losses."""
    ms.set_device("CPU")
    rng = np.random.default_rng(0)
    image = Tensor(rng.uniform(-1, 1, (BATCH, 1, 28, 28)).astype(np.float32))
    noise = Tensor(rng.uniform(-1, 1, (BATCH, LATENT)).astype(np.float32))
    networks = make_generator(), make_discriminator()
    return make_update(*networks, nn.BCEWithLogitsLoss(), image, noise, learning_rate=1e-3)
