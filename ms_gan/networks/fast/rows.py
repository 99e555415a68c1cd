"""Twins for arrays N×features: the layers of fully connected networks, as MindSpore's own are slow on a processor.

A twin takes the parameters of the plain layer that it is made from, the same objects. Tests hold it equal to that layer
in value, gradient and moving statistics. Twins for pictures are in `columns.py`.
"""

from mindspore import nn, ops
from mindspore.ops.auto_generate import ReluGrad

_sum = ops.ReduceSum()
_product = ops.MatMul(transpose_a=False, transpose_b=True)
_add_to_columns = ops.BiasAdd()
_relu_grad = ReluGrad()
_tile = ops.Tile()


def twin(plain: nn.Cell) -> nn.Cell | None:
    """The faster twin of a plain layer for arrays N×features; None if it has none here."""
    kind = kind_of(plain, (nn.Dense, nn.BatchNorm1d, nn.LeakyReLU))
    if kind is nn.Dense and not plain.activation_flag:
        return Dense(plain)
    if kind is nn.BatchNorm1d and plain.use_batch_statistics is None:
        return BatchNorm1d(plain)
    return LeakyReLU(plain.alpha) if kind is nn.LeakyReLU else None


def kind_of(cell: nn.Cell, kinds: tuple[type, ...]) -> type | None:
    """Which of the kinds a cell is. A subclass is one, too, unless it computes in a way of its own."""
    return next((kind for kind in kinds if isinstance(cell, kind) and type(cell).construct is kind.construct), None)


class Dense(nn.Cell):
    """nn.Dense, y = x·Wᵀ + b: …×inputs → …×outputs; W is outputs×inputs, b outputs numbers or None."""

    def __init__(self, plain: nn.Dense):
        super().__init__(auto_prefix=False)
        self.weight = plain.weight
        self.bias = plain.bias
        self.add_bias = _AddBias()

    def construct(self, x):
        y = _product(x.reshape((-1, x.shape[-1])), self.weight)
        if self.bias is not None:
            y = self.add_bias(y, self.bias)
        return y.reshape((*x.shape[:-1], y.shape[1]))


class _AddBias(nn.Cell):
    """x + b, whose gradient for b is one ReduceSum: on a processor twice as fast as MindSpore's BiasAddGrad."""

    def construct(self, x, b):
        return _add_to_columns(x, b)

    def bprop(self, x, b, out, dout):
        return dout, _sum(dout, 0)


class BatchNorm1d(nn.Cell):
    """nn.BatchNorm1d of N×features: y = γ·(x − μ)/√(σ² + ε) + β (Ioffe and Szegedy 2015).

    In training μ and σ² are the batch's, and move the statistics: moving ← 0.9·moving + 0.1·batch with MindSpore's
    momentum of 0.9 (for the variance the batch's unbiased one, n/(n−1)·σ²). In evaluation the moving statistics take
    their place. On two cores MindSpore's layer took 5.3 ms forwards and backwards through 128×512, and this one 1.5.
    """

    def __init__(self, plain: nn.BatchNorm1d):
        super().__init__(auto_prefix=False)
        self.gamma, self.beta = plain.gamma, plain.beta
        self.moving_mean, self.moving_variance = plain.moving_mean, plain.moving_variance
        self.epsilon, self.momentum = plain.eps, 1.0 - plain.momentum  # MindSpore keeps it as 1 − momentum
        self.normalise = _Normalise(plain.eps)

    def construct(self, x):
        if not self.training:
            scale = self.gamma * ops.rsqrt(self.moving_variance + self.epsilon)
            return (x - self.moving_mean) * scale + self.beta
        n, rate = x.shape[0], 1 - self.momentum  # here, not above: a graph computes it as float32
        y, _, _, _, minus_mean, squares = self.normalise(x, self.gamma, self.beta)
        y = ops.depend(y, ops.assign_add(self.moving_mean, (self.moving_mean + minus_mean) * -rate))
        variance = squares * (1.0 / max(n - 1, 1))
        return ops.depend(y, ops.assign_add(self.moving_variance, (variance - self.moving_variance) * rate))


class _Normalise(nn.Cell):
    """The arithmetic of batch normalisation in training, with its gradient by hand.

    With d = x − μ and r = 1/√(σ² + ε), all sums over the batch:
        ∂β = Σ ∂y      ∂γ = r·Σ ∂y·d      ∂x = γ·r·(∂y − Σ∂y/n − d·r·∂γ/n)
    Only sums, products of equal shapes and BiasAdd are used: MindSpore's other reductions and its broadcasting
    products are several times slower on a processor. What the gradient needs again is returned beside y.
    """

    def __init__(self, epsilon: float):
        super().__init__()
        self.epsilon = epsilon

    def construct(self, x, gamma, beta):
        n = x.shape[0]
        minus_mean = _sum(x, 0) * (-1.0 / n)
        d = _add_to_columns(x, minus_mean)
        squares = _sum(d * d, 0)
        r = ops.rsqrt(squares * (1.0 / n) + self.epsilon)
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
    """nn.LeakyReLU, x where x > 0, else slope·x, for arrays of any shape.

    Written as x times a slope that no gradient runs through: 256×512 took 0.9 ms forwards and backwards on two
    cores, where nn.LeakyReLU, which picks by Maximum, took 2.9. At exactly 0 the gradient is the slope; MindSpore's is
    the mean of both sides'.
    """

    def __init__(self, slope: float):
        super().__init__()
        self.slope = slope

    def construct(self, x):
        slopes = _relu_grad(ops.fill(x.dtype, x.shape, 1.0 - self.slope), x) + self.slope
        return x * ops.stop_gradient(slopes)
