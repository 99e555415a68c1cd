import errno
import json
import os
import shutil
import threading
import time
import tracemalloc
import warnings
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from ms_gan import device
from ms_gan.data.batches import Batches
from ms_gan.data.folder import decoded, loading, square
from ms_gan.data.folder.loading import load_pictures
from ms_gan.disk import picture_file, sealed
from ms_gan.errors import UserError

WAY = {"pattern": "*", "crop": 0, "size": 4, "channels": 3}
TRUNCATED = "a PNG broken off in its pixels"

pytestmark = pytest.mark.usefixtures("cache")


def paint(path, grey, side=4):
    """A picture in one colour, (grey, 0, 0)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (side, side), (grey, 0, 0)).save(path)


@pytest.fixture
def pictures(tmp_path):
    """pictures(10) paints 00.png … 09.png, as bright as their numbers, into a folder; so many `bad` ones are broken."""

    def make(count, bad=0, name="pictures"):
        for number in range(count):
            path = tmp_path / name / f"{number:02}.png"
            paint(path, number)
            if number < bad:
                path.write_bytes(path.read_bytes()[:45])  # within the pixels
        return tmp_path / name

    return make


def load(path, **changes):
    """The pictures, and the lines that were said."""
    lines = []
    pixels = load_pictures(path, **WAY | changes, say=lines.append)
    assert pixels.dtype == np.uint8 and all(line.isprintable() for line in lines)
    return pixels, lines


def refusal(path, **changes):
    with pytest.raises(UserError) as caught:
        load(path, **changes)
    assert str(caught.value).isprintable()
    return str(caught.value)


def numbers(pixels):
    assert (pixels == pixels[:, :1, :1]).all() and not pixels[..., 1:].any()
    return pixels[:, 0, 0, 0].tolist()


def names(place):
    return sorted(path.name for path in place.iterdir()) if place.exists() else []


@pytest.fixture
def never_decoded(monkeypatch):
    """From its call on, no picture may be decoded."""
    return lambda: monkeypatch.setattr(loading, "read_square", lambda *_, **__: pytest.fail("decoded"))


def test_pixels_in_the_order_of_names(tmp_path):
    for grey, name in enumerate(("10.png", "9.png", "C/1.png", "a/2.png", "b.png")):
        paint(tmp_path / name, grey)
    pixels, _ = load(tmp_path)
    assert pixels.shape == (5, 4, 4, 3) and numbers(pixels) == [0, 1, 2, 3, 4]


def test_slow_pictures_do_not_change_the_order(pictures, monkeypatch):
    def slow(path, **way):
        time.sleep(0.02 if path.stem < "05" else 0)
        return square.read_square(path, **way)

    monkeypatch.setattr(loading, "read_square", slow)
    assert numbers(load(pictures(40))[0]) == list(range(40))


@pytest.mark.parametrize("channels", [1, 3])
def test_crop_size_and_channels_reach_every_picture(tmp_path, channels):
    ramp = np.tile(np.arange(20, dtype=np.uint8), (10, 1))
    (tmp_path / "x").mkdir()
    Image.fromarray(ramp).save(tmp_path / "x" / "a.png")
    pixels, _ = load(tmp_path, crop=4, size=4, channels=channels)
    assert np.array_equal(pixels, np.broadcast_to(np.arange(8, 12)[:, None], (1, 4, 4, channels)))


def test_what_it_will_need_is_said_before(pictures, cache, monkeypatch):
    path, lines = pictures(10), []

    def read(*arguments, **way):
        assert len(lines) == 1
        return square.read_square(*arguments, **way)

    monkeypatch.setattr(loading, "read_square", read)
    load_pictures(path, **WAY | {"size": 300}, say=lines.append)
    assert lines[0].startswith(f"10 pictures in {path}: 2.7 MB when decoded (300×300, in colours), kept in {cache}")


def test_batches_are_served_from_what_is_kept(pictures):
    pixels, _ = load(pictures(10))
    assert isinstance(pixels, np.memmap) and not pixels.flags.writeable
    batches = Batches(pixels, batch_size=5, latent_size=2, seed=0)
    images = [image for image, _ in batches.epoch(0).create_tuple_iterator(num_epochs=1, output_numpy=True)]
    assert [image.shape for image in images] == [(5, 3, 4, 4)] * 2
    assert sorted(np.rint(np.concatenate(images)[:, 0, 0, 0] * 127.5 + 127.5)) == list(range(10))


def test_one_of_a_hundred_may_be_unreadable(pictures):
    pixels, lines = load(pictures(100, bad=1))
    assert numbers(pixels) == list(range(1, 100))
    assert lines[1].startswith(f"note: 00.png cannot be read: {TRUNCATED}")
    assert lines[2:] == ["note: left out as unreadable: 1 of 100 pictures"]


@pytest.mark.parametrize(("count", "bad"), [(100, 2), (99, 1), (1, 1), (3, 3)])
def test_more_than_one_in_a_hundred_is_an_error(pictures, cache, count, bad):
    path = pictures(count, bad)
    message = refusal(path)
    assert f"{bad} of {count} pictures in {path} cannot be read, such as 00.png ({TRUNCATED}" in message
    assert ("--skip-bad" in message) == (bad < count)
    assert len(names(cache / "folders")) == (2 if bad < count else 0)  # for the next training, with --skip-bad


@pytest.mark.parametrize(("count", "bad"), [(20, 3), (20, 12), (7, 6)])
def test_what_can_be_read_is_enough_if_the_user_says_so(pictures, cache, never_decoded, count, bad):
    path = pictures(count, bad)
    refusal(path)
    never_decoded()  # again
    for _ in range(2):
        pixels, lines = load(path, skip_bad=True)
        assert numbers(pixels) == list(range(bad, count))
        assert f"note: left out as unreadable: {bad} of {count} pictures" in lines[-1]
    refusal(path)


def test_all_unreadable_pictures_are_listed(pictures, cache):
    path, lines = pictures(40, bad=30), []
    with pytest.raises(UserError):
        load_pictures(path, **WAY, say=lines.append)
    (listed,) = (cache / "folders").glob("*.txt")
    assert lines[-1] == f"note: left out as unreadable: 30 of 40 pictures, all in {listed}"
    rows = [line.split("\t") for line in listed.read_text(encoding="utf-8").splitlines()]
    assert rows == [[f"{number:02}.png", TRUNCATED] for number in range(30)]
    for name, _ in rows:
        (path / name).unlink()
    assert len(load(path)[0]) == 10 and not listed.exists()


def test_without_a_place_for_the_list_all_are_named(pictures, cache):
    cache.parent.touch()
    _, lines = load(pictures(40, bad=30), skip_bad=True)
    assert sum("cannot be read: " in line for line in lines) == 30


def test_when_none_can_be_read_all_are_listed(pictures, cache):
    message = refusal(pictures(9, bad=9), skip_bad=True)
    (listed,) = (cache / "folders").iterdir()
    assert str(listed) in message and len(listed.read_text(encoding="utf-8").splitlines()) == 9


def test_a_pattern_decides_and_not_the_ending(tmp_path):
    folder = tmp_path / "x"
    for number in range(6):
        paint(folder / f"img_{number}.png", number)
        (folder / f"img_{number}.png").rename(folder / f"img_{number}{'.dat' * (number % 2)}")
        (folder / f"img_{number}.txt").write_text("a caption")
    pixels, lines = load(folder, pattern="img_*")
    assert numbers(pixels) == list(range(6)) and lines[0].startswith("12 files in ")
    assert lines[1:] == ["note: left out, for they are no pictures: 6 .txt"]
    assert load(folder, pattern="img_*")[1][1:] == lines[1:]
    assert numbers(load(folder, pattern="*.dat")[0]) == [1, 3, 5]
    assert "6 of 6 pictures" in refusal(folder, pattern="*.txt")
    (folder / "img_7.png").write_bytes(b"")
    assert "1 of 7 pictures" in refusal(folder, pattern="img_*")


def test_a_pattern_that_names_no_picture(tmp_path):
    (tmp_path / "img_1").write_text("no picture")
    assert "none of the 1 files" in refusal(tmp_path, pattern="img_*")


def test_what_the_endings_leave_out_is_said_first(pictures):
    path = pictures(3)
    for name in ("a.txt", "b.txt", "c"):
        (path / name).touch()
    lines = load(path)[1]
    assert lines[0].startswith("note: left out 3 files without a picture's ending") and "2 .txt, 1 without" in lines[0]
    assert load(path, pattern="*.png")[1][0].startswith("3 pictures in ")


def test_the_first_five_are_named_and_all_are_counted(pictures, tmp_path):
    path = pictures(100, bad=7)
    for copy in range(6):
        shutil.copytree(path, path / f"copy{copy}", ignore=shutil.ignore_patterns("copy*", "00.png", "0[1-6].png"))
    for number in range(42):
        paint(path / "more" / f"{number}.png", 0)
    pixels, lines = load(path)
    assert len(pixels) == 93 + 6 * 93 + 42 == 693
    assert [line.split(":")[1] for line in lines[1:6]] == [f" 0{number}.png cannot be read" for number in range(5)]
    assert len(lines) == 7 and lines[6].startswith("note: left out as unreadable: 7 of 700 pictures, all in ")


def test_a_bomb_is_named_and_left_out(pictures, monkeypatch):
    path = pictures(100)
    paint(path / "05.png", 0, side=101)
    monkeypatch.setattr(picture_file, "LARGEST", 10_000)
    pixels, lines = load(path)
    assert len(pixels) == 99
    assert lines[1].startswith("note: 05.png cannot be read: a decompression bomb")


def test_names_and_reasons_stay_on_one_line(pictures, monkeypatch):
    path = pictures(100)
    read = square.read_square

    def refuse_one(file, **way):
        if file.stem == "42":
            raise square.Unreadable("two\nlines")
        return read(file, **way)

    monkeypatch.setattr(loading, "read_square", refuse_one)
    assert load(path)[1][1] == r"note: 42.png cannot be read: 'two\nlines'"


@pytest.mark.skipif(os.name != "posix", reason="such a name is possible on POSIX only")
def test_a_name_with_a_line_break(pictures):
    path = pictures(99)
    (path / "two\nlines.png").touch()
    assert load(path)[1][1].startswith(r"note: 'two\nlines.png' cannot be read: not a picture")


def test_pillows_warnings_stay_away_from_the_user(pictures, monkeypatch):
    def warn(path, **way):
        warnings.warn("Corrupt EXIF data", stacklevel=1)
        return square.read_square(path, **way)

    monkeypatch.setattr(loading, "read_square", warn)
    with warnings.catch_warnings(record=True, action="always") as caught:
        load(pictures(5))
    assert not caught


def test_small_pictures_are_counted(tmp_path):
    for number, side in enumerate((3, 5, 9, 10, 12)):
        paint(tmp_path / "x" / f"{number}.png", number, side)
    pixels, lines = load(tmp_path / "x", crop=10, size=8)
    assert numbers(pixels) == [0, 1, 2, 3, 4]
    assert lines[1:] == [
        "note: smaller than the crop of 10×10, so that their largest central square is taken: 3 of 5 pictures",
        "note: enlarged to 8×8, which adds no detail: 2 of 5 pictures",
    ]
    assert len(load(tmp_path / "x", crop=3, size=3)[1]) == 1


@pytest.mark.parametrize("bad", [0, 1])
def test_the_second_time_nothing_is_decoded(pictures, cache, never_decoded, bad):
    path = pictures(100, bad)
    first, lines = load(path)
    kept = names(cache / "folders")
    never_decoded()
    second, again = load(path)
    assert np.array_equal(first, second) and second.shape == first.shape and not second.flags.writeable
    assert "decoded before" in again[0] and again[1:] == lines[1:]
    assert [name.split(".")[1] for name in kept] == ["json", "u8"] and names(cache / "folders") == kept
    assert (cache / "folders" / kept[1]).stat().st_size == first.nbytes


def test_the_folder_is_the_same_by_any_of_its_names(pictures, never_decoded, monkeypatch, tmp_path):
    load(pictures(3))
    never_decoded()
    monkeypatch.chdir(tmp_path)
    load(tmp_path / "pictures" / ".." / "pictures")
    load(loading.Path("pictures"))


def repaint(path):
    status = (path / "01.png").stat()
    paint(path / "01.png", 77)
    os.utime(path / "01.png", ns=(status.st_atime_ns, status.st_mtime_ns + 1))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (repaint, [0, 77, 2]),
        (lambda path: paint(path / "3.png", 3), [0, 1, 2, 3]),
        (lambda path: (path / "00.png").unlink(), [1, 2]),
        (lambda path: (path / "00.png").rename(path / "9.png"), [1, 2, 0]),
    ],
)
def test_a_changed_folder_is_decoded_anew(pictures, cache, change, expected):
    path = pictures(3)
    load(path)
    change(path)
    pixels, lines = load(path)
    assert numbers(pixels) == expected and "decoded before" not in lines[0]
    assert len(names(cache / "folders")) == 2  # the older copy is gone


@pytest.mark.parametrize("change", [{"size": 5}, {"crop": 2}, {"channels": 1}, {"VERSION": 0}])
def test_another_way_of_reading_replaces_what_was_kept(pictures, cache, monkeypatch, change):
    path = pictures(3)
    load(path)
    before = names(cache / "folders")
    monkeypatch.setattr(loading, "VERSION", change.pop("VERSION", loading.VERSION))
    pixels, lines = load(path, **change)
    assert pixels.shape == (3, change.get("size", 4), change.get("size", 4), change.get("channels", 3))
    assert "decoded before" not in lines[0]
    assert len(names(cache / "folders")) == 2 and not set(before) & set(names(cache / "folders"))


def test_other_folders_and_patterns_keep_theirs(pictures, cache, never_decoded):
    one, other = pictures(3), pictures(4, name="other")
    for _ in range(2):
        assert [len(load(path, pattern=pattern)[0]) for path in (one, other) for pattern in ("*", "*1.png")] == [
            *(3, 1, 4, 1)
        ]
        never_decoded()
    assert len(names(cache / "folders")) == 8


def kept_files(cache):
    notes, pixels = sorted((cache / "folders").iterdir())
    return pixels, notes


def flipped(content):
    return content[:50] + bytes([content[50] ^ 1]) + content[51:]


def renoted(**changes):
    return lambda content: json.dumps(json.loads(content) | changes).encode()


@pytest.mark.parametrize("damage", [lambda content: content[:-2], lambda content: b"", flipped])
@pytest.mark.parametrize("which", [0, 1])
def test_a_damaged_copy_is_decoded_anew(pictures, cache, never_decoded, which, damage):
    path = pictures(3)
    load(path)
    file = kept_files(cache)[which]
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert numbers(load(path)[0]) == [0, 1, 2]
    assert file.read_bytes() == whole
    never_decoded()
    load(path)


@pytest.mark.parametrize(
    "damage", [renoted(read=2), renoted(read=4), renoted(read=0), renoted(other=1), lambda content: b"[]"]
)
def test_notes_that_do_not_fit_are_not_believed(pictures, cache, damage):
    path = pictures(3)
    load(path)
    notes = kept_files(cache)[1]
    whole = notes.read_bytes()
    notes.write_bytes(damage(whole))
    assert numbers(load(path)[0]) == [0, 1, 2]
    assert notes.read_bytes() == whole


def test_notes_of_the_release_before_are_read(pictures, cache, never_decoded):
    path = pictures(3)
    load(path)
    notes = kept_files(cache)[1]
    before = sealed.read(notes)
    sealed.write(notes, {name: value for name, value in before.items() if name not in ("no_pictures", "seal")})
    never_decoded()
    assert numbers(load(path)[0]) == [0, 1, 2]


@pytest.mark.parametrize("which", [0, 1])
def test_half_of_a_copy_is_none(pictures, cache, which):
    path = pictures(3)
    load(path)
    kept_files(cache)[which].unlink()
    assert numbers(load(path)[0]) == [0, 1, 2]
    assert len(names(cache / "folders")) == 2


def test_without_a_cache_folder_they_are_held_in_memory(pictures, cache):
    cache.parent.touch()  # mode bits do not stop an administrator, a file in the way does
    path = pictures(100, bad=1)
    pixels, lines = load(path)
    assert numbers(pixels) == list(range(1, 100)) and not isinstance(pixels, np.memmap)
    assert lines[0].startswith("note: pictures cannot be kept in ") and str(cache) in lines[0]
    assert lines[1].endswith("held in memory") and "00.png" in lines[2]


def test_without_room_on_the_disk_they_are_held_in_memory(pictures, cache, monkeypatch):
    path = pictures(3)
    need = 3 * 4 * 4 * 3
    monkeypatch.setattr(decoded.shutil, "disk_usage", lambda place: SimpleNamespace(free=need - 1))
    pixels, lines = load(path)
    assert numbers(pixels) == [0, 1, 2] and "No space left" in lines[0] and len(lines) == 2
    assert names(cache / "folders") == []
    monkeypatch.setattr(decoded.shutil, "disk_usage", lambda place: SimpleNamespace(free=need))
    assert isinstance(load(path)[0], np.memmap)


def test_a_disk_that_fills_up_meanwhile(pictures, cache, monkeypatch):
    def full(checksum, start=0):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(decoded, "zlib", SimpleNamespace(crc32=full))
    pixels, lines = load(pictures(3))
    assert numbers(pixels) == [0, 1, 2] and len(lines) == 3
    assert "No space left on device" in lines[1] and "held in memory" in lines[2]
    assert names(cache / "folders") == []


def test_more_than_the_memory_is_one_line(pictures, cache):
    cache.parent.touch()
    assert "lower --size" in refusal(pictures(1), size=10_000_000)


def test_a_stop_leaves_nothing_behind(pictures, cache, monkeypatch):
    def stop(path, **way):
        if path.stem == "90":
            raise KeyboardInterrupt
        return square.read_square(path, **way)

    monkeypatch.setattr(loading, "read_square", stop)
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        load(pictures(100))
    assert names(cache / "folders") == [] and threading.active_count() == before


def test_what_a_killed_process_left_is_removed_after_an_hour(pictures, cache):
    (cache / "folders").mkdir(parents=True)
    old, new = f".{16 * '0'}.part", f".{16 * '1'}.part"
    for name, minutes in ((old, 61), (new, 59)):
        (cache / "folders" / name).touch()
        os.utime(cache / "folders" / name, (time.time() - 60 * minutes,) * 2)
    load(pictures(3))
    assert names(cache / "folders")[0] == new and len(names(cache / "folders")) == 3


def test_many_at_once_do_not_disturb_one_another(pictures, cache):
    path = pictures(20)
    with warnings.catch_warnings(), ThreadPoolExecutor(6) as pool:  # threads mix up their filters, processes would not
        found = list(pool.map(lambda _: numbers(load(path)[0]), range(12)))
    assert found == [list(range(20))] * 12
    assert len(names(cache / "folders")) == 2


def test_a_copy_that_another_process_just_made_stays(pictures, cache):
    load(pictures(3))

    def fail(keep):
        raise OSError

    pixels = kept_files(cache)[0]
    with pytest.raises(OSError):
        decoded.save(pixels, fail, 1, list)
    assert numbers(decoded.load(pixels, (4, 4, 3))[0]) == [0, 1, 2]


def peak_while_loading(path, **changes):
    tracemalloc.start()
    try:
        pixels, _ = load(path, **changes)
        return tracemalloc.get_traced_memory()[1] / pixels.nbytes
    finally:
        tracemalloc.stop()


def test_no_more_than_one_copy_is_held(pictures, cache, monkeypatch):
    monkeypatch.setattr(device, "cores", lambda: 1)
    path = pictures(100)
    assert peak_while_loading(path, size=200) < 0.3  # nine are read ahead
    assert peak_while_loading(path, size=200) < 0.1
    shutil.rmtree(cache.parent)
    cache.parent.touch()
    assert 1 < peak_while_loading(path, size=200) < 1.3


@pytest.mark.parametrize("other", [1, 5])
def test_the_same_bytes_whatever_the_number_of_threads(pictures, cache, monkeypatch, other):
    path = pictures(30)
    first = load(path, size=7)[0].tobytes()
    shutil.rmtree(cache)
    monkeypatch.setattr(device, "cores", lambda: other)
    assert load(path, size=7)[0].tobytes() == first
