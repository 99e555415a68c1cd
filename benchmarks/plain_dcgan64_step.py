"""Radford's pair in plain MindSpore, as a student would write it: PyNative, all layers MindSpore's own."""

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn
from slides_step import make_update

BATCH, LATENT, WIDTH = 64, 100, 64


def doubling(inputs: int, outputs: int) -> nn.Cell:
    """A transposed convolution 4×4 with stride 2."""
    return nn.Conv2dTranspose(inputs, outputs, 4, 2, pad_mode="pad", padding=1)


def halving(inputs: int, outputs: int) -> nn.Cell:
    """A convolution 4×4 with stride 2."""
    return nn.Conv2d(inputs, outputs, 4, 2, pad_mode="pad", padding=1)


def make_generator() -> nn.Cell:
    """Radford's generator for 3×64×64."""
    maps = 8 * WIDTH
    layers = [nn.Unflatten(1, (LATENT, 1, 1)), nn.Conv2dTranspose(LATENT, maps, 4, 1, pad_mode="valid")]
    for _ in range(3):
        layers += [nn.BatchNorm2d(maps), nn.ReLU(), doubling(maps, maps // 2)]
        maps //= 2
    return nn.SequentialCell(*layers, nn.BatchNorm2d(maps), nn.ReLU(), doubling(maps, 3), nn.Tanh())


def make_discriminator() -> nn.Cell:
    """Radford's discriminator for 3×64×64, scores out."""
    maps = WIDTH
    layers = [halving(3, maps), nn.LeakyReLU(0.2)]
    for _ in range(3):
        layers += [halving(maps, 2 * maps), nn.BatchNorm2d(2 * maps), nn.LeakyReLU(0.2)]
        maps *= 2
    return nn.SequentialCell(*layers, nn.Conv2d(maps, 1, 4, pad_mode="valid"), nn.Flatten())


def make_step():
    """A function that makes one step on a fixed batch and waits for its two losses."""
    ms.set_device("CPU")
    rng = np.random.default_rng(0)
    image = Tensor(rng.uniform(-1, 1, (BATCH, 3, 64, 64)).astype(np.float32))
    noise = Tensor(rng.standard_normal((BATCH, LATENT)).astype(np.float32))
    networks = make_generator(), make_discriminator()
    return make_update(*networks, nn.BCEWithLogitsLoss(), image, noise, learning_rate=2e-4)
