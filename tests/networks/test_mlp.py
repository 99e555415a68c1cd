"""The slides' fully connected pair."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from ms_gan.errors import UserError
from ms_gan.networks import build

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


def test_unknown_networks_are_named():
    with pytest.raises(UserError, match="unknown networks 'mpl': there is mlp"):
        build("mpl", 100)
