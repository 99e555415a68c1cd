"""How a check speaks: it returns a summary when the answer is right, and raises Wrong when it is not."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from mindspore import Tensor

TOGETHER = 2
"""Mistakes that are recognised when they are made at once."""


class Wrong(Exception):
    """The answer is wrong.

    Args:
        found: what was expected and what was found, on one line.
        mistakes: what the student did, a line each; none if it is no mistake that is known.
    """

    def __init__(self, found: str, mistakes: Iterable[str] = ()):
        super().__init__(found)
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True)
class Mistake:
    """A mistake that students make: `make` turns the description of the right answer into that of the wrong one."""

    name: str
    make: Callable


def recognise(right, mistakes: Iterable[Mistake], fits: Callable[..., bool]) -> list[str]:
    """The names of the mistakes that, made together, give what was found; [] if none do.

    Args:
        right: the description of the right answer.
        mistakes: those that can be made.
        fits: whether a description gives what was found.
    """
    mistakes = tuple(mistakes)
    for count in range(1, TOGETHER + 1):
        for made in combinations(mistakes, count):
            wrong = right
            for mistake in made:
                wrong = mistake.make(wrong)
            if wrong != right and fits(wrong):
                return [mistake.name for mistake in made]
    return []


def tensor(value) -> Tensor:
    """The value, which must be a Tensor. Raises Wrong if it is not."""
    if isinstance(value, Tensor):
        return value
    mistakes = []
    if value is None:
        mistakes = ["nothing is returned: is there a return?"]
    elif isinstance(value, np.ndarray | np.generic | float | int):
        mistakes = ["the answer leaves MindSpore (asnumpy, float …): no gradient can flow back"]
    raise Wrong(f"expected a Tensor, found {kind(value)}", mistakes)


def kind(value) -> str:
    """What a value is, in a word."""
    return "None" if value is None else type(value).__name__
