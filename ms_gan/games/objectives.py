"""What each player minimises: pure functions of the discriminator's scores, N×1.

A score is any real number. For the two cross-entropy games it is the logit of a probability, D = sigmoid(score); for
the others it is D(x) itself. Every loss is an average over the batch, added up in float64 and returned in the type of
the scores: it is right to the last digit of a float32.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import mindspore as ms
from mindspore import ops

from ms_gan.choices import Choices
from ms_gan.errors import UserError

PROBABILITIES = "probabilities"
"""D answers with the probability that an image is real: sigmoid(score); ½ at the equilibrium."""
TARGETS = "targets"
"""D answers with its score, which is to be near 1 for real images and near 0 for generated ones; ½ at the
equilibrium."""
CRITIC = "critic"
"""D answers with its score, which only means something beside other scores: the more real, the higher."""

_ROOT_EPSILON = 1e-24

# On a processor MindSpore's Softplus and exp are off by up to 8 parts in a million (2.10); this one is right to the
# last digit of a float32, in value and slope.
_cross_entropy = ops.SigmoidCrossEntropyWithLogits()


def _itself(scores):
    return scores


_ANSWERS = {PROBABILITIES: ops.sigmoid, TARGETS: _itself, CRITIC: _itself}


@dataclass(frozen=True)
class Objective:
    """A pair of losses, and what they and D's answers look like when the game is at its equilibrium, p_G = p_data."""

    d_loss: Callable
    """d_loss(real_scores, fake_scores) → a scalar, what the discriminator minimises."""
    g_loss: Callable
    """g_loss(fake_scores) → a scalar, what the generator minimises."""
    equilibrium: tuple[float, float]
    """(d_loss, g_loss) at the equilibrium; the loss plot draws them."""
    answers: str
    """What D's answers are: PROBABILITIES, TARGETS or CRITIC."""
    real_label: float = 1.0
    """What D's answer to real images is pulled to; below 1 with smoothed labels. A critic has no labels."""

    @property
    def balance(self) -> float:
        """D's answer at the equilibrium: half of `real_label`. Of a critic it says nothing."""
        return self.real_label / 2

    @property
    def answer(self) -> Callable:
        """answer(scores) → D's answers of the same shape: sigmoid(scores), or the scores themselves."""
        return _ANSWERS[self.answers]


def _softplus(scores):
    """log(1 + e^s) of each score, for any s: the binary cross-entropy of the label 0."""
    return _cross_entropy(scores, ops.zeros_like(scores))


def _mean(values):
    """The mean, added up in float64."""
    return values.astype(ms.float64).mean()


def cross_entropy_real(scores):
    """−log D, averaged over the batch: the binary cross-entropy of label 1.

    With D = sigmoid(s): −log D = log(1 + e^(−s)) = softplus(−s), which neither overflows nor is rounded to 0 where
    the sigmoid would be exactly 1 (slides 损失函数和优化器, 什么是交叉熵).
    """
    return _mean(_softplus(-scores)).astype(scores.dtype)


def cross_entropy_fake(scores):
    """−log(1 − D), averaged over the batch: the binary cross-entropy of label 0, = softplus(s)."""
    return _mean(_softplus(scores)).astype(scores.dtype)


def discriminator_cross_entropy(real_scores, fake_scores):
    """ℓ_D = −E log D(x) − E log(1 − D(G(z))), the sum of the two parts as on the slides (Goodfellow et al. 2014)."""
    return (_mean(_softplus(-real_scores)) + _mean(_softplus(fake_scores))).astype(real_scores.dtype)


def generator_minimax(fake_scores):
    """ℓ_G = E log(1 − D(G(z))) = −E softplus(s): the half of −ℓ_D that G has a say in (Goodfellow et al. 2014, eq. 1).

    It saturates: for a score s its slope is −sigmoid(s), which vanishes while D is sure that the image is generated.
    """
    return -cross_entropy_fake(fake_scores)


def _squared_distance(scores, target: float):
    """E (s − target)² in float64."""
    return ops.square(scores.astype(ms.float64) - target).mean()


def discriminator_least_squares(real_scores, fake_scores):
    """ℓ_D = ½ E (D(x) − 1)² + ½ E D(G(z))² (Mao et al. 2017, eq. 9: a = 0, b = 1)."""
    return ((_squared_distance(real_scores, 1) + _squared_distance(fake_scores, 0)) / 2).astype(real_scores.dtype)


def generator_least_squares(fake_scores):
    """ℓ_G = ½ E (D(G(z)) − 1)² (Mao et al. 2017, eq. 9: c = 1)."""
    return (_squared_distance(fake_scores, 1) / 2).astype(fake_scores.dtype)


def critic_difference(real_scores, fake_scores):
    """ℓ_D = E D(G(z)) − E D(x), for a critic D of slope at most 1 (Arjovsky et al. 2017, algorithm 1).

    Nothing in the loss keeps the slope small: clipped weights do, or a gradient_penalty beside it.
    """
    return (fake_scores.astype(ms.float64).mean() - real_scores.astype(ms.float64).mean()).astype(real_scores.dtype)


def generator_wasserstein(fake_scores):
    """ℓ_G = −E D(G(z)) (Arjovsky et al. 2017, algorithm 1)."""
    return -fake_scores.astype(ms.float64).mean().astype(fake_scores.dtype)


def gradient_penalty(critic: Callable, real, fake, mixing):
    """E (‖∇D(x̂)‖₂ − 1)² at x̂ = mixing·real + (1 − mixing)·fake (Gulrajani et al. 2017, algorithm 1, without its λ).

    The norm is that of one image's gradient; a little is added below the root, because the slope of √ at 0 is
    infinite, and a critic that is flat somewhere would get weights that are no numbers. A flat critic's penalty is 1.

    Differentiate it inside ms.jit. Outside, MindSpore 2.10 returns zeros, without a word, for weights in ops.matmul
    and for those behind an nn.Conv2d. And nn.MaxPool2d has no second derivative on a processor at all; the maximum
    over the axes of a reshaped array has one.

    Args:
        critic: images N×C×H×W → scores N×1, each image's score its own: a critic with batch normalisation has no
            gradient of a single image.
        real, fake: float32, N×C×H×W.
        mixing: float32 N×1×1×1, uniform on [0, 1], given from outside: random numbers drawn inside a compiled graph
            do not follow the seed.

    Returns:
        a float32 scalar that can itself be differentiated for the critic's weights.
    """

    def total_score(images):
        return critic(images).sum()

    gradients = ms.grad(total_score)(mixing * real + (1 - mixing) * fake).astype(ms.float64)
    norms = ops.sqrt(ops.square(gradients).reshape((real.shape[0], -1)).sum(1) + _ROOT_EPSILON)
    return ops.square(norms - 1).mean().astype(real.dtype)


NON_SATURATING = Objective(
    d_loss=discriminator_cross_entropy,
    g_loss=cross_entropy_real,
    equilibrium=(2 * math.log(2), math.log(2)),
    answers=PROBABILITIES,
)
"""G minimises −E log D(G(z)) rather than E log(1 − D(G(z))), whose gradient vanishes while D wins
(Goodfellow et al. 2014, section 3)."""

MINIMAX = Objective(
    d_loss=discriminator_cross_entropy,
    g_loss=generator_minimax,
    equilibrium=(2 * math.log(2), -math.log(2)),
    answers=PROBABILITIES,
)
"""The game as it is first written, min over G of max over D of E log D(x) + E log(1 − D(G(z))): saturating
(Goodfellow et al. 2014, eq. 1)."""

LEAST_SQUARES = Objective(
    d_loss=discriminator_least_squares,
    g_loss=generator_least_squares,
    equilibrium=(1 / 4, 1 / 8),
    answers=TARGETS,
)
"""LSGAN: scores are pulled to 1 and 0 by their squared distance (Mao et al. 2017). Where both distributions coincide
the best answer is halfway, ½."""

WASSERSTEIN = Objective(
    d_loss=critic_difference,
    g_loss=generator_wasserstein,
    equilibrium=(0.0, 0.0),
    answers=CRITIC,
)
"""WGAN: −ℓ_D estimates how far p_G is from p_data (Arjovsky et al. 2017). At the equilibrium ℓ_D is 0 whatever the
critic is. ℓ_G is 0 but for a free constant: a critic may add any number to all its scores, so ℓ_G alone says
nothing."""

OBJECTIVES: Choices[Objective] = Choices("objective")
"""By a recipe's `objective`. One of your own: `OBJECTIVES["mine"] = Objective(…)`."""

OBJECTIVES.update(
    {
        "non-saturating": NON_SATURATING,
        "minimax": MINIMAX,
        "least-squares": LEAST_SQUARES,
        "wasserstein": WASSERSTEIN,
    }
)


def find_objective(name: str, label_smoothing: float = 0.0) -> Objective:
    """The objective of that name.

    Args:
        name: one of OBJECTIVES.
        label_smoothing: s of `smoothed`; 0 for the labels as they are.

    Raises:
        UserError: there is no such objective (names those there are), or it has no labels to smooth.
    """
    objective = OBJECTIVES.find(name)
    return smoothed(name, label_smoothing) if label_smoothing else objective


def smoothed(name: str, s: float) -> Objective:
    """The game with one-sided smoothed labels: 1 − s for real images, 0 for generated ones as ever, and G's loss as it
    is (Salimans et al. 2016, section 3.4).

    In the cross-entropy games D minimises, at an image x,
        −p_data·[(1 − s)·log D + s·log(1 − D)] − p_G·log(1 − D),
    whose slope in D is 0 at D* = (1 − s)·p_data/(p_data + p_G). With least squares it minimises
        ½·p_data·(D − (1 − s))² + ½·p_G·D²,
    and D* is the same. So D is never surer than 1 − s, and at the equilibrium, p_G = p_data, it answers (1 − s)/2.

    Raises:
        UserError: a critic has no labels, and an objective of the user's own has no smoothed form here.
    """
    game, label = OBJECTIVES.find(name), 1 - s
    if game.answers == CRITIC:
        raise UserError(f"label smoothing {s}: {name} has no labels, so it must be 0")
    if game not in (NON_SATURATING, MINIMAX, LEAST_SQUARES):
        raise UserError(f"label smoothing {s}: {name} has no smoothed form, so it must be 0")
    d_loss = {PROBABILITIES: _soft_cross_entropy, TARGETS: _soft_least_squares}[game.answers](label)
    return replace(game, d_loss=d_loss, equilibrium=_equilibrium(name, label), real_label=label)


def _soft_cross_entropy(label: float) -> Callable:
    """ℓ_D = −E[label·log D(x) + (1 − label)·log(1 − D(x))] − E log(1 − D(G(z))), as nn.BCELoss with that label."""

    def d_loss(real_scores, fake_scores):
        real = label * _mean(_softplus(-real_scores)) + (1 - label) * _mean(_softplus(real_scores))
        return (real + _mean(_softplus(fake_scores))).astype(real_scores.dtype)

    return d_loss


def _soft_least_squares(label: float) -> Callable:
    """ℓ_D = ½ E (D(x) − label)² + ½ E D(G(z))²."""

    def d_loss(real_scores, fake_scores):
        both = _squared_distance(real_scores, label) + _squared_distance(fake_scores, 0)
        return (both / 2).astype(real_scores.dtype)

    return d_loss


def _equilibrium(name: str, label: float) -> tuple[float, float]:
    """(ℓ_D, ℓ_G) where D answers label/2 to every image."""
    answer = label / 2
    if name == "least-squares":
        return label**2 / 4, (answer - 1) ** 2 / 2
    d_loss = -label * math.log(answer) - (2 - label) * math.log(1 - answer)
    return d_loss, {"non-saturating": -math.log(answer), "minimax": math.log(1 - answer)}[name]
