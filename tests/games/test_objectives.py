"""The losses against float64 NumPy, against the slides' Sigmoid + BCELoss, and where that one locks up; the gradient
penalty against critics whose gradients are known."""

import math

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn, ops

from ms_gan.errors import UserError
from ms_gan.games.objectives import (
    CRITIC,
    OBJECTIVES,
    PROBABILITIES,
    TARGETS,
    cross_entropy_fake,
    cross_entropy_real,
    find_objective,
    gradient_penalty,
)

pytestmark = pytest.mark.usefixtures("cpu")

GAME = find_objective("non-saturating")
FAR = np.array([-1e4, -40, -17, -1, -1e-4, 0.0, 1e-4, 1, 17, 40, 1e4])
SCALES = [1e-3, 1, 5, 16, 100, 1e4]


def softplus(s):
    return np.logaddexp(0, s)


def sigmoid(s):
    return np.exp(-np.logaddexp(0, -s))


REFERENCE = {
    "non-saturating": (lambda x, g: softplus(-x).mean() + softplus(g).mean(), lambda g: softplus(-g).mean()),
    "minimax": (lambda x, g: softplus(-x).mean() + softplus(g).mean(), lambda g: -softplus(g).mean()),
    "least-squares": (
        lambda x, g: 0.5 * ((x - 1) ** 2).mean() + 0.5 * (g**2).mean(),
        lambda g: 0.5 * ((g - 1) ** 2).mean(),
    ),
    "wasserstein": (lambda x, g: g.mean() - x.mean(), lambda g: -g.mean()),
}
"""(d_loss(real, fake), g_loss(fake)) in float64."""

SLOPES = {
    "non-saturating": (lambda x: -sigmoid(-x), sigmoid, lambda g: -sigmoid(-g)),
    "minimax": (lambda x: -sigmoid(-x), sigmoid, lambda g: -sigmoid(g)),
    "least-squares": (lambda x: x - 1, lambda g: g, lambda g: g - 1),
    "wasserstein": (lambda x: np.full_like(x, -1), np.ones_like, lambda g: np.full_like(g, -1)),
}
"""For one image: the slope of d_loss in the real and in the fake score, and of g_loss in the fake one."""


def scores(seed: int, n: int, scale: float) -> np.ndarray:
    return (scale * np.random.default_rng(seed).uniform(-1, 1, (n, 1))).astype(np.float32)


def test_all_are_tested():
    assert list(OBJECTIVES) == list(REFERENCE) == list(SLOPES)


@pytest.mark.parametrize("name", REFERENCE)
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("n", [1, 7, 128])
def test_exact(name, n, scale):
    """To the last digit but one of a float32."""
    real, fake = scores(1, n, scale), scores(2, n, scale)
    game, (d_reference, g_reference) = find_objective(name), REFERENCE[name]
    d_loss, g_loss = game.d_loss(Tensor(real), Tensor(fake)), game.g_loss(Tensor(fake))
    assert d_loss.shape == g_loss.shape == () and d_loss.dtype == g_loss.dtype == ms.float32
    real, fake = real.astype(np.float64), fake.astype(np.float64)
    assert float(d_loss) == pytest.approx(d_reference(real, fake), rel=1e-6, abs=1e-16)
    assert float(g_loss) == pytest.approx(g_reference(fake), rel=1e-6, abs=1e-16)


@pytest.mark.parametrize("name", REFERENCE)
def test_batches_of_different_sizes(name):
    real, fake = scores(1, 5, 3), scores(2, 9, 3)
    expected = REFERENCE[name][0](real.astype(np.float64), fake.astype(np.float64))
    assert float(find_objective(name).d_loss(Tensor(real), Tensor(fake))) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", REFERENCE)
@pytest.mark.parametrize("compiled", [False, True], ids=["pynative", "jit"])
def test_gradients(name, compiled):
    """Each score's slope over N, from −10,000 to 10,000, so none is anything but a finite number."""
    game, (real_slope, fake_slope, g_slope) = find_objective(name), SLOPES[name]
    d_grad, g_grad = ms.grad(game.d_loss, (0, 1)), ms.grad(game.g_loss)
    if compiled:
        d_grad, g_grad = ms.jit(d_grad, jit_level="O0"), ms.jit(g_grad, jit_level="O0")
    values = FAR.astype(np.float32).reshape(-1, 1)
    found = [*d_grad(Tensor(values), Tensor(values)), g_grad(Tensor(values))]
    for gradient, slope in zip(found, (real_slope, fake_slope, g_slope), strict=True):
        assert gradient.shape == values.shape and gradient.dtype == ms.float32
        expected = slope(values.astype(np.float64)) / len(values)
        np.testing.assert_allclose(gradient.asnumpy(), expected, rtol=1e-6, atol=1e-16)


@pytest.mark.parametrize("name, alive", [("minimax", 0), ("non-saturating", 1), ("least-squares", 41)])
def test_what_a_beaten_generator_learns_from(name, alive):
    """D is sure of every generated image, score −40: only the saturating loss leaves G without a gradient."""
    slope = ms.grad(find_objective(name).g_loss)(Tensor(np.full((4, 1), -40, np.float32))).asnumpy() * 4
    assert slope == pytest.approx(np.full((4, 1), -alive), abs=1e-16)


@pytest.mark.parametrize("score", [-1e4, 1e4])
def test_finite_for_any_score(score):
    far = Tensor(np.full((4, 1), score, np.float32))
    d_loss, g_loss = float(GAME.d_loss(far, far)), float(GAME.g_loss(far))
    assert d_loss == pytest.approx(1e4, rel=1e-6)
    assert g_loss == pytest.approx(1e4 if score < 0 else 0, rel=1e-6)
    assert float(find_objective("minimax").g_loss(far)) == pytest.approx(0 if score < 0 else -1e4, rel=1e-6)


def test_the_two_halves():
    real, fake = Tensor(scores(3, 128, 5)), Tensor(scores(4, 128, 5))
    d_real, d_fake = (sigmoid(tensor.asnumpy().astype(np.float64)) for tensor in (real, fake))
    assert float(cross_entropy_real(real)) == pytest.approx(-np.log(d_real).mean(), rel=1e-6)
    assert float(cross_entropy_fake(fake)) == pytest.approx(-np.log(1 - d_fake).mean(), rel=1e-6)


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
    assert float(loss) == pytest.approx(-math.log(1e-12), rel=1e-5)
    assert np.array_equal(gradient.asnumpy(), np.zeros((4, 1)))
    loss, gradient = ms.value_and_grad(cross_entropy_fake)(score)
    assert float(loss) == pytest.approx(40, rel=1e-5)
    np.testing.assert_allclose(gradient.asnumpy(), np.full((4, 1), 0.25), rtol=1e-6)


@pytest.mark.parametrize(
    "name, score, losses",
    [
        ("non-saturating", 0, (1.3862943611198906, 0.6931471805599453)),
        ("minimax", 0, (1.3862943611198906, -0.6931471805599453)),
        ("least-squares", 0.5, (0.25, 0.125)),
        ("wasserstein", 0, (0, 0)),
    ],
)
def test_equilibrium(name, score, losses):
    """Where the two distributions coincide, D's best score is the same everywhere."""
    game, same = find_objective(name), Tensor(np.full((16, 1), score, np.float32))
    assert game.equilibrium == pytest.approx(losses, abs=1e-12)
    assert (float(game.d_loss(same, same)), float(game.g_loss(same))) == pytest.approx(losses, rel=1e-6)
    if name != "wasserstein":  # whose critic's scores mean nothing by themselves
        assert float(game.answer(same).mean()) == pytest.approx(0.5, rel=1e-6)


@pytest.mark.parametrize("name", ["non-saturating", "minimax", "least-squares"])
def test_equilibrium_is_ds_best(name):
    """Any other constant score costs D more; the scores of p_G = p_data that minimise d_loss are those above."""
    game, best = find_objective(name), 0.5 if name == "least-squares" else 0
    constants = [best - 0.1, best, best + 0.1]
    costs = [float(game.d_loss(*[Tensor(np.full((2, 1), c, np.float32))] * 2)) for c in constants]
    assert min(costs[0], costs[2]) > costs[1] + 1e-3


@pytest.mark.parametrize("level", ["O0", "O1"])
def test_answers_inside_a_compiled_graph(level):
    values = scores(5, 6, 4)
    kinds = {"non-saturating": PROBABILITIES, "minimax": PROBABILITIES, "least-squares": TARGETS, "wasserstein": CRITIC}
    for name, kind in kinds.items():
        game = find_objective(name)
        assert game.answers == kind

        @ms.jit(jit_level=level)
        def step(scores, game=game):
            return game.answer(scores), game.d_loss(scores, scores), game.g_loss(scores)

        answer, *losses = step(Tensor(values))
        expected = sigmoid(values.astype(np.float64)) if kind == PROBABILITIES else values
        np.testing.assert_allclose(answer.asnumpy(), expected, rtol=1e-5 if kind == PROBABILITIES else 0)
        np.testing.assert_allclose(answer.asnumpy(), game.answer(Tensor(values)).asnumpy(), rtol=1e-6)
        outside = game.d_loss(Tensor(values), Tensor(values)), game.g_loss(Tensor(values))
        assert [*map(float, losses)] == pytest.approx([*map(float, outside)], rel=1e-6)


def test_unknown_objective_is_named():
    assert find_objective("non-saturating") is OBJECTIVES["non-saturating"]
    with pytest.raises(UserError, match="unknown objective 'wgan': there is non-saturating, minimax, least-squares, w"):
        find_objective("wgan")


def images(seed: int, n: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (n, 1, 28, 28)).astype(np.float32)


def mixture(real, fake, mixing) -> np.ndarray:
    return mixing.astype(np.float64) * real + (1 - mixing.astype(np.float64)) * fake


def mixing(n: int = 4) -> np.ndarray:
    return np.linspace(0, 1, n, dtype=np.float32).reshape(n, 1, 1, 1)


class Linear(nn.Cell):
    """D(x) = w·x + b."""

    def __init__(self, w: np.ndarray):
        super().__init__()
        self.w = ms.Parameter(Tensor(w.astype(np.float32)), name="w")
        self.b = ms.Parameter(Tensor([0.5], ms.float32), name="b")

    def construct(self, x):
        return ops.matmul(x.reshape((x.shape[0], -1)), self.w.reshape((-1, 1))) + self.b


@pytest.mark.parametrize("norm", [0, 1e-3, 0.25, 1, 3, 100])
def test_penalty_of_a_linear_critic(norm):
    """Its gradient is w everywhere: the penalty is (‖w‖ − 1)², whose gradient for w is 2·(‖w‖ − 1)·w/‖w‖."""
    w = np.random.default_rng(6).standard_normal(784)
    w = (norm * w / np.linalg.norm(w)).astype(np.float32)
    critic = Linear(w)

    def penalty(real, fake, mixing):
        return gradient_penalty(critic, real, fake, mixing)

    both = ms.jit(ms.value_and_grad(penalty, None, critic.trainable_params()), jit_level="O0")
    value, (w_gradient, b_gradient) = both(*map(Tensor, (images(1), images(2), mixing())))
    exact = np.linalg.norm(w.astype(np.float64))
    assert value.shape == () and value.dtype == ms.float32
    assert float(value) == pytest.approx((exact - 1) ** 2, rel=1e-6, abs=1e-14)
    direction = w / exact if norm else np.zeros(784)
    np.testing.assert_allclose(w_gradient.asnumpy(), 2 * (exact - 1) * direction, rtol=2e-6, atol=1e-8)
    assert b_gradient.asnumpy() == 0


@pytest.mark.parametrize("compiled", [False, True], ids=["pynative", "jit"])
def test_penalty_takes_each_image_by_itself(compiled):
    """D(x) = a/2·‖x‖² has the gradient a·x̂: every image has a norm of its own, and its own mixture."""
    real, fake, a = images(1), 3 * images(2), 0.1

    def critic(x):
        return a / 2 * ops.square(x).reshape((x.shape[0], -1)).sum(1, keepdims=True)

    def penalty(real, fake, mixing):
        return gradient_penalty(critic, real, fake, mixing)

    if compiled:
        penalty = ms.jit(penalty, jit_level="O0")
    norms = np.sqrt(((a * mixture(real, fake, mixing())) ** 2).sum((1, 2, 3)))
    assert np.ptp(norms) > 2
    assert float(penalty(*map(Tensor, (real, fake, mixing())))) == pytest.approx(((norms - 1) ** 2).mean(), rel=1e-5)
    only_real, only_fake = (np.full((4, 1, 1, 1), share, np.float32) for share in (1, 0))
    for share, ends in ((only_real, real), (only_fake, fake)):
        norms = np.sqrt(((a * ends.astype(np.float64)) ** 2).sum((1, 2, 3)))
        assert float(penalty(*map(Tensor, (real, fake, share)))) == pytest.approx(((norms - 1) ** 2).mean(), rel=1e-5)


class Wave(nn.Cell):
    """Two convolutions and smooth activations, so that differences of its penalty are exact."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 2, 5, stride=2, pad_mode="valid", has_bias=True)
        self.second = nn.Conv2d(2, 2, 5, stride=2, pad_mode="valid", has_bias=True)
        self.last = nn.Dense(2 * 4 * 4, 1)
        rng = np.random.default_rng(7)
        for p in self.trainable_params():
            p.set_data(Tensor(0.5 * rng.standard_normal(p.shape).astype(np.float32)))

    def construct(self, x):
        x = ops.sin(self.second(ops.sin(self.first(x))))
        return self.last(x.reshape((x.shape[0], -1)))


def test_penalty_teaches_every_weight_of_a_convolutional_critic():
    """Inside ms.jit. Each weight's gradient against the difference of the penalty along it, and along chance."""
    critic, rng = Wave(), np.random.default_rng(8)
    given = [Tensor(array) for array in (images(1), images(2), mixing())]

    def penalty(real, fake, mixing):
        return gradient_penalty(critic, real, fake, mixing)

    weights = critic.trainable_params()
    both = ms.jit(ms.value_and_grad(penalty, None, weights), jit_level="O0")
    value, gradients = both(*given)
    assert float(value) == pytest.approx(float(penalty(*given)), rel=1e-5)
    step = 1e-3
    for p, gradient in zip(weights, gradients, strict=True):
        start, gradient = p.asnumpy().copy(), gradient.asnumpy().astype(np.float64)
        if p.name == "last.bias":
            assert not gradient.any()
            continue
        along = gradient / np.linalg.norm(gradient) + rng.standard_normal(start.shape) / math.sqrt(start.size)
        ends = []
        for sign in (1, -1):
            p.set_data(Tensor((start + sign * step * along).astype(np.float32)))
            ends.append(float(penalty(*given)))  # not compiled: it sees the weights that are set here
        p.set_data(Tensor(start))
        assert (gradient * along).sum() == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=0.01), p.name


class Largest(nn.Cell):
    """D(x) = Σ w·m², m the largest pixel of each of 4 quarters: 2·w·m at those pixels is all of its gradient."""

    def __init__(self):
        super().__init__()
        self.w = ms.Parameter(Tensor([[0.1], [-0.2], [0.3], [0.5]], ms.float32), name="w")

    def construct(self, x):
        largest = x.reshape((x.shape[0], 2, 14, 2, 14)).max((2, 4)).reshape((x.shape[0], 4))
        return ops.matmul(ops.square(largest), self.w)


def test_penalty_through_a_maximum():
    """(‖2·w·m‖ − 1)² has the gradient 2·(‖·‖ − 1)/‖·‖·4·w·m² for w."""
    critic, given = Largest(), (images(1), images(2), mixing())

    def penalty(real, fake, mixing):
        return gradient_penalty(critic, real, fake, mixing)

    both = ms.jit(ms.value_and_grad(penalty, None, critic.trainable_params()), jit_level="O0")
    value, (gradient,) = both(*map(Tensor, given))
    w, largest = critic.w.asnumpy()[:, 0].astype(np.float64), mixture(*given).reshape(4, 2, 14, 2, 14).max((2, 4))
    m = largest.reshape(4, 4)
    norms = np.sqrt(((2 * w * m) ** 2).sum(1, keepdims=True))
    assert float(value) == pytest.approx(((norms - 1) ** 2).mean(), rel=1e-5)
    expected = (2 * (norms - 1) / norms * 4 * w * m**2).mean(0)
    np.testing.assert_allclose(gradient.asnumpy()[:, 0], expected, rtol=1e-5)


SMOOTHED = ["non-saturating", "minimax", "least-squares"]


def soft_reference(name, s):
    if name == "least-squares":
        return lambda x, g: 0.5 * ((x - (1 - s)) ** 2).mean() + 0.5 * (g**2).mean()
    return lambda x, g: ((1 - s) * softplus(-x) + s * softplus(x)).mean() + softplus(g).mean()


@pytest.mark.parametrize("name", SMOOTHED)
@pytest.mark.parametrize("scale", SCALES)
def test_smoothed_labels_exact(name, scale):
    """Only D's loss on real images is another."""
    real, fake = scores(1, 7, scale), scores(2, 9, scale)
    game = find_objective(name, 0.1)
    loss = game.d_loss(Tensor(real), Tensor(fake))
    expected = soft_reference(name, 0.1)(real.astype(np.float64), fake.astype(np.float64))
    assert loss.shape == () and loss.dtype == ms.float32
    assert float(loss) == pytest.approx(expected, rel=1e-6)
    assert game.g_loss is find_objective(name).g_loss and game.answers == find_objective(name).answers


@pytest.mark.parametrize("compiled", [False, True], ids=["pynative", "jit"])
@pytest.mark.parametrize("name", SMOOTHED)
def test_slopes_with_smoothed_labels(name, compiled):
    grad = ms.grad(find_objective(name, 0.1).d_loss, (0, 1))
    if compiled:
        grad = ms.jit(grad, jit_level="O0")
    values = FAR.astype(np.float32).reshape(-1, 1)
    of_real, of_fake = grad(Tensor(values), Tensor(values))
    wide = values.astype(np.float64)
    answer = wide if name == "least-squares" else sigmoid(wide)
    np.testing.assert_allclose(of_real.asnumpy(), (answer - 0.9) / len(values), rtol=1e-6, atol=3e-9)
    np.testing.assert_allclose(of_fake.asnumpy(), answer / len(values), rtol=1e-6, atol=1e-16)


def test_smoothed_labels_are_bceloss_with_those_labels():
    real, fake = Tensor(scores(3, 128, 5)), Tensor(scores(4, 128, 5))
    bce, label = nn.BCELoss(reduction="mean"), ops.full((128, 1), 0.9, dtype=ms.float32)
    slides = bce(ops.sigmoid(real), label) + bce(ops.sigmoid(fake), ops.zeros((128, 1), ms.float32))
    assert float(find_objective("non-saturating", 0.1).d_loss(real, fake)) == pytest.approx(float(slides), rel=2e-6)


@pytest.mark.parametrize("s", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("name", SMOOTHED)
def test_equilibrium_with_smoothed_labels(name, s):
    """D answers (1 − s)/2 to all: no other answer costs it less, and the losses are those of that answer."""
    game = find_objective(name, s)
    assert (game.real_label, game.balance) == pytest.approx((1 - s, (1 - s) / 2))
    best = game.balance if name == "least-squares" else math.log(game.balance / (1 - game.balance))
    same = [Tensor(np.full((2, 1), best + shift, np.float32)) for shift in (-0.02, 0, 0.02)]
    below, at, above = (float(game.d_loss(score, score)) for score in same)
    assert min(below, above) > at + 1e-5
    assert abs(below - above) < 0.05 * (below - at)
    assert (at, float(game.g_loss(same[1]))) == pytest.approx(game.equilibrium, rel=1e-5)


def test_without_smoothing_it_is_the_very_same_objective():
    for name, game in OBJECTIVES.items():
        assert find_objective(name, 0.0) is game and game.real_label == 1
    assert GAME.balance == 0.5


def test_a_critic_has_no_labels_to_smooth():
    with pytest.raises(UserError, match="label smoothing 0.1: wasserstein has no labels, so it must be 0"):
        find_objective("wasserstein", 0.1)
