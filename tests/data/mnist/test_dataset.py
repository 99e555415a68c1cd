"""The slides' own pipeline, and the package's faster batches held equal to it."""

import sys

import mindspore.dataset as ds
import numpy as np
import pytest

from ms_gan.data.batches import Batches
from ms_gan.data.mnist.dataset import mnist_dataset
from ms_gan.data.mnist.files import load_images
from ms_gan.errors import UserError
from ms_gan.pixels import to_pixels

COLUMNS = ["image", "latent_code"]


def quiet(line):
    """Takes the note that a small set is not the original."""


def slides(folder, seed=0, batch_size=128, latent_size=100, split="train"):
    return mnist_dataset(folder, batch_size, latent_size, seed, split, quiet)


def read(dataset, epochs=1):
    """Of each epoch, all images and all codes."""
    rows = dataset.create_dict_iterator(num_epochs=epochs, output_numpy=True)
    read = [list(rows) for _ in range(epochs)]
    return [tuple(np.stack([row[name] for row in batches]) for name in COLUMNS) for batches in read]


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_the_numbers_of_the_slides():
    data = mnist_dataset(None, batch_size=128, latent_size=100, seed=0)
    assert data.get_dataset_size() == 468 and data.get_batch_size() == 128


def test_its_columns(small_mnist):
    data = slides(small_mnist)
    assert data.get_col_names() == COLUMNS and data.get_dataset_size() == 5
    ((images, codes),) = read(data)
    assert images.dtype == codes.dtype == np.float32
    assert images.shape == (5, 128, 1, 28, 28) and codes.shape == (5, 128, 100)
    assert images.min() == -1 and images.max() == 1
    assert abs(codes.mean()) < 0.02 and 0.98 < codes.std() < 1.02
    bytes_again = to_pixels(images.reshape(-1, 1, 28, 28))
    assert sorted(image.tobytes() for image in bytes_again) == sorted(
        image.tobytes() for image in load_images(small_mnist, say=quiet)
    )


@pytest.mark.parametrize(("batch_size", "latent_size", "seed"), [(128, 100, 0), (50, 3, 7), (640, 1, 1)])
def test_the_packages_batches_are_equal_to_it(small_mnist, batch_size, latent_size, seed):
    images = load_images(small_mnist, say=quiet)
    ours = Batches(images, batch_size=batch_size, latent_size=latent_size, seed=seed)
    theirs = slides(small_mnist, seed, batch_size, latent_size)
    assert list(ours.columns) == theirs.get_col_names() == COLUMNS
    assert ours.steps == ours.epoch(0).get_dataset_size() == theirs.get_dataset_size() == 640 // batch_size
    assert ours.dropped == 640 - theirs.get_dataset_size() * batch_size
    for (image, code), (other_image, other_code) in zip(
        ours.epoch(0).create_tuple_iterator(num_epochs=1, output_numpy=True),
        theirs.create_tuple_iterator(num_epochs=1, output_numpy=True),
        strict=True,
    ):
        for one, other in ((image, other_image), (code, other_code)):
            assert one.dtype == other.dtype and one.shape == other.shape
            assert one.tobytes() == other.tobytes()


@pytest.fixture
def seed_put_back():
    """MindSpore's seed of all data sets."""
    before = ds.config.get_seed()
    yield
    ds.config.set_seed(before)


@pytest.mark.usefixtures("seed_put_back")
def test_the_seed_decides_and_nothing_else(small_mnist):
    first = read(slides(small_mnist, seed=3), epochs=2)
    np.random.seed(1)
    ds.config.set_seed(2)
    again = slides(small_mnist, seed=3)
    assert again.get_dataset_size() == again.get_dataset_size() == 5  # to be counted draws no numbers
    later = [*read(again), *read(again)]  # an epoch each, by an iterator of its own
    assert all(map(same, first, later))
    assert not same(first[0], first[1])
    assert not (first[0][1] == first[1][1]).all(axis=-1).any()  # other codes in the second epoch
    assert not same(first[0], read(slides(small_mnist, seed=4))[0])


@pytest.mark.usefixtures("seed_put_back")
def test_it_changes_no_seed_of_others(small_mnist):
    np.random.seed(5)
    ds.config.set_seed(5)
    before = str(np.random.get_state())
    read(slides(small_mnist, seed=3))
    assert str(np.random.get_state()) == before and ds.config.get_seed() == 5


def test_the_test_images(small_mnist):
    ((images, _),) = read(slides(small_mnist, batch_size=64, split="test"))
    found = to_pixels(images[0])
    assert {image.tobytes() for image in found} == {
        image.tobytes() for image in load_images(small_mnist, "test", quiet)
    }


def test_a_set_that_is_not_the_original_is_said(small_mnist):
    lines = []
    mnist_dataset(small_mnist, 128, 100, 0, say=lines.append)
    assert len(lines) == 1 and "not the original MNIST (train)" in lines[0]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are always letters")
def test_a_folder_whose_name_is_not_utf8(small_set, tmp_path):
    home = tmp_path / "caf\udce9"
    small_set(home / "train")
    with pytest.raises(UserError, match="MindSpore reads no folder whose name is not UTF-8, such as .*: rename it"):
        slides(home)
