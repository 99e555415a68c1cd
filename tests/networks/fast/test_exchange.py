"""Networks of any make, and their fast twins."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn, ops

from ms_gan.games.players import make_players
from ms_gan.networks import build
from ms_gan.networks.fast import columns, fast, rows
from ms_gan.networks.fast.exchange import InColumns
from ms_gan.recipes import Recipe

pytestmark = pytest.mark.usefixtures("cpu")


def normals(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def conv(inputs: int, outputs: int, **others) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride=1, pad_mode="same", has_bias=True, **others)


class Halves(nn.Cell):
    """A kind that has no twin, and mixes up places: it turns pictures by a right angle."""

    def construct(self, x):
        return ops.swapaxes(x, 2, 3) * 0.5


class Student(nn.Cell):
    """Sequences in sequences, convolutions by themselves, reshapes, and a layer that is called twice."""

    def __init__(self):
        super().__init__()
        block = nn.SequentialCell(conv(2, 2), nn.BatchNorm2d(2, eps=1e-5, momentum=0.9), nn.LeakyReLU(alpha=0.2))
        self.model = nn.SequentialCell(
            nn.SequentialCell(conv(1, 2), nn.ReLU()),
            block,
            Halves(),
            conv(2, 3),
            nn.MaxPool2d(kernel_size=2, stride=2, pad_mode="valid"),
        )
        self.alone = conv(3, 3)
        self.ends = nn.CellList([nn.Dense(3 * 3 * 2, 5), nn.Dense(5, 1)])

    def construct(self, x):
        x = self.model(x.reshape((-1, 1, 4, 6)))
        x = self.alone(ops.tanh(self.alone(x))) + x
        x = self.ends[0](x.reshape((x.shape[0], -1)))
        return self.ends[1](ops.relu(x))


def results(network, plain, x, compiled: bool) -> list[np.ndarray]:
    """What comes out, and the gradients of the sum of its squares for x and the weights."""

    def forward(x):
        y = network(x)
        return (y * y).sum(), y

    grad = ms.value_and_grad(forward, 0, plain.trainable_params(), has_aux=True)
    (_, y), (dx, gradients) = (ms.jit(grad, jit_level="O0") if compiled else grad)(Tensor(x))
    return [array.asnumpy() for array in (y, dx, *gradients)]


def check(plain, x, compiled: bool) -> nn.Cell:
    """Holds the twin against the plain network, in both modes and for two batch sizes; returns it."""
    twin = fast(plain)
    for training in (True, False):
        for n in (len(x), len(x) - 2):
            before = [p.asnumpy().copy() for p in plain.get_parameters()]
            mine = results(twin.set_train(training), plain, x[:n], compiled)
            moved = [p.asnumpy().copy() for p in plain.get_parameters()]
            for p, value in zip(plain.get_parameters(), before, strict=True):
                ops.assign(p, Tensor(value))
            others = results(plain.set_train(training), plain, x[:n], False)
            others += [p.asnumpy() for p in plain.get_parameters()]
            largest = max(1, *(abs(other).max() for other in others))
            for one, other in zip([*mine, *moved], others, strict=True):
                assert one.shape == other.shape
                np.testing.assert_allclose(one, other, rtol=0, atol=5e-6 * largest)
    return twin


both_modes = pytest.mark.parametrize("compiled", [False, True], ids=["pynative", "jit"])


@both_modes
def test_a_students_network(compiled):
    ms.set_seed(0)
    plain = Student()
    twin = check(plain, normals(1, 5, 24), compiled)
    assert isinstance(twin, Student) and isinstance(twin.alone, InColumns) and isinstance(twin.ends[0], rows.Dense)
    assert [type(step) for step in twin.model.chain] == [InColumns, Halves, InColumns]
    assert [type(layer) for layer in twin.model.chain[0].chain][2:] == [
        type(twin.alone.chain[0]),
        columns.BatchNorm,
        rows.LeakyReLU,
    ]


@both_modes
@pytest.mark.parametrize(
    "layers",
    [
        lambda: [conv(4, 4, group=2), nn.ReLU(), conv(4, 2)],
        lambda: [conv(4, 4, dilation=2), nn.ReLU(), conv(4, 2)],
        lambda: [nn.Conv2dTranspose(4, 3, 3, stride=2, pad_mode="pad", output_padding=1), conv(3, 2)],
        lambda: [conv(4, 4), nn.AvgPool2d(kernel_size=2, stride=2), conv(4, 2)],
        lambda: [conv(4, 4), nn.MaxPool2d(kernel_size=3, stride=2), conv(4, 2)],
        lambda: [conv(4, 4), nn.Dense(6, 5, activation="relu"), conv(4, 2)],
        lambda: [conv(4, 4), nn.Dense(6, 5), nn.LeakyReLU(alpha=0.2), conv(4, 2)],
        lambda: [conv(4, 4), nn.Flatten(2), nn.Unflatten(2, (6, 4)), conv(4, 2)],
        lambda: [conv(4, 4), nn.BatchNorm2d(4, use_batch_statistics=True), conv(4, 2)],
    ],
    ids=["groups", "dilation", "output padding", "mean", "other pooling", "activation", "dense", "flatten", "norm"],
)
def test_what_has_no_twin_stays(layers, compiled):
    ms.set_seed(0)
    check(nn.SequentialCell(*layers()), normals(1, 4, 4, 4, 6), compiled)


def test_a_layer_with_a_construct_of_its_own_stays():
    class Doubled(nn.Dense):
        def construct(self, x):
            return 2 * super().construct(x)

    class Small(nn.Dense):
        """Only its first weights are its own."""

        def __init__(self, inputs, outputs):
            super().__init__(inputs, outputs, weight_init="normal")

    plain = nn.SequentialCell(Doubled(3, 4), Small(4, 2))
    assert [type(step) for step in fast(plain).chain] == [Doubled, rows.Dense]
    x = Tensor(normals(1, 5, 3))
    np.testing.assert_allclose(fast(plain)(x).asnumpy(), plain(x).asnumpy(), atol=1e-6)


@pytest.mark.parametrize("networks", ["mlp", "mlp-cs231n", "dcgan28", "dcgan64"])
def test_parameters_are_the_same_objects(networks):
    """With their names, also those that players give; and the given network is as it was."""
    shape = (1, 32, 32) if networks == "dcgan64" else (1, 28, 28)
    players = make_players(*build(networks, 5, shape, 2), Recipe())
    for name, plain in players.networks().items():
        kinds = [type(cell) for _, cell in plain.cells_and_names()]
        names = [p.name for p in plain.get_parameters()]
        twin = fast(plain).set_train(True)
        assert {id(p) for p in twin.get_parameters()} == {id(p) for p in plain.get_parameters()}
        assert [p.name for p in plain.get_parameters()] == names and names[0].startswith(name)
        assert [type(cell) for _, cell in plain.cells_and_names()] == kinds
        assert not any(cell.training for _, cell in plain.cells_and_names())
        assert all(cell.training for _, cell in twin.cells_and_names())


def test_a_frozen_layer_stays_frozen():
    plain = nn.SequentialCell(nn.Dense(3, 4), nn.BatchNorm1d(4), Halves(), conv(1, 1), nn.BatchNorm2d(1))
    plain.set_train(True)
    for layer in (plain[1], plain[4]):
        layer.set_train(False)
    dense, norm, _, chain = fast(plain).chain
    assert dense.training and not norm.training
    assert chain.chain[0].training and not chain.chain[1].training and not chain.chain[1].norm.training


def test_a_sequence_cannot_be_taken_apart():
    class First(nn.Cell):
        def __init__(self):
            super().__init__()
            self.model = nn.SequentialCell(nn.Dense(3, 4), nn.ReLU(), nn.Dense(4, 2))

        def construct(self, x):
            return self.model[0](x)

    with pytest.raises(TypeError, match="not subscriptable"):
        fast(First())(Tensor(normals(1, 2, 3)))
