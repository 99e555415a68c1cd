"""The layers the networks are built from: the one place that calls MindSpore layers whose defaults differ between
releases, and where a layer is rewritten because MindSpore's own is slow on a processor.

Here an image is a row of an array N×features; the convolutional networks' layers are in `columns.py`.

A rewritten layer keeps the names and shapes of the weights; tests hold it equal to MindSpore's own in value,
gradient and moving statistics.
"""

import mindspore as ms
from mindspore import nn, ops
from mindspore.common.initializer import initializer
from mindspore.ops.auto_generate import ReluGrad

BATCH_NORM_EPSILON = 1e-5
BATCH_NORM_MOMENTUM = 0.9

_sum = ops.ReduceSum()
_add_to_columns = ops.BiasAdd()
_add_to_channels = ops.BiasAdd(data_format="NCHW")
_relu_grad = ReluGrad()
_tile = ops.Tile()


class Dense(nn.Dense):
    """y = x·Wᵀ + b (slide 模型中的层): N×inputs → N×outputs; W is outputs×inputs, b outputs numbers.

    MindSpore's nn.Dense with its default initialisation, and the bias added by `AddFeatures`.
    """

    def __init__(self, inputs: int, outputs: int):
        super().__init__(inputs, outputs, has_bias=True)
        self.product = ops.MatMul(transpose_a=False, transpose_b=True)
        self.add_bias = AddFeatures(0)

    def construct(self, x):
        return self.add_bias(self.product(x, self.weight), self.bias)


class AddFeatures(nn.Cell):
    """Adds number f of a vector to feature f of every image; `batch_axis` is the axis of x that counts the images.

    Its gradient for the vector is one ReduceSum: on a processor twice as fast as MindSpore's BiasAddGrad.
    """

    def __init__(self, batch_axis: int):
        super().__init__()
        self.batch_axis = batch_axis

    def construct(self, x, vector):
        return add_features(x, vector, self.batch_axis)

    def bprop(self, x, vector, out, dout):
        return dout, _sum(dout, self.batch_axis)


def add_features(x, vector, batch_axis: int):
    """x + vector along the features. BiasAdd, because MindSpore's broadcasting sums are slower on a processor."""
    if batch_axis == 0:
        return _add_to_columns(x, vector)
    return _add_to_channels(x.reshape((1, *x.shape)), vector).reshape(x.shape)


def copies(vector, n: int, batch_axis: int):
    """n×features, or features×n with batch_axis 1, every image the same vector."""
    if batch_axis == 0:
        return _tile(vector.reshape((1, -1)), (n, 1))
    return _tile(vector.reshape((-1, 1)), (1, n))


class BatchNorm(nn.Cell):
    """Batch normalisation: y = γ·(x − μ)/√(σ² + ε) + β (slide 模型中的层; Ioffe and Szegedy 2015).

    In training μ and σ² are the batch's, and move the statistics: moving ← 0.9·moving + 0.1·batch (for the variance
    the batch's unbiased one, n/(n−1)·σ²). In evaluation the moving statistics take their place.
    """

    def __init__(self, features: int, batch_axis: int):
        super().__init__()
        self.batch_axis = batch_axis
        self.gamma = ms.Parameter(initializer("ones", features), name="gamma")
        self.beta = ms.Parameter(initializer("zeros", features), name="beta")
        self.moving_mean = ms.Parameter(initializer("zeros", features), name="moving_mean", requires_grad=False)
        self.moving_variance = ms.Parameter(initializer("ones", features), name="moving_variance", requires_grad=False)
        self.normalise = _Normalise(batch_axis)

    def construct(self, x):
        n = x.shape[self.batch_axis]
        if not self.training:
            scale = copies(self.gamma * ops.rsqrt(self.moving_variance + BATCH_NORM_EPSILON), n, self.batch_axis)
            return add_features(add_features(x, -self.moving_mean, self.batch_axis) * scale, self.beta, self.batch_axis)
        y, _, _, _, minus_mean, squares = self.normalise(x, self.gamma, self.beta)
        rate = 1 - BATCH_NORM_MOMENTUM
        y = ops.depend(y, ops.assign_add(self.moving_mean, (self.moving_mean + minus_mean) * -rate))
        variance = squares * (1.0 / max(n - 1, 1))
        return ops.depend(y, ops.assign_add(self.moving_variance, (variance - self.moving_variance) * rate))


class BatchNorm1d(BatchNorm):
    """Batch normalisation of N×features.

    Equal to nn.BatchNorm1d(features, eps=1e-5, momentum=0.9), weights' names and shapes included. On two cores that
    one took 5.3 ms forwards and backwards through 128×512, and this one 1.5.
    """

    def __init__(self, features: int):
        super().__init__(features, batch_axis=0)


class _Normalise(nn.Cell):
    """The arithmetic of batch normalisation in training, with its gradient by hand.

    With d = x − μ and r = 1/√(σ² + ε), all sums over the batch:
        ∂β = Σ ∂y      ∂γ = r·Σ ∂y·d      ∂x = γ·r·(∂y − Σ∂y/n − d·r·∂γ/n)
    Only sums, products of equal shapes and BiasAdd are used: MindSpore's other reductions and its broadcasting
    products are several times slower on a processor. What the gradient needs again is returned beside y.
    """

    def __init__(self, batch_axis: int):
        super().__init__()
        self.batch_axis = batch_axis

    def construct(self, x, gamma, beta):
        axis = self.batch_axis
        n = x.shape[axis]
        minus_mean = _sum(x, axis) * (-1.0 / n)
        d = add_features(x, minus_mean, axis)
        squares = _sum(d * d, axis)
        r = ops.rsqrt(squares * (1.0 / n) + BATCH_NORM_EPSILON)
        scale = copies(r * gamma, n, axis)
        return add_features(d * scale, beta, axis), d, r, scale, minus_mean, squares

    def bprop(self, x, gamma, beta, out, dout):
        axis = self.batch_axis
        n = x.shape[axis]
        _, d, r, scale, _, _ = out
        dy = dout[0]
        d_beta = _sum(dy, axis)
        d_gamma = _sum(dy * d, axis) * r
        centred = add_features(dy + d * copies(d_gamma * r * (-1.0 / n), n, axis), d_beta * (-1.0 / n), axis)
        return centred * scale, d_gamma, d_beta


class LeakyReLU(nn.Cell):
    """x where x > 0, else slope·x (slide 判别器: a unit that is never positive still learns).

    Written as x times a slope that no gradient runs through: 256×512 took 0.9 ms forwards and backwards on two
    cores, where nn.LeakyReLU, which picks by Maximum, took 2.9. At exactly 0 the gradient is the slope.
    """

    def __init__(self, slope: float):
        super().__init__()
        self.slope = slope

    def construct(self, x):
        slopes = _relu_grad(ops.fill(x.dtype, x.shape, 1.0 - self.slope), x) + self.slope
        return x * ops.stop_gradient(slopes)


def has_batch_statistics(network: nn.Cell) -> bool:
    """Whether an image's score depends on its neighbours in the batch (through batch normalisation)."""
    return any(isinstance(cell, BatchNorm) for _, cell in network.cells_and_names())
