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
_relu_grad = ReluGrad()
_tile = ops.Tile()


class Dense(nn.Dense):
    """y = x·Wᵀ + b (slide 模型中的层): N×inputs → N×outputs; W is outputs×inputs, b outputs numbers.

    MindSpore's nn.Dense with its default initialisation, and the bias added by `_AddBias`.
    """

    def __init__(self, inputs: int, outputs: int):
        super().__init__(inputs, outputs, has_bias=True)
        self.product = ops.MatMul(transpose_a=False, transpose_b=True)
        self.add_bias = _AddBias()

    def construct(self, x):
        return self.add_bias(self.product(x, self.weight), self.bias)


class _AddBias(nn.Cell):
    """x + b, whose gradient for b is one ReduceSum: on a processor twice as fast as MindSpore's BiasAddGrad."""

    def construct(self, x, b):
        return _add_to_columns(x, b)

    def bprop(self, x, b, out, dout):
        return dout, _sum(dout, 0)


class BatchNorm1d(nn.Cell):
    """Batch normalisation of N×features: y = γ·(x − μ)/√(σ² + ε) + β (slide 模型中的层; Ioffe and Szegedy 2015).

    In training μ and σ² are the batch's, and move the statistics: moving ← 0.9·moving + 0.1·batch (for the variance
    the batch's unbiased one, n/(n−1)·σ²). In evaluation the moving statistics take their place.

    Equal to nn.BatchNorm1d(features, eps=1e-5, momentum=0.9), weights' names and shapes included. On two cores that
    one took 5.3 ms forwards and backwards through 128×512, and this one 1.5.
    """

    def __init__(self, features: int):
        super().__init__()
        self.gamma = ms.Parameter(initializer("ones", features), name="gamma")
        self.beta = ms.Parameter(initializer("zeros", features), name="beta")
        self.moving_mean = ms.Parameter(initializer("zeros", features), name="moving_mean", requires_grad=False)
        self.moving_variance = ms.Parameter(initializer("ones", features), name="moving_variance", requires_grad=False)
        self.normalise = _Normalise()

    def construct(self, x):
        if not self.training:
            scale = self.gamma * ops.rsqrt(self.moving_variance + BATCH_NORM_EPSILON)
            return (x - self.moving_mean) * scale + self.beta
        n = x.shape[0]
        y, _, _, _, minus_mean, squares = self.normalise(x, self.gamma, self.beta)
        rate = 1 - BATCH_NORM_MOMENTUM
        y = ops.depend(y, ops.assign_add(self.moving_mean, (self.moving_mean + minus_mean) * -rate))
        variance = squares * (1.0 / max(n - 1, 1))
        return ops.depend(y, ops.assign_add(self.moving_variance, (variance - self.moving_variance) * rate))


class BatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation of N×features×height×width: as BatchNorm1d, each feature also over its pixels."""

    def __init__(self, features: int):
        super().__init__(
            features,
            eps=BATCH_NORM_EPSILON,
            momentum=BATCH_NORM_MOMENTUM,
            affine=True,
            gamma_init="ones",
            beta_init="zeros",
            moving_mean_init="zeros",
            moving_var_init="ones",
            use_batch_statistics=None,
            data_format="NCHW",
        )


class _Normalise(nn.Cell):
    """The arithmetic of batch normalisation in training, with its gradient by hand.

    With d = x − μ and r = 1/√(σ² + ε), all sums over the batch:
        ∂β = Σ ∂y      ∂γ = r·Σ ∂y·d      ∂x = γ·r·(∂y − Σ∂y/n − d·r·∂γ/n)
    Only sums, products of equal shapes and BiasAdd are used: MindSpore's other reductions and its broadcasting
    products are several times slower on a processor. What the gradient needs again is returned beside y.
    """

    def construct(self, x, gamma, beta):
        n = x.shape[0]
        minus_mean = _sum(x, 0) * (-1.0 / n)
        d = _add_to_columns(x, minus_mean)
        squares = _sum(d * d, 0)
        r = ops.rsqrt(squares * (1.0 / n) + BATCH_NORM_EPSILON)
        scale = _rows(r * gamma, n)
        return _add_to_columns(d * scale, beta), d, r, scale, minus_mean, squares

    def bprop(self, x, gamma, beta, out, dout):
        n = x.shape[0]
        _, d, r, scale, _, _ = out
        dy = dout[0]
        d_beta = _sum(dy, 0)
        d_gamma = _sum(dy * d, 0) * r
        centred = _add_to_columns(dy + d * _rows(d_gamma * r * (-1.0 / n), n), d_beta * (-1.0 / n))
        return centred * scale, d_gamma, d_beta


def _rows(row, n: int):
    """The same row n times: features → n×features."""
    return _tile(row.reshape((1, -1)), (n, 1))


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
    return any(isinstance(cell, (BatchNorm1d, nn.BatchNorm2d)) for _, cell in network.cells_and_names())
