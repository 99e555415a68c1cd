"""CS231n's convolutional pair for pictures of 28×28 and one channel.

The discriminator is that of TensorFlow's MNIST tutorial, the generator InfoGAN's (Chen et al. 2016, appendix C.1).
Inside, an image is a column of pixels (see `columns.py`).
"""

from mindspore import nn, ops

from ms_gan.networks.fast.columns import BatchNorm, Dense, DoublingConv2dTranspose, PooledConv2d
from ms_gan.networks.fast.rows import LeakyReLU
from ms_gan.networks.mlp import IMAGE_SHAPE, PIXELS


class Generator(nn.Cell):
    """Latent codes N×latent_size to images N×1×28×28 in [−1, 1]; 6,580,801 weights at a latent size of 4."""

    def __init__(self, latent_size: int):
        super().__init__()
        self.model = nn.SequentialCell(
            Dense(latent_size, 1024),
            nn.ReLU(),
            BatchNorm(1024),
            Dense(1024, 128 * 7 * 7),
            nn.ReLU(),
            BatchNorm(128 * 7 * 7),
            DoublingConv2dTranspose(128, 64, size=7),  # 64 channels of 14×14
            nn.ReLU(),
            BatchNorm(64),
            DoublingConv2dTranspose(64, 1, size=14),  # 28×28
            nn.Tanh(),
        )

    def construct(self, latent_code):
        images = self.model(ops.transpose(latent_code, (1, 0)))
        return ops.transpose(images, (1, 0)).reshape((-1, *IMAGE_SHAPE))


class Discriminator(nn.Cell):
    """Images N×1×28×28 in [−1, 1] to scores N×1; 1,102,721 weights.

    The notebook applies LeakyReLU before it takes the largest of four; after it, the numbers are the same.
    """

    def __init__(self):
        super().__init__()
        self.model = nn.SequentialCell(
            PooledConv2d(1, 32, kernel=5, size=28),  # 32 channels of 12×12
            LeakyReLU(0.01),
            PooledConv2d(32, 64, kernel=5, size=12),  # 64 channels of 4×4
            LeakyReLU(0.01),
            Dense(64 * 4 * 4, 64 * 4 * 4),
            LeakyReLU(0.01),
            Dense(64 * 4 * 4, 1),
        )

    def construct(self, image):
        scores = self.model(ops.transpose(image.reshape((-1, PIXELS)), (1, 0)))
        return scores.reshape((-1, 1))


def pair(latent_size: int) -> tuple[Generator, Discriminator]:
    """The notebook's convolutional pair with fresh weights."""
    return Generator(latent_size), Discriminator()
