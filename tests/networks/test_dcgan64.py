"""Radford's pair, for all its sizes; plain and fast."""

import copy

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

import ms_gan.networks.dcgan64 as dcgan64
from ms_gan.errors import UserError
from ms_gan.games.objectives import gradient_penalty
from ms_gan.networks import build
from ms_gan.networks.evaluation import has_batch_statistics
from ms_gan.networks.fast import fast
from ms_gan.recipes import RECIPES

pytestmark = pytest.mark.usefixtures("cpu")

LATENT = 5

GENERATOR = {0: (100, 512, 4, 4), 3: (512, 256, 4, 4), 6: (256, 128, 4, 4), 9: (128, 64, 4, 4), 12: (64, 3, 4, 4)}
DISCRIMINATOR = {0: (64, 3, 4, 4), 2: (128, 64, 4, 4), 5: (256, 128, 4, 4), 8: (512, 256, 4, 4), 11: (1, 512, 4, 4)}
G_NORMS = {1: 512, 4: 256, 7: 128, 10: 64}
D_NORMS = {3: 128, 6: 256, 9: 512}


@pytest.fixture(scope="module")
def pair():
    """As the recipe dcgan-faces makes it."""
    ms.set_seed(0)
    recipe = RECIPES["dcgan-faces"]
    return build(recipe.networks, recipe.latent_size, recipe.image_shape, recipe.width)


def normals(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def uniform(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def count(parameters) -> int:
    return sum(int(np.prod(p.shape)) for p in parameters)


def test_numbers_of_parameters(pair):
    """Those of PyTorch's DCGAN tutorial: nz 100, ngf 64, ndf 64, nc 3."""
    generator, discriminator = pair
    assert count(generator.trainable_params()) == 3_576_704
    assert count(discriminator.trainable_params()) == 2_765_568


def test_names_and_shapes(pair):
    for network, weights, norms in zip(pair, (GENERATOR, DISCRIMINATOR), (G_NORMS, D_NORMS), strict=True):
        wanted = {f"model.{i}.weight": shape for i, shape in weights.items()}
        kinds = ("gamma", "beta", "moving_mean", "moving_variance")
        wanted |= {f"model.{i}.{kind}": (n,) for i, n in norms.items() for kind in kinds}
        assert {p.name: p.shape for p in network.get_parameters()} == wanted


def test_first_weights(pair):
    """Convolutions from N(0, 0.02), scales from N(1, 0.02), shifts and statistics as everywhere."""
    for network in pair:
        for p in network.get_parameters():
            value, kind = p.asnumpy(), p.name.split(".")[-1]
            if kind in ("weight", "gamma"):
                sigma = 0.02 / np.sqrt(value.size)
                assert abs(value.mean() - (kind == "gamma")) < 4 * sigma
                assert abs(value.std() - 0.02) < 4 * sigma
            else:
                assert np.array_equal(value, np.full(p.shape, kind == "moving_variance", np.float32))


def test_the_seed_fixes_the_first_weights():
    def weights(seed):
        ms.set_seed(seed)
        return [p.asnumpy() for network in build("dcgan64", LATENT, (1, 32, 32), 4) for p in network.trainable_params()]

    first, again, other = weights(1), weights(1), weights(2)
    assert all(np.array_equal(one, same) for one, same in zip(first, again, strict=True))
    drawn = [i for i, value in enumerate(first) if value.any()]
    assert len(drawn) == 8 + 5  # weights of both, scales of both; 5 shifts are 0
    assert not any(np.array_equal(first[i], other[i]) for i in drawn)


# the side of the pictures, that of the first feature maps, their number in widths
SIZES = [(32, 4, 4), (48, 6, 4), (64, 4, 8), (96, 6, 8), (128, 4, 16)]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side, smallest, maps", SIZES)
def test_sizes(side, smallest, maps, channels):
    width, shape = 2, (channels, side, side)
    ms.set_seed(0)
    generator, discriminator = build("dcgan64", LATENT, shape, width)
    doublings = (side // smallest).bit_length() - 1
    chain = [width * 2**i for i in range(doublings)]
    first, *others = (p.shape for p in generator.get_parameters() if p.name.endswith("weight"))
    assert first == (LATENT, maps * width, smallest, smallest)
    assert others == [(one, two, 4, 4) for one, two in zip(chain[::-1], [*chain[-2::-1], channels], strict=True)]
    *others, last = (p.shape for p in discriminator.get_parameters() if p.name.endswith("weight"))
    assert others == [(two, one, 4, 4) for one, two in zip([channels, *chain[:-1]], chain, strict=True)]
    assert last == (1, maps * width, smallest, smallest)
    for network in (generator, discriminator):
        network.set_train(True)
    images = fast(generator)(Tensor(40 * normals(1, 3, LATENT))).asnumpy()
    assert images.shape == (3, *shape) and images.dtype == np.float32
    assert abs(images).max() <= 1 + 2e-5  # MindSpore's Tanh is a little off
    assert images.std() > 1e-4
    scores = fast(discriminator)(Tensor(images)).asnumpy()
    assert scores.shape == (3, 1) and scores.dtype == np.float32 and np.ptp(scores) > 1e-4


SHAPES = [(3, 40, 40), (3, 28, 28), (1, 256, 256), (2, 64, 64), (4, 32, 32), (3, 64, 32), (3, 32, 64), (3, 16, 16)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_size_that_it_cannot_make(shape):
    with pytest.raises(UserError) as error:
        build("dcgan64", LATENT, shape, 4)
    assert str(error.value) == (
        f"dcgan64 cannot make pictures of {shape[0]}×{shape[1]}×{shape[2]} (channels, height, width): they must be "
        "squares of 32, 48, 64, 96, 128 pixels a side, with 1 or 3 channels"
    )


@pytest.mark.parametrize("networks", ["mlp", "mlp-cs231n", "dcgan28"])
def test_the_others_make_pictures_of_mnist(networks):
    generator, _ = build(networks, LATENT, (1, 28, 28), width=7)
    assert generator(Tensor(normals(1, 2, LATENT))).shape == (2, 1, 28, 28)
    for shape in ((3, 28, 28), (1, 32, 32), (3, 64, 64)):
        with pytest.raises(UserError) as error:
            build(networks, LATENT, shape)
        assert str(error.value) == (
            f"{networks} cannot make pictures of {shape[0]}×{shape[1]}×{shape[2]} (channels, height, width): it makes "
            "grey ones of 28×28; for others there is dcgan64 (--networks dcgan64)"
        )


def test_neighbours_matter_in_training_alone():
    """In training mode the batch's statistics normalise, in both networks; in evaluation a code has one picture."""
    ms.set_seed(0)
    networks = build("dcgan64", LATENT, (1, 32, 32), 4)
    for network, inputs in zip(networks, (normals(2, 6, LATENT), uniform(2, 6, 1, 32, 32)), strict=True):
        assert has_batch_statistics(network)
        spread = {}
        for training in (False, True):
            few, many = (network.set_train(training)(Tensor(part)).asnumpy() for part in (inputs[:3], inputs))
            spread[training] = abs(few - many[:3]).max() / abs(many).max()
        assert spread[False] < 1e-5 and spread[True] > 0.01


def give(network) -> None:
    """New weights and statistics, none of them 0 or 1, so that a mix-up shows; no unit is stuck."""
    for seed, p in enumerate(network.get_parameters()):
        kind = p.name.split(".")[-1]
        value = normals(seed, *p.shape) * 0.3 + (kind in ("gamma", "moving_variance"))
        p.set_data(Tensor(abs(value) + 0.1 if kind == "moving_variance" else value))


def differentiator(network, compiled: bool):
    """(x, dout) → [y, gradient for x, gradients for the weights by their names], as NumPy arrays."""
    names = [p.name for p in network.trainable_params()]

    def forward(x, dout):
        y = network(x)
        return (y * dout).sum(), y

    grad = ms.value_and_grad(forward, 0, network.trainable_params(), has_aux=True)
    if compiled:
        grad = ms.jit(grad, jit_level="O0")

    def differentiate(x, dout):
        (_, y), (dx, d_weights) = grad(Tensor(x), Tensor(dout))
        gradients = dict(zip(names, (gradient.asnumpy() for gradient in d_weights), strict=True))
        return [y.asnumpy(), dx.asnumpy(), *(gradients[name] for name in sorted(names))]

    return differentiate


def close(ours, theirs, tolerance: float) -> None:
    """Tolerance is relative to the largest number of each array."""
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.shape == other.shape and abs(other).max() > 0
        np.testing.assert_allclose(mine, other, rtol=0, atol=tolerance * abs(other).max())


@pytest.mark.parametrize("compiled", [False, True], ids=["pynative", "jit"])
@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_fast(player, compiled):
    """In training and in evaluation: the results, all gradients, and the statistics after a step."""
    channels, width, n = 3, 3, 4
    theirs = build("dcgan64", LATENT, (channels, 32, 32), width)[player == "discriminator"]
    give(theirs)
    plain = copy.deepcopy(theirs)  # with parameters of its own
    network = fast(plain)
    x, dout = uniform(1, n, LATENT), normals(2, n, channels, 32, 32)
    if player == "discriminator":
        x, dout = uniform(1, n, channels, 32, 32), normals(2, n, 1)
    for training in (True, False):
        mine = differentiator(fast(network).set_train(training), compiled)(x, dout)
        close(mine, differentiator(theirs.set_train(training), compiled=False)(x, dout), 2e-5)
        assert len(mine) == 2 + len(plain.trainable_params())
        statistics = ([p.asnumpy() for p in net.get_parameters() if "moving" in p.name] for net in (plain, theirs))
        close(*statistics, 1e-5)


def penalised(network, *arguments) -> list[np.ndarray]:
    """The penalty and its gradients for the weights by their names."""
    names = [p.name for p in network.trainable_params()]

    def penalty(real, fake, mixing):
        return gradient_penalty(network, real, fake, mixing)

    both = ms.jit(ms.value_and_grad(penalty, None, network.trainable_params()), jit_level="O0")
    value, gradients = both(*map(Tensor, arguments))
    gradients = dict(zip(names, (gradient.asnumpy() for gradient in gradients), strict=True))
    return [np.array(float(value)), *(gradients[name] for name in sorted(names))]


def test_gradient_penalty():
    """The same penalty and the same gradients for the weights as with the plain layers."""
    theirs = dcgan64.Discriminator(1, 32, 2)
    give(theirs)
    critic = fast(theirs)
    arguments = uniform(1, 3, 1, 32, 32), uniform(2, 3, 1, 32, 32), abs(uniform(3, 3, 1, 1, 1))
    mine, others = (penalised(network.set_train(True), *arguments) for network in (fast(critic), theirs))
    assert mine[0] == pytest.approx(others[0], rel=1e-5)
    # Behind the last batch norm there is nothing that bends: its shift does not change the slope.
    assert sum(gradient.any() for gradient in others) == len(others) - 1 == 1 + 8 - 1
    for gradient, other in zip(mine, others, strict=True):
        np.testing.assert_allclose(gradient, other, rtol=0, atol=1e-5 * max(abs(array).max() for array in others))
