import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from ms_gan.data.folder.square import read_square
from ms_gan.disk import picture_file
from ms_gan.disk.picture_file import Unreadable

ORIENTATION = 0x0112


def positions(width, height):
    """Every pixel tells where it is: red is x, green is y."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x, y, np.full_like(x, 7)], -1).astype(np.uint8)


def write(folder, picture, name="picture.png", **options):
    picture = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    picture.save(folder / name, **options)
    return folder / name


def read(path, crop=0, size=8, channels=3):
    pixels, side = read_square(path, crop=crop, size=size, channels=channels)
    assert pixels.dtype == np.uint8 and pixels.shape == (size, size, channels)
    return pixels, side


def refusal(path, **options):
    with pytest.raises(Unreadable) as caught:
        read(path, **options)
    return str(caught.value)


def near(pixels, expected, tolerance=0):
    return np.abs(pixels.astype(int) - np.asarray(expected, int)).max() <= tolerance


@given(width=st.integers(1, 40), height=st.integers(1, 40), crop=st.integers(0, 45))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_square_is_the_centre(tmp_path, width, height, crop):
    path = write(tmp_path, positions(width, height))
    side = min(crop or 99, width, height)
    pixels, cut = read(path, crop=crop, size=side)
    left, top = pixels[0, 0, :2]
    assert cut == side
    assert np.array_equal(pixels, positions(width, height)[top : top + side, left : left + side])
    assert 0 <= width - side - 2 * left <= 1 and 0 <= height - side - 2 * top <= 1


@pytest.mark.parametrize("options", [("a.jpg", {"quality": 95}), ("a.webp", {"lossless": True}), ("a.bmp", {})])
@pytest.mark.parametrize("channels", [1, 3])
def test_formats(tmp_path, options, channels):
    name, how = options
    smooth = positions(8, 8) * 20
    pixels, _ = read(write(tmp_path, smooth, name, **how), channels=channels)
    expected = smooth if channels == 3 else np.rint(smooth @ [0.299, 0.587, 0.114])[..., None]
    assert near(pixels, expected, 12 if name == "a.jpg" else 1)


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.gif", "a.jpg", "a.webp", "a.pgm", "a.tif"])
@pytest.mark.parametrize("channels", [1, 3])
def test_grey(tmp_path, name, channels):
    ramp = np.tile(np.arange(0, 256, 32, np.uint8), (8, 1))
    how = {"lossless": True} if name == "a.webp" else {}
    assert near(read(write(tmp_path, ramp, name, **how), channels=channels)[0], ramp[..., None], 2)


@pytest.mark.parametrize("name", ["a.png", "a.gif"])
def test_palette(tmp_path, name):
    picture = Image.new("P", (8, 8), 1)
    picture.putpalette([0, 0, 0, 200, 100, 50])
    assert near(read(write(tmp_path, picture, name))[0], [200, 100, 50])


def test_one_bit(tmp_path):
    white_right = np.arange(8) >= 4
    picture = Image.fromarray(np.tile(white_right, (8, 1)))
    assert picture.mode == "1"
    for channels in (1, 3):
        assert near(read(write(tmp_path, picture), channels=channels)[0], white_right[:, None] * 255)


def test_cmyk(tmp_path):
    cyan = Image.new("CMYK", (8, 8), (255, 0, 0, 0))
    assert near(read(write(tmp_path, cyan, "a.jpg"))[0], [0, 255, 255], 3)
    assert near(read(tmp_path / "a.jpg", channels=1)[0], 179, 3)  # 0.587 · 255 + 0.114 · 255


@pytest.mark.parametrize("name", ["a.png", "a.webp"])
def test_alpha_over_white(tmp_path, name):
    values = np.zeros((8, 8, 4), np.uint8)
    values[..., 0] = 200
    values[:, 4:, 3], values[:, 6:, 3] = 128, 255  # left half transparent, then half so, then opaque
    pixels, _ = read(write(tmp_path, values, name, **({} if name == "a.png" else {"lossless": True})))
    assert near(pixels[:, :4], 255)
    assert near(pixels[:, 4:6], [255 - 55 * 128 / 255, 127, 127], 1)
    assert near(pixels[:, 6:], [200, 0, 0])


@pytest.mark.parametrize("channels", [1, 3])
def test_grey_with_alpha_over_white(tmp_path, channels):
    values = np.zeros((8, 8, 2), np.uint8)
    values[4:] = 30, 255
    pixels, _ = read(write(tmp_path, Image.fromarray(values, "LA")), channels=channels)
    assert near(pixels[:4], 255) and near(pixels[4:], 30)


@pytest.mark.parametrize("mode", ["P", "L", "RGB"])
def test_a_transparent_colour_becomes_white(tmp_path, mode):
    picture = Image.new(mode, (8, 8), 0)
    if mode == "P":
        picture.putpalette([10, 20, 30, 40, 50, 60])
    picture.paste({"P": 1, "L": 90, "RGB": (90, 90, 90)}[mode], (0, 4, 8, 8))
    path = write(tmp_path, picture, transparency=(0, 0, 0) if mode == "RGB" else 0)
    pixels, _ = read(path)
    assert near(pixels[:4], 255) and near(pixels[4:], [40, 50, 60] if mode == "P" else 90)


@pytest.mark.parametrize(("name", "kind"), [("a.png", "<u2"), ("a.tif", "<u2"), ("a.tif", ">u2"), ("a.pgm", "<u2")])
@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path, name, kind, channels):
    ramp = np.array([0, 128, 129, 300, 25700, 32768, 65406, 65535])
    path = write(tmp_path, np.tile(ramp.astype(kind), (8, 1)), name)
    assert near(read(path, channels=channels)[0], np.array([0, 0, 1, 1, 100, 128, 254, 255])[:, None])


def test_wider_numbers_are_taken_for_sixteen_bits(tmp_path):
    assert near(read(write(tmp_path, np.full((8, 8), 25700, np.int32), "a.tif"), channels=1)[0], 100)


def test_floats_go_from_nought_to_one(tmp_path):
    ramp = np.tile(np.array([0, 0.1, 0.2, 0.4, 0.5, 0.8, 0.9, 1], np.float32), (8, 1))
    pixels, _ = read(write(tmp_path, ramp, "a.tif"), channels=1)
    assert near(pixels[..., 0], [0, 26, 51, 102, 128, 204, 230, 255], 1)


@pytest.mark.parametrize("value", [np.float32(1.5), np.float32(-0.1), np.float32("nan"), np.int32(-1), np.int32(65536)])
def test_values_that_mean_nothing_are_refused(tmp_path, value):
    assert "values outside 0…" in refusal(write(tmp_path, np.full((8, 8), value), "a.tif"))


UPRIGHT = np.zeros((6, 8, 3), np.uint8)
UPRIGHT[:3, :4], UPRIGHT[:3, 4:] = (250, 0, 0), (0, 250, 0)  # red, green; below them blue, white
UPRIGHT[3:, :4], UPRIGHT[3:, 4:] = (0, 0, 250), (250, 250, 250)

STORED = {  # how a camera stores an upright picture; EXIF 2.32, 4.6.4 A, where its row 0 and its column 0 lie
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
def test_turned_as_exif_says(tmp_path, name, orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    how = {"a.png": {}, "a.jpg": {"quality": 100, "subsampling": 0}, "a.webp": {"lossless": True}}[name]
    path = write(tmp_path, np.ascontiguousarray(STORED[orientation](UPRIGHT)), name, exif=exif, **how)
    pixels, side = read(path, size=6)
    assert side == 6
    assert near(pixels, UPRIGHT[:, 1:7], 30 if name == "a.jpg" else 0)


def test_an_odd_margin_is_cut_the_same_way_however_the_picture_is_stored(tmp_path):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    upright = read(write(tmp_path, positions(9, 6)), size=6)[0]
    turned = read(write(tmp_path, np.ascontiguousarray(np.rot90(positions(9, 6))), exif=exif), size=6)[0]
    assert np.array_equal(upright, turned) and upright[0, 0, 0] == 1


@pytest.mark.parametrize("kind", ["a.gif", "a.png", "a.webp"])
def test_the_first_frame_of_an_animation(tmp_path, kind):
    red, green = (Image.new("RGB", (8, 8), colour) for colour in ((250, 0, 0), (0, 250, 0)))
    path = write(tmp_path, red, kind, save_all=True, append_images=[green])
    with Image.open(path) as picture:
        assert picture.n_frames == 2
    assert near(read(path)[0], [250, 0, 0], 3)


def test_resized_with_lanczos(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    expected = Image.fromarray(noise).resize((64, 64), Image.Resampling.LANCZOS)
    pixels, side = read(write(tmp_path, noise), size=64)
    assert side == 96 and np.array_equal(pixels, expected)


def test_shrinking_a_lot_is_nearly_lanczos(tmp_path):
    blocks = np.random.default_rng(0).integers(0, 256, (30, 30, 3), dtype=np.uint8)
    large = Image.fromarray(blocks).resize((400, 400), Image.Resampling.BICUBIC)
    expected = np.asarray(large.resize((32, 32), Image.Resampling.LANCZOS))
    pixels, _ = read(write(tmp_path, large, "a.bmp"), size=32)
    assert near(pixels, expected, 12) and np.abs(pixels.astype(int) - expected).mean() < 1


def test_transparent_pixels_leave_no_dark_rim(tmp_path):
    values = np.zeros((32, 32, 4), np.uint8)  # what is transparent is black underneath, as programs often leave it
    values[:, 16:] = 255
    assert near(read(write(tmp_path, values))[0], 255)


def test_no_picture_at_all(tmp_path):
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.png").write_text("<html>not found</html>")
    for name in ("empty.jpg", "text.png"):
        assert refusal(tmp_path / name).startswith("not a picture")
    assert refusal(tmp_path / "gone.jpg") == "No such file or directory"


def test_formats_that_run_programs_are_not_tried(tmp_path):
    assert "EPS" not in picture_file.FORMATS
    write(tmp_path, positions(8, 8), "a.eps")
    assert refusal(tmp_path / "a.eps").startswith("not a picture")


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.bmp", "a.webp", "a.gif"])
def test_half_a_file_is_refused(tmp_path, name):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = write(tmp_path, noise, name)
    content = path.read_bytes()
    for part in (0.3, 0.5, 0.9):
        path.write_bytes(content[: int(len(content) * part)])
        refusal(path)


def png_of(width, height):
    """A PNG that says it is so large, with data for one line."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1 + width))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


@pytest.mark.parametrize("side", [9460, 14000, 60000])  # Pillow only warns of the first and takes the last for a bomb
def test_a_decompression_bomb_is_never_decoded(tmp_path, monkeypatch, side):
    (tmp_path / "bomb.png").write_bytes(png_of(side, side))
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("decoded"))
    with warnings.catch_warnings(action="ignore"):
        assert refusal(tmp_path / "bomb.png") == "a decompression bomb of more than 89 million pixels"


def test_the_bound_itself_is_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr(picture_file, "LARGEST", 100)
    assert read(write(tmp_path, positions(10, 10)))[1] == 10
    assert "decompression bomb" in refusal(write(tmp_path, positions(101, 1)))


def test_damaged_exif_does_not_lose_the_picture(tmp_path):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[0x010F] = "the maker"
    content = bytearray(write(tmp_path, positions(8, 8), "a.webp", exif=exif, lossless=True).read_bytes())
    start = content.index(b"MM\x00*")
    content[start + 2 : start + 4] = b"\xff\xff"
    (tmp_path / "a.webp").write_bytes(content)
    assert np.array_equal(read(tmp_path / "a.webp")[0], positions(8, 8))


def in_all_formats():
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (12, 10, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    for name, mode, options in (
        *(("JPEG", "RGB", {"exif": exif}), ("JPEG", "CMYK", {}), ("PNG", "RGBA", {"exif": exif}), ("PNG", "1", {})),
        *(("PNG", "P", {"transparency": 3}), ("WEBP", "RGB", {"exif": exif}), ("WEBP", "RGBA", {"lossless": True})),
        *(("BMP", "RGB", {}), ("GIF", "P", {}), ("PPM", "L", {}), ("TIFF", "I;16", {}), ("TIFF", "F", {})),
    ):
        file = io.BytesIO()
        picture.convert("L" if mode == "I;16" else mode).convert(mode).save(file, name, **options)
        yield file.getvalue()


@given(
    content=st.sampled_from(list(in_all_formats())),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4),
    length=st.one_of(st.just(1.0), st.floats(0, 1)),
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.filterwarnings("ignore")
def test_damage_is_refused_in_one_way_only(tmp_path, content, changes, length):
    damaged = bytearray(content)
    for place, value in changes:
        damaged[int(place * len(damaged))] = value
    (tmp_path / "damaged").write_bytes(damaged[: int(length * len(damaged))])
    try:
        read(tmp_path / "damaged", size=4)
    except Unreadable as error:
        assert str(error)
