"""The check of the noise: its shape, its range, its distribution, and that it is new each time."""

from collections.abc import Callable

import numpy as np
from mindspore import Tensor

from ms_gan.assignment.student import Student
from ms_gan.assignment.verdict import Wrong, tensor

SHAPE = (1000, 40)
TOLERANCE = 0.02
"""Of the moments: six standard deviations and more of those of 40,000 numbers."""


def check(student: Student, name: str) -> str:
    """Checks the noise that the function of this name draws.

    Raises:
        Wrong, NotWritten, Crashed: see there.
    """
    first, second = (_draw(student, name) for _ in range(2))
    found = f"{first.min():.2f} to {first.max():.2f}, variance {first.var():.3f}"
    mistakes = [mistake for mistake, made in MISTAKES.items() if made(first, second)]
    if mistakes or not _is_uniform(first, -1, 1):
        raise Wrong(f"expected -1 to 1, variance 0.333, found {found}", mistakes[:1])
    return f"shape {SHAPE}, {found}"


def _draw(student: Student, name: str) -> np.ndarray:
    noise: Tensor = tensor(student.call(name, *SHAPE))
    values = student.guard(noise.asnumpy)
    if values.shape != SHAPE:
        turned = ["the batch comes first: batch_size×dim"] if values.shape == SHAPE[::-1] else []
        raise Wrong(f"expected the shape {SHAPE}, found {values.shape}", turned)
    if values.dtype != np.float32:
        raise Wrong(f"expected float32, found {values.dtype}", ["wrong type: the networks compute in float32"])
    return values


def _is_uniform(noise: np.ndarray, low: float, high: float) -> bool:
    """Whether the first four moments are those of a uniform distribution, and nothing lies outside."""
    noise = (noise.astype(np.float64) - (high + low) / 2) / ((high - low) / 2)  # to [−1, 1]
    moments = [abs((noise**power).mean() - right) for power, right in ((1, 0), (2, 1 / 3), (3, 0), (4, 1 / 5))]
    return bool(abs(noise).max() <= 1 + 1e-6 and max(moments) < TOLERANCE)


def _is_normal(noise: np.ndarray) -> bool:
    return bool(abs(noise).max() > 2 and abs(noise.mean()) < TOLERANCE and abs((noise**2).mean() - 1) < 2 * TOLERANCE)


MISTAKES: dict[str, Callable[[np.ndarray, np.ndarray], bool]] = {
    "the same noise every call: set no seed inside the function": lambda one, two: np.array_equal(one, two),
    "the same noise in every row: each picture needs its own": lambda one, two: bool((one == one[0]).all()),
    "noise on [0, 1]: stretch it to [−1, 1]": lambda one, two: _is_uniform(one, 0, 1),
    "normal noise: the notebook's is uniform": lambda one, two: _is_normal(one),
    "whole numbers: the noise is any number from −1 to 1": lambda one, two: np.array_equal(one, np.rint(one)),
}
"""By name: whether two draws show the mistake; the first that they show is named."""
