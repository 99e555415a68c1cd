"""fast(network): the same parameters, the same numbers, gradients and moving statistics as MindSpore's own layers."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn, ops

from ms_gan.networks import build
from ms_gan.networks.fast import fast
from ms_gan.networks.fast.exchange import InColumns

pytestmark = pytest.mark.usefixtures("cpu")


class Squash(nn.Cell):
    """A kind of layer that no twin is known for."""

    def construct(self, x):
        return x / (1 + ops.abs(x))


class Residual(nn.Cell):
    """A network of a student's own: a branch, and a construct that takes pictures apart."""

    def __init__(self):
        super().__init__()
        self.branch = nn.SequentialCell(conv(2, 2, 3, pad_mode="same"), nn.BatchNorm2d(2), nn.LeakyReLU(0.2))
        self.score = nn.Dense(2 * 6 * 6, 3)

    def construct(self, x):
        y = self.branch(x) + x
        return self.score(y.reshape((y.shape[0], -1)))


def conv(*arguments, **named):
    return nn.Conv2d(*arguments, **{"has_bias": True, "bias_init": "normal"} | named)


def transposed(*arguments, **named):
    return nn.Conv2dTranspose(*arguments, **{"has_bias": True, "bias_init": "normal"} | named)


PAD = {"pad_mode": "pad"}
LAYERS = {
    "dense": ((5, 7), lambda: [nn.Dense(7, 4, bias_init="normal")]),
    "dense without bias": ((5, 7), lambda: [nn.Dense(7, 4, has_bias=False)]),
    "dense of its own activation": ((5, 7), lambda: [nn.Dense(7, 4, activation="relu")]),
    "batch norm": ((6, 5), lambda: [nn.BatchNorm1d(5, eps=1e-3, momentum=0.7)]),
    "leaky relu": ((5, 7), lambda: [nn.Dense(7, 6), nn.LeakyReLU(0.3)]),
    "conv 3": ((3, 2, 7, 5), lambda: [conv(2, 3, 3, pad_mode="same")]),
    "conv 3, stride 2": ((3, 2, 7, 6), lambda: [conv(2, 3, 3, stride=2, padding=1, **PAD)]),
    "conv 3, stride 2, same": ((3, 2, 7, 6), lambda: [conv(2, 3, 3, stride=2, pad_mode="same")]),
    "conv 2 by 3, four pads": ((2, 2, 6, 6), lambda: [conv(2, 3, (2, 3), padding=(1, 0, 2, 1), **PAD)]),
    "conv 5": ((3, 2, 8, 9), lambda: [conv(2, 3, 5, pad_mode="valid")]),
    "conv 1": ((3, 2, 4, 5), lambda: [conv(2, 3, 1, pad_mode="valid")]),
    "halving": ((3, 2, 8, 6), lambda: [conv(2, 3, 4, stride=2, padding=1, has_bias=False, **PAD)]),
    "halving with bias": ((3, 2, 8, 6), lambda: [conv(2, 9, 4, stride=2, padding=1, **PAD)]),
    "halving of odd sides": ((3, 2, 7, 6), lambda: [conv(2, 3, 4, stride=2, padding=1, **PAD)]),
    "the whole picture": ((3, 2, 4, 4), lambda: [conv(2, 3, 4, pad_mode="valid")]),
    "doubling": ((3, 4, 3, 5), lambda: [transposed(4, 2, 4, stride=2, padding=1, has_bias=False, **PAD)]),
    "doubling to one channel": (
        (3, 4, 3, 5),
        lambda: [transposed(4, 1, 4, stride=2, padding=1, has_bias=False, **PAD)],
    ),
    "doubling with bias": ((3, 4, 3, 5), lambda: [transposed(4, 2, 4, stride=2, padding=1, **PAD)]),
    "of one pixel": ((3, 4, 1, 1), lambda: [transposed(4, 2, 4, pad_mode="valid")]),
    "transposed 3, same": ((3, 2, 4, 5), lambda: [transposed(2, 3, 3, stride=2, pad_mode="same")]),
    "transposed 5, pad 2": ((3, 2, 4, 5), lambda: [transposed(2, 3, 5, padding=2, **PAD)]),
    "transposed 2, stride 3": ((3, 2, 4, 3), lambda: [transposed(2, 3, 2, stride=3, pad_mode="valid")]),
    "two groups": ((3, 4, 6, 6), lambda: [conv(4, 4, 3, group=2, pad_mode="same")]),
    "pooled": ((3, 1, 10, 10), lambda: [conv(1, 3, 3, pad_mode="valid"), nn.LeakyReLU(0.1), nn.MaxPool2d(2, 2)]),
    "pooled, two activations": (
        (3, 1, 8, 10),
        lambda: [conv(1, 3, 5, pad_mode="valid"), nn.LeakyReLU(0.1), nn.Tanh(), nn.MaxPool2d(2, 2)],
    ),
    "pooled behind batch norm": (
        (4, 1, 9, 8),
        lambda: [conv(1, 3, 3, pad_mode="same"), nn.BatchNorm2d(3), nn.LeakyReLU(0.1), nn.MaxPool2d(2, 2)],
    ),
    "batch norms": (
        (6, 5),
        lambda: [nn.Dense(5, 8), nn.BatchNorm1d(8), nn.Unflatten(1, (2, 2, 2)), conv(2, 3, 1), nn.BatchNorm2d(3)],
    ),
    "an unknown kind in the middle": (
        (3, 2, 6, 6),
        lambda: [conv(2, 3, 3), nn.ReLU(), Squash(), conv(3, 2, 3), nn.Flatten(), Squash(), nn.Dense(72, 2)],
    ),
    "sequences in a sequence": (
        (3, 2, 6, 6),
        lambda: [nn.SequentialCell(conv(2, 3, 3), nn.Sigmoid()), nn.SequentialCell(conv(3, 1, 3)), nn.Flatten()],
    ),
    "a network of one's own": ((4, 2, 6, 6), lambda: [Residual()]),
}


def normals(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def made(name: str) -> tuple[nn.Cell, np.ndarray]:
    """The plain network, none of whose numbers is 0 or 1, so that a mix-up shows; and what it takes."""
    shape, layers = LAYERS[name]
    ms.set_seed(1)
    network = nn.SequentialCell(*layers())
    for seed, p in enumerate(network.get_parameters()):
        kind = p.name.split(".")[-1]
        value = 0.4 * normals(seed, *p.shape) + (kind in ("gamma", "moving_variance"))
        p.set_data(Tensor(abs(value) + 0.1 if kind == "moving_variance" else value))
    return network, normals(99, *shape)


def differentiated(network, weights, x, dout, compiled: bool) -> list[np.ndarray]:
    """y, the gradient for x, and those for the weights."""

    def forward(x, dout):
        y = network(x)
        return (y * dout).sum(), y

    grad = ms.value_and_grad(forward, 0, weights, has_aux=True)
    (_, y), (dx, d_weights) = (ms.jit(grad, jit_level="O0") if compiled else grad)(Tensor(x), Tensor(dout))
    return [array.asnumpy() for array in (y, dx, *d_weights)]


def statistics(network) -> list[np.ndarray]:
    return [p.asnumpy().copy() for p in network.get_parameters() if "moving" in p.name]


def close(ours, theirs, tolerance: float = 2e-5) -> None:
    """Tolerance is relative to the largest number of each array, or of all where one is nearly 0."""
    scale = max(abs(other).max() for other in theirs)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.shape == other.shape
        np.testing.assert_allclose(mine, other, rtol=0, atol=tolerance * max(abs(other).max(), 0.05 * scale))


@pytest.mark.parametrize("compiled", [False, True], ids=["pynative", "jit"])
@pytest.mark.parametrize("name", LAYERS)
def test_a_twin_computes_the_same(name, compiled):
    plain, x = made(name)
    weights = plain.trainable_params() or [ms.Parameter(Tensor([1.0]), name="none")]
    for training in (True, False):
        before = [(p, p.asnumpy().copy()) for p in plain.get_parameters()]
        plain.set_train(training)
        dout = normals(7, *plain(Tensor(x)).shape)
        for p, value in before:
            p.set_data(Tensor(value))
        theirs, moved = differentiated(plain, weights, x, dout, compiled=False), statistics(plain)
        for p, value in before:
            p.set_data(Tensor(value))
        twin = fast(plain)
        assert twin.training == training
        ours = differentiated(twin, weights, x, dout, compiled)
        close(ours, theirs)
        if moved:
            close(statistics(plain), moved)
            assert training == any(not np.array_equal(p.asnumpy(), value) for p, value in before)


def kinds(network) -> list[str]:
    return [type(cell).__name__ for _, cell in network.cells_and_names() if not isinstance(cell, InColumns)]


EXCHANGED = {
    "dense": "Dense",
    "batch norm": "BatchNorm1d",
    "leaky relu": "LeakyReLU",
    "conv 3": "Conv2d",
    "pooled": "PooledConv2d",
    "halving": "Halving",
    "doubling": "_RowsInPairs",
    "doubling to one channel": "_PixelByPixel",
    "doubling with bias": "AddRows",
}


@pytest.mark.parametrize("name", EXCHANGED)
def test_it_is_another_layer(name):
    """Else the comparison above would hold it against itself."""
    twin = fast(made(name)[0])
    assert EXCHANGED[name] in kinds(twin)
    assert all("networks.fast" in type(cell).__module__ for _, cell in twin.cells_and_names())


def test_what_has_no_twin_stays():
    for name in ("dense of its own activation", "two groups"):
        plain, _ = made(name)
        (layer,) = (
            cell
            for _, cell in fast(plain).cells_and_names()
            if cell is not fast and type(cell) in (nn.Dense, nn.Conv2d)
        )
        assert layer.weight is next(iter(plain.get_parameters()))


def test_convolutions_in_a_row_are_converted_once():
    """Four layers, two conversions; an unknown kind takes two more."""
    for name, chains in (("batch norms", 1), ("an unknown kind in the middle", 2), ("sequences in a sequence", 1)):
        twin = fast(made(name)[0])
        assert sum(isinstance(cell, InColumns) for _, cell in twin.cells_and_names()) == chains


@pytest.mark.parametrize("networks", ["mlp", "mlp-cs231n", "dcgan28", "dcgan64"])
def test_the_parameters_are_the_same_objects(networks):
    shape = (1, 32, 32) if networks == "dcgan64" else (1, 28, 28)
    for plain in build(networks, 4, shape, 2):
        names = [p.name for p in plain.get_parameters()]
        twin = fast(plain)
        ours, theirs = ({id(p): p.name for p in network.get_parameters()} for network in (twin, plain))
        assert ours == theirs and [p.name for p in plain.get_parameters()] == names
        assert not any("networks.fast" in type(cell).__module__ for _, cell in plain.cells_and_names())


def test_the_given_network_keeps_its_mode_and_sees_what_the_twin_learns():
    plain, x = made("batch norm")
    plain.set_train(False)
    twin = fast(plain).set_train(True)
    assert not plain.training and twin.training
    before = plain(Tensor(x)).asnumpy()
    twin(Tensor(x))  # moves the statistics
    assert not plain.training and abs(plain(Tensor(x)).asnumpy() - before).max() > 0.01


def test_pictures_of_several_sizes_and_batches():
    """A convolution's rows are found when a graph is traced, for each size anew."""
    plain = nn.SequentialCell(conv(1, 2, 3, pad_mode="same"), nn.ReLU(), conv(2, 1, 4, stride=2, padding=1, **PAD))
    twin = fast(plain)

    def compute(x):
        return twin(x)

    step = ms.jit(compute, jit_level="O0")
    for shape in ((2, 1, 8, 8), (5, 1, 8, 8), (2, 1, 6, 10), (2, 1, 8, 8)):
        x = Tensor(normals(1, *shape))
        close([step(x).asnumpy(), twin(x).asnumpy()], [plain(x).asnumpy()] * 2)


SMOOTH = {
    "conv": ((2, 1, 6, 6), lambda: [conv(1, 2, 3), nn.Tanh(), nn.Flatten(), nn.Dense(72, 1)]),
    "halving": (
        (2, 1, 8, 8),
        lambda: [conv(1, 2, 4, stride=2, padding=1, **PAD), nn.Tanh(), conv(2, 1, 4, pad_mode="valid")],
    ),
    "pooled": (
        (2, 1, 8, 8),
        lambda: [conv(1, 2, 3, pad_mode="valid"), nn.LeakyReLU(0.1), nn.MaxPool2d(2, 2), nn.Flatten(), nn.Dense(18, 1)],
    ),
    "doubling": ((2, 2, 3, 3), lambda: [transposed(2, 1, 4, stride=2, padding=1, **PAD), nn.Tanh(), nn.Flatten()]),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_second_derivatives(name):
    """The gradient, for the first weight, of the squared norm of the gradient for x, against differences in float64."""
    shape, layers = SMOOTH[name]
    ms.set_seed(3)
    plain = nn.SequentialCell(*layers())
    twin, weight, x = fast(plain), plain.trainable_params()[0], Tensor(normals(5, *shape))

    def norm(x):
        return ops.square(ms.grad(lambda images: ops.tanh(twin(images)).sum())(x)).sum()

    value_and_grad = ms.jit(ms.value_and_grad(norm, None, plain.trainable_params()), jit_level="O0")
    gradient = value_and_grad(x)[1][0].asnumpy().astype(np.float64)
    before, direction = weight.asnumpy().copy(), normals(6, *weight.shape)
    h, values = 2e-3, []
    for sign in (1, -1):
        ops.assign(weight, Tensor(before + sign * h * direction))
        values.append(float(value_and_grad(x)[0]))
    ops.assign(weight, Tensor(before))
    wanted = (values[0] - values[1]) / (2 * h)
    assert (gradient * direction).sum() == pytest.approx(wanted, rel=0.02, abs=0.01 * abs(gradient).max())
    assert abs(wanted) > 1e-3
