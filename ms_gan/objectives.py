"""What each player minimises: pure functions of the discriminator's scores, N×1 (score = logit of D)."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from mindspore import ops

from ms_gan.errors import UserError

_softplus = ops.Softplus()


@dataclass(frozen=True)
class Objective:
    """A pair of losses and the values they take when the game is at its equilibrium, where D(x) = ½ everywhere."""

    d_loss: Callable
    """d_loss(real_scores, fake_scores) → a scalar, what the discriminator minimises."""
    g_loss: Callable
    """g_loss(fake_scores) → a scalar, what the generator minimises."""
    equilibrium: tuple[float, float]
    """(d_loss, g_loss) at the equilibrium; the loss plot draws them."""


def cross_entropy_real(scores):
    """−log D, averaged over the batch: the binary cross-entropy of label 1.

    With D = sigmoid(s): −log D = log(1 + e^(−s)) = softplus(−s), which neither overflows nor is rounded to 0 where
    the sigmoid would be exactly 1 (slides 损失函数和优化器, 什么是交叉熵).
    """
    return _softplus(-scores).mean()


def cross_entropy_fake(scores):
    """−log(1 − D), averaged over the batch: the binary cross-entropy of label 0, = softplus(s)."""
    return _softplus(scores).mean()


def discriminator_cross_entropy(real_scores, fake_scores):
    """ℓ_D = −E log D(x) − E log(1 − D(G(z))), the sum of the two parts as on the slides (Goodfellow et al. 2014)."""
    return cross_entropy_real(real_scores) + cross_entropy_fake(fake_scores)


NON_SATURATING = Objective(
    d_loss=discriminator_cross_entropy,
    g_loss=cross_entropy_real,
    equilibrium=(2 * math.log(2), math.log(2)),
)
"""G minimises −E log D(G(z)) rather than E log(1 − D(G(z))), whose gradient vanishes while D wins
(Goodfellow et al. 2014, section 3)."""

OBJECTIVES: dict[str, Objective] = {"non-saturating": NON_SATURATING}


def find_objective(name: str) -> Objective:
    """The objective of that name. Raises UserError, naming those there are, if there is none."""
    if name not in OBJECTIVES:
        raise UserError(f"unknown objective {name!r}: there is {', '.join(OBJECTIVES)}")
    return OBJECTIVES[name]
