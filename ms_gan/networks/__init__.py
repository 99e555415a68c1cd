"""Generators and discriminators: arrays in, arrays out; no losses, no optimisers.

They are written plainly, with MindSpore's own layers. What computes them on this device says `computed`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from ms_gan import device
from ms_gan.choices import Choices
from ms_gan.networks.pairs import PAIRS

if TYPE_CHECKING:
    from mindspore import nn

__all__ = ["PAIRS", "build", "computed", "pairs"]


def pairs() -> Choices:
    """PAIRS, with those of this package. (Importing them loads MindSpore, so it is done when they are needed.)"""
    for name in ("mlp", "dcgan28", "dcgan64"):
        import_module(f"{__name__}.{name}")  # which registers its pairs
    return PAIRS


def build(
    networks: str,
    latent_size: int,
    image_shape: tuple[int, int, int] = (1, 28, 28),
    width: int = 64,
    activation: str = "own",
) -> "tuple[nn.Cell, nn.Cell]":
    """A new pair of networks with fresh weights, of MindSpore's own layers.

    Args:
        networks: the name of the pair, as in a recipe: "mlp" (the slides' fully connected one), "mlp-cs231n" (that of
            CS231n's notebook), "dcgan28" (the notebook's convolutional one), "dcgan64" (Radford's), or one that you
            have added to PAIRS.
        latent_size: numbers in a latent code.
        image_shape: (channels, height, width) of a picture. Only dcgan64 makes others than (1, 28, 28): squares of 32,
            48, 64, 96 or 128 pixels a side, with 1 or 3 channels.
        width: feature maps of dcgan64 where its pictures are largest; the others have their own.
        activation: of the hidden layers of both players of mlp and mlp-cs231n: "relu", "leaky-relu", "tanh" or
            "sigmoid"; "own" for each network's own.

    Returns:
        (generator, discriminator): the generator maps latent codes N×latent_size to images N×C×H×W in [−1, 1], the
        discriminator images to scores N×1, logits or whatever the objective takes them for.

    Raises:
        UserError: there is no such pair, it cannot make pictures of that shape, or cannot have that activation.
    """
    return pairs().find(networks)(latent_size, tuple(image_shape), width, activation)


def computed(network: "nn.Cell") -> "nn.Cell":
    """What computes a network on the device in use (`device.layers`): its twin by `fast`, or the same plain layers.

    It has the network's parameters, and a mode of its own (`set_train`), which begins as the network's.
    """
    from mindspore import nn

    from ms_gan.networks.fast import fast
    from ms_gan.networks.sharing import same_parameters

    if device.layers() == "fast":
        return fast(network)
    if any(isinstance(cell, (nn.Conv2d, nn.Conv2dTranspose)) for _, cell in network.cells_and_names()):
        device.prepare_native_convolutions()
    return same_parameters(network)
