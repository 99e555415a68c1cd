"""Where pictures come from: what each source gives, holds back and refuses; and one of a user's own."""

import dataclasses
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ms_gan.data import sources
from ms_gan.data.batches import Batches
from ms_gan.data.mnist.files import load_images, load_labels
from ms_gan.data.sources import SOURCES, Source, load_data_set, load_held_out, load_label_set
from ms_gan.errors import UserError
from ms_gan.recipes import RECIPES, Recipe

FACES = replace(RECIPES["dcgan-small"], size=4)
MNIST_ONLY = "MNIST's pictures are 28×28 and grey; --pattern, --crop, --size and --channels are for a folder"


def quiet(line):
    """Takes the note that a small set is not the original."""


def recipe_with(**settings):
    """A recipe as it is before it is checked."""
    recipe = Recipe()
    for name, value in settings.items():
        object.__setattr__(recipe, name, value)
    return recipe


@pytest.fixture
def faces(tmp_path, cache):
    (tmp_path / "faces").mkdir()
    for number in range(10):
        Image.new("RGB", (4, 4), (number, 0, 0)).save(tmp_path / "faces" / f"{number}.png")
    return tmp_path / "faces"


def test_mnist(small_mnist):
    assert SOURCES["mnist"].shape(Recipe()) == (1, 28, 28) and SOURCES["mnist"].has_labels
    images = load_images(small_mnist, say=quiet)
    assert np.array_equal(load_data_set(Recipe(), small_mnist, quiet), images)
    assert np.array_equal(load_label_set(Recipe(), small_mnist, quiet), load_labels(small_mnist, say=quiet))
    assert np.array_equal(load_held_out(Recipe(), small_mnist, quiet), load_images(small_mnist, "test", quiet))


def test_the_first_images_and_their_labels(small_mnist):
    recipe = Recipe(train_images=50)
    images, labels = load_data_set(recipe, small_mnist, quiet), load_label_set(recipe, small_mnist, quiet)
    assert np.array_equal(images, load_images(small_mnist, say=quiet)[:50])
    assert labels.dtype == np.int32 and labels.tolist()[:8] == [5, 0, 4, 1, 9, 2, 1, 3] and len(labels) == 50
    assert len(load_held_out(recipe, small_mnist, quiet)) == 64  # the test images, whatever is left out


def test_without_test_images(small_set, tmp_path):
    small_set(tmp_path / "train")
    with pytest.raises(UserError, match="no MNIST in"):
        load_held_out(Recipe(), tmp_path, quiet)


def test_a_folder(faces):
    assert SOURCES["folder"].shape(FACES) == (3, 4, 4) and not SOURCES["folder"].has_labels
    assert load_data_set(FACES, faces, quiet)[:, 0, 0, 0].tolist() == list(range(10))
    assert load_held_out(FACES, faces, quiet).shape == (0, 4, 4, 3)
    some = replace(FACES, train_images=7)
    assert load_data_set(some, faces, quiet)[:, 0, 0, 0].tolist() == list(range(7))
    lines = []
    assert load_held_out(some, faces, lines.append)[:, 0, 0, 0].tolist() == [7, 8, 9]
    assert lines == []


def test_a_folder_with_pictures_that_cannot_be_read(faces):
    for number in (1, 8):
        (faces / f"{number}.png").write_bytes(b"")
    with pytest.raises(UserError, match="2 of 10 pictures in .* without --skip-bad"):
        load_data_set(FACES, faces, quiet)
    some = replace(FACES, train_images=5)
    assert load_data_set(some, faces, quiet, skip_bad=True)[:, 0, 0, 0].tolist() == [0, 2, 3, 4, 5]
    assert load_held_out(some, faces, quiet)[:, 0, 0, 0].tolist() == [6, 7, 9]  # who trained has decided


def test_what_is_always_whole_takes_no_notice(small_mnist):
    assert len(load_data_set(Recipe(), small_mnist, quiet, skip_bad=True)) == 640


def test_a_folder_has_no_labels(faces):
    with pytest.raises(UserError, match="the source folder has no labels: one that has is mnist"):
        load_label_set(FACES, faces)


@pytest.fixture
def mine():
    """Puts the sources back as they were."""
    before = dict(SOURCES)
    yield
    SOURCES.clear()
    SOURCES.update(before)


@pytest.mark.usefixtures("mine", "cpu")
def test_a_users_own_arrays():
    pictures = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), np.uint8)
    digits = np.arange(40) % 10
    SOURCES["mine"] = Source(lambda recipe, folder, say: pictures, labels=lambda recipe, folder, say: digits)
    recipe = recipe_with(source="mine", size=8, channels=3, train_images=32)

    sources.check(recipe)
    images, labels = load_data_set(recipe), load_label_set(recipe)
    assert np.array_equal(images, pictures[:32]) and np.array_equal(load_held_out(recipe), pictures[32:])
    batches = Batches(images, batch_size=16, latent_size=5, seed=0, labels=labels)
    rows = list(batches.epoch(0).create_tuple_iterator(num_epochs=1, output_numpy=True))
    assert [tuple(column.shape for column in row) for row in rows] == [((16, 3, 8, 8), (16, 5), (16,))] * 2


@pytest.mark.usefixtures("mine")
@pytest.mark.parametrize(
    "pictures",
    [np.zeros((40, 8, 8, 3)), np.zeros((40, 8, 8), np.uint8), np.zeros((40, 3, 8, 8), np.uint8)],
    ids=["no bytes", "no channels", "channels first"],
)
def test_pictures_of_another_shape_are_refused(pictures):
    SOURCES["mine"] = Source(lambda recipe, folder, say: pictures)
    with pytest.raises(UserError, match=r"the source mine gives \w+ of shape .*\(N, 8, 8, 3\): see --size"):
        load_data_set(recipe_with(source="mine", size=8, channels=3))


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_every_recipe_fits_its_source(recipe):
    sources.check(recipe)
    assert SOURCES[recipe.source].shape(recipe) == recipe.image_shape


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pattern": "*.jpg"}, MNIST_ONLY),
        ({"crop": 20}, MNIST_ONLY),
        ({"size": 32}, MNIST_ONLY),
        ({"channels": 3}, MNIST_ONLY),
        ({"source": "video"}, "unknown source 'video': there is mnist, folder"),
    ],
)
def test_settings_that_do_not_fit(settings, message):
    with pytest.raises(UserError) as caught:
        sources.check(recipe_with(**settings))
    assert str(caught.value).startswith(message)


def test_what_an_unknown_source_would_load():
    recipe = recipe_with(source="video")
    for load in (load_data_set, load_label_set, load_held_out):
        with pytest.raises(UserError, match="unknown source 'video': there is mnist, folder"):
            load(recipe)


def test_a_source_stays_as_it_is():
    with pytest.raises(dataclasses.FrozenInstanceError):
        SOURCES["mnist"].load = None
