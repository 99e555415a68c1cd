"""Latent codes, and the random number generators that make an epoch depend on (seed, epoch) alone."""

import zlib
from collections.abc import Callable

import numpy as np

from ms_gan.choices import Choices
from ms_gan.recipes import PICTURE_SEED


def generator_for(seed: int, epoch: int, purpose: str) -> np.random.Generator:
    """A generator of its own for each seed, epoch and purpose ("order", "latent code", …), the same in every process.

    Args:
        seed: the run's seed, 0 or more.
        epoch: from 0.
        purpose: what the numbers are for; another purpose gives numbers that have nothing to do with these.
    """
    # crc32 and not hash(): Python salts the hash of a string anew in each process
    return np.random.default_rng(np.random.SeedSequence((seed, epoch, zlib.crc32(purpose.encode()))))


NOISES: Choices[Callable[[np.random.Generator, int, int], np.ndarray]] = Choices("noise")
"""By a recipe's `noise`: noise(rng, count, size) → latent codes, float32, count×size."""


@NOISES.register("normal")
def normal(rng: np.random.Generator, count: int, size: int) -> np.ndarray:
    """`count` latent codes z ~ N(0, 1) (slide 数据加载): float32, count×size."""
    return rng.standard_normal((count, size), dtype=np.float32)


@NOISES.register("uniform")
def uniform(rng: np.random.Generator, count: int, size: int) -> np.ndarray:
    """`count` latent codes uniform on [−1, 1) (CS231n's sample_noise): float32, count×size."""
    return rng.random((count, size), dtype=np.float32) * 2 - 1


def mixing_weights(seed: int, epoch: int, step: int, count: int) -> np.ndarray:
    """Where between a real and a generated image the gradient penalty looks, for each pair of a batch.

    Uniform on [0, 1) (Gulrajani et al. 2017, algorithm 1: ε); float32, count×1×1×1. They come from outside the compiled
    step, because random numbers drawn in a graph do not follow the seed.
    """
    return generator_for(seed, epoch, f"mixing {step}").random((count, 1, 1, 1), dtype=np.float32)


def fixed_codes(count: int, size: int, seed: int = PICTURE_SEED, noise: str = "normal") -> np.ndarray:
    """The latent codes that every sample picture is drawn from (slide 结果): float32, count×size.

    The numbers are those of `np.random.seed(2323); np.random.normal(size=(25, 100))`, or of np.random.uniform(−1, 1),
    and NumPy's own state stays as it is. They are not shuffled: the slides' `random.shuffle` on a tensor overwrites
    some rows with copies of others.
    """
    if noise not in ("normal", "uniform"):  # one of the user's own
        return NOISES.find(noise)(np.random.default_rng(seed), count, size)
    state = np.random.RandomState(seed)
    codes = state.normal(size=(count, size)) if noise == "normal" else state.uniform(-1, 1, (count, size))
    return codes.astype(np.float32)
