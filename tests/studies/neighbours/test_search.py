"""The nearest pictures of a data set, against comparing one by one."""

import numpy as np
import pytest

from ms_gan.data.mnist.files import load_images
from ms_gan.studies.neighbours import search
from ms_gan.studies.neighbours.search import nearest


@pytest.fixture(params=[None, 1, 8 * 784 * 100], ids=["one block", "a picture a block", "100 pictures a block"])
def block(request, monkeypatch):
    if request.param:
        monkeypatch.setattr(search, "BLOCK", request.param)


def test_against_one_by_one(small_mnist, block):
    digits, asked = load_images(small_mnist)[:250], load_images(small_mnist, "test")[:7]
    places, distances = nearest(asked, digits, 3)
    assert places.shape == distances.shape == (7, 3) and distances.dtype == np.float64
    for picture, row, found in zip(asked, places, distances, strict=True):
        apart = np.array([np.sqrt(((picture.astype(int) - digit) ** 2).mean()) for digit in digits])
        order = np.argsort(apart, kind="stable")[:3]
        assert row.tolist() == order.tolist()
        np.testing.assert_allclose(found, apart[order], rtol=1e-12)


def test_it_finds_itself_unless_left_out(small_mnist, block):
    digits = load_images(small_mnist)[:250]
    own = np.array([3, 100, 249])
    places, distances = nearest(digits[own], digits, 2)
    assert places[:, 0].tolist() == own.tolist() and (distances[:, 0] == 0).all() and (distances[:, 1] > 10).all()
    others, apart = nearest(digits[own], digits, 1, leave_out=own)
    assert others[:, 0].tolist() == places[:, 1].tolist()
    np.testing.assert_array_equal(apart[:, 0], distances[:, 1])


def test_equal_ones_come_in_their_order(block):
    data_set = np.zeros((9, 2, 2, 1), np.uint8)
    data_set[4] = 3
    places, distances = nearest(data_set[4:5], data_set, 4)
    assert places.tolist() == [[4, 0, 1, 2]] and distances.tolist() == [[0, 3, 3, 3]]


def test_a_single_grey_level_among_bright_pictures_counts(tmp_path):
    """float32 could not tell these: a square of 12,288 bright pixels is 8·10⁸. The data set is mapped from a file."""
    data_set = np.memmap(tmp_path / "faces.u8", np.uint8, "w+", shape=(5, 64, 64, 3))
    data_set[:] = 255
    for number in range(5):
        data_set[number].reshape(-1)[: 4 - number] = 254
    places, distances = nearest(np.full((1, 64, 64, 3), 255, np.uint8), data_set, 5)
    assert places.tolist() == [[4, 3, 2, 1, 0]]
    np.testing.assert_allclose(distances[0] ** 2 * 12_288, [0, 1, 2, 3, 4], rtol=1e-12)
