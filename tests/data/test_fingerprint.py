"""A data set's fingerprint tells it from others, and is the same however the pixels lie in memory."""

import tracemalloc

import numpy as np
import pytest

from ms_gan.data import fingerprint
from ms_gan.data.fingerprint import digest
from ms_gan.data.mnist.files import load_images

IMAGES = np.random.default_rng(0).integers(0, 256, (50, 6, 5, 3), np.uint8)


def test_it_stays_what_it_is():
    """It is kept beside a run's settings: another release must come to the same."""
    small = np.arange(24, dtype=np.uint8).reshape(2, 3, 4, 1)
    assert digest(small) == "3bcd1731ea61ac327693e88ffd1e4e6f21bd6092421589bd03b30975a5073a60"
    assert digest(load_images(split="test")) == "87b9de708229d8a3c047889aaf1bd0e0540572f22728232f2db500d34e858d6c"


@pytest.mark.parametrize("place", [0, 2249, 4499])
def test_any_pixel_changes_it(place):
    changed = IMAGES.copy()
    changed.flat[place] ^= 1
    assert digest(changed) != digest(IMAGES)


def test_order_number_shape_and_type_change_it():
    others = [
        *(IMAGES[::-1], IMAGES[:-1], IMAGES[:0], IMAGES.reshape(50, 5, 6, 3), IMAGES.reshape(25, 12, 5, 3)),
        *(IMAGES.astype(np.float32), IMAGES.view(np.int8)),
    ]
    digests = {digest(images) for images in (IMAGES, *others)}
    assert len(digests) == 1 + len(others) and all(len(text) == 64 for text in digests)


@pytest.mark.parametrize("block", [1, 90, 91, 1000, 2**24])
def test_the_blocks_do_not_change_it(monkeypatch, block):
    before = digest(IMAGES)
    monkeypatch.setattr(fingerprint, "BLOCK", block)
    assert digest(IMAGES) == before


def test_how_the_pixels_lie_in_memory_does_not_change_it(tmp_path):
    (tmp_path / "pixels").write_bytes(IMAGES.tobytes())
    mapped = np.memmap(tmp_path / "pixels", np.uint8, "r", shape=IMAGES.shape)
    gaps = np.repeat(IMAGES, 2, axis=2)[:, :, ::2]
    big_endian = IMAGES.astype(">i4")
    for same in (mapped, gaps, np.asfortranarray(IMAGES)):
        assert digest(same) == digest(IMAGES)
    assert digest(big_endian) == digest(IMAGES.astype("<i4"))


def test_it_holds_no_copy():
    images = np.zeros((2000, 64, 64, 3), np.uint8)
    tracemalloc.start()
    try:
        digest(images)
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()
