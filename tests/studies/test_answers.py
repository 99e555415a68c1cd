"""D's answers, epoch by epoch, from the weights that a run has left."""

import shutil

import numpy as np
import pytest

from ms_gan.data.latent import fixed_codes
from ms_gan.data.mnist.files import load_images
from ms_gan.errors import UserError
from ms_gan.networks.evaluation import draw, judge
from ms_gan.records.trained import load_discriminator, load_generator
from ms_gan.studies.answers import answers_by_epoch, saved_epochs


def test_each_epochs_answers_are_those_of_its_own_networks(trained_run, small_mnist):
    checkpoints, digits = trained_run / "checkpoints", load_images(small_mnist)[:50]
    assert saved_epochs(checkpoints) == [0, 1, 2]
    rows = answers_by_epoch(checkpoints, [0, 2], digits, seed=4)
    assert [row.epoch for row in rows] == [0, 2]
    for row in rows:
        generator, _ = load_generator(checkpoints / f"Generator{row.epoch}.ckpt")
        discriminator = load_discriminator(checkpoints / f"Discriminator{row.epoch}.ckpt")
        np.testing.assert_array_equal(row.real, judge(discriminator, digits))
        np.testing.assert_array_equal(row.fake, judge(discriminator, draw(generator, fixed_codes(50, 100, 4))))
    assert not np.array_equal(rows[0].real, rows[1].real)


def test_scores_of_a_game_without_probabilities(command, small_mnist, tmp_path):
    options = ["--networks", "mlp-cs231n", "--epochs", 1, "--train-images", 128, "--data", small_mnist]
    assert command("train", "lsgan", *options, "--batch-size", 32, "--result", tmp_path / "run").status == 0
    (row,) = answers_by_epoch(tmp_path / "run" / "checkpoints", [0], load_images(small_mnist)[:50], seed=0)
    discriminator = load_discriminator(tmp_path / "run" / "checkpoints" / "Discriminator0.ckpt")
    np.testing.assert_array_equal(
        row.real, judge(discriminator, load_images(small_mnist)[:50], answer=lambda scores: scores)
    )


def test_epochs_with_both_networks_thinned_out_evenly(tmp_path):
    for epoch in (*range(20), 100):
        (tmp_path / f"Generator{epoch}.ckpt").touch()
        if epoch != 3:
            (tmp_path / f"Discriminator{epoch}.ckpt").touch()
    for name in ("Generator7-step20.ckpt", "Generatornew.ckpt", "TrainState21.ckpt", "Epoch22.json"):
        (tmp_path / name).touch()
    assert saved_epochs(tmp_path) == [*range(3), *range(4, 20), 100]
    assert saved_epochs(tmp_path, 3) == [0, 11, 100]
    assert saved_epochs(tmp_path, 1000) == saved_epochs(tmp_path)
    assert saved_epochs(tmp_path / "nothing") == []


def test_damaged_weights_are_named(trained_run, small_mnist, tmp_path):
    shutil.copytree(trained_run / "checkpoints", tmp_path / "checkpoints")
    broken = tmp_path / "checkpoints" / "Discriminator1.ckpt"
    broken.write_bytes(broken.read_bytes()[:1000])
    with pytest.raises(UserError, match="Discriminator1.ckpt"):
        answers_by_epoch(tmp_path / "checkpoints", [0, 1], load_images(small_mnist)[:5], seed=0)
