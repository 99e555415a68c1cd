import mindspore as ms
import numpy as np
import pytest
from mindspore import nn

from ms_gan.recipes import Recipe
from ms_gan.training.players import Players, create_players


def _tiny(seed: int) -> Players:
    """Players of a few weights, for tests of files: names as those of real players."""
    ms.set_seed(seed)
    networks = {"generator": nn.Dense(2, 3), "discriminator": nn.Dense(3, 1)}
    optimizers = []
    for name, network in networks.items():
        network.update_parameters_name(f"{name}.model.0.")
        optimizers.append(nn.Adam(network.trainable_params(), learning_rate=0.1))
        for p in optimizers[-1].get_parameters():
            if not p.name.startswith(name):
                p.name = f"{name}_optimizer.{p.name}"
    return Players(*networks.values(), *optimizers)


@pytest.fixture
def one_batch(cpu) -> tuple[ms.Tensor, ms.Tensor]:
    """16 images of noise, and latent codes of 8 numbers."""
    rng = np.random.default_rng(0)
    arrays = rng.uniform(-1, 1, (16, 1, 28, 28)), rng.standard_normal((16, 8))
    return tuple(ms.Tensor(array.astype(np.float32)) for array in arrays)


@pytest.fixture
def tiny(cpu):
    """tiny(seed) makes players of a few weights."""
    return _tiny


@pytest.fixture
def real_players(cpu):
    """real_players(seed) makes the slides' players."""
    return lambda seed: create_players(Recipe(seed=seed))
