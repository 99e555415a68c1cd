"""Training on a folder of pictures by the commands a student types: train, stop, go on, sample, judge, look."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ms_gan.data.faces.cartoon import draw_cartoons

SMALL = ["--width", 4, "--batch-size", 8, "--log-every", 2]


@pytest.fixture(scope="module")
def faces(tmp_path_factory) -> Path:
    """Twenty-six drawn faces of 40×40 pixels, one of them in a folder of its own and one not a picture."""
    folder = tmp_path_factory.mktemp("faces")
    draw_cartoons(folder / "drawn", 26, 40, 7, say=lambda line: None, processes=1)
    (folder / "more").mkdir()
    shutil.move(folder / "drawn" / "000025.png", folder / "more" / "last.PNG")
    return folder


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The user's cache folder, away from the real one."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)


def test_faces_from_the_folder_to_the_sample(command, faces, tmp_path, cache, cpu):
    result = tmp_path / "result"
    options = ["--pattern", "*.png", "--crop", 36, *SMALL]
    trained = command("train", "dcgan-small", "--data", faces, *options, "--epochs", 2, "--result", result)
    assert (trained.status, trained.err) == (0, "")
    assert trained.lines[0].startswith(f"26 pictures in {faces}: 0.1 MB when decoded (32×32, in colours), kept in ")
    assert trained.lines[1] == f"24 images an epoch in 3 batches of 8 (2 left out); CPU; results in {result}"
    settings = json.loads((result / "recipe.json").read_text(encoding="utf-8"))
    wanted = {"networks": "dcgan64", "pattern": "*.png", "crop": 36, "size": 32, "channels": 3, "width": 4}
    assert wanted.items() <= settings.items() and settings["data"] == str(faces)

    first, again = result / "checkpoints" / "Generator0.ckpt", tmp_path / "again"
    gone_on = command("train", "dcgan-small", "--epochs", 2, "--result", again, "--resume", first)
    assert (gone_on.status, gone_on.err) == (0, "")
    assert "decoded before and kept in" in "".join(gone_on.lines)  # where the data lie is known
    for name in ("checkpoints/Generator1.ckpt", "checkpoints/Discriminator1.ckpt", "images/epoch001.png"):
        assert (result / name).read_bytes() == (again / name).read_bytes()

    generator, sheet = result / "checkpoints" / "Generator1.ckpt", tmp_path / "sheet.png"
    assert command("sample", generator, "--count", 4, "--out", sheet).status == 0
    with Image.open(sheet) as picture:
        assert (picture.mode, picture.size) == ("RGB", (4 * (4 * 32 + 4) + 4, 4 * 32 + 8))
        assert np.asarray(picture).std() > 0
    Image.open(faces / "drawn" / "000000.png").resize((32, 32)).save(tmp_path / "face.png")
    judged = command("judge", result / "checkpoints" / "Discriminator1.ckpt", tmp_path / "face.png")
    assert judged.status == 0 and 0 < float(judged.out.split("D(x) = ")[1]) < 1


def test_grey_pictures_at_another_size(command, faces, tmp_path, cache, cpu):
    """What the blog does: a pattern, a crop and a size of one's own."""
    result = tmp_path / "result"
    options = ["--pattern", "0*.png", "--crop", 32, "--size", 48, "--channels", 1, *SMALL]
    trained = command("train", "dcgan-faces", "--data", faces, *options, "--epochs", 1, "--result", result)
    assert (trained.status, trained.err) == (0, "")
    assert any(line.startswith("note: enlarged to 48×48") for line in trained.lines)
    with Image.open(result / "images" / "epoch000.png") as picture:
        assert (picture.mode, picture.size) == ("L", (5 * 100 + 4, 5 * 100 + 4))


def test_pictures_of_which_some_cannot_be_read(command, faces, tmp_path, cache, cpu):
    folder, result = shutil.copytree(faces, tmp_path / "faces"), tmp_path / "result"
    for number in range(3):
        (folder / "drawn" / f"00000{number}.png").write_bytes(b"")
    options = ["dcgan-small", "--data", folder, *SMALL, "--epochs", 1, "--result", result]
    refused = command("train", *options)
    assert refused.status == 2 and "3 of 26 pictures" in refused.err and "--skip-bad" in refused.err
    assert not result.exists()
    trained = command("train", *options, "--skip-bad")
    assert (trained.status, trained.err) == (0, "")
    assert sum("cannot be read: not a picture" in line for line in trained.lines) == 3
    gone_on = command("train", "dcgan-small", "--result", result, "--epochs", 2, "--resume")  # it was decided before
    assert (gone_on.status, gone_on.err) == (0, "")
    sheet, generator = tmp_path / "sheet.png", result / "checkpoints" / "Generator1.ckpt"
    assert command("neighbours", generator, "--count", 2, "--out", sheet).status == 0


@pytest.mark.parametrize(
    "options, said",
    [
        ([], "there are no pictures to train on: name a folder with --data"),
        (["--data", "nowhere"], "there is no folder "),
        (["--data", "empty"], "no file in empty matches the pattern *; there are no files at all"),
        (["--data", "faces", "--pattern", "*.jpg"], "matches the pattern *.jpg; there are 26 .png, 1 .json"),
        (["--data", "faces", "--size", "50"], "50"),
        (["--data", "faces", "--size", "0"], "size 0: it must be a whole number of at least 1"),
        (["--data", "faces", "--channels", "2"], "channels 2: it must be 1, for grey pictures, or 3, for colours"),
        (["--data", "faces", "--crop", "-1"], "crop -1: it must be a whole number of at least 0"),
        (["--data", "faces", "--width", "0"], "width 0: it must be a whole number of at least 1"),
        (["--data", "faces", "--source", "film"], "unknown source 'film': there is mnist, folder"),
        (["--data", "faces", "--networks", "mlp"], "mlp"),
        (["--data", "faces", "--batch-size", "27"], "a batch of 27 is more than the 26 images there are"),
    ],
)
def test_bad_input(command, faces, tmp_path, cache, monkeypatch, cpu, options, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    options = [faces if word == "faces" else word for word in options]
    refused = command("train", "dcgan-small", *options)
    assert refused.status == 2
    assert refused.err.startswith("ms-gan: ") and said in refused.err and refused.err.count("\n") == 1
    assert not (tmp_path / "result").exists()


def test_pictures_for_a_recipe_of_mnist(command, faces):
    refused = command("train", "gan", "--data", faces, "--size", 32)
    assert refused.status == 2 and "MNIST's pictures are 28×28 and grey" in refused.err
