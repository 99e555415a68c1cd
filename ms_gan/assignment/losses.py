"""The five losses: their formulas, and the mistakes that are recognised."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ms_gan.assignment.verdict import Mistake

Groups = list[tuple[np.ndarray, np.ndarray]]
"""(scores, labels) of each part of a loss, N×1 each."""


def bce(scores, labels):
    """−y·log σ(s) − (1 − y)·log(1 − σ(s)) = log(1 + eˢ) − y·s"""
    return np.logaddexp(0, scores) - labels * scores


def squares(scores, labels):
    """(s − y)²"""
    return (scores - labels) ** 2


def sigmoid(scores):
    return 1 / (1 + np.exp(-scores))


@dataclass(frozen=True)
class Loss:
    """Σ factor·reduce(each(of(scores), turn(labels))), a part for each group of scores."""

    each: Callable
    factors: tuple[float, ...]
    reduce: Callable = np.mean
    of: Callable = np.asarray
    turn: Callable = np.asarray

    def value(self, groups: Groups) -> float:
        return sum(f * self.reduce(terms) for f, terms in zip(self.factors, self._terms(groups), strict=True))

    def largest_terms(self, groups: Groups) -> float:
        """The largest term of each part, added up: what rounding errors are measured by."""
        return sum(f * np.max(abs(terms)) for f, terms in zip(self.factors, self._terms(groups), strict=True))

    def _terms(self, groups: Groups) -> list[np.ndarray]:
        return [self.each(self.of(scores), self.turn(labels)) for scores, labels in groups]


@dataclass(frozen=True)
class Exercise:
    """A loss that the assignment asks for, and how students miss it."""

    loss: Loss
    labels: tuple[float | None, ...]
    """Of each part; None where the labels are an argument."""
    mistakes: tuple[Mistake, ...]


def otherwise(**settings) -> Callable:
    return lambda loss: replace(loss, **settings)


SUM = Mistake("sum instead of mean over the batch", otherwise(reduce=np.sum))
SWAPPED = Mistake("labels swapped: 1 is real, 0 is generated", otherwise(turn=lambda labels: 1 - labels))
SIGMOID = Mistake("a sigmoid too many: the loss takes the scores as they are", otherwise(of=sigmoid))
BOTH_REAL = Mistake("label 1 for the generated scores too", otherwise(turn=np.ones_like))
BOTH_FAKE = Mistake("label 0 for the real scores too", otherwise(turn=np.zeros_like))


def weighted(name: str, *values: float) -> Mistake:
    return Mistake(name, otherwise(factors=values))


PARTS = (
    weighted("the generated part is missing", 1.0, 0.0),
    weighted("the real part is missing", 0.0, 1.0),
    weighted("the parts are subtracted: add them", 1.0, -1.0),
)
OF_ALL = (SUM, SWAPPED, SIGMOID)

LOSSES = {
    "bce_loss": Exercise(
        Loss(bce, (1.0,)),
        (None,),
        (
            *OF_ALL,
            weighted("wrong sign", -1.0),
            Mistake("arguments exchanged: scores first, labels second", otherwise(each=lambda s, y: bce(y, s))),
            Mistake("the part of label 0 is missing", otherwise(each=lambda s, y: y * bce(s, 1))),
            Mistake("the part of label 1 is missing", otherwise(each=lambda s, y: (1 - y) * bce(s, 0))),
        ),
    ),
    "discriminator_loss": Exercise(
        Loss(bce, (1.0, 1.0)),
        (1.0, 0.0),
        (
            *OF_ALL,
            weighted("halved: the two parts are added, not averaged", 0.5, 0.5),
            *PARTS,
            BOTH_REAL,
            BOTH_FAKE,
        ),
    ),
    "generator_loss": Exercise(
        Loss(bce, (1.0,)),
        (1.0,),
        (
            SUM,
            Mistake("labels swapped: G wants its pictures taken for real, label 1", SWAPPED.make),
            SIGMOID,
            Mistake(
                "the saturating loss log(1 − D(G(z))): here G minimises −log D(G(z))",
                otherwise(factors=(-1.0,), turn=np.zeros_like),
            ),
        ),
    ),
    "ls_discriminator_loss": Exercise(
        Loss(squares, (0.5, 0.5)),
        (1.0, 0.0),
        (
            *OF_ALL,
            weighted("missing ½: both parts have it", 1.0, 1.0),
            weighted("missing ½ in the generated part", 0.5, 1.0),
            weighted("missing ½ in the real part", 1.0, 0.5),
            weighted("the generated part is missing", 0.5, 0.0),
            weighted("the real part is missing", 0.0, 0.5),
            weighted("the parts are subtracted: add them", 0.5, -0.5),
            BOTH_REAL,
            BOTH_FAKE,
        ),
    ),
    "ls_generator_loss": Exercise(
        Loss(squares, (0.5,)),
        (1.0,),
        (
            SUM,
            Mistake("label 0: G wants the score 1", SWAPPED.make),
            SIGMOID,
            weighted("missing ½", 1.0),
        ),
    ),
}
