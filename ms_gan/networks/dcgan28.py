"""CS231n's convolutional pair for pictures of 28×28 and one channel.

The discriminator is that of TensorFlow's MNIST tutorial, the generator InfoGAN's (Chen et al. 2016, appendix C.1).

First weights are drawn as PyTorch's xavier_uniform_ draws them, from ±√(6 / (fan_in + fan_out)) (Glorot and Bengio
2010), biases as by its default, from ±1/√fan_in. The fans are the second and the first number of the weight's shape,
each times the kernel's height and width. The notebook does so for dense layers and transposed convolutions, and leaves
the weights of D's two convolutions at PyTorch's default, ±1/√fan_in; here they are drawn like the others.
"""

import math

from mindspore import nn
from mindspore.common.initializer import Uniform

from ms_gan.networks.pairs import MNIST_SHAPE, PAIRS, refuse_activations, refuse_shapes


def _first_weights(fan_in: int) -> dict:
    return {"weight_init": "xavier_uniform", "bias_init": Uniform(1 / math.sqrt(fan_in))}


def _dense(inputs: int, outputs: int) -> nn.Dense:
    return nn.Dense(inputs, outputs, has_bias=True, **_first_weights(inputs))


def _convolution(inputs: int, outputs: int) -> nn.Conv2d:
    """5×5 without padding: four pixels less in height and width."""
    first = _first_weights(inputs * 5 * 5)
    return nn.Conv2d(inputs, outputs, kernel_size=5, stride=1, pad_mode="valid", padding=0, has_bias=True, **first)


def _doubling(inputs: int, outputs: int) -> nn.Conv2dTranspose:
    """4×4, two pixels apart: twice the height and width."""
    first = _first_weights(outputs * 4 * 4)
    return nn.Conv2dTranspose(
        inputs, outputs, kernel_size=4, stride=2, pad_mode="pad", padding=1, has_bias=True, **first
    )


class Generator(nn.Cell):
    """Latent codes N×latent_size to images N×1×28×28 in [−1, 1]; 6,580,801 weights at a latent size of 4."""

    def __init__(self, latent_size: int):
        super().__init__()
        self.model = nn.SequentialCell(
            _dense(latent_size, 1024),  # N×1024
            nn.ReLU(),
            nn.BatchNorm1d(1024, eps=1e-5, momentum=0.9),
            _dense(1024, 128 * 7 * 7),  # N×6272
            nn.ReLU(),
            nn.BatchNorm1d(128 * 7 * 7, eps=1e-5, momentum=0.9),
            nn.Unflatten(1, (128, 7, 7)),  # N×128×7×7
            _doubling(128, 64),  # N×64×14×14
            nn.ReLU(),
            nn.BatchNorm2d(64, eps=1e-5, momentum=0.9),
            _doubling(64, 1),  # N×1×28×28
            nn.Tanh(),
        )

    def construct(self, latent_code):
        return self.model(latent_code)


class Discriminator(nn.Cell):
    """Images N×1×28×28 in [−1, 1] to scores N×1; 1,102,721 weights."""

    def __init__(self):
        super().__init__()
        self.model = nn.SequentialCell(
            _convolution(1, 32),  # N×32×24×24
            nn.LeakyReLU(alpha=0.01),
            nn.MaxPool2d(kernel_size=2, stride=2, pad_mode="valid"),  # N×32×12×12
            _convolution(32, 64),  # N×64×8×8
            nn.LeakyReLU(alpha=0.01),
            nn.MaxPool2d(kernel_size=2, stride=2, pad_mode="valid"),  # N×64×4×4
            nn.Flatten(),  # N×1024
            _dense(64 * 4 * 4, 64 * 4 * 4),  # N×1024
            nn.LeakyReLU(alpha=0.01),
            _dense(64 * 4 * 4, 1),  # N×1
        )

    def construct(self, image):
        return self.model(image)


@PAIRS.register("dcgan28")
def pair(latent_size: int, image_shape=MNIST_SHAPE, width: int = 64, activation: str = "own"):
    """The notebook's convolutional pair with fresh weights, as `networks.build` describes."""
    refuse_activations("dcgan28", activation)
    refuse_shapes("dcgan28", image_shape)
    return Generator(latent_size), Discriminator()
