"""Networks in use: drawing with a generator, asking a discriminator, both in evaluation mode."""

from collections.abc import Callable

import numpy as np
from mindspore import Tensor, nn, ops
from numpy.typing import ArrayLike

from ms_gan.errors import UserError
from ms_gan.networks import computed
from ms_gan.networks.fast import rows
from ms_gan.pixels import to_network, to_pixels

CHANNELS = (1, 3)  # grey, or red, green and blue


def draw(generator: nn.Cell, latent_codes: ArrayLike) -> np.ndarray:
    """Pictures from latent codes, in evaluation mode, so that each depends on its own code alone.

    In training mode batch normalisation would mix every picture with its neighbours, as the slides' pictures are.
    The generator stays in the mode that it is in.

    Args:
        generator: any generator.
        latent_codes: N×latent_size, or one code of latent_size numbers: an array of numbers of any kind, or lists.

    Returns:
        uint8, N×H×W×C; of one code 1×H×W×C.

    Raises:
        UserError: they are no numbers, or not as many as the generator takes.
    """
    codes = _numbers(latent_codes, "latent codes").astype(np.float32, copy=False)
    codes = codes[np.newaxis] if codes.ndim == 1 else codes
    shape = "×".join(map(str, codes.shape))
    if codes.ndim != 2 or not codes.size:
        raise UserError(f"latent codes of the shape {shape}: they must be N×latent_size, or one code")
    return to_pixels(_evaluate(generator, codes, f"latent codes of the shape {shape}", codes.shape[1]))


def judge(discriminator: nn.Cell, pixels: ArrayLike, answer: Callable = ops.sigmoid) -> np.ndarray:
    """D's answer for each picture, in evaluation mode: the probability that it is real.

    Args:
        discriminator: any discriminator.
        pixels: N×H×W×C, channels last; or N×H×W, which is grey; or one picture, H×W×3, H×W×1 or H×W. Whole numbers
            are bytes, 0…255. Fractions are in [0, 1], as matplotlib has them: 1 is white. What a network makes, in
            [−1, 1], `to_pixels` turns into bytes.
        answer: makes an answer of a score; a critic's, or that of least squares, is the score itself
            (`Objective.answer`).

    Returns:
        float32, N numbers; with the sigmoid in [0, 1].

    Raises:
        UserError: they are no such pictures, or not of the size that the discriminator takes.
    """
    pictures = _as_bytes(_as_pictures(_numbers(pixels, "pixels")))
    size, channels = pictures.shape[1:3], pictures.shape[3]
    told = f"pictures of {size[0]}×{size[1]}×{channels} (height, width, channels)"
    scores = _evaluate(discriminator, to_network(pictures), told, channels, channels * size[0] * size[1])
    if scores.ndim != 2 or scores.shape[1] != 1:
        raise UserError(f"{told} are not of the size that this discriminator takes: it gives no single score for each")
    return answer(Tensor(scores)).asnumpy()[:, 0]


def has_batch_statistics(network: nn.Cell) -> bool:
    """Whether an image's score depends on its neighbours in the batch (through batch normalisation)."""
    kinds = (nn.BatchNorm1d, nn.BatchNorm2d, rows.BatchNorm1d)
    return any(isinstance(cell, kinds) for _, cell in network.cells_and_names())


def _numbers(given: ArrayLike, name: str) -> np.ndarray:
    try:
        array = given.asnumpy() if isinstance(given, Tensor) else np.asarray(given)
    except ValueError as error:
        raise UserError(f"{name} must be an array of numbers: those given are of different lengths") from error
    if array.dtype.kind not in "uif":
        raise UserError(f"{name} must be numbers: those given are of the type {array.dtype}")
    return array


def _as_pictures(pixels: np.ndarray) -> np.ndarray:
    """N×H×W×C."""
    if pixels.ndim in (2, 3) and not (pixels.ndim == 3 and pixels.shape[-1] in CHANNELS):
        pixels = pixels[..., np.newaxis]  # grey, of one channel that is not named
    pixels = pixels[np.newaxis] if pixels.ndim == 3 else pixels
    shape = "×".join(map(str, pixels.shape))
    if pixels.ndim == 4 and pixels.shape[3] not in CHANNELS and pixels.shape[1] in CHANNELS:
        raise UserError(f"pictures of the shape {shape} have their channels first: give np.moveaxis(pixels, 1, -1)")
    if pixels.ndim != 4 or pixels.shape[3] not in CHANNELS or not pixels.size:
        raise UserError(f"pictures of the shape {shape}: they must be N×H×W×C, with 1 or 3 channels, or N×H×W")
    return pixels


def _as_bytes(pixels: np.ndarray) -> np.ndarray:
    """uint8, 0…255; see `judge` for the rule."""
    if pixels.dtype == np.uint8:
        return pixels
    low, high = pixels.min(), pixels.max()
    fractions = pixels.dtype.kind == "f"
    if fractions and low >= 0 and high <= 1:
        return np.rint(pixels * 255.0).astype(np.uint8)
    if low >= 0 and high <= 255 and (not fractions or np.array_equal(pixels, np.rint(pixels))):
        return pixels.astype(np.uint8)
    raise UserError(
        f"pixels from {low:.4g} to {high:.4g}: they must be whole numbers from 0 to 255, or fractions from 0 to 1; "
        "to_pixels makes them of a network's output, in [-1, 1]"
    )


def _evaluate(network: nn.Cell, inputs: np.ndarray, told: str, *sizes: int) -> np.ndarray:
    """What a network answers; one answer for each of the inputs.

    Args:
        network: any.
        inputs: float32.
        told: what they are, for the message.
        sizes: what a first layer that fits them may take.

    Raises:
        UserError: they do not fit the network's first layer.
    """
    try:
        outputs = computed(network).set_train(False)(Tensor(inputs)).asnumpy()
    except (ValueError, RuntimeError, TypeError) as error:
        takes = _takes(network)
        if takes is None or takes in sizes:
            raise
        raise UserError(f"{told} do not fit this network: its first layer takes {takes}") from error
    if len(outputs) != len(inputs):
        raise UserError(f"{told} do not fit this network: of {len(inputs)} it makes {len(outputs)}")
    return outputs


def _takes(network: nn.Cell) -> int | None:
    """Numbers, or channels, that the first layer with weights takes."""
    for _, cell in network.cells_and_names():
        if isinstance(cell, (nn.Dense, nn.Conv2d, nn.Conv2dTranspose)):
            return cell.in_channels
    return None
