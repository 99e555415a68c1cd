"""The check of a loss: its value at moderate scores and at large ones, and its gradient."""

import mindspore as ms
import numpy as np
from mindspore import Tensor

from ms_gan.assignment.losses import LOSSES, Exercise, Groups
from ms_gan.assignment.student import Crashed, Student
from ms_gan.assignment.verdict import Wrong, recognise, tensor

MODERATE = 10 * np.linspace(-1, 1, 10) ** 3 + 1.3
"""Scores that tell the mistakes apart: what two of them give differs by 1e-4 or more."""

SCORES = np.array([*MODERATE, -100, -40, 40, 100])
"""Scores that an answer is judged by. A float32 sigmoid is exactly 1 above 16.6."""

LIMIT = 1e-7
"""The notebook's, here of the error relative to the largest terms that are averaged, since rounding grows with the
numbers that go in: right answers in float32 stay below 2e-8."""

COARSE = 1e-3
"""At moderate scores, a smaller error than this is the right formula."""

SAME = 1e-5
"""How near a value must be to what a mistake gives."""

SATURATED = "log of a saturated sigmoid, which is exactly 1 above a score of 16.6: compute from the score"
PROBABILITIES = "scores taken for probabilities: nn.BCELoss and log want [0, 1], a score is any number"
NOT_SCALAR = "an array instead of a scalar: take the mean over the batch"
NO_GRADIENT = "no gradient flows back: a part is computed outside MindSpore (asnumpy, float …)"


def check(student: Student, name: str) -> str:
    """Checks the loss that the function of this name computes.

    Raises:
        Wrong, NotWritten, Crashed: see there.
    """
    exercise = LOSSES[name]
    moderate, given = groups(exercise, MODERATE), groups(exercise, SCORES)
    try:
        found = _value(student, name, exercise, moderate)
    except Crashed as crash:
        raise crash.because([PROBABILITIES] if "BinaryCrossEntropy" in crash.error else []) from crash
    if not _error(exercise, moderate, found) <= COARSE:
        raise Wrong(_beside(exercise, moderate, found), _mistakes(exercise, moderate, found))
    found = _value(student, name, exercise, given)
    error = _error(exercise, given, found)
    if not error <= LIMIT:
        mistakes = [] if error <= COARSE else [SATURATED]
        raise Wrong(_beside(exercise, given, found) + " with scores up to ±100", mistakes)
    _check_gradient(student, name, exercise, moderate)
    return f"error {error:.1e}"


def groups(exercise: Exercise, scores: np.ndarray) -> Groups:
    """(scores, labels) of each part; the scores of a second part are other ones, so that the two cannot be confused."""
    found = []
    for part, label in enumerate(exercise.labels):
        column = np.float32(scores * (1 - 0.3 * part) - 0.8 * part)[:, np.newaxis].astype(np.float64)
        given = np.arange(len(column))[:, np.newaxis] % 3 == 0 if label is None else np.full_like(column, label)
        found.append((column, given.astype(np.float64)))
    return found


def _arguments(exercise: Exercise, given: Groups) -> list[Tensor]:
    count = 2 if None in exercise.labels else 1
    return [Tensor(array.astype(np.float32)) for group in given for array in group[:count]]


def _value(student: Student, name: str, exercise: Exercise, given: Groups) -> float:
    answer = tensor(student.call(name, *_arguments(exercise, given)))
    array = student.guard(answer.asnumpy)
    if array.ndim:
        raise Wrong(f"expected one number, found a tensor of shape {array.shape}", [NOT_SCALAR])
    return student.guard(float, array)


def _error(exercise: Exercise, given: Groups, found: float) -> float:
    return abs(found - exercise.loss.value(given)) / exercise.loss.largest_terms(given)


def _beside(exercise: Exercise, given: Groups, found: float) -> str:
    right, error = exercise.loss.value(given), _error(exercise, given, found)
    return f"expected {right:.7g}, found {found:.7g} (error {error:.2g})"


def _mistakes(exercise: Exercise, given: Groups, found: float) -> list[str]:
    def fits(loss):
        return bool(abs(found - loss.value(given)) <= SAME * exercise.loss.largest_terms(given))

    return recognise(exercise.loss, exercise.mistakes, fits) if np.isfinite(found) else [PROBABILITIES]


def _check_gradient(student: Student, name: str, exercise: Exercise, given: Groups) -> None:
    arguments = _arguments(exercise, given)
    for part, right in enumerate(_gradients(exercise, given)):
        gradient = student.guard(ms.grad(student.function(name), part), *arguments)
        found = student.guard(gradient.asnumpy)
        error = abs(found - right).max() / abs(right).max()
        if not error <= COARSE:
            raise Wrong(f"the value is right, but not its gradient (error {error:.2g})", [NO_GRADIENT])


def _gradients(exercise: Exercise, given: Groups, step: float = 1e-4) -> list[np.ndarray]:
    """The gradient for each part's scores, by central differences in float64."""
    found = []
    for part, (scores, labels) in enumerate(given):
        gradient = np.empty_like(scores)
        for index in range(len(scores)):
            shift = np.zeros_like(scores)
            shift[index] = step
            up, down = ([*given[:part], (scores + s, labels), *given[part + 1 :]] for s in (shift, -shift))
            gradient[index] = (exercise.loss.value(up) - exercise.loss.value(down)) / (2 * step)
        found.append(gradient)
    return found
