"""Twins of nn.Conv2d and nn.Conv2dTranspose of any kernel, stride and padding: copied rows and one product.

Arrays have the batch last (see `columns.py`). Those of 4×4 with stride 2 and padding 1, which halve and double
pictures, have faster ways of their own in `strided.py`.
"""

import numpy as np
from mindspore import nn, ops

from ms_gan.networks.fast import strided
from ms_gan.networks.fast.columns import AddRows, CopyRows, Weighted, index

_product = ops.MatMul(transpose_a=False, transpose_b=False)
_product_transposed = ops.MatMul(transpose_a=True, transpose_b=False)
_below = ops.Concat(axis=0)


@ops.constexpr
def _span(size: int, kernel: int, stride: int, mode: str, before: int, after: int) -> tuple[int, int]:
    """Of one direction of a convolution: (rows of zeros before the picture, places where the kernel is laid)."""
    if mode == "same":
        places = -(-size // stride)
        return max((places - 1) * stride + kernel - size, 0) // 2, places
    return before, (size + before + after - kernel) // stride + 1


@ops.constexpr
def _canvas(size: int, kernel: int, stride: int, mode: str, before: int, after: int) -> tuple[int, int, int]:
    """Of one direction of a transposed convolution: (size of the canvas that is painted on, rows that are cut off
    before the result, size of the result)."""
    painted = (size - 1) * stride + kernel
    if mode == "pad":
        cut, result = before, painted - before - after
    elif mode == "same":
        cut, result = max(kernel - stride, 0) // 2, size * stride
    else:
        cut, result = 0, size * stride + max(kernel - stride, 0)
    return max(painted, cut + result), cut, result


@index
def _windows(channels: int, sizes: tuple, kernel: tuple, stride: tuple, before: tuple, places: tuple) -> np.ndarray:
    """For each channel, place in the kernel and place of the kernel: the row that lies there; beyond the picture the
    row after its last."""
    channel, i, j, y, x = np.ix_(range(channels), *map(range, kernel), *map(range, places))
    y, x = stride[0] * y + i - before[0], stride[1] * x + j - before[1]
    inside = (y >= 0) & (y < sizes[0]) & (x >= 0) & (x < sizes[1])
    return np.where(inside, (channel * sizes[0] + y) * sizes[1] + x, channels * sizes[0] * sizes[1])


@index
def _stamps(channels: int, canvas: tuple, kernel: tuple, stride: tuple, sizes: tuple) -> np.ndarray:
    """For each channel, place in the kernel and pixel: the row of the canvas that it paints on."""
    channel, i, j, y, x = np.ix_(range(channels), *map(range, kernel), *map(range, sizes))
    return (channel * canvas[0] + stride[0] * y + i) * canvas[1] + stride[1] * x + j


@index
def _cut(channels: int, canvas: tuple, before: tuple, sizes: tuple) -> np.ndarray:
    channel, y, x = np.ix_(range(channels), *map(range, sizes))
    return (channel * canvas[0] + y + before[0]) * canvas[1] + x + before[1]


class _Convolution(Weighted):
    """What both have: where the kernel is laid."""

    def __init__(self, plain: nn.Conv2d | nn.Conv2dTranspose):
        super().__init__(plain)
        self.kernel, self.stride, self.mode = plain.kernel_size, plain.stride, plain.pad_mode
        padding = plain.padding
        self.pads = (padding,) * 4 if isinstance(padding, int) else padding  # top, bottom, left, right
        self.copy_rows = CopyRows()

    def is_strided(self) -> bool:
        """Whether it is of 4×4 with stride 2 and padding 1."""
        return self.kernel == (4, 4) and self.stride == (2, 2) and self.pads == (1, 1, 1, 1)

    def spans(self, of, height, width):
        """`of` (_span or _canvas) in both directions."""
        top, bottom, left, right = self.pads
        down = of(height, self.kernel[0], self.stride[0], self.mode, top, bottom)
        return down, of(width, self.kernel[1], self.stride[1], self.mode, left, right)


class Conv2d(_Convolution):
    """nn.Conv2d of one group and without dilation: C×H×W×N → outputs×h×w×N; W is outputs×C×k×k.

    The windows are copied side by side, and W is multiplied by all of them. Where they are the picture itself, since
    the kernel is as large as it or a single pixel, nothing is copied.
    """

    def __init__(self, plain: nn.Conv2d):
        super().__init__(plain)
        self.halving = strided.Halving(plain.in_channels, plain.out_channels) if self.is_strided() else None

    def construct(self, x):
        outputs, (channels, height, width, n) = self.weight.shape[0], x.shape
        weight = self.weight.reshape((outputs, -1))
        if self.halving is not None and height % 2 == 0 and width % 2 == 0:
            return self.add_bias(self.halving(x, weight))
        (top, down), (left, right) = self.spans(_span, height, width)
        x = x.reshape((-1, n))
        whole = self.kernel == (height, width) or self.kernel == self.stride == (1, 1)
        if not whole or self.pads != (0, 0, 0, 0):
            table = _windows(channels, (height, width), self.kernel, self.stride, (top, left), (down, right))
            rows = x.shape[0] + 1
            x = self.copy_rows(_below((x, ops.zeros((1, n), x.dtype))), table, rows)
        y = _product(weight, x.reshape((weight.shape[1], -1)))
        return self.add_bias(y.reshape((outputs, down, right, n)))


class Conv2dTranspose(_Convolution):
    """nn.Conv2dTranspose of one group and without dilation: C×H×W×N → outputs×h×w×N; W is C×outputs×k×k.

    Every pixel is multiplied by all of W, the products are laid out `stride` pixels apart and added up where they
    overlap, and the padding is cut off. Of a picture of one pixel the products are the result.
    """

    def __init__(self, plain: nn.Conv2dTranspose):
        super().__init__(plain)
        # With a bias, as dcgan28 has it, the general way is nearly as fast, and it is that of earlier releases: a run
        # of theirs that goes on ends in the same bytes.
        doubles = self.is_strided() and self.bias is None
        self.doubling = strided.doubling(plain.in_channels, plain.out_channels) if doubles else None
        self.add_rows = AddRows()

    def construct(self, x):
        inputs, outputs, _, _ = self.weight.shape
        weight, (_, height, width, n) = self.weight.reshape((inputs, -1)), x.shape
        if self.doubling is not None:
            return self.add_bias(self.doubling(x, weight))
        (tall, top, down), (broad, left, right) = self.spans(_canvas, height, width)
        products = _product_transposed(weight, x.reshape((inputs, -1)))
        if (down, right) == self.kernel and height * width == 1:
            return self.add_bias(products.reshape((outputs, down, right, n)))
        rows = outputs * tall * broad
        stamps = _stamps(outputs, (tall, broad), self.kernel, self.stride, (height, width))
        y = self.add_rows(products.reshape((-1, n)), stamps, rows)
        if (tall, broad) != (down, right):
            y = self.copy_rows(y, _cut(outputs, (tall, broad), (top, left), (down, right)), rows)
        return self.add_bias(y.reshape((outputs, down, right, n)))
