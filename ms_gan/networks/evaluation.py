"""Networks in use: drawing with a generator, asking a discriminator, both in evaluation mode."""

from collections.abc import Callable

import numpy as np
from mindspore import Tensor, nn, ops

from ms_gan.pixels import to_network, to_pixels


def draw(generator: nn.Cell, latent_codes: np.ndarray) -> np.ndarray:
    """Pictures from latent codes, in evaluation mode, so that each depends on its own code alone.

    In training mode batch normalisation would mix every picture with its neighbours, as the slides' pictures are.
    The mode the generator was in is restored.

    Args:
        generator: any generator of this package.
        latent_codes: float32, N×latent_size.

    Returns:
        uint8, N×H×W×C.
    """
    return to_pixels(_evaluate(generator, latent_codes))


def judge(discriminator: nn.Cell, pixels: np.ndarray, answer: Callable = ops.sigmoid) -> np.ndarray:
    """D's answer for each picture, in evaluation mode: the probability that it is real.

    Args:
        discriminator: any discriminator of this package.
        pixels: uint8, N×H×W×C.
        answer: makes an answer of a score; a critic's, or that of least squares, is the score itself
            (`Objective.answer`).

    Returns:
        float32, N numbers; with the sigmoid in [0, 1].
    """
    return answer(Tensor(_evaluate(discriminator, to_network(pixels)))).asnumpy()[:, 0]


def _evaluate(network: nn.Cell, inputs: np.ndarray) -> np.ndarray:
    was_training = network.training
    network.set_train(False)
    try:
        return network(Tensor(inputs)).asnumpy()
    finally:
        network.set_train(was_training)
