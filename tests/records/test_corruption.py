"""Every file of a run, damaged in every way: what a resume loads is what was saved, and what was damaged is named.

The run is a real one of small networks, so that thousands of damaged files are read within seconds.
"""

import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ms_gan.disk import sealed
from ms_gan.errors import UserError
from ms_gan.games.players import create_players
from ms_gan.pictures.gif import write_gif
from ms_gan.recipes import Recipe, find_recipe
from ms_gan.records import drawings, history
from ms_gan.records.checkpoint import Position, fault, positions, read_tensors, restore, set_files
from ms_gan.records.run_folder import RunFolder
from ms_gan.records.trained import load_discriminator, load_generator
from ms_gan.runs.resume import NEWEST, Start, find_start, take_over
from ms_gan.runs.run import Running, train

RECIPE = replace(find_recipe("dcgan-small"), width=1, latent_size=4, channels=1, epochs=3, batch_size=8, seed=5)
SET = ["Generator", "Discriminator", "TrainState", "Epoch"]
CUTS, FLIPS = 50, 200


@pytest.fixture(scope="module")
def whole(cpu, tmp_path_factory) -> Path:
    """The folder of three epochs of four steps; nothing changes it."""
    place = tmp_path_factory.mktemp("corruption")
    (place / "pictures").mkdir()
    for number in range(32):
        grey = np.random.default_rng(number).integers(0, 256, (32, 32), np.uint8)
        Image.fromarray(grey).save(place / "pictures" / f"{number:02}.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pooch.os_cache", lambda name: place / "cache" / name)
        train(RECIPE, Running(place / "result", "dcgan-small", place / "pictures"), say=lambda line: None)
    return place / "result"


@pytest.fixture
def folder(whole, tmp_path) -> RunFolder:
    shutil.copytree(whole, tmp_path / "result")
    return RunFolder(tmp_path / "result")


def named(folder: RunFolder, kind: str, epoch: int) -> Path:
    return folder.checkpoints / f"{kind}{epoch}.{'json' if kind == 'Epoch' else 'ckpt'}"


def weights(folder: RunFolder, position: Position) -> list[dict[str, np.ndarray]]:
    files = set_files(folder.checkpoints, position)
    return [read_tensors(files[name]) for name in ("generator", "discriminator", "train_state")]


def same(one: list[dict[str, np.ndarray]], other: list[dict[str, np.ndarray]]) -> bool:
    return all(
        mine.keys() == theirs.keys() and all(np.array_equal(mine[name], theirs[name]) for name in mine)
        for mine, theirs in zip(one, other, strict=True)
    )


def damages(path: Path) -> Iterator[bytes]:
    """The content of a file cut short at 50 places, and with each of 200 bits flipped."""
    content = path.read_bytes()
    yield from (content[: len(content) * number // CUTS] for number in range(CUTS))
    rng = random.Random(path.name)
    for bit in rng.sample(range(8 * len(content)), min(FLIPS, 8 * len(content))):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


def starting(folder: RunFolder, resume: str | Path = NEWEST) -> tuple[Start, list[str]]:
    said = []
    return find_start(folder, str(resume), said.append), said


def refusal(call: Callable, *arguments) -> str:
    with pytest.raises(UserError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def same_json(one: bytes, other: bytes) -> bool:
    try:
        return json.loads(one) == json.loads(other)
    except ValueError:
        return False


# Cut short, and bits flipped


@pytest.mark.parametrize("kind", SET)
def test_a_damaged_file_of_the_newest_epoch(folder, kind):
    before = weights(folder, Position(2))
    path = named(folder, kind, 2)
    content, cases = path.read_bytes(), 0
    for changed in damages(path):
        if kind == "Epoch" and same_json(changed, content):
            continue
        path.write_bytes(changed)
        start, said = starting(folder)
        assert start == Start(Position(2), folder) and len(said) == 2
        assert said[0].startswith(f"note: {path} ") and said[0].endswith("; looking for an older epoch")
        assert str(path.resolve()) in refusal(starting, folder, named(folder, "Generator", 2))
        cases += 1
    assert cases >= CUTS + FLIPS - 2 and same(weights(folder, start.position), before)


@pytest.mark.parametrize("kind", SET)
def test_a_damaged_file_of_an_older_epoch(folder, kind, tmp_path):
    new = RunFolder(tmp_path / "new")
    path = named(folder, kind, 0)
    content = path.read_bytes()
    for changed in damages(path):
        if kind == "Epoch" and same_json(changed, content):
            continue
        path.write_bytes(changed)
        start, said = starting(folder)
        assert start == Start(Position(3), folder) and len(said) == 1
        assert str(path.resolve()) in refusal(starting, new, named(folder, "Generator", 0))


@pytest.mark.parametrize("load, kind", [(load_generator, "Generator"), (load_discriminator, "Discriminator")])
def test_damaged_weights_are_not_used_either(folder, load, kind):
    path = named(folder, kind, 2)
    for changed in list(damages(path))[::10]:
        path.write_bytes(changed)
        assert refusal(load, path).startswith(f"{path} is damaged: its SHA-256 is not the one in Epoch2.json; use ")
    named(folder, "Epoch", 2).write_text("{")
    assert "Epoch2.json is damaged, so nothing vouches for" in refusal(load, path)


def test_a_damaged_recipe(folder):
    content, noticed = folder.recipe.read_bytes(), 0
    for changed in damages(folder.recipe):
        folder.recipe.write_bytes(changed)
        assert folder.read_recipe() == RECIPE
        assert folder.read_data() == folder.root.parents[1] / folder.read_data()
        noticed += folder.recipe_is_damaged()
        assert folder.recipe_is_damaged() or changes_only_the_seal(changed, content)
        assert starting(folder)[0] == Start(Position(3), folder)
    assert noticed > 0.8 * (CUTS + FLIPS)


def changes_only_the_seal(changed: bytes, content: bytes) -> bool:
    """Whether all but the seal's name is as it was: then it is taken for the file of a run before there were any."""
    settings = json.loads(content)
    seal = settings.pop("seal")
    return [(key, value) for key, value in json.loads(changed).items() if value != seal] == list(settings.items())


def test_a_damaged_history(folder):
    rows, _ = history.read(folder.history)
    lines = folder.history.read_bytes().splitlines(keepends=True)
    for changed in damages(folder.history):
        folder.history.write_bytes(changed)
        there = changed.splitlines(keepends=True)
        untouched = {row for row, line in zip(rows, lines[1:], strict=True) if line in there}
        try:
            found, told = history.read(folder.history)
        except UserError as error:
            assert "\n" not in str(error) and len(changed) < len(lines[0])
            found, told = [], str(error)
        assert untouched <= set(found) and len(found) <= len(rows)
        assert [(row.epoch, row.step) for row in found] == sorted({(row.epoch, row.step) for row in found})
        assert told or len(found) == changed.count(b"\n") - 1
        assert starting(folder)[0] == Start(Position(3), folder)


def test_a_damaged_picture(folder, tmp_path):
    path, gif, refused = folder.image(1), tmp_path / "a.gif", 0
    write_gif(gif, [path], ["epoch 2"])
    whole = gif.read_bytes()
    gif.unlink()
    for changed in damages(path):
        path.write_bytes(changed)
        try:
            write_gif(gif, [path], ["epoch 2"])
        except UserError as error:
            refused += 1
            assert "epoch001.png: not a readable PNG" in str(error) and not gif.exists()
        else:  # the damage is not to its pixels: in what follows them, or in a checksum of theirs where zlib's is right
            assert gif.read_bytes() == whole
            gif.unlink()
    assert refused > 0.9 * (CUTS + FLIPS)


# What takes a file's place


def put_nothing(path: Path, patch) -> None:
    path.write_bytes(b"")


def put_a_folder(path: Path, patch) -> None:
    path.unlink()
    path.mkdir()
    (path / "mine.txt").write_text("mine")


def put_a_link_to_nothing(path: Path, patch) -> None:
    path.unlink()
    path.symlink_to(path.with_name("gone"))


def put_a_pipe(path: Path, patch) -> None:
    path.unlink()
    os.mkfifo(path)


def put_another_epochs(path: Path, patch) -> None:
    other = path.with_name(path.name.replace("2", "1"))
    path.write_bytes(other.read_bytes() if other != path else b"what another program wrote")


def swap_with_another_epoch(path: Path, patch) -> None:
    other = path.with_name(path.name.replace("2", "1"))
    path.rename(path.with_name("aside"))
    other.rename(path)
    path.with_name("aside").rename(other)


def make_unreadable(path: Path, patch) -> None:
    """As chmod 000 does for everybody but an administrator."""
    open_path = Path.open

    def refuse(self, *arguments, **options):
        if self == path:
            raise PermissionError(13, "Permission denied", str(path))
        return open_path(self, *arguments, **options)

    patch.setattr(Path, "open", refuse)


PLACE = [put_nothing, put_a_folder, put_a_link_to_nothing, put_a_pipe, put_another_epochs, make_unreadable]
if os.name != "posix":
    PLACE = [put_nothing, put_a_folder, put_another_epochs, make_unreadable]


@pytest.mark.parametrize("kind", SET)
@pytest.mark.parametrize("damage", PLACE)
def test_something_else_in_a_files_place(folder, whole, monkeypatch, kind, damage):
    path = named(folder, kind, 2)
    damage(path, monkeypatch)
    start, said = starting(folder)
    assert start == Start(Position(2), folder) and said[0].startswith(f"note: {path} ")
    assert path.name in refusal(starting, folder, named(folder, "Generator", 2))
    players = create_players(RECIPE)
    assert restore(folder.checkpoints, start.position, players)
    loaded = {p.name: p.asnumpy() for network in players.networks().values() for p in network.get_parameters()}
    loaded |= {p.name: p.asnumpy() for p in players.optimizer_state()}
    saved = {name: value for file in weights(RunFolder(whole), Position(2)) for name, value in file.items()}
    assert same([loaded], [saved])


@pytest.mark.parametrize("kind", ["Generator", "Discriminator", "TrainState", "Epoch"])
def test_files_of_two_epochs_swapped(folder, kind, monkeypatch):
    swap_with_another_epoch(named(folder, kind, 2), monkeypatch)
    start, said = starting(folder)
    assert start == Start(Position(1), folder)
    assert [line.split()[1] for line in said[:2]] == [str(named(folder, kind, epoch)) for epoch in (2, 1)]


def test_a_whole_set_under_another_epochs_name(folder):
    """A manifest names its files, and so its epoch."""
    for kind in SET:
        shutil.copyfile(named(folder, kind, 0), named(folder, kind, 2))
    start, said = starting(folder)
    assert start == Start(Position(2), folder) and said[0] == (
        f"note: {named(folder, 'Epoch', 2)} is damaged; looking for an older epoch"
    )


@pytest.mark.parametrize("damage", [*PLACE, lambda path, patch: path.unlink()])
@pytest.mark.parametrize("name", ["recipe.json", "history.csv"])
def test_something_else_in_the_place_of_recipe_or_history(folder, monkeypatch, damage, name):
    path = folder.root / name
    damage(path, monkeypatch)
    gone = not os.path.lexists(path)
    start, said = starting(folder)
    assert start == Start(Position(3), folder) and folder.read_recipe() == RECIPE
    assert folder.recipe_is_damaged() == (name == "recipe.json" and not gone)
    told = []
    folder.create("dcgan-small", RECIPE)
    rows = take_over(folder, start, told.append)
    monkeypatch.undo()
    assert len(rows) == (0 if name == "history.csv" else 12)
    if damage is put_a_folder:
        assert said[0] == f"note: {path} is a folder where a file of the run belongs: it will be renamed {name}.moved"
        assert (folder.root / f"{name}.moved" / "mine.txt").read_text() == "mine"
    elif name == "history.csv" and not gone:
        assert len(told) == 1 and told[0].startswith("note: ") and str(path) in told[0]
    assert RunFolder(folder.root).read_recipe() == RECIPE and not folder.recipe_is_damaged()
    assert history.read(folder.history) == (rows, None)


@pytest.mark.parametrize("damage", PLACE)
def test_something_else_in_the_place_of_a_picture(folder, monkeypatch, damage, tmp_path):
    """It is left behind when the run goes on in a new folder, and the rest of the pictures is taken along."""
    path, new = folder.image(1), RunFolder(tmp_path / "new")
    damage(path, monkeypatch)
    start, said = starting(new, named(folder, "Generator", 2))
    new.create("dcgan-small", RECIPE)
    told = []
    take_over(new, start, told.append)
    monkeypatch.undo()
    unread = damage not in (put_nothing, put_another_epochs)
    assert [line.split()[1] for line in told] == [str(path.resolve().parent / path.name)] * unread
    assert [picture.name for picture in new.pictures()] == [f"epoch00{e}.png" for e in ((0, 2) if unread else range(3))]


@pytest.mark.parametrize("name", ["losses.png", "images/epoch001.png"])
@pytest.mark.parametrize("damage", PLACE)
def test_something_else_in_the_place_of_what_is_drawn(folder, monkeypatch, damage, name):
    damage(folder.root / name, monkeypatch)
    start, said = starting(folder)
    assert start == Start(Position(3), folder) and len(said) == 1 + (damage is put_a_folder)
    folder.create("dcgan-small", RECIPE)
    take_over(folder, start, [].append)
    drawings.finish(folder, (told := []).append)
    assert all(line.startswith("note: ") for line in told)
    assert [line.split(":")[1].strip() for line in told] in ([], [str(folder.root / name)])


# Lost, and from before there were seals


def test_a_newest_epoch_without_its_optimisers(folder):
    """They are kept for the newest three: with one of those, the run goes on as if it had never been stopped."""
    named(folder, "TrainState", 2).unlink()
    start, said = starting(folder)
    assert start == Start(Position(2), folder)
    assert said[0] == f"note: {named(folder, 'TrainState', 2)} is missing; looking for an older epoch"
    assert starting(folder, named(folder, "Generator", 2))[0].position == Position(3)  # by its name it is loaded


def test_no_optimisers_at_all(folder, whole):
    for epoch in (0, 1):
        named(folder, "TrainState", epoch).unlink()
    named(folder, "TrainState", 2).write_bytes(named(folder, "TrainState", 2).read_bytes()[:-1])
    start, said = starting(folder)
    assert start == Start(Position(3), folder) and [line.split()[1] for line in said[:3]] == [
        str(named(folder, "TrainState", epoch)) for epoch in (2, 1, 0)
    ]
    players = create_players(RECIPE)
    fresh = [p.asnumpy() for p in players.optimizer_state()]
    assert restore(folder.checkpoints, start.position, players) is False
    assert all(np.array_equal(p.asnumpy(), value) for p, value in zip(players.optimizer_state(), fresh, strict=True))
    generator = {p.name: p.asnumpy() for p in players.generator.get_parameters()}
    assert same([generator], weights(RunFolder(whole), Position(3))[:1])


def test_damaged_weights_everywhere(folder):
    for epoch in range(3):
        named(folder, "Generator", epoch).write_bytes(b"")
    folder.recipe.unlink()  # not even then are they taken for files of the slides' script
    assert "there is no finished epoch to resume" in refusal(starting, folder)


def test_a_named_file_whose_manifest_is_gone(folder, tmp_path):
    named(folder, "Epoch", 1).unlink()
    _, said = starting(RunFolder(tmp_path / "new"), named(folder, "Generator", 1))
    missing = named(folder, "Epoch", 1).resolve()
    assert said[0] == f"note: {missing} is missing, so nothing tells whether Generator1.ckpt is as it was saved"


def test_the_recipe_of_another_run(folder, tmp_path):
    """It is whole, but the weights were made with other settings; how long to train may be another number."""
    for change, taken in (({"seed": 4}, False), ({"width": 2}, False), ({"epochs": 9, "learning_rate": 0.1}, True)):
        other = RunFolder(tmp_path / "other")
        other.create("dcgan-small", replace(RECIPE, **change))
        shutil.copyfile(other.recipe, folder.recipe)
        assert folder.recipe_is_damaged() != taken
        assert folder.read_recipe() == (replace(RECIPE, **change) if taken else RECIPE)


def unseal(path: Path, name: str | None = None) -> None:
    content = json.loads(path.read_text())
    seal = content.pop(sealed.SEAL)
    path.write_text(json.dumps(content | ({name: seal} if name else {})))


def test_a_run_from_before_there_were_seals(folder):
    for path in (folder.recipe, *(named(folder, "Epoch", epoch) for epoch in range(3))):
        unseal(path)
    assert starting(folder)[0] == Start(Position(3), folder)
    assert folder.read_recipe() == RECIPE and not folder.recipe_is_damaged()
    manifest = named(folder, "Epoch", 2)
    manifest.write_text(json.dumps({"sha256": json.loads(manifest.read_text())["sha256"]}))
    assert fault(folder.checkpoints, Position(3)) is None


def test_a_seal_by_another_name_is_none(folder):
    unseal(named(folder, "Epoch", 2), "sEal")
    assert fault(folder.checkpoints, Position(3)) == f"{named(folder, 'Epoch', 2)} is damaged"


def test_names_that_are_no_epochs(folder):
    for name in ("Epoch007.json", "Epoch٣.json", "Epoch0-step0.json", "Epoch-1.json", "epoch3.json", "Epoch3.json.bak"):
        shutil.copyfile(named(folder, "Epoch", 2), folder.checkpoints / name)
    assert positions(folder.checkpoints) == [Position(1), Position(2), Position(3)]


# All of it, by the command line


def test_a_run_goes_on_from_all_this_to_the_same_weights(command, folder, whole, monkeypatch, tmp_path):
    """The seed flipped, lines of the history gone, folders in the place of files: epoch 3 is trained again from 2."""
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    folder.recipe.write_text(folder.recipe.read_text().replace('"seed": 5', '"seed": 4'))
    folder.history.write_bytes(folder.history.read_bytes().replace(b"\n0,2,", b"\n0,x,"))
    for path in (named(folder, "Generator", 2), folder.image(2), folder.losses):
        put_a_folder(path, None)
    put_a_link_to_nothing(folder.evolution, None)
    done = command("train", "dcgan-small", "--resume", "--result", folder.root)
    assert (done.status, done.err) == (0, "")
    told = [line for line in done.lines if line.startswith("note: ")]
    for path in (named(folder, "Generator", 2), folder.image(2), folder.losses, folder.recipe, folder.history):
        assert any(str(path) in line for line in told), path
    for name in (*(f"checkpoints/{kind}2.ckpt" for kind in SET[:3]), "images/epoch002.png", "recipe.json"):
        assert (folder.root / name).read_bytes() == (whole / name).read_bytes()
    assert len(history.read(folder.history)[0]) == 11


def test_a_run_whose_newest_weights_are_damaged_is_not_resumed_by_their_name(command, folder, listing):
    path = named(folder, "Generator", 2)
    path.write_bytes(path.read_bytes()[:-1])
    before = listing(folder.root)
    done = command("train", "dcgan-small", "--resume", path, "--result", folder.root, "--epochs", 4)
    assert done.status == 2 and done.err.count("\n") == 1 and f"{path.resolve()} is damaged" in done.err
    assert listing(folder.root) == before


def test_the_settings_of_the_manifests_are_those_of_the_run(folder):
    for epoch in range(3):
        kept = json.loads(named(folder, "Epoch", epoch).read_text())["settings"]
        assert asdict(RECIPE).items() <= kept.items() and Recipe(**{k: kept[k] for k in asdict(RECIPE)}) == RECIPE
