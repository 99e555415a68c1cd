"""The convolutional networks' layers, for arrays that hold one image in each column: (channels·height·width)×N.

MindSpore's own layers take N×C×H×W. With the batch last, one pixel of one channel is a row of N neighbouring numbers,
and all that a convolution does beside one product of two matrices is to copy whole rows, as fast as memory can. It is
also needed: on a processor with AVX-512 MindSpore 2.10 computes nn.Conv2d and nn.Conv2dTranspose by a reference
implementation without any optimisation. On two such cores nn.Conv2d(32, 64, 5) took 850 ms for 128 images of 12×12,
and the layer below 7.

Weights have the names and shapes of MindSpore's own; tests hold the layers equal to those in value, gradient and moving
statistics. Whatever a gradient is computed with can itself be differentiated, as a gradient penalty needs.

First weights are PyTorch's, as in CS231n's notebook: xavier_uniform_, ±√(6 / (fan_in + fan_out)), for the weights
(Glorot and Bengio 2010), and its default ±1/√fan_in for the biases. The fans are the second and the first number of the
weight's shape, each times the kernel's height and width.
"""

import math

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops
from mindspore.common.initializer import Uniform, initializer
from mindspore.ops.auto_generate import ReluGrad

from ms_gan.networks import layers

_gather = ops.Gather()
_scatter_add = ops.TensorScatterAdd()
_maximum = ops.Maximum()
_relu_grad = ReluGrad()
_product = ops.MatMul(transpose_a=False, transpose_b=False)
_product_transposed = ops.MatMul(transpose_a=True, transpose_b=False)


class _Linear(nn.Cell):
    """A layer with a weight and a bias, which starts from PyTorch's distributions."""

    def __init__(self, weight_shape: tuple[int, ...], outputs: int):
        super().__init__()
        bound = 1 / math.sqrt(math.prod(weight_shape[1:]))
        self.weight = ms.Parameter(initializer("xavier_uniform", weight_shape), name="weight")
        self.bias = ms.Parameter(initializer(Uniform(bound), (outputs,)), name="bias")
        self.add_bias = layers.AddFeatures(batch_axis=1)


class Dense(_Linear):
    """y = W·x + b: inputs×N → outputs×N; W is outputs×inputs, b outputs numbers."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__((outputs, inputs), outputs)

    def construct(self, x):
        return self.add_bias(_product(self.weight, x), self.bias)


class BatchNorm(layers.BatchNorm):
    """Batch normalisation of (features·pixels)×N, each feature over the batch and over its pixels.

    Equal to nn.BatchNorm2d(features, eps=1e-5, momentum=0.9), with one pixel to nn.BatchNorm1d.
    """

    def __init__(self, features: int):
        super().__init__(features, batch_axis=1)
        self.features = features

    def construct(self, x):
        return super().construct(x.reshape((self.features, -1))).reshape(x.shape)


class PooledConv2d(_Linear):
    """A valid convolution and the largest of each 2×2 block of its results.

    (inputs·size·size)×N → (outputs·half·half)×N with half = (size − kernel + 1) // 2. Equal to nn.Conv2d, pad_mode
    "valid", and nn.MaxPool2d(2, 2); W is outputs×inputs×kernel×kernel.

    The upper left corners of all 2×2 blocks are one product of W and the patches of x that they look at, copied side by
    side; so are the upper right, lower left and lower right ones. The bias is added after the choice of the largest,
    which it cannot change. So may an increasing activation be, such as LeakyReLU: on a fourth of the numbers.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, size: int):
        super().__init__((outputs, inputs, kernel, kernel), outputs)
        half = (size - kernel + 1) // 2
        channel, i, j, y, x = np.ix_(range(inputs), range(kernel), range(kernel), range(half), range(half))
        self.corners = nn.CellList()
        for down, right in np.ndindex(2, 2):
            index = (channel * size + 2 * y + down + i) * size + 2 * x + right + j
            self.corners.append(CopyRows(index, inputs * size * size))
        self.largest = _LargestOfFour()

    def construct(self, x):
        weight = self.weight.reshape((self.weight.shape[0], -1))
        a, b, c, d = [_product(weight, patches(x).reshape((weight.shape[1], -1))) for patches in self.corners]
        return self.add_bias(self.largest(a, b, c, d), self.bias).reshape((-1, x.shape[1]))


class DoublingConv2dTranspose(_Linear):
    """A transposed convolution 4×4 with stride 2 and padding 1, which doubles height and width.

    (inputs·size·size)×N → (outputs·2·size·2·size)×N; W is inputs×outputs×4×4. Equal to nn.Conv2dTranspose, pad_mode
    "pad". Every pixel is multiplied by all of W, the products are laid out at two pixels' distance and added up where
    they overlap, and the padding is cut off.
    """

    def __init__(self, inputs: int, outputs: int, size: int):
        super().__init__((inputs, outputs, 4, 4), outputs)
        padded = 2 * size + 2
        channel, i, j, y, x = np.ix_(range(outputs), range(4), range(4), range(size), range(size))
        self.overlap = AddRows((channel * padded + 2 * y + i) * padded + 2 * x + j, outputs * padded * padded)
        channel, y, x = np.ix_(range(outputs), range(2 * size), range(2 * size))
        self.cut = CopyRows((channel * padded + y + 1) * padded + x + 1, outputs * padded * padded)

    def construct(self, x):
        inputs, outputs, _, _ = self.weight.shape
        products = _product_transposed(self.weight.reshape((inputs, -1)), x.reshape((inputs, -1)))
        y = self.cut(self.overlap(products.reshape((-1, x.shape[1]))))
        return self.add_bias(y.reshape((outputs, -1)), self.bias).reshape(y.shape)


class CopyRows(nn.Cell):
    """Row i of the result is row index[i] of x, which has `sources` rows; index counts in the order of its own rows.

    Its gradient is AddRows: MindSpore's own, UnsortedSegmentSum, takes half as long again, and its gradient 5 times.
    """

    def __init__(self, index: np.ndarray, sources: int):
        super().__init__()
        self.index = Tensor(index.reshape(-1).astype(np.int32))
        self.back = AddRows(index, sources)

    def construct(self, x):
        return _gather(x, self.index, 0)

    def bprop(self, x, out, dout):
        return (self.back(dout),)


class AddRows(nn.Cell):
    """Row r of the result is the sum of all rows i of x with index[i] = r; the result has `results` rows."""

    def __init__(self, index: np.ndarray, results: int):
        super().__init__()
        self.results = results
        self.index = Tensor(index.reshape(-1, 1).astype(np.int32))

    def construct(self, x):
        return _scatter_add(ops.zeros((self.results, x.shape[1]), x.dtype), self.index, x)

    def bprop(self, x, out, dout):
        return (_gather(dout, self.index.reshape(-1), 0),)


class _LargestOfFour(nn.Cell):
    """The largest of four numbers; its gradient goes to the first that is the largest, as nn.MaxPool2d's does."""

    def construct(self, a, b, c, d):
        return _maximum(_maximum(a, b), _maximum(c, d))

    def bprop(self, a, b, c, d, out, dout):
        d_right = _relu_grad(dout, _maximum(c, d) - _maximum(a, b))  # dout where the right one is larger, else 0
        d_left = dout - d_right
        d_b, d_d = _relu_grad(d_left, b - a), _relu_grad(d_right, d - c)
        return d_left - d_b, d_b, d_right - d_d, d_d
