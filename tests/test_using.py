"""Drawing, judging, and loading what was trained."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from ms_gan.data.latent import fixed_codes
from ms_gan.data.mnist import load_images
from ms_gan.errors import UserError
from ms_gan.networks import build
from ms_gan.pixels import to_pixels
from ms_gan.recipes import Recipe
from ms_gan.training import checkpoint
from ms_gan.training.checkpoint import Position
from ms_gan.training.players import create_players
from ms_gan.training.run_folder import RunFolder
from ms_gan.using import draw, judge, load_discriminator, load_generator

pytestmark = pytest.mark.usefixtures("cpu")

CODES = fixed_codes(25, 100)


@pytest.fixture(scope="module")
def run(tmp_path_factory, cpu):
    """The folder of a run with one set of weights, and its players; their moving statistics have moved."""
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    recipe = Recipe()
    folder.create("gan", recipe)
    players = create_players(recipe)
    players.generator.set_train(True)
    for _ in range(3):
        players.generator(Tensor(np.random.default_rng(0).standard_normal((64, 100)).astype(np.float32)))
    players.generator.set_train(False)
    checkpoint.save(folder.checkpoints, Position(1), players)
    return folder, players


def parameters(network):
    return {p.name: p.asnumpy().tobytes() for p in network.get_parameters()}


def test_each_picture_depends_on_its_own_code_alone(run):
    generator = run[1].generator
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
def test_drawing_changes_nothing(run, training):
    generator = run[1].generator
    generator.set_train(training)
    before = parameters(generator)
    first = draw(generator, CODES)
    assert generator.training is training
    assert all(cell.training is training for _, cell in generator.cells_and_names())
    assert parameters(generator) == before
    assert np.array_equal(draw(generator, CODES), first)
    generator.set_train(False)


def test_the_mode_is_restored_after_an_error(run):
    generator = run[1].generator
    generator.set_train(True)
    with pytest.raises(ValueError):
        draw(generator, np.zeros((3, 99), np.float32))
    assert generator.training
    generator.set_train(False)


def test_judging(run, small_mnist):
    """sigmoid of the score, in the order of the pictures."""
    discriminator = run[1].discriminator
    pixels = load_images(small_mnist, "test")[:9]
    answers = judge(discriminator, pixels)
    assert answers.shape == (9,) and answers.dtype == np.float32
    images = ((pixels.astype(np.float32) - 127.5) / 127.5).transpose(0, 3, 1, 2)
    scores = discriminator(Tensor(images)).asnumpy().astype(np.float64)[:, 0]
    np.testing.assert_allclose(answers, 1 / (1 + np.exp(-scores)), rtol=1e-5)
    assert len(set(answers.tolist())) == 9


def test_loading_gives_the_same_networks(run, small_mnist):
    folder, players = run
    generator, latent_size = load_generator(folder.checkpoints / "Generator0.ckpt")
    assert latent_size == 100
    assert np.array_equal(draw(generator, CODES), draw(players.generator, CODES))
    discriminator = load_discriminator(folder.checkpoints / "Discriminator0.ckpt")
    pixels = load_images(small_mnist, "test")
    assert np.array_equal(judge(discriminator, pixels), judge(players.discriminator, pixels))


def test_any_latent_size_and_any_place(tmp_path):
    """A file alone, without its run, says itself how long a latent code is."""
    small, _ = build("mlp", 7)
    ms.save_checkpoint(small, str(tmp_path / "mine.ckpt"))
    generator, latent_size = load_generator(tmp_path / "mine.ckpt")
    assert latent_size == 7
    assert np.array_equal(draw(generator, CODES[:, :7].copy()), draw(small, CODES[:, :7].copy()))


def test_files_of_the_slides_script(tmp_path, slides, small_mnist):
    theirs = slides.files(tmp_path, 99)
    generator, latent_size = load_generator(tmp_path / "Generator99.ckpt")
    images = theirs[0].set_train(False)(Tensor(CODES)).asnumpy()
    pixels = np.rint(images * 127.5 + 127.5).transpose(0, 2, 3, 1)
    assert latent_size == 100 and abs(draw(generator, CODES) - pixels).max() <= 1
    pixels = load_images(small_mnist, "test")
    images = ((pixels.astype(np.float32) - 127.5) / 127.5).transpose(0, 3, 1, 2)
    probabilities = theirs[1](Tensor(images)).asnumpy()[:, 0]
    answers = judge(load_discriminator(tmp_path / "Discriminator99.ckpt"), pixels)
    np.testing.assert_allclose(answers, probabilities, rtol=2e-5, atol=1e-7)


def test_the_other_players_file(run):
    folder = run[0].checkpoints
    with pytest.raises(UserError, match="Discriminator0.ckpt holds a discriminator; a generator is wanted here"):
        load_generator(folder / "Discriminator0.ckpt")
    with pytest.raises(UserError, match="Generator0.ckpt holds a generator; a discriminator is wanted here"):
        load_discriminator(folder / "Generator0.ckpt")


def test_a_file_of_optimisers_is_no_generator(run):
    with pytest.raises(UserError, match="TrainState0.ckpt is of another architecture"):
        load_generator(run[0].checkpoints / "TrainState0.ckpt")


def test_another_architecture(tmp_path, cpu):
    from mindspore import nn

    ms.save_checkpoint(nn.SequentialCell(nn.Conv2d(1, 2, 3, has_bias=True)), str(tmp_path / "conv.ckpt"))
    with pytest.raises(UserError, match="its first layer is not fully connected"):
        load_generator(tmp_path / "conv.ckpt")
    ms.save_checkpoint(nn.SequentialCell(nn.Dense(784, 5)), str(tmp_path / "dense.ckpt"))
    with pytest.raises(UserError, match="dense.ckpt is of another architecture: layer .* is "):
        load_discriminator(tmp_path / "dense.ckpt")
