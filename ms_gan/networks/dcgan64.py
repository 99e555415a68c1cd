"""Radford's pair for square pictures of 32 to 128 pixels (slide DCGAN; Radford, Metz and Chintala 2015, section 3).

No pooling and no hidden fully connected layers: strided convolutions halve the picture in D, transposed ones double it
in G. Batch normalisation in both, but for G's last and D's first layer; ReLU in G, Tanh at its end, LeakyReLU in D. All
convolutions are 4×4 and have no bias: batch normalisation would take it away again. Weights are drawn from N(0, 0.02),
the scales of batch normalisation from N(1, 0.02).
"""

from mindspore import nn
from mindspore.common.initializer import Normal

from ms_gan.errors import UserError
from ms_gan.networks.pairs import PAIRS, refuse_activations

SMALLEST = {32: 4, 48: 6, 64: 4, 96: 6, 128: 4}
"""By the side of the pictures: the side of G's first feature maps and of D's last, which is doubled 3 to 5 times."""


def _halving(inputs: int, outputs: int) -> nn.Conv2d:
    """Half the height and width."""
    return nn.Conv2d(
        inputs, outputs, kernel_size=4, stride=2, pad_mode="pad", padding=1, has_bias=False, weight_init=_small()
    )


def _doubling(inputs: int, outputs: int) -> nn.Conv2dTranspose:
    """Twice the height and width."""
    return nn.Conv2dTranspose(
        inputs, outputs, kernel_size=4, stride=2, pad_mode="pad", padding=1, has_bias=False, weight_init=_small()
    )


def _small() -> Normal:
    return Normal(sigma=0.02, mean=0.0)


def _batch_norm(features: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(features, eps=1e-5, momentum=0.9, gamma_init=Normal(sigma=0.02, mean=1.0))


class Generator(nn.Cell):
    """Latent codes N×latent_size to images N×channels×side×side in [−1, 1].

    At 64×64, 3 channels, width 64 and 100 numbers in a latent code, 3,576,704 weights:

        100 numbers ─► 512 maps of 4×4 ─► 256 of 8×8 ─► 128 of 16×16 ─► 64 of 32×32 ─► 3 channels of 64×64
    """

    def __init__(self, latent_size: int, channels: int, side: int, width: int):
        super().__init__()
        size = SMALLEST[side]
        maps = width * (side // size) // 2
        first = nn.Conv2dTranspose(
            latent_size, maps, kernel_size=size, stride=1, pad_mode="valid", has_bias=False, weight_init=_small()
        )
        layers = [first, _batch_norm(maps), nn.ReLU()]  # N×maps×size×size
        while 2 * size < side:
            layers += [_doubling(maps, maps // 2), _batch_norm(maps // 2), nn.ReLU()]  # N×maps/2×2·size×2·size
            maps, size = maps // 2, 2 * size
        self.model = nn.SequentialCell(*layers, _doubling(maps, channels), nn.Tanh())  # N×channels×side×side
        self.latent_size = latent_size

    def construct(self, latent_code):
        return self.model(latent_code.reshape((-1, self.latent_size, 1, 1)))  # pictures of a single pixel


class Discriminator(nn.Cell):
    """Images N×channels×side×side in [−1, 1] to scores N×1.

    At 64×64, 3 channels and width 64, 2,765,568 weights:

        3 channels of 64×64 ─► 64 maps of 32×32 ─► 128 of 16×16 ─► 256 of 8×8 ─► 512 of 4×4 ─► 1 score
    """

    def __init__(self, channels: int, side: int, width: int):
        super().__init__()
        layers = [_halving(channels, width), nn.LeakyReLU(alpha=0.2)]  # N×width×side/2×side/2
        maps, size = width, side // 2
        while size > SMALLEST[side]:
            layers += [
                _halving(maps, 2 * maps),
                _batch_norm(2 * maps),
                nn.LeakyReLU(alpha=0.2),
            ]  # N×2·maps×size/2×size/2
            maps, size = 2 * maps, size // 2
        last = nn.Conv2d(maps, 1, kernel_size=size, stride=1, pad_mode="valid", has_bias=False, weight_init=_small())
        self.model = nn.SequentialCell(*layers, last, nn.Flatten())  # N×1×1×1, N×1

    def construct(self, image):
        return self.model(image)


@PAIRS.register("dcgan64")
def pair(latent_size: int, image_shape: tuple[int, int, int], width: int = 64, activation: str = "own"):
    """Radford's pair with fresh weights, as `networks.build` describes, for images of a shape (channels, side, side).

    Raises:
        UserError: the networks cannot make pictures of that size, or another activation is asked for.
    """
    refuse_activations("dcgan64", activation)
    channels, height, side = image_shape
    if side not in SMALLEST or height != side or channels not in (1, 3):
        raise UserError(
            f"dcgan64 cannot make pictures of {channels}×{height}×{side} (channels, height, width): they must be "
            f"squares of {', '.join(map(str, SMALLEST))} pixels a side, with 1 or 3 channels"
        )
    return Generator(latent_size, channels, side, width), Discriminator(channels, side, width)
