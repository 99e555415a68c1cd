"""Networks in use: drawing with a generator, asking a discriminator, both in evaluation mode."""

from collections.abc import Callable

import numpy as np
from mindspore import Tensor, nn, ops

from ms_gan.networks import computed
from ms_gan.networks.fast import rows
from ms_gan.pixels import to_network, to_pixels


def draw(generator: nn.Cell, latent_codes: np.ndarray) -> np.ndarray:
    """Pictures from latent codes, in evaluation mode, so that each depends on its own code alone.

    In training mode batch normalisation would mix every picture with its neighbours, as the slides' pictures are.
    The generator stays in the mode that it is in.

    Args:
        generator: any generator.
        latent_codes: float32, N×latent_size.

    Returns:
        uint8, N×H×W×C.
    """
    return to_pixels(_evaluate(generator, latent_codes))


def judge(discriminator: nn.Cell, pixels: np.ndarray, answer: Callable = ops.sigmoid) -> np.ndarray:
    """D's answer for each picture, in evaluation mode: the probability that it is real.

    Args:
        discriminator: any discriminator.
        pixels: uint8, N×H×W×C.
        answer: makes an answer of a score; a critic's, or that of least squares, is the score itself
            (`Objective.answer`).

    Returns:
        float32, N numbers; with the sigmoid in [0, 1].
    """
    return answer(Tensor(_evaluate(discriminator, to_network(pixels)))).asnumpy()[:, 0]


def has_batch_statistics(network: nn.Cell) -> bool:
    """Whether an image's score depends on its neighbours in the batch (through batch normalisation)."""
    kinds = (nn.BatchNorm1d, nn.BatchNorm2d, rows.BatchNorm1d)
    return any(isinstance(cell, kinds) for _, cell in network.cells_and_names())


def _evaluate(network: nn.Cell, inputs: np.ndarray) -> np.ndarray:
    return computed(network).set_train(False)(Tensor(inputs)).asnumpy()
