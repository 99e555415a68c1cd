"""Twins for pictures, in arrays with the batch last: channels×height×width×N, and features×N between dense layers.

MindSpore's own layers take N×C×H×W. With the batch last, one pixel of one channel is a row of N neighbouring numbers,
and all that a convolution needs beside one product of two matrices is to copy whole rows, as fast as memory can. It
needs doing: on a processor with AVX-512, MindSpore 2.10 computes nn.Conv2d and nn.Conv2dTranspose by a reference
implementation. On two such cores nn.Conv2d(32, 64, 5) took 850 ms for 128 images of 12×12, and `PooledConv2d` 7.

A twin takes the parameters of the plain layer that it is made from, the same objects. Which rows are copied depends on
the pictures' size, which is known when a graph is traced: so twins need not be told it. Tests hold twins equal to the
plain layers in value, gradient and moving statistics. Gradients can be differentiated once more, as a gradient penalty
needs.
"""

import functools
from collections.abc import Callable

import numpy as np
from mindspore import Tensor, nn, ops
from mindspore.ops.auto_generate import ReluGrad

_product = ops.MatMul(transpose_a=False, transpose_b=False)
_add_to_channels = ops.BiasAdd(data_format="NCHW")
_sum = ops.ReduceSum()
_gather = ops.Gather()
_scatter_add = ops.TensorScatterAdd()
_quarters = ops.Split(axis=0, output_num=4)
_stack = ops.Concat(axis=0)
_maximum = ops.Maximum()
_relu_grad = ReluGrad()


def to_columns(x):
    """N×… → …×N."""
    return ops.transpose(x.reshape((x.shape[0], -1)), (1, 0)).reshape((*x.shape[1:], x.shape[0]))


def from_columns(x):
    """…×N → N×…."""
    return ops.transpose(x.reshape((-1, x.shape[-1])), (1, 0)).reshape((x.shape[-1], *x.shape[:-1]))


def index(function: Callable[..., np.ndarray]):
    """Makes a function that computes, while a graph is traced, an index of rows from sizes; each is made once."""

    @functools.lru_cache
    def made(*sizes) -> Tensor:
        return Tensor(function(*sizes).reshape(-1).astype(np.int32))

    return ops.constexpr(made)


class CopyRows(nn.Cell):
    """Row i of the result is row index[i] of x, which has `rows` rows.

    Its gradient is AddRows: the one that MindSpore has is slower, and much slower to differentiate again. (An index and
    a number have no gradient; what stands in its place is never read.)
    """

    def __init__(self):
        super().__init__()
        self.add_rows = AddRows()

    def construct(self, x, index, rows):
        return _gather(x, index, 0)

    def bprop(self, x, index, rows, out, dout):
        return self.add_rows(dout, index, rows), index, rows


class AddRows(nn.Cell):
    """Row r of the result, which has `rows` rows, is the sum of the rows i of x with index[i] = r."""

    def construct(self, x, index, rows):
        return _scatter_add(ops.zeros((rows, x.shape[1]), x.dtype), index.reshape((-1, 1)), x)

    def bprop(self, x, index, rows, out, dout):
        return _gather(dout, index, 0), index, rows


class AddBias(nn.Cell):
    """x + b, a number of b to each channel of x, whose gradient for b is one ReduceSum: see rows._AddBias."""

    def construct(self, x, b):
        return _add_to_channels(x.reshape((1, b.shape[0], -1)), b).reshape(x.shape)

    def bprop(self, x, b, out, dout):
        return dout, _sum(dout.reshape((b.shape[0], -1)), 1)


class Weighted(nn.Cell):
    """A twin with a weight, and with a bias unless it is None."""

    def __init__(self, plain: nn.Cell):
        super().__init__(auto_prefix=False)
        self.weight = plain.weight
        self.bias = plain.bias
        self.bias_adder = AddBias()

    def add_bias(self, y):
        """y with the bias, if there is one."""
        return y if self.bias is None else self.bias_adder(y, self.bias)


class Dense(Weighted):
    """nn.Dense, y = W·x + b: inputs×N → outputs×N. As nn.Dense, it takes the last axis of pictures for the inputs."""

    def construct(self, x):
        if x.ndim == 2:
            return self.add_bias(_product(self.weight, x))
        rows = ops.swapaxes(x, 0, -2)  # of C×H×W×N the width first
        y = self.add_bias(_product(self.weight, rows.reshape((rows.shape[0], -1))))
        return ops.swapaxes(y.reshape((-1, *rows.shape[1:])), 0, -2)


class BatchNorm(nn.Cell):
    """nn.BatchNorm1d and nn.BatchNorm2d: of each feature, over its pixels and the batch.

    It is MindSpore's layer, shown a single image whose sides are the pixels and the batch: that it normalises faster
    than a batch of images, and in two thirds of the time that arithmetic as in rows.BatchNorm1d takes.
    """

    def __init__(self, plain: nn.BatchNorm1d | nn.BatchNorm2d):
        super().__init__(auto_prefix=False)
        self.norm = nn.BatchNorm2d(
            plain.num_features,
            eps=plain.eps,
            momentum=1.0 - plain.momentum,  # MindSpore keeps 1 − momentum under that name
            affine=True,
            gamma_init="ones",
            beta_init="zeros",
            moving_mean_init="zeros",
            moving_var_init="ones",
            use_batch_statistics=plain.use_batch_statistics,
            data_format="NCHW",
        )
        for name in ("gamma", "beta", "moving_mean", "moving_variance"):
            setattr(self.norm, name, getattr(plain, name))

    def construct(self, x):
        return self.norm(x.reshape((1, self.norm.num_features, -1, x.shape[-1]))).reshape(x.shape)


class Flatten(nn.Cell):
    """nn.Flatten, of all axes: C×H×W×N → (C·H·W)×N."""

    def construct(self, x):
        return x.reshape((-1, x.shape[-1]))


class Unflatten(nn.Cell):
    """nn.Unflatten of axis 1: (C·H·W)×N → C×H×W×N."""

    def __init__(self, shape: tuple[int, ...]):
        super().__init__()
        self.shape = tuple(shape)

    def construct(self, x):
        return x.reshape((*self.shape, x.shape[-1]))


class LargestOfFour(nn.Cell):
    """The largest of four numbers, which stand in the four quarters of y's rows.

    Its gradient goes to the first that is the largest, as nn.MaxPool2d's does.
    """

    def construct(self, y):
        a, b, c, d = _quarters(y)
        return _maximum(_maximum(a, b), _maximum(c, d))

    def bprop(self, y, out, dout):
        a, b, c, d = _quarters(y)
        d_lower = _relu_grad(dout, _maximum(c, d) - _maximum(a, b))  # dout where the lower one is larger, else 0
        d_upper = dout - d_lower
        d_b, d_d = _relu_grad(d_upper, b - a), _relu_grad(d_lower, d - c)
        return (_stack((d_upper - d_b, d_b, d_lower - d_d, d_d)),)


@index
def _quarter_rows(channels: int, height: int, width: int) -> np.ndarray:
    i, j, channel, y, x = np.ix_(range(2), range(2), range(channels), range(height // 2), range(width // 2))
    return (channel * height + 2 * y + i) * width + 2 * x + j


class MaxPool2d(nn.Cell):
    """nn.MaxPool2d(2, 2): C×H×W×N → C×H/2×W/2×N. Unlike that one, its gradient can be differentiated."""

    def __init__(self):
        super().__init__()
        self.copy_rows = CopyRows()
        self.largest = LargestOfFour()

    def construct(self, x):
        channels, height, width, n = x.shape
        rows = channels * height * width
        quarters = self.copy_rows(x.reshape((rows, n)), _quarter_rows(channels, height, width), rows)
        return self.largest(quarters).reshape((channels, height // 2, width // 2, n))


@index
def _window_rows(channels: int, height: int, width: int, kernel: int) -> np.ndarray:
    """The rows of the windows of kernel + 1 pixels a side, two pixels apart."""
    window, down, right = kernel + 1, (height - kernel + 1) // 2, (width - kernel + 1) // 2
    channel, i, j, y, x = np.ix_(range(channels), range(window), range(window), range(down), range(right))
    return (channel * height + 2 * y + i) * width + 2 * x + j


class PooledConv2d(Weighted):
    """nn.Conv2d, pad_mode "valid" and stride 1, with nn.MaxPool2d(2, 2) behind it.

    C×H×W×N → outputs×h×w×N with h = (H − kernel + 1) // 2; W is outputs×C×kernel×kernel.

    A block of results sees a window of (kernel + 1)×(kernel + 1) pixels. The windows are copied side by side, and W is
    laid on each of the four places in a window, with zeros around it: four times `outputs` filters, in one product.
    Three of ten multiplications with a 5×5 kernel are by such zeros, and it is still faster than four products without,
    whose matrices are smaller and which need three times as many rows.

    The bias is added after the choice of the largest, which it cannot change. So can an increasing activation be, such
    as LeakyReLU, which then takes a fourth of the time.
    """

    def __init__(self, plain: nn.Conv2d):
        super().__init__(plain)
        kernel = plain.kernel_size[0]
        window = kernel + 1
        places = np.zeros((kernel, kernel, 2, 2, window, window), np.float32)
        for i, j, down, right in np.ndindex(kernel, kernel, 2, 2):
            places[i, j, down, right, i + down, j + right] = 1
        self.places = Tensor(places.reshape(kernel * kernel, -1))
        self.copy_rows = CopyRows()
        self.largest = LargestOfFour()

    def construct(self, x):
        outputs, inputs, kernel, _ = self.weight.shape
        channels, height, width, n = x.shape
        weight = _product(self.weight.reshape((-1, kernel * kernel)), self.places)
        weight = ops.transpose(weight.reshape((outputs, inputs, 4, -1)), (2, 0, 1, 3)).reshape((4 * outputs, -1))
        rows = channels * height * width
        windows = self.copy_rows(x.reshape((rows, n)), _window_rows(channels, height, width, kernel), rows)
        y = self.add_bias(self.largest(_product(weight, windows.reshape((weight.shape[1], -1)))))
        return y.reshape((outputs, (height - kernel + 1) // 2, (width - kernel + 1) // 2, n))
