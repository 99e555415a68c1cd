import numpy as np

from ms_gan.pixels import to_network, to_pixels

EVERY_BYTE = np.arange(256, dtype=np.uint8).reshape(2, 8, 16, 1)


def test_every_byte_comes_back():
    there = to_network(EVERY_BYTE)
    assert np.array_equal(to_pixels(there), EVERY_BYTE)
    assert np.array_equal(to_network(to_pixels(there)), there)


def test_network_input_is_the_slides_formula():
    there = to_network(EVERY_BYTE)
    assert there.dtype == np.float32 and there.shape == (2, 1, 8, 16) and there.flags.c_contiguous
    exact = (np.arange(256) - 127.5) / 127.5
    assert np.array_equal(there.ravel(), exact.astype(np.float32))
    assert there.min() == -1 and there.max() == 1


def test_colours_keep_their_place():
    pixels = np.random.default_rng(0).integers(0, 256, (2, 4, 5, 3), dtype=np.uint8)
    there = to_network(pixels)
    assert there.shape == (2, 3, 4, 5)
    assert there[1, 2, 3, 4] == np.float32((float(pixels[1, 3, 4, 2]) - 127.5) / 127.5)
    assert np.array_equal(to_pixels(there), pixels)


def test_pixels_are_the_nearest_whole_numbers():
    values = np.array([-1, -126.6 / 127.5, -126.4 / 127.5, 0.4 / 127.5, 0.6 / 127.5, 1], np.float32)
    assert to_pixels(values.reshape(6, 1, 1, 1)).ravel().tolist() == [0, 1, 1, 128, 128, 255]


def test_pixels_outside_the_range_are_clipped():
    values = np.array([-1.5, -1.01, 1.01, 3], np.float32)
    assert to_pixels(values.reshape(4, 1, 1, 1)).ravel().tolist() == [0, 0, 255, 255]
