"""A JPEG without its end is read if no pixel hung on what is missing, and refused otherwise."""

import numpy as np
import pytest
from PIL import Image

from ms_gan.disk.picture_file import Unreadable, opened

SMOOTH = Image.fromarray(np.random.default_rng(0).integers(0, 256, (6, 6, 3), np.uint8)).resize((48, 40))


@pytest.fixture(params=["RGB", "L", "CMYK"])
def jpeg(request, tmp_path):
    """A whole one, and its bytes."""
    SMOOTH.convert(request.param).save(tmp_path / "a.jpg", quality=90)
    return tmp_path / "a.jpg", (tmp_path / "a.jpg").read_bytes()


def pixels(path):
    with opened(path) as picture:
        return np.asarray(picture)


@pytest.mark.parametrize("end", [b"", b"\xff", b"\0" * 30, b"\xff\xd9more", b"\r\n"])
def test_without_an_end(jpeg, end):
    path, content = jpeg
    whole = pixels(path)
    path.write_bytes(content.removesuffix(b"\xff\xd9") + end)
    assert np.array_equal(pixels(path), whole)


@pytest.mark.parametrize("missing", [4, 5, 8, 20, 100, 300])
def test_with_pixels_missing(jpeg, missing):
    path, content = jpeg
    path.write_bytes(content[:-missing])
    with pytest.raises(Unreadable, match="truncated"):
        pixels(path)


def test_how_much_is_there_of_a_progressive_one_cannot_be_known(tmp_path):
    SMOOTH.save(tmp_path / "a.jpg", progressive=True)
    content = (tmp_path / "a.jpg").read_bytes()
    for place in (content.rindex(b"\xff\xda"), len(content) - 2):
        (tmp_path / "a.jpg").write_bytes(content[:place])
        with pytest.raises(Unreadable, match="truncated"):
            pixels(tmp_path / "a.jpg")
