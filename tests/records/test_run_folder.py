"""The names in a run's folder, and the settings kept there."""

import json
import os
from importlib import metadata
from pathlib import Path

import pytest

from ms_gan.errors import UserError
from ms_gan.recipes import Recipe
from ms_gan.records.run_folder import AFRESH, RunFolder, run_of


def put(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")


def test_names():
    folder = RunFolder(Path("result"))
    assert folder.image(0) == Path("result/images/epoch000.png")
    assert folder.image(199) == Path("result/images/epoch199.png")
    assert folder.image(12, 400) == Path("result/images/epoch012-step00400.png")
    assert run_of(Path("result/checkpoints/Generator99.ckpt")).root == Path("result").resolve()


@pytest.mark.parametrize("name", ["images/epoch000.png", "images/epoch012-step00400.png", "images/epoch1000.png"])
def test_when_a_picture_was_drawn(name):
    epoch, step = RunFolder.drawn_at(Path(name))
    assert RunFolder(Path(".")).image(epoch, step) == Path(name)


def test_pictures_in_the_order_they_were_drawn(tmp_path):
    names = [
        "epoch000-step00100",
        "epoch000-step00200",
        "epoch000",
        "epoch001-step00100",
        "epoch001",
        "epoch999",
        "epoch1000",
    ]
    for name in sorted(names):
        put(tmp_path / "images" / f"{name}.png")
    for other in ("epoch.png", "epoch0x.png", "epoch001.gif", "samples.png", "epoch001-step.png", ".epoch002.png"):
        put(tmp_path / "images" / other)
    assert [path.stem for path in RunFolder(tmp_path).pictures()] == names


def test_no_pictures_where_there_is_no_folder(tmp_path):
    assert RunFolder(tmp_path / "nothing").pictures() == []


@pytest.mark.parametrize(
    "name",
    ["recipe.json", "history.csv", "losses.png", "evolution.gif", "checkpoints/Generator0.ckpt", "images/epoch000.png"],
)
def test_leavings_of_a_run(tmp_path, name):
    folder = RunFolder(tmp_path)
    put(tmp_path / "README.md")  # as in the project's own result folder
    (tmp_path / "checkpoints").mkdir()
    assert not folder.holds_a_run()
    put(tmp_path / name)
    assert folder.holds_a_run()


def test_until_something_is_saved_no_run_is_held(tmp_path):
    folder = RunFolder(tmp_path)
    settings = folder.create("gan", Recipe(seed=3), unsaved=AFRESH)
    assert (folder.unsaved(), folder.holds_a_run(), folder.read_recipe()) == (AFRESH, False, Recipe(seed=3))
    put(folder.checkpoints / "Epoch0.json")
    assert (folder.unsaved(), folder.holds_a_run()) == (None, True)
    (folder.checkpoints / "Epoch0.json").unlink()
    folder.keep(settings)
    assert (folder.unsaved(), folder.holds_a_run(), folder.read_recipe()) == (None, True, Recipe(seed=3))


def test_what_a_run_left_that_saved_nothing_is_removed_when_another_begins(tmp_path):
    folder = RunFolder(tmp_path)
    folder.create("gan", Recipe(), unsaved=AFRESH)
    for name in ("Generator0.ckpt", "TrainState0-step4.ckpt", "mine.ckpt"):
        put(folder.checkpoints / name)
    for name in ("epoch000-step00002.png", "epoch000.png", "mine.png"):
        put(folder.images / name)
    folder.create("gan", Recipe(), unsaved=AFRESH)
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == ["mine.ckpt", "mine.png", "recipe.json"]


def test_drawn_since_a_set_was_saved(tmp_path):
    folder = RunFolder(tmp_path)
    manifest = folder.checkpoints / "Epoch2.json"
    put(manifest)
    os.utime(manifest, (1000, 1000))
    assert not folder.drawn_since(manifest)
    drawings = ((folder.losses, 1001, False), (folder.evolution, 1000, True), (folder.losses, 999, False))
    for path, time, drawn in drawings:
        put(path)
        os.utime(path, (time, time))
        assert folder.drawn_since(manifest) is drawn


def test_settings_come_back(tmp_path):
    recipe = Recipe(epochs=3, batch_size=64, learning_rate=1e-3, seed=2**32 - 1)
    folder = RunFolder(tmp_path / "a" / "b")
    assert folder.read_recipe() is None
    folder.create("gan", recipe)
    assert folder.checkpoints.is_dir() and folder.images.is_dir()
    assert folder.read_recipe() == recipe
    settings = json.loads(folder.recipe.read_text(encoding="utf-8"))
    assert settings["recipe"] == "gan" and settings["learning_rate"] == 1e-3
    assert settings["versions"]["mindspore"] == metadata.version("mindspore")
    folder.create("lsgan", Recipe())
    assert folder.read_recipe() == Recipe() and folder.read_recipe_name() == "lsgan"


@pytest.mark.parametrize("name", ["../elsewhere", "", 3, None, ["gan"]])
def test_a_recipe_that_there_is_not_has_no_name(tmp_path, name):
    folder = RunFolder(tmp_path)
    assert folder.read_recipe_name() is None
    folder.create(name, Recipe())
    assert folder.read_recipe() == Recipe() and folder.read_recipe_name() is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "3", "null", '"gan"', "\xff"),
        *('{"epochs": "3"}', '{"epochs": 3.5}', '{"epochs": 0}', '{"seed": true}', '{"learning_rate": null}'),
    ],
)
def test_settings_that_cannot_be_read_are_none(tmp_path, text):
    (tmp_path / "recipe.json").write_bytes(text.encode("latin-1"))
    assert RunFolder(tmp_path).read_recipe() is None


@pytest.mark.parametrize("place", ["checkpoints", "images"])
def test_a_folder_of_somebody_elses(tmp_path, monkeypatch, place):
    """Found before the first epoch is trained, not after it."""
    monkeypatch.setattr("os.access", lambda path, mode: Path(path).name != place)
    with pytest.raises(UserError, match=rf"cannot write the result folder .*: Permission denied \({place}\); name"):
        RunFolder(tmp_path / "result").create("gan", Recipe())


@pytest.mark.parametrize("way", ["result", "result/images"])
def test_a_file_in_the_way(tmp_path, way):
    put(tmp_path / way)
    with pytest.raises(UserError) as caught:
        RunFolder(tmp_path / "result").create("gan", Recipe())
    assert str(caught.value).startswith(f"cannot write the result folder {tmp_path / 'result'}: ")
    assert str(caught.value).endswith("; name another with --result")


def test_the_folder_of_the_data_comes_back(tmp_path):
    folder = RunFolder(tmp_path)
    assert folder.read_data() is None
    folder.create("gan", Recipe())
    assert folder.read_data() is None
    folder.create("dcgan-small", Recipe(), Path("data", "我的 faces"))
    assert folder.read_data() == Path("data", "我的 faces").absolute()
    settings = json.loads(folder.recipe.read_text(encoding="utf-8"))
    folder.recipe.write_text(json.dumps(settings | {"data": 7}), encoding="utf-8")
    assert folder.read_data() is None


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", "null", '{"epochs": "many"}', "[" * 100_000, "\0"])
def test_a_damaged_recipe_is_read_from_the_newest_manifest_that_holds_one(tmp_path, damage):
    folder = RunFolder(tmp_path)
    kept = folder.create("gan", Recipe(seed=5), Path("faces"))
    for epoch, content in ((9, kept | {"epochs": 9}), (10, kept | {"epochs": 10}), (11, {}), (12, "x")):
        (folder.checkpoints / f"Epoch{epoch}.json").write_text(json.dumps({"settings": content}), encoding="utf-8")
    (folder.checkpoints / "Epoch13.json").write_text("{", encoding="utf-8")
    assert not folder.recipe_is_damaged() and folder.read_recipe() == Recipe(seed=5)
    folder.recipe.write_text(damage, encoding="utf-8")
    assert folder.recipe_is_damaged() and folder.read_recipe() == Recipe(seed=5, epochs=10)
    assert folder.read_data() == Path("faces").absolute()
    folder.recipe.unlink()
    assert not folder.recipe_is_damaged() and folder.read_recipe() == Recipe(seed=5, epochs=10)
