"""The sheet of pictures, pixel for pixel, and the writing of picture files."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ms_gan.errors import UserError
from ms_gan.pictures.grid import CELL, GAP, GREY, cells, grid, save_grid, write_picture

MNIST = Path(__file__).parents[2] / "data" / "MNIST_Data" / "train" / "train-images-idx3-ubyte.gz"


def digits(count):
    with gzip.open(MNIST) as file:
        return np.frombuffer(file.read(16 + count * 784), np.uint8, offset=16).reshape(count, 28, 28, 1)


def test_a_small_sheet_pixel_for_pixel():
    half = CELL // 2  # a picture of 2×2 is enlarged to one cell: each pixel becomes a square of half a cell
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 2, 2, 1)
    expected = np.full((GAP + 2 * (CELL + GAP), GAP + 2 * (CELL + GAP)), GREY, np.uint8)
    for picture, (row, column) in zip(pixels, [(0, 0), (0, 1), (1, 0)], strict=True):
        for y in range(2):
            for x in range(2):
                top = GAP + row * (CELL + GAP) + y * half
                left = GAP + column * (CELL + GAP) + x * half
                expected[top : top + half, left : left + half] = picture[y, x, 0]
    np.testing.assert_array_equal(grid(pixels, columns=2), expected)


@pytest.mark.parametrize(("side", "factor"), [(28, 4), (32, 4), (48, 2), (64, 2), (96, 1), (300, 1)])
def test_every_picture_can_be_cut_out_again(side, factor):
    pixels = np.random.default_rng(side).integers(0, 256, (7, side, side, 3), dtype=np.uint8)
    sheet = grid(pixels, columns=5)
    cell = side * factor + GAP
    assert sheet.shape == (2 * cell + GAP, 5 * cell + GAP, 3)
    for index, picture in enumerate(pixels):
        top, left = GAP + index // 5 * cell, GAP + index % 5 * cell
        cut = sheet[top : top + cell - GAP, left : left + cell - GAP]
        np.testing.assert_array_equal(cut[::factor, ::factor], picture)
    assert (sheet[cell + GAP :, 2 * cell + GAP :] == GREY).all()  # the three cells that are left over


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("height", "width"), [(28, 28), (32, 32), (64, 64), (96, 96), (30, 60)])
@pytest.mark.parametrize(("count", "columns"), [(25, 5), (7, 5), (3, 5), (26, 10)])
def test_a_sheet_gives_its_pictures_back(count, columns, height, width, channels):
    pixels = np.random.default_rng(0).integers(0, 256, (count, height, width, channels), dtype=np.uint8)
    np.testing.assert_array_equal(
        cells(grid(pixels, columns), count, (channels, height, width), columns), pixels, strict=True
    )


@pytest.mark.parametrize("wrong", [(20, (1, 28, 28)), (25, (1, 32, 32)), (25, (3, 28, 28))])
def test_a_sheet_of_other_pictures(wrong):
    with pytest.raises(UserError, match=r"a sheet of 2\d pictures of .* has the shape .*, not \(584, 584\)"):
        cells(grid(digits(25)), *wrong)


def test_twenty_five_digits_make_a_square_of_about_600():
    assert grid(digits(25)).shape == (584, 584)


def test_pictures_that_are_not_square_and_fewer_than_columns():
    assert grid(np.zeros((2, 30, 60, 1), np.uint8), columns=5).shape == (GAP + 60 + GAP, GAP + 2 * (120 + GAP))


def test_the_file_holds_the_sheet_and_its_bytes_repeat(tmp_path):
    save_grid(tmp_path / "new folder" / "a.png", digits(25))
    save_grid(str(tmp_path / "b.png"), digits(25))
    written = (tmp_path / "new folder" / "a.png").read_bytes()
    assert written == (tmp_path / "b.png").read_bytes()
    with Image.open(tmp_path / "b.png") as picture:
        assert (picture.format, picture.mode) == ("PNG", "L")
        np.testing.assert_array_equal(np.asarray(picture), grid(digits(25)))
    save_grid(tmp_path / "b.png", digits(24))  # replaces
    assert written != (tmp_path / "b.png").read_bytes()
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == ["a.png", "b.png"]


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((4, 28, 28), np.uint8),
        np.zeros((4, 1, 28, 28), np.uint8),
        np.zeros((4, 28, 28, 4), np.uint8),
        np.zeros((4, 28, 28, 1), np.float32),
        np.zeros((0, 28, 28, 1), np.uint8),
        np.zeros((4, 0, 28, 1), np.uint8),
    ],
)
def test_what_is_no_stack_of_pictures(wrong, tmp_path):
    with pytest.raises(UserError, match=r"\(N, H, W, 1\) or \(N, H, W, 3\)"):
        save_grid(tmp_path / "a.png", wrong)
    assert list(tmp_path.iterdir()) == []


def test_no_columns():
    with pytest.raises(UserError, match="at least 1 column, not 0"):
        grid(digits(1), columns=0)


def test_a_name_that_would_lie_about_the_format(tmp_path):
    with pytest.raises(UserError, match=r"a\.jpg: .*\.png"):
        save_grid(tmp_path / "a.jpg", digits(1))
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_keeps_the_old_file_and_leaves_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def refuse(source, target):
        assert Path(source).read_bytes() == b"new"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(UserError, match=r"cannot write .*a\.png: No space left on device"):
        write_picture(path, b"new", ".png")
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"old"]


def test_a_folder_in_the_way(tmp_path):
    (tmp_path / "a.png").mkdir()
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "a.png", tmp_path / "file" / "b.png"):
        with pytest.raises(UserError, match="cannot write"):
            save_grid(path, digits(1))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "file"]
