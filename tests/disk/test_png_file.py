"""PNGs whose pixels are whole are read whatever lies beside them; those whose pixels are not are refused, truly."""

import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from ms_gan.disk import png_file
from ms_gan.disk.picture_file import Unreadable, opened

PIXELS = np.random.default_rng(0).integers(0, 256, (28, 20), np.uint8)


def chunk(name, data, crc=None):
    crc = zlib.crc32(name + data) if crc is None else crc
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", crc)


HEAD = chunk(b"IHDR", struct.pack(">IIBBBBB", 20, 28, 8, 0, 0, 0, 0))
PACKED = zlib.compress(b"".join(b"\0" + row.tobytes() for row in PIXELS))
DATA = chunk(b"IDAT", PACKED)
END = chunk(b"IEND", b"")
TEXT = zlib.compress(b"a prompt, " * 200_000)  # 2 MB: more than Pillow takes of a text


@pytest.fixture
def read(tmp_path):
    """The pixels of a PNG of these parts."""

    def read(*parts, start=png_file.SIGNATURE):
        (tmp_path / "a.png").write_bytes(start + b"".join(parts))
        with warnings.catch_warnings(action="ignore"), opened(tmp_path / "a.png") as picture:
            return np.asarray(picture)

    return read


BESIDE = {
    "text of megabytes, packed": chunk(b"zTXt", b"prompt\0\0" + TEXT),
    "international text of megabytes": chunk(b"iTXt", b"prompt\0\1\0\0\0" + TEXT),
    "text of megabytes, as it is": chunk(b"tEXt", b"prompt\0" + bytes(3_000_000)),
    "more text than is read": chunk(b"tEXt", b"prompt\0" + bytes(png_file.LARGEST_NOTES)),
    "text with a wrong checksum": chunk(b"tEXt", b"prompt\0a cat", crc=0),
    "time with a wrong checksum": chunk(b"tIME", bytes(7), crc=1),
    "a profile that is none": chunk(b"iCCP", b"name"),
    "sizes that are none": chunk(b"pHYs", b"12"),
    "a turn that is none": chunk(b"eXIf", b"MM\0*"),
    "a part of a program's own": chunk(b"caBX", bytes(99), crc=3),
}


@pytest.mark.parametrize("beside", BESIDE.values(), ids=BESIDE)
def test_what_is_beside_the_pixels_hinders_nobody(read, beside):
    for parts in ((HEAD, beside, DATA, END), (HEAD, DATA, beside, END), (HEAD, beside, beside, DATA)):
        assert np.array_equal(read(*parts), PIXELS)


@pytest.mark.parametrize(
    "end",
    [b"", END[:6], END[:-4] + b"????", END + b"trailing bytes", b"\0" * 500, b"<html>", chunk(b"tEXt", b"a\0b")[:9]],
)
def test_whatever_the_end_looks_like(read, end):
    assert np.array_equal(read(HEAD, DATA, end), PIXELS)


def test_pixels_in_pieces(read):
    pieces = [chunk(b"IDAT", PACKED[place : place + 50]) for place in range(0, len(PACKED), 50)]
    assert np.array_equal(read(HEAD, *pieces, END), PIXELS)
    assert np.array_equal(read(HEAD, *pieces[:-1], pieces[-1][:-4]), PIXELS)  # zlib's checksum vouches for them
    for damaged in ([*pieces[:-1], pieces[-1][:-5]], pieces[:-1], pieces[1:]):
        with pytest.raises(Unreadable):
            read(HEAD, *damaged)


def test_zlibs_checksum_vouches_for_pixels_too(read):
    assert np.array_equal(read(HEAD, chunk(b"IDAT", PACKED, crc=0), END), PIXELS)


@pytest.mark.parametrize("place", range(3, len(PACKED), 40))
def test_damaged_pixels_are_refused(read, place):
    changed = bytearray(PACKED)
    changed[place] ^= 1
    with pytest.raises(Unreadable, match="a PNG: its pixels are damaged"):
        read(HEAD, chunk(b"IDAT", bytes(changed), crc=zlib.crc32(b"IDAT" + PACKED)), END)


def test_other_damage_where_pixels_hang_on_it(read):
    palette, clear = chunk(b"PLTE", bytes(6)), chunk(b"tRNS", bytes(2))
    for parts, reason in (
        ((HEAD[:-4] + bytes(4), DATA, END), "a PNG damaged in its part IHDR"),
        ((HEAD, palette[:-1] + b"?", DATA, END), "a PNG damaged in its part PLTE"),
        ((HEAD, clear[:-1] + b"?", DATA, END), "a PNG damaged in its part tRNS"),
        ((HEAD[:20],), "a PNG broken off in its part IHDR"),
        ((HEAD,), "a PNG broken off before its pixels"),
        ((HEAD, END), "a PNG broken off before its pixels"),
        ((HEAD, DATA[:60]), "a PNG broken off in its pixels"),
        ((chunk(b"IHDR", struct.pack(">IIBBBBB", 20, 28, 3, 9, 0, 0, 0)), DATA), "a PNG whose header makes no sense"),
    ):
        with pytest.raises(Unreadable) as caught:
            read(*parts)
        assert str(caught.value) == reason


def test_a_length_that_no_file_has(read):
    with pytest.raises(Unreadable, match="broken off in its pixels"):
        read(HEAD, b"\xff\xff\xff\xffIDAT" + PACKED[:100])
    assert np.array_equal(read(HEAD, DATA, b"\xff\xff\xff\xfftEXt"), PIXELS)


@pytest.mark.parametrize(
    "bomb",
    [
        lambda packed: chunk(b"zTXt", b"Comment\0\0" + packed),
        lambda packed: chunk(b"iTXt", b"Comment\0\1\0en\0Bemerkung\0" + packed),
        lambda packed: chunk(b"iCCP", b"Profile\0\0" + packed),
    ],
)
def test_a_text_that_is_a_bomb_is_refused(read, monkeypatch, bomb):
    monkeypatch.setattr(png_file, "LARGEST_TEXT", 3_000_000)
    packed = bomb(zlib.compress(bytes(3_000_001)))
    for parts in ((HEAD, packed, DATA, END), (HEAD, DATA, packed, END)):
        with pytest.raises(Unreadable, match="a decompression bomb: a text of more than 3,000,000 bytes"):
            read(*parts)
    assert np.array_equal(read(HEAD, bomb(zlib.compress(bytes(3_000_000))), DATA, END), PIXELS)


def test_a_picture_is_turned_as_its_exif_says_whatever_else_is_damaged(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = chunk(b"eXIf", exif.tobytes()[6:])
    (tmp_path / "a.png").write_bytes(png_file.SIGNATURE + HEAD + turned + BESIDE["text of megabytes, packed"] + DATA)
    with opened(tmp_path / "a.png") as picture:
        assert picture.getexif()[0x0112] == 6 and picture.size == (20, 28)


def test_the_first_frame_of_an_animation(tmp_path):
    frames = [Image.fromarray(PIXELS), Image.fromarray(255 - PIXELS)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])
    with opened(tmp_path / "a.png") as picture:
        assert np.array_equal(np.asarray(picture), PIXELS)
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:-100])
    with opened(tmp_path / "a.png") as picture:  # only its second frame is cut short
        assert np.array_equal(np.asarray(picture), PIXELS)
