"""Drawn faces: each follows from the seed and its number; the folder is whole, goes on, and mixes with nothing."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ms_gan.data.faces import cartoon as module
from ms_gan.data.faces.cartoon import cartoon, draw_cartoons
from ms_gan.errors import UserError

SIZE = 24
REPOSITORY = Path(__file__).parents[3]
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])}


def draw(folder, count, seed=7, processes=1, size=SIZE):
    said = []
    draw_cartoons(folder, count, size, seed, said.append, processes)
    return said


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def refusal(*arguments, **settings):
    with pytest.raises(UserError) as caught:
        draw(*arguments, **settings)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_face_is_a_picture_of_a_face():
    """The background in the corners, skin on the cheeks, and eyes, left and right, darker or lighter than skin."""
    faces = [cartoon(7, index) for index in range(40)]
    assert all(face.shape == (96, 96, 3) and face.dtype == np.uint8 for face in faces)
    backgrounds = {tuple(bytes.fromhex(color[1:])) for color in module.BACKGROUNDS}
    bald = [face for face in faces if tuple(face[2, 2]) in backgrounds]
    assert len(bald) > 10 and {tuple(face[2, 2]) for face in bald} == backgrounds
    import python_avatars

    skins = {tuple(bytes.fromhex(color.value[1:])) for color in python_avatars.SkinColor}
    cheeks = [tuple(face[68, 35]) for face in faces]
    assert sum(cheek in skins for cheek in cheeks) > 30 and len(set(cheeks) & skins) == len(module.SKIN_COLORS)
    for face, cheek in zip(faces, cheeks, strict=True):
        for column in (slice(29, 40), slice(57, 68)):
            difference = np.abs(face[46:58, column].astype(int) - cheek)
            assert difference.max() > 40


def test_a_face_follows_from_the_seed_and_its_number():
    for seed, index in ((7, 0), (7, 1), (8, 0), (2**32 - 1, 999_999)):
        assert np.array_equal(cartoon(seed, index, SIZE), cartoon(seed, index, SIZE))
    several = [cartoon(seed, index, SIZE) for seed in (7, 8) for index in range(10)]
    assert len({face.tobytes() for face in several}) == 20


def test_a_face_is_the_same_at_every_size():
    large, small = cartoon(7, 3, 96), cartoon(7, 3, 48)
    averaged = large.reshape(48, 2, 48, 2, 3).mean((1, 3))
    assert 0 < np.abs(averaged - small).mean() < 2
    assert np.abs(averaged - cartoon(7, 4, 48)).mean() > 20


def test_the_choices_stay_the_same():
    """On every system and Python, so that a set can be extended anywhere."""
    names = {key: getattr(value, "name", value) for key, value in module._features(7, 0).items()}
    assert names == {
        "top": "SHORT_FLAT",
        "hair_color": "BLACK",
        "facial_hair_color": "BLACK",
        "facial_hair": "MOUSTACHE_MAGNUM",
        "skin_color": "LIGHT",
        "hat_color": "BLUE_03",
        "eyes": "DEFAULT",
        "eyebrows": "DEFAULT",
        "mouth": "SMILE",
        "accessory": None,
        "clothing": "SHIRT_CREW_NECK",
        "clothing_color": "BLUE_02",
        "background_color": "#9FD3E8",
    }


def test_variety():
    features = [module._features(7, index) for index in range(2000)]
    hats = sum(type(feature["top"]).__name__ == "HatType" for feature in features) / 2000
    assert 0.06 < hats < 0.10
    assert 0.12 < sum(feature["accessory"] is not None for feature in features) / 2000 < 0.18
    assert 0.12 < sum(feature["facial_hair"] is not None for feature in features) / 2000 < 0.18
    tops = {feature["top"].name for feature in features}
    assert tops == {*module.SHORT_HAIR, *module.LONG_HAIR, *module.HATS}
    assert len({tuple(map(str, feature.values())) for feature in features}) > 1990


def test_a_set(tmp_path):
    folder = tmp_path / "new" / "cartoon"
    assert draw(folder, 3) == [f"3 faces in {folder}; train on them: ms-gan train dcgan-small --data {folder}"]
    assert sorted(contents(folder)) == ["000000.png", "000001.png", "000002.png", "cartoon.json"]
    for index in range(3):
        with Image.open(folder / f"{index:06}.png") as picture:
            assert (picture.format, picture.mode) == ("PNG", "RGB")
            assert np.array_equal(np.asarray(picture), cartoon(7, index, SIZE))
    versions = {name: metadata.version(name) for name in ("python_avatars", "resvg-py")}
    assert json.loads((folder / "cartoon.json").read_text()) == {"seed": 7, "size": SIZE, **versions}


def test_a_set_extended_is_the_larger_set(tmp_path):
    draw(tmp_path / "a", 4)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "a").iterdir()}
    draw(tmp_path / "a", 9)
    draw(tmp_path / "b", 9)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert {path: path.stat().st_mtime_ns for path in before} == before  # not drawn again
    assert draw(tmp_path / "a", 2)[0].startswith("9 faces in ")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_what_is_missing_or_empty_is_drawn_again(tmp_path):
    draw(tmp_path, 5)
    before = contents(tmp_path)
    (tmp_path / "000001.png").unlink()
    (tmp_path / "000003.png").write_bytes(b"")
    assert draw(tmp_path, 5)[0].startswith("5 faces in ")
    assert contents(tmp_path) == before


def test_by_several_processes_from_a_script_as_lectures_are(tmp_path):
    """The same files; the script, which does not ask whether it is `__main__`, runs once."""
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path\n"
        "from ms_gan.data.faces.cartoon import draw_cartoons\n"
        "print('once')\n"
        f"draw_cartoons(Path('several'), 80, {SIZE}, 7, print, 2)\n"
    )
    done = subprocess.run([sys.executable, script], env=ENVIRONMENT, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "once" and done.stdout.splitlines()[1].startswith("80 faces in several")
    draw(tmp_path / "one", 80)
    assert contents(tmp_path / "several") == contents(tmp_path / "one")


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"count": 0}, "count 0: it must be from 1 to 1,000,000"),
        ({"count": -3}, "count -3"),
        ({"count": 1_000_001}, "count 1000001"),
        ({"size": 15}, "size 15: it must be from 16 to 512"),
        ({"size": 513}, "size 513"),
        ({"seed": -1}, "seed -1: it must be from 0 to 4,294,967,295"),
        ({"seed": 2**32}, "seed 4294967296"),
    ],
)
def test_numbers_out_of_range(tmp_path, settings, wanted):
    assert wanted in refusal(tmp_path / "new", **({"count": 1} | settings))
    assert not (tmp_path / "new").exists()


def test_another_set_is_refused(tmp_path):
    draw(tmp_path, 2)
    before = contents(tmp_path)
    assert "(seed 7 and not 8)" in refusal(tmp_path, 3, seed=8)
    assert f"(size {SIZE} and not 32)" in refusal(tmp_path, 3, size=32)
    manifest = json.loads(before["cartoon.json"]) | {"resvg-py": "0.0.1"}
    (tmp_path / "cartoon.json").write_text(json.dumps(manifest))
    assert f"(resvg-py 0.0.1 and not {metadata.version('resvg-py')})" in refusal(tmp_path, 3)
    for damage in ("{", "[1]", "7"):
        (tmp_path / "cartoon.json").write_text(damage)
        assert "cartoon.json is damaged: delete the folder" in refusal(tmp_path, 3)
    (tmp_path / "cartoon.json").unlink()
    assert "holds 000000.png, which is not of a set drawn here" in refusal(tmp_path, 3)
    (tmp_path / "cartoon.json").write_bytes(before["cartoon.json"])
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", ["mine.jpg", "1.png", "0000001.png", "notes.txt", "cartoon.txt"])
@pytest.mark.parametrize("finished", [False, True])
def test_a_folder_with_other_files_is_refused(tmp_path, name, finished):
    if finished:
        draw(tmp_path, 1)
    (tmp_path / name).write_bytes(b"mine")
    before = contents(tmp_path)
    assert f"holds {name}, which is not of a set drawn here: name an empty folder" in refusal(tmp_path, 3)
    assert contents(tmp_path) == before


def test_hidden_files_do_not_matter(tmp_path):
    (tmp_path / ".DS_Store").write_bytes(b"the system's")
    assert draw(tmp_path, 1)[0].startswith("1 faces in ")


def test_without_the_extra(tmp_path, monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    module._versions.cache_clear()
    monkeypatch.setattr(metadata, "version", missing)
    wanted = 'no python_avatars here, which draws the faces: python -m pip install -e ".[cartoon]"'
    assert refusal(tmp_path / "new", 1) == wanted
    with pytest.raises(UserError, match="no python_avatars here"):
        cartoon(7, 0)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "cartoon"):
        assert f"cannot write the faces into {folder} (" in refusal(folder, 1)


def test_a_process_that_cannot_be_started(tmp_path, monkeypatch):
    def fail(*_):
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        yield

    monkeypatch.setattr(module, "_in_order", fail)
    message = refusal(tmp_path / "faces", 3)
    assert f"cannot draw faces into {tmp_path / 'faces'} (Resource temporarily unavailable)" in message


def test_a_full_disk(tmp_path, monkeypatch):
    """What is there stays, and is gone on with."""
    real = os.replace

    def full(source, target):
        if Path(target).name == "000002.png":
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        real(source, target)

    monkeypatch.setattr(os, "replace", full)
    message = refusal(tmp_path, 5)
    assert "000002.png (No space left on device)" in message and "it goes on from there" in message
    assert sorted(contents(tmp_path)) == ["000000.png", "000001.png", "cartoon.json"]
    monkeypatch.setattr(os, "replace", real)
    assert draw(tmp_path, 5)[0].startswith("5 faces")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_stopped_from_outside(tmp_path, number):
    """One line or none; no process stays behind; what is there is whole and is gone on with."""
    folder = tmp_path / "cartoon"
    words = f"-m ms_gan data cartoon --count 20000 --size {SIZE} --out {folder}".split()
    drawing = subprocess.Popen(
        [sys.executable, *words], env=ENVIRONMENT, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while not (folder / "000010.png").exists():
        assert drawing.poll() is None
        time.sleep(0.01)
    # a terminal sends Ctrl-C to all of them; who kills, kills the one he sees
    (os.killpg if number == signal.SIGINT else os.kill)(drawing.pid, number)
    error = drawing.communicate(timeout=300)[1]  # ends when the last process that can write to it has ended
    if number == signal.SIGINT:
        assert (drawing.returncode, error) == (130, "ms-gan: stopped\n")
    there = {name: content for name, content in contents(folder).items() if not name.startswith(".")}
    assert 10 < len(there) < 20000
    draw(folder, 20)
    draw(tmp_path / "other", 20)
    assert (
        contents(tmp_path / "other").items() <= contents(folder).items() and there.items() <= contents(folder).items()
    )


def test_a_drawing_process_that_is_killed(tmp_path):
    with pytest.raises(UserError, match="a process that draws was ended from outside .*: run it again to go on"):
        module._draw(tmp_path, list(range(80)), os._exit, processes=2, there=0)
