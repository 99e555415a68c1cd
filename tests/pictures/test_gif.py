"""The GIF of all epochs, read back frame by frame."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from ms_gan.errors import UserError
from ms_gan.pictures.gif import COLOURS, LONGEST, STRIP, STRIP_GREY, encode, frame_seconds, write_gif
from ms_gan.pictures.grid import save_grid

PACKAGE = Path(__file__).parents[2] / "ms_gan"
MNIST = Path(__file__).parents[2] / "data" / "MNIST_Data" / "train" / "train-images-idx3-ubyte.gz"


def noisy_digits(noise, seed):
    with gzip.open(MNIST) as file:
        digits = np.frombuffer(file.read(16 + 25 * 784), np.uint8, offset=16).reshape(25, 28, 28, 1)
    values = digits + np.random.default_rng(seed).normal(0, noise, digits.shape)
    return np.clip(values, 0, 255).astype(np.uint8)


def run_of(folder, count, noise=40.0):
    """The grids of a run of `count` epochs, and their labels."""
    paths = [folder / f"epoch{epoch:03}.png" for epoch in range(count)]
    for epoch, path in enumerate(paths):
        save_grid(path, noisy_digits(noise, epoch))
    return paths, [f"epoch {epoch}" for epoch in range(count)]


def frames_of(path):
    with Image.open(path) as gif:
        return [(np.asarray(frame.convert("RGB")), frame.info["duration"]) for frame in ImageSequence.Iterator(gif)]


def test_five_epochs(tmp_path):
    paths, labels = run_of(tmp_path, 5)
    write_gif(tmp_path / "evolution.gif", paths, labels)
    frames = frames_of(tmp_path / "evolution.gif")
    assert [duration for _, duration in frames] == [600, 600, 600, 600, 2000]
    with Image.open(tmp_path / "evolution.gif") as gif:
        assert (gif.format, gif.size, gif.info["loop"]) == ("GIF", (292, STRIP + 292), 0)
    for (frame, _), path in zip(frames, paths, strict=True):
        with Image.open(path) as sheet:  # half as large loses nothing: every pixel is drawn 4×4 in the grid
            sheet = np.asarray(sheet)[::2, ::2, np.newaxis].astype(int)
        assert 0 < np.abs(frame[STRIP:] - sheet).max() <= 8  # 16 levels, 17 apart
    assert not list(tmp_path.glob(".*"))


def test_labels_are_drawn_and_differ(tmp_path):
    (path,), _ = run_of(tmp_path, 1)
    write_gif(tmp_path / "a.gif", [path] * 3, ["epoch 1", "epoch 12", ""])
    one, twelve, none = (frame[:STRIP] for frame, _ in frames_of(tmp_path / "a.gif"))
    assert one.max() == 255 and (none == STRIP_GREY).all()
    ink = [np.flatnonzero((strip != STRIP_GREY).any(axis=(0, 2))) for strip in (one, twelve)]
    assert ink[0][0] == ink[1][0]  # flush left: the word stands still
    assert ink[0][-1] < ink[1][-1]  # the longer number reaches further
    np.testing.assert_array_equal(one[:, : ink[0][-1] - 10], twelve[:, : ink[0][-1] - 10])


def test_a_picture_narrower_than_its_label_is_framed(tmp_path):
    save_grid(tmp_path / "a.png", np.full((1, 40, 10, 1), 255, np.uint8))
    write_gif(tmp_path / "a.gif", [tmp_path / "a.png"], ["epoch 12"])
    with Image.open(tmp_path / "a.gif") as gif:
        frame = np.asarray(gif.convert("L"))
    ink = np.flatnonzero((frame[:STRIP] > STRIP_GREY).any(axis=0))
    assert 60 < ink[-1] < frame.shape[1] - 4
    assert (frame[STRIP:, [0, -1]] == STRIP_GREY).all()


def test_two_hundred_noisy_epochs_fit_five_megabytes_and_eighteen_seconds(tmp_path):
    paths, labels = run_of(tmp_path, 20)  # noise on every pixel in every epoch: worse than any run
    write_gif(tmp_path / "evolution.gif", [paths[epoch % 20] for epoch in range(200)], labels * 10)
    assert 1e6 < (tmp_path / "evolution.gif").stat().st_size < 5e6
    durations = [duration for _, duration in frames_of(tmp_path / "evolution.gif")]
    assert durations == [80] * 199 + [2000]


def colour_noise(folder, count):
    """Worse than any run: no pixel is like its neighbour, or like itself in the next frame."""
    paths = [folder / f"{number:03}.png" for number in range(count)]
    for number, path in enumerate(paths):
        save_grid(path, np.random.default_rng(number).integers(0, 256, (25, 64, 64, 3), np.uint8))
    return paths


def test_frames_are_left_out_until_it_is_small_enough(tmp_path, monkeypatch):
    """Evenly; the first and the last stay. A label is a white bar as long as the frame's number."""
    paths, largest = colour_noise(tmp_path, 8), 500_000
    labels = ["|" * (number + 1) for number in range(21)]
    monkeypatch.setattr("ms_gan.pictures.gif.LARGEST", largest)
    write_gif(tmp_path / "a.gif", [paths[number % 8] for number in range(21)], labels)
    frames = frames_of(tmp_path / "a.gif")
    ends = [np.flatnonzero((frame[:STRIP] != STRIP_GREY).any(axis=(0, 2)))[-1] for frame, _ in frames]
    numbers = [round(20 * (end - ends[0]) / (ends[-1] - ends[0])) for end in ends]
    assert numbers == [0, 7, 13, 20]
    assert 0.6 * largest < (tmp_path / "a.gif").stat().st_size <= largest
    assert [duration for _, duration in frames] == [600] * (len(frames) - 1) + [2000]


def test_two_frames_always_stay(tmp_path, monkeypatch):
    monkeypatch.setattr("ms_gan.pictures.gif.LARGEST", 1000)
    write_gif(tmp_path / "a.gif", colour_noise(tmp_path, 3), list("abc"))
    assert len(frames_of(tmp_path / "a.gif")) == 2


def test_no_run_plays_for_longer_than_eighteen_seconds(tmp_path):
    (path,), _ = run_of(tmp_path, 1, noise=0)
    write_gif(tmp_path / "a.gif", [path] * 1000, [f"epoch {number}" for number in range(1000)])
    durations = [duration for _, duration in frames_of(tmp_path / "a.gif")]
    assert durations == [50] * 319 + [2000]


@pytest.mark.parametrize(("count", "seconds"), [(1, 0.6), (5, 0.6), (50, 0.32), (200, 0.08), (1000, 0.05)])
def test_frame_time(count, seconds):
    assert frame_seconds(count) == seconds


def test_colour(tmp_path):
    down, right = np.mgrid[0:256:4, 0:256:4].astype(np.uint8)
    face = np.stack([down, right, 255 - right], axis=-1)
    for epoch in range(2):
        save_grid(tmp_path / f"{epoch}.png", np.stack([np.roll(face, 9 * epoch, axis=1)] * 10))
    write_gif(tmp_path / "a.gif", [tmp_path / "0.png", tmp_path / "1.png"], ["epoch 0", "epoch 1"])
    for index, (frame, _) in enumerate(frames_of(tmp_path / "a.gif")):
        with Image.open(tmp_path / f"{index}.png") as sheet:
            error = np.abs(frame[STRIP:] - np.asarray(sheet)[::2, ::2].astype(int))
        assert error.mean() < 12
        assert 16 < len(np.unique(frame.reshape(-1, 3), axis=0)) <= COLOURS


def test_the_same_frames_give_the_same_bytes(tmp_path):
    paths, labels = run_of(tmp_path, 3)
    for name in ("a.gif", "b.gif"):
        write_gif(tmp_path / name, paths, labels)
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()


@pytest.mark.parametrize("shape", [(16, 16), (16, 16, 3)], ids=["grey", "colour"])
def test_what_is_encoded_is_read_back(tmp_path, shape):
    frames = [np.random.default_rng(number).integers(0, 256, shape, np.uint8) for number in range(3)]
    (tmp_path / "a.gif").write_bytes(encode(frames, [70, 600, 40]))
    found = frames_of(tmp_path / "a.gif")
    assert [duration for _, duration in found] == [70, 600, 40]
    for (there, _), frame in zip(found, frames, strict=True):
        np.testing.assert_array_equal(there, frame if frame.ndim == 3 else frame[..., np.newaxis].repeat(3, axis=2))


def test_a_gif_is_encoded_in_one_place_only():
    texts = {path: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
    encoding = [path for path, text in texts.items() if "imwrite(" in text or "save_all" in text]
    assert encoding == [PACKAGE / "pictures" / "gif.py"]


def spoil_size(path):
    save_grid(path, noisy_digits(0, 0)[:7])


def spoil_text(path):
    path.write_text("no picture", encoding="utf-8")


def spoil_end(path):
    path.write_bytes(path.read_bytes()[:-2000])


def spoil_bit(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def spoil_header(path):
    data = bytearray(path.read_bytes())
    data[11] = 12  # its length, which is 13
    path.write_bytes(data)


def spoil_chunk_length(path):
    data = bytearray(path.read_bytes())
    data[33:37] = (10).to_bytes(4, "big")  # of the first chunk after the header
    path.write_bytes(data)


SPOILS = [spoil_size, spoil_text, spoil_end, spoil_bit, spoil_header, spoil_chunk_length, Path.unlink]


@pytest.mark.parametrize("spoil", SPOILS)
def test_a_bad_frame_is_named_and_nothing_is_written(tmp_path, spoil):
    paths, labels = run_of(tmp_path, 3)
    spoil(paths[1])
    (tmp_path / "out").mkdir()
    with pytest.raises(UserError, match=r"epoch001\.png: .*(pixels|readable|no such)"):
        write_gif(tmp_path / "out" / "a.gif", paths, labels)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_frame_taller_than_a_gif_can_say(tmp_path):
    for name, height in (("fits", LONGEST - STRIP), ("tall", LONGEST - STRIP + 1)):
        Image.new("L", (8, height)).save(tmp_path / f"{name}.png")
    write_gif(tmp_path / "fits.gif", [tmp_path / "fits.png"], ["epoch 1"])
    with Image.open(tmp_path / "fits.gif") as gif:
        assert gif.height == 65_535
    with pytest.raises(UserError, match=r"tall\.png: \d+×65536 pixels with its label, .* 65,535 at most; draw fewer"):
        write_gif(tmp_path / "tall.gif", [tmp_path / "tall.png"], ["epoch 1"])
    assert not (tmp_path / "tall.gif").exists()


def test_a_jpeg_under_the_name_of_a_png(tmp_path):
    Image.new("L", (584, 584)).save(tmp_path / "a.png", "JPEG")
    with pytest.raises(UserError, match=r"a\.png: not a readable PNG"):
        write_gif(tmp_path / "a.gif", [tmp_path / "a.png"], ["epoch 0"])


def test_no_frames(tmp_path):
    with pytest.raises(UserError, match="no pictures"):
        write_gif(tmp_path / "a.gif", [], [])


def test_a_label_too_few(tmp_path):
    paths, labels = run_of(tmp_path, 2)
    with pytest.raises(ValueError, match="2 frames, but 1 labels"):
        write_gif(tmp_path / "a.gif", paths, labels[:1])
