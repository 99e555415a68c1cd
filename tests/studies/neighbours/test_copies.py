"""Whether a generator copies: the comparison, its yardstick and its verdict."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ms_gan.data.mnist.files import load_images
from ms_gan.errors import UserError
from ms_gan.recipes import RECIPES, Recipe
from ms_gan.studies.neighbours.copies import Compared, copies, describe_copies, find_neighbours, find_real_neighbours


def at(*distances):
    """Pictures at these distances from their nearest one."""
    count = len(distances)
    pixels = np.zeros((count, 2, 2, 1), np.uint8)
    return Compared(pixels, pixels[:, np.newaxis], np.array(distances, np.float64)[:, np.newaxis])


def test_a_copy_is_found_with_the_picture_it_is_of(small_mnist):
    digits = load_images(small_mnist)
    found = find_neighbours(digits[[5, 17]], digits)
    assert found.distances.shape == (2, 4) and found.neighbours.shape == (2, 4, 28, 28, 1)
    assert found.nearest.tolist() == [0, 0]
    np.testing.assert_array_equal(found.neighbours[:, 0], digits[[5, 17]])
    apart = np.sqrt(((found.neighbours[:, 1].astype(int) - digits[[5, 17]]) ** 2).mean(axis=(1, 2, 3)))
    np.testing.assert_allclose(found.distances[:, 1], apart, rtol=1e-12)


def test_fewer_training_pictures_than_neighbours(small_mnist):
    digits = load_images(small_mnist)
    assert find_neighbours(digits[:1], digits[:3]).distances.shape == (1, 3)
    assert find_neighbours(digits[:1], digits[:3], own=np.array([0])).distances.shape == (1, 2)
    for wrong in (digits[:1], np.zeros((5, 32, 32, 3), np.uint8)):
        with pytest.raises(UserError, match="two pictures at least, of shape"):
            find_neighbours(digits[:1], wrong)


def test_the_yardstick_of_mnist_is_its_test_images(small_mnist):
    digits, unseen = load_images(small_mnist), load_images(small_mnist, "test")
    name, real = find_real_neighbours(Recipe(), small_mnist, digits, 10, seed=0)
    assert name == "held-out pictures" and len(real.pixels) == 10
    own = {picture.tobytes() for picture in unseen}
    assert len({picture.tobytes() for picture in real.pixels} & own) == 10
    others = find_real_neighbours(Recipe(), small_mnist, digits, 10, seed=1)[1]
    assert not np.array_equal(others.pixels, real.pixels)
    assert len(find_real_neighbours(Recipe(), small_mnist, digits, 1000, seed=0)[1].pixels) == 64  # there are no more


def test_without_test_images_training_images_serve_each_beside_the_others(small_mnist, tmp_path):
    shutil.copytree(small_mnist / "train", tmp_path / "train")
    digits, said = load_images(small_mnist), []
    name, real = find_real_neighbours(Recipe(), tmp_path, digits, 10, 0, said.append)
    assert name == "training pictures (each beside the others)" and (real.nearest > 5).all()
    assert any("no test images" in line and str(tmp_path) in line for line in said)


def test_the_yardstick_of_a_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    (tmp_path / "faces").mkdir()
    for number in range(12):
        Image.new("RGB", (32, 32), (10 * number, 0, 0)).save(tmp_path / "faces" / f"{number:02}.png")
    recipe = replace(RECIPES["dcgan-small"], train_images=8)
    trained_on = np.zeros((8, 32, 32, 3), np.uint8)
    trained_on[..., 0] = 10 * np.arange(8)[:, np.newaxis, np.newaxis]
    name, real = find_real_neighbours(recipe, tmp_path / "faces", trained_on, 100, 0)
    assert name == "held-out pictures" and real.pixels[:, 0, 0, 0].tolist() == [80, 90, 100, 110]
    np.testing.assert_allclose(real.nearest, np.array([10, 20, 30, 40]) / np.sqrt(3))
    name, real = find_real_neighbours(replace(recipe, train_images=0), tmp_path / "faces", trained_on, 100, 0)
    assert name.startswith("training pictures") and len(real.pixels) == 8
    np.testing.assert_allclose(real.nearest, 10 / np.sqrt(3))


def test_copies_are_nearer_than_half_of_what_any_real_one_is():
    assert copies(at(0, 4.9, 5.1, 30), at(10, 30)) == (2, 5)
    assert copies(at(0, 4), at(0, 30)) == (0, 0)  # where real ones are alike, nothing can be said
    assert describe_copies(at(1, 30, 40), at(10, 20, 60), "held-out pictures") == (
        "grey levels to the nearest training picture: 3 samples 1.0 to 40.0, median 30.0; "
        "3 held-out pictures 10.0 to 60.0, median 20.0; "
        "copies (nearer than 5.0, half of the nearest real one's distance): 1"
    )
