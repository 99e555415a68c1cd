"""The fully connected pairs with other hidden layers than their own."""

import functools

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from ms_gan.errors import UserError
from ms_gan.networks import build

pytestmark = pytest.mark.usefixtures("cpu")

FUNCTIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "leaky-relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
}


def pair(networks, *activation):
    ms.set_seed(3)
    return [network.set_train(False) for network in build(networks, 7, (1, 28, 28), 64, *activation)]


def by_hand(network, x, function) -> np.ndarray:
    """In evaluation mode a fresh batch norm divides by √(1 + 1e-5)."""
    layers = {
        p.name.removesuffix(".weight"): p.asnumpy() for p in network.get_parameters() if p.name.endswith("weight")
    }
    biases = {p.name.removesuffix(".bias"): p.asnumpy() for p in network.get_parameters() if p.name.endswith("bias")}
    normalised = {p.name.removesuffix(".gamma") for p in network.get_parameters() if p.name.endswith("gamma")}
    *hidden, last = sorted(layers, key=lambda name: int(name.split(".")[1]))
    for name in hidden:
        x = x @ layers[name].T.astype(np.float64) + biases[name]
        number = int(name.split(".")[1])
        x = function(x / np.sqrt(1 + 1e-5) if f"model.{number + 1}" in normalised else x)
    return x @ layers[last].T.astype(np.float64) + biases[last]


@pytest.mark.parametrize("networks", ["mlp", "mlp-cs231n"])
@pytest.mark.parametrize("activation", FUNCTIONS)
def test_every_hidden_layer_has_it(networks, activation):
    generator, discriminator = pair(networks, activation)
    codes = np.random.default_rng(1).standard_normal((5, 7)).astype(np.float32)
    images = generator(Tensor(codes)).asnumpy()
    expected = np.tanh(by_hand(generator, codes, FUNCTIONS[activation]))
    np.testing.assert_allclose(images.reshape(5, -1), expected, atol=2e-6)
    seen = 20 * images  # so that the hidden layers see more than the middle of their functions
    expected = by_hand(discriminator, seen.reshape(5, -1), FUNCTIONS[activation])
    np.testing.assert_allclose(discriminator(Tensor(seen)).asnumpy(), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("networks", ["mlp", "mlp-cs231n"])
def test_the_first_weights_are_those_of_the_pair_itself(networks):
    own, other = pair(networks), pair(networks, "sigmoid")
    for ours, theirs in zip(own, other, strict=True):
        named = {p.name: p.asnumpy() for p in theirs.get_parameters()}
        assert all(np.array_equal(named.pop(p.name), p.asnumpy()) for p in ours.get_parameters()) and not named
    codes = Tensor(np.random.default_rng(1).standard_normal((5, 7)).astype(np.float32))
    assert abs(own[0](codes) - other[0](codes)).max() > 0.01
    named, default = pair(networks, "own"), own
    assert np.array_equal(named[0](codes).asnumpy(), default[0](codes).asnumpy())


@pytest.mark.parametrize("networks", ["dcgan28", "dcgan64"])
def test_the_others_keep_their_own(networks):
    with pytest.raises(UserError, match=f"{networks} keeps its own activation; tanh is for mlp, mlp-cs231n"):
        build(networks, 7, activation="tanh")


@pytest.mark.parametrize("networks", ["mlp", "mlp-cs231n"])
def test_an_activation_that_there_is_not(networks):
    with pytest.raises(UserError, match="unknown activation 'gelu': there is own, relu, leaky-relu, tanh, sigmoid"):
        functools.partial(build, networks, 7)(activation="gelu")
