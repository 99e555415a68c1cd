"""Fully connected pairs: the slides' generator and discriminator, and those of CS231n's notebook."""

import functools
from collections.abc import Callable

from mindspore import nn

from ms_gan.errors import UserError
from ms_gan.networks.pairs import MNIST_SHAPE, PAIRS, refuse_shapes

ACTIVATIONS: dict[str, Callable[[], nn.Cell]] = {
    "relu": nn.ReLU,
    "leaky-relu": functools.partial(nn.LeakyReLU, alpha=0.2),  # slide 判别器
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}
"""What the hidden layers may have in place of their own (slide 接下来)."""


def _hidden(activation: str, own: Callable[[], nn.Cell]) -> Callable[[], nn.Cell]:
    """What makes the activation of a hidden layer."""
    if activation != "own" and activation not in ACTIVATIONS:
        raise UserError(f"unknown activation {activation!r}: there is own, {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS.get(activation, own)


class Generator(nn.Cell):
    """Latent codes N×latent_size to images N×1×28×28 in [−1, 1] (slide 生成器)."""

    def __init__(self, latent_size: int, activation: str = "own"):
        super().__init__()
        hidden = _hidden(activation, nn.ReLU)
        self.model = nn.SequentialCell(
            nn.Dense(latent_size, 128, has_bias=True),  # N×128
            hidden(),
            nn.Dense(128, 256, has_bias=True),  # N×256
            nn.BatchNorm1d(256, eps=1e-5, momentum=0.9),
            hidden(),
            nn.Dense(256, 512, has_bias=True),  # N×512
            nn.BatchNorm1d(512, eps=1e-5, momentum=0.9),
            hidden(),
            nn.Dense(512, 1024, has_bias=True),  # N×1024
            nn.BatchNorm1d(1024, eps=1e-5, momentum=0.9),
            hidden(),
            nn.Dense(1024, 28 * 28, has_bias=True),  # N×784
            nn.Tanh(),
        )

    def construct(self, latent_code):
        return self.model(latent_code).reshape((-1, *MNIST_SHAPE))


class Discriminator(nn.Cell):
    """Images N×1×28×28 in [−1, 1] to scores N×1 (slide 判别器).

    The slides end in Sigmoid, a probability; here sigmoid(score) is taken where a probability is shown, and the
    losses are computed from the scores, which stay exact where a float32 sigmoid is exactly 0 or 1.
    """

    def __init__(self, activation: str = "own"):
        super().__init__()
        hidden = _hidden(activation, functools.partial(nn.LeakyReLU, alpha=0.2))
        self.model = nn.SequentialCell(
            nn.Dense(28 * 28, 512, has_bias=True),  # N×512
            hidden(),
            nn.Dense(512, 256, has_bias=True),  # N×256
            hidden(),
            nn.Dense(256, 1, has_bias=True),  # N×1
        )

    def construct(self, image):
        return self.model(image.reshape((-1, 28 * 28)))


@PAIRS.register("mlp")
def pair(latent_size: int, image_shape=MNIST_SHAPE, width: int = 64, activation: str = "own"):
    """The slides' pair with fresh weights, as `networks.build` describes."""
    refuse_shapes("mlp", image_shape)
    return Generator(latent_size, activation), Discriminator(activation)


class NotebookGenerator(nn.Cell):
    """Latent codes N×latent_size to images N×1×28×28 in [−1, 1] (CS231n's generator): 1,858,320 parameters at 4."""

    def __init__(self, latent_size: int, activation: str = "own"):
        super().__init__()
        hidden = _hidden(activation, nn.ReLU)
        self.model = nn.SequentialCell(
            nn.Dense(latent_size, 1024, has_bias=True),  # N×1024
            hidden(),
            nn.Dense(1024, 1024, has_bias=True),  # N×1024
            hidden(),
            nn.Dense(1024, 28 * 28, has_bias=True),  # N×784
            nn.Tanh(),
        )

    def construct(self, latent_code):
        return self.model(latent_code).reshape((-1, *MNIST_SHAPE))


class NotebookDiscriminator(nn.Cell):
    """Images N×1×28×28 in [−1, 1] to scores N×1 (CS231n's discriminator): 267,009 parameters."""

    def __init__(self, activation: str = "own"):
        super().__init__()
        hidden = _hidden(activation, functools.partial(nn.LeakyReLU, alpha=0.01))
        self.model = nn.SequentialCell(
            nn.Dense(28 * 28, 256, has_bias=True),  # N×256
            hidden(),
            nn.Dense(256, 256, has_bias=True),  # N×256
            hidden(),
            nn.Dense(256, 1, has_bias=True),  # N×1
        )

    def construct(self, image):
        return self.model(image.reshape((-1, 28 * 28)))


@PAIRS.register("mlp-cs231n")
def notebook_pair(latent_size: int, image_shape=MNIST_SHAPE, width: int = 64, activation: str = "own"):
    """The notebook's fully connected pair with fresh weights; as `pair`."""
    refuse_shapes("mlp-cs231n", image_shape)
    return NotebookGenerator(latent_size, activation), NotebookDiscriminator(activation)
