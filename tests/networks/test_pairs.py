"""Pairs by name: a user's own, and what computes them."""

import os

import numpy as np
import pytest
from mindspore import Tensor, nn

from ms_gan import device
from ms_gan.errors import UserError
from ms_gan.networks import PAIRS, build, computed
from ms_gan.networks.fast import rows

pytestmark = pytest.mark.usefixtures("cpu")


def test_unknown_networks_are_named():
    with pytest.raises(UserError, match="unknown networks 'mpl': there is ") as error:
        build("mpl", 100)
    assert {"mlp", "mlp-cs231n", "dcgan28", "dcgan64"} <= set(str(error.value).split("there is ")[1].split(", "))


def test_a_pair_of_ones_own(monkeypatch):
    def pair(latent_size, image_shape, width, activation):
        assert (image_shape, activation) == ((1, 2, 2), "own")
        generator = nn.SequentialCell(nn.Dense(latent_size, 4 * width), nn.Unflatten(1, (width, 2, 2)), nn.Tanh())
        return generator, nn.SequentialCell(nn.Flatten(), nn.Dense(4 * width, 1))

    monkeypatch.setitem(PAIRS, "mine", pair)
    generator, discriminator = build("mine", 3, [1, 2, 2], width=1)
    assert discriminator(generator(Tensor(np.zeros((5, 3), np.float32)))).shape == (5, 1)


def test_what_computes_them(monkeypatch):
    """Twins, or MindSpore's own layers; the same parameters, and a mode of its own."""
    _, network = build("mlp", 3)
    kinds = {}
    for layers in ("plain", "fast"):
        monkeypatch.setattr(device, "_layers", layers)
        other = computed(network).set_train(True)
        assert not network.training and not network.model.training
        mine = {id(p) for p in network.get_parameters()}
        assert mine == {id(p) for p in other.get_parameters()}
        kinds[layers] = {type(cell) for _, cell in other.cells_and_names()}
    assert nn.Dense in kinds["plain"] and rows.Dense in kinds["fast"]
    assert nn.Dense not in kinds["fast"] and rows.Dense not in kinds["plain"]


@pytest.mark.parametrize(("networks", "prepared"), [("mlp", False), ("dcgan28", True)])
def test_plain_convolutions_are_prepared(monkeypatch, networks, prepared):
    monkeypatch.setattr(device, "_layers", "plain")
    monkeypatch.delenv("DNNL_MAX_CPU_ISA", raising=False)
    computed(build(networks, 3)[1])
    assert ("DNNL_MAX_CPU_ISA" in os.environ) is prepared
