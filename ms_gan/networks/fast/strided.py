"""Strided convolutions for images in columns (see `columns.py`): 4×4 with stride 2, which halve and double pictures.

Images are (channels·height·width)×N here too. Rows are copied within each channel: that index is small, and MindSpore
shares the channels out among the processor's cores. Where a window looks beyond the picture's edge, it sees a row of
zeros, which is appended to each channel.

The two products, `Halving` and `_Doubling`, are each other's gradient for the input. Weights are MindSpore's own in
name and shape; tests hold the layers equal to nn.Conv2d and nn.Conv2dTranspose in value and gradients.
"""

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops
from mindspore.common.initializer import Normal, initializer

KERNEL = 4
TAPS = KERNEL * KERNEL

_product = ops.MatMul(transpose_a=False, transpose_b=False)
_product_turned_first = ops.MatMul(transpose_a=True, transpose_b=False)
_product_turned_second = ops.MatMul(transpose_a=False, transpose_b=True)
_gather = ops.Gather()
_beside = ops.Concat(axis=1)
_sum = ops.AddN()


def _rows(index: np.ndarray) -> Tensor:
    return Tensor(index.reshape(-1).astype(np.int32))


def _with_zeros(x, channels: int):
    """channels×rows×N, and in each channel one more row, of zeros."""
    x = x.reshape((channels, -1, x.shape[-1]))
    return _beside((x, ops.zeros((channels, 1, x.shape[-1]), x.dtype)))


class Windows(nn.Cell):
    """What each pixel of the halved picture sees: (channels·size·size)×N → (16·channels)×(half·half·N)."""

    def __init__(self, size: int):
        super().__init__()
        half = size // 2
        i, j, y, x = np.ix_(range(KERNEL), range(KERNEL), range(half), range(half))
        y, x = 2 * y + i - 1, 2 * x + j - 1
        inside = (y >= 0) & (y < size) & (x >= 0) & (x < size)
        self.pixels = size * size
        self.index = _rows(np.where(inside, y * size + x, self.pixels))

    def construct(self, x):
        channels = x.shape[0] // self.pixels
        return _gather(_with_zeros(x, channels), self.index, 1).reshape((TAPS * channels, -1))


class _Doubling(nn.Cell):
    """The transposed convolution of x, (inputs·half·half)×N, with a weight of inputs×(outputs·4·4).

    The result is (outputs·size·size)×N. Pixel 2p + a of it, in each direction, sees the pixels p + a − 1 and p + a.
    """

    def __init__(self, outputs: int, size: int):
        super().__init__()
        self.outputs, self.half = outputs, size // 2
        self.windows = Windows(size)

    def bprop(self, x, weight, out, dout):
        windows = self.windows(dout)
        d_weight = _product_turned_second(x.reshape((weight.shape[0], -1)), windows)
        return _product(weight, windows).reshape(x.shape), d_weight


class _RowsInPairs(_Doubling):
    """Both rows that a row of the result sees go into one product, as twice as many inputs.

    Each column has products of its own, which are added up where they meet. At 128 → 64 channels and 16×16 → 32×32
    this took two thirds of the time of `_PixelByPixel`, whose products are twice as many and half as long.
    """

    def __init__(self, outputs: int, size: int):
        super().__init__(outputs, size)
        half = self.half
        pixels = half * half
        second, y, x = np.ix_(range(2), range(half), range(half))
        rows = [y + a - 1 + second for a in range(2)]
        self.rows = [_rows(np.where((row >= 0) & (row < half), row * half + x, pixels)) for row in rows]
        channels = KERNEL * np.arange(outputs)
        self.kernel_rows = [_rows(np.stack((channels + 3 - a, channels + 1 - a))) for a in range(2)]
        y, x, a = np.ix_(range(half), range(half), range(2))
        self.near = _rows((1 + a) * pixels + y * half + x)
        x, column = x - 1 + 2 * a, 3 - 3 * a
        self.far = _rows(np.where((x >= 0) & (x < half), column * pixels + y * half + x, KERNEL * pixels))

    def construct(self, x, weight):
        inputs, n = weight.shape[0], x.shape[1]
        x = _with_zeros(x, inputs)
        weight = weight.reshape((inputs, -1, KERNEL))
        return _beside((self.every_second_row(x, weight, 0), self.every_second_row(x, weight, 1))).reshape((-1, n))

    def every_second_row(self, x, weight, a):
        """Rows a, a + 2, … of the result: (outputs·half)×(size·N)."""
        rows = 2 * weight.shape[0]
        kernels = _gather(weight, self.kernel_rows[a], 1).reshape((rows, -1))
        products = _product_turned_first(kernels, _gather(x, self.rows[a], 1).reshape((rows, -1)))
        products = _with_zeros(products.reshape((-1, x.shape[2])), self.outputs)
        result = _gather(products, self.near, 1) + _gather(products, self.far, 1)
        return result.reshape((self.outputs * self.half, -1))


class _PixelByPixel(_Doubling):
    """Every pixel is multiplied by all of the weight, and the products are added up where they meet.

    With few outputs, such as the 3 colours of a picture, there are fewer products than pairs of rows have inputs.
    """

    def __init__(self, outputs: int, size: int):
        super().__init__(outputs, size)
        half, places = self.half, []
        for i, j in np.ndindex(2, 2):
            y, x = np.ix_(range(size), range(size))
            row, column = (y + 1) % 2 + 2 * i, (x + 1) % 2 + 2 * j
            y, x = (y + 1 - row) // 2, (x + 1 - column) // 2
            inside = (y >= 0) & (y < half) & (x >= 0) & (x < half)
            place = (row * KERNEL + column) * half * half + y * half + x
            places.append(_rows(np.where(inside, place, TAPS * half * half)))
        self.places = places

    def construct(self, x, weight):
        products = _product_turned_first(weight, x.reshape((weight.shape[0], -1))).reshape((-1, x.shape[1]))
        products = _with_zeros(products, self.outputs)
        a, b, c, d = self.places
        a, b, c, d = _gather(products, a, 1), _gather(products, b, 1), _gather(products, c, 1), _gather(products, d, 1)
        return _sum((a, b, c, d)).reshape((-1, x.shape[1]))


def doubling(inputs: int, outputs: int, size: int) -> _Doubling:
    """The faster way."""
    return (_PixelByPixel if 4 * outputs <= inputs else _RowsInPairs)(outputs, size)


class Halving(nn.Cell):
    """The convolution of x, (inputs·size·size)×N, with a weight of outputs×(inputs·4·4): (outputs·half·half)×N."""

    def __init__(self, inputs: int, outputs: int, size: int):
        super().__init__()
        self.windows = Windows(size)
        self.doubling = doubling(outputs, inputs, size)

    def construct(self, x, weight):
        return _product(weight, self.windows(x)).reshape((-1, x.shape[1]))

    def bprop(self, x, weight, out, dout):
        d_weight = _product_turned_second(dout.reshape((weight.shape[0], -1)), self.windows(x))
        return self.doubling(dout, weight), d_weight


class _Convolution(nn.Cell):
    """A layer with a weight from N(0, 0.02) and no bias (Radford et al. 2015)."""

    def __init__(self, *shape: int):
        super().__init__()
        self.weight = ms.Parameter(initializer(Normal(sigma=0.02, mean=0.0), shape), name="weight")

    def matrix(self):
        return self.weight.reshape((self.weight.shape[0], -1))


class HalvingConv2d(_Convolution):
    """A convolution 4×4 with stride 2 and padding 1: (inputs·size·size)×N → (outputs·size/2·size/2)×N.

    Equal to nn.Conv2d, pad_mode "pad", without bias; W is outputs×inputs×4×4.
    """

    def __init__(self, inputs: int, outputs: int, size: int):
        super().__init__(outputs, inputs, KERNEL, KERNEL)
        self.halving = Halving(inputs, outputs, size)

    def construct(self, x):
        return self.halving(x, self.matrix())


class DoublingConv2dTranspose(_Convolution):
    """A transposed convolution 4×4 with stride 2 and padding 1: (inputs·size·size)×N → (outputs·2·size·2·size)×N.

    Equal to nn.Conv2dTranspose, pad_mode "pad", without bias; W is inputs×outputs×4×4.
    """

    def __init__(self, inputs: int, outputs: int, size: int):
        super().__init__(inputs, outputs, KERNEL, KERNEL)
        self.doubling = doubling(inputs, outputs, 2 * size)

    def construct(self, x):
        return self.doubling(x, self.matrix())


class PixelConv2dTranspose(_Convolution):
    """A transposed convolution of a single pixel: inputs×N → (outputs·kernel·kernel)×N.

    Equal to nn.Conv2dTranspose, pad_mode "valid", without bias; W is inputs×outputs×kernel×kernel.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int):
        super().__init__(inputs, outputs, kernel, kernel)

    def construct(self, x):
        return _product_turned_first(self.matrix(), x)


class WholeConv2d(_Convolution):
    """A convolution whose window is the whole picture: (inputs·kernel·kernel)×N → outputs×N.

    Equal to nn.Conv2d, pad_mode "valid", without bias; W is outputs×inputs×kernel×kernel.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int):
        super().__init__(outputs, inputs, kernel, kernel)

    def construct(self, x):
        return _product(self.matrix(), x)
