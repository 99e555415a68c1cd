"""The twins of Radford's convolutions against the plain layers and against float64 NumPy."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn
from numpy.lib.stride_tricks import sliding_window_view

from ms_gan.networks.fast import fast

pytestmark = pytest.mark.usefixtures("cpu")

both_modes = pytest.mark.parametrize("compiled", [False, True], ids=["pynative", "jit"])


def normals(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def differentiate(layer, compiled: bool, x, dout):
    """y, the gradient for x and that for the weight."""

    def forward(x, dout):
        y = layer(x)
        return (y * dout).sum(), y

    grad = ms.value_and_grad(forward, 0, layer.trainable_params(), has_aux=True)
    if compiled:
        grad = ms.jit(grad, jit_level="O0")
    (_, y), (dx, (d_weight,)) = grad(Tensor(x), Tensor(dout))
    return y.asnumpy(), dx.asnumpy(), d_weight.asnumpy()


def padded(x):
    return np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))


def numpy_halving(x, weight, dout):
    """y[p] = Σ W[i]·x[2p + i − 1] in each direction, with zeros around x; and the gradients."""
    windows = sliding_window_view(padded(x), (4, 4), (2, 3))[:, :, ::2, ::2]
    dx, half = padded(np.zeros_like(x)), dout.shape[-1]
    for i, j in np.ndindex(4, 4):
        d_pixel = np.einsum("nmhw,mc->nchw", dout, weight[:, :, i, j])
        dx[:, :, i : i + 2 * half : 2, j : j + 2 * half : 2] += d_pixel
    y = np.einsum("nchwij,mcij->nmhw", windows, weight)
    return y, dx[:, :, 1:-1, 1:-1], np.einsum("nchwij,nmhw->mcij", windows, dout)


def numpy_doubling(x, weight, dout):
    """The transposed: of a convolution's three products each plays another part."""
    dx, y, d_weight = numpy_halving(dout, weight, x)
    return y, dx, d_weight


def numpy_pixel(x, weight, dout):
    pixel, flat, dout = x[:, :, 0, 0], weight.reshape(len(weight), -1), dout.reshape(len(dout), -1)
    y, dx = pixel @ flat, dout @ flat.T
    return y.reshape(len(x), *weight.shape[1:]), dx.reshape(x.shape), (pixel.T @ dout).reshape(weight.shape)


def numpy_whole(x, weight, dout):
    dx, y, d_weight = numpy_pixel(dout, weight, x)
    return y, dx, d_weight


def plain_halving(inputs, outputs, size):
    return nn.Conv2d(inputs, outputs, 4, stride=2, pad_mode="pad", padding=1, has_bias=False)


def plain_doubling(inputs, outputs, size):
    return nn.Conv2dTranspose(inputs, outputs, 4, stride=2, pad_mode="pad", padding=1, has_bias=False)


def plain_pixel(inputs, outputs, kernel):
    return nn.Conv2dTranspose(inputs, outputs, kernel, stride=1, pad_mode="valid", has_bias=False)


def plain_whole(inputs, outputs, kernel):
    return nn.Conv2d(inputs, outputs, kernel, stride=1, pad_mode="valid", has_bias=False)


LAYERS = {
    "halving": (plain_halving, numpy_halving),
    "doubling": (plain_doubling, numpy_doubling),
    "pixel": (plain_pixel, numpy_pixel),
    "whole": (plain_whole, numpy_whole),
}


def sides(kind: str, size: int) -> tuple[int, int]:
    """Of the pictures that go in and of those that come out."""
    return {"halving": (size, size // 2), "doubling": (size, 2 * size), "pixel": (1, size), "whole": (size, 1)}[kind]


cases = pytest.mark.parametrize(
    "kind, n, inputs, outputs, size",
    [
        ("halving", 1, 1, 1, 2),  # a picture of a single window
        ("halving", 5, 3, 2, 8),
        ("halving", 2, 2, 3, 12),
        ("halving", 3, 2, 9, 6),  # few colours and many maps: the gradient goes pixel by pixel
        ("halving", 2, 1, 4, 10),  # as many as not to
        ("doubling", 1, 1, 1, 1),  # a picture of a single pixel
        ("doubling", 5, 3, 2, 4),
        ("doubling", 2, 2, 3, 7),
        ("doubling", 3, 9, 2, 3),  # many maps and few colours: pixel by pixel
        ("doubling", 2, 4, 1, 5),
        ("pixel", 1, 1, 1, 4),
        ("pixel", 5, 7, 3, 6),
        ("whole", 1, 1, 1, 4),
        ("whole", 5, 3, 2, 6),
    ],
)


@both_modes
@cases
def test_as_mindspores(kind, n, inputs, outputs, size, compiled):
    """The same weight in both: the numbers and the gradients for the input and the weight."""
    plain, reference = LAYERS[kind]
    plain = plain(inputs, outputs, size)
    before, after = sides(kind, size)
    x, dout = normals(1, n, inputs, before, before), normals(2, n, outputs, after, after)
    weight = normals(3, *plain.weight.shape)
    plain.weight.set_data(Tensor(weight))
    mine = differentiate(fast(plain), compiled, x, dout)
    exact = reference(*(array.astype(np.float64) for array in (x, weight, dout)))
    for others in (differentiate(plain, compiled, x, dout), exact):
        for array, other in zip(mine, others, strict=True):
            assert array.shape == other.shape
            np.testing.assert_allclose(array, other, rtol=0, atol=2e-6 * max(1, abs(other).max()))


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
    "kind, inputs, outputs, size",
    [("halving", 2, 2, 4), ("halving", 1, 5, 4), ("doubling", 2, 2, 2), ("doubling", 5, 1, 2)]
    + [("pixel", 3, 2, 2), ("whole", 2, 3, 2)],
)
def test_second_derivatives(kind, inputs, outputs, size):
    """Inside ms.jit: of v·∇ₓ Σ dout·y²/2 for the input and the weight, each number of them."""
    plain, reference = LAYERS[kind]
    layer, (before, after) = plain(inputs, outputs, size), sides(kind, size)
    x, v = normals(1, 2, inputs, before, before), normals(3, 2, inputs, before, before)
    dout, weight = normals(2, 2, outputs, after, after), normals(4, *layer.weight.shape)
    layer.weight.set_data(Tensor(weight))
    layer = fast(layer)

    def height(x, dout):
        return (dout * layer(x) ** 2).sum() / 2

    def slope(x, dout, v):
        return (v * ms.grad(height)(x, dout)).sum()

    both = ms.jit(ms.value_and_grad(slope, 0, layer.trainable_params()), jit_level="O0")
    value, (dx, (d_weight,)) = both(*(Tensor(array) for array in (x, dout, v)))

    def exact_slope(x, weight):
        y = reference(x, weight, np.zeros(dout.shape))[0]
        return (v * reference(x, weight, dout * y)[1]).sum()

    exact = [array.astype(np.float64) for array in (x, weight)]
    assert float(value) == pytest.approx(exact_slope(*exact), rel=1e-5)
    wanted = slopes(exact_slope, exact)
    assert all(abs(gradient).max() > 0.1 for gradient in wanted)
    for array, other in zip((dx.asnumpy(), d_weight.asnumpy()), wanted, strict=True):
        np.testing.assert_allclose(array, other, rtol=0, atol=2e-6 * max(1, abs(other).max()))
