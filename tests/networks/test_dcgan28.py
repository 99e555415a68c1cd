"""The notebook's convolutional pair, and its critics under a gradient penalty."""

import copy
import math

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor
from numpy.lib.stride_tricks import sliding_window_view

from ms_gan.data.mnist.files import load_images
from ms_gan.games.objectives import gradient_penalty
from ms_gan.networks import build, dcgan28, mlp
from ms_gan.networks.evaluation import has_batch_statistics
from ms_gan.networks.fast import fast
from ms_gan.pixels import to_network

pytestmark = pytest.mark.usefixtures("cpu")

LATENT = 4

# inputs × outputs + biases; a batch norm has a scale and a shift for each feature, and two statistics
DISCRIMINATOR = (25 * 32 + 32) + (32 * 25 * 64 + 64) + (1024 * 1024 + 1024) + (1024 + 1)
GENERATOR = (4 * 1024 + 1024) + (1024 * 6272 + 6272) + (128 * 16 * 64 + 64) + (64 * 16 + 1)
SCALES = 2 * (1024 + 6272 + 64)

SHAPES = {
    "discriminator": {0: (32, 1, 5, 5), 3: (64, 32, 5, 5), 7: (1024, 1024), 9: (1, 1024)},
    "generator": {0: (1024, 4), 3: (6272, 1024), 7: (128, 64, 4, 4), 10: (64, 1, 4, 4)},
}
FANS = {
    "discriminator": {0: (25, 800), 3: (800, 1600), 7: (1024, 1024), 9: (1024, 1)},
    "generator": {0: (4, 1024), 3: (1024, 6272), 7: (64 * 16, 128 * 16), 10: (16, 64 * 16)},
}


@pytest.fixture(scope="module")
def pair():
    ms.set_seed(0)
    return build("dcgan28", LATENT)


def normals(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def uniform(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def count(parameters) -> int:
    return sum(int(np.prod(p.shape)) for p in parameters)


def test_the_three_pairs_by_name():
    kinds = {
        "mlp": (mlp.Generator, mlp.Discriminator),
        "mlp-cs231n": (mlp.NotebookGenerator, mlp.NotebookDiscriminator),
        "dcgan28": (dcgan28.Generator, dcgan28.Discriminator),
    }
    for name, wanted in kinds.items():
        networks = build(name, 3)
        assert tuple(type(network) for network in networks) == wanted
        assert networks[0].trainable_params()[0].shape[1] == 3


def test_numbers_of_parameters(pair):
    generator, discriminator = pair
    assert count(generator.trainable_params()) == GENERATOR + SCALES == 6_580_801
    assert count(generator.get_parameters()) == GENERATOR + 2 * SCALES
    assert count(discriminator.trainable_params()) == count(discriminator.get_parameters()) == DISCRIMINATOR
    assert DISCRIMINATOR == 1_102_721


def test_names_and_shapes(pair):
    """Each bias has as many numbers as the layer has outputs: the second number of a transposed convolution."""
    generator, discriminator = pair
    biases = {0: (1024,), 3: (6272,), 7: (64,), 10: (1,)}
    wanted = {f"model.{i}.weight": shape for i, shape in SHAPES["generator"].items()}
    wanted |= {f"model.{i}.bias": shape for i, shape in biases.items()}
    kinds = ("gamma", "beta", "moving_mean", "moving_variance")
    wanted |= {f"model.{i}.{kind}": (n,) for i, n in {2: 1024, 5: 6272, 9: 64}.items() for kind in kinds}
    assert {p.name: p.shape for p in generator.get_parameters()} == wanted
    wanted = {f"model.{i}.weight": shape for i, shape in SHAPES["discriminator"].items()}
    wanted |= {f"model.{i}.bias": shape[:1] for i, shape in SHAPES["discriminator"].items()}
    assert {p.name: p.shape for p in discriminator.get_parameters()} == wanted


def test_first_weights(pair):
    for network, name in zip(pair, ("generator", "discriminator"), strict=True):
        values = {p.name: p.asnumpy() for p in network.get_parameters()}
        for i, (fan_in, fan_out) in FANS[name].items():
            weight, bias = values[f"model.{i}.weight"], values[f"model.{i}.bias"]
            bound = math.sqrt(6 / (fan_in + fan_out))
            assert 0.97 * bound < abs(weight).max() <= bound * (1 + 1e-6)
            assert abs(weight.std() * math.sqrt(3) / bound - 1) < 0.06
            assert 0 < abs(bias).max() <= (1 + 1e-6) / math.sqrt(fan_in)


def test_shapes_and_ranges(pair):
    generator, discriminator = pair
    images = generator.set_train(True)(Tensor(normals(1, 6, LATENT))).asnumpy()
    assert images.shape == (6, 1, 28, 28) and images.dtype == np.float32
    assert -1 - 2e-5 <= images.min() < -0.9 and 0.9 < images.max() <= 1 + 2e-5  # MindSpore's Tanh is a little off
    scores = discriminator(Tensor(40 * images)).asnumpy()
    assert scores.shape == (6, 1) and scores.dtype == np.float32
    assert scores.min() < 0 or scores.max() > 1  # scores, not probabilities


def test_scores_of_the_neighbours_do_not_matter(pair):
    generator, discriminator = pair
    assert has_batch_statistics(generator) and not has_batch_statistics(discriminator)
    images = uniform(1, 5, 1, 28, 28)
    scores = discriminator(Tensor(images)).asnumpy()
    assert np.ptp(scores) > 0.05
    alone = [discriminator(Tensor(image[np.newaxis])).asnumpy()[0] for image in images]
    np.testing.assert_allclose(alone, scores, atol=1e-6)
    gradient = ms.grad(lambda x: discriminator(x)[2, 0])(Tensor(images)).asnumpy()
    assert np.flatnonzero(np.abs(gradient).sum((1, 2, 3))).tolist() == [2]


def test_images_of_the_neighbours_matter_in_training_alone(pair):
    """In training mode the batch's statistics normalise; in evaluation a code has one picture."""
    generator, _ = pair
    codes = normals(2, 6, LATENT)
    few, many = (generator.set_train(False)(Tensor(part)).asnumpy() for part in (codes[:3], codes))
    np.testing.assert_allclose(few, many[:3], atol=1e-6)
    few, many = (generator.set_train(True)(Tensor(part)).asnumpy() for part in (codes[:3], codes))
    assert abs(few - many[:3]).max() > 0.1


def differentiator(network, compiled: bool):
    """Of a network of these parameters: (x, dout) → [y, gradient for x, gradients for the weights], as NumPy arrays."""

    def forward(x, dout):
        y = network(x)
        return (y * dout).sum(), y

    grad = ms.value_and_grad(forward, 0, network.trainable_params(), has_aux=True)
    if compiled:
        grad = ms.jit(grad, jit_level="O0")

    def differentiate(x, dout):
        (_, y), (dx, dweights) = grad(Tensor(x), Tensor(dout))
        return [array.asnumpy() for array in (y, dx, *dweights)]

    return differentiate


def close(ours, theirs, tolerance: float) -> None:
    """Tolerance is relative to the largest number of each array."""
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.shape == other.shape and abs(other).max() > 0
        np.testing.assert_allclose(mine, other, rtol=0, atol=tolerance * abs(other).max())


@pytest.mark.parametrize("compiled", [False, True], ids=["pynative", "jit"])
def test_fast_discriminator(pair, compiled):
    """Scores, and the gradients for the images and all 8 arrays of weights."""
    x, dout = uniform(1, 5, 1, 28, 28), normals(2, 5, 1)
    mine = differentiator(fast(pair[1]), compiled)(x, dout)
    assert len(mine) == 2 + 8
    close(mine, differentiator(pair[1], compiled=False)(x, dout), 1e-5)


@pytest.mark.parametrize("compiled", [False, True], ids=["pynative", "jit"])
def test_fast_generator(compiled):
    """Images, gradients for the codes and all 14 arrays of weights, and the statistics after two steps."""
    ms.set_seed(1)
    theirs = dcgan28.Generator(LATENT)
    for p in theirs.get_parameters():  # away from ones and zeros, so that a mix-up shows
        p.set_data(Tensor(p.asnumpy() * np.exp(0.3 * normals(1, *p.shape)) + 0.01 * normals(2, *p.shape)))
    plain = copy.deepcopy(theirs)  # with parameters of its own
    ours = fast(plain)
    for training, steps in ((True, 2), (False, 1)):
        mine = differentiator(ours.set_train(training), compiled)
        others = differentiator(theirs.set_train(training), compiled=False)
        for step in range(steps):
            x, dout = uniform(3 + step, 8, LATENT), normals(5 + step, 8, 1, 28, 28)
            results = mine(x, dout)
            assert len(results) == 2 + 14
            close(results, others(x, dout), 2e-5)
            statistics = ([p.asnumpy() for p in net.get_parameters() if "moving" in p.name] for net in (plain, theirs))
            close(*statistics, 1e-5)


def numpy_pooled(x, weight, bias):
    """A valid convolution and the largest of each 2×2 block; and the function from its gradient to that of x."""
    kernel, n, outputs = weight.shape[-1], len(x), len(weight)
    y = np.einsum("nchwij,mcij->nmhw", sliding_window_view(x, (kernel, kernel), (2, 3)), weight, optimize=True)
    half = y.shape[-1] // 2
    blocks = y.reshape(n, outputs, half, 2, half, 2).swapaxes(3, 4).reshape(n, outputs, half, half, 4)
    largest = blocks.argmax(-1)[..., np.newaxis]

    def back(dout):
        d_blocks, dx = np.zeros_like(blocks), np.zeros_like(x)
        np.put_along_axis(d_blocks, largest, dout[..., np.newaxis], -1)
        dy = d_blocks.reshape(n, outputs, half, half, 2, 2).swapaxes(3, 4).reshape(y.shape)
        for i, j in np.ndindex(kernel, kernel):
            dx[:, :, i : i + 2 * half, j : j + 2 * half] += np.einsum("nmhw,mc->nchw", dy, weight[:, :, i, j])
        return dx

    return np.take_along_axis(blocks, largest, -1)[..., 0] + bias[:, np.newaxis, np.newaxis], back


def numpy_dense(x, weight, bias):
    flat = x.reshape(len(x), -1)
    return flat @ weight.T + bias, lambda dout: (dout @ weight).reshape(x.shape)


def numpy_critic(x, weights):
    """Scores and their gradients for the images, in the type of the weights; LeakyReLU 0.01 between the layers."""
    backs = []
    for weight, bias in zip(weights[::2], weights[1::2], strict=True):
        if backs:
            slopes = np.where(x > 0, 1, 0.01)
            x = x * slopes
            backs.append(lambda dout, slopes=slopes: dout * slopes)
        x, back = (numpy_pooled if weight.ndim == 4 else numpy_dense)(x, weight, bias)
        backs.append(back)
    gradient = np.ones_like(x)
    for back in reversed(backs):
        gradient = back(gradient)
    return x, gradient


def norms(x, weights):
    return np.sqrt((numpy_critic(x, weights)[1] ** 2).sum((1, 2, 3)))


@pytest.fixture(scope="module", params=["dcgan28", "mlp-cs231n"])
def penalised(request, small_mnist):
    """A critic, its weights and the places the penalty looks at in float64, the penalty and its gradients.

    The critic is steeper than a fresh one, whose slope is near 0.1, so that the norms make most of the penalty.
    """
    ms.set_seed(7)  # no unit stands so near its turn that float32 could take the other branch
    generator, critic = build(request.param, LATENT)
    critic.trainable_params()[-2].set_data(critic.trainable_params()[-2] * 16)
    critic = fast(critic)
    real = to_network(load_images(small_mnist, "train")[:4])
    fake = generator.set_train(True)(Tensor(uniform(6, 4, LATENT))).asnumpy()
    mixing = np.array([0.1, 0.4, 0.7, 0.9], np.float32).reshape(4, 1, 1, 1)

    def penalty(real, fake, mixing):
        return gradient_penalty(critic, real, fake, mixing)

    both = ms.jit(ms.value_and_grad(penalty, None, critic.trainable_params()), jit_level="O0")
    value, gradients = both(Tensor(real), Tensor(fake), Tensor(mixing))
    x = mixing.astype(np.float64) * real + (1 - mixing.astype(np.float64)) * fake
    weights = [p.asnumpy().astype(np.float64) for p in critic.trainable_params()]
    return critic, weights, x, float(value), [gradient.asnumpy().astype(np.float64) for gradient in gradients]


def test_penalty_is_that_of_the_norms(penalised):
    """Against NumPy's gradients, which are held against MindSpore's, and against differences of NumPy's scores."""
    critic, weights, x, value, _ = penalised
    scores, gradients = numpy_critic(x, weights)
    images = Tensor(x.astype(np.float32))
    np.testing.assert_allclose(critic(images).asnumpy(), scores, atol=1e-5)
    close([ms.grad(lambda x: critic(x).sum())(images).asnumpy()], [gradients], 1e-5)
    for seed in range(3):
        along = np.random.default_rng(seed).standard_normal(x.shape)
        ends = [numpy_critic(x + sign * 1e-7 * along, weights)[0][:, 0] for sign in (1, -1)]
        np.testing.assert_allclose((gradients * along).sum((1, 2, 3)), (ends[0] - ends[1]) / 2e-7, rtol=1e-4)
    sizes = norms(x, weights)
    assert 1.4 < sizes.min() < sizes.max() < 2.6
    assert value == pytest.approx(((sizes - 1) ** 2).mean(), rel=1e-4)


def test_penalty_has_the_gradient_of_its_differences(penalised):
    """For all weights together and for each layer's, along chance and along the gradient itself."""
    _, weights, x, _, gradients = penalised
    rng, step = np.random.default_rng(8), 1e-8

    def difference(along):
        ends = []
        for sign in (1, -1):
            moved = [weight + sign * step * d for weight, d in zip(weights, along, strict=True)]
            ends.append(((norms(x, moved) - 1) ** 2).mean())
        return (ends[0] - ends[1]) / (2 * step)

    def check(along):
        predicted = sum((gradient * d).sum() for gradient, d in zip(gradients, along, strict=True))
        assert predicted == pytest.approx(difference(along), rel=1e-3, abs=1e-5)

    for _ in range(3):
        check([rng.standard_normal(weight.shape) for weight in weights])
    for i in range(0, len(weights), 2):
        along = [np.zeros_like(weight) for weight in weights]
        along[i] = gradients[i] / np.linalg.norm(gradients[i])
        check(along)
        along[i] = rng.standard_normal(along[i].shape)
        check(along)


def test_penalty_teaches_each_layer_to_scale(penalised):
    """A critic of LeakyReLU and maxima is linear in each layer's weight W while no unit changes its branch, and its
    slope does not depend on biases. So ⟨W, ∂P/∂W⟩ = E 2·(‖∇D‖ − 1)·‖∇D‖ for each layer, and ∂P/∂b = 0.
    """
    _, weights, x, _, gradients = penalised
    sizes = norms(x, weights)
    wanted = (2 * (sizes - 1) * sizes).mean()
    assert abs(wanted) > 0.1
    for i, (weight, gradient) in enumerate(zip(weights, gradients, strict=True)):
        if i % 2:
            assert not gradient.any()
        else:
            assert (weight * gradient).sum() == pytest.approx(wanted, rel=1e-4)
