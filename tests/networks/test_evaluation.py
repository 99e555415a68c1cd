"""Drawing and judging in evaluation mode."""

import numpy as np
import pytest
from mindspore import Tensor, nn, ops

from ms_gan import device
from ms_gan.data.latent import fixed_codes
from ms_gan.data.mnist.files import load_images
from ms_gan.errors import UserError
from ms_gan.networks import build
from ms_gan.networks.evaluation import draw, has_batch_statistics, judge
from ms_gan.networks.fast import fast
from ms_gan.pixels import to_network, to_pixels

pytestmark = pytest.mark.usefixtures("cpu")

CODES = fixed_codes(25, 100)


def parameters(network):
    return {p.name: p.asnumpy().tobytes() for p in network.get_parameters()}


def test_each_picture_depends_on_its_own_code_alone(saved_run):
    generator = saved_run[1].generator
    pictures = draw(generator.set_train(True), CODES)
    assert pictures.shape == (25, 28, 28, 1) and pictures.dtype == np.uint8
    assert 3 < pictures.std() < 6 and len({picture.tobytes() for picture in pictures}) == 25
    backwards = draw(generator, CODES[::-1].copy())[::-1]
    few = draw(generator, CODES[:2])
    for other, some in ((backwards, pictures), (few, pictures[:2])):
        assert abs(other.astype(int) - some).max() <= 1  # rounding of sums in another order
    another, _ = build("mlp", 100)  # for the pass in training mode moves the statistics
    for mine, theirs in zip(another.get_parameters(), generator.get_parameters(), strict=True):
        mine.set_data(Tensor(theirs.asnumpy()))
    in_training_mode = to_pixels(another.set_train(True)(Tensor(CODES[:2])).asnumpy())
    assert abs(in_training_mode.astype(int) - pictures[:2]).max() > 20


@pytest.mark.parametrize("training", [True, False])
def test_drawing_changes_nothing(saved_run, training):
    generator = saved_run[1].generator
    generator.set_train(training)
    before = parameters(generator)
    first = draw(generator, CODES)
    assert generator.training is training
    assert all(cell.training is training for _, cell in generator.cells_and_names())
    assert parameters(generator) == before
    assert np.array_equal(draw(generator, CODES), first)
    generator.set_train(False)


def test_the_mode_stays_after_an_error(saved_run):
    generator = saved_run[1].generator
    generator.set_train(True)
    with pytest.raises(UserError, match="latent codes of the shape 3×99 do not fit this network: .* takes 100"):
        draw(generator, np.zeros((3, 99), np.float32))
    assert generator.training
    generator.set_train(False)


@pytest.mark.parametrize("layers", ["plain", "fast"])
def test_weights_that_are_set_later_are_seen(monkeypatch, layers):
    monkeypatch.setattr(device, "_layers", layers)
    (generator, _), (other, _) = build("mlp", 100), build("mlp", 100)
    before, wanted = draw(generator, CODES[:3]), draw(other, CODES[:3])
    for mine, theirs in zip(generator.get_parameters(), other.get_parameters(), strict=True):
        ops.assign(mine, theirs)
    assert np.array_equal(draw(generator, CODES[:3]), wanted) and not np.array_equal(before, wanted)


def test_plain_and_fast_draw_the_same(saved_run, monkeypatch):
    pictures = {}
    for layers in ("plain", "fast"):
        monkeypatch.setattr(device, "_layers", layers)
        pictures[layers] = draw(saved_run[1].generator, CODES).astype(int)
    assert abs(pictures["plain"] - pictures["fast"]).max() <= 1


def test_judging(saved_run, small_mnist):
    """sigmoid of the score, in the order of the pictures."""
    discriminator = saved_run[1].discriminator
    pixels = load_images(small_mnist, "test")[:9]
    answers = judge(discriminator, pixels)
    assert answers.shape == (9,) and answers.dtype == np.float32
    images = ((pixels.astype(np.float32) - 127.5) / 127.5).transpose(0, 3, 1, 2)
    scores = discriminator(Tensor(images)).asnumpy().astype(np.float64)[:, 0]
    np.testing.assert_allclose(answers, 1 / (1 + np.exp(-scores)), rtol=1e-5)
    assert len(set(answers.tolist())) == 9


def test_which_scores_depend_on_their_neighbours():
    """Of plain and of fast networks."""
    norms = nn.BatchNorm1d(3), nn.SequentialCell(nn.Conv2d(1, 3, 1), nn.BatchNorm2d(3)), build("mlp", 2)[0]
    for network in norms:
        assert has_batch_statistics(network) and has_batch_statistics(fast(network))
    for network in (build("mlp", 2)[1], build("dcgan28", 2)[1]):
        assert not has_batch_statistics(network) and not has_batch_statistics(fast(network))


# What is passed from Python


@pytest.mark.parametrize(
    "change", [lambda codes: codes.astype(np.float64), lambda codes: codes[::2], np.ndarray.tolist, list, Tensor]
)
def test_codes_of_any_kind(saved_run, change):
    generator, codes = saved_run[1].generator, change(CODES[:3])
    drawn = draw(generator, codes)
    assert abs(drawn.astype(int) - draw(generator, CODES[:3])[:: 4 - len(codes)]).max() <= 1
    assert draw(generator, np.ones((2, 100), np.int64)).std() > 1  # whole numbers


def test_one_code(saved_run):
    generator = saved_run[1].generator
    for code in (CODES[0], CODES[0].tolist()):
        assert np.array_equal(draw(generator, code), draw(generator, CODES[:1]))


@pytest.mark.parametrize(
    ("codes", "says"),
    [
        (np.zeros(99), "latent codes of the shape 1×99 do not fit this network: its first layer takes 100"),
        (np.zeros((2, 200)), "of the shape 2×200 do not fit"),
        (np.zeros((2, 100, 1)), "of the shape 2×100×1: they must be N×latent_size"),
        (np.zeros((0, 100)), "of the shape 0×100: they must be"),
        ([], "of the shape 1×0: they must be"),
        (7, "of the shape : they must be"),
        ([[1.0, 2.0], [3.0]], "of different lengths"),
        ("Generator0.ckpt", "latent codes must be numbers: those given are of the type <U"),
        (None, "latent codes must be numbers"),
    ],
)
def test_codes_that_do_not_fit(saved_run, codes, says):
    assert says in _refusal(draw, saved_run[1].generator, codes)


def _refusal(call, *arguments) -> str:
    with pytest.raises(UserError) as caught:
        call(*arguments)
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_codes_that_a_convolution_would_cut_anew():
    """It takes single pixels of 100 channels: two codes of 50 would be one of 100, one of 200 would be two."""
    generator, _ = build("dcgan64", 100, (3, 32, 32), width=4)
    for shape in ((2, 50), (1, 200)):
        assert "do not fit this network: of " in _refusal(draw, generator, np.zeros(shape))


@pytest.fixture(scope="module")
def digits(small_mnist):
    return load_images(small_mnist, split="test")[:5]


@pytest.mark.parametrize(
    "change",
    [
        lambda pixels: pixels[..., 0],  # N×H×W
        lambda pixels: pixels.tolist(),
        lambda pixels: list(pixels[..., 0]),
        lambda pixels: pixels.astype(np.int64),
        lambda pixels: pixels.astype(np.float32),
        lambda pixels: pixels / 255,
        lambda pixels: (pixels / 255).astype(np.float32),
        Tensor,
    ],
)
def test_pictures_of_any_kind(saved_run, digits, change):
    """A digit that lay on its side, or was too dark, would get another answer."""
    discriminator = saved_run[1].discriminator
    wanted = judge(discriminator, digits)
    np.testing.assert_allclose(judge(discriminator, change(digits)), wanted, rtol=1e-4)
    assert abs(judge(discriminator, digits.transpose(0, 2, 1, 3)) - wanted).max() > 1e-3


def test_one_picture(saved_run, digits):
    discriminator = saved_run[1].discriminator
    for picture in (digits[0], digits[0, :, :, 0]):
        assert np.array_equal(judge(discriminator, picture), judge(discriminator, digits[:1]))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (to_network, "5×1×28×28 have their channels first: give np.moveaxis(pixels, 1, -1)"),
        (lambda pixels: np.moveaxis(to_network(pixels), 1, -1), "pixels from -1 to 1: they must be whole numbers"),
        (lambda pixels: pixels.astype(np.int32) * 2, "pixels from 0 to 510: "),
        (lambda pixels: pixels.astype(np.float32) - 0.5, "to_pixels makes them of a network's output"),
        (lambda pixels: np.full(pixels.shape, np.nan), "pixels from nan to nan"),
        (lambda pixels: pixels > 0, "pixels must be numbers: those given are of the type bool"),
        (lambda pixels: pixels[:, :, :14], "pictures of 28×14×1 (height, width, channels) do not fit"),
        (lambda pixels: np.repeat(pixels, 3, axis=3), "pictures of 28×28×3 (height, width, channels) do not fit"),
        (lambda pixels: np.repeat(pixels, 2, axis=1), "do not fit this network: of 5 it makes 10"),
        (lambda pixels: pixels[:0], "pictures of the shape 0×28×28×1: they must be"),
        (lambda pixels: pixels[0, 0, :, 0], "pictures of the shape 28: they must be N×H×W×C"),
    ],
)
def test_pictures_that_do_not_fit(saved_run, digits, change, says):
    assert says in _refusal(judge, saved_run[1].discriminator, change(digits))


def test_pictures_of_another_size_for_convolutions():
    """They would be given a map of scores each."""
    _, discriminator = build("dcgan64", 7, (3, 32, 32), width=4)
    pixels = np.zeros((2, 48, 48, 3), np.uint8)
    assert "are not of the size that this discriminator takes" in _refusal(judge, discriminator, pixels)
    assert "its first layer takes 3" in _refusal(judge, discriminator, pixels[:, :32, :32, :1])
