"""The losses against float64 NumPy, against the slides' Sigmoid + BCELoss, and where that one locks up."""

import math

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn, ops

from ms_gan.errors import UserError
from ms_gan.objectives import OBJECTIVES, cross_entropy_fake, cross_entropy_real, find_objective

pytestmark = pytest.mark.usefixtures("cpu")

GAME = find_objective("non-saturating")


def scores(seed: int, n: int, scale: float) -> np.ndarray:
    return (scale * np.random.default_rng(seed).uniform(-1, 1, (n, 1))).astype(np.float32)


def reference(real: np.ndarray, fake: np.ndarray) -> tuple[float, float]:
    """−E log D(x) − E log(1 − D(G(z))) and −E log D(G(z)), in float64."""
    real, fake = real.astype(np.float64), fake.astype(np.float64)
    d_loss = np.logaddexp(0, -real).mean() + np.logaddexp(0, fake).mean()
    return d_loss, np.logaddexp(0, -fake).mean()


@pytest.mark.parametrize("scale", [1e-3, 1, 16, 100, 1e4])
@pytest.mark.parametrize("n", [1, 7, 128])
def test_exact(n, scale):
    real, fake = scores(1, n, scale), scores(2, n, scale)
    d_loss, g_loss = GAME.d_loss(Tensor(real), Tensor(fake)), GAME.g_loss(Tensor(fake))
    assert d_loss.shape == g_loss.shape == ()
    assert (float(d_loss), float(g_loss)) == pytest.approx(reference(real, fake), rel=1e-6, abs=1e-6)


def test_batches_of_different_sizes():
    real, fake = scores(1, 5, 3), scores(2, 9, 3)
    assert float(GAME.d_loss(Tensor(real), Tensor(fake))) == pytest.approx(reference(real, fake)[0], rel=1e-6)


@pytest.mark.parametrize("loss, sign", [(cross_entropy_real, -1), (cross_entropy_fake, 1)])
@pytest.mark.parametrize("compiled", [False, True], ids=["pynative", "jit"])
def test_gradients(loss, sign, compiled):
    """d/ds −log D = −(1 − D) / N, d/ds −log(1 − D) = D / N; at score 0 both are a half of 1 / N."""
    values = np.array([-1e4, -40, -17, -1, -1e-4, 0.0, 1e-4, 1, 17, 40, 1e4], np.float32).reshape(-1, 1)
    grad = ms.grad(loss)
    gradient = (ms.jit(grad) if compiled else grad)(Tensor(values)).asnumpy()
    with np.errstate(over="ignore"):
        exact = sign / (1 + np.exp(-sign * values.astype(np.float64))) / len(values)
    assert gradient.shape == values.shape
    np.testing.assert_allclose(gradient, exact, rtol=2e-6, atol=1e-9)
    assert gradient[5, 0] == pytest.approx(sign * 0.5 / len(values), rel=1e-6)


@pytest.mark.parametrize("score", [-1e4, 1e4])
def test_finite_for_any_score(score):
    far = Tensor(np.full((4, 1), score, np.float32))
    d_loss, g_loss = float(GAME.d_loss(far, far)), float(GAME.g_loss(far))
    assert d_loss == pytest.approx(1e4, rel=1e-6)
    assert g_loss == pytest.approx(1e4 if score < 0 else 0, rel=1e-6)


def test_equal_to_sigmoid_and_bce_in_the_ordinary_range():
    real, fake = Tensor(scores(3, 128, 5)), Tensor(scores(4, 128, 5))
    bce, ones = nn.BCELoss(reduction="mean"), ops.ones((128, 1), ms.float32)
    slides_d = bce(ops.sigmoid(real), ones) + bce(ops.sigmoid(fake), ops.zeros((128, 1), ms.float32))
    slides_g = bce(ops.sigmoid(fake), ones)
    assert float(GAME.d_loss(real, fake)) == pytest.approx(float(slides_d), rel=2e-6)
    assert float(GAME.g_loss(fake)) == pytest.approx(float(slides_g), rel=2e-6)


def test_where_the_slides_loss_locks_up_ours_is_alive():
    # Four scores: MindSpore 2.10's BCELoss of a single number is twice what it should be.
    score, zero = Tensor(np.full((4, 1), 40, np.float32)), Tensor(np.zeros((4, 1), np.float32))
    bce = nn.BCELoss(reduction="mean")

    def slides_fake(score):
        return bce(ops.sigmoid(score), zero)

    loss, gradient = ms.value_and_grad(slides_fake)(score)
    assert float(loss) == pytest.approx(-math.log(1e-12), rel=1e-6)
    assert f"{float(loss):f}" == "27.631021"
    assert np.array_equal(gradient.asnumpy(), np.zeros((4, 1)))
    loss, gradient = ms.value_and_grad(cross_entropy_fake)(score)
    assert float(loss) == pytest.approx(40, rel=1e-6)
    np.testing.assert_allclose(gradient.asnumpy(), np.full((4, 1), 0.25), rtol=1e-6)


def test_equilibrium():
    """Where D says ½ everywhere, its scores are 0."""
    zeros = ops.zeros((16, 1), ms.float32)
    assert GAME.equilibrium == pytest.approx((1.3862943611198906, 0.6931471805599453), abs=1e-15)
    assert (float(GAME.d_loss(zeros, zeros)), float(GAME.g_loss(zeros))) == pytest.approx(GAME.equilibrium, rel=1e-6)


def test_unknown_objective_is_named():
    assert find_objective("non-saturating") is OBJECTIVES["non-saturating"]
    with pytest.raises(UserError, match="unknown objective 'wgan': there is non-saturating"):
        find_objective("wgan")
