"""The fully connected pairs: the slides', and that of CS231n's notebook."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn

from ms_gan.networks import build
from ms_gan.networks.evaluation import has_batch_statistics

pytestmark = pytest.mark.usefixtures("cpu")

# inputs × outputs + biases; a batch norm has a scale and a shift for each feature, and two statistics
GENERATOR = (100 * 128 + 128) + (128 * 256 + 256) + (256 * 512 + 512) + (512 * 1024 + 1024) + (1024 * 784 + 784)
SCALES = 2 * (256 + 512 + 1024)
DISCRIMINATOR = (784 * 512 + 512) + (512 * 256 + 256) + (256 + 1)


@pytest.fixture(scope="module")
def pair():
    ms.set_seed(0)
    return build("mlp", 100)


def count(parameters) -> int:
    return sum(int(np.prod(p.shape)) for p in parameters)


def test_numbers_of_parameters(pair):
    generator, discriminator = pair
    assert count(generator.trainable_params()) == GENERATOR + SCALES == 1_510_032
    assert count(generator.get_parameters()) == GENERATOR + 2 * SCALES
    assert count(discriminator.trainable_params()) == count(discriminator.get_parameters()) == DISCRIMINATOR == 533_505


def test_names_and_shapes(pair):
    generator, discriminator = pair
    dense = {0: (128, 100), 2: (256, 128), 5: (512, 256), 8: (1024, 512), 11: (784, 1024)}
    wanted = {f"model.{i}.weight": shape for i, shape in dense.items()}
    wanted |= {f"model.{i}.bias": shape[:1] for i, shape in dense.items()}
    kinds = ("gamma", "beta", "moving_mean", "moving_variance")
    wanted |= {f"model.{i}.{kind}": (n,) for i, n in {3: 256, 6: 512, 9: 1024}.items() for kind in kinds}
    assert {p.name: p.shape for p in generator.get_parameters()} == wanted
    assert {p.name: p.shape for p in discriminator.get_parameters()} == {
        **{"model.0.weight": (512, 784), "model.0.bias": (512,), "model.2.weight": (256, 512), "model.2.bias": (256,)},
        **{"model.4.weight": (1, 256), "model.4.bias": (1,)},
    }


def test_shapes_and_ranges(pair):
    generator, discriminator = pair
    codes = np.random.default_rng(0).standard_normal((6, 100)).astype(np.float32)
    images = generator.set_train(False)(Tensor(40 * codes)).asnumpy()
    assert images.shape == (6, 1, 28, 28) and images.dtype == np.float32
    assert -1 <= images.min() < -0.9 and 0.9 < images.max() <= 1  # Tanh, driven to both of its ends
    scores = discriminator(Tensor(40 * images)).asnumpy()
    assert scores.shape == (6, 1) and scores.dtype == np.float32
    assert scores.min() < 0 or scores.max() > 1  # scores, not probabilities


def test_equal_to_the_slides_networks(pair, slides):
    """In training mode and in evaluation mode, apart from the slides' Sigmoid."""
    codes = Tensor(np.random.default_rng(1).standard_normal((8, 100)).astype(np.float32))
    theirs = slides.pair()
    for ours, their in zip(pair, theirs, strict=True):
        mine, others = dict(ours.parameters_and_names()), dict(their.parameters_and_names())
        assert mine.keys() == others.keys()
        for name, other in others.items():
            other.set_data(Tensor(mine[name].asnumpy()))
    for training in (True, False):
        images, their_images = (network.set_train(training)(codes) for network in (pair[0], theirs[0]))
        np.testing.assert_allclose(images.asnumpy(), their_images.asnumpy(), atol=5e-6)
        probabilities = 1 / (1 + np.exp(-pair[1](images).asnumpy().astype(np.float64)))
        np.testing.assert_allclose(probabilities, theirs[1](images).asnumpy(), rtol=1e-5)


@pytest.fixture(scope="module")
def notebook_pair():
    ms.set_seed(0)
    return build("mlp-cs231n", 4)


def test_numbers_of_parameters_of_the_notebook(notebook_pair):
    generator, discriminator = notebook_pair
    assert count(generator.trainable_params()) == count(generator.get_parameters()) == 1_858_320
    assert count(discriminator.trainable_params()) == count(discriminator.get_parameters()) == 267_009


def test_equal_to_the_notebooks_networks(notebook_pair):
    """Values, names and shapes, against MindSpore's own layers in the notebook's order."""
    dense = ((4, 1024), (1024, 1024), (1024, 784), (784, 256), (256, 256), (256, 1))
    g1, g2, g3, d1, d2, d3 = (nn.Dense(inputs, outputs) for inputs, outputs in dense)
    theirs = (
        nn.SequentialCell(g1, nn.ReLU(), g2, nn.ReLU(), g3, nn.Tanh()),
        nn.SequentialCell(d1, nn.LeakyReLU(0.01), d2, nn.LeakyReLU(0.01), d3),
    )
    x = np.random.default_rng(2).uniform(-1, 1, (6, 4)).astype(np.float32)
    for ours, their, shape in zip(notebook_pair, theirs, ((6, 1, 28, 28), (6, 1)), strict=True):
        mine, others = dict(ours.model.parameters_and_names()), dict(their.parameters_and_names())
        assert {name: p.shape for name, p in mine.items()} == {name: p.shape for name, p in others.items()}
        for name, other in others.items():
            other.set_data(Tensor(mine[name].asnumpy().copy()))
        y = ours(Tensor(x)).asnumpy()
        assert y.shape == shape and y.dtype == np.float32 and y.std() > 1e-3
        np.testing.assert_allclose(y.reshape(6, -1), their(Tensor(x.reshape(6, -1))).asnumpy(), atol=5e-6)
        x = y


def test_neither_of_the_notebooks_pair_has_batch_statistics(notebook_pair):
    assert not any(has_batch_statistics(network) for network in notebook_pair)


def test_the_notebooks_first_weights_are_pytorchs(notebook_pair):
    """Weights and biases evenly between ±1/√inputs."""
    for network in notebook_pair:
        values = [p.asnumpy() for p in network.get_parameters()]
        for weight, bias in zip(values[::2], values[1::2], strict=True):
            bound = (1 + 1e-6) / np.sqrt(weight.shape[1])
            assert 0.97 * bound < abs(weight).max() <= bound and 0 < abs(bias).max() <= bound
            assert abs(weight.std() * np.sqrt(3) / bound - 1) < 0.06


def test_ranges_of_the_notebooks_pair(notebook_pair):
    generator, discriminator = notebook_pair
    codes = np.random.default_rng(0).uniform(-1, 1, (6, 4)).astype(np.float32)
    images = generator(Tensor(40 * codes)).asnumpy()
    assert 0.9 < abs(images).max() <= 1 + 2e-5  # MindSpore's Tanh goes a little beyond 1
    assert images.min() < -0.9 and images.max() > 0.9
    scores = discriminator(Tensor(40 * images)).asnumpy()
    assert scores.min() < 0 or scores.max() > 1  # scores, not probabilities


def notebooks_numbers(x, weights, slope):
    """A chain of Dense in float64, with x or slope·x between them."""
    for i in range(0, len(weights), 2):
        x = x if i == 0 else np.where(x > 0, x, slope * x)
        x = x @ weights[i].T + weights[i + 1]
    return x


@pytest.mark.parametrize(
    "player, slope, end, shape", [(0, 0, np.tanh, (5, 4)), (1, 0.01, np.array, (5, 1, 28, 28))], ids=["G", "D"]
)
def test_activations_of_the_notebooks_pair(notebook_pair, player, slope, end, shape):
    """ReLU and Tanh in G, LeakyReLU 0.01 and no end in D: the numbers in float64, and the slope along chance."""
    network, rng = notebook_pair[player], np.random.default_rng(1)
    weights = [p.asnumpy().astype(np.float64) for p in network.get_parameters()]
    x = rng.uniform(-1, 1, (5, weights[0].shape[1]))
    given, wanted = Tensor(x.astype(np.float32).reshape(shape)), end(notebooks_numbers(x, weights, slope))
    np.testing.assert_allclose(network(given).asnumpy().reshape(wanted.shape), wanted, atol=5e-6)

    dout, along = rng.standard_normal(wanted.shape), rng.standard_normal(x.shape)
    ends = [(end(notebooks_numbers(x + sign * 1e-6 * along, weights, slope)) * dout).sum() for sign in (1, -1)]
    weighting = Tensor(dout.astype(np.float32))
    gradient = ms.grad(lambda x: (network(x).reshape(weighting.shape) * weighting).sum())(given).asnumpy()
    assert (gradient.reshape(x.shape) * along).sum() == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-3)
