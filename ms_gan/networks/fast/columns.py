"""The convolutional networks' layers, for arrays that hold one image in each column: (channels·height·width)×N.

MindSpore's own layers take N×C×H×W. With the batch last, one pixel of one channel is a row of N neighbouring numbers,
and all that a convolution needs beside one product of two matrices is to copy whole rows, as fast as memory can. It
needs doing: on a processor with AVX-512, MindSpore 2.10 computes nn.Conv2d and nn.Conv2dTranspose by a reference
implementation. On two such cores nn.Conv2d(32, 64, 5) took 850 ms for 128 images of 12×12, and PooledConv2d 7.

Weights have the names and shapes of MindSpore's own; tests hold the layers equal to those in value, gradient and moving
statistics. Gradients can be differentiated once more, as a gradient penalty needs.

First weights are drawn as PyTorch's xavier_uniform_ draws them, from ±√(6 / (fan_in + fan_out)) (Glorot and Bengio
2010), biases as by its default, from ±1/√fan_in. The fans are the second and the first number of the weight's shape,
each times the kernel's height and width. CS231n's notebook does so for dense layers and transposed convolutions, and
leaves the weights of D's two convolutions at PyTorch's default, ±1/√fan_in; here they are drawn like the others.
"""

import math

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops
from mindspore.common.initializer import Uniform, initializer
from mindspore.ops.auto_generate import ReluGrad

from ms_gan.networks.fast import rows

_product = ops.MatMul(transpose_a=False, transpose_b=False)
_product_transposed = ops.MatMul(transpose_a=True, transpose_b=False)
_add_to_channels = ops.BiasAdd(data_format="NCHW")
_sum = ops.ReduceSum()
_gather = ops.Gather()
_scatter_add = ops.TensorScatterAdd()
_quarters = ops.Split(axis=0, output_num=4)
_stack = ops.Concat(axis=0)
_maximum = ops.Maximum()
_relu_grad = ReluGrad()


class _Linear(nn.Cell):
    """A layer with a weight and a bias."""

    def __init__(self, weight_shape: tuple[int, ...], outputs: int):
        super().__init__()
        bound = 1 / math.sqrt(math.prod(weight_shape[1:]))
        self.weight = ms.Parameter(initializer("xavier_uniform", weight_shape), name="weight")
        self.bias = ms.Parameter(initializer(Uniform(bound), (outputs,)), name="bias")
        self.add_bias = _AddBias()


class _AddBias(nn.Cell):
    """x + b, b's numbers to the rows of x, whose gradient for b is one ReduceSum: see rows._AddBias."""

    def construct(self, x, b):
        return _add_to_channels(x.reshape((1, *x.shape)), b).reshape(x.shape)

    def bprop(self, x, b, out, dout):
        return dout, _sum(dout, 1)


class Dense(_Linear):
    """y = W·x + b: inputs×N → outputs×N; W is outputs×inputs, b outputs numbers."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__((outputs, inputs), outputs)

    def construct(self, x):
        return self.add_bias(_product(self.weight, x), self.bias)


class BatchNorm(rows.BatchNorm2d):
    """Batch normalisation of (features·pixels)×N: of each feature, over its pixels and the batch.

    Equal to nn.BatchNorm2d(features, eps=1e-5, momentum=0.9), and for one pixel to nn.BatchNorm1d. It is MindSpore's
    layer, shown a single image whose sides are the pixels and the batch: that it normalises faster than a batch of
    images, and in two thirds of the time that arithmetic as in rows.BatchNorm1d takes.

    gamma_init: an initializer for the scales, or its name.
    """

    def __init__(self, features: int, gamma_init="ones"):
        super().__init__(features)
        self.gamma = ms.Parameter(initializer(gamma_init, (features,)), name="gamma")

    def construct(self, x):
        return super().construct(x.reshape((1, self.num_features, -1, x.shape[1]))).reshape(x.shape)


class PooledConv2d(_Linear):
    """A valid convolution and the largest of each 2×2 block of its results.

    (inputs·size·size)×N → (outputs·half·half)×N with half = (size − kernel + 1) // 2. Equal to nn.Conv2d, pad_mode
    "valid", and nn.MaxPool2d(2, 2); W is outputs×inputs×kernel×kernel.

    A block of results sees a window of (kernel + 1)×(kernel + 1) pixels. The windows are copied side by side, and W is
    laid on each of the four places in a window, with zeros around it: four times `outputs` filters, in one product.
    Three of ten multiplications with a 5×5 kernel are by such zeros, and it is still faster than four products without,
    whose matrices are smaller and which need three times as many rows.

    The bias is added after the choice of the largest, which it cannot change. So can an increasing activation be, such
    as LeakyReLU, which then takes a fourth of the time.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, size: int):
        super().__init__((outputs, inputs, kernel, kernel), outputs)
        half, window = (size - kernel + 1) // 2, kernel + 1
        channel, i, j, y, x = np.ix_(range(inputs), range(window), range(window), range(half), range(half))
        self.windows = CopyRows((channel * size + 2 * y + i) * size + 2 * x + j, inputs * size * size)
        places = np.zeros((kernel, kernel, 2, 2, window, window), np.float32)
        for i, j, down, right in np.ndindex(kernel, kernel, 2, 2):
            places[i, j, down, right, i + down, j + right] = 1
        self.places = Tensor(places.reshape(kernel * kernel, -1))
        self.largest = _LargestOfFour()

    def construct(self, x):
        outputs, inputs, kernel, _ = self.weight.shape
        weight = _product(self.weight.reshape((-1, kernel * kernel)), self.places)
        weight = ops.transpose(weight.reshape((outputs, inputs, 4, -1)), (2, 0, 1, 3)).reshape((4 * outputs, -1))
        y = _product(weight, self.windows(x).reshape((weight.shape[1], -1)))
        return self.add_bias(self.largest(y), self.bias).reshape((-1, x.shape[1]))


class _LargestOfFour(nn.Cell):
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


class DoublingConv2dTranspose(_Linear):
    """A transposed convolution 4×4 with stride 2 and padding 1, which doubles height and width.

    (inputs·size·size)×N → (outputs·2·size·2·size)×N; W is inputs×outputs×4×4. Equal to nn.Conv2dTranspose, pad_mode
    "pad". Every pixel is multiplied by all of W, the products are laid out two pixels apart and added up where they
    overlap, and the padding is cut off.
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
    """Row i of the result is row index[i] of x, which has `sources` rows. An index of several axes is read as one.

    Its gradient is AddRows: the one that MindSpore has is slower, and much slower to differentiate again.
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
    """Row r of the result is the sum of the rows i of x with index[i] = r; the result has `results` rows."""

    def __init__(self, index: np.ndarray, results: int):
        super().__init__()
        self.index = Tensor(index.reshape(-1).astype(np.int32))
        self.results = results

    def construct(self, x):
        return _scatter_add(ops.zeros((self.results, x.shape[1]), x.dtype), self.index.reshape((-1, 1)), x)

    def bprop(self, x, out, dout):
        return (_gather(dout, self.index, 0),)
