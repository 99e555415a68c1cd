"""The check of the optimiser: which weights it moves, and how far in a few steps."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn

from ms_gan.assignment.student import Student
from ms_gan.assignment.verdict import Mistake, Wrong, kind, recognise

LIMIT = 1e-3
"""Of the error of the steps, relative to the largest; each known mistake gives more than 1e-2."""

GRADIENTS = (3.0, *[-0.4, 0.6] * 10)
"""Of every weight, step by step: one large, then small ones, so that it shows how long β2 remembers."""


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma and Ba 2015) with the notebook's numbers; its ε does not show here."""

    learning_rate: float = 1e-3
    beta1: float = 0.5
    beta2: float = 0.999

    def way(self) -> np.ndarray:
        """Where a weight that begins at 0 is after each step."""
        first = second = weight = 0.0
        way = []
        for step, gradient in enumerate(GRADIENTS, 1):
            first += (1 - self.beta1) * (gradient - first)
            second += (1 - self.beta2) * (gradient**2 - second)
            rate = self.learning_rate * (1 - self.beta2**step) ** 0.5 / (1 - self.beta1**step)
            weight -= rate * first / second**0.5
            way.append(weight)
        return np.array(way)

    def __str__(self) -> str:
        return f"{self.learning_rate:g}, {self.beta1:g}, {self.beta2:g}"


def otherwise(**settings) -> Callable:
    return lambda adam: replace(adam, **settings)


MISTAKES = (
    Mistake("wrong β1: 0.9, Adam's default, instead of 0.5", otherwise(beta1=0.9)),
    Mistake("wrong β1: 0 instead of 0.5", otherwise(beta1=0.0)),
    Mistake("wrong β2: 0.9 instead of 0.999", otherwise(beta2=0.9)),
    Mistake("wrong β2: 0.99 instead of 0.999", otherwise(beta2=0.99)),
    Mistake("β1 and β2 exchanged: 0.5 and 0.999", otherwise(beta1=0.999, beta2=0.5)),
)


def check(student: Student, name: str) -> str:
    """Checks the optimiser that the function of this name makes for a small network.

    Raises:
        Wrong, NotWritten, Crashed: see there.
    """
    model = nn.SequentialCell(nn.Dense(2, 3), nn.BatchNorm1d(3))
    optimizer = student.call(name, model)
    _check_weights(student, optimizer, model)
    found = _way(student, optimizer, model)
    right = Adam()

    def fits(adam):
        return bool(abs(found - adam.way()).max() <= LIMIT * abs(right.way()).max())

    if fits(right):
        return f"Adam with {right}"
    first_step = float(f"{abs(found[0]):.4g}")  # Adam's is the learning rate, whatever the gradient
    rate = f"wrong learning rate: {first_step:g} instead of {right.learning_rate:g}"
    mistakes = recognise(right, [Mistake(rate, otherwise(learning_rate=first_step)), *MISTAKES], fits)
    raise Wrong(f"expected the steps of Adam({right}), found others", mistakes)


def _check_weights(student: Student, optimizer, model: nn.Cell) -> None:
    if not callable(optimizer) or not hasattr(optimizer, "parameters"):
        raise Wrong(f"expected an optimizer (nn.Adam), found {kind(optimizer)}")
    moved = {id(p) for p in student.guard(tuple, optimizer.parameters)}
    right = {id(p) for p in model.trainable_params()}
    if moved == right:
        return
    if moved == {id(p) for p in model.get_parameters()}:
        mistake = "wrong parameters: get_parameters() has moving statistics too; take trainable_params()"
    elif moved & right:
        mistake = "wrong parameters: not all of the model's, or others too"
    else:
        mistake = "wrong parameters: not those of the model that the function is given"
    common = len(moved & right)
    raise Wrong(f"expected the model's {len(right)} parameters, found {len(moved)}, {common} of them", [mistake])


def _way(student: Student, optimizer, model: nn.Cell) -> np.ndarray:
    """Where a weight is after each step; all start at 0."""
    weights = model.trainable_params()
    for weight in weights:
        weight.set_data(Tensor(np.zeros(weight.shape, np.float32)))
    way = []
    for gradient in GRADIENTS:
        student.guard(optimizer, tuple(ms.ops.full_like(weight, gradient) for weight in weights))
        way.append(float(weights[0].asnumpy().ravel()[0]))
    return np.array(way)
