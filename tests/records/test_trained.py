"""Loading what was trained."""

from dataclasses import replace

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from ms_gan.data.latent import fixed_codes
from ms_gan.data.mnist.files import load_images
from ms_gan.errors import UserError
from ms_gan.games.players import create_players
from ms_gan.networks import build
from ms_gan.networks.evaluation import draw, judge
from ms_gan.recipes import Recipe
from ms_gan.records import checkpoint
from ms_gan.records.checkpoint import Position
from ms_gan.records.run_folder import RunFolder
from ms_gan.records.trained import load_discriminator, load_generator

pytestmark = pytest.mark.usefixtures("cpu")

CODES = fixed_codes(25, 100)


def test_loading_gives_the_same_networks(saved_run, small_mnist):
    folder, players = saved_run
    generator, latent_size = load_generator(folder.checkpoints / "Generator0.ckpt")
    assert latent_size == 100
    assert np.array_equal(draw(generator, CODES), draw(players.generator, CODES))
    discriminator = load_discriminator(folder.checkpoints / "Discriminator0.ckpt")
    pixels = load_images(small_mnist, "test")
    assert np.array_equal(judge(discriminator, pixels), judge(players.discriminator, pixels))


def test_the_runs_activation(tmp_path):
    """The weights alone do not tell it: recipe.json does."""
    recipe = Recipe(networks="mlp-cs231n", activation="sigmoid", latent_size=100)
    folder, players = RunFolder(tmp_path), create_players(recipe)
    folder.create("cs231n-gan", recipe)
    checkpoint.save(folder.checkpoints, Position(1), players)
    generator, _ = load_generator(folder.checkpoints / "Generator0.ckpt")
    drawn = draw(players.generator, CODES)
    assert np.array_equal(draw(generator, CODES), drawn)
    discriminator = load_discriminator(folder.checkpoints / "Discriminator0.ckpt")
    assert np.array_equal(judge(discriminator, drawn), judge(players.discriminator, drawn))
    folder.create("cs231n-gan", replace(recipe, activation="own"))
    assert not np.array_equal(draw(load_generator(folder.checkpoints / "Generator0.ckpt")[0], CODES), drawn)


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


def test_the_other_players_file(saved_run):
    folder = saved_run[0].checkpoints
    with pytest.raises(UserError, match="Discriminator0.ckpt holds a discriminator; a generator is wanted here"):
        load_generator(folder / "Discriminator0.ckpt")
    with pytest.raises(UserError, match="Generator0.ckpt holds a generator; a discriminator is wanted here"):
        load_discriminator(folder / "Generator0.ckpt")


def test_a_file_of_optimisers_is_no_generator(saved_run):
    with pytest.raises(UserError, match="TrainState0.ckpt is of another architecture"):
        load_generator(saved_run[0].checkpoints / "TrainState0.ckpt")


def test_another_architecture(tmp_path, cpu):
    from mindspore import nn

    ms.save_checkpoint(nn.SequentialCell(nn.Conv2d(1, 2, 3, has_bias=True)), str(tmp_path / "conv.ckpt"))
    with pytest.raises(UserError, match="conv.ckpt is of another architecture: layer .* is missing there"):
        load_generator(tmp_path / "conv.ckpt")
    ms.save_checkpoint(nn.SequentialCell(nn.Dense(784, 5)), str(tmp_path / "dense.ckpt"))
    with pytest.raises(UserError, match="dense.ckpt is of another architecture: layer .* is "):
        load_discriminator(tmp_path / "dense.ckpt")
