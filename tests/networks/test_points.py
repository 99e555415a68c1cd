"""The small pairs: shapes, and how they begin."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from ms_gan.errors import UserError
from ms_gan.networks.points import build_toy
from ms_gan.theory.push_forward import even_codes


@pytest.mark.parametrize(
    ("networks", "latent_size", "numbers", "parameters"),
    [("line", 1, 1, (1153, 1153)), ("plane", 16, 2, (1666, 129))],
)
def test_shapes_and_sizes(cpu, networks, latent_size, numbers, parameters):
    """With 32 units: line 1·32+32 + 32·32+32 + 32+1 each; plane 16·32+32 + 32·32+32 + 2·32+2, and 2·32+32 + 32+1."""
    generator, discriminator = build_toy(networks, latent_size, 32)
    points = generator(Tensor(np.zeros((7, latent_size), np.float32)))
    assert points.shape == (7, 1, 1, numbers) and points.dtype == ms.float32
    assert discriminator(points).shape == (7, 1)
    sizes = [sum(p.size for p in network.trainable_params()) for network in (generator, discriminator)]
    assert tuple(sizes) == parameters


@pytest.mark.parametrize("seed", range(5))
def test_a_lines_generator_begins_near_the_identity_and_smooth(cpu, seed):
    ms.set_seed(seed)
    generator, _ = build_toy("line", 1, 32)
    z = even_codes(1000)
    x = generator(Tensor(z)).asnumpy()[:, 0, 0, 0]
    slope = np.diff(x) / np.diff(z[:, 0])
    assert np.abs(x - z[:, 0]).max() < 1.5  # against the 2 that z spans
    assert 0.3 < slope.mean() < 1.7 and slope.std() > 0.05  # along with z, and not straight
    assert np.abs(np.diff(slope)).max() < 0.1


def test_the_same_seed_gives_the_same_weights(cpu):
    weights = []
    for seed in (3, 3, 4):
        ms.set_seed(seed)
        weights.append(
            [p.asnumpy().tobytes() for network in build_toy("plane", 2, 8) for p in network.get_parameters()]
        )
    assert weights[0] == weights[1] != weights[2]


@pytest.mark.parametrize(("networks", "latent_size"), [("cube", 1), ("line", 2)])
def test_a_pair_that_there_is_not(cpu, networks, latent_size):
    with pytest.raises(UserError, match=f"'{networks}' of latent size {latent_size}"):
        build_toy(networks, latent_size, 8)
