"""How much disk a run will take: told before, and true."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from ms_gan.games.players import create_players
from ms_gan.recipes import RECIPES, Recipe
from ms_gan.records.checkpoint import Position
from ms_gan.runs import disk_space
from ms_gan.runs.disk_space import forecast, needed

pytestmark = pytest.mark.usefixtures("cpu")


def size(folder) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def state_size(folder) -> int:
    return (folder / "checkpoints" / "TrainState2.ckpt").stat().st_size


def test_what_a_real_run_took(trained_run):
    """Three epochs leave three sets of optimisers; of a fourth the first is removed only when it is there."""
    recipe = Recipe(epochs=3, batch_size=32)
    said = needed(recipe, create_players(recipe), 20, Position(0))
    assert size(trained_run) < said < 1.01 * size(trained_run)
    longer = replace(recipe, epochs=5)
    two_more = needed(longer, create_players(longer), 20, Position(3))
    one_more = needed(replace(recipe, epochs=4), create_players(recipe), 20, Position(3))
    weights = sum(
        (trained_run / "checkpoints" / f"{name}2.ckpt").stat().st_size for name in ("Generator", "Discriminator")
    )
    assert weights + state_size(trained_run) < two_more - one_more < 1.02 * (weights + state_size(trained_run))


def test_the_slides_gan():
    """200 epochs: 8.2 MB of weights each, four sets of optimisers, 36 kB a picture, the history and the GIF."""
    recipe = Recipe()
    assert needed(recipe, create_players(recipe), 468, Position(0)) == pytest.approx(1.72e9, rel=0.01)


def test_pictures_inside_epochs_count():
    recipe = RECIPES["dcgan-faces"]
    players = create_players(recipe)
    few = needed(recipe, players, 1000, Position(0))
    many = needed(replace(recipe, images_every=100), players, 1000, Position(0))
    assert (many - few) / (recipe.epochs * 10) == pytest.approx(25 * 64 * 64 * 3 * 1.85, rel=0.03)


def test_a_film_has_its_bound():
    short, long, longer = (Recipe(epochs=epochs) for epochs in (10, 400, 401))
    players = create_players(short)
    assert needed(short, players, 1, Position(9)) - needed(short, players, 1, Position(10)) > 8e6
    once = needed(longer, players, 1, Position(0)) - needed(long, players, 1, Position(0))
    assert once == pytest.approx(8.23e6, rel=0.001)  # weights and a picture, no more of a GIF


@pytest.fixture
def free(monkeypatch):
    """free(bytes) is what the disk has."""
    return lambda count: monkeypatch.setattr(disk_space.shutil, "disk_usage", lambda _: SimpleNamespace(free=count))


def said(tmp_path, epochs=200, begun=(0, 0)):
    recipe = Recipe(epochs=epochs)
    return forecast(tmp_path, recipe, create_players(recipe), 468, Position(*begun))


def test_one_line_where_there_is_room(tmp_path, free):
    free(35_040_000_000)
    assert said(tmp_path) == ["up to 1.7 GB on disk for 200 epochs, 35.0 GB free"]
    assert said(tmp_path, begun=(199, 17)) == ["up to 30 MB on disk for 1 epoch, 35.0 GB free"]


def test_a_warning_where_there_is_none(tmp_path, free):
    recipe = Recipe()
    need = needed(recipe, create_players(recipe), 468, Position(0))
    free(need)
    assert len(said(tmp_path)) == 1
    free(need - 20_000_000)
    line, note = said(tmp_path)
    assert line.endswith("1.7 GB free")
    assert note.startswith(
        f"note: that is 20 MB more than there is in {tmp_path}: make room, or name a folder on another"
    )
    free(0)
    assert said(tmp_path)[0].endswith(", 0.1 MB free")


def test_checkpoints_on_another_disk(tmp_path, monkeypatch):
    (tmp_path / "checkpoints").mkdir()
    rooms = {tmp_path: 35e9, tmp_path / "checkpoints": 1e9}
    monkeypatch.setattr(disk_space.shutil, "disk_usage", lambda place: SimpleNamespace(free=rooms[place]))
    line, note = said(tmp_path)
    assert line.endswith(", 1.0 GB free") and f"more than there is in {tmp_path / 'checkpoints'}: " in note


def test_where_the_system_does_not_tell(tmp_path, monkeypatch):
    def refuse(_):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(disk_space.shutil, "disk_usage", refuse)
    assert said(tmp_path) == ["up to 1.7 GB on disk for 200 epochs"]
