"""The twins for pictures against the plain layers and against float64 NumPy."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn
from numpy.lib.stride_tricks import sliding_window_view

from ms_gan.networks.fast import fast
from ms_gan.networks.fast.columns import BatchNorm, Dense, MaxPool2d, PooledConv2d
from ms_gan.networks.fast.exchange import InColumns

pytestmark = pytest.mark.usefixtures("cpu")

both_modes = pytest.mark.parametrize("compiled", [False, True], ids=["pynative", "jit"])


def differentiator(network, compiled: bool):
    """(x, dout) → (y, gradient for x, gradients for the weights), as NumPy arrays."""

    def forward(x, dout):
        y = network(x)
        return (y * dout).sum(), y

    grad = ms.value_and_grad(forward, 0, network.trainable_params(), has_aux=True)
    if compiled:
        grad = ms.jit(grad, jit_level="O0")

    def differentiate(x, dout):
        (_, y), (dx, dweights) = grad(Tensor(x), Tensor(dout))
        return y.asnumpy(), dx.asnumpy(), *(gradient.asnumpy() for gradient in dweights)

    return differentiate


def normals(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def integers(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-2, 3, shape).astype(np.float32)


def parameters(network) -> dict[str, np.ndarray]:
    return {name.split(".")[-1]: p.asnumpy().copy() for name, p in network.parameters_and_names()}


def give(network, **values: np.ndarray) -> None:
    for name, p in network.parameters_and_names():
        p.set_data(Tensor(values[name.split(".")[-1]]))


def close(ours, theirs, tolerance: float) -> None:
    """Tolerance is relative to the largest number of each array, and to 1 if that is smaller."""
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.shape == other.shape
        np.testing.assert_allclose(mine, other, rtol=0, atol=tolerance * max(1, abs(other).max()))


def numpy_dense(x, weight, bias, dout):
    return x @ weight.T + bias, dout @ weight, dout.T @ x, dout.sum(0)


def numpy_pooled_conv(x, weight, bias, dout):
    """Of equal numbers the first is taken for the largest."""
    kernel, (n, outputs, half, _) = weight.shape[-1], dout.shape
    windows = sliding_window_view(x, (kernel, kernel), axis=(2, 3))
    y = np.einsum("nchwij,mcij->nmhw", windows, weight, optimize=True)
    size = y.shape[-1]
    blocks = y[:, :, : 2 * half, : 2 * half].reshape(n, outputs, half, 2, half, 2).swapaxes(3, 4)
    blocks = blocks.reshape(*dout.shape, 4)
    first = blocks.argmax(-1)[..., np.newaxis]
    d_blocks = np.zeros_like(blocks)
    np.put_along_axis(d_blocks, first, dout[..., np.newaxis], -1)
    dy = np.zeros_like(y)
    d_blocks = d_blocks.reshape(n, outputs, half, half, 2, 2).swapaxes(3, 4)
    dy[:, :, : 2 * half, : 2 * half] = d_blocks.reshape(n, outputs, 2 * half, 2 * half)
    dx = np.zeros_like(x)
    for i, j in np.ndindex(kernel, kernel):
        dx[:, :, i : i + size, j : j + size] += np.einsum("nmhw,mc->nchw", dy, weight[:, :, i, j])
    largest = np.take_along_axis(blocks, first, -1)[..., 0] + bias[:, np.newaxis, np.newaxis]
    return largest, dx, np.einsum("nchwij,nmhw->mcij", windows, dy, optimize=True), dout.sum((0, 2, 3))


def numpy_doubling(x, weight, bias, dout):
    twice = 2 * x.shape[-1]
    canvas = np.zeros((len(x), weight.shape[1], twice + 2, twice + 2))
    d_canvas = np.pad(dout, ((0, 0), (0, 0), (1, 1), (1, 1)))
    dx, dweight = np.zeros_like(x), np.zeros_like(weight)
    for i, j in np.ndindex(4, 4):
        place = (..., slice(i, i + twice, 2), slice(j, j + twice, 2))
        canvas[place] += np.einsum("nchw,cm->nmhw", x, weight[:, :, i, j])
        dx += np.einsum("nmhw,cm->nchw", d_canvas[place], weight[:, :, i, j])
        dweight[:, :, i, j] = np.einsum("nchw,nmhw->cm", x, d_canvas[place])
    return canvas[:, :, 1:-1, 1:-1] + bias[:, np.newaxis, np.newaxis], dx, dweight, dout.sum((0, 2, 3))


def exact(reference, *arrays):
    return reference(*(array.astype(np.float64) for array in arrays))


def pooled(inputs: int, outputs: int, kernel: int, *between: nn.Cell):
    return nn.SequentialCell(
        nn.Conv2d(inputs, outputs, kernel, stride=1, pad_mode="valid", padding=0, has_bias=True),
        *between,
        nn.MaxPool2d(kernel_size=2, stride=2, pad_mode="valid"),
    )


def kinds(network) -> list[type]:
    """Of the twins in a chain in columns."""
    assert isinstance(network, InColumns)
    return [type(cell) for cell in network.chain]


def doubling(inputs: int, outputs: int):
    return nn.Conv2dTranspose(inputs, outputs, 4, stride=2, pad_mode="pad", padding=1, has_bias=True)


def compare(ours, theirs, reference, x, dout, compiled):
    """The numbers and the gradients for the input, the weight and the bias."""
    shapes = {name: value.shape for name, value in parameters(theirs).items()}
    assert list(shapes) == ["weight", "bias"]
    values = {name: normals(3 + i, *shape) for i, (name, shape) in enumerate(shapes.items())}
    give(theirs, **values)
    mine = differentiator(ours, compiled)(x, dout)
    close(mine, differentiator(theirs, compiled)(x, dout), 5e-6)
    close(mine, exact(reference, x, values["weight"], values["bias"], dout), 5e-6)


@both_modes
@pytest.mark.parametrize("n, inputs, outputs", [(1, 1, 1), (5, 7, 3)])
def test_dense(n, inputs, outputs, compiled):
    x, dout, theirs = normals(1, n, inputs), normals(2, n, outputs), nn.Dense(inputs, outputs, has_bias=True)
    compare(InColumns([Dense(theirs)]), theirs, numpy_dense, x, dout, compiled)


@both_modes
def test_dense_on_the_last_axis_of_pictures(compiled):
    theirs = nn.Dense(7, 3, has_bias=True)
    x, dout = normals(1, 2, 4, 5, 7), normals(2, 2, 4, 5, 3)
    results = (differentiator(network, compiled)(x, dout) for network in (InColumns([Dense(theirs)]), theirs))
    close(*results, 5e-6)


@both_modes
@pytest.mark.parametrize(
    "n, inputs, outputs, kernel, size",
    [
        (5, 1, 3, 5, 28),  # the critic's first layer, with fewer channels
        (1, 3, 4, 5, 12),  # and its second
        (5, 2, 1, 3, 8),
        (5, 2, 3, 3, 9),  # 7 rows and columns of results: the last of each belong to no block
        (1, 1, 2, 4, 8),
        (2, 3, 2, 1, 5),
        (1, 1, 1, 2, 3),  # a single block
    ],
)
def test_pooled_conv(n, inputs, outputs, kernel, size, compiled):
    half = (size - kernel + 1) // 2
    x, dout = normals(1, n, inputs, size, size), normals(2, n, outputs, half, half)
    theirs = pooled(inputs, outputs, kernel)
    assert kinds(fast(theirs)) == [PooledConv2d]
    compare(fast(theirs), theirs, numpy_pooled_conv, x, dout, compiled)


@both_modes
@pytest.mark.parametrize("activation", [nn.ReLU, nn.LeakyReLU, nn.Tanh])
def test_an_increasing_activation_goes_behind_the_pooling(activation, compiled):
    theirs = pooled(2, 3, 3, activation())
    ours = fast(theirs)
    assert kinds(ours)[0] is PooledConv2d and len(ours.chain) == 2
    x, dout = normals(1, 2, 2, 8, 10), normals(2, 2, 3, 3, 4)
    close(*(differentiator(network, compiled)(x, dout) for network in (ours, theirs)), 5e-6)


@both_modes
@pytest.mark.parametrize("between", [nn.GELU, nn.Identity], ids=["falls somewhere", "no activation"])
def test_pooling_by_itself(between, compiled):
    theirs = pooled(2, 3, 3, between())
    ours = fast(theirs)
    assert kinds(ours)[-1] is MaxPool2d and len(ours.chain) == 3
    x, dout = normals(1, 2, 2, 9, 8), normals(2, 2, 3, 3, 3)
    close(*(differentiator(network, compiled)(x, dout) for network in (ours, theirs)), 5e-6)


@both_modes
@pytest.mark.parametrize(
    "n, inputs, outputs, size", [(1, 1, 1, 1), (5, 3, 2, 7), (1, 2, 3, 4), (5, 4, 1, 14), (2, 1, 2, 3)]
)
def test_doubling_conv(n, inputs, outputs, size, compiled):
    x, dout = normals(1, n, inputs, size, size), normals(2, n, outputs, 2 * size, 2 * size)
    theirs = doubling(inputs, outputs)
    compare(fast(theirs), theirs, numpy_doubling, x, dout, compiled)


@both_modes
def test_of_equal_numbers_one_gets_the_gradient(compiled):
    """All 81 blocks of the numbers 0, 1 and 2, side by side in one picture; the convolution lets them through."""
    blocks = np.array(list(np.ndindex(3, 3, 3, 3)), np.float32).reshape(9, 9, 2, 2)
    x = blocks.swapaxes(1, 2).reshape(1, 1, 18, 18)
    dout = np.arange(1, 82, dtype=np.float32).reshape(1, 1, 9, 9)
    theirs = pooled(1, 1, 1)
    values = dict(weight=np.ones((1, 1, 1, 1), np.float32), bias=np.zeros(1, np.float32))
    give(theirs, **values)
    results = [differentiator(network, compiled)(x, dout) for network in (fast(theirs), theirs)]
    y, dx = results[0][:2]
    assert np.array_equal(y[0, 0], blocks.max((2, 3)))
    d_blocks = dx.reshape(9, 2, 9, 2).swapaxes(1, 2)
    assert np.array_equal(np.count_nonzero(d_blocks, axis=(2, 3)), np.ones((9, 9)))
    assert np.array_equal(d_blocks.sum((2, 3)), dout[0, 0])
    assert ((d_blocks != 0) <= (blocks == blocks.max((2, 3), keepdims=True))).all()
    for other in (results[1], exact(numpy_pooled_conv, x, *values.values(), dout)):
        for mine, their in zip(results[0], other, strict=True):
            assert np.array_equal(mine, their)


@pytest.mark.parametrize("even", [True, False], ids=["even picture", "whole numbers"])
def test_equal_numbers_behind_a_convolution(even):
    """Whole numbers are exact in float32, so that many results in a block are equal; in an even picture all are."""
    x = np.full((2, 2, 9, 9), 3, np.float32) if even else integers(1, 2, 2, 9, 9)
    dout, values = integers(2, 2, 3, 3, 3), dict(weight=integers(3, 3, 2, 3, 3), bias=integers(4, 3))
    layer = fast(pooled(2, 3, 3))
    give(layer, **values)
    mine = differentiator(layer, compiled=True)(x, dout)
    for ours, wanted in zip(mine, exact(numpy_pooled_conv, x, values["weight"], values["bias"], dout), strict=True):
        assert np.array_equal(ours, wanted)
    assert abs(mine[1]).max() > 0


class NumpyBatchNorm:
    """Ioffe and Szegedy's algorithm 1 and its gradient in float64, each feature over the batch and its pixels."""

    def __init__(self, gamma, beta, moving_mean, moving_variance):
        values = gamma, beta, moving_mean, moving_variance
        self.gamma, self.beta, self.mean, self.variance = (value.astype(np.float64) for value in values)

    def __call__(self, x, dout):
        x, dout = (array.astype(np.float64).reshape(*array.shape[:2], -1) for array in (x, dout))
        axes, n = (0, 2), x.size // len(self.gamma)
        mean, variance = x.mean(axes), x.var(axes)
        self.mean = 0.9 * self.mean + 0.1 * mean
        self.variance = 0.9 * self.variance + 0.1 * variance * n / (n - 1)
        root = np.sqrt(variance + 1e-5)[:, np.newaxis]
        xhat = (x - mean[:, np.newaxis]) / root
        d_gamma, d_beta = (dout * xhat).sum(axes), dout.sum(axes)
        centred = dout - (d_beta[:, np.newaxis] + xhat * d_gamma[:, np.newaxis]) / n
        gamma = self.gamma[:, np.newaxis]
        return xhat * gamma + self.beta[:, np.newaxis], centred * gamma / root, d_gamma, d_beta

    def evaluate(self, x, dout):
        x, dout = (array.astype(np.float64).reshape(*array.shape[:2], -1) for array in (x, dout))
        root = np.sqrt(self.variance + 1e-5)[:, np.newaxis]
        xhat = (x - self.mean[:, np.newaxis]) / root
        gamma, axes = self.gamma[:, np.newaxis], (0, 2)
        return xhat * gamma + self.beta[:, np.newaxis], dout * gamma / root, (dout * xhat).sum(axes), dout.sum(axes)


def flat(results, shape):
    """The numbers and the gradient for x as NumpyBatchNorm gives them, N×features×pixels."""
    return [array.reshape(*shape[:2], -1) for array in results[:2]] + list(results[2:])


batch_norm_shapes = pytest.mark.parametrize("shape", [(5, 3, 4, 4), (1, 2, 3, 3), (8, 6), (3, 1)], ids=str)


def batch_norms(shape):
    """Ours, MindSpore's, and the reference, with the same weights and statistics."""
    features = shape[1]
    kind = nn.BatchNorm2d if len(shape) == 4 else nn.BatchNorm1d
    ours, theirs = (kind(features, eps=1e-5, momentum=0.9) for _ in range(2))
    values = dict(gamma=1 + 0.3 * normals(1, features), beta=normals(2, features))
    values |= dict(moving_mean=normals(3, features), moving_variance=0.5 + normals(4, features) ** 2)
    ours = InColumns([BatchNorm(ours)])
    for network in (ours, theirs):
        give(network, **values)
    return ours, theirs, NumpyBatchNorm(**values)


@both_modes
@batch_norm_shapes
def test_batch_norm_in_training(shape, compiled):
    ours, theirs, reference = batch_norms(shape)
    before = parameters(ours)
    mine = differentiator(ours.set_train(True), compiled)
    others = differentiator(theirs.set_train(True), compiled)
    for step in range(3):
        x, dout = 2 * normals(10 + step, *shape) + step, normals(20 + step, *shape)
        results = mine(x, dout)
        close(results, others(x, dout), 2e-5)
        close(flat(results, shape), reference(x, dout), 2e-5)
        ours_now, theirs_now = parameters(ours), parameters(theirs)
        assert ours_now.keys() == theirs_now.keys() == before.keys()
        close(ours_now.values(), [theirs_now[name] for name in ours_now], 1e-6)
        close([ours_now["moving_mean"], ours_now["moving_variance"]], [reference.mean, reference.variance], 2e-6)
    for name in ("moving_mean", "moving_variance"):
        assert abs(ours_now[name] - before[name]).min() > 0.01  # the statistics did move


@both_modes
@batch_norm_shapes
def test_batch_norm_in_evaluation(shape, compiled):
    ours, theirs, reference = batch_norms(shape)
    before = parameters(ours)
    x, dout = normals(5, *shape), normals(6, *shape)
    mine = differentiator(ours.set_train(False), compiled)(x, dout)
    close(mine, differentiator(theirs.set_train(False), compiled)(x, dout), 5e-6)
    close(flat(mine, shape), reference.evaluate(x, dout), 5e-6)
    for name, value in parameters(ours).items():
        assert np.array_equal(value, before[name])


def slopes(function, arrays: list[np.ndarray], step: float = 1e-5) -> list[np.ndarray]:
    """The gradient of function(*arrays) → number for every number of the arrays, by differences."""
    results = [np.zeros_like(array) for array in arrays]
    for array, result in zip(arrays, results, strict=True):
        for place in np.ndindex(array.shape):
            middle = array[place]
            ends = []
            for sign in (1, -1):
                array[place] = middle + sign * step
                ends.append(function(*arrays))
            array[place] = middle
            result[place] = (ends[0] - ends[1]) / (2 * step)
    return results


@pytest.mark.parametrize(
    "layer, reference, x_shape, y_shape",
    [
        (lambda: InColumns([Dense(nn.Dense(4, 3, has_bias=True))]), numpy_dense, (2, 4), (2, 3)),
        (lambda: fast(pooled(2, 2, 3)), numpy_pooled_conv, (2, 2, 6, 6), (2, 2, 2, 2)),
        (lambda: fast(doubling(2, 2)), numpy_doubling, (2, 2, 2, 2), (2, 2, 4, 4)),
    ],
    ids=["dense", "pooled", "doubling"],
)
def test_second_derivatives(layer, reference, x_shape, y_shape):
    """Inside ms.jit: of v·∇ₓ Σ dout·y²/2 for the input and the weights, each number of them."""
    layer = layer()
    shapes = [p.shape for p in layer.trainable_params()]
    x, dout, v = normals(1, *x_shape), normals(2, *y_shape), normals(3, *x_shape)
    values = [normals(4 + i, *shape) for i, shape in enumerate(shapes)]
    give(layer, **dict(zip(("weight", "bias"), values, strict=True)))

    def height(x, dout):
        return (dout * layer(x) ** 2).sum() / 2

    def slope(x, dout, v):
        return (v * ms.grad(height)(x, dout)).sum()

    both = ms.jit(ms.value_and_grad(slope, 0, layer.trainable_params()), jit_level="O0")
    value, (dx, dweights) = both(*(Tensor(array) for array in (x, dout, v)))

    def exact_slope(x, weight, bias):
        y = reference(x, weight, bias, np.zeros(y_shape))[0]
        return (v * reference(x, weight, bias, dout * y)[1]).sum()

    exact_values = [array.astype(np.float64) for array in (x, *values)]
    assert float(value) == pytest.approx(exact_slope(*exact_values), rel=1e-5)
    wanted = slopes(exact_slope, exact_values)
    close([dx.asnumpy(), *(gradient.asnumpy() for gradient in dweights)], wanted, 2e-6)
    assert all(abs(gradient).max() > 0.1 for gradient in wanted)
