"""Pairs so small that their game can be watched: "images" are points of one or two numbers, N×1×1×numbers.

That is the shape of an image of one row, so players, objectives and step take them as any other.
"""

import mindspore as ms
from mindspore import nn

from ms_gan.errors import UserError

SHARPER = 4.0


class LineGenerator(nn.Cell):
    """Latent codes N×1 in [−1, 1] to points of one number, N×1×1×1: G(z) = z + what the layers add.

    So it begins near the identity, and p_G near the distribution of z. Tanh keeps it smooth: p_G has no jumps inside.
    The first layer's numbers begin 4 times as large as elsewhere, so that its units bend within short pieces of
    [−1, 1]: with the usual ones G is nearly straight, and takes long to stretch z at its ends.
    """

    def __init__(self, width: int):
        super().__init__()
        first = nn.Dense(1, width, has_bias=True)
        for p in first.trainable_params():
            p.set_data(ms.Tensor(SHARPER * p.asnumpy()))
        self.model = nn.SequentialCell(
            first,  # N×width
            nn.Tanh(),
            nn.Dense(width, width, has_bias=True),  # N×width
            nn.Tanh(),
            nn.Dense(width, 1, has_bias=True),  # N×1
        )

    def construct(self, latent_code):
        return (latent_code + self.model(latent_code)).reshape((-1, 1, 1, 1))


class LineDiscriminator(nn.Cell):
    """Points of one number, N×1×1×1, to scores N×1."""

    def __init__(self, width: int):
        super().__init__()
        self.model = nn.SequentialCell(
            nn.Dense(1, width, has_bias=True),  # N×width
            nn.Tanh(),
            nn.Dense(width, width, has_bias=True),  # N×width
            nn.Tanh(),
            nn.Dense(width, 1, has_bias=True),  # N×1
        )

    def construct(self, image):
        return self.model(image.reshape((-1, 1)))


class PlaneGenerator(nn.Cell):
    """Latent codes N×latent_size to points of the plane, N×1×1×2."""

    def __init__(self, latent_size: int, width: int):
        super().__init__()
        self.model = nn.SequentialCell(
            nn.Dense(latent_size, width, has_bias=True),  # N×width
            nn.LeakyReLU(alpha=0.2),
            nn.Dense(width, width, has_bias=True),  # N×width
            nn.LeakyReLU(alpha=0.2),
            nn.Dense(width, 2, has_bias=True),  # N×2
        )

    def construct(self, latent_code):
        return self.model(latent_code).reshape((-1, 1, 1, 2))


class PlaneDiscriminator(nn.Cell):
    """Points of the plane, N×1×1×2, to scores N×1.

    A single hidden layer: weaker than its generator, as D is where modes collapse.
    """

    def __init__(self, width: int):
        super().__init__()
        self.model = nn.SequentialCell(
            nn.Dense(2, width, has_bias=True),  # N×width
            nn.LeakyReLU(alpha=0.2),
            nn.Dense(width, 1, has_bias=True),  # N×1
        )

    def construct(self, image):
        return self.model(image.reshape((-1, 2)))


def build_toy(networks: str, latent_size: int, width: int) -> tuple[nn.Cell, nn.Cell]:
    """A small pair with fresh weights.

    Args:
        networks: "line" (points of one number) or "plane" (of two).
        latent_size: numbers in a latent code; 1 for "line".
        width: units in each hidden layer.

    Raises:
        UserError: there is no such pair, or not with this latent size.
    """
    if networks == "line" and latent_size == 1:
        return LineGenerator(width), LineDiscriminator(width)
    if networks == "plane":
        return PlaneGenerator(latent_size, width), PlaneDiscriminator(width)
    raise UserError(f"no small pair {networks!r} of latent size {latent_size}: there is line, of 1, and plane, of any")
