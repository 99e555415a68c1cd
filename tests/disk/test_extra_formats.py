"""AVIF and HEIC are read where they can be, and named truly where they cannot."""

import io

import numpy as np
import pytest
from PIL import Image

from ms_gan.disk import extra_formats, picture_file
from ms_gan.disk.extra_formats import AVIF, HEIC, extra_format
from ms_gan.disk.picture_file import NoPicture, Unreadable, opened

RAMP = np.tile(np.arange(0, 256, 4, np.uint8)[:, None, None], (1, 64, 3))


def head(brand, *compatible):
    listed = brand + bytes(4) + b"".join(compatible)
    return (8 + len(listed)).to_bytes(4, "big") + b"ftyp" + listed


@pytest.fixture
def picture(tmp_path):
    """A ramp in the format asked for, or a skip where this machine writes none."""

    def make(extra):
        if not extra.is_read():
            pytest.skip(extra.remedy)
        path = tmp_path / f"a{extra.endings[0]}"
        if extra is AVIF:
            Image.fromarray(RAMP).save(path, quality=90)
        else:
            pillow_heif = pytest.importorskip("pillow_heif")
            pillow_heif.from_pillow(Image.fromarray(RAMP)).save(path, quality=90)
        return path

    return make


@pytest.mark.parametrize("extra", [AVIF, HEIC], ids=lambda extra: extra.name)
def test_it_is_read_as_it_was_written(picture, extra):
    path = picture(extra)
    with opened(path) as there:
        assert np.abs(np.asarray(there.convert("RGB")).astype(int) - RAMP).max() < 12
    path.rename(path.with_suffix(".jpg"))  # whatever its name says
    with opened(path.with_suffix(".jpg")) as there:
        assert there.size == (64, 64)


@pytest.mark.parametrize("extra", [AVIF, HEIC], ids=lambda extra: extra.name)
def test_damage_and_bombs(picture, extra, monkeypatch):
    path = picture(extra)
    content = path.read_bytes()
    for part in (0.1, 0.5, 0.9):
        path.write_bytes(content[: int(part * len(content))])
        with pytest.raises(Unreadable), opened(path):
            pytest.fail("the block was entered")
    path.write_bytes(content)
    monkeypatch.setattr(picture_file, "LARGEST", 64 * 64 - 1)
    with pytest.raises(Unreadable, match="bomb"), opened(path):
        pytest.fail("the block was entered")


@pytest.mark.parametrize(
    ("extra", "content"),
    [
        (AVIF, head(b"avif", b"mif1")),
        (AVIF, head(b"mif1", b"miaf", b"avif")),
        (HEIC, head(b"heic", b"mif1")),
        (HEIC, head(b"mif1", b"heic")),
    ],
)
def test_where_it_is_not_read_the_remedy_is_named(tmp_path, monkeypatch, extra, content):
    monkeypatch.setattr(extra_formats.features, "check", lambda feature: False)
    monkeypatch.setattr(extra_formats.importlib.util, "find_spec", lambda name: None)
    assert extra_format(io.BytesIO(content)) is extra
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(Unreadable) as caught, opened(tmp_path / "a"):
        pytest.fail("the block was entered")
    assert not isinstance(caught.value, NoPicture) and str(caught.value) == extra.remedy
    assert ('pip install -e ".[heic]"' if extra is HEIC else "pip install --upgrade pillow") in extra.remedy


@pytest.mark.parametrize(
    "content", [head(b"isom", b"mp41"), b"\0\0\0\1ftyp", b"\xff\xff\xff\xffftyp", b"\0\0\0\x0cftypmi"]
)
def test_films_and_the_like_are_no_pictures(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(NoPicture), opened(tmp_path / "a"):
        pytest.fail("the block was entered")


def test_only_the_formats_that_were_asked_for(picture):
    with pytest.raises(NoPicture), opened(picture(AVIF), ["PNG"]):
        pytest.fail("the block was entered")


def test_pillow_stays_as_it_was(picture):
    path = picture(HEIC)
    before = dict(Image.OPEN)
    with opened(path):
        assert before == Image.OPEN
