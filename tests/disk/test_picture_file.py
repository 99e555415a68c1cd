"""What Pillow says of a picture's bytes becomes Unreadable; what the caller's own code raises stays what it is."""

import errno
import os

import numpy as np
import pytest
from PIL import Image, ImageFile, ImageOps

from ms_gan.data.folder import square
from ms_gan.data.folder.square import read_square
from ms_gan.disk import picture_file
from ms_gan.disk.picture_file import Unreadable, decoding, opened
from ms_gan.errors import UserError
from ms_gan.pictures.gif import write_gif
from ms_gan.pictures.read import read_picture

PIXELS = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)


@pytest.fixture
def picture(tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "a.png")
    return tmp_path / "a.png"


OWN = [
    *(ValueError("mine"), TypeError("mine"), KeyError("mine"), UserError("mine"), MemoryError("mine")),
    *(OSError(errno.ENOSPC, "No space left on device"), Image.DecompressionBombError("mine"), KeyboardInterrupt()),
]


@pytest.mark.parametrize("error", OWN, ids=lambda error: type(error).__name__)
def test_an_error_of_the_caller_passes_through(picture, error):
    with pytest.raises(type(error)) as caught, opened(picture) as there:
        raise error
    assert caught.value is error and (there.fp is None or there.fp.closed)


def test_the_picture_is_decoded_and_can_be_used(picture):
    with opened(picture, ["PNG"]) as there:
        assert there.size == (28, 28) and there.mode == "L"
        assert np.array_equal(np.asarray(there), PIXELS)


@pytest.mark.parametrize("length", [0, 20, 100, -20])
def test_a_damaged_one_is_refused_before_the_block(picture, length):
    picture.write_bytes(picture.read_bytes()[:length])
    with pytest.raises(Unreadable), opened(picture):
        pytest.fail("the block was entered")


def test_damage_that_only_decoding_shows_is_refused_before_the_block(tmp_path):
    Image.fromarray(PIXELS).resize((200, 200)).save(tmp_path / "a.jpg")
    content = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(content[: len(content) // 2])
    with pytest.raises(Unreadable, match="truncated"), opened(tmp_path / "a.jpg"):
        pytest.fail("the block was entered")


@pytest.mark.parametrize(
    ("make", "reason"),
    [(lambda path: None, "No such file"), (os.mkdir, "not a regular file"), (lambda path: path.touch(), "not a pic")],
)
def test_what_is_no_picture_is_refused(tmp_path, make, reason):
    make(tmp_path / "a.png")
    with pytest.raises(Unreadable, match=reason), opened(tmp_path / "a.png"):
        pytest.fail("the block was entered")


def test_a_bomb_is_refused(picture, monkeypatch):
    monkeypatch.setattr(picture_file, "LARGEST", 27 * 28)
    with pytest.raises(Unreadable, match="decompression bomb"), opened(picture):
        pytest.fail("the block was entered")


def no_memory(*_, **__):
    raise MemoryError


def test_too_little_memory_is_no_damage(picture, monkeypatch):
    monkeypatch.setattr(ImageFile.ImageFile, "load", no_memory)
    with pytest.raises(MemoryError), opened(picture):
        pytest.fail("the block was entered")
    for read in (
        lambda: read_square(picture, crop=0, size=4, channels=1),
        lambda: read_picture(picture, (1, 28, 28)),
        lambda: write_gif(picture.with_name("a.gif"), [picture], ["epoch 1"]),
    ):
        with pytest.raises(MemoryError):
            read()


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM], ids=errno.errorcode.get)
def test_a_machine_that_can_open_no_more_files_is_no_damage(picture, monkeypatch, number):
    def fail(*_):
        raise OSError(number, os.strerror(number), str(picture))

    monkeypatch.setattr(picture_file, "open_file", fail)
    with pytest.raises(UserError) as caught:
        read_square(picture, crop=0, size=4, channels=1)
    assert str(caught.value) == f"cannot read {picture} ({os.strerror(number)}): end other programs and run it again"


def test_too_little_memory_to_turn_a_picture_is_no_damaged_exif(picture, monkeypatch):
    monkeypatch.setattr(ImageOps, "exif_transpose", no_memory)
    with pytest.raises(MemoryError):
        read_square(picture, crop=0, size=4, channels=1)


def test_a_bug_of_read_square_is_not_told_of_the_picture(picture, monkeypatch):
    def bug(*_):
        raise IndexError("a bug")

    monkeypatch.setattr(square, "_central_square", bug)
    with pytest.raises(IndexError, match="a bug"):
        read_square(picture, crop=0, size=4, channels=1)


def test_a_conversion_that_pillow_does_not_know_is_unreadable():
    with pytest.raises(Unreadable, match="conversion from La to L not supported"), decoding():
        Image.new("La", (8, 8)).convert("L")


def test_decoding_lets_memory_errors_and_stops_pass():
    for error in (MemoryError, KeyboardInterrupt, GeneratorExit):
        with pytest.raises(error), decoding():
            raise error
