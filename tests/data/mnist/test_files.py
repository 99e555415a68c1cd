import gzip
import os
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mindspore.dataset as ds
import numpy as np
import pytest

from ms_gan.data.mnist import files, idx
from ms_gan.data.mnist.files import find_mnist, load_images, load_labels
from ms_gan.errors import UserError

BUNDLED = Path(files.__file__).parents[3] / "data" / "MNIST_Data"
TRAIN = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"]


def quiet(line):
    """Takes the note that a small set is not the original."""


def refusal(folder, split="train", read=find_mnist):
    with pytest.raises(UserError) as caught:
        read(folder, split, quiet)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(("split", "count", "prefix"), [("train", 60000, "train"), ("test", 10000, "t10k")])
def test_loads_the_bundled_mnist(split, count, prefix):
    lines = []
    images = load_images(split=split, say=lines.append)
    assert images.dtype == np.uint8 and images.shape == (count, 28, 28, 1)
    assert np.array_equal(images[..., 0], idx.read_images(BUNDLED / split / f"{prefix}-images-idx3-ubyte.gz"))
    assert lines == []


@pytest.mark.parametrize(
    ("home", "folder", "options", "in_place"),
    [
        ("数据 1", "数据 1/train", {"ending": ""}, True),
        ("flat", "flat", {"ending": ""}, True),
        ("train", "train", {"ending": ""}, True),
        ("gz", "gz/train", {}, False),
        ("flat gz", "flat gz", {}, False),
        ("dots", "dots/train", {"ending": "", "dot": True}, False),
        ("dots gz", "dots gz/train", {"dot": True}, False),
    ],
)
def test_every_layout_is_read(small_set, small_images, tmp_path, home, folder, options, in_place):
    home, folder = tmp_path / home, small_set(tmp_path / folder, **options)
    before = names(folder)
    assert find_mnist(home, "train", quiet) == (folder if in_place else home / "unpacked" / "train")
    assert set(names(folder)) - set(before) <= {"unpacked"}
    assert (home / "unpacked").exists() != in_place
    assert np.array_equal(load_images(home, "train", quiet)[..., 0], small_images)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are always letters")
def test_a_folder_whose_name_is_not_utf8(small_set, small_images, tmp_path):
    home = tmp_path / "caf\udce9"
    small_set(home / "train")
    assert np.array_equal(load_images(home, "train", quiet)[..., 0], small_images)
    assert len(load_labels(home, "train", quiet)) == 20


@pytest.mark.parametrize("split", ["train", "test"])
def test_agrees_with_mindspores_reader(split):
    rows = ds.MnistDataset(str(find_mnist(split=split)), usage=split, shuffle=False, num_parallel_workers=1)
    rows = rows.batch(1000, num_parallel_workers=1).create_tuple_iterator(num_epochs=1, output_numpy=True)
    images, labels = map(np.concatenate, zip(*rows, strict=True))
    assert np.array_equal(load_images(split=split), images)
    assert np.array_equal(load_labels(split=split), labels)


def test_labels(small_set, tmp_path):
    small_set(tmp_path / "train", labels=np.arange(20)[::-1] % 7)
    lines = []
    labels = load_labels(tmp_path, say=lines.append)
    assert labels.dtype == np.int32 and labels.tolist() == [number % 7 for number in range(19, -1, -1)]
    assert len(lines) == 1 and "not the original MNIST (train)" in lines[0]


def test_images_and_labels_are_the_callers_own(small_set, small_images, tmp_path):
    small_set(tmp_path / "train")
    images, labels = load_images(tmp_path, say=quiet), load_labels(tmp_path, say=quiet)
    images[:], labels[:] = 0, 0
    assert images.flags.c_contiguous
    assert np.array_equal(load_images(tmp_path, say=quiet)[..., 0], small_images)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_reading_writes_nothing(small_set, tmp_path, cache, listing, ending):
    small_set(tmp_path / "train", ending=ending)
    before = listing(tmp_path)
    load_images(tmp_path, say=quiet), load_labels(tmp_path, say=quiet)
    assert listing(tmp_path) == before


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_little_more_than_twice_the_images_is_held(small_set, tmp_path, ending):
    small_set(tmp_path / "train", images=np.zeros((10_000, 28, 28), np.uint8), ending=ending)
    load_images(tmp_path, say=quiet)
    tracemalloc.start()
    try:
        images = load_images(tmp_path, say=quiet)
        now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert now < 1.1 * images.nbytes and most < 2.5 * images.nbytes


def test_both_splits_flat_in_one_folder(small_set, small_images, tmp_path):
    small_set(tmp_path, "train", "")
    small_set(tmp_path, "t10k", "", images=small_images[:7])
    assert len(load_images(tmp_path, "train", quiet)) == 20
    assert np.array_equal(load_images(tmp_path, "test", quiet)[..., 0], small_images[:7])


def test_gzipped_files_beside_plain_ones_do_not_hinder(small_set, small_images, tmp_path):
    small_set(tmp_path / "train", ending="")
    small_set(tmp_path / "train", ending=".gz")
    (tmp_path / "train" / TRAIN[0]).write_bytes(b"unpacking was broken off")
    assert find_mnist(tmp_path, "train", quiet) == tmp_path / "unpacked" / "train"
    assert np.array_equal(load_images(tmp_path, "train", quiet)[..., 0], small_images)


def test_a_copy_beside_plain_files_does_not_hinder(small_set, small_images, tmp_path):
    small_set(tmp_path / "train", ending="")
    (tmp_path / "train" / (TRAIN[0] + ".bak")).write_bytes(b"")
    assert find_mnist(tmp_path, "train", quiet) == tmp_path / "unpacked" / "train"
    assert np.array_equal(load_images(tmp_path, "train", quiet)[..., 0], small_images)


def test_files_in_folders_of_their_own_name_are_passed_over(small_set, small_images, tmp_path):
    small_set(tmp_path, ending="", dot=True)
    (tmp_path / TRAIN[0]).mkdir()
    assert np.array_equal(load_images(tmp_path, "train", quiet)[..., 0], small_images)


def test_mindspore_stumbles_over_a_gz_beside_the_files(small_set, tmp_path):
    """The reason for `unpacked/`; when this fails, MindSpore has improved and unpacking can be simpler."""
    small_set(tmp_path, ending="")
    small_set(tmp_path, ending=".gz")
    with pytest.raises(RuntimeError):
        list(ds.MnistDataset(str(tmp_path), usage="train").create_tuple_iterator())


def test_other_data_is_accepted_with_one_note(small_set, tmp_path):
    small_set(tmp_path, ending="")
    lines = []
    find_mnist(tmp_path, "train", lines.append)
    (line,) = lines
    assert line.startswith("note: ") and str(tmp_path) in line and "not the original MNIST" in line


def test_one_changed_pixel_is_noticed(tmp_path):
    content = bytearray(idx.read_bytes(BUNDLED / "test" / "t10k-images-idx3-ubyte.gz"))
    content[5000] ^= 1
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(content)
    labels = idx.read_bytes(BUNDLED / "test" / "t10k-labels-idx1-ubyte.gz")
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(labels)
    lines = []
    find_mnist(tmp_path, "test", lines.append)
    assert len(lines) == 1


@pytest.mark.parametrize("damage", [lambda content: content[:-1], lambda content: b"", lambda content: content + b"x"])
def test_a_damaged_unpacked_file_is_unpacked_again(small_set, small_images, tmp_path, damage):
    small_set(tmp_path / "train")
    ready = find_mnist(tmp_path, "train", quiet)
    for name in TRAIN:
        whole = (ready / name).read_bytes()
        (ready / name).write_bytes(damage(whole))
        assert find_mnist(tmp_path, "train", quiet) == ready
        assert (ready / name).read_bytes() == whole
    assert names(ready) == TRAIN


def test_exchanged_originals_are_unpacked_again(small_set, small_images, tmp_path):
    small_set(tmp_path / "train")
    find_mnist(tmp_path, "train", quiet)
    small_set(tmp_path / "train", images=255 - small_images)
    assert np.array_equal(load_images(tmp_path, "train", quiet)[..., 0], 255 - small_images)


def test_unpacked_files_are_left_alone_while_they_are_right(small_set, tmp_path):
    small_set(tmp_path / "train")
    ready = find_mnist(tmp_path, "train", quiet)
    for name in TRAIN:
        os.utime(ready / name, (1, 1))
    find_mnist(tmp_path, "train", quiet)
    assert [(ready / name).stat().st_mtime for name in TRAIN] == [1, 1]


def test_many_at_once_do_not_disturb_one_another(small_set, small_images, tmp_path):
    small_set(tmp_path / "train", images=np.tile(small_images, (50, 1, 1)))
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: find_mnist(tmp_path, "train", quiet), range(24)))
    assert found == {tmp_path / "unpacked" / "train"}
    assert names(*found) == TRAIN
    assert len(load_images(tmp_path, "train", quiet)) == 1000


def test_a_folder_that_cannot_be_written_is_unpacked_into_the_cache(small_set, small_images, tmp_path, cache):
    small_set(tmp_path / "one" / "train")
    small_set(tmp_path / "two" / "train", images=255 - small_images)
    for home in ("one", "two"):
        (tmp_path / home / "unpacked").touch()  # mode bits do not stop an administrator, a file in the way does
    first, second = (find_mnist(tmp_path / home, "train", quiet) for home in ("one", "two"))
    assert first.is_relative_to(cache) and second.is_relative_to(cache) and first != second
    assert np.array_equal(load_images(tmp_path / "one", "train", quiet)[..., 0], small_images)


def test_when_nothing_can_be_written_both_places_are_named(small_set, tmp_path, cache):
    small_set(tmp_path / "train")
    (tmp_path / "unpacked").touch()
    cache.parent.touch()
    message = refusal(tmp_path)
    assert str(tmp_path / "unpacked") in message and str(cache) in message
    assert len(load_images(tmp_path, "train", quiet)) == 20  # to be read, they need not be unpacked


def test_a_failed_write_leaves_nothing_behind(small_set, tmp_path, cache, monkeypatch):
    small_set(tmp_path / "train")

    parts = []

    def full(part, path):
        parts.append(Path(part).name)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert "No space left on device" in refusal(tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.parent != tmp_path / "train"]
    assert parts and not any("ubyte" in part for part in parts)  # MnistDataset would read it


def test_a_stray_file_among_the_unpacked_is_named(small_set, tmp_path):
    small_set(tmp_path / "train")
    ready = find_mnist(tmp_path, "train", quiet)
    (ready / (TRAIN[0] + ".gz")).touch()
    assert str(ready / (TRAIN[0] + ".gz")) in refusal(tmp_path)


@pytest.mark.parametrize("there", [False, True])
def test_a_missing_or_empty_folder_says_how_to_get_the_files(tmp_path, there):
    folder = tmp_path / "nothing here"
    if there:
        (folder / "train").mkdir(parents=True)
    message = refusal(folder)
    assert str(folder) in message and "ms-gan data mnist" in message and all(name in message for name in TRAIN)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "file").touch()
    assert "no MNIST in" in refusal(tmp_path / "file")


def test_the_other_split_alone_does_not_do(small_set, tmp_path):
    small_set(tmp_path / "train")
    assert "t10k-images-idx3-ubyte" in refusal(tmp_path, "test")


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("missing", [0, 1])
def test_one_file_without_the_other_is_refused(small_set, tmp_path, ending, missing):
    small_set(tmp_path, ending=ending)
    (tmp_path / (TRAIN[missing] + ending)).unlink()
    message = refusal(tmp_path)
    assert str(tmp_path / TRAIN[1 - missing]) in message and f"{TRAIN[missing]} (or .gz) is not" in message


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_swapped_files_are_refused(small_set, small_images, tmp_path, ending, as_idx):
    small_set(tmp_path, ending=ending, images=as_idx(np.arange(10)), labels=as_idx(small_images))
    assert "swapped" in refusal(tmp_path)


def test_counts_that_differ_are_refused(small_set, tmp_path):
    small_set(tmp_path, labels=np.zeros(19))
    message = refusal(tmp_path)
    assert "20 images" in message and "19 labels" in message
    assert refusal(tmp_path, read=load_labels) == message
    assert len(load_images(tmp_path, say=quiet)) == 20


@pytest.mark.parametrize("shape", [(20, 27, 28), (20, 28, 29), (20, 32, 32)])
def test_images_of_another_size_are_refused(small_set, tmp_path, shape):
    small_set(tmp_path, images=np.zeros(shape))
    assert f"{shape[1]}×{shape[2]}" in refusal(tmp_path)


def test_only_who_asks_for_labels_is_refused_those_beyond_nine(small_set, small_images, tmp_path):
    small_set(tmp_path, labels=np.arange(20) + 7)  # letters, such as EMNIST's
    assert "the label 26" in refusal(tmp_path, read=load_labels)
    assert np.array_equal(load_images(tmp_path, say=quiet)[..., 0], small_images)
    rows = ds.MnistDataset(str(find_mnist(tmp_path, say=quiet)), usage="train", shuffle=False)
    images, labels = zip(*rows.create_tuple_iterator(num_epochs=1, output_numpy=True), strict=True)
    assert np.array_equal(np.array(images)[..., 0], small_images) and list(labels) == list(range(7, 27))
    small_set(tmp_path, labels=np.full(20, 9))
    assert load_labels(tmp_path, say=quiet).tolist() == [9] * 20


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("content", [None, b"", b"no labels"])
def test_images_whose_labels_are_missing_or_damaged(small_set, small_images, tmp_path, ending, content):
    labels = small_set(tmp_path / "train", ending=ending) / (TRAIN[1] + ending)
    labels.unlink() if content is None else labels.write_bytes(content)
    lines = []
    assert np.array_equal(load_images(tmp_path, say=lines.append)[..., 0], small_images)
    assert len(lines) == 1 and "not the original MNIST" in lines[0]
    assert str(tmp_path) in refusal(tmp_path, read=load_labels)


def test_labels_alone_are_no_images(small_set, tmp_path):
    small_set(tmp_path / "train", ending="")
    (tmp_path / "train" / TRAIN[0]).unlink()
    assert f"{TRAIN[0]} (or .gz) is not" in refusal(tmp_path, read=load_images)
    assert "no MNIST in" in refusal(tmp_path / "train" / "x", read=load_images)


def test_a_damaged_gz_is_refused_and_nothing_unpacked(small_set, tmp_path):
    small_set(tmp_path)
    path = tmp_path / (TRAIN[1] + ".gz")
    for content in (path.read_bytes()[:-3], b"not gzip", gzip.compress(b"<html>not found</html>")):
        path.write_bytes(content)
        assert str(path) in refusal(tmp_path)
    assert not (tmp_path / "unpacked").exists()


def test_the_bundled_set_of_the_current_directory_comes_first(small_set, tmp_path, monkeypatch):
    small_set(tmp_path / "data" / "MNIST_Data" / "train", ending="")
    monkeypatch.chdir(tmp_path)
    assert find_mnist(say=quiet).samefile(tmp_path / "data" / "MNIST_Data" / "train")


def test_without_one_there_the_checkouts_is_taken(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_mnist(split="test") == BUNDLED / "unpacked" / "test"


def test_without_any_it_is_downloaded_once(small_set, tmp_path, cache, monkeypatch):
    calls = []

    def download(folder, say):
        calls.append(folder)
        small_set(folder / "train", ending="")

    monkeypatch.setattr(files, "BUNDLED", Path("not there"))
    monkeypatch.setattr(files, "download_mnist", download)
    assert find_mnist(say=quiet) == find_mnist(say=quiet) == cache / "MNIST_Data" / "train"
    assert calls == [cache / "MNIST_Data"]


@pytest.mark.parametrize("read", [load_images, load_labels, find_mnist])
def test_the_part_in_the_folders_place(tmp_path, small_mnist, monkeypatch, read):
    """load_images("test") looks as if it asked for the test images; where there is such a folder, it is meant."""
    monkeypatch.chdir(tmp_path)
    wanted = "there is no folder test: the first argument names one; for that part of MNIST write split='test'"
    assert refusal("test", read=read) == wanted
    with pytest.raises(UserError, match="split 'val': MNIST has the parts train and test"):
        read(small_mnist, "val", quiet)
    monkeypatch.chdir(small_mnist)
    assert read("test", "test", quiet) is not None
