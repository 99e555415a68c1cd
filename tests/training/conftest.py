import mindspore as ms
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
def tiny(cpu):
    """tiny(seed) makes players of a few weights."""
    return _tiny


@pytest.fixture
def real_players(cpu):
    """real_players(seed) makes the slides' players."""
    return lambda seed: create_players(Recipe(seed=seed))
