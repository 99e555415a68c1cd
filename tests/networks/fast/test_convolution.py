"""The general twins of convolutions against the plain layers: any kernel, stride and padding."""

import functools

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn

from ms_gan.networks.fast import fast

pytestmark = pytest.mark.usefixtures("cpu")


def conv(*arguments, **others):
    return functools.partial(make, nn.Conv2d, *arguments, **others)


def transposed(*arguments, **others):
    return functools.partial(make, nn.Conv2dTranspose, *arguments, **others)


def make(kind, kernel, stride, mode, padding=0, has_bias=True):
    layer = kind(2, 3, kernel, stride=stride, pad_mode=mode, padding=padding, has_bias=has_bias)
    layer.weight.set_data(Tensor(np.random.default_rng(7).standard_normal(layer.weight.shape, dtype=np.float32)))
    return layer


CASES = {
    "same, sides kept": (conv(3, 1, "same"), (7, 9)),
    "same, by twos": (conv(3, 2, "same"), (7, 8)),
    "same, an even kernel": (conv(4, 1, "same"), (5, 6)),
    "same, a stride larger than the kernel": (conv(1, 2, "same"), (5, 6)),
    "four paddings, two strides": (conv((3, 5), (1, 2), "pad", (1, 0, 2, 1)), (7, 8)),
    "valid": (conv(5, 1, "valid", has_bias=False), (7, 8)),
    "valid, with a rest": (conv(3, 2, "valid"), (8, 6)),
    "halving of odd sides": (conv(4, 2, "pad", 1), (7, 9)),
    "halving with a bias": (conv(4, 2, "pad", 1), (6, 10)),
    "single pixels": (conv(1, 1, "valid"), (3, 4)),
    "single pixels, by twos and padded": (conv(1, 2, "pad", 1), (3, 3)),
    "the whole picture": (conv((7, 8), 1, "valid"), (7, 8)),
    "the whole picture, padded": (conv((3, 4), 4, "pad", 1), (3, 4)),
    "transposed, valid": (transposed(4, 1, "valid"), (2, 3)),
    "transposed, of a single pixel": (transposed(4, 1, "valid", has_bias=False), (1, 1)),
    "transposed, with gaps": (transposed(2, 3, "valid"), (2, 3)),
    "transposed, same": (transposed(5, 2, "same"), (4, 3)),
    "transposed, same, an odd number cut off": (transposed(3, 2, "same"), (2, 3)),
    "transposed, same, with gaps": (transposed(2, 3, "same", has_bias=False), (4, 3)),
    "transposed, four paddings, two strides": (transposed((3, 5), (2, 1), "pad", (1, 0, 2, 1)), (2, 3)),
    "transposed, doubling other sides": (transposed(4, 2, "pad", 1, has_bias=False), (3, 5)),
}


@pytest.mark.parametrize("compiled", [False, True], ids=["pynative", "jit"])
@pytest.mark.parametrize("case", CASES)
def test_as_the_plain_layer(case, compiled):
    """The numbers, and the gradients for the input and the weights; for two batch sizes."""
    plain, sides = CASES[case][0](), CASES[case][1]
    rng, network = np.random.default_rng(0), fast(plain)
    for n in (3, 1):
        x = Tensor(rng.standard_normal((n, 2, *sides), dtype=np.float32))
        dout = Tensor(rng.standard_normal(plain(x).shape, dtype=np.float32))
        (_, y), (dx, gradients) = differentiator(network, plain, compiled)(x, dout)
        (_, their_y), (their_dx, others) = differentiator(plain, plain, False)(x, dout)
        for mine, other in zip((y, dx, *gradients), (their_y, their_dx, *others), strict=True):
            assert mine.shape == other.shape
            other = other.asnumpy()
            np.testing.assert_allclose(mine.asnumpy(), other, rtol=0, atol=5e-6 * max(1, abs(other).max()))


def differentiator(network, plain, compiled):
    def forward(x, dout):
        y = network(x)
        return (y * dout).sum(), y

    grad = ms.value_and_grad(forward, 0, plain.trainable_params(), has_aux=True)
    return ms.jit(grad, jit_level="O0") if compiled else grad


@pytest.mark.parametrize("case", ["same, by twos", "transposed, same", "the whole picture"])
def test_second_derivatives(case):
    """Inside ms.jit: Σ (∂/∂x Σ y²)² and its slope along chance, against its differences in float32."""
    plain, sides = CASES[case][0](), CASES[case][1]
    network = fast(plain)
    rng = np.random.default_rng(1)
    x, along = (rng.standard_normal((2, 2, *sides), dtype=np.float32) for _ in range(2))

    def square(x):
        return (network(x) ** 2).sum()

    def steepness(x):
        return (ms.grad(square)(x) ** 2).sum()

    both = ms.jit(ms.value_and_grad(steepness, 0, plain.trainable_params()), jit_level="O0")
    value, (dx, (d_weight, d_bias)) = both(Tensor(x))
    ends = [float(both(Tensor(x + sign * 0.01 * along))[0]) for sign in (1, -1)]
    assert (dx.asnumpy() * along).sum() == pytest.approx((ends[0] - ends[1]) / 0.02, rel=2e-3, abs=1e-3 * float(value))
    # y is linear in (W, b) together, and the steepness of the fourth degree in them, of the second in b alone.
    total = (d_weight.asnumpy() * plain.weight.asnumpy()).sum() + (d_bias.asnumpy() * plain.bias.asnumpy()).sum()
    assert total == pytest.approx(4 * float(value), rel=1e-4)
