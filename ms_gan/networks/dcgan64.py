"""Radford's pair for square pictures of 32 to 128 pixels (slide DCGAN; Radford, Metz and Chintala 2015, section 3).

No pooling and no hidden fully connected layers: strided convolutions halve the picture in D, transposed ones double it
in G. Batch normalisation in both, but for G's last and D's first layer; ReLU in G, Tanh at its end, LeakyReLU in D. All
convolutions are 4×4 and have no bias: batch normalisation would take it away again. Weights are drawn from N(0, 0.02),
the scales of batch normalisation from N(1, 0.02).

Inside, an image is a column of pixels (see `columns.py` and `strided.py`).
"""

from mindspore import nn, ops
from mindspore.common.initializer import Normal

from ms_gan.errors import UserError
from ms_gan.networks.fast.columns import BatchNorm
from ms_gan.networks.fast.rows import LeakyReLU
from ms_gan.networks.fast.strided import DoublingConv2dTranspose, HalvingConv2d, PixelConv2dTranspose, WholeConv2d

SMALLEST = {32: 4, 48: 6, 64: 4, 96: 6, 128: 4}
"""By the side of the pictures: the side of G's first feature maps and of D's last, which is doubled 3 to 5 times."""


class Generator(nn.Cell):
    """Latent codes N×latent_size to images N×channels×side×side in [−1, 1].

    At 64×64, 3 channels, width 64 and 100 numbers in a latent code, 3,576,704 weights:

        100 numbers ─► 512 maps of 4×4 ─► 256 of 8×8 ─► 128 of 16×16 ─► 64 of 32×32 ─► 3 channels of 64×64
    """

    def __init__(self, latent_size: int, channels: int, side: int, width: int):
        super().__init__()
        size = SMALLEST[side]
        maps = width * (side // size) // 2
        layers = [PixelConv2dTranspose(latent_size, maps, kernel=size), _batch_norm(maps), nn.ReLU()]
        while 2 * size < side:
            layers += [DoublingConv2dTranspose(maps, maps // 2, size), _batch_norm(maps // 2), nn.ReLU()]
            maps, size = maps // 2, 2 * size
        self.model = nn.SequentialCell(*layers, DoublingConv2dTranspose(maps, channels, size), nn.Tanh())
        self.image_shape = (channels, side, side)

    def construct(self, latent_code):
        images = self.model(ops.transpose(latent_code, (1, 0)))
        return ops.transpose(images, (1, 0)).reshape((-1, *self.image_shape))


class Discriminator(nn.Cell):
    """Images N×channels×side×side in [−1, 1] to scores N×1.

    At 64×64, 3 channels and width 64, 2,765,568 weights:

        3 channels of 64×64 ─► 64 maps of 32×32 ─► 128 of 16×16 ─► 256 of 8×8 ─► 512 of 4×4 ─► 1 score
    """

    def __init__(self, channels: int, side: int, width: int):
        super().__init__()
        layers = [HalvingConv2d(channels, width, side), LeakyReLU(0.2)]
        maps, size = width, side // 2
        while size > SMALLEST[side]:
            layers += [HalvingConv2d(maps, 2 * maps, size), _batch_norm(2 * maps), LeakyReLU(0.2)]
            maps, size = 2 * maps, size // 2
        self.model = nn.SequentialCell(*layers, WholeConv2d(maps, 1, kernel=size))
        self.pixels = channels * side * side

    def construct(self, image):
        scores = self.model(ops.transpose(image.reshape((-1, self.pixels)), (1, 0)))
        return scores.reshape((-1, 1))


def _batch_norm(features: int) -> BatchNorm:
    return BatchNorm(features, gamma_init=Normal(sigma=0.02, mean=1.0))


def pair(latent_size: int, image_shape: tuple[int, int, int], width: int) -> tuple[Generator, Discriminator]:
    """Radford's pair with fresh weights, for images of a shape (channels, side, side).

    Raises:
        UserError: the networks cannot make pictures of that size.
    """
    channels, height, side = image_shape
    if side not in SMALLEST or height != side or channels not in (1, 3):
        raise UserError(
            f"dcgan64 cannot make pictures of {channels}×{height}×{side} (channels, height, width): they must be "
            f"squares of {', '.join(map(str, SMALLEST))} pixels a side, with 1 or 3 channels"
        )
    return Generator(latent_size, channels, side, width), Discriminator(channels, side, width)
