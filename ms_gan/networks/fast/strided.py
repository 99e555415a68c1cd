"""Convolutions 4×4 with stride 2 and padding 1, which halve and double pictures, as copied rows and products.

Arrays have the batch last (see `columns.py`). Rows are copied within each channel: that index is small, and MindSpore
shares the channels out among the processor's cores. Where a window looks beyond the picture's edge, it sees a row of
zeros, which is appended to each channel.

The two products, `Halving` and `_Doubling`, are each other's gradient for the input.
"""

import numpy as np
from mindspore import nn, ops

from ms_gan.networks.fast.columns import index

KERNEL = 4
TAPS = KERNEL * KERNEL

_product = ops.MatMul(transpose_a=False, transpose_b=False)
_product_turned_first = ops.MatMul(transpose_a=True, transpose_b=False)
_product_turned_second = ops.MatMul(transpose_a=False, transpose_b=True)
_gather = ops.Gather()
_beside = ops.Concat(axis=1)
_sum = ops.AddN()


def _with_zeros(x, channels: int):
    """channels×rows×N, and in each channel one more row, of zeros."""
    x = x.reshape((channels, -1, x.shape[-1]))
    return _beside((x, ops.zeros((channels, 1, x.shape[-1]), x.dtype)))


@index
def _window_rows(height: int, width: int) -> np.ndarray:
    i, j, y, x = np.ix_(range(KERNEL), range(KERNEL), range(height // 2), range(width // 2))
    y, x = 2 * y + i - 1, 2 * x + j - 1
    return np.where((y >= 0) & (y < height) & (x >= 0) & (x < width), y * width + x, height * width)


class Windows(nn.Cell):
    """What each pixel of the halved picture sees: C×H×W×N → (16·C)×(H/2·W/2·N)."""

    def construct(self, x):
        channels, height, width, _ = x.shape
        return _gather(_with_zeros(x, channels), _window_rows(height, width), 1).reshape((TAPS * channels, -1))


class _Doubling(nn.Cell):
    """The transposed convolution of x, inputs×h×w×N, with a weight of inputs×(outputs·4·4).

    The result is outputs×2h×2w×N. Pixel 2p + a of it, in each direction, sees the pixels p + a − 1 and p + a.
    """

    def __init__(self):
        super().__init__()
        self.windows = Windows()

    def bprop(self, x, weight, out, dout):
        windows = self.windows(dout)
        d_weight = _product_turned_second(x.reshape((weight.shape[0], -1)), windows)
        return _product(weight, windows).reshape(x.shape), d_weight


@index
def _both_rows(a: int, height: int, width: int) -> np.ndarray:
    """The two rows of pixels that row 2y + a of the result sees."""
    second, y, x = np.ix_(range(2), range(height), range(width))
    row = y + a - 1 + second
    return np.where((row >= 0) & (row < height), row * width + x, height * width)


@index
def _kernel_rows(a: int, outputs: int) -> np.ndarray:
    channels = KERNEL * np.arange(outputs)
    return np.stack((channels + 3 - a, channels + 1 - a))


@index
def _near(height: int, width: int) -> np.ndarray:
    y, x, a = np.ix_(range(height), range(width), range(2))
    return (1 + a) * height * width + y * width + x


@index
def _far(height: int, width: int) -> np.ndarray:
    y, x, a = np.ix_(range(height), range(width), range(2))
    x, column = x - 1 + 2 * a, 3 - 3 * a
    return np.where((x >= 0) & (x < width), column * height * width + y * width + x, KERNEL * height * width)


class _RowsInPairs(_Doubling):
    """Both rows that a row of the result sees go into one product, as twice as many inputs.

    Each column has products of its own, which are added up where they meet. At 128 → 64 channels and 16×16 → 32×32
    this took two thirds of the time of `_PixelByPixel`, whose products are twice as many and half as long.
    """

    def construct(self, x, weight):
        inputs, height, width, n = x.shape
        weight = weight.reshape((inputs, -1, KERNEL))
        halves = self.every_second_row(x, weight, 0), self.every_second_row(x, weight, 1)
        return _beside(halves).reshape((-1, 2 * height, 2 * width, n))

    def every_second_row(self, x, weight, a):
        """Rows a, a + 2, … of the result: (outputs·h)×(2w·N)."""
        inputs, height, width, n = x.shape
        outputs = weight.shape[1] // KERNEL
        kernels = _gather(weight, _kernel_rows(a, outputs), 1).reshape((2 * inputs, -1))
        pixels = _gather(_with_zeros(x, inputs), _both_rows(a, height, width), 1).reshape((2 * inputs, -1))
        products = _with_zeros(_product_turned_first(kernels, pixels).reshape((-1, n)), outputs)
        result = _gather(products, _near(height, width), 1) + _gather(products, _far(height, width), 1)
        return result.reshape((outputs * height, -1))


@index
def _place(i: int, j: int, height: int, width: int) -> np.ndarray:
    """Where the products lie of which pixel (i, j) of the four that each pixel of the result sees is one factor."""
    y, x = np.ix_(range(2 * height), range(2 * width))
    row, column = (y + 1) % 2 + 2 * i, (x + 1) % 2 + 2 * j
    y, x = (y + 1 - row) // 2, (x + 1 - column) // 2
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    return np.where(inside, ((row * KERNEL + column) * height + y) * width + x, TAPS * height * width)


class _PixelByPixel(_Doubling):
    """Every pixel is multiplied by all of the weight, and the products are added up where they meet.

    With few outputs, such as the 3 colours of a picture, there are fewer products than pairs of rows have inputs.
    """

    def construct(self, x, weight):
        inputs, height, width, n = x.shape
        products = _product_turned_first(weight, x.reshape((inputs, -1))).reshape((-1, n))
        products = _with_zeros(products, weight.shape[1] // TAPS)
        a = _gather(products, _place(0, 0, height, width), 1)
        b = _gather(products, _place(0, 1, height, width), 1)
        c = _gather(products, _place(1, 0, height, width), 1)
        d = _gather(products, _place(1, 1, height, width), 1)
        return _sum((a, b, c, d)).reshape((-1, 2 * height, 2 * width, n))


def doubling(inputs: int, outputs: int) -> _Doubling:
    """The faster way."""
    return _PixelByPixel() if 4 * outputs <= inputs else _RowsInPairs()


class Halving(nn.Cell):
    """The convolution of x, inputs×H×W×N with even sides, with a weight of outputs×(inputs·4·4)."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.windows = Windows()
        self.doubling = doubling(outputs, inputs)

    def construct(self, x, weight):
        _, height, width, n = x.shape
        return _product(weight, self.windows(x)).reshape((-1, height // 2, width // 2, n))

    def bprop(self, x, weight, out, dout):
        d_weight = _product_turned_second(dout.reshape((weight.shape[0], -1)), self.windows(x))
        return self.doubling(dout, weight), d_weight
