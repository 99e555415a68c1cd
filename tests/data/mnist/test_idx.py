import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ms_gan.data.mnist import idx
from ms_gan.errors import UserError

IMAGES = np.arange(2 * 3 * 4).reshape(2, 3, 4)
LABELS = np.array([3, 1, 4, 1, 5])


@pytest.fixture
def write(tmp_path):
    def write(content, name="file-ubyte"):
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return write


def refusal(read, path):
    """The one line that a fault is reported in; it names the file."""
    with pytest.raises(UserError) as caught:
        read(path)
    message = str(caught.value)
    assert str(path) in message and "\n" not in message
    return message


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_reads_images_and_labels(write, as_idx, ending):
    pack = gzip.compress if ending else bytes
    images = idx.read_images(write(pack(as_idx(IMAGES)), "images" + ending))
    labels = idx.read_labels(write(pack(as_idx(LABELS)), "labels" + ending))
    assert images.dtype == labels.dtype == np.uint8
    assert np.array_equal(images, IMAGES) and np.array_equal(labels, LABELS)


@pytest.mark.parametrize(("read", "values"), [(idx.read_images, IMAGES), (idx.read_labels, LABELS)])
def test_every_truncation_is_refused(write, as_idx, read, values):
    content = as_idx(values)
    for length in range(len(content)):
        message = refusal(read, write(content[:length]))
        assert "is truncated" in message or (length < 4 and "not an IDX file" in message)


@pytest.mark.parametrize(("read", "values"), [(idx.read_images, IMAGES), (idx.read_labels, LABELS)])
def test_every_changed_bit_of_the_header_is_refused(write, as_idx, read, values):
    content = as_idx(values)
    for bit in range(8 * (4 + 4 * values.ndim)):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        refusal(read, write(bytes(changed)))


def test_trailing_bytes_are_refused(write, as_idx):
    message = refusal(idx.read_images, write(as_idx(IMAGES) + b"\0"))
    assert "trailing bytes" in message and "take 40 bytes, found 41" in message


def test_truncation_names_both_lengths(write, as_idx):
    assert "2×3×4 images take 40 bytes, found 39" in refusal(idx.read_images, write(as_idx(IMAGES)[:-1]))


def test_a_header_that_claims_a_huge_file_is_refused(write):
    content = struct.pack(">4I", 2051, 2**32 - 1, 2**32 - 1, 2**32 - 1) + bytes(100)
    assert "is truncated" in refusal(idx.read_images, write(content))


@pytest.mark.parametrize("shape", [(0, 28, 28), (1, 0, 28), (1, 28, 0)])
def test_empty_dimensions_are_refused(write, as_idx, shape):
    message = refusal(idx.read_images, write(as_idx(np.zeros(shape))))
    assert "holds no images" in message and "×".join(map(str, shape)) in message


def test_swapped_files_are_named_as_such(write, as_idx):
    message = refusal(idx.read_images, write(as_idx(LABELS)))
    assert "holds labels where images are wanted" in message and "swapped" in message
    assert "holds images where labels are wanted" in refusal(idx.read_labels, write(as_idx(IMAGES)))


def test_a_gzip_file_without_its_ending_is_named_as_such(write, as_idx):
    assert "is a gzip file" in refusal(idx.read_images, write(gzip.compress(as_idx(IMAGES))))
    twice = gzip.compress(gzip.compress(as_idx(IMAGES)))
    assert "is a gzip file" in refusal(idx.read_images, write(twice, "images.gz"))


def test_another_file_is_refused_with_its_first_bytes(write):
    message = refusal(idx.read_labels, write(b"<!DOCTYPE html>" + bytes(50)))
    assert "3c 21 44 4f" in message and "2049" in message


def test_broken_gzip_files_are_refused(write, as_idx):
    whole = gzip.compress(as_idx(IMAGES))
    flipped = bytearray(whole)
    flipped[-6] ^= 1  # in the checksum
    damaged = whole[:12] + b"\xff\xff\xff\xff" + whole[16:]
    for content in (b"", b"no gzip", whole[:-1], whole[:20], bytes(flipped), damaged, whole + b"more"):
        message = refusal(idx.read_images, write(content, "images.gz"))
        assert ("not a whole gzip file" in message) != (content == b"" and "not an IDX file" in message)


def test_missing_and_irregular_files_are_refused(tmp_path):
    assert "does not exist" in refusal(idx.read_images, tmp_path / "nothing")
    assert "not a regular file" in refusal(idx.read_images, tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX only")
def test_a_named_pipe_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in refusal(idx.read_labels, tmp_path / "pipe")


def test_an_unreadable_file_is_refused(write, as_idx, monkeypatch):
    path = write(as_idx(LABELS))

    def denied(*args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", denied)  # mode bits do not stop an administrator
    assert "cannot be read (Permission denied)" in refusal(idx.read_labels, path)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_file_beyond_all_reason_is_refused(write, as_idx, monkeypatch, ending):
    content = as_idx(np.zeros((2, 30, 40)))
    path = write(gzip.compress(content) if ending else content, "images" + ending)
    monkeypatch.setattr(idx, "LARGEST", len(content))
    assert idx.read_images(path).shape == (2, 30, 40)
    monkeypatch.setattr(idx, "LARGEST", len(content) - 1)
    assert "holds more than 2,415 bytes" in refusal(idx.read_images, path)


@given(
    sizes=st.tuples(*[st.integers(1, 4)] * 3),
    place=st.integers(0, 15),
    value=st.integers(0, 255),
    cut=st.integers(0, 70),
)
def test_a_changed_header_or_length_is_read_whole_or_refused(sizes, place, value, cut):
    content = bytearray(struct.pack(">4I", 2051, *sizes) + bytes(range(np.prod(sizes))))
    content[place] = value
    content = bytes(content[: len(content) - cut])
    try:
        images = idx.parse_images(content, Path("digits"))
    except UserError as error:
        assert "digits" in str(error) and "\n" not in str(error)
    else:
        assert content[:4] == struct.pack(">I", 2051)
        assert images.shape == struct.unpack(">3I", content[4:16]) and images.tobytes() == content[16:]
