"""Reading a picture to be judged, and what is refused: one line, on which Pillow's warnings do not follow."""

import os
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image, ImageFile

from ms_gan.errors import UserError
from ms_gan.pictures.gif import write_gif
from ms_gan.pictures.read import read_picture

GREY = np.arange(784, dtype=np.uint8).reshape(28, 28)


def refusal(path, shape=(1, 28, 28)) -> str:
    with pytest.raises(UserError) as caught, warnings.catch_warnings(action="error"):
        read_picture(path, shape)
    assert str(caught.value).isprintable() and str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.gif", "a.pgm", "a.tif"])
def test_the_pixels_as_they_are(tmp_path, name):
    Image.fromarray(GREY).save(tmp_path / name)
    assert np.array_equal(read_picture(tmp_path / name, (1, 28, 28))[..., 0], GREY)


def test_colours(tmp_path):
    pixels = np.dstack([GREY, GREY.T, 255 - GREY])
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert np.array_equal(read_picture(tmp_path / "a.png", (3, 28, 28)), pixels)
    assert "is 28×28, mode RGB; this network takes 28×28, grey (mode L)" in refusal(tmp_path / "a.png")


def test_another_size(tmp_path):
    Image.fromarray(GREY[:20]).save(tmp_path / "a.png")
    assert "is 28×20, mode L; this network takes 28×28, grey" in refusal(tmp_path / "a.png")


def test_what_is_not_there(tmp_path):
    for path in (tmp_path / "gone.png", tmp_path / ("n" * 300)):
        assert refusal(path).startswith("there is no picture ")
    assert refusal(tmp_path).endswith("is not a picture that can be read: not a regular file")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX only")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    assert refusal(tmp_path / "a.png").endswith("not a regular file")


def test_a_format_that_runs_programs_is_not_tried(tmp_path, monkeypatch):
    """Pillow has Ghostscript read it."""
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *_, **__: pytest.fail("run"))
    Image.fromarray(GREY).save(tmp_path / "a.eps")
    assert "not a picture, or of a format that is not read here" in refusal(tmp_path / "a.eps")
    (tmp_path / "a.eps").rename(tmp_path / "a.png")
    assert "not a picture, or of a format that is not read here" in refusal(tmp_path / "a.png")


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *chunks: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(29 * 28)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [9460, 14_000, 60_000, 2**31 - 1])
def test_bombs_are_never_decoded(tmp_path, monkeypatch, side):
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("decoded"))
    path = tmp_path / "a.png"
    path.write_bytes(png(side, side))
    assert "is not a picture that can be read" in refusal(path)
    with pytest.raises(UserError, match="not a readable PNG"), warnings.catch_warnings(action="error"):
        write_gif(tmp_path / "a.gif", [path], ["epoch 1"])


def test_a_bomb_beside_the_pixels(tmp_path):
    """A text of 200 MB in a PNG."""
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200_000_000), 1))
    path = tmp_path / "a.png"
    path.write_bytes(png(28, 28, text))
    assert "is not a picture that can be read" in refusal(path)


def test_a_wrong_checksum_is_noticed(tmp_path):
    """Pillow decodes pixels that are damaged, as long as the compression lets it."""
    path = tmp_path / "a.png"
    Image.fromarray(GREY).save(path)
    content = path.read_bytes()
    place = content.index(b"IDAT")
    for bit in range(8 * 40):
        changed = bytearray(content)
        changed[place + bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        refusal(path)
