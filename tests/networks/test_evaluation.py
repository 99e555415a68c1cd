"""Drawing and judging in evaluation mode."""

import numpy as np
import pytest
from mindspore import Tensor, nn, ops

from ms_gan import device
from ms_gan.data.latent import fixed_codes
from ms_gan.data.mnist.files import load_images
from ms_gan.networks import build
from ms_gan.networks.evaluation import draw, has_batch_statistics, judge
from ms_gan.networks.fast import fast
from ms_gan.pixels import to_pixels

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
    with pytest.raises(ValueError):
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
