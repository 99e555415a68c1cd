"""Latent codes, and the random number generators that make an epoch depend on (seed, epoch) alone."""

import zlib

import numpy as np

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


def normal(rng: np.random.Generator, count: int, size: int) -> np.ndarray:
    """`count` latent codes z ~ N(0, 1) (slide 数据加载): float32, count×size."""
    return rng.standard_normal((count, size), dtype=np.float32)


def fixed_codes(count: int, size: int, seed: int = PICTURE_SEED) -> np.ndarray:
    """The latent codes that every sample picture is drawn from (slide 结果): float32, count×size, z ~ N(0, 1).

    The numbers are those of `np.random.seed(2323); np.random.normal(size=(25, 100))`, and NumPy's own state stays as
    it is. They are not shuffled: the slides' `random.shuffle` on a tensor overwrites some rows with copies of others.
    """
    return np.random.RandomState(seed).normal(size=(count, size)).astype(np.float32)
