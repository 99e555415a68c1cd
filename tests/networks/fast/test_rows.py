"""The twins of fully connected layers against the plain layers and against float64 NumPy."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn

from ms_gan.networks.fast import fast
from ms_gan.networks.fast.rows import BatchNorm1d, Dense, LeakyReLU

pytestmark = pytest.mark.usefixtures("cpu")

both_modes = pytest.mark.parametrize("compiled", [False, True], ids=["pynative", "jit"])


def differentiator(network, compiled: bool):
    """(x, dout) → (y, gradient for x, gradients for the weights), as NumPy arrays."""

    def forward(x, dout):
        y = network(x)
        return (y * dout).sum(), y

    weights = network.trainable_params()
    grad = ms.value_and_grad(forward, 0, weights or None, has_aux=True)
    if compiled:
        grad = ms.jit(grad)

    def differentiate(x, dout):
        (_, y), gradients = grad(Tensor(x), Tensor(dout))
        dx, dweights = gradients if weights else (gradients, ())
        return y.asnumpy(), dx.asnumpy(), *(gradient.asnumpy() for gradient in dweights)

    return differentiate


def normals(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def parameters(network) -> dict[str, np.ndarray]:
    return {name: p.asnumpy().copy() for name, p in network.parameters_and_names()}


def give(network, **values: np.ndarray) -> None:
    named = dict(network.parameters_and_names())
    for name, value in values.items():
        named[name].set_data(Tensor(value))


def close(ours, theirs, tolerance: float) -> None:
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=tolerance, atol=tolerance)


class NumpyBatchNorm:
    """Ioffe and Szegedy's algorithm 1 and its gradient, in float64."""

    def __init__(self, gamma, beta):
        self.gamma, self.beta = gamma.astype(np.float64), beta.astype(np.float64)
        self.mean, self.variance = np.zeros(len(gamma)), np.ones(len(gamma))

    def __call__(self, x, dout):
        x, dout, n = x.astype(np.float64), dout.astype(np.float64), len(x)
        mean, variance = x.mean(0), x.var(0)
        self.mean = 0.9 * self.mean + 0.1 * mean
        self.variance = 0.9 * self.variance + 0.1 * variance * n / (n - 1)
        root = np.sqrt(variance + 1e-5)
        xhat = (x - mean) / root
        dxhat = dout * self.gamma
        dx = (dxhat - dxhat.mean(0) - xhat * (dxhat * xhat).mean(0)) / root
        return xhat * self.gamma + self.beta, dx, (dout * xhat).sum(0), dout.sum(0)


@both_modes
@pytest.mark.parametrize("n, features", [(64, 16), (3, 5)])
def test_batch_norm_in_training(n, features, compiled):
    theirs = nn.BatchNorm1d(features, eps=1e-5, momentum=0.9)
    ours = fast(nn.BatchNorm1d(features, eps=1e-5, momentum=0.9))
    assert isinstance(ours, BatchNorm1d)
    gamma, beta = 1 + 0.3 * normals(1, features), normals(2, features)
    reference = NumpyBatchNorm(gamma, beta)
    steps = []
    for network in (ours, theirs):
        give(network, gamma=gamma, beta=beta)
        network.set_train(True)
        steps.append(differentiator(network, compiled))
    for step in range(4):
        x, dout = 2 * normals(10 + step, n, features) + step, normals(20 + step, n, features)
        mine, other, exact = steps[0](x, dout), steps[1](x, dout), reference(x, dout)
        close(mine, other, 5e-5)
        close(mine, exact, 5e-5)
        ours_now, theirs_now = parameters(ours), parameters(theirs)
        assert ours_now.keys() == theirs_now.keys() == {"gamma", "beta", "moving_mean", "moving_variance"}
        close(ours_now.values(), [theirs_now[name] for name in ours_now], 1e-6)
        close([ours_now["moving_mean"], ours_now["moving_variance"]], [reference.mean, reference.variance], 1e-5)
    assert abs(ours_now["moving_mean"]).max() > 0.3  # the statistics did move


@both_modes
def test_batch_norm_in_evaluation(compiled):
    ours, theirs = (nn.BatchNorm1d(6, eps=1e-5, momentum=0.9) for _ in range(2))
    ours = fast(ours)
    values = dict(
        gamma=normals(1, 6), beta=normals(2, 6), moving_mean=normals(3, 6), moving_variance=normals(4, 6) ** 2
    )
    x, dout = normals(5, 9, 6), normals(6, 9, 6)
    results = []
    for network in (ours, theirs):
        give(network, **values)
        network.set_train(False)
        results.append(differentiator(network, compiled)(x, dout))
    close(results[0], results[1], 2e-5)
    v = {name: value.astype(np.float64) for name, value in values.items()}
    exact = (x - v["moving_mean"]) / np.sqrt(v["moving_variance"] + 1e-5) * v["gamma"] + v["beta"]
    np.testing.assert_allclose(results[0][0], exact, rtol=2e-5, atol=2e-5)
    for name, value in parameters(ours).items():
        assert np.array_equal(value, values[name])


@both_modes
def test_batch_norm_of_another_epsilon_and_momentum(compiled):
    ours, theirs = (nn.BatchNorm1d(6, eps=0.3, momentum=0.6).set_train(True) for _ in range(2))
    ours, x, dout = fast(ours), normals(1, 9, 6), normals(2, 9, 6)
    close(*(differentiator(network, compiled)(x, dout) for network in (ours, theirs)), 2e-5)
    mine, others = parameters(ours), parameters(theirs)
    close([mine[name] for name in others], others.values(), 1e-6)
    assert abs(mine["moving_mean"]).max() > 0.1


@both_modes
@pytest.mark.parametrize("slope", [0.2, 0.01])
def test_leaky_relu(slope, compiled):
    x = np.array([-1e30, -3, -1e-3, -1e-30, -0.0, 0.0, 1e-30, 1e-3, 3, 1e30], np.float32).reshape(2, 5)
    dout = normals(0, 2, 5)
    theirs = nn.LeakyReLU(alpha=slope)
    assert isinstance(fast(theirs), LeakyReLU)
    y, dx = differentiator(fast(theirs), compiled)(x, dout)
    their_y, their_dx = differentiator(theirs, compiled)(x, dout)
    np.testing.assert_allclose(y, np.where(x > 0, x.astype(np.float64), slope * x.astype(np.float64)), rtol=2e-7)
    np.testing.assert_allclose(y, their_y, rtol=2e-7)
    np.testing.assert_allclose(dx, np.where(x > 0, 1.0, slope) * dout, rtol=2e-6)
    np.testing.assert_allclose(dx[x != 0], their_dx[x != 0], rtol=2e-6)
    # At 0, where there is no derivative, ours takes the slope of the left side; MindSpore's takes the mean of both.
    np.testing.assert_allclose(dx[x == 0], slope * dout[x == 0], rtol=2e-6)
    np.testing.assert_allclose(their_dx[x == 0], (1 + slope) / 2 * dout[x == 0], rtol=2e-6)


@both_modes
@pytest.mark.parametrize("has_bias", [True, False])
def test_dense(has_bias, compiled):
    theirs = nn.Dense(7, 3, has_bias=has_bias)
    ours = fast(theirs)
    assert isinstance(ours, Dense)
    weight, bias = normals(1, 3, 7), normals(2, 3) if has_bias else np.zeros(3, np.float32)
    give(theirs, **dict(weight=weight, bias=bias) if has_bias else dict(weight=weight))
    x, dout = normals(3, 11, 7), normals(4, 11, 3)
    results = [differentiator(network, compiled)(x, dout) for network in (ours, theirs)]
    close(results[0], results[1], 1e-5)
    x, dout, w = x.astype(np.float64), dout.astype(np.float64), weight.astype(np.float64)
    exact = x @ w.T + bias, dout @ w, dout.T @ x, dout.sum(0)
    close(results[0], exact if has_bias else exact[:3], 1e-5)


@both_modes
def test_dense_on_the_last_axis_of_pictures(compiled):
    theirs = nn.Dense(7, 3, has_bias=True)
    x, dout = normals(3, 2, 4, 5, 7), normals(4, 2, 4, 5, 3)
    close(*(differentiator(network, compiled)(x, dout) for network in (fast(theirs), theirs)), 1e-5)
