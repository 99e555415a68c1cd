import os
from itertools import islice
from pathlib import Path

import mindspore.dataset as ds
import numpy as np
import pytest

from ms_gan.data.batches import Batches
from ms_gan.data.latent import generator_for
from ms_gan.data.mnist.files import find_mnist, load_images
from ms_gan.errors import UserError
from ms_gan.pixels import to_network

NUMBERED = np.arange(50, dtype=np.uint8).reshape(50, 1, 1, 1) * np.ones((1, 2, 3, 1), np.uint8)


@pytest.fixture(scope="module")
def digits():
    return load_images()


def numbered(seed=1):
    return Batches(NUMBERED, batch_size=8, latent_size=5, seed=seed)


def read(dataset):
    images, codes = zip(*dataset.create_tuple_iterator(num_epochs=1, output_numpy=True), strict=True)
    return np.stack(images), np.stack(codes)


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_mnist_at_128(digits):
    batches = Batches(digits, batch_size=128, latent_size=100, seed=0)
    assert (batches.steps, batches.images_per_epoch, batches.dropped) == (468, 59904, 96)
    dataset = batches.epoch(0)
    assert dataset.get_dataset_size() == 468
    assert sum(1 for _ in dataset.create_tuple_iterator(num_epochs=1, output_numpy=True)) == 468


def test_columns_and_their_values(digits):
    batch = next(Batches(digits, batch_size=128, latent_size=100, seed=0).epoch(3).create_dict_iterator(num_epochs=1))
    assert list(batch) == ["image", "latent_code"]
    image, code = batch["image"].asnumpy(), batch["latent_code"].asnumpy()
    assert image.dtype == code.dtype == np.float32
    assert image.shape == (128, 1, 28, 28) and code.shape == (128, 100)
    assert image.min() == -1 and image.max() == 1
    assert -0.78 < image.mean() < -0.70  # MNIST's mean is 33.3 of 255: −0.739
    assert abs(code.mean()) < 0.03 and 0.97 < code.std() < 1.03


def test_agrees_with_mindspores_own_pipeline(digits):
    order = generator_for(5, 2, "order").permutation(60000)[:500].tolist()
    theirs = ds.MnistDataset(str(find_mnist()), usage="train", sampler=ds.SubsetSampler(order), num_parallel_workers=1)
    theirs = theirs.batch(128, drop_remainder=True).create_dict_iterator(num_epochs=1, output_numpy=True)
    ours = Batches(digits, batch_size=128, latent_size=1, seed=5).epoch(2)
    ours = islice(ours.create_tuple_iterator(num_epochs=1, output_numpy=True), 3)
    for batch, (image, _) in zip(theirs, ours, strict=True):
        assert np.array_equal(to_network(batch["image"]), image)


def test_the_notebooks_391_batches(digits):
    batches = Batches(digits[:50_000], batch_size=128, latent_size=96, seed=0, noise="uniform", drop_remainder=False)
    assert (batches.steps, batches.images_per_epoch, batches.dropped) == (391, 50_000, 0)
    last = list(batches.epoch(0, 389).create_tuple_iterator(num_epochs=1, output_numpy=True))
    assert [(image.shape, code.shape) for image, code in last] == [
        ((128, 1, 28, 28), (128, 96)),
        ((80, 1, 28, 28), (80, 96)),
    ]
    codes = np.concatenate([code for _, code in last])
    assert -1 <= codes.min() < -0.999 and 0.999 < codes.max() < 1


def test_the_remainder_makes_every_image_seen():
    batches = Batches(NUMBERED, batch_size=8, latent_size=5, seed=1, drop_remainder=False)
    rows = list(batches.epoch(0).create_tuple_iterator(num_epochs=1, output_numpy=True))
    assert [len(image) for image, _ in rows] == [8] * 6 + [2]
    seen = np.concatenate([np.rint(image[:, 0, 0, 0] * 127.5 + 127.5) for image, _ in rows])
    assert sorted(seen.tolist()) == list(range(50))
    later = list(batches.epoch(0, 5).create_tuple_iterator(num_epochs=1, output_numpy=True))
    assert all(same(one, other) for one, other in zip(rows[5:], later, strict=True))


def test_an_epoch_takes_no_image_twice():
    images, _ = read(numbered().epoch(0))
    assert images.shape == (6, 8, 1, 2, 3)
    numbers = np.rint(images * 127.5 + 127.5)
    assert (numbers == numbers[..., :1, :1]).all()
    assert len(np.unique(numbers)) == 48
    assert not np.array_equal(numbers[..., 0, 0, 0].ravel(), np.sort(numbers[..., 0, 0, 0].ravel()))


def test_same_seed_and_epoch_same_bytes_whatever_was_read_before():
    used = numbered()
    read(used.epoch(0))
    next(iter(used.epoch(1).create_tuple_iterator(num_epochs=1)))
    np.random.seed(0)
    ds.config.set_seed(3)
    first = read(used.epoch(2))
    np.random.seed(1)
    assert same(first, read(numbered().epoch(2)))
    assert same(first, read(used.epoch(2)))


@pytest.mark.parametrize(("seed", "epoch"), [(1, 1), (2, 0), (0, 1)])
def test_another_epoch_or_seed_differs(seed, epoch):
    images, codes = read(numbered(1).epoch(0))
    other_images, other_codes = read(numbered(seed).epoch(epoch))
    assert not np.array_equal(images, other_images)
    assert not np.isin(codes, other_codes).any()


@pytest.mark.parametrize("start", range(6))
def test_starting_later_is_skipping(start):
    whole = read(numbered().epoch(4))
    dataset = numbered().epoch(4, start)
    assert dataset.get_dataset_size() == 6 - start
    assert same([column[start:] for column in whole], read(dataset))


@pytest.mark.parametrize("start", [-1, 6])
def test_there_is_no_step_outside_the_epoch(start):
    with pytest.raises(ValueError, match="not one of the 6 steps"):
        numbered().epoch(0, start)


def test_coloured_pictures_come_channels_first():
    colours = np.zeros((4, 2, 3, 3), np.uint8)
    colours[..., 0] = 255
    images, _ = read(Batches(colours, batch_size=2, latent_size=1, seed=0).epoch(0))
    assert images.shape == (2, 2, 3, 2, 3)
    assert (images[:, :, 0] == 1).all() and (images[:, :, 1:] == -1).all()


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"batch_size": 51, "latent_size": 5}, "a batch of 51 is more than the 50 images"),
        ({"batch_size": 0, "latent_size": 5}, "batch size 0"),
        ({"batch_size": 8, "latent_size": 0}, "latent size 0"),
    ],
)
def test_sizes_out_of_range_are_refused(sizes, message):
    with pytest.raises(UserError, match=message):
        Batches(NUMBERED, seed=0, **sizes)


def test_a_batch_of_everything():
    batches = Batches(NUMBERED, batch_size=50, latent_size=1, seed=0)
    assert (batches.steps, batches.dropped) == (1, 0)
    assert len(read(batches.epoch(0))[0]) == 1


@pytest.mark.parametrize("kind", [np.uint8, np.int32, np.int64])
def test_labels_go_with_their_images(kind):
    labels = np.arange(50, 100).astype(kind)
    with_labels = Batches(NUMBERED, batch_size=8, latent_size=5, seed=1, labels=labels)
    assert with_labels.columns == ("image", "latent_code", "label")
    assert numbered().columns == ("image", "latent_code")
    for start in (0, 4):
        rows = list(with_labels.epoch(3, start).create_dict_iterator(num_epochs=1, output_numpy=True))
        plain = list(numbered().epoch(3, start).create_dict_iterator(num_epochs=1, output_numpy=True))
        assert len(rows) == len(plain) == 6 - start
        for row, other in zip(rows, plain, strict=True):
            assert tuple(row) == with_labels.columns and tuple(other) == numbered().columns
            assert all(row[name].tobytes() == other[name].tobytes() for name in other)  # labels change nothing
            assert row["label"].dtype == np.int32 and row["label"].shape == (8,)
            assert (np.rint(row["image"][:, 0, 0, 0] * 127.5 + 127.5) + 50 == row["label"]).all()


def test_the_last_smaller_batch_has_its_labels():
    settings = {"batch_size": 8, "latent_size": 1, "seed": 0, "drop_remainder": False}
    batches = Batches(NUMBERED, **settings, labels=np.arange(50))
    rows = list(batches.epoch(0).create_tuple_iterator(num_epochs=1, output_numpy=True))
    assert sorted(np.concatenate([label for *_, label in rows]).tolist()) == list(range(50))
    assert [len(label) for *_, label in rows] == [8] * 6 + [2]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.arange(49), r"labels of shape \(49,\) for 50 images"),
        (np.zeros((50, 1), int), r"labels of shape \(50, 1\)"),
        (np.zeros(50), "labels of the kind float64: they must be whole numbers"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels, message):
    with pytest.raises(UserError, match=message):
        Batches(NUMBERED, batch_size=8, latent_size=1, seed=0, labels=labels)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted where Linux lists them")
def test_epochs_leave_no_threads_behind():
    batches = numbered()
    read(batches.epoch(0))
    before = len(os.listdir("/proc/self/task"))
    for epoch in range(20):
        next(iter(batches.epoch(epoch).create_tuple_iterator(num_epochs=1)))  # left before its end
    assert len(os.listdir("/proc/self/task")) <= before + 3
