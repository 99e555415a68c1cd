"""The pairs of networks by name, and what several of them refuse. Each is registered in its own file."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ms_gan.choices import Choices
from ms_gan.errors import UserError

if TYPE_CHECKING:
    from mindspore import nn

MNIST_SHAPE = (1, 28, 28)

PAIRS: "Choices[Callable[[int, tuple[int, int, int], int, str], tuple[nn.Cell, nn.Cell]]]" = Choices("networks")
"""By name: pair(latent_size, image_shape, width, activation) → (generator, discriminator), what `networks.build` takes
and returns. It raises UserError for what it cannot do. A user may add one: `PAIRS["mine"] = pair`."""


def refuse_shapes(networks: str, image_shape: tuple[int, int, int]) -> None:
    """Raises UserError, on behalf of a pair that makes MNIST's pictures, if others are asked for."""
    if image_shape != MNIST_SHAPE:
        raise UserError(
            f"{networks} cannot make pictures of {'×'.join(map(str, image_shape))} (channels, height, width): it makes "
            "grey ones of 28×28; for others there is dcgan64 (--networks dcgan64)"
        )


def refuse_activations(networks: str, activation: str) -> None:
    """Raises UserError, on behalf of a pair that keeps its own activation, if another one is asked for."""
    if activation != "own":
        raise UserError(f"{networks} keeps its own activation; {activation} is for mlp, mlp-cs231n")
